/* merge_trace.c: see merge_trace.h. */
#include "repair/merge/merge_trace.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"

struct tracing {
    struct mr_merge *m;
    const struct mr_plan_reference *r;
    struct mr_arena arena;
    struct mr_vec parts;  /* struct mr_merge_ask: value as the reference has it, tag the question */
    struct mr_vec others; /* struct mr_merge_ask: values that TARGET writes otherwise */
    bool *seen;           /* per question */
    struct mr_strbuf bytes;
};

static int compare_values(const void *a, const void *b)
{
    const struct mr_merge_ask *x = a, *y = b;
    return mr_key_compare(x->value, y->value);
}

static int compare_canons(const void *a, const void *b)
{
    const struct mr_merge_ask *x = a, *y = b;
    return mr_key_compare(x->canon, y->canon);
}

/* The part of each key that the reference names. */
static enum mr_code take_parts(struct tracing *t, const struct mr_plan_table *table,
                               const struct mr_vec *asks, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&t->parts);
    for (size_t i = 0; code == MR_OK && i < asks->count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(asks, i);
        if (t->seen[i])
            continue;
        mr_strbuf_reset(&t->bytes);
        for (size_t k = 0; code == MR_OK && k < t->r->to.count; k++) {
            struct mr_key value = {0};
            size_t at = 0;
            while (table->key.at[at] != t->r->to.at[k])
                at++;
            code = mr_merge_row_value(ask->value, at, &value, err);
            if (code == MR_OK)
                mr_strbuf_add(&t->bytes, value.ptr, value.len);
        }
        if (mr_merge_provisional_within((struct mr_key){t->bytes.ptr, t->bytes.len}))
            continue;
        struct mr_merge_ask *part = mr_vec_push(&t->parts);
        if (part == NULL)
            return mr_merge_nomem(err);
        *part = (struct mr_merge_ask){
            .tag = (int64_t)i,
            .value = {mr_arena_dup(&t->arena, t->bytes.ptr, t->bytes.len), t->bytes.len}};
        if (part->value.ptr == NULL)
            return mr_merge_nomem(err);
    }
    if (code == MR_OK && t->parts.count > 1)
        qsort(t->parts.items, t->parts.count, sizeof(struct mr_merge_ask), compare_values);
    return code;
}

/* A row of TARGET; mostly its values are written as the key is. */
static enum mr_code take_row(void *ctx, const struct mr_merge_ask *ask,
                             const struct mr_merge_answer *row, struct mr_err *err)
{
    struct tracing *t = ctx;
    struct mr_key image = {row->image, row->len};
    bool refers = false, none = false;
    (void)ask;
    enum mr_code code = mr_merge_row_refers(t->r, image, &refers, err);
    if (code != MR_OK || !refers)
        return code;
    code = mr_merge_reference_key(t->r, image, &t->bytes, &none, err);
    if (code != MR_OK || none)
        return code;
    const struct mr_merge_ask probe = {.value = {t->bytes.ptr, t->bytes.len}};
    const struct mr_merge_ask *hit = bsearch(&probe, t->parts.items, t->parts.count,
                                             sizeof(struct mr_merge_ask), compare_values);
    if (hit != NULL) {
        t->seen[hit->tag] = true;
        return MR_OK;
    }
    if (t->others.count > 0 &&
        compare_values(mr_vec_at(&t->others, t->others.count - 1), &probe) == 0)
        return MR_OK;
    struct mr_merge_ask *other = mr_vec_push(&t->others);
    if (other == NULL)
        return mr_merge_nomem(err);
    other->value =
        (struct mr_key){mr_arena_dup(&t->arena, t->bytes.ptr, t->bytes.len), t->bytes.len};
    return other->value.ptr != NULL ? MR_OK : mr_merge_nomem(err);
}

/* Values that differ in their bytes may be the same to TARGET's collation. */
static enum mr_code join_others(struct tracing *t, const struct mr_plan_table *table,
                                struct mr_err *err)
{
    MR_TRY(mr_merge_lookup_canonise(t->m, table, t->r->to, &t->others, &t->arena, err));
    MR_TRY(mr_merge_lookup_canonise(t->m, table, t->r->to, &t->parts, &t->arena, err));
    if (t->others.count > 1)
        qsort(t->others.items, t->others.count, sizeof(struct mr_merge_ask), compare_canons);
    for (size_t i = 0; i < t->parts.count; i++) {
        const struct mr_merge_ask *part = mr_vec_at(&t->parts, i);
        if (t->others.count > 0 && part->canon.ptr != NULL &&
            bsearch(part, t->others.items, t->others.count, sizeof *part, compare_canons) != NULL)
            t->seen[part->tag] = true;
    }
    return MR_OK;
}

