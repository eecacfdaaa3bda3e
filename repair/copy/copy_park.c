/* copy_park.c: how a row makes way for another one; see copy_park.h. */
#include "repair/copy/copy_park.h"

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"

#define BATCH 256    /* candidates that are looked up together */
#define EMPTY_MAX 16 /* batches without a free one, then the column is given up */

struct mr_copy_pool {
    size_t table, column;
    uint64_t next;      /* candidate */
    size_t used;        /* of free */
    struct mr_vec free; /* struct mr_key, in the plan's arena */
    unsigned empty;
};

struct drawing {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_vec asks;   /* struct mr_merge_ask; tag: place in values */
    struct mr_vec values; /* struct mr_key; ptr NULL: taken */
};

/* ---- free values ---- */

/* One pool a column, for all indexes that it is in: a value that was handed out is taken,
 * whichever index asked. */
static struct mr_copy_pool *pool_of(struct mr_copy *c, size_t table, size_t column)
{
    for (size_t i = 0; i < c->pools.count; i++) {
        struct mr_copy_pool *p = mr_vec_at(&c->pools, i);
        if (p->table == table && p->column == column)
            return p;
    }
    if (c->pools.item_size == 0)
        c->pools = (struct mr_vec)MR_VEC_INIT(struct mr_copy_pool);
    struct mr_copy_pool *p = mr_vec_push(&c->pools);
    if (p != NULL)
        *p = (struct mr_copy_pool){
            .table = table, .column = column, .free = MR_VEC_INIT(struct mr_key)};
    return p;
}

void mr_copy_pools_release(struct mr_copy *c)
{
    for (size_t i = 0; i < c->pools.count; i++)
        mr_vec_release(&((struct mr_copy_pool *)mr_vec_at(&c->pools, i))->free);
    mr_vec_release(&c->pools);
}

static enum mr_code strike(void *ctx, const struct mr_merge_ask *ask,
                           const struct mr_merge_answer *row, struct mr_err *err)
{
    struct drawing *w = ctx;
    (void)row;
    (void)err;
    ((struct mr_key *)mr_vec_at(&w->values, (size_t)ask->tag))->ptr = NULL;
    return MR_OK;
}

/* They live as long as the plan: a pool hands them out long after they were looked up. */
static enum mr_code push_candidates(struct drawing *w, struct mr_copy_pool *p, struct mr_err *err)
{
    const struct mr_plan_table *t = w->table;
    const struct mr_column *col = mr_pair_column(t->pair, MR_TARGET, p->column);
    enum mr_class cls = t->pair->find.columns[p->column].style.cls;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < BATCH && mr_copy_candidate(col, cls, p->next, &bytes); i++) {
        struct mr_merge_ask *ask = mr_vec_push(&w->asks);
        struct mr_key *value = mr_vec_push(&w->values);
        const void *copy = mr_arena_dup(&w->c->m.arena, bytes.ptr, bytes.len);
        p->next++;
        if (ask == NULL || value == NULL || copy == NULL) {
            code = mr_merge_nomem(err);
            break;
        }
        *value = (struct mr_key){copy, bytes.len};
        *ask = (struct mr_merge_ask){.tag = (int64_t)i, .value = *value};
    }
    mr_strbuf_release(&bytes);
    return code;
}

/* Taken on either side is taken: SOURCE's rows are still to come.  Columns that are full to the
 * upper end are given up after EMPTY_MAX batches, not read to their lower end. */
static enum mr_code fill_pool(struct mr_copy *c, struct mr_copy_pool *p, struct mr_err *err)
{
    struct drawing w = {.c = c,
                        .table = &c->m.plan->tables[p->table],
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .values = MR_VEC_INIT(struct mr_key)};
    enum mr_code code = push_candidates(&w, p, err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        const struct mr_merge_lookup what = {(enum mr_side)side, w.table, {&p->column, 1}};
        code = mr_merge_lookup_ask(&c->m, &what, &w.asks, strike, &w, err);
    }
    if (w.values.count == 0)
        p->empty = EMPTY_MAX;
    p->empty++;
    for (size_t i = 0; code == MR_OK && i < w.values.count; i++) {
        const struct mr_key *value = mr_vec_at(&w.values, i);
        if (value->ptr == NULL)
            continue;
        struct mr_key *slot = mr_vec_push(&p->free);
        if (slot == NULL)
            code = mr_merge_nomem(err);
        else
            *slot = *value;
        p->empty = 0;
    }
    mr_vec_release(&w.asks);
    mr_vec_release(&w.values);
    return code;
}

