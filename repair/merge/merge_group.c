/* merge_group.c: see merge_group.h. */
#include "repair/merge/merge_group.h"

#include "core/case/case_fields.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_split.h"
#include "repair/merge/merge_work.h"

/* A row whose group is asked for, and the group that it has. */
struct asked {
    int64_t id;
    const char *grp;
    struct mr_key image; /* where its time tells something */
    struct mr_fact fact;
};

struct grouping {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    struct mr_arena arena;
    struct mr_vec page; /* struct asked */
    struct mr_case_stmt *write, *leave;
    int64_t moved; /* rows that were given another group */
};

/* ---- facts ---- */

#define FACT(member)                                                                     \
    {                                                                                    \
#member, MR_CASE_FLAG, offsetof(struct asked, fact.member)                       \
    }

static const struct mr_case_field fields[] = {
    MR_CASE_FIELD(struct asked, id, MR_CASE_INT),
    MR_CASE_FIELD(struct asked, grp, MR_CASE_TEXT),
    MR_CASE_FIELD(struct asked, image, MR_CASE_BYTES),
    FACT(above),
    FACT(fresh),
    FACT(there),
    FACT(same),
    FACT(taken),
    FACT(held),
    FACT(doubt),
    FACT(refers_to_lost),
    FACT(refers_to_new),
    FACT(key_refers_to_lost),
    FACT(restored),
    FACT(merged)};

static struct mr_fact facts_of_table(const struct mr_merge_table *t)
{
    return (struct mr_fact){.counted = mr_plan_has_counter(t->plan),
                            .believed = t->bound.is_told && !t->bound.is_early};
}

/* The next rows of a query, whose last parameter is the id after which to go on. */
static enum mr_code read_page(struct grouping *g, const char *sql, const int64_t *args,
                              size_t nargs, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    bool more = false;
    mr_vec_clear(&g->page);
    mr_arena_reset(&g->arena);
    enum mr_code code = mr_case_prepare(g->m->cf, sql, &stmt, err);
    for (size_t i = 0; code == MR_OK && i < nargs; i++)
        mr_case_bind_int(stmt, (int)i + 1, args[i]);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, fields, sizeof fields / sizeof fields[0],
                                   err);
    while (code == MR_OK && (code = mr_case_step(stmt, &more, err)) == MR_OK && more) {
        struct asked *row = mr_vec_push(&g->page);
        if (row == NULL) {
            code = mr_merge_nomem(err);
            break;
        }
        *row = (struct asked){.fact = facts_of_table(g->table)};
        code = mr_case_fields_read(&map, &g->arena, row, err);
    }
    mr_case_free(stmt);
    return code;
}

static int64_t last_id(const struct grouping *g)
{
    return ((const struct asked *)mr_vec_at(&g->page, g->page.count - 1))->id;
}

static enum mr_code write_group(struct grouping *g, int64_t id, enum mr_group group,
                                struct mr_err *err)
{
    mr_case_bind_text(g->write, 1, mr_group_name(group));
    mr_case_bind_int(g->write, 2, id);
    return mr_case_run(g->write, err);
}

/* ---- what a row is by itself ---- */

/* ?2, ?3: U, where there is one; ?4: the row's time tells something. */
static const char own_sql[] =
    "SELECT m.id AS id, w.above AS above, ?2 AND w.n>=?3 AS fresh,"
    " m.there IS NOT NULL AS there, m.same AS same, m.taken IS NOT NULL AS taken,"
    " m.held AS held, m.doubt AS doubt, k.restored AS restored,"
    " k.into_key IS NOT NULL AS merged,"
    " CASE WHEN ?4 AND m.there IS NULL THEN w.image END AS image"
    " FROM m INDEXED BY m_tbl JOIN w ON w.id=m.id LEFT JOIN mark k ON k.id=m.id"
    " WHERE m.tbl=?1 AND m.id>?5 ORDER BY m.id LIMIT 1000";

static enum mr_code find_late(struct grouping *g, struct asked *row, struct mr_err *err)
{
    const struct mr_plan_table *t = g->table->plan;
    int side = 0;
    enum mr_code code = mr_merge_split_side(g->m, t, t->time_at, row->image, &side, err);
    row->fact.late = side > 0;
    return code;
}

static enum mr_code group_table(struct grouping *g, struct mr_err *err)
{
    const struct mr_merge_table *t = g->table;
    const bool timed = !mr_plan_has_counter(t->plan) && g->m->options->split_at != NULL &&
                       t->plan->time_at != MR_NO_COLUMN;
    int64_t args[] = {(int64_t)t->plan->at, t->bound.has_fresh, t->bound.fresh, timed, 0};
    enum mr_code code = MR_OK;
    for (;;) {
        code = read_page(g, own_sql, args, 5, err);
        if (code != MR_OK || g->page.count == 0)
            return code;
        args[4] = last_id(g);
        for (size_t i = 0; code == MR_OK && i < g->page.count; i++) {
            struct asked *row = mr_vec_at(&g->page, i);
            enum mr_group group = mr_decide_group(&row->fact).group;
            if (group == MR_GROUP_MAYBE && row->image.ptr != NULL) {
                code = find_late(g, row, err);
                group = mr_decide_group(&row->fact).group;
            }
            if (code == MR_OK)
                code = write_group(g, row->id, group, err);
        }
        if (code != MR_OK)
            return code;
    }
}

