/* cutover_names.c: see cutover_names.h. */
#include "recon/gate/cutover_names.h"

#include <stdio.h>
#include <string.h>

#include "core/base/suggest.h"

#define SETTING_PRIORITY 1

const struct mr_choice mr_cutover_choices[] = {
#define MR_CUTOVER_NAME(id, priority, text) {#id, MR_CUTOVER_##id},
#include "recon/gate/cutover_names.def"
#undef MR_CUTOVER_NAME
#define MR_CUTOVER_SETTING(id, also, kind, severity, how) {#id, MR_CUTOVER_SETTING_##id},
#include "recon/gate/cutover_settings.def"
#undef MR_CUTOVER_SETTING
    {NULL, 0},
};

unsigned mr_cutover_priority(enum mr_cutover_name name)
{
    static const unsigned priorities[MR_CUTOVER_NAMES_END] = {
#define MR_CUTOVER_NAME(id, level, text) [MR_CUTOVER_##id] = (level),
#include "recon/gate/cutover_names.def"
#undef MR_CUTOVER_NAME
#define MR_CUTOVER_SETTING(id, also, kind, severity, how)                                          \
    [MR_CUTOVER_SETTING_##id] = SETTING_PRIORITY,
#include "recon/gate/cutover_settings.def"
#undef MR_CUTOVER_SETTING
    };
    return priorities[name];
}

const char *mr_cutover_text(enum mr_cutover_name name)
{
    return name > MR_CUTOVER_NONE && name < MR_CUTOVER_NAMES_END ? mr_cutover_choices[name - 1].word
                                                                 : "";
}

static enum mr_cutover_name find(const char *name, const char *option, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = name};
    for (const struct mr_choice *c = mr_cutover_choices; c->word != NULL; c++) {
        if (strcmp(c->word, name) == 0)
            return (enum mr_cutover_name)c->value;
        mr_suggest_offer(&suggest, c->word);
    }
    (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\": unknown check \"%s\"", option, name);
    if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "The checks are listed in myrecon-gate(1).");
    return MR_CUTOVER_NONE;
}

static enum mr_code mark(const struct mr_string_list *list, bool as,
                         bool wanted[MR_CUTOVER_NAMES_END], const char *option, struct mr_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *at = list->items[i];
        while (*at != '\0') {
            char name[64];
            const size_t len = strcspn(at, ",");
            (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
            const enum mr_cutover_name found = find(name, option, err);
            if (found == MR_CUTOVER_NONE)
                return MR_E_USAGE;
            wanted[found] = as;
            at += len + (at[len] == ',' ? 1 : 0);
        }
    }
    return MR_OK;
}

enum mr_code mr_cutover_wanted(const struct mr_string_list *only, const struct mr_string_list *skip,
                               bool wanted[MR_CUTOVER_NAMES_END], struct mr_err *err)
{
    size_t left = 0;
    for (int i = 0; i < MR_CUTOVER_NAMES_END; i++)
        wanted[i] = i != MR_CUTOVER_NONE && only->count == 0;
    MR_TRY(mark(only, true, wanted, "only", err));
    MR_TRY(mark(skip, false, wanted, "skip", err));
    for (int i = MR_CUTOVER_NONE + 1; i < MR_CUTOVER_NAMES_END; i++)
        left += wanted[i];
    if (left > 0)
        return MR_OK;
    /* a gate that looks at nothing would say that all is well */
    (void)mr_err_set(err, MR_E_USAGE, "--only and --skip leave no check");
    mr_err_hint(err, "Name in --only what is to be looked at, and not in --skip.");
    return MR_E_USAGE;
}
