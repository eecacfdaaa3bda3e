/* merge_reference.c: see merge_reference.h. */
#include "repair/merge/merge_reference.h"

#include <stdlib.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/merge/merge_row.h"

enum mr_code mr_merge_reference_key(const struct mr_plan_reference *r, struct mr_key image,
                                    struct mr_strbuf *out, bool *none, struct mr_err *err)
{
    return mr_pair_reference_key(r->pair->spelling, r->from.at, r->from.count, image.ptr, image.len,
                                 out, none, err);
}

static enum mr_code push(struct mr_vec *asks, int64_t tag, struct mr_key key,
                         struct mr_arena *arena, struct mr_err *err)
{
    struct mr_merge_ask *ask = mr_vec_push(asks);
    const void *copy = mr_arena_dup(arena, key.ptr, key.len);
    if (ask == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *ask = (struct mr_merge_ask){.tag = tag, .value = {copy, key.len}};
    return MR_OK;
}

enum mr_code mr_merge_reference_push(struct mr_vec *asks, int64_t tag, struct mr_key image,
                                     const struct mr_plan_reference *r, struct mr_arena *arena,
                                     struct mr_err *err)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    bool none = false;
    enum mr_code code = mr_merge_reference_key(r, image, &bytes, &none, err);
    if (code == MR_OK && !none)
        code = push(asks, tag, (struct mr_key){bytes.ptr, bytes.len}, arena, err);
    mr_strbuf_release(&bytes);
    return code;
}

/* A UUID is written in several ways, and each is asked for; a key that the child's type cannot
 * write is no child's. */
enum mr_code mr_merge_reference_push_children(struct mr_vec *asks, int64_t tag, struct mr_key key,
                                              const struct mr_plan_reference *r,
                                              struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_spelling *spelling = r->pair->spelling;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (spelling == NULL)
        return push(asks, tag, key, arena, err);
    unsigned ways = mr_spelling_key_ways(spelling, r->from.count);
    for (unsigned way = 0; code == MR_OK && way < ways; way++) {
        bool can = false;
        mr_strbuf_reset(&bytes);
        code = mr_spelling_key_write(spelling, r->from.count, key, way, &bytes, &can, err);
        if (code == MR_OK && can)
            code = push(asks, tag, (struct mr_key){bytes.ptr, bytes.len}, arena, err);
    }
    mr_strbuf_release(&bytes);
    return code;
}

static enum mr_code spell_all(const struct mr_plan_reference *r, const struct mr_vec *keys,
                              struct mr_arena *arena, struct mr_vec *spelt, struct mr_err *err)
{
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < keys->count; i++)
        code = mr_merge_reference_push_children(&asks, 0, *(struct mr_key *)mr_vec_at(keys, i), r,
                                                arena, err);
    for (size_t i = 0; code == MR_OK && i < asks.count; i++) {
        struct mr_key *key = mr_vec_push(spelt);
        if (key == NULL)
            code = mr_merge_nomem(err);
        else
            *key = ((struct mr_merge_ask *)mr_vec_at(&asks, i))->value;
    }
    mr_vec_release(&asks);
    return code;
}

enum mr_code mr_merge_reference_children(struct mr_merge *m, enum mr_side side,
                                         const struct mr_plan_reference *r,
                                         const struct mr_vec *keys, mr_merge_answer_fn *fn,
                                         void *ctx, struct mr_err *err)
{
    const struct mr_merge_lookup what = {side, &m->plan->tables[r->child], r->from};
    struct mr_vec spelt = MR_VEC_INIT(struct mr_key);
    struct mr_arena arena = MR_ARENA_INIT;
    if (r->pair->spelling == NULL)
        return mr_merge_lookup_stream(m, &what, keys->items, keys->count, fn, ctx, err);
    enum mr_code code = spell_all(r, keys, &arena, &spelt, err);
    if (code == MR_OK && spelt.count > 0)
        code = mr_merge_lookup_stream(m, &what, spelt.items, spelt.count, fn, ctx, err);
    mr_vec_release(&spelt);
    mr_arena_release(&arena);
    return code;
}

/* ---- keys that are spelled otherwise ---- */

struct reading {
    const struct mr_plan_reference *r;
    mr_merge_answer_fn *fn;
    void *ctx;
    struct mr_strbuf bytes;
};

