/* merge_parents.c: see merge_parents.h. */
#include "repair/merge/merge_parents.h"

#include <string.h>

#include "core/case/case_args.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"

/* The parent of a row, by one reference. */
struct parent {
    struct mr_digest found; /* of SOURCE's row */
    bool is_there;          /* on SOURCE */
    bool stands;            /* on TARGET, to the byte */
};

struct looking {
    struct mr_merge *m;
    const struct mr_plan_reference *r;
    const struct mr_plan_table *table; /* the parent's */
    struct mr_case_stmt *known;
    struct mr_arena arena;
    struct mr_vec rows, asks, parents; /* struct mr_merge_work_row, …ask, parent */
};

/* Is the row looked at anyway?  Said only where the value is its key, byte by byte. */
static enum mr_code is_known(struct looking *l, struct mr_key value, bool *known,
                             struct mr_err *err)
{
    enum mr_code code = MR_CASE_ASK(l->known, known, err, MR_ARG_INT("tbl", l->table->at),
                                    MR_ARG_BYTES("key", value));
    mr_case_reset(l->known);
    return code;
}

static bool refers_to_key(const struct looking *l)
{
    const struct mr_plan_columns *key = &l->table->key;
    return key->count == l->r->to.count &&
           memcmp(key->at, l->r->to.at, key->count * sizeof *key->at) == 0;
}

/* A parent that is looked at anyway is told by its key only: other values of it may have changed
 * hands. */
static enum mr_code push_ask(struct looking *l, const struct mr_merge_work_row *row,
                             struct mr_err *err)
{
    struct mr_key image = {row->image, row->len};
    bool refers = false, known = false;
    size_t before = l->asks.count;
    enum mr_code code = mr_merge_row_refers(l->r, image, &refers, err);
    if (code == MR_OK && refers)
        code = mr_merge_reference_push(&l->asks, (int64_t)l->parents.count, image, l->r, &l->arena,
                                       err);
    if (code != MR_OK || l->asks.count == before)
        return code;
    if (refers_to_key(l))
        code =
            is_known(l, ((struct mr_merge_ask *)mr_vec_at(&l->asks, before))->value, &known, err);
    if (known)
        l->asks.count = before;
    struct parent *p = known ? NULL : mr_vec_push(&l->parents);
    if (p != NULL)
        *p = (struct parent){.is_there = false};
    return code == MR_OK && !known && p == NULL ? mr_merge_nomem(err) : code;
}

static enum mr_code take_own(void *ctx, const struct mr_merge_ask *ask,
                             const struct mr_merge_answer *row, struct mr_err *err)
{
    struct looking *l = ctx;
    struct parent *p = mr_vec_at(&l->parents, (size_t)ask->tag);
    p->is_there = true;
    return mr_plan_row_digest(l->table, (struct mr_key){row->image, row->len}, &p->found, err);
}

static enum mr_code take_live(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct looking *l = ctx;
    struct parent *p = mr_vec_at(&l->parents, (size_t)ask->tag);
    struct mr_digest live;
    enum mr_code code =
        mr_plan_row_digest(l->table, (struct mr_key){row->image, row->len}, &live, err);
    if (code == MR_OK && mr_digest_equal(live, p->found))
        p->stands = true;
    return code;
}

static enum mr_code look(struct looking *l, struct mr_err *err)
{
    struct mr_merge_lookup what = {MR_SOURCE, l->table, l->r->to};
    enum mr_code code = mr_merge_lookup_ask(l->m, &what, &l->asks, take_own, l, err);
    what.side = MR_TARGET;
    return code == MR_OK ? mr_merge_lookup_ask(l->m, &what, &l->asks, take_live, l, err) : code;
}

static enum mr_code take_moved(const struct looking *l, struct mr_arena *arena, struct mr_vec *keys,
                               struct mr_err *err)
{
    for (size_t i = 0; i < l->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&l->asks, i);
        const struct parent *p = mr_vec_at(&l->parents, (size_t)ask->tag);
        if (!p->is_there || p->stands)
            continue;
        struct mr_key *key = mr_vec_push(keys);
        if (key == NULL)
            return mr_merge_nomem(err);
        *key = (struct mr_key){mr_arena_dup(arena, ask->value.ptr, ask->value.len), ask->value.len};
        if (key->ptr == NULL)
            return mr_merge_nomem(err);
    }
    return MR_OK;
}

/* Rows that may be written: TARGET has them otherwise, or not, or has somebody of later
 * days there. */
static const char rows_sql[] =
    "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK " WHERE w.tbl=:tbl AND w.id>:after"
    " AND (w.above OR w.equal IS NOT 1) ORDER BY w.id LIMIT 1000";

enum mr_code mr_merge_parents_moved(struct mr_merge *m, const struct mr_plan_reference *r,
                                    int64_t *after, struct mr_arena *arena, struct mr_vec *keys,
                                    struct mr_err *err)
{
    struct looking l = {.m = m,
                        .r = r,
                        .table = &m->plan->tables[r->parent],
                        .arena = MR_ARENA_INIT,
                        .rows = MR_VEC_INIT(struct mr_merge_work_row),
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .parents = MR_VEC_INIT(struct parent)};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(
        mr_case_prepare(m->cf, "SELECT 1 FROM w WHERE tbl=:tbl AND skey=:key", &l.known, err));
    MR_TRY_OUT(
        MR_MERGE_PAGE(m, rows_sql, *after, &l.arena, &l.rows, err, MR_ARG_INT("tbl", r->child)));
    for (size_t i = 0; i < l.rows.count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(&l.rows, i);
        *after = row->id;
        MR_TRY_OUT(push_ask(&l, row, err));
    }
    MR_TRY_OUT(look(&l, err));
    MR_TRY_OUT(take_moved(&l, arena, keys, err));
out:
    mr_case_free(l.known);
    mr_vec_release(&l.rows);
    mr_vec_release(&l.asks);
    mr_vec_release(&l.parents);
    mr_arena_release(&l.arena);
    return code;
}