/* What is known of one key holds for all that share the part: forwards, then backwards. */
static void share_parts(struct tracing *t)
{
    size_t n = t->parts.count;
    for (size_t i = 1; n > 0 && i < 2 * n - 1; i++) {
        size_t from = i < n ? i - 1 : 2 * n - 1 - i, to = i < n ? i : from - 1;
        const struct mr_merge_ask *a = mr_vec_at(&t->parts, from);
        const struct mr_merge_ask *b = mr_vec_at(&t->parts, to);
        if (compare_values(a, b) == 0 && t->seen[a->tag])
            t->seen[b->tag] = true;
    }
}

/* Parts that several keys share are asked for once; what is found holds for all of them. */
static enum mr_code trace_reference(struct tracing *t, const struct mr_plan_table *table,
                                    const struct mr_vec *asks, struct mr_err *err)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    mr_arena_reset(&t->arena);
    mr_vec_clear(&t->others);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(take_parts(t, table, asks, err));
    for (size_t i = 0; i < t->parts.count; i++) {
        if (i > 0 && compare_values(mr_vec_at(&t->parts, i), mr_vec_at(&t->parts, i - 1)) == 0)
            continue;
        struct mr_key *key = mr_vec_push(&keys);
        MR_TRY_OUT(key != NULL ? MR_OK : mr_merge_nomem(err));
        *key = ((struct mr_merge_ask *)mr_vec_at(&t->parts, i))->value;
    }
    if (keys.count > 0) {
        MR_TRY_OUT(mr_merge_reference_children(t->m, MR_TARGET, t->r, &keys, take_row, t, err));
        MR_TRY_OUT(mr_merge_reference_otherwise(t->m, MR_TARGET, t->r, take_row, t, err));
    }
    if (t->others.count > 0)
        MR_TRY_OUT(join_others(t, table, err));
    share_parts(t);
out:
    mr_vec_release(&keys);
    return code;
}

/* ---- rows that have the same part of the key ---- */

/* A row of TARGET that has the part which a question names. */
struct holder {
    size_t ask;
    struct mr_key key;
    bool is_shared; /* SOURCE has it, too, and it is the same row */
};

struct holding {
    struct tracing *t;
    const struct mr_plan_table *table;
    struct mr_vec holders; /* struct holder */
};

static enum mr_code take_holder(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct holding *h = ctx;
    struct tracing *t = h->t;
    bool null = false;
    MR_TRY(mr_pair_values_of(row->image, row->len, h->table->key.at, h->table->key.count, &t->bytes,
                             &null, err));
    struct holder *holder = mr_vec_push(&h->holders);
    const void *copy = mr_arena_dup(&t->arena, t->bytes.ptr, t->bytes.len);
    if (holder == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *holder = (struct holder){.ask = (size_t)ask->tag, .key = {copy, t->bytes.len}};
    return MR_OK;
}

static enum mr_code take_shared(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct holding *h = ctx;
    (void)row;
    (void)err;
    ((struct holder *)mr_vec_at(&h->holders, (size_t)ask->tag))->is_shared = true;
    return MR_OK;
}

/* Of those whose key SOURCE has, too: it has been judged whether they are one row, unless the
 * two are equal, and mean the same. */
static enum mr_code judge_shared(struct holding *h, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(h->t->m->cf,
                                        "SELECT m.there IS :key FROM w LEFT JOIN m ON "
                                        "m.id=w.id WHERE w.tbl=:tbl AND w.skey=:key",
                                        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < h->holders.count; i++) {
        struct holder *holder = mr_vec_at(&h->holders, i);
        bool found = false;
        if (!holder->is_shared)
            continue;
        code = MR_CASE_ASK(stmt, &found, err, MR_ARG_INT("tbl", h->table->at),
                           MR_ARG_BYTES("key", holder->key));
        if (code == MR_OK && found)
            holder->is_shared = mr_case_int(stmt, 0) != 0;
        mr_case_reset(stmt);
    }
    mr_case_free(stmt);
    return code;
}

/* SOURCE has the row, too: then its own rows mean that one by the part, and so do TARGET's. */
static enum mr_code find_shared(struct holding *h, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_SOURCE, h->table, h->table->key};
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < h->holders.count; i++) {
        struct mr_merge_ask *ask = mr_vec_push(&asks);
        if (ask == NULL)
            code = mr_merge_nomem(err);
        else
            *ask = (struct mr_merge_ask){
                .tag = (int64_t)i, .value = ((struct holder *)mr_vec_at(&h->holders, i))->key};
    }
    if (code == MR_OK && asks.count > 0)
        code = mr_merge_lookup_ask(h->t->m, &what, &asks, take_shared, h, err);
    mr_vec_release(&asks);
    return code == MR_OK ? judge_shared(h, err) : code;
}

/* A row that has the part under another key is who TARGET's rows refer to, unless SOURCE has
 * that row, too, and so means it by that part: shared, per question. */
