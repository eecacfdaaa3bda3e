/* conflict.c: see conflict.h. */
#include "repair/decide/conflict.h"

#include <stddef.h>
#include <string.h>

/* Classes of conflict_kinds.def; a kind is offered what the first of them says that it is of. */
enum {
    VALUE = 1,
    EXISTENCE = 2,
    UNIQUE = 4,
    FIT = 8,
    TREE = 16,
    REPORTED = 32,
    ALONE = 64,
    COLUMNS = 128,
    SIDES = 256,
    ERASED = 512
};

static const struct {
    unsigned classes;
    const char *choices;
} offers[] = {
    {REPORTED, "target"},
    {VALUE, "target;source;newest:COLUMN"},
    {FIT, "skip;without-value"},
    {UNIQUE, "merge-into;without-value;skip"},
    {COLUMNS, "columns;target;source"},
    {SIDES, "target;source"},
    {ERASED, "keep;delete"},
    {EXISTENCE, "restore;skip"},
};

static const struct {
    const char *name;
    unsigned classes;
} kinds[MR_CONFLICTS] = {
    [MR_CONFLICT_NONE] = {NULL, 0},
#define MR_CONFLICT_KIND(symbol, name, classes) [MR_CONFLICT_##symbol] = {name, classes},
#include "core/cli/conflict_kinds.def"
#undef MR_CONFLICT_KIND
};

const char *mr_conflict_name(enum mr_conflict conflict)
{
    return kinds[conflict].name;
}

enum mr_conflict mr_conflict_named(const char *name)
{
    for (size_t i = 1; name != NULL && i < MR_CONFLICTS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return (enum mr_conflict)i;
    return MR_CONFLICT_NONE;
}

bool mr_conflict_is_value(enum mr_conflict conflict)
{
    return (kinds[conflict].classes & (VALUE | REPORTED | COLUMNS | SIDES | ERASED)) != 0;
}

bool mr_conflict_is_of_tree(enum mr_conflict conflict)
{
    return (kinds[conflict].classes & TREE) != 0;
}

bool mr_conflict_is_answered(enum mr_conflict conflict, enum mr_conflict asked, const char *choice)
{
    if (asked == MR_CONFLICT_BOTH_CHANGED && conflict != asked && conflict != MR_CONFLICT_NONE)
        return false;
    const bool is_less = (kinds[conflict].classes & ALONE) != 0 && asked != MR_CONFLICT_NONE &&
                         (kinds[asked].classes & ALONE) == 0;
    return !is_less || strcmp(choice, MR_CHOICE_RESTORE) != 0;
}

const char *mr_conflict_choices(enum mr_conflict conflict)
{
    size_t i = 0;
    while (i + 1 < sizeof offers / sizeof offers[0] &&
           (kinds[conflict].classes & offers[i].classes) == 0)
        i++;
    return offers[i].choices;
}

/* Does one of the words say so?  A word in capitals stands for a name of any kind. */
static bool offered(const char *words, const char *choice)
{
    for (const char *at = words; *at != '\0'; at += *at == ';') {
        const char *colon = strchr(at, ':');
        const size_t len = strcspn(at, ";");
        const size_t fixed = colon != NULL && colon < at + len ? (size_t)(colon - at) + 1 : len;
        if (strncmp(at, choice, fixed) == 0 &&
            (fixed < len ? choice[fixed] != '\0' : choice[fixed] == '\0'))
            return true;
        at += len;
    }
    return false;
}

bool mr_conflict_takes(enum mr_conflict conflict, const char *choice)
{
    if (strcmp(choice, MR_CHOICE_STOP) == 0)
        return true;
    if (conflict != MR_CONFLICT_NONE)
        return offered(mr_conflict_choices(conflict), choice);
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++)
        if (offered(offers[i].choices, choice))
            return true;
    return false;
}

/* One decision restores or drops a tree; of one that is restored a person may leave out a
 * row. */
const char *mr_decide_choice(const struct mr_voices *v)
{
    const bool skips = v->person != NULL && strcmp(v->person, MR_CHOICE_SKIP) == 0;
    const char *const voices[] = {skips ? v->person : v->above, v->person, v->command, v->earlier,
                                  v->table};
    for (size_t i = 0; i < sizeof voices / sizeof voices[0]; i++)
        if (voices[i] != NULL)
            return voices[i];
    return NULL;
}
