/* merge_conflict.c: see merge_conflict.h. */
#include "repair/merge/merge_conflict.h"

#include "core/case/case_args.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_obstacle.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_spread.h"
#include "repair/merge/merge_work.h"

/* A component, and the parameters :first and :end of statements over its tables. */
struct component {
    struct mr_merge *m;
    size_t first, end;
    struct mr_case_arg args[2];
};

#define OF_COMPONENT "m.tbl>=:first AND m.tbl<:end"

static enum mr_code run(const struct component *c, const char *sql, struct mr_err *err)
{
    return mr_case_once_with(c->m->cf, sql, c->args, 2, err);
}

static enum mr_code spread(const struct component *c, struct mr_merge_spread what,
                           struct mr_err *err)
{
    what.table = "m";
    return mr_merge_spread(c->m, &what, c->args, 2, NULL, err);
}

/* ---- rows that TARGET has with other values ---- */

static const char lost_sql[] =
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, img.after AS image,"
    " m.there AS live_key, img.there AS live FROM m "
    "INDEXED BY m_tbl"
    " JOIN w ON w.id=m.id JOIN img ON img.id=m.id WHERE m.tbl=:tbl AND m.id>:after AND "
    "m.grp='lost'"
    " AND m.there IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM mark k WHERE k.id=m.id AND k.exact) ORDER BY m.id LIMIT 1000";

/* Of lost history only: rows of the past are compared when it is known who waits (merge_value).
 * The counter is left out, since the same entity may stand under another id. */
static enum mr_code find_differing(struct mr_merge *m, const struct mr_plan_table *t,
                                   struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    struct mr_case_stmt *differ = NULL;
    int64_t after = 0;
    enum mr_code code = mr_case_prepare(
        m->cf, "UPDATE m SET differs=1, kind=:kind, facts=facts|:facts WHERE id=:id", &differ, err);
    while (code == MR_OK) {
        mr_arena_reset(&arena);
        code = MR_MERGE_PAGE(m, lost_sql, after, &arena, &rows, err, MR_ARG_INT("tbl", t->at));
        if (code != MR_OK || rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&rows, i);
            struct mr_fact f = {.there = true};
            after = row->id;
            code = mr_merge_row_differs(m, t, (struct mr_key){row->image, row->len},
                                        (struct mr_key){row->live, row->live_len}, t->counter,
                                        &f.differs, err);
            const enum mr_conflict kind = mr_decide_values(&f, MR_GROUP_LOST).conflict;
            if (code != MR_OK || kind == MR_CONFLICT_NONE)
                continue;
            code = MR_CASE_RUN(differ, err, MR_ARG_INT("id", row->id),
                               MR_ARG_TEXT("kind", mr_conflict_name(kind)),
                               MR_ARG_INT("facts", mr_fact_bits(&f)));
        }
    }
    mr_case_free(differ);
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    return code;
}

/* ---- what they have to see who decide ---- */

/* TARGET's row of the key, which may be it, or is another one's. */
static enum mr_code show_holders(const struct component *c, struct mr_err *err)
{
    return run(
        c,
        "INSERT OR REPLACE INTO holder SELECT m.id, w.live_key, target.image FROM m"
        " JOIN w ON w.id=m.id JOIN target ON target.id=m.id WHERE m.tbl>=:first AND m.tbl<:end"
        " AND (m.grp='doubt' OR m.namesake) AND m.taken=w.live_key",
        err);
}

