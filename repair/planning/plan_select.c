/* plan_select.c: see plan_select.h. */
#include "repair/planning/plan_select.h"

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/suggest.h"

static bool matches(const struct mr_string_list *list, const struct mr_plan_table *t)
{
    const struct mr_table *table = t->pair->side[MR_SOURCE];
    for (size_t i = 0; i < list->count; i++)
        if (mr_pattern_match(list->items[i], table->db, table->name))
            return true;
    return false;
}

/* A slip beside names that are right would leave a table out in silence. */
static void warn_of_slip(const struct mr_plan_tables *plan, const char *pattern)
{
    struct mr_suggest near = {.typed = pattern};
    for (size_t i = 0; i < plan->ntables; i++) {
        const struct mr_table *t = plan->tables[i].pair->side[MR_SOURCE];
        if (mr_pattern_match(pattern, t->db, t->name))
            return;
        mr_suggest_offer(&near, mr_plan_table_name(&plan->tables[i]));
    }
    mr_log_warning("option \"--tables\": no table of the run is \"%s\"%s%s%s", pattern,
                   near.best != NULL ? "; did you mean \"" : "", near.best != NULL ? near.best : "",
                   near.best != NULL ? "\"?" : "");
}

/* Slips are warned of also where nothing is left: the error alone would not say which of
 * the patterns it was. */
enum mr_code mr_plan_select(const struct mr_plan_tables *plan,
                            const struct mr_plan_patterns *patterns, struct mr_arena *arena,
                            bool **selected, struct mr_err *err)
{
    size_t any = 0;
    *selected = NULL;
    if (patterns->tables->count == 0 && patterns->exclude->count == 0)
        return MR_OK;
    bool *is = mr_arena_calloc(arena, plan->ntables + 1, sizeof *is);
    if (is == NULL)
        return mr_err_nomem(err, "choosing tables");
    for (size_t i = 0; i < plan->ntables; i++) {
        const struct mr_plan_table *t = &plan->tables[i];
        is[i] = (patterns->tables->count == 0 || matches(patterns->tables, t)) &&
                !matches(patterns->exclude, t);
        any += is[i];
    }
    *selected = is;
    for (size_t i = 0; i < patterns->tables->count; i++)
        warn_of_slip(plan, patterns->tables->items[i]);
    if (any > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH, "no table of the run is left to be planned");
    mr_err_hint(err, "A pattern is db.table with * and ?, in SOURCE's names; a bare name "
                     "means any database.");
    return MR_E_NO_SUCH;
}

/* Ties what references tie, until nothing is added. */
static void tie(const struct mr_plan_tables *plan, bool *is)
{
    bool grown = true;
    while (grown) {
        grown = false;
        for (size_t i = 0; i < plan->nreferences; i++) {
            const struct mr_plan_reference *r = &plan->references[i];
            if (is[r->child] == is[r->parent])
                continue;
            is[r->child] = is[r->parent] = grown = true;
        }
    }
}

/* Whole groups of tied tables go, so that every reference that stays has both its ends. */
static enum mr_code drop(struct mr_plan_tables *plan, const bool *is, struct mr_arena *arena,
                         struct mr_err *err)
{
    size_t *to = mr_arena_calloc(arena, plan->ntables + 1, sizeof *to);
    size_t ntables = 0, nreferences = 0;
    if (to == NULL)
        return mr_err_nomem(err, "choosing tables");
    for (size_t i = 0; i < plan->ntables; i++) {
        if (!is[i])
            continue;
        to[i] = ntables;
        plan->tables[ntables] = plan->tables[i];
        plan->tables[ntables].at = ntables;
        ntables++;
    }
    for (size_t i = 0; i < plan->nreferences; i++) {
        struct mr_plan_reference r = plan->references[i];
        if (!is[r.child])
            continue;
        r.child = to[r.child];
        r.parent = to[r.parent];
        plan->references[nreferences++] = r;
    }
    plan->ntables = ntables;
    plan->nreferences = nreferences;
    return MR_OK;
}

/* Refused, not left out: rows would be written whose ids nobody mapped. */
enum mr_code mr_plan_select_tied(struct mr_plan_tables *plan,
                                 const struct mr_plan_patterns *patterns, struct mr_arena *arena,
                                 struct mr_err *err)
{
    bool *is = NULL;
    enum mr_code code = mr_plan_select(plan, patterns, arena, &is, err);
    if (code != MR_OK || is == NULL)
        return code;
    tie(plan, is);
    for (size_t i = 0; i < plan->ntables; i++) {
        const struct mr_plan_table *t = &plan->tables[i];
        if (!is[i] || !matches(patterns->exclude, t))
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "table \"%s\" is excluded, and references tie it to a planned one",
                         mr_plan_table_name(t));
        mr_err_hint(err, "Leave out --exclude for it, or exclude all that it is tied to.");
        return MR_E_REFUSED;
    }
    return drop(plan, is, arena, err);
}