/* ---- what it is for what it refers to ---- */

/* A row may move for one that refers to lost history, or to what is new. */
static const char maybe_sql[] =
    "SELECT m.id AS id, m.grp AS grp,"
    " max(p.grp='lost') AS refers_to_lost,"
    " max((l.parent=-1 AND l.above) OR (pw.above AND p.grp NOT IN ('maybe', 'doubt')))"
    " AS refers_to_new"
    " FROM m JOIN link l ON l.child=m.id LEFT JOIN m p ON p.id=l.parent"
    " LEFT JOIN w pw ON pw.id=l.parent"
    " WHERE m.tbl=?1 AND m.grp='maybe' AND m.id>?2 GROUP BY m.id ORDER BY m.id"
    " LIMIT 1000";

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

static enum mr_code base_sql(const struct grouping *g, struct mr_strbuf *sql,
                             struct mr_err *err)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    key_references(g->m, g->table, &list);
    if (list.len > 0)
        mr_strbuf_add_fmt(
            sql,
            "SELECT m.id AS id, m.grp AS grp, 1 AS key_refers_to_lost FROM m"
            " WHERE m.tbl=?1 AND m.grp='base' AND m.id>?2 AND EXISTS (SELECT 1 FROM link "
            "l"
            " JOIN m p ON p.id=l.parent WHERE l.child=m.id AND p.grp='lost'"
            " AND l.ref IN (%s)) ORDER BY m.id LIMIT 1000",
            list.ptr);
    enum mr_code code = mr_strbuf_check(sql, "grouping rows", err);
    mr_strbuf_release(&list);
    return code;
}

/* A row that is lost history by its key is nobody's on TARGET where each is its own event. */
static enum mr_code leave(struct grouping *g, const struct asked *row, struct mr_err *err)
{
    if (!row->fact.key_refers_to_lost || g->table->plan->identity != MR_PLAN_BY_NONE)
        return MR_OK;
    mr_case_bind_int(g->leave, 1, row->id);
    return mr_case_run(g->leave, err);
}

static enum mr_code move_rows(struct grouping *g, const char *sql, struct mr_err *err)
{
    int64_t args[] = {(int64_t)g->table->plan->at, 0};
    for (;;) {
        enum mr_code code = read_page(g, sql, args, 2, err);
        if (code != MR_OK || g->page.count == 0)
            return code;
        args[1] = last_id(g);
        for (size_t i = 0; code == MR_OK && i < g->page.count; i++) {
            const struct asked *row = mr_vec_at(&g->page, i);
            const enum mr_group group = mr_group_named(row->grp);
            const enum mr_group below = mr_decide_below(&row->fact, group).group;
            if (below == group)
                continue;
            g->moved++;
            code = write_group(g, row->id, below, err);
            if (code == MR_OK)
                code = leave(g, row, err);
        }
        if (code != MR_OK)
            return code;
    }
}

static enum mr_code spread_table(struct grouping *g, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!mr_plan_has_counter(g->table->plan))
        code = base_sql(g, &sql, err);
    if (code == MR_OK && sql.len > 0)
        code = move_rows(g, sql.ptr, err);
    mr_strbuf_release(&sql);
    return code == MR_OK ? move_rows(g, maybe_sql, err) : code;
}

static enum mr_code spread(struct grouping *g, size_t first, size_t count,
                           struct mr_err *err)
{
    enum mr_code code = MR_OK;
    do {
        g->moved = 0;
        for (size_t i = first; code == MR_OK && i < first + count; i++) {
            g->table = &g->m->tables[i];
            code = spread_table(g, err);
        }
    } while (code == MR_OK && g->moved > 0);
    return code;
}

enum mr_code mr_merge_group(struct mr_merge *m, size_t first, size_t count,
                            struct mr_err *err)
{
    struct grouping g = {
        .m = m, .arena = MR_ARENA_INIT, .page = MR_VEC_INIT(struct asked)};
    enum mr_code code =
        mr_case_prepare(m->cf, "UPDATE m SET grp=?1 WHERE id=?2", &g.write, err);
    if (code == MR_OK)
        code =
            mr_case_prepare(m->cf, "UPDATE m SET there=NULL WHERE id=?1", &g.leave, err);
    for (size_t i = first; code == MR_OK && i < first + count; i++) {
        g.table = &m->tables[i];
        if (mr_plan_has_counter(g.table->plan))
            code = mr_merge_bounds_fresh(m, &m->tables[i], err);
        if (code == MR_OK)
            code = group_table(&g, err);
    }
    if (code == MR_OK)
        code = spread(&g, first, count, err);
    mr_case_free(g.write);
    mr_case_free(g.leave);
    mr_vec_release(&g.page);
    mr_arena_release(&g.arena);
    return code;
}
