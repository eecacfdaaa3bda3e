/* copy_parts.c: whose id is another row's on TARGET; see copy_internal.h.
 *
 * Others may refer to a row by less than its key, or by something else (tables that are
 * partitioned by a date: the key is the id and the date).  By its whole key such a row is
 * missing on TARGET where its id is somebody else's: written beside him, what refers to
 * either would lead to both. */
#include "repair/copy/copy_internal.h"

#include <stdlib.h>

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"

/* A row of TARGET that has what others refer to a slot's row by. */
struct holder {
    size_t row; /* of the page */
    struct mr_key key;
    bool is_shared; /* SOURCE has it, too: they share it there */
};

struct parting {
    struct mr_copy *c;
    const struct mr_plan_reference *by;
    struct mr_vec holders;     /* struct holder */
    struct mr_vec asks;        /* struct mr_merge_ask */
    struct mr_case_stmt *take; /* an id; a row: nobody has taken it before */
    bool shared;               /* some rows have one id on purpose */
    struct mr_arena *arena;
    struct mr_strbuf bytes;
};

static const struct mr_plan_table *table_of(const struct parting *w)
{
    return &w->c->m.plan->tables[w->by->parent];
}

static enum mr_code take_holder(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct parting *w = ctx;
    const struct mr_plan_columns *key = &table_of(w)->key;
    bool null = false;
    MR_TRY(mr_pair_values_of(row->image, row->len, key->at, key->count, &w->bytes, &null, err));
    struct holder *holder = mr_vec_push(&w->holders);
    const void *copy = mr_arena_dup(w->arena, w->bytes.ptr, w->bytes.len);
    if (holder == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *holder = (struct holder){.row = (size_t)ask->tag, .key = {copy, w->bytes.len}};
    return MR_OK;
}

static enum mr_code take_shared(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct parting *w = ctx;
    (void)row;
    (void)err;
    ((struct holder *)mr_vec_at(&w->holders, (size_t)ask->tag))->is_shared = true;
    w->shared = true;
    return MR_OK;
}

/* Without a key nobody can be told from his namesakes. */
static enum mr_code find_shared(struct parting *w, struct mr_err *err)
{
    if (table_of(w)->key.count == 0)
        return MR_OK;
    const struct mr_merge_lookup what = {MR_SOURCE, table_of(w), table_of(w)->key};
    mr_vec_clear(&w->asks);
    for (size_t i = 0; i < w->holders.count; i++) {
        struct mr_merge_ask *ask = mr_vec_push(&w->asks);
        if (ask == NULL)
            return mr_merge_nomem(err);
        *ask = (struct mr_merge_ask){.tag = (int64_t)i,
                                     .value = ((struct holder *)mr_vec_at(&w->holders, i))->key};
    }
    return w->asks.count > 0 ? mr_merge_lookup_ask(&w->c->m, &what, &w->asks, take_shared, w, err)
                             : MR_OK;
}

/* Who shares the id with the same row on SOURCE has it by right; anybody else's row would be
 * joined by what refers to him. */
static enum mr_code mark_taken(struct parting *w, const struct mr_vec *rows, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        bool held = false, shared = false;
        for (size_t k = 0; k < w->holders.count; k++) {
            const struct holder *holder = mr_vec_at(&w->holders, k);
            held = held || holder->row == i;
            shared = shared || (holder->row == i && holder->is_shared);
        }
        if (held && !shared)
            code = MR_CASE_ONCE(w->c->m.cf, "UPDATE c SET kind='key-taken' WHERE id=:id", err,
                                MR_ARG_INT("id", row->id));
    }
    return code;
}

/* Do rows to be written share an id among themselves? */
static enum mr_code find_sharers(struct parting *w, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < w->asks.count; i++) {
        bool is_first = false;
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        code = MR_CASE_ASK(w->take, &is_first, err, MR_ARG_BYTES("value", ask->value));
        mr_case_reset(w->take);
        w->shared = w->shared || !is_first;
    }
    return code;
}

/* TARGET by the part that others refer by, then SOURCE by the whole key of whoever answered. */
static enum mr_code part_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct parting *w = ctx;
    const struct mr_merge_lookup what = {MR_TARGET, table_of(w), w->by->to};
    w->arena = arena;
    mr_vec_clear(&w->asks);
    mr_vec_clear(&w->holders);
    for (size_t i = 0; i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        MR_TRY(mr_merge_lookup_push(&w->asks, (int64_t)i, (struct mr_key){row->image, row->len},
                                    w->by->to, arena, err));
    }
    MR_TRY(find_sharers(w, err));
    if (w->asks.count > 0)
        MR_TRY(mr_merge_lookup_ask(&w->c->m, &what, &w->asks, take_holder, w, err));
    MR_TRY(find_shared(w, err));
    return mark_taken(w, rows, err);
}

/* In the plan that the scripts are written from: where nobody shares an id, apply leaves out
 * whose id a sign-up has taken since. */
static void say_parts(const struct parting *w)
{
    struct mr_plan_table *t = &w->c->task->tables->tables[w->by->parent];
    if (w->shared)
        t->parts = MR_PLAN_PARTS_SHARED;
    else if (t->parts == MR_PLAN_PARTS_UNKNOWN)
        t->parts = MR_PLAN_PARTS_ALONE;
}

/* Ids of one reference are none of another one: what was seen is forgotten before each. */
static enum mr_code part_table(struct parting *w, struct mr_err *err)
{
    static const char take_sql[] = "INSERT OR IGNORE INTO part (value)"
                                   " VALUES (:value) RETURNING 1";
    w->shared = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(w->c->m.cf, "DELETE FROM temp.part", err));
    MR_TRY_OUT(mr_case_prepare(w->c->m.cf, take_sql, &w->take, err));
    MR_TRY_OUT(mr_copy_pages(w->c,
                             "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND c.op=1"
                             " AND c.kind IS NULL AND c.id>:after ORDER BY c.id LIMIT 500",
                             w->by->parent, part_rows, w, err));
    say_parts(w);
out:
    mr_case_free(w->take);
    w->take = NULL;
    return code;
}

/* Of a mirror nothing is asked: TARGET gets SOURCE's rows and no others, with whatever ids these
 * share. */
enum mr_code mr_copy_parts(struct mr_copy *c, struct mr_err *err)
{
    struct parting w = {.c = c,
                        .holders = MR_VEC_INIT(struct holder),
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .bytes = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0;
         code == MR_OK && c->task->policy != MR_COPY_MIRROR && i < c->m.plan->nreferences; i++) {
        w.by = &c->m.plan->references[i];
        if (w.by->parent < c->m.plan->ntables && c->planned[w.by->parent] &&
            mr_plan_is_of_counter(table_of(&w), w.by, &c->m.arena))
            code = part_table(&w, err);
    }
    mr_vec_release(&w.holders);
    mr_vec_release(&w.asks);
    mr_strbuf_release(&w.bytes);
    return code;
}
