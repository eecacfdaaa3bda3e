/* merge_group.c: see merge_group.h. */
#include "repair/merge/merge_group.h"

#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_split.h"
#include "repair/merge/merge_work.h"

/* Of a table with a counter: by what the row's key says. */
static enum mr_code group_counted(struct mr_merge *m, const struct mr_merge_table *t,
                                  struct mr_err *err)
{
    const struct mr_merge_bound *b = &t->bound;
    const bool is_believed = b->is_told && !b->is_early;
    const int64_t args[] = {(int64_t)t->plan->at, is_believed, b->has_fresh, b->fresh};
    return mr_merge_work_run(
        m,
        "UPDATE m SET grp = (SELECT CASE WHEN m.same THEN 3"
        " WHEN w.above IS NOT 1 THEN CASE WHEN m.there IS NULL THEN 2 ELSE 1 END"
        " WHEN m.doubt THEN 6"
        " WHEN m.taken IS NOT NULL OR m.there IS NOT NULL OR m.held OR ?2"
        "  OR (?3 AND w.n >= ?4) OR k.restored THEN 4 ELSE 5 END"
        " FROM w LEFT JOIN mark k ON k.id=w.id WHERE w.id=m.id) WHERE tbl=?1",
        args, 4, NULL, err);
}

static enum mr_code group_uncounted(struct mr_merge *m, const struct mr_merge_table *t,
                                    struct mr_err *err)
{
    const int64_t args[] = {(int64_t)t->plan->at};
    return mr_merge_work_run(
        m,
        "UPDATE m SET grp = coalesce((SELECT CASE WHEN k.into_key IS NOT NULL THEN 4"
        " WHEN m.there IS NOT NULL THEN 1 WHEN k.restored THEN 4 END"
        " FROM mark k WHERE k.id=m.id), CASE WHEN there IS NULL THEN 5 ELSE 1 END)"
        " WHERE tbl=?1",
        args, 1, NULL, err);
}

/* Rows without a counter that were created after the split. */
static enum mr_code find_late(struct mr_merge *m, const struct mr_merge_table *t,
                              struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    struct mr_case_stmt *lost = NULL;
    int64_t after = 0;
    if (m->options->split_at == NULL || t->plan->time_at == MR_NO_COLUMN)
        return MR_OK;
    enum mr_code code =
        mr_case_prepare(m->cf, "UPDATE m SET grp=4 WHERE id=?", &lost, err);
    while (code == MR_OK) {
        const int64_t args[] = {(int64_t)t->plan->at, after};
        mr_arena_reset(&arena);
        code = mr_merge_work_rows(m,
                                  "SELECT " MR_MERGE_WORK_COLUMNS
                                  " FROM m JOIN w ON w.id=m.id"
                                  " WHERE m.tbl=?1 AND m.id>?2 AND m.grp=5"
                                  " ORDER BY m.id LIMIT 1000",
                                  args, 2, &arena, &rows, err);
        if (code != MR_OK || rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&rows, i);
            int side = 0;
            after = row->id;
            code = mr_merge_split_side(m, t->plan, t->plan->time_at,
                                       (struct mr_key){row->image, row->len}, &side, err);
            if (code != MR_OK || side <= 0)
                continue;
            mr_case_bind_int(lost, 1, row->id);
            code = mr_case_run(lost, err);
        }
    }
    mr_case_free(lost);
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    return code;
}

/* ---- what refers to lost history ---- */

static enum mr_code spread_to_maybe(struct mr_merge *m, const struct mr_merge_table *t,
                                    int64_t *changed, struct mr_err *err)
{
    const int64_t args[] = {(int64_t)t->plan->at, !mr_plan_has_counter(t->plan)};
    return mr_merge_work_run(
        m,
        "UPDATE m SET grp=4 WHERE tbl=?1 AND grp=5 AND EXISTS (SELECT 1 FROM link l"
        " LEFT JOIN m p ON p.id=l.parent LEFT JOIN w pw ON pw.id=l.parent"
        " WHERE l.child=m.id AND (p.grp=4 OR (?2 AND ((l.parent=-1 AND l.above)"
        "  OR (pw.above AND p.grp NOT IN (5, 6))))))",
        args, 2, changed, err);
}

/* References that are part of a key: "1, 4", or "" where there are none. */
static void key_references(const struct mr_merge *m, const struct mr_merge_table *t,
                           struct mr_strbuf *list)
{
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &m->plan->references[i];
        if (r->child == t->plan->at && r->of_key)
            mr_strbuf_add_fmt(list, "%s%zu", list->len > 0 ? ", " : "", i);
    }
}

/* A row whose key contains lost history is lost history, also where TARGET has it. */
static enum mr_code spread_to_keys(struct mr_merge *m, const struct mr_merge_table *t,
                                   int64_t *changed, struct mr_err *err)
{
    struct mr_strbuf list = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    const int64_t args[] = {(int64_t)t->plan->at, t->plan->identity == MR_PLAN_BY_NONE};
    *changed = 0;
    if (mr_plan_has_counter(t->plan))
        return MR_OK;
    key_references(m, t, &list);
    enum mr_code code = MR_OK;
    if (list.len > 0) {
        mr_strbuf_add_fmt(
            &sql,
            "UPDATE m SET grp=4, there=CASE WHEN ?2 THEN NULL ELSE there END"
            " WHERE tbl=?1 AND grp=1 AND EXISTS (SELECT 1 FROM link l"
            " JOIN m p ON p.id=l.parent WHERE l.child=m.id AND p.grp=4"
            " AND l.ref IN (%s))",
            list.ptr);
        code = mr_strbuf_check(&sql, "grouping rows", err);
        if (code == MR_OK)
            code = mr_merge_work_run(m, sql.ptr, args, 2, changed, err);
    }
    mr_strbuf_release(&list);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code spread(struct mr_merge *m, size_t first, size_t count,
                           struct mr_err *err)
{
    enum mr_code code = MR_OK;
    int64_t moved = 1;
    while (code == MR_OK && moved > 0) {
        moved = 0;
        for (size_t i = first; code == MR_OK && i < first + count; i++) {
            int64_t changed = 0;
            code = spread_to_keys(m, &m->tables[i], &changed, err);
            moved += changed;
            if (code == MR_OK)
                code = spread_to_maybe(m, &m->tables[i], &changed, err);
            moved += changed;
        }
    }
    return code;
}

enum mr_code mr_merge_group(struct mr_merge *m, size_t first, size_t count,
                            struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = first; code == MR_OK && i < first + count; i++) {
        struct mr_merge_table *t = &m->tables[i];
        if (mr_plan_has_counter(t->plan)) {
            code = mr_merge_bounds_fresh(m, t, err);
            if (code == MR_OK)
                code = group_counted(m, t, err);
        } else {
            code = group_uncounted(m, t, err);
            if (code == MR_OK)
                code = find_late(m, t, err);
        }
    }
    return code == MR_OK ? spread(m, first, count, err) : code;
}
