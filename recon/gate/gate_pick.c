/* gate_pick.c: see gate_pick.h. */
#include "recon/gate/gate_pick.h"

#include <stdio.h>
#include <string.h>

#include "core/base/suggest.h"

int mr_gate_pick_find(const struct mr_choice *names, const char *name, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = name};
    for (const struct mr_choice *c = names; c->word != NULL; c++) {
        if (strcmp(c->word, name) == 0)
            return (int)c->value;
        mr_suggest_offer(&suggest, c->word);
    }
    (void)mr_err_set(err, MR_E_USAGE, "unknown check \"%s\"", name);
    if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "The checks are listed in myrecon-gate(1).");
    return 0;
}

static enum mr_code mark(const struct mr_choice *names, const struct mr_string_list *list, bool as,
                         bool *wanted, const char *option, struct mr_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *at = list->items[i];
        while (*at != '\0') {
            char name[64];
            const size_t len = strcspn(at, ",");
            (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
            const int found = mr_gate_pick_find(names, name, err);
            if (found == 0) {
                mr_err_context(err, "option \"--%s\"", option);
                return MR_E_USAGE;
            }
            wanted[found] = as;
            at += len + (at[len] == ',' ? 1 : 0);
        }
    }
    return MR_OK;
}

/* A gate that looks at nothing would say that all is well. */
static enum mr_code require_some(const bool *wanted, size_t count, struct mr_err *err)
{
    for (size_t i = 1; i < count; i++)
        if (wanted[i])
            return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "--only and --skip leave no check");
    mr_err_hint(err, "Name in --only what is to be looked at, and not in --skip.");
    return MR_E_USAGE;
}

enum mr_code mr_gate_pick(const struct mr_choice *names, const struct mr_string_list *only,
                          const struct mr_string_list *skip, bool *wanted, size_t count,
                          struct mr_err *err)
{
    for (size_t i = 0; i < count; i++)
        wanted[i] = i != 0 && only->count == 0;
    MR_TRY(mark(names, only, true, wanted, "only", err));
    MR_TRY(mark(names, skip, false, wanted, "skip", err));
    return require_some(wanted, count, err);
}