/* Two orders are not poured into one. */
static enum mr_code find_below(const struct component *c, struct mr_err *err)
{
    struct mr_strbuf subjects = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    int64_t any = 0;
    enum mr_code asked = mr_case_number_with(
        c->m->cf, "SELECT EXISTS (SELECT 1 FROM m WHERE differs)", NULL, 0, &any, err);
    if (asked != MR_OK || any == 0)
        return asked;
    for (size_t i = 0; i < c->m->plan->ntables; i++)
        if (c->m->plan->tables[i].pair->find.subject != MR_SUBJECT_NO)
            mr_strbuf_add_fmt(&subjects, "%s%zu", subjects.len > 0 ? ", " : "", i);
    mr_strbuf_add_fmt(&sql,
                      OF_COMPONENT " AND m.below=0 AND EXISTS (SELECT 1 FROM link l"
                                   " JOIN m p ON p.id=l.parent WHERE l.child=m.id"
                                   " AND p.id<>m.id AND (p.below OR (p.differs AND p.tbl"
                                   " NOT IN (%s))))",
                      subjects.ptr);
    enum mr_code code = mr_strbuf_check(&sql, "looking for conflicts", err);
    if (code == MR_OK)
        code = spread(c,
                      (struct mr_merge_spread){.takes = sql.ptr,
                                               .write = "UPDATE m SET below=1 WHERE id IN reached",
                                               .way = MR_MERGE_TO_CHILDREN},
                      err);
    mr_strbuf_release(&subjects);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- circles that no insert can enter ---- */

/* Foreign keys of the component none of whose columns may be NULL, as "1, 4". */
static void hard_keys(const struct component *c, struct mr_strbuf *list)
{
    for (size_t i = 0; i < c->m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &c->m->plan->references[i];
        if (r->child >= c->first && r->child < c->end && r->parent >= c->first &&
            r->parent < c->end && !r->nullable && r->pair->edge.declared)
            mr_strbuf_add_fmt(list, "%s%zu", list->len > 0 ? ", " : "", i);
    }
}

#define PEEL "UPDATE m SET ins=0 WHERE id IN reached"

/* Peels off what does not hang on, then what nothing of the rest hangs on: what stays is
 * in circles, or on the way from one to another. */
static enum mr_code find_circles(const struct component *c, struct mr_err *err)
{
    struct mr_strbuf list = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    hard_keys(c, &list);
    if (list.len == 0)
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(run(c,
                   "UPDATE m SET ins=1 WHERE " OF_COMPONENT
                   " AND there IS NULL AND own IS NULL AND waits=0",
                   err));
    for (int up = 1; up >= 0; up--) {
        mr_strbuf_reset(&sql);
        mr_strbuf_add_fmt(&sql,
                          OF_COMPONENT
                          " AND m.ins=1 AND NOT EXISTS (SELECT 1 FROM link l JOIN m o"
                          " ON o.id=l.%s WHERE l.%s=m.id AND l.parent>0 AND o.ins=1 AND o.id<>m.id"
                          " AND l.ref IN (%s))",
                          up != 0 ? "parent" : "child", up != 0 ? "child" : "parent", list.ptr);
        MR_TRY_OUT(mr_strbuf_check(&sql, "looking for circles", err));
        MR_TRY_OUT(spread(
            c,
            (struct mr_merge_spread){.takes = sql.ptr,
                                     .write = PEEL,
                                     .way = up != 0 ? MR_MERGE_TO_CHILDREN : MR_MERGE_TO_PARENTS},
            err));
    }
    MR_TRY_OUT(run(c, "UPDATE m SET own='not-null-cycle' WHERE " OF_COMPONENT " AND ins=1", err));
out:
    mr_strbuf_release(&list);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- what stays deleted ---- */

/* The logs show that the live side has deleted it, and SOURCE had left it as it was: it waits for
 * nobody's word.  Whom a person or an earlier plan has said something of is decided by that. */
static enum mr_code leave_deleted(const struct component *c, struct mr_err *err)
{
    return run(
        c,
        "INSERT INTO mark (id, skip, left) SELECT m.id, 1, 1 FROM m JOIN told t ON t.id=m.id"
        " LEFT JOIN mark k ON k.id=m.id WHERE " OF_COMPONENT " AND t.left AND m.there IS NULL"
        " AND m.grp='gone' AND k.into_key IS NULL AND k.restored IS NOT 1 AND k.gone IS NOT 1"
        " ON CONFLICT (id) DO UPDATE SET skip=1, left=1",
        err);
}

/* ---- who waits, and for whom ---- */

static enum mr_code has_waiting(const struct component *c, bool *any, struct mr_err *err)
{
    int64_t found = 0;
    enum mr_code code = mr_case_number_with(
        c->m->cf, "SELECT EXISTS (SELECT 1 FROM m WHERE waits AND " OF_COMPONENT ")", c->args, 2,
        &found, err);
    *any = found != 0;
    return code;
}

/* Of its identity: whatever it hangs on, that is to be settled first. */
#define OWN_IS_OF_IDENTITY "own IN ('identity-crosses-base', 'duplicate', 'owner-differs')"

#define PARENT_WAITS                                                                               \
    "EXISTS (SELECT 1 FROM link l JOIN m p ON p.id=l.parent WHERE l.child=m.id"                    \
    " AND p.waits AND p.id<>m.id)"

/* Whose key means two rows since the split, by the logs, is not known to be there: what refers to it on SOURCE
 * would be given to a stranger. */
static enum mr_code hold_reused(const struct component *c, struct mr_err *err)
{
    return run(c,
               "UPDATE m SET waits=1, root=id WHERE " OF_COMPONENT " AND there IS NOT NULL"
               " AND grp='base' AND EXISTS (SELECT 1 FROM told t WHERE t.id=m.id AND t.past=3)",
               err);
}

/* Parents are in this component, or in one before it. */
static enum mr_code find_waiting(const struct component *c, struct mr_err *err)
{
    static const char any_sql[] =
        "SELECT EXISTS (SELECT 1 FROM m WHERE waits AND m.tbl<:end)"
        " OR EXISTS (SELECT 1 FROM mark WHERE skip)"
        " OR EXISTS (SELECT 1 FROM m WHERE " OF_COMPONENT " AND own IS NOT NULL)";
    int64_t any = 0;
    enum mr_code code = mr_case_number_with(c->m->cf, any_sql, c->args, 2, &any, err);
    if (code != MR_OK || any == 0)
        return code;
    return spread(c,
                  (struct mr_merge_spread){.takes = OF_COMPONENT
                                           " AND m.waits=0 AND m.there IS NULL"
                                           " AND (m.own IS NOT NULL OR EXISTS"
                                           " (SELECT 1 FROM mark k WHERE k.id=m.id AND k.skip)"
                                           " OR " PARENT_WAITS ")",
                                           .write = "UPDATE m SET waits=1 WHERE id IN reached",
                                           .way = MR_MERGE_TO_CHILDREN},
                  err);
}

/* A row has one root, whose decision is asked for; of several above it that of the least number,
 * so that two plans of one case ask alike. */
static enum mr_code spread_roots(const struct component *c, struct mr_err *err)
{
    return spread(c,
                  (struct mr_merge_spread){
                      .takes = OF_COMPONENT " AND m.waits AND m.root IS NULL AND EXISTS"
                                            " (SELECT 1 FROM link l JOIN m p ON p.id=l.parent"
                                            " WHERE l.child=m.id AND p.id<>m.id AND p.waits"
                                            " AND p.root IS NOT NULL)",
                      .write = "UPDATE m SET root=(SELECT min(p.root) FROM link l JOIN m p ON"
                               " p.id=l.parent WHERE l.child=m.id AND p.id<>m.id AND p.waits)"
                               " WHERE id IN reached",
                      .way = MR_MERGE_TO_CHILDREN},
                  err);
}

/* Peels off rows without a root that no others without one hang on, again and again: what
 * stays is in circles, or between two of them (m.ins). */
static enum mr_code peel_rootless(const struct component *c, struct mr_err *err)
{
    enum mr_code code =
        run(c, "UPDATE m SET ins=0 WHERE " OF_COMPONENT " AND ins=1 AND root IS NOT NULL", err);
    return code == MR_OK ? spread(c,
                                  (struct mr_merge_spread){
                                      .takes = OF_COMPONENT
                                      " AND m.ins=1 AND NOT EXISTS (SELECT 1 FROM link l"
                                      " JOIN m o ON o.id=l.child WHERE l.parent=m.id AND l.parent>0"
                                      " AND o.ins=1 AND o.id<>m.id)",
                                      .write = PEEL,
                                      .way = MR_MERGE_TO_PARENTS},
                                  err)
                         : code;
}

/* Rows that wait for themselves over others have no root yet: one is made. */
static enum mr_code break_circles(const struct component *c, struct mr_err *err)
{
    int64_t id = 1;
    enum mr_code code = run(c,
                            "UPDATE m SET ins=(waits AND root IS NULL) WHERE " OF_COMPONENT
                            " AND ins<>(waits AND root IS NULL)",
                            err);
    while (code == MR_OK && id != 0) {
        code = peel_rootless(c, err);
        if (code == MR_OK)
            code = mr_case_number_with(c->m->cf,
                                       "SELECT m.id FROM m JOIN w ON w.id=m.id WHERE m.tbl>=:first"
                                       " AND m.tbl<:end AND m.ins=1"
                                       " ORDER BY m.own IS NULL, m.tbl, w.skey LIMIT 1",
                                       c->args, 2, &id, err);
        if (code != MR_OK || id == 0)
            break;
        code =
            MR_CASE_ONCE(c->m->cf, "UPDATE m SET root=id, kind=coalesce(own, 'skip') WHERE id=:id",
                         err, MR_ARG_INT("id", id));
        if (code == MR_OK)
            code = spread_roots(c, err);
    }
    return code;
}

static enum mr_code name_kinds(const struct component *c, struct mr_err *err)
{
    bool any = false;
    MR_TRY(has_waiting(c, &any, err));
    if (!any)
        return MR_OK;
    MR_TRY(run(c,
               "UPDATE m SET root=id, kind=coalesce(own, 'skip') WHERE " OF_COMPONENT
               " AND waits AND (" OWN_IS_OF_IDENTITY " OR NOT " PARENT_WAITS ")",
               err));
    MR_TRY(spread_roots(c, err));
    MR_TRY(break_circles(c, err));
    MR_TRY(run(
        c, "UPDATE m SET kind='parent-absent' WHERE " OF_COMPONENT " AND waits AND kind IS NULL",
        err));
    /* below nothing but orders that differ, rows say so themselves */
    return spread(c,
                  (struct mr_merge_spread){
                      .takes = OF_COMPONENT " AND m.kind='parent-absent' AND m.own='parent-differs'"
                                            " AND NOT EXISTS (SELECT 1 FROM link l JOIN m p"
                                            " ON p.id=l.parent WHERE l.child=m.id AND p.waits"
                                            " AND p.id<>m.id AND p.kind<>'parent-differs')",
                      .write = "UPDATE m SET kind='parent-differs' WHERE id IN reached",
                      .way = MR_MERGE_TO_CHILDREN},
                  err);
}

/* Twice who waits: a circle that nothing can enter is known only among rows that do not wait, and
 * then what hangs on it waits, too. */
enum mr_code mr_merge_conflict(struct mr_merge *m, size_t first, size_t count, struct mr_err *err)
{
    const struct component c = {
        m, first, first + count, {MR_ARG_INT("first", first), MR_ARG_INT("end", first + count)}};
    MR_TRY(leave_deleted(&c, err));
    MR_TRY(hold_reused(&c, err));
    for (size_t i = first; i < first + count; i++)
        MR_TRY(find_differing(m, &m->plan->tables[i], err));
    MR_TRY(show_holders(&c, err));
    MR_TRY(find_below(&c, err));
    MR_TRY(mr_merge_obstacles(m, first, count, err));
    MR_TRY(find_waiting(&c, err));
    MR_TRY(find_circles(&c, err));
    MR_TRY(find_waiting(&c, err));
    return name_kinds(&c, err);
}
