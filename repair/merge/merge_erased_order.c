/* merge_erased_order.c: who goes in the end, in what order, and as what it is kept in the plan; see
 * merge_erased.h. */
#include "repair/merge/merge_erased_order.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/decide/decide_three.h"
#include "repair/merge/merge_erased.h"
#include "repair/merge/merge_lookup.h"

/* ---- who goes ---- */

/* Rows of SOURCE that the plan leads to it would lose it again. */
static const char led_sql[] =
    "UPDATE erased SET goes=0, why='the plan leads a row of SOURCE to it' WHERE goes AND EXISTS"
    " (SELECT 1 FROM m WHERE m.tbl=erased.tbl AND m.there=erased.key)";

/* Who refers to it stays. */
static const char kept_sql[] =
    "UPDATE erased SET goes=0, why='rows that stay refer to it' WHERE goes AND EXISTS (SELECT 1 "
    "FROM"
    " erased_edge e JOIN erased c ON c.id=e.child WHERE e.parent=erased.id AND NOT c.goes)";

/* Of a row that went along with its parent nothing else says that it is to go. */
static const char left_sql[] =
    "UPDATE erased SET goes=0, why='its parent stays' WHERE goes AND along AND NOT EXISTS (SELECT 1"
    " FROM erased_edge e JOIN erased p ON p.id=e.parent WHERE e.child=erased.id AND p.goes)";

/* The next level: rows to which none refers that has no level yet. */
static const char level_sql[] =
    "UPDATE erased SET lvl=:wave WHERE goes AND lvl=0 AND NOT EXISTS (SELECT 1 FROM erased_edge e"
    " JOIN erased c ON c.id=e.child WHERE e.parent=erased.id AND c.goes AND c.lvl IN (0, :wave))";

static const char circle_sql[] = "UPDATE erased SET goes=0, why='rows that refer to each other in "
                                 "a circle hold it' WHERE goes AND"
                                 " lvl=0";

/* The least number among those that hang together, both ways. */
static const char tree_sql[] =
    "UPDATE erased SET tree=n.least FROM (SELECT x.id AS id, min(o.tree) AS least FROM (SELECT "
    "child"
    " AS id, parent AS other FROM erased_edge UNION SELECT parent, child FROM erased_edge) x JOIN"
    " erased o ON o.id=x.other WHERE o.goes GROUP BY x.id) n WHERE erased.id=n.id AND goes AND"
    " n.least<erased.tree";

static enum mr_code run(struct mr_merge *m, const char *sql, bool *any, struct mr_err *err)
{
    MR_TRY(mr_case_exec(m->cf, sql, err));
    *any = *any || mr_case_changes(m->cf) > 0;
    return MR_OK;
}

static enum mr_code settle(struct mr_merge *m, struct mr_err *err)
{
    bool any = true;
    while (any) {
        any = false;
        MR_TRY(run(m, kept_sql, &any, err));
        MR_TRY(run(m, left_sql, &any, err));
    }
    return MR_OK;
}

/* What is in a circle, or above one, gets no level. */
static enum mr_code rank(struct mr_merge *m, struct mr_err *err)
{
    bool any = true;
    MR_TRY(mr_case_exec(m->cf, "UPDATE erased SET lvl=0", err));
    for (int64_t wave = 1; any; wave++) {
        MR_TRY(MR_CASE_ONCE(m->cf, level_sql, err, MR_ARG_INT("wave", wave)));
        any = mr_case_changes(m->cf) > 0;
    }
    return MR_OK;
}

static enum mr_code break_circles(struct mr_merge *m, struct mr_err *err)
{
    bool any = true;
    while (any) {
        any = false;
        MR_TRY(settle(m, err));
        MR_TRY(rank(m, err));
        MR_TRY(run(m, circle_sql, &any, err));
    }
    return MR_OK;
}

static enum mr_code find_trees(struct mr_merge *m, struct mr_err *err)
{
    bool any = true;
    MR_TRY(mr_case_exec(m->cf, "UPDATE erased SET tree=id", err));
    while (any) {
        any = false;
        MR_TRY(run(m, tree_sql, &any, err));
    }
    return MR_OK;
}

