/* merge_referrers.c: see merge_referrers.h. */
#include "repair/merge/merge_referrers.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_references.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"

static enum mr_code lets_go(const struct mr_merge_leaver *leaver, struct mr_plan_columns columns,
                            bool *yes, struct mr_err *err)
{
    *yes = true;
    return leaver->after.ptr == NULL
               ? MR_OK
               : mr_merge_row_leaves(leaver->live, leaver->after, columns, yes, err);
}

/* ---- by the plan's references ---- */

struct pushing {
    const struct mr_plan_reference *r;
    struct mr_vec asks, meant; /* struct mr_merge_ask: as children write keys, and as keys */
    struct mr_arena arena;
};

static enum mr_code push_leaver(struct pushing *w, const struct mr_merge_leaver *leaver,
                                struct mr_err *err)
{
    const struct mr_plan_columns to = w->r->to;
    bool goes = false;
    size_t had = w->meant.count;
    enum mr_code code = lets_go(leaver, to, &goes, err);
    if (code == MR_OK && goes) /* none where a value is NULL */
        code = mr_merge_lookup_push(&w->meant, leaver->tag, leaver->live, to, &w->arena, err);
    if (code != MR_OK || w->meant.count == had)
        return code;
    const struct mr_merge_ask *meant = mr_vec_at(&w->meant, had);
    return mr_merge_reference_push_children(&w->asks, leaver->tag, meant->value, w->r, &w->arena,
                                            err);
}

enum mr_code mr_merge_referrers(struct mr_merge *m, const struct mr_plan_reference *r,
                                const struct mr_vec *leavers, mr_merge_answer_fn *fn, void *ctx,
                                struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, &m->plan->tables[r->child], r->from};
    struct pushing w = {.r = r,
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .meant = MR_VEC_INIT(struct mr_merge_ask),
                        .arena = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < leavers->count; i++)
        MR_TRY_OUT(push_leaver(&w, mr_vec_at(leavers, i), err));
    if (w.asks.count > 0)
        MR_TRY_OUT(mr_merge_lookup_ask(m, &what, &w.asks, fn, ctx, err));
    MR_TRY_OUT(mr_merge_reference_otherwise_to(m, MR_TARGET, r, &w.meant, fn, ctx, err));
out:
    mr_vec_release(&w.asks);
    mr_vec_release(&w.meant);
    mr_arena_release(&w.arena);
    return code;
}

/* ---- by tables outside ---- */

struct holding {
    struct mr_merge *m;
    const struct mr_plan_table *parent;
    const struct mr_vec *leavers;
    mr_merge_outside_fn *fn;
    void *ctx;
    const struct mr_table *child;
    struct mr_plan_columns to;
    struct mr_readspec spec;
    struct mr_vec asks, held; /* struct mr_merge_ask */
    struct mr_vec keys;       /* struct mr_key */
    struct mr_arena arena;
    struct mr_strbuf bytes;
};

/* Equal values mostly come one after the other, and are held once. */
static enum mr_code take_child(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct holding *w = ctx;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&w->bytes);
    for (size_t i = 0; code == MR_OK && i < w->spec.nkey; i++)
        code = mr_row_encode(&w->bytes, &values[i], err);
    const struct mr_merge_ask *last =
        w->held.count > 0 ? mr_vec_at(&w->held, w->held.count - 1) : NULL;
    const struct mr_key key = {w->bytes.ptr, w->bytes.len};
    if (code != MR_OK || (last != NULL && mr_key_compare(last->value, key) == 0))
        return code;
    struct mr_merge_ask *ask = mr_vec_push(&w->held);
    const void *copy = mr_arena_dup(&w->arena, key.ptr, key.len);
    if (ask == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *ask = (struct mr_merge_ask){.value = {copy, key.len}};
    return MR_OK;
}

static int compare_asks(const void *a, const void *b)
{
    return mr_key_compare(((const struct mr_merge_ask *)a)->canon,
                          ((const struct mr_merge_ask *)b)->canon);
}