static enum mr_code trace_holders(struct tracing *t, const struct mr_plan_table *table,
                                  struct mr_plan_columns part, bool *shared, struct mr_err *err)
{
    struct holding h = {t, table, MR_VEC_INIT(struct holder)};
    const struct mr_merge_lookup what = {MR_TARGET, table, part};
    enum mr_code code = MR_OK;
    if (t->parts.count > 0)
        MR_TRY_OUT(mr_merge_lookup_ask(t->m, &what, &t->parts, take_holder, &h, err));
    if (h.holders.count > 0)
        MR_TRY_OUT(find_shared(&h, err));
    for (size_t i = 0; i < h.holders.count; i++) {
        const struct holder *holder = mr_vec_at(&h.holders, i);
        shared[holder->ask] = shared[holder->ask] || holder->is_shared;
    }
    for (size_t i = 0; i < h.holders.count; i++) {
        const size_t ask = ((const struct holder *)mr_vec_at(&h.holders, i))->ask;
        t->seen[ask] = t->seen[ask] || !shared[ask];
    }
out:
    mr_vec_release(&h.holders);
    return code;
}

static enum mr_code trace_part(struct tracing *t, const struct mr_plan_table *table, size_t nasks,
                               struct mr_err *err)
{
    bool *shared = calloc(nasks + 1, sizeof *shared);
    enum mr_code code =
        shared != NULL ? trace_holders(t, table, t->r->to, shared, err) : mr_merge_nomem(err);
    for (size_t i = 0; code == MR_OK && i < nasks; i++)
        if (shared[i])
            t->m->plan->tables[table->at].parts = MR_PLAN_PARTS_SHARED;
    free(shared);
    return code;
}

static enum mr_code copy_asks(const struct mr_vec *asks, struct mr_vec *to, struct mr_err *err)
{
    for (size_t i = 0; i < asks->count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(asks, i);
        struct mr_merge_ask *copy = mr_vec_push(to);
        if (copy == NULL)
            return mr_merge_nomem(err);
        *copy = (struct mr_merge_ask){.tag = (int64_t)i, .value = ask->value};
    }
    return MR_OK;
}

enum mr_code mr_merge_trace_counter(struct mr_merge *m, const struct mr_plan_table *table,
                                    struct mr_vec *asks, struct mr_err *err)
{
    const struct mr_plan_columns part = {.at = &table->counter, .count = 1};
    bool *shared = calloc(asks->count + 1, sizeof *shared);
    struct tracing t = {.m = m,
                        .arena = MR_ARENA_INIT,
                        .parts = MR_VEC_INIT(struct mr_merge_ask),
                        .seen = calloc(asks->count + 1, sizeof *t.seen),
                        .bytes = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(t.seen != NULL && shared != NULL ? MR_OK : mr_merge_nomem(err));
    MR_TRY_OUT(copy_asks(asks, &t.parts, err));
    MR_TRY_OUT(trace_holders(&t, table, part, shared, err));
    for (size_t i = 0; i < asks->count; i++) {
        struct mr_merge_ask *ask = mr_vec_at(asks, i);
        ask->tag = shared[i]   ? MR_MERGE_PART_SHARED
                   : t.seen[i] ? MR_MERGE_PART_HELD
                               : MR_MERGE_PART_FREE;
    }
out:
    free(t.seen);
    free(shared);
    mr_vec_release(&t.parts);
    mr_strbuf_release(&t.bytes);
    mr_arena_release(&t.arena);
    return code;
}

enum mr_code mr_merge_traces(struct mr_merge *m, const struct mr_plan_table *table,
                             struct mr_vec *asks, struct mr_err *err)
{
    struct tracing t = {.m = m,
                        .arena = MR_ARENA_INIT,
                        .parts = MR_VEC_INIT(struct mr_merge_ask),
                        .others = MR_VEC_INIT(struct mr_merge_ask),
                        .seen = calloc(asks->count + 1, sizeof *t.seen),
                        .bytes = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(t.seen != NULL ? MR_OK : mr_merge_nomem(err));
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        t.r = &m->plan->references[i];
        if (t.r->parent == table->at && mr_plan_is_of_key(table, t.r))
            MR_TRY_OUT(trace_reference(&t, table, asks, err));
        if (t.r->parent == table->at && mr_plan_is_of_part(table, t.r))
            MR_TRY_OUT(trace_part(&t, table, asks->count, err));
    }
    for (size_t i = 0; i < asks->count; i++)
        if (t.seen[i])
            ((struct mr_merge_ask *)mr_vec_at(asks, i))->tag = 0;
out:
    free(t.seen);
    mr_vec_release(&t.parts);
    mr_vec_release(&t.others);
    mr_strbuf_release(&t.bytes);
    mr_arena_release(&t.arena);
    return code;
}

size_t mr_merge_trace_keys(const struct mr_merge *m, const struct mr_plan_table *table)
{
    size_t most = MR_MERGE_BATCH;
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &m->plan->references[i];
        const struct mr_merge_lookup what = {MR_TARGET, &m->plan->tables[r->child], r->from};
        if (r->parent == table->at && mr_plan_is_of_key(table, r) &&
            mr_merge_lookup_keys(m, &what) > most)
            most = mr_merge_lookup_keys(m, &what);
    }
    return most;
}
