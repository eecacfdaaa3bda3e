/* merge_group.c: see merge_group.h. */
#include "repair/merge/merge_group.h"

#include "core/case/case_args.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_facts.h"
#include "repair/merge/merge_named.h"
#include "repair/merge/merge_split.h"
#include "repair/merge/merge_spread.h"

struct grouping {
    struct mr_merge *m;
    size_t begin, end; /* tables of the component */
    const struct mr_merge_table *table;
    struct mr_case_stmt *write, *leave, *reach;
    bool first; /* all rows may move, not only those in temp.beside */
};

static enum mr_code write_group(struct grouping *g, const struct mr_merge_known *row,
                                enum mr_group group, struct mr_err *err)
{
    return MR_CASE_RUN(g->write, err, MR_ARG_INT("id", row->id),
                       MR_ARG_TEXT("grp", mr_group_name(group)),
                       MR_ARG_INT("facts", mr_fact_bits(&row->fact)));
}

/* ---- what a row is by itself ---- */

/* U, where there is one; :timed: the row's time tells something. */
static const char own_sql[] =
    "SELECT m.id AS id, w.above AS above, :has_fresh AND w.n>=:fresh AS fresh,"
    " m.there IS NOT NULL AS there, m.same AS same, m.taken IS NOT NULL AS taken,"
    " m.held AS held, m.doubt AS doubt, k.restored AS restored,"
    " k.into_key IS NOT NULL AS merged, coalesce(t.past, 0)>=2 AS stood, coalesce(t.past, 0)=1 AS "
    "made,"
    " CASE WHEN :timed AND m.there IS NULL THEN (SELECT s.image FROM source s"
    " WHERE s.id=m.id) END AS image"
    " FROM m INDEXED BY m_tbl JOIN w ON w.id=m.id LEFT JOIN mark k ON k.id=m.id"
    " LEFT JOIN told t ON t.id=m.id WHERE m.tbl=:tbl AND m.id>:after ORDER BY m.id LIMIT 1000";

static enum mr_code find_late(struct grouping *g, struct mr_merge_known *row, struct mr_err *err)
{
    const struct mr_plan_table *t = g->table->plan;
    int side = 0;
    enum mr_code code = mr_merge_split_side(g->m, t, t->time_at, row->image, &side, err);
    row->fact.late = side > 0;
    return code;
}

static enum mr_code group_row(void *ctx, struct mr_merge_known *row, struct mr_err *err)
{
    struct grouping *g = ctx;
    enum mr_group group = mr_decide_group(&row->fact).group;
    if (group == MR_GROUP_MAYBE && row->image.ptr != NULL) {
        MR_TRY(find_late(g, row, err));
        group = mr_decide_group(&row->fact).group;
    }
    return write_group(g, row, group, err);
}

static enum mr_code group_table(struct grouping *g, struct mr_err *err)
{
    const struct mr_merge_table *t = g->table;
    const bool timed = !mr_plan_has_counter(t->plan) && g->m->options->split_at != NULL &&
                       t->plan->time_at != MR_NO_COLUMN;
    const struct mr_merge_facts_query query = {
        own_sql, MR_CASE_ARGS(MR_ARG_INT("has_fresh", t->bound.has_fresh),
                              MR_ARG_INT("fresh", t->bound.fresh), MR_ARG_INT("timed", timed))};
    return mr_merge_facts_each(g->m, t, query, group_row, g, err);
}

/* ---- what it is for what it refers to ---- */

/* Of which rows: of all, or of those that a wave may reach. */
#define OF_ALL " FROM m"
#define OF_WAVE " FROM " MR_MERGE_BESIDE

/* A row may move for one that refers to lost history, or to what is new. */
#define MAYBE_SQL(of)                                                                              \
    "SELECT m.id AS id, m.grp AS grp,"                                                             \
    " max(p.grp='lost') AS refers_to_lost,"                                                        \
    " max((l.parent=-1 AND l.above) OR (pw.above AND p.grp NOT IN ('maybe', 'doubt')))"            \
    " AS refers_to_new" of " CROSS JOIN link l ON l.child=m.id LEFT JOIN m p ON p.id=l.parent"     \
    " LEFT JOIN w pw ON pw.id=l.parent"                                                            \
    " WHERE m.tbl=:tbl AND m.grp='maybe' AND m.id>:after GROUP BY m.id ORDER BY m.id"              \
    " LIMIT 1000"

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

/* A row that is known by its key is base; where the key is made of references, it is lost history
 * if they lead there.  Without such references there is nothing to ask.  What has no key has come with
 * its parents where an earlier plan brought them. */
static enum mr_code base_sql(const struct grouping *g, struct mr_strbuf *sql, struct mr_err *err)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    key_references(g->m, g->table, &list);
    if (list.len > 0)
        mr_strbuf_add_fmt(sql,
                          "SELECT m.id AS id, m.grp AS grp, 1 AS refers_to_lost,"
                          " 1 AS key_refers_to_lost%s"
                          " WHERE m.tbl=:tbl AND m.grp='base' AND m.id>:after AND EXISTS"
                          " (SELECT 1 FROM link l JOIN m p ON p.id=l.parent WHERE l.child=m.id"
                          " AND p.grp='lost' AND l.ref IN (%s)%s) ORDER BY m.id LIMIT 1000",
                          g->first ? OF_ALL : OF_WAVE, list.ptr,
                          g->table->plan->key.count > 0
                              ? ""
                              : " AND NOT EXISTS (SELECT 1 FROM mark k WHERE k.id=p.id"
                                " AND " MR_MERGE_CAME("k") ")");
    enum mr_code code = mr_strbuf_check(sql, "grouping rows", err);
    mr_strbuf_release(&list);
    return code;
}