/* Tells of the leavers whose values are held. */
static enum mr_code match(struct holding *w, struct mr_err *err)
{
    enum mr_code code = mr_merge_lookup_canonise(w->m, w->parent, w->to, &w->asks, &w->arena, err);
    if (code == MR_OK)
        code = mr_merge_lookup_canonise(w->m, w->parent, w->to, &w->held, &w->arena, err);
    if (code == MR_OK && w->held.count > 1)
        qsort(w->held.items, w->held.count, sizeof(struct mr_merge_ask), compare_asks);
    for (size_t i = 0; code == MR_OK && i < w->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        if (bsearch(ask, w->held.items, w->held.count, sizeof *ask, compare_asks) != NULL)
            code = w->fn(w->ctx, ask->tag, w->child, err);
    }
    return code;
}

/* A table outside is asked for all leavers at once; TARGET's collation says whom it meant. */
static enum mr_code hold_rows(struct holding *w, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->asks);
    mr_vec_clear(&w->held);
    mr_vec_clear(&w->keys);
    mr_arena_reset(&w->arena);
    for (size_t i = 0; code == MR_OK && i < w->leavers->count; i++) {
        const struct mr_merge_leaver *leaver = mr_vec_at(w->leavers, i);
        bool goes = false;
        code = lets_go(leaver, w->to, &goes, err);
        if (code == MR_OK && goes)
            code = mr_merge_lookup_push(&w->asks, leaver->tag, leaver->live, w->to, &w->arena, err);
    }
    for (size_t i = 0; code == MR_OK && i < w->asks.count; i++) {
        struct mr_key *key = mr_vec_push(&w->keys);
        if (key == NULL)
            return mr_merge_nomem(err);
        *key = ((struct mr_merge_ask *)mr_vec_at(&w->asks, i))->value;
    }
    if (code == MR_OK && w->keys.count > 0)
        code = mr_reader_fetch(w->m->reader[MR_TARGET], &w->spec, w->keys.items, w->keys.count,
                               take_child, w, err);
    return code == MR_OK && w->held.count > 0 ? match(w, err) : code;
}

static enum mr_code hold(struct holding *w, const struct mr_foreign_key *fk, struct mr_err *err)
{
    struct mr_readcol cols[MR_KEY_PARTS_MAX];
    size_t to[MR_KEY_PARTS_MAX], key[MR_KEY_PARTS_MAX];
    if (fk->ncolumns > MR_KEY_PARTS_MAX)
        return MR_OK;
    for (size_t i = 0; i < fk->ncolumns; i++) {
        const struct mr_column *col = mr_table_column(w->child, fk->columns[i]);
        to[i] = mr_plan_target_column(w->parent, fk->ref_columns[i]);
        if (col == NULL || to[i] == MR_NO_COLUMN)
            return MR_OK;
        cols[i] = (struct mr_readcol){
            .name = col->name, .expr = MR_EXPR_COLUMN, .cls = col->cls, .charset = col->charset};
        key[i] = i;
    }
    w->to = (struct mr_plan_columns){to, fk->ncolumns};
    w->spec = (struct mr_readspec){.db = w->child->db,
                                   .table = w->child->name,
                                   .cols = cols,
                                   .ncols = fk->ncolumns,
                                   .key = key,
                                   .nkey = fk->ncolumns};
    return hold_rows(w, err);
}