/* ---- how many ---- */

/* Whoever allows some wants them to go, though it was decided otherwise; where SOURCE has deleted none that stands,
 * they have gone already. */
static enum mr_code check_none(const struct mr_merge *m, struct mr_err *err)
{
    bool any = false;
    MR_TRY(MR_CASE_HAS(m->cf, "SELECT 1 FROM erased LIMIT 1", &any, err));
    if (!any || m->options->allow_deletes == 0)
        return MR_OK;
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "the plan deletes none of the rows that were deleted on SOURCE, not the %llu that "
        "are allowed",
        (unsigned long long)m->options->allow_deletes);
    mr_err_hint(
        err,
        "They are kept by a decision, by a rule, or since nobody says otherwise: choose delete for "
        "them (deleted-in-source=delete), or plan without --allow-deletes.");
    return MR_E_REFUSED;
}

/* The very number, not a ceiling: whoever allows it has seen this plan. */
static enum mr_code check_number(const struct mr_merge *m, struct mr_err *err)
{
    const struct mr_merge_options *o = m->options;
    const unsigned long long n = m->result->erased;
    if (n == 0)
        return check_none(m, err);
    if (o->allow_deletes == n)
        return MR_OK;
    if (o->allow_deletes > 0)
        (void)mr_err_set(
            err, MR_E_REFUSED,
            "the plan deletes %llu rows that were deleted on SOURCE, not the %llu that "
            "are allowed",
            n, (unsigned long long)o->allow_deletes);
    else
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the plan deletes %llu rows that were deleted on SOURCE", n);
    mr_err_hint(err,
                "If all of them are to go, plan with --allow-deletes %llu; deleted-in-source=keep "
                "keeps them.",
                n);
    return MR_E_REFUSED;
}

enum mr_code mr_merge_erased_order(struct mr_merge *m, struct mr_err *err)
{
    int64_t goes = 0;
    MR_TRY(mr_case_exec(m->cf, led_sql, err));
    MR_TRY(break_circles(m, err));
    MR_TRY(mr_case_exec(m->cf, "DELETE FROM erased WHERE along AND NOT goes", err));
    MR_TRY(find_trees(m, err));
    MR_TRY(
        mr_case_number_with(m->cf, "SELECT count(*) FROM erased WHERE goes", NULL, 0, &goes, err));
    m->result->erased = (uint64_t)goes;
    return check_number(m, err);
}

/* ---- entities ---- */

/* A row of temp.erased. */
struct erased {
    int64_t id;
    struct mr_key key, image;
    bool goes, along, asked, said; /* said: by somebody, of this row */
    const char *why;
};

#define FIELD(member, type) MR_CASE_FIELD(struct erased, member, MR_CASE_##type)
static const struct mr_case_field fields[] =
    MR_CASE_LIST(FIELD(id, INT), FIELD(key, BYTES), FIELD(image, BYTES), FIELD(goes, FLAG),
                 FIELD(along, FLAG), FIELD(asked, FLAG), FIELD(said, FLAG), FIELD(why, TEXT));

struct saving {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    struct mr_arena arena;
    struct mr_vec rows, asks; /* struct erased, struct mr_merge_ask */
    struct mr_case_stmt *page, *note;
};

/* The plan's readers know columns only. */
static enum mr_code cut(const struct mr_plan_table *t, struct mr_key *image, struct mr_err *err)
{
    size_t pos = 0;
    for (size_t i = 0; i < t->pair->ncompared; i++)
        MR_TRY(mr_row_skip(image->ptr, image->len, &pos, err));
    image->len = pos;
    return MR_OK;
}

