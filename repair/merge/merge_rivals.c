/* merge_rivals.c: see merge_rivals.h. */
#include "repair/merge/merge_rivals.h"

#include <stdlib.h>

#include "core/pair/pair_identity.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_row.h"

struct mr_merge_rivals_row {
    int64_t id;
    struct mr_key live_key;
};

struct mr_merge_rival {
    int64_t id;
    size_t index;
};

void mr_merge_rivals_init(struct mr_merge_rivals *r, struct mr_merge *m)
{
    *r = (struct mr_merge_rivals){.m = m,
                                  .rows = MR_VEC_INIT(struct mr_merge_rivals_row),
                                  .rivals = MR_VEC_INIT(struct mr_merge_rival),
                                  .arena = MR_ARENA_INIT,
                                  .bytes = MR_STRBUF_INIT};
}

void mr_merge_rivals_release(struct mr_merge_rivals *r)
{
    for (size_t i = 0; i < r->nasks; i++)
        mr_vec_release(&r->asks[i]);
    free(r->asks);
    mr_vec_release(&r->rows);
    mr_vec_release(&r->rivals);
    mr_arena_release(&r->arena);
    mr_strbuf_release(&r->bytes);
}

/* ---- indexes ---- */

size_t mr_merge_rivals_indexes(const struct mr_plan_table *table)
{
    return table->nuniques + (table->identity == MR_PLAN_BY_COLUMNS ? 1 : 0);
}

struct mr_plan_columns mr_merge_rivals_columns(const struct mr_plan_table *table, size_t index)
{
    if (index == table->nuniques)
        return table->named_by;
    return table->uniques[index].is_computed ? (struct mr_plan_columns){NULL, 0}
                                             : table->uniques[index].columns;
}

/* Room for those of the table, which are few; it stays for the next ones. */
static enum mr_code make_room(struct mr_merge_rivals *r, size_t n, struct mr_err *err)
{
    if (n <= r->nasks)
        return MR_OK;
    struct mr_vec *asks = realloc(r->asks, n * sizeof *asks);
    if (asks == NULL)
        return mr_merge_nomem(err);
    for (r->asks = asks; r->nasks < n; r->nasks++)
        asks[r->nasks] = (struct mr_vec)MR_VEC_INIT(struct mr_merge_ask);
    return MR_OK;
}

enum mr_code mr_merge_rivals_begin(struct mr_merge_rivals *r, const struct mr_plan_table *table,
                                   struct mr_err *err)
{
    r->table = table;
    mr_vec_clear(&r->rows);
    mr_vec_clear(&r->rivals);
    for (size_t i = 0; i < r->nasks; i++)
        mr_vec_clear(&r->asks[i]);
    mr_arena_reset(&r->arena);
    return make_room(r, mr_merge_rivals_indexes(table), err);
}

/* ---- questions ---- */

/* The rows come one after the other, each with all of its indexes. */
static enum mr_code number_of(struct mr_merge_rivals *r, int64_t id, struct mr_key live_key,
                              size_t *number, struct mr_err *err)
{
    *number = r->rows.count;
    if (*number > 0 &&
        ((const struct mr_merge_rivals_row *)mr_vec_at(&r->rows, *number - 1))->id == id) {
        --*number;
        return MR_OK;
    }
    struct mr_merge_rivals_row *row = mr_vec_push(&r->rows);
    const void *copy = mr_arena_dup(&r->arena, live_key.ptr, live_key.len);
    if (row == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *row = (struct mr_merge_rivals_row){id, {copy, live_key.len}};
    return MR_OK;
}

enum mr_code mr_merge_rivals_add(struct mr_merge_rivals *r, int64_t id, struct mr_key live_key,
                                 struct mr_key image, size_t index, struct mr_err *err)
{
    struct mr_vec *asks = &r->asks[index];
    const size_t before = asks->count;
    size_t number = 0;
    MR_TRY(number_of(r, id, live_key, &number, err));
    MR_TRY(mr_merge_lookup_push(asks, (int64_t)number, image,
                                mr_merge_rivals_columns(r->table, index), &r->arena, err));
    /* nobody has an id that is still to be given */
    if (asks->count > before &&
        mr_merge_provisional_within(((const struct mr_merge_ask *)mr_vec_at(asks, before))->value))
        asks->count = before;
    return MR_OK;
}

static enum mr_code take_rival(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *found, struct mr_err *err)
{
    struct mr_merge_rivals *r = ctx;
    const struct mr_merge_rivals_row *row = mr_vec_at(&r->rows, (size_t)ask->tag);
    const struct mr_plan_columns *key = &r->table->key;
    bool null = false;
    MR_TRY(mr_pair_values_of(found->image, found->len, key->at, key->count, &r->bytes, &null, err));
    if (mr_key_compare((struct mr_key){r->bytes.ptr, r->bytes.len}, row->live_key) == 0)
        return MR_OK;
    struct mr_merge_rival *rival = mr_vec_push(&r->rivals);
    if (rival == NULL)
        return mr_merge_nomem(err);
    *rival = (struct mr_merge_rival){row->id, r->index};
    return MR_OK;
}

static int compare_rivals(const void *a, const void *b)
{
    const struct mr_merge_rival *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

enum mr_code mr_merge_rivals_ask(struct mr_merge_rivals *r, struct mr_err *err)
{
    for (r->index = 0; r->index < mr_merge_rivals_indexes(r->table); r->index++) {
        struct mr_vec *asks = &r->asks[r->index];
        if (asks->count == 0)
            continue;
        const struct mr_merge_lookup what = {MR_TARGET, r->table,
                                             mr_merge_rivals_columns(r->table, r->index)};
        MR_TRY(mr_merge_lookup_ask(r->m, &what, asks, take_rival, r, err));
    }
    if (r->rivals.count > 1)
        qsort(r->rivals.items, r->rivals.count, sizeof(struct mr_merge_rival), compare_rivals);
    return MR_OK;
}

bool mr_merge_rivals_has(const struct mr_merge_rivals *r, int64_t id, size_t index)
{
    const struct mr_merge_rival wanted = {id, index};
    return r->rivals.count > 0 && bsearch(&wanted, r->rivals.items, r->rivals.count, sizeof wanted,
                                          compare_rivals) != NULL;
}
