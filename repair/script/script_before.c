/* script_before.c: what is staged of a row as it has to be found, before it is updated; see
 * script_internal.h.
 *
 * A change is compared with the whole row, to the byte.  What an update leaves as it is stands in its other
 * image, too: most changes are of few columns, and staging the rest twice would double what such a unit
 * sends, stores and compares nothing more with. */
#include <string.h>

#include "core/pair/pair_columns.h"
#include "repair/script/script_internal.h"

enum mr_code mr_script_befores_open(struct mr_script *s, struct mr_err *err)
{
    for (size_t i = 0; i < s->plan->ntables; i++) {
        const size_t n = s->plan->tables[i].pair->find.ncolumns;
        struct mr_script_table *t = &s->tables[i];
        t->differs = mr_arena_calloc(&s->arena, n + 1, sizeof *t->differs);
        t->befores = mr_arena_calloc(&s->arena, n + 1, sizeof *t->befores);
        if (t->differs == NULL || t->befores == NULL)
            return mr_merge_nomem(err);
    }
    return MR_OK;
}

/* A value behind the columns belongs to one of them (find.columns[].flag_at): which, is not worth
 * asking. */
static void note_flags(const struct mr_plan_table *t, bool *differs)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        differs[i] = differs[i] || t->pair->find.columns[i].flag_at >= 0;
}

/* Both images are of the same columns. */
static enum mr_code note_row(const struct mr_plan_table *t, struct mr_key before,
                             struct mr_key after, bool *differs, struct mr_err *err)
{
    size_t b = 0, a = 0;
    for (size_t i = 0; b < before.len && a < after.len; i++) {
        const size_t from = b, other = a;
        MR_TRY(mr_row_skip(before.ptr, before.len, &b, err));
        MR_TRY(mr_row_skip(after.ptr, after.len, &a, err));
        if (b - from == a - other &&
            memcmp((const char *)before.ptr + from, (const char *)after.ptr + other, b - from) == 0)
            continue;
        if (i < t->pair->find.ncolumns)
            differs[i] = true;
        else
            note_flags(t, differs);
    }
    return MR_OK;
}

static void keep(bool *befores, struct mr_plan_columns columns)
{
    for (size_t i = 0; i < columns.count; i++)
        befores[columns.at[i]] = true;
}

/* Triggers, and sums, ask for more than what the comparison of a row does. */
static bool keeps_all(const struct mr_script *s, const struct mr_plan_table *t)
{
    bool all = s->manifest->planned.fire_triggers;
    for (size_t i = 0; i < s->extents.count; i++) {
        const struct mr_script_extent *e = mr_vec_at(&s->extents, i);
        all = all || (e->table == t->at && e->any_sum);
    }
    return all;
}

/* Beside what differs: the key, and by what rows lead somewhere, and are led to. */
static void choose(struct mr_script *s, const struct mr_plan_table *t)
{
    struct mr_script_table *own = &s->tables[t->at];
    const bool all = keeps_all(s, t);
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        own->befores[i] = all || own->differs[i];
    keep(own->befores, t->key);
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (r->child == t->at)
            keep(own->befores, r->from);
        if (r->parent == t->at)
            keep(own->befores, r->to);
    }
    for (size_t i = 0; i < s->outers.count; i++) {
        const struct mr_script_outer *outer = mr_vec_at(&s->outers, i);
        if (outer->parent == t->at)
            keep(own->befores, outer->to);
        if (outer->parent == t->at)
            keep(own->befores, outer->image);
    }
}

enum mr_code mr_script_befores_find(struct mr_script *s, struct mr_err *err)
{
    for (size_t i = 0; i < s->plan->ntables; i++)
        memset(s->tables[i].differs, 0,
               s->plan->tables[i].pair->find.ncolumns * sizeof *s->tables[i].differs);
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        if (row->step.op != MR_STEP_UPDATE)
            continue;
        const struct mr_key before = mr_script_before(s, row), after = mr_script_after(s, row);
        MR_TRY(note_row(&s->plan->tables[row->step.table], before, after,
                        s->tables[row->step.table].differs, err));
    }
    for (size_t i = 0; i < s->plan->ntables; i++)
        choose(s, &s->plan->tables[i]);
    return MR_OK;
}

bool mr_script_has_before(const struct mr_script *s, const struct mr_plan_table *t, size_t column)
{
    return s->tables[t->at].befores[column];
}

/* What the server would set to now keeps the planned value; what is set to what it is already is not
 * worth its way through the server's own temporary table, in which it collects an UPDATE of joined rows. */
bool mr_script_sets(const struct mr_script *s, const struct mr_plan_table *t, size_t column)
{
    return mr_script_is_written(t, column) &&
           (s->manifest->planned.fire_triggers || s->tables[t->at].differs[column] ||
            mr_pair_column(t->pair, MR_TARGET, column)->on_update != NULL);
}
