/* script_extent.c: updates that write some columns of a row, and what they lean on; see
 * script_internal.h.
 *
 * A restored change writes the columns that SOURCE changed, and what else stands in the row by then is
 * TARGET's own: a counter, a time of the last visit. So it is neither compared nor written. What the
 * change leans on is compared to the byte:
 *   - the key and the identity: it is still the same row;
 *   - each written column: nobody has written to it since;
 *   - where a reference is written in part (an owner's id beside his kind, one column of several), all
 *     that the reference is read from: else the new value would lead to somebody else;
 *   - the same of a unique index, since the guards look for the staged value as a whole;
 *   - what other rows of the plan refer to it by, since they were led here by that.
 *
 * Rows that write the same columns of a table share an extent, and are one statement. */
#include <string.h>

#include "core/db/sqltext.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_restored.h"
#include "repair/script/script_internal.h"

#define MR_WHY_CHARS 600 /* myrecon_refused.why */

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

const struct mr_script_extent *mr_script_extent(const struct mr_script *s, size_t number)
{
    return number > 0 ? mr_vec_at(&s->extents, number - 1) : NULL;
}

/* ---- finding ---- */

bool mr_script_group_has(const struct mr_plan_table *t, const struct mr_script_group *group,
                         size_t column)
{
    return mr_plan_columns_has(&group->columns, column) ||
           (group->reads != NULL && group->reads[column]) ||
           (group->index != NULL && mr_script_index_reads(t, group->index, column));
}

static bool writes_any(const struct mr_plan_table *t, const struct mr_script_extent *e,
                       const struct mr_script_group *group)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (e->writes[i] && mr_script_group_has(t, group, i))
            return true;
    return false;
}

/* What the server computes is staged nowhere, and follows from what is compared. */
static void compare_group(const struct mr_plan_table *t, struct mr_script_extent *e,
                          const struct mr_script_group *group)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (mr_script_is_written(t, i) && mr_script_group_has(t, group, i))
            e->compares[i] = true;
}

static void compare_if_written(const struct mr_plan_table *t, struct mr_script_extent *e,
                               const struct mr_script_group *group)
{
    if (writes_any(t, e, group))
        compare_group(t, e, group);
}

static void lean(const struct mr_script *s, const struct mr_plan_table *t,
                 struct mr_script_extent *e)
{
    const struct mr_table *live = t->pair->side[MR_TARGET];
    const size_t n = t->pair->find.ncolumns;
    if (mr_script_has_name(t))
        for (size_t i = 0; i < n; i++)
            e->stands[i] = e->writes[i] || mr_plan_columns_has(&t->named_by, i);
    else
        memcpy(e->stands, e->writes, n * sizeof *e->stands);
    memcpy(e->compares, e->stands, n * sizeof *e->compares);
    compare_group(t, e, &(struct mr_script_group){.columns = t->key});
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (r->child == t->at)
            compare_if_written(t, e, &(struct mr_script_group){r->from, r->reads, NULL});
        if (r->parent == t->at)
            compare_group(t, e, &(struct mr_script_group){.columns = r->to});
    }
    for (size_t i = 0; i < live->nindexes; i++)
        if (live->indexes[i].unique)
            compare_if_written(t, e, &(struct mr_script_group){.index = &live->indexes[i]});
}

/* The number of the extent of a table that writes these columns so; 0: there is none yet. */
static size_t find_extent(const struct mr_script *s, const struct mr_plan_table *t,
                          const bool *writes, const bool *sums)
{
    const size_t bytes = t->pair->find.ncolumns * sizeof *writes;
    for (size_t i = 0; i < s->extents.count; i++) {
        const struct mr_script_extent *e = mr_vec_at(&s->extents, i);
        if (e->table == t->at && memcmp(e->writes, writes, bytes) == 0 &&
            memcmp(e->sums, sums, bytes) == 0)
            return i + 1;
    }
    return 0;
}

static enum mr_code add_extent(struct mr_script *s, const struct mr_plan_table *t,
                               const bool *writes, const bool *sums, struct mr_err *err)
{
    const size_t n = t->pair->find.ncolumns;
    struct mr_script_extent *e = mr_vec_push(&s->extents);
    bool *columns = mr_arena_calloc(&s->unit_arena, 4 * n, sizeof *columns);
    if (e == NULL || columns == NULL)
        return mr_merge_nomem(err);
    *e = (struct mr_script_extent){t->at,           columns,         columns + n,
                                   columns + 2 * n, columns + 3 * n, false};
    memcpy(e->writes, writes, n * sizeof *writes);
    memcpy(e->sums, sums, n * sizeof *sums);
    for (size_t i = 0; i < n; i++)
        e->any_sum = e->any_sum || sums[i];
    lean(s, t, e);
    return MR_OK;
}