/* All columns must mean a key, and one spell it otherwise: the others are found by the key. */
static enum mr_code take(void *ctx, const struct mr_merge_ask *ask,
                         const struct mr_merge_answer *row, struct mr_err *err)
{
    struct reading *rd = ctx;
    const struct mr_plan_reference *r = rd->r;
    const struct mr_key image = {row->image, row->len};
    bool yes = false, refers = false, none = false;
    enum mr_code code = mr_merge_row_refers(r, image, &refers, err);
    for (size_t i = 0; code == MR_OK && refers && i < r->from.count; i++) {
        struct mr_key value;
        enum mr_spelt how = MR_SPELT_NOT;
        mr_strbuf_reset(&rd->bytes);
        code = mr_merge_row_value(image, r->from.at[i], &value, err);
        if (code == MR_OK)
            code = mr_spelling_read(&r->pair->spelling[i], value, &rd->bytes, &how, err);
        yes = yes || how == MR_SPELT_OTHERWISE;
        none = none || how == MR_SPELT_NOT;
    }
    return code == MR_OK && yes && !none ? rd->fn(rd->ctx, ask, row, err) : code;
}

/* Of a snapshot all rows are read anyway. */
static void add_where(const struct mr_merge *m, enum mr_side side,
                      const struct mr_plan_reference *r, struct mr_strbuf *where, bool *any)
{
    const struct mr_pair *child = m->plan->tables[r->child].pair;
    struct mr_strbuf name = MR_STRBUF_INIT, one = MR_STRBUF_INIT;
    *any = false;
    for (size_t i = 0; i < r->from.count; i++) {
        mr_strbuf_reset(&name);
        mr_strbuf_reset(&one);
        mr_sql_ident(&name, mr_pair_column(child, side, r->from.at[i])->name);
        if (!mr_spelling_sql_otherwise(&one, &r->pair->spelling[i], name.ptr))
            continue;
        mr_strbuf_add_fmt(where, "%s(%s)", *any ? " OR " : "", one.ptr);
        where->failed |= one.failed || name.failed;
        *any = true;
    }
    mr_strbuf_release(&name);
    mr_strbuf_release(&one);
}

/* A server is asked by a condition that may hold for a few rows more; take() looks again. */
enum mr_code mr_merge_reference_otherwise(struct mr_merge *m, enum mr_side side,
                                          const struct mr_plan_reference *r, mr_merge_answer_fn *fn,
                                          void *ctx, struct mr_err *err)
{
    struct reading rd = {.r = r, .fn = fn, .ctx = ctx, .bytes = MR_STRBUF_INIT};
    const struct mr_merge_lookup what = {side, &m->plan->tables[r->child], {NULL, 0}};
    bool is_snapshot = mr_side_is_snapshot(&m->plan->pairing.side[side]);
    struct mr_strbuf where = MR_STRBUF_INIT;
    bool any = false;
    if (r->pair->spelling == NULL)
        return MR_OK;
    add_where(m, side, r, &where, &any);
    enum mr_code code = mr_strbuf_check(&where, "following references", err);
    if (code == MR_OK && any)
        code =
            mr_merge_lookup_stream_where(m, &what, is_snapshot ? NULL : where.ptr, take, &rd, err);
    mr_strbuf_release(&where);
    mr_strbuf_release(&rd.bytes);
    return code;
}

struct choosing {
    const struct mr_plan_reference *r;
    const struct mr_vec *keys;
    mr_merge_answer_fn *fn;
    void *ctx;
    struct mr_strbuf bytes;
};

static int compare_values(const void *a, const void *b)
{
    const struct mr_merge_ask *x = a, *y = b;
    return mr_key_compare(x->value, y->value);
}

static enum mr_code choose(void *ctx, const struct mr_merge_ask *ask,
                           const struct mr_merge_answer *row, struct mr_err *err)
{
    struct choosing *c = ctx;
    bool none = false;
    (void)ask;
    enum mr_code code =
        mr_merge_reference_key(c->r, (struct mr_key){row->image, row->len}, &c->bytes, &none, err);
    if (code != MR_OK || none)
        return code;
    const struct mr_merge_ask probe = {.value = {c->bytes.ptr, c->bytes.len}};
    const struct mr_merge_ask *hit =
        bsearch(&probe, c->keys->items, c->keys->count, sizeof probe, compare_values);
    return hit != NULL ? c->fn(c->ctx, hit, row, err) : MR_OK;
}

enum mr_code mr_merge_reference_otherwise_to(struct mr_merge *m, enum mr_side side,
                                             const struct mr_plan_reference *r, struct mr_vec *keys,
                                             mr_merge_answer_fn *fn, void *ctx, struct mr_err *err)
{
    struct choosing c = {.r = r, .keys = keys, .fn = fn, .ctx = ctx, .bytes = MR_STRBUF_INIT};
    if (r->pair->spelling == NULL || keys->count == 0)
        return MR_OK;
    qsort(keys->items, keys->count, sizeof(struct mr_merge_ask), compare_values);
    enum mr_code code = mr_merge_reference_otherwise(m, side, r, choose, &c, err);
    mr_strbuf_release(&c.bytes);
    return code;
}
