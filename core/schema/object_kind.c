/* object_kind.c: see object_kind.h. */
#include "core/schema/object_kind.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word, *sql;
    enum mr_object_stage stage;
    unsigned traits;
} kinds[MR_OBJECT_KINDS] = {
#define MR_OBJECT_KIND(symbol, word, sql, stage, traits)                                           \
    [MR_OBJECT_##symbol] = {word, sql, stage, traits},
#include "core/schema/object_kind.def"
#undef MR_OBJECT_KIND
};

bool mr_object_next(enum mr_object_stage stage, enum mr_object_kind *kind)
{
    for (unsigned next = (unsigned)*kind + 1; next < MR_OBJECT_KINDS; next++)
        if (kinds[next].stage == stage) {
            *kind = (enum mr_object_kind)next;
            return true;
        }
    return false;
}

bool mr_object_has(enum mr_object_kind kind, enum mr_object_trait trait)
{
    return (kinds[kind].traits & (unsigned)trait) != 0;
}

const char *mr_object_word(enum mr_object_kind kind)
{
    return kinds[kind].word;
}

enum mr_object_kind mr_object_named(const char *word)
{
    for (unsigned kind = MR_OBJECT_NONE + 1; kind < MR_OBJECT_KINDS; kind++)
        if (strcmp(kinds[kind].word, word) == 0)
            return (enum mr_object_kind)kind;
    return MR_OBJECT_NONE;
}

/* The longer words first, or a package body would be a package called "body x". */
static const struct {
    const char *word, *sql;
} routines[] = {[MR_ROUTINE_PROCEDURE] = {"procedure ", "PROCEDURE"},
                [MR_ROUTINE_FUNCTION] = {"function ", "FUNCTION"},
                [MR_ROUTINE_LIBRARY] = {"library ", "LIBRARY"},
                [MR_ROUTINE_PACKAGE_BODY] = {"package body ", "PACKAGE BODY"},
                [MR_ROUTINE_PACKAGE] = {"package ", "PACKAGE"}};

enum mr_routine_kind mr_routine_kind(const char *full)
{
    for (unsigned kind = MR_ROUTINE_PROCEDURE; kind <= MR_ROUTINE_PACKAGE; kind++)
        if (strncmp(full, routines[kind].word, strlen(routines[kind].word)) == 0)
            return (enum mr_routine_kind)kind;
    return MR_ROUTINE_NONE;
}

const char *mr_object_sql(enum mr_object_kind kind, const char *full, const char **name)
{
    const enum mr_routine_kind routine =
        kind == MR_OBJECT_ROUTINE ? mr_routine_kind(full) : MR_ROUTINE_NONE;
    *name = full;
    if (routine == MR_ROUTINE_NONE)
        return kinds[kind].sql;
    *name = full + strlen(routines[routine].word);
    return routines[routine].sql;
}