/* A row that is lost history by its key is nobody's on TARGET where each is its own event. */
static enum mr_code leave(struct grouping *g, const struct mr_merge_known *row, struct mr_err *err)
{
    if (!row->fact.key_refers_to_lost || g->table->plan->identity != MR_PLAN_BY_NONE)
        return MR_OK;
    const struct mr_fact there = {.there = true};
    return MR_CASE_RUN(g->leave, err, MR_ARG_INT("id", row->id),
                       MR_ARG_INT("facts", mr_fact_bits(&there)));
}

static enum mr_code move_row(void *ctx, struct mr_merge_known *row, struct mr_err *err)
{
    struct grouping *g = ctx;
    const enum mr_group group = mr_group_named(row->grp);
    const enum mr_group below = mr_decide_below(&row->fact, group).group;
    if (below == group)
        return MR_OK;
    MR_TRY(MR_CASE_RUN(g->reach, err, MR_ARG_INT("id", row->id)));
    MR_TRY(write_group(g, row, below, err));
    return leave(g, row, err);
}

static enum mr_code move_rows(struct grouping *g, struct mr_merge_facts_query query,
                              struct mr_err *err)
{
    return mr_merge_facts_each(g->m, g->table, query, move_row, g, err);
}

static enum mr_code spread_table(struct grouping *g, struct mr_err *err)
{
    const struct mr_plan_table *t = g->table->plan;
    const struct mr_merge_facts_query maybe = {g->first ? MAYBE_SQL(OF_ALL) : MAYBE_SQL(OF_WAVE),
                                               NULL, 0};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!mr_plan_has_counter(t))
        code = base_sql(g, &sql, err);
    const struct mr_case_arg name = MR_ARG_TEXT("name", mr_plan_table_name(t));
    const struct mr_merge_facts_query base = {sql.ptr, &name, t->key.count > 0 ? 0 : 1};
    if (code == MR_OK && sql.len > 0)
        code = move_rows(g, base, err);
    mr_strbuf_release(&sql);
    return code == MR_OK ? move_rows(g, maybe, err) : code;
}

/* Has the wave rows of the table? */
static enum mr_code is_reached(const struct grouping *g, size_t table, bool *is, struct mr_err *err)
{
    int64_t any = 1;
    enum mr_code code = MR_OK;
    if (!g->first)
        code = MR_CASE_NUMBER(g->m->cf, "SELECT EXISTS (SELECT 1" OF_WAVE " WHERE m.tbl=:tbl)",
                              &any, err, MR_ARG_INT("tbl", table));
    *is = any != 0;
    return code;
}

static enum mr_code move_all(void *ctx, bool first, struct mr_err *err)
{
    struct grouping *g = ctx;
    g->first = first;
    for (size_t i = g->begin; i < g->end; i++) {
        bool is = false;
        g->table = &g->m->tables[i];
        MR_TRY(is_reached(g, i, &is, err));
        if (is)
            MR_TRY(spread_table(g, err));
    }
    return MR_OK;
}

/* By hand, since mr_decide_below() says who moves, and not SQL. */
static enum mr_code spread(struct grouping *g, struct mr_err *err)
{
    const struct mr_merge_spread what = {.table = "m",
                                         .takes = "m.tbl>=:first AND m.tbl<:end"
                                                  " AND m.grp IN ('maybe', 'base')",
                                         .take = move_all,
                                         .ctx = g,
                                         .way = MR_MERGE_TO_CHILDREN};
    enum mr_code code = mr_case_prepare(g->m->cf, MR_MERGE_REACH, &g->reach, err);
    if (code == MR_OK)
        code = mr_merge_spread(
            g->m, &what, MR_CASE_ARGS(MR_ARG_INT("first", g->begin), MR_ARG_INT("end", g->end)),
            NULL, err);
    mr_case_free(g->reach);
    return code;
}

enum mr_code mr_merge_group(struct mr_merge *m, size_t first, size_t count, struct mr_err *err)
{
    struct grouping g = {.m = m, .begin = first, .end = first + count};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_named_make(m, err));
    MR_TRY_OUT(mr_case_prepare(m->cf, "UPDATE m SET grp=:grp, facts=facts|:facts WHERE id=:id",
                               &g.write, err));
    MR_TRY_OUT(mr_case_prepare(m->cf, "UPDATE m SET there=NULL, facts=facts&~:facts WHERE id=:id",
                               &g.leave, err));
    for (size_t i = first; i < first + count; i++) {
        g.table = &m->tables[i];
        if (mr_plan_has_counter(g.table->plan))
            MR_TRY_OUT(mr_merge_bounds_fresh(m, &m->tables[i], err));
        MR_TRY_OUT(group_table(&g, err));
    }
    MR_TRY_OUT(spread(&g, err));
out:
    mr_case_free(g.write);
    mr_case_free(g.leave);
    return code;
}