/* Who stays because nobody said otherwise is decided about; who was to go and cannot is asked about. */
static enum mr_code save(struct saving *w, const struct erased *row, struct mr_key identity,
                         struct mr_err *err)
{
    const bool held = row->asked && !row->goes;
    struct mr_entity e = {.table = w->table->at,
                          .target_key = row->key,
                          .identity = identity,
                          .decision = row->goes ? MR_DECIDE_DELETE : MR_DECIDE_CONFLICT,
                          .kind = mr_conflict_name(MR_CONFLICT_DELETED_IN_SOURCE),
                          .detail = row->along ? "it went with its parent, by a cascade" : row->why,
                          .choice = row->goes ? MR_CHOICE_DELETE
                                    : held    ? NULL
                                              : MR_CHOICE_KEEP,
                          .is_derived = !held && !row->said,
                          .choices = held ? MR_CHOICE_KEEP : NULL,
                          .target = row->image};
    const struct mr_plan_logs logs = {.outcome =
                                          mr_three_outcome_name(MR_THREE_IS_DELETED_IN_SOURCE)};
    MR_TRY(cut(w->table, &e.target, err));
    MR_TRY(mr_plan_store_save(w->m->store, &e, err));
    MR_TRY(mr_plan_store_add_logs(w->m->store, e.id, &logs, err));
    w->m->result->open += held;
    return MR_CASE_RUN(w->note, err, MR_ARG_INT("id", row->id), MR_ARG_INT("entity", e.id));
}

/* Who has a NULL in his identity is nobody, and was not asked for. */
static enum mr_code save_page(struct saving *w, struct mr_err *err)
{
    const bool named = w->table->identity == MR_PLAN_BY_COLUMNS && w->table->named_by.count > 0;
    mr_vec_clear(&w->asks);
    for (size_t i = 0; named && i < w->rows.count; i++) {
        const struct erased *row = mr_vec_at(&w->rows, i);
        MR_TRY(mr_merge_lookup_push(&w->asks, row->id, row->image, w->table->named_by, &w->arena,
                                    err));
    }
    if (w->asks.count > 0)
        MR_TRY(
            mr_merge_lookup_canonise(w->m, w->table, w->table->named_by, &w->asks, &w->arena, err));
    for (size_t i = 0, at = 0; i < w->rows.count; i++) {
        const struct erased *row = mr_vec_at(&w->rows, i);
        const struct mr_merge_ask *ask = at < w->asks.count ? mr_vec_at(&w->asks, at) : NULL;
        const bool is_his = ask != NULL && ask->tag == row->id;
        at += is_his;
        MR_TRY(save(w, row, is_his ? ask->canon : (struct mr_key){NULL, 0}, err));
    }
    return MR_OK;
}

static enum mr_code save_table(struct saving *w, struct mr_err *err)
{
    int64_t after = 0;
    enum mr_code code = MR_OK;
    for (;;) {
        mr_vec_clear(&w->rows);
        mr_arena_reset(&w->arena);
        MR_CASE_BIND(w->page, MR_ARG_INT("tbl", w->table->at), MR_ARG_INT("after", after));
        code = mr_case_fields_all(w->page, MR_CASE_FIELDS(fields), &w->arena, &w->rows, err);
        mr_case_reset(w->page);
        if (code != MR_OK || w->rows.count == 0)
            return code;
        after = ((const struct erased *)mr_vec_at(&w->rows, w->rows.count - 1))->id;
        MR_TRY(save_page(w, err));
    }
}

enum mr_code mr_merge_erased_save(struct mr_merge *m, struct mr_err *err)
{
    struct saving w = {.m = m,
                       .arena = MR_ARENA_INIT,
                       .rows = MR_VEC_INIT(struct erased),
                       .asks = MR_VEC_INIT(struct mr_merge_ask)};
    const struct mr_case_sql list[] = {
        {&w.page,
         "SELECT id, key, image, goes, along, asked, said, why FROM erased WHERE tbl=:tbl AND"
         " id>:after ORDER BY id LIMIT 500"},
        {&w.note, "UPDATE erased SET entity=:entity WHERE id=:id"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err));
    for (size_t i = 0; i < m->plan->ntables; i++) {
        w.table = &m->plan->tables[i];
        MR_TRY_OUT(save_table(&w, err));
    }
out:
    mr_case_free(w.page);
    mr_case_free(w.note);
    mr_vec_release(&w.rows);
    mr_vec_release(&w.asks);
    mr_arena_release(&w.arena);
    return code;
}