/* Of a row that several steps write each hands on to the next what all of it is, so those stay whole. */
static enum mr_code find(struct mr_script *s, struct mr_script_row *row, bool *differs, bool *sums,
                         struct mr_err *err)
{
    const char *added = NULL;
    const struct mr_plan_table *t = &s->plan->tables[row->step.table];
    bool is = false, any = false;
    if (row->step.op != MR_STEP_UPDATE || row->passing || row->chained || t->key.count == 0)
        return MR_OK;
    MR_TRY(mr_plan_store_is_restored(s->task->store, row->step.entity, &is, err));
    if (!is)
        return MR_OK;
    const struct mr_key before = mr_script_before(s, row), after = mr_script_after(s, row);
    MR_TRY(mr_plan_restored_columns(t, before, after, differs, &any, err));
    if (!any)
        return MR_OK;
    MR_TRY(mr_plan_store_sums(s->task->store, row->step.entity, &s->unit_arena, &added, err));
    memset(sums, 0, t->pair->find.ncolumns * sizeof *sums);
    if (added != NULL && !mr_entity_written_get(added, sums, t->pair->find.ncolumns))
        return mr_err_set(err, MR_E_BUG, "a sum of a column that is none");
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        sums[i] = sums[i] && differs[i];
    row->extent = find_extent(s, t, differs, sums);
    if (row->extent > 0)
        return MR_OK;
    MR_TRY(add_extent(s, t, differs, sums, err));
    row->extent = s->extents.count;
    return MR_OK;
}

enum mr_code mr_script_extents_find(struct mr_script *s, struct mr_err *err)
{
    size_t widest = 1;
    bool has = false;
    mr_vec_clear(&s->extents);
    MR_TRY(mr_plan_store_has_logs(s->task->store, &has, err));
    if (!has)
        return MR_OK;
    for (size_t i = 0; i < s->plan->ntables; i++)
        if (s->plan->tables[i].pair->find.ncolumns > widest)
            widest = s->plan->tables[i].pair->find.ncolumns;
    bool *differs = mr_arena_calloc(&s->unit_arena, 2 * widest, sizeof *differs);
    if (differs == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < s->rows.count; i++)
        MR_TRY(find(s, mr_vec_at(&s->rows, i), differs, differs + widest, err));
    return MR_OK;
}

/* ---- which rows ---- */

/* What is asked of a batch of updates: that it is of that extent, or that it writes of a group. */
struct choice {
    const struct mr_plan_table *table;
    size_t extent;
    const struct mr_script_group *group; /* NULL: it is the extent */
};

static bool is_of_table(const struct mr_script_batch *b, const struct mr_plan_table *t)
{
    return b->op == MR_STEP_UPDATE && b->table == t->at;
}

static bool is_chosen(const struct mr_script *s, const struct mr_script_batch *b,
                      const struct choice *c)
{
    if (c->group == NULL)
        return b->extent == c->extent;
    return b->extent == 0 || writes_any(c->table, mr_script_extent(s, b->extent), c->group);
}

static size_t count_chosen(const struct mr_script *s, const struct choice *c, size_t *of)
{
    size_t n = 0;
    *of = 0;
    for (size_t i = 0; i < s->batches.count; i++) {
        const struct mr_script_batch *b = mr_vec_at(&s->batches, i);
        *of += is_of_table(b, c->table);
        n += is_of_table(b, c->table) && is_chosen(s, b, c);
    }
    return n;
}

/* Rows of a batch have numbers that follow each other. */
static void where_chosen(struct mr_script *s, const struct choice *c)
{
    size_t of = 0, n = count_chosen(s, c, &of);
    const char *before = " AND (";
    if (n == of)
        return;
    for (size_t i = 0; i < s->batches.count; i++) {
        const struct mr_script_batch *b = mr_vec_at(&s->batches, i);
        if (!is_of_table(b, c->table) || !is_chosen(s, b, c))
            continue;
        mr_strbuf_add_fmt(&s->sql, "%ss.myrecon_row BETWEEN %zu AND %zu", before, b->first,
                          b->last);
        before = " OR ";
    }
    add(s, n > 0 ? ")" : " AND FALSE");
}

bool mr_script_writes(const struct mr_script *s, const struct mr_plan_table *t,
                      const struct mr_script_group *group)
{
    const struct choice c = {t, 0, group};
    size_t of = 0;
    return count_chosen(s, &c, &of) > 0;
}

void mr_script_where_writes(struct mr_script *s, const struct mr_plan_table *t,
                            const struct mr_script_group *group)
{
    where_chosen(s, &(struct choice){t, 0, group});
}

static struct mr_script_group group_of(const struct mr_plan_reference *r)
{
    return (struct mr_script_group){r->from, r->reads, NULL};
}

bool mr_script_leads(const struct mr_script *s, const struct mr_plan_reference *r)
{
    const struct mr_script_group group = group_of(r);
    return mr_script_writes(s, &s->plan->tables[r->child], &group);
}

void mr_script_where_refers(struct mr_script *s, const struct mr_plan_reference *r)
{
    const struct mr_script_group group = group_of(r);
    mr_script_where_writes(s, &s->plan->tables[r->child], &group);
}

