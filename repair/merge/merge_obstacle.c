/* merge_obstacle.c: see merge_obstacle.h. */
#include "repair/merge/merge_obstacle.h"

#include "core/case/case_args.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_facts.h"
#include "repair/merge/merge_fit.h"
#include "repair/merge/merge_unique.h"

struct obstructing {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    struct mr_case_stmt *write, *other;
};

static enum mr_code name_row(void *ctx, struct mr_merge_known *row, struct mr_err *err)
{
    struct obstructing *o = ctx;
    const enum mr_conflict found =
        mr_decide_obstacle(&row->fact, mr_group_named(row->grp)).conflict;
    if (found == MR_CONFLICT_NONE)
        return MR_OK;
    enum mr_code code = MR_CASE_RUN(o->write, err, MR_ARG_INT("id", row->id),
                                    MR_ARG_TEXT("own", mr_conflict_name(found)),
                                    MR_ARG_INT("facts", mr_fact_bits(&row->fact)));
    /* whoever has the key is in the way */
    return code == MR_OK && (found == MR_CONFLICT_KEY_TAKEN || row->fact.namesake)
               ? MR_CASE_RUN(o->other, err, MR_ARG_INT("id", row->id))
               : code;
}

/* What the case knows. */
static const char known_sql[] =
    "SELECT m.id AS id, m.grp AS grp, k.gone AS gone, k.restored AS restored,"
    " m.namesake AS namesake, w.above AS above, m.crosses AS crosses, m.ambiguous AS ambiguous, "
    "m.owned AS owned,"
    " m.below AS differs_above,"
    " m.disagrees AS disagrees, EXISTS (SELECT 1 FROM link l WHERE l.child=m.id"
    "  AND l.parent=0 AND l.live IS NOT NULL) AS attaches"
    " FROM m INDEXED BY m_tbl JOIN w ON w.id=m.id LEFT JOIN mark k ON k.id=m.id"
    " WHERE m.tbl=:tbl AND m.id>:after AND m.there IS NULL ORDER BY m.id LIMIT 1000";

/* What TARGET's columns and indexes say, and two rows that are mapped to one key. */
static const char asked_sql[] =
    "SELECT m.id AS id, m.grp AS grp, k.restored AS restored, m.misfit AS unfit,"
    " m.rival AS rival, m.taken IS NOT NULL AS taken, m.traced AS traced,"
    " :named AND EXISTS (SELECT 1 FROM m o WHERE o.tbl=:tbl AND o.canon=m.canon AND o.id<>m.id"
    "  AND o.there IS NULL) AS twin"
    " FROM m INDEXED BY m_tbl LEFT JOIN mark k ON k.id=m.id"
    " WHERE m.tbl=:tbl AND m.id>:after AND m.there IS NULL AND m.own IS NULL"
    " AND (:named OR m.misfit OR m.rival) ORDER BY m.id LIMIT 1000";

static enum mr_code name_table(struct obstructing *o, struct mr_err *err)
{
    const struct mr_plan_table *t = o->table->plan;
    const bool named = !mr_plan_has_counter(t) && t->key.count > 0;
    const struct mr_merge_facts_query known = {.sql = known_sql};
    const struct mr_merge_facts_query asked = {asked_sql, MR_CASE_ARGS(MR_ARG_INT("named", named))};
    MR_TRY(mr_merge_facts_each(o->m, o->table, known, name_row, o, err));
    MR_TRY(mr_merge_fit_absent(o->m, t, err));
    MR_TRY(mr_merge_unique(o->m, t, err));
    return mr_merge_facts_each(o->m, o->table, asked, name_row, o, err);
}

enum mr_code mr_merge_obstacles(struct mr_merge *m, size_t first, size_t count, struct mr_err *err)
{
    struct obstructing o = {.m = m};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_prepare(m->cf, "UPDATE m SET own=:own, facts=facts|:facts WHERE id=:id",
                               &o.write, err));
    MR_TRY_OUT(mr_case_prepare(m->cf, "UPDATE m SET other=taken WHERE id=:id", &o.other, err));
    for (size_t i = first; i < first + count; i++) {
        o.table = &m->tables[i];
        MR_TRY_OUT(name_table(&o, err));
    }
out:
    mr_case_free(o.write);
    mr_case_free(o.other);
    return code;
}