enum mr_code mr_merge_referrers_outside(struct mr_merge *m, const struct mr_plan_table *parent,
                                        const struct mr_vec *leavers, mr_merge_outside_fn *fn,
                                        void *ctx, struct mr_err *err)
{
    const struct mr_catalogue *cat = m->plan->pairing.side[MR_TARGET].cat;
    struct holding w = {.m = m,
                        .parent = parent,
                        .leavers = leavers,
                        .fn = fn,
                        .ctx = ctx,
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .held = MR_VEC_INIT(struct mr_merge_ask),
                        .keys = MR_VEC_INIT(struct mr_key),
                        .arena = MR_ARENA_INIT,
                        .bytes = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < cat->ntables; i++) {
        w.child = &cat->tables[i];
        for (size_t k = 0; code == MR_OK && k < w.child->nfks; k++)
            if (mr_catalogue_is_table(cat, parent->pair->side[MR_TARGET], w.child->fks[k].ref_db,
                                      w.child->fks[k].ref_table) &&
                !mr_plan_has_foreign_key(m->plan, w.child, &w.child->fks[k]))
                code = hold(&w, &w.child->fks[k], err);
    }
    mr_vec_release(&w.asks);
    mr_vec_release(&w.held);
    mr_vec_release(&w.keys);
    mr_arena_release(&w.arena);
    mr_strbuf_release(&w.bytes);
    return code;
}

/* ---- what a choice of merge could write ---- */

struct referring {
    struct mr_merge *m;
    const struct mr_plan_reference *r;
    struct mr_case_stmt *mark, *comes;
    struct mr_arena arena;
    struct mr_vec rows, leavers; /* struct mr_merge_work_row, struct mr_merge_leaver */
    struct mr_strbuf bytes;
    struct mr_key *values;
};

static enum mr_code mark(struct referring *w, int64_t id, const char *table, struct mr_err *err)
{
    return MR_CASE_RUN(w->mark, err, MR_ARG_INT("id", id), MR_ARG_TEXT("by", table));
}

static enum mr_code mark_child(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct referring *w = ctx;
    bool refers = false;
    enum mr_code code =
        mr_merge_row_refers(w->r, (struct mr_key){row->image, row->len}, &refers, err);
    return code == MR_OK && refers ? mark(w, ask->tag, w->r->pair->child->find.name, err) : code;
}

static enum mr_code mark_outside(void *ctx, int64_t tag, const struct mr_table *child,
                                 struct mr_err *err)
{
    struct referring *w = ctx;
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", child->db, child->name);
    enum mr_code code = mr_strbuf_check(&name, "looking for references", err);
    if (code == MR_OK)
        code = mark(w, tag, name.ptr, err);
    mr_strbuf_release(&name);
    return code;
}

/* Rows of SOURCE that are written refer to the value that the row has on TARGET now. */
static enum mr_code mark_coming(struct referring *w, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < w->leavers.count; i++) {
        const struct mr_merge_leaver *leaver = mr_vec_at(&w->leavers, i);
        bool goes = false, comes = false;
        code = lets_go(leaver, w->r->to, &goes, err);
        if (code != MR_OK || !goes)
            continue;
        code = MR_CASE_ASK(w->comes, &comes, err, MR_ARG_INT("id", leaver->tag),
                           MR_ARG_INT("ref", w->r - w->m->plan->references));
        mr_case_reset(w->comes);
        if (code == MR_OK && comes)
            code = mark(w, leaver->tag, w->r->pair->child->find.name, err);
    }
    return code;
}

/* The row with SOURCE's values, or with those that logs restore; its key stays. */
static enum mr_code add_leaver(struct referring *w, const struct mr_plan_table *t,
                               const struct mr_merge_work_row *row, struct mr_err *err)
{
    const struct mr_key own = {row->image, row->len}, live = {row->live, row->live_len};
    struct mr_merge_leaver *leaver = mr_vec_push(&w->leavers);
    enum mr_code code = leaver != NULL ? MR_OK : mr_merge_nomem(err);
    memset(w->values, 0, t->pair->find.ncolumns * sizeof *w->values);
    for (size_t i = 0; code == MR_OK && i < t->key.count; i++)
        code = mr_merge_row_value(live, t->key.at[i], &w->values[t->key.at[i]], err);
    if (code == MR_OK)
        code = mr_merge_row_edit(own, w->values, t->pair->find.ncolumns, &w->bytes, err);
    if (code != MR_OK)
        return code;
    *leaver = (struct mr_merge_leaver){row->id, live, {NULL, w->bytes.len}};
    leaver->after.ptr = mr_arena_dup(&w->arena, w->bytes.ptr, w->bytes.len);
    return leaver->after.ptr != NULL ? MR_OK : mr_merge_nomem(err);
}