bool mr_script_extent_leads(const struct mr_script *s, size_t extent,
                            const struct mr_plan_reference *r)
{
    const struct mr_script_group group = group_of(r);
    const struct mr_script_extent *e = mr_script_extent(s, extent);
    return e == NULL || writes_any(&s->plan->tables[r->child], e, &group);
}

bool mr_script_has_extent(const struct mr_script *s, const struct mr_plan_table *t, size_t extent)
{
    const struct choice c = {t, extent, NULL};
    size_t of = 0;
    return count_chosen(s, &c, &of) > 0;
}

void mr_script_where_extent(struct mr_script *s, const struct mr_plan_table *t, size_t extent)
{
    where_chosen(s, &(struct choice){t, extent, NULL});
}

/* ---- what was changed since ---- */

static void why(struct mr_script *s, const char *text)
{
    mr_sql_string(&s->sql, text);
}

/* As the plan saw it; or, where it may be added to what stands there, a number. */
static void compare(struct mr_script *s, const struct mr_plan_table *t,
                    const struct mr_script_extent *e, size_t column)
{
    if (e->sums[column])
        mr_script_may_add(s, t, column);
    else
        mr_script_exact_pair(s, t, "t", "b", column);
}

void mr_script_is_unmoved(struct mr_script *s, const struct mr_plan_table *t,
                          const struct mr_script_extent *e)
{
    const char *before = "";
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!e->compares[i])
            continue;
        add(s, before);
        before = " AND ";
        compare(s, t, e, i);
    }
}

/* Which columns are not as they were: who reads it need not search the row for it. */
static void name_changed(struct mr_script *s, const struct mr_plan_table *t,
                         const struct mr_script_extent *e)
{
    add(s, "LEFT(CONCAT(");
    why(s, s->kind == MR_SCRIPT_UNDO ? "changed since it was written: "
                                     : "changed since the plan was made: ");
    add(s, ", CONCAT_WS(', '");
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!e->compares[i])
            continue;
        add(s, ", IF(");
        compare(s, t, e, i);
        add(s, ", NULL, ");
        why(s, t->pair->full[MR_TARGET].cols[i].name);
        add(s, ")");
    }
    mr_strbuf_add_fmt(&s->sql, ")), %d)", MR_WHY_CHARS);
}

static void refuse_moved(struct mr_script *s, const struct mr_plan_table *t, size_t extent)
{
    const struct mr_script_extent *e = mr_vec_at(&s->extents, extent - 1);
    mr_script_refuse_begin(s, t);
    if (e->any_sum) {
        add(s, "IF(");
        mr_script_sum_unknown(s, t, e);
        add(s, ", ");
        why(s, MR_SCRIPT_UNCERTAIN);
        add(s, ", ");
    }
    add(s, "IF(");
    mr_script_is_absent(s, t, "t", t->key.at[0]);
    add(s, ", ");
    why(s, s->kind == MR_SCRIPT_UNDO ? "it was deleted since it was written"
                                     : "it was deleted since the plan was made");
    add(s, ", ");
    name_changed(s, t, e);
    add(s, e->any_sum ? ")) FROM " : ") FROM ");
    mr_script_temp_n(s, 'u', t->at);
    add(s, " AS s JOIN ");
    mr_script_temp_n(s, 'b', t->at);
    add(s, " AS b ON b.myrecon_row = s.myrecon_row LEFT JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->key, "t", "s", false);
    if (e->any_sum)
        mr_script_join_sums(s);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_where_extent(s, t, extent);
    mr_script_not_there(s, "s");
    add(s, " AND NOT (NOT (");
    mr_script_is_absent(s, t, "t", t->key.at[0]);
    add(s, ") AND ");
    mr_script_is_unmoved(s, t, e);
    if (e->any_sum) {
        add(s, " AND NOT ");
        mr_script_sum_unknown(s, t, e);
    }
    add(s, ")");
    mr_script_ran(s);
}

/* Somebody may have signed up since with the name that SOURCE gave the row. */
static void refuse_namesake(struct mr_script *s, const struct mr_plan_table *t, size_t extent)
{
    mr_script_refuse(s, t, "another row has the same identity");
    add(s, " FROM ");
    mr_script_temp_n(s, 'u', t->at);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->named_by, "t", "s", false);
    mr_script_join_leaving(s, t);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    add(s, " AND x.myrecon_row IS NULL");
    mr_script_where_extent(s, t, extent);
    mr_script_ran(s);
}

void mr_script_refuse_moved(struct mr_script *s, const struct mr_plan_table *t)
{
    const struct mr_script_group name = {.columns = t->named_by};
    const bool loose = mr_script_is_loosely_named(s, t);
    for (size_t e = 1; e <= s->extents.count; e++) {
        if (!mr_script_has_extent(s, t, e))
            continue;
        refuse_moved(s, t, e);
        if (loose && writes_any(t, mr_script_extent(s, e), &name))
            refuse_namesake(s, t, e);
    }
}