/* value->ptr NULL: the column has none left. */
static enum mr_code draw(struct mr_copy *c, size_t table, size_t column, struct mr_key *value,
                         struct mr_err *err)
{
    struct mr_copy_pool *p = pool_of(c, table, column);
    enum mr_code code = p != NULL ? MR_OK : mr_merge_nomem(err);
    *value = (struct mr_key){0};
    while (code == MR_OK && p->used == p->free.count && p->empty < EMPTY_MAX)
        code = fill_pool(c, p, err);
    if (code == MR_OK && p->used < p->free.count)
        *value = *(struct mr_key *)mr_vec_at(&p->free, p->used++);
    return code;
}

/* ---- columns ---- */

/* May the column have another value for a while?  No key, nothing that others refer to,
 * nothing that a server computes or counts. */
static bool is_movable(const struct mr_copy *c, const struct mr_plan_table *t, size_t col)
{
    const struct mr_column *column = mr_pair_column(t->pair, MR_TARGET, col);
    if (mr_plan_columns_has(&t->key, col) || t->generated[col] || column->auto_increment)
        return false;
    for (size_t i = 0; i < c->m.plan->nreferences; i++)
        if (c->m.plan->references[i].parent == t->at &&
            mr_plan_columns_has(&c->m.plan->references[i].to, col))
            return false;
    return true;
}

static bool is_reference(const struct mr_copy *c, const struct mr_plan_table *t, size_t col)
{
    for (size_t i = 0; i < c->m.plan->nreferences; i++)
        if (c->m.plan->references[i].child == t->at &&
            mr_plan_columns_has(&c->m.plan->references[i].from, col))
            return true;
    return false;
}

static enum mr_code note(struct mr_copy *c, int64_t slot, enum mr_copy_break how, size_t what,
                         size_t column, struct mr_key value, struct mr_err *err)
{
    return MR_CASE_ONCE(c->m.cf,
                        "INSERT OR IGNORE INTO cycle_break (slot, how, what, col, value)"
                        " VALUES (:slot, :how, :what, :col, :value)",
                        err, MR_ARG_INT("slot", slot), MR_ARG_INT("how", how),
                        MR_ARG_INT("what", what), MR_ARG_INT("col", column),
                        MR_ARG_BYTES("value", value));
}

/* NULL first: it is in nobody's way, whatever the type. */
enum mr_code mr_copy_park_unique(struct mr_copy *c, const struct mr_plan_table *t, int64_t slot,
                                 size_t unique, bool *done, struct mr_err *err)
{
    const struct mr_plan_columns *of =
        unique < t->nuniques ? &t->uniques[unique].columns : &t->named_by;
    struct mr_key value = {"N", 1};
    enum mr_code code = MR_OK;
    *done = false;
    if (t->key.count == 0)
        return MR_OK; /* rows of such a table are not updated */
    for (size_t i = 0; code == MR_OK && !*done && i < of->count; i++)
        if (t->nullable[of->at[i]] && is_movable(c, t, of->at[i])) {
            code = note(c, slot, MR_BREAK_VALUE, unique, of->at[i], value, err);
            *done = true;
        }
    for (size_t i = 0; code == MR_OK && !*done && i < of->count; i++) {
        size_t col = of->at[i];
        if (!is_movable(c, t, col) || is_reference(c, t, col) ||
            t->pair->full[MR_TARGET].cols[col].expr != MR_EXPR_COLUMN)
            continue;
        code = draw(c, t->at, col, &value, err);
        *done = code == MR_OK && value.ptr != NULL;
        if (*done)
            code = note(c, slot, MR_BREAK_VALUE, unique, col, value, err);
    }
    return code;
}

bool mr_copy_may_open(const struct mr_copy *c, const struct mr_plan_reference *r, size_t column)
{
    const struct mr_plan_table *t = &c->m.plan->tables[r->child];
    return t->nullable[column] && !mr_plan_columns_has(&t->key, column) && !t->generated[column];
}

enum mr_code mr_copy_break_reference(struct mr_copy *c, int64_t slot, size_t reference,
                                     enum mr_copy_break how, bool *done, struct mr_err *err)
{
    const struct mr_plan_reference *r = &c->m.plan->references[reference];
    *done = false;
    for (size_t i = 0; i < r->from.count; i++)
        *done = *done || mr_copy_may_open(c, r, r->from.at[i]);
    return *done ? note(c, slot, how, reference, 0, (struct mr_key){0}, err) : MR_OK;
}
