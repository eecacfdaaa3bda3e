/* plan_suspects.c: see plan_suspects.h. */
#include "repair/plan/plan_suspects.h"

#include <string.h>
#include <strings.h>

#include "core/pair/pair_columns.h"
#include "core/pair/suspect_names.h"
#include "repair/side/side_sample.h"

/* ---- what is declared ---- */

static bool lists(const struct mr_string_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->items[i], name) == 0)
            return true;
    return false;
}

/* By a foreign key, or by the configuration, as what it is or as none. */
static bool is_declared(const struct mr_plan_table *t, const char *name)
{
    const struct mr_table_config *config = t->pair->config;
    for (size_t i = 0; i < config->nreferences; i++)
        if (lists(&config->references[i].columns, name))
            return true;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_table *table = t->pair->side[side];
        for (size_t i = 0; i < table->nfks; i++)
            for (size_t k = 0; k < table->fks[i].ncolumns; k++)
                if (strcasecmp(table->fks[i].columns[k], name) == 0)
                    return true;
    }
    return false;
}

static bool is_integer(enum mr_class cls)
{
    return cls == MR_CLASS_INT || cls == MR_CLASS_UINT;
}

/* Could the one hold the keys of the other?  The width and sign of integers need not be
 * the same: those who forget to declare a reference forget that, too. */
static bool may_hold(const struct mr_column *a, const struct mr_column *b)
{
    if (a == NULL || b == NULL || a->auto_increment || a->generated)
        return false;
    return is_integer(a->cls) ? is_integer(b->cls) && strcmp(a->data_type, "year") != 0
                              : a->cls == b->cls && a->cls != MR_CLASS_DATE &&
                                    a->cls != MR_CLASS_DATETIME;
}

/* ---- what the values say ---- */

/* Rows of the samples of both sides that have a value, and of them those whose value is a
 * key. */
static enum mr_code sample(const struct mr_plan_tables *plan,
                           const struct mr_plan_table *child, size_t column,
                           const struct mr_plan_table *parent, uint64_t counts[2],
                           struct mr_err *err)
{
    enum mr_code code = MR_OK;
    counts[0] = counts[1] = 0;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        const struct mr_side_sample what = {.reader = plan->pairing.side[side].main,
                                            .child = &child->pair->scan[side],
                                            .column = column,
                                            .parent = &parent->pair->scan[side],
                                            .key = parent->key.at[0]};
        code = mr_side_sample(&what, counts, err);
    }
    return code;
}

/* ---- columns ---- */

struct suspecting {
    const struct mr_plan_tables *plan;
    const bool *is_mapped;
    struct mr_suspect_names names;
    struct mr_vec hits;
};

static enum mr_code refuse(const struct mr_plan_table *child, const char *column,
                           const struct mr_plan_table *parent, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "column \"%s\" of table \"%s\" looks like a reference to \"%s\", whose "
        "ids change hands, and nothing declares it",
        column, mr_plan_table_name(child), mr_plan_table_name(parent));
    mr_err_hint(
        err,
        "Declare it in the configuration, or write reference = none: %s in [table "
        "%s].",
        column, mr_plan_table_name(child));
    return MR_E_REFUSED;
}

static enum mr_code look_at(struct suspecting *s, const struct mr_plan_table *child,
                            size_t at, const struct mr_plan_table *parent,
                            struct mr_err *err)
{
    const char *column = mr_plan_column_name(child, at);
    uint64_t counts[2];
    if (!s->is_mapped[parent->at] || parent->key.count != 1)
        return MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (!may_hold(
                mr_pair_find_column(child->pair->side[side], column),
                mr_pair_find_column(parent->pair->side[side],
                                    mr_plan_column_name(parent, parent->key.at[0]))))
            return MR_OK;
    enum mr_code code = sample(s->plan, child, at, parent, counts, err);
    if (code != MR_OK || counts[1] == 0 || counts[1] * 2 < counts[0])
        return code;
    return refuse(child, column, parent, err);
}

static enum mr_code look_at_table(struct suspecting *s, const struct mr_plan_table *t,
                                  struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->pair->find.ncolumns; i++) {
        const char *column = mr_plan_column_name(t, i);
        if (is_declared(t, column))
            continue;
        code = mr_suspect_names_find(&s->names, column, &s->hits, err);
        for (size_t k = 0; code == MR_OK && k < s->hits.count; k++) {
            const struct mr_suspect_hit *hit = mr_vec_at(&s->hits, k);
            code = look_at(s, t, i, &s->plan->tables[hit->table], err);
        }
    }
    return code;
}

enum mr_code mr_plan_suspects_check(const struct mr_plan_tables *plan,
                                    const bool *is_mapped, struct mr_err *err)
{
    struct suspecting s = {
        .plan = plan, .is_mapped = is_mapped, .hits = MR_VEC_INIT(struct mr_suspect_hit)};
    enum mr_code code = MR_OK;
    mr_suspect_names_init(&s.names);
    for (size_t i = 0; code == MR_OK && i < plan->ntables; i++)
        code = mr_suspect_names_add(&s.names, plan->tables[i].pair->side[MR_SOURCE]->name,
                                    i, err);
    mr_suspect_names_sort(&s.names);
    for (size_t i = 0; code == MR_OK && i < plan->ntables; i++)
        code = look_at_table(&s, &plan->tables[i], err);
    mr_suspect_names_release(&s.names);
    mr_vec_release(&s.hits);
    return code;
}