/* What stands on TARGET and what the plan is about to write there refer alike. */
static enum mr_code judge_rows(struct referring *w, const struct mr_plan_table *t,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->leavers);
    for (size_t i = 0; code == MR_OK && i < w->rows.count; i++)
        code = add_leaver(w, t, mr_vec_at(&w->rows, i), err);
    for (size_t i = 0; code == MR_OK && i < w->m->plan->nreferences; i++) {
        w->r = &w->m->plan->references[i];
        if (w->r->parent != t->at)
            continue;
        code = mr_merge_referrers(w->m, w->r, &w->leavers, mark_child, w, err);
        if (code == MR_OK)
            code = mark_coming(w, err);
    }
    return code == MR_OK ? mr_merge_referrers_outside(w->m, t, &w->leavers, mark_outside, w, err)
                         : code;
}

static const char standing_sql[] =
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, CASE WHEN m.three=0 THEN img.after"
    " ELSE coalesce(img.merged, img.there) END AS image,"
    " m.there AS live_key, img.there AS live FROM m "
    "INDEXED BY m_tbl"
    " JOIN w ON w.id=m.id JOIN img ON img.id=m.id WHERE m.tbl=:tbl AND m.id>:after"
    " AND m.there IS NOT NULL AND (m.kind IS NOT NULL OR m.three<>0) ORDER BY m.id LIMIT 1000";

static enum mr_code judge_table(struct referring *w, const struct mr_plan_table *t,
                                struct mr_err *err)
{
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&w->arena);
        code = MR_MERGE_PAGE(w->m, standing_sql, after, &w->arena, &w->rows, err,
                             MR_ARG_INT("tbl", t->at));
        if (code != MR_OK || w->rows.count == 0)
            break;
        after = ((struct mr_merge_work_row *)mr_vec_at(&w->rows, w->rows.count - 1))->id;
        code = judge_rows(w, t, err);
    }
    return code;
}

static enum mr_code open_statements(struct referring *w, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&w->mark, "UPDATE m SET referenced=:by WHERE id=:id"},
        {&w->comes,
         "SELECT 1 FROM link l JOIN m c ON c.id=l.child LEFT JOIN mark k ON k.id=c.id"
         " WHERE l.parent=:id AND l.parent>0 AND l.ref=:ref AND CASE WHEN c.there IS NULL"
         " THEN NOT c.waits AND k.skip IS NOT 1 ELSE c.three<>0 OR EXISTS (SELECT 1 FROM"
         " chosen h WHERE h.id=c.id AND h.choice<>'target') END"},
    };
    return mr_case_prepare_all(w->m->cf, list, sizeof list / sizeof list[0], err);
}

enum mr_code mr_merge_referenced(struct mr_merge *m, struct mr_err *err)
{
    struct referring w = {.m = m,
                          .arena = MR_ARENA_INIT,
                          .rows = MR_VEC_INIT(struct mr_merge_work_row),
                          .leavers = MR_VEC_INIT(struct mr_merge_leaver),
                          .bytes = MR_STRBUF_INIT};
    size_t widest = 0;
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (m->plan->tables[i].pair->find.ncolumns > widest)
            widest = m->plan->tables[i].pair->find.ncolumns;
    w.values = mr_arena_calloc(&m->arena, widest + 1, sizeof *w.values);
    enum mr_code code = w.values != NULL ? open_statements(&w, err) : mr_merge_nomem(err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++)
        code = judge_table(&w, &m->plan->tables[i], err);
    mr_case_free(w.mark);
    mr_case_free(w.comes);
    mr_vec_release(&w.rows);
    mr_vec_release(&w.leavers);
    mr_strbuf_release(&w.bytes);
    mr_arena_release(&w.arena);
    return code;
}
