/* copy_taint.c: rows that stand below one person on SOURCE and below another on TARGET,
 * equal or not, are not the same; see copy_internal.h.
 *
 * From slots whose rows are two entities, references are followed down on SOURCE.  A person
 * is himself whoever invited him: references of subject tables are not followed, nor those
 * within a table, unless they are part of an identity. */
#include "repair/copy/copy_internal.h"

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_reference.h"

struct tainting {
    struct mr_copy *c;
    const struct mr_plan_reference *by;
    struct mr_vec keys;  /* struct mr_key: what is referred to */
    struct mr_vec meant; /* struct mr_merge_ask: the same */
    struct mr_vec asks;  /* struct mr_merge_ask: keys of rows below */
    struct mr_arena arena;
    struct mr_strbuf bytes;
    const struct mr_vec *rows; /* of a page */
    bool *grown;               /* per table */
};

bool mr_copy_is_followed(const struct mr_copy *c, const struct mr_plan_reference *r)
{
    const struct mr_plan_table *child = &c->m.plan->tables[r->child];
    if (child->key.count == 0)
        return false; /* nobody refers to its rows */
    return r->hard || (!c->subject[r->child] && r->child != r->parent);
}

/* The key only: whether TARGET has a row under it, too, is asked for many of them at once. */
static enum mr_code take_child(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct tainting *w = ctx;
    const struct mr_plan_table *child = &w->c->m.plan->tables[w->by->child];
    bool refers = false, null = false;
    (void)ask;
    enum mr_code code =
        mr_merge_row_refers(w->by, (struct mr_key){row->image, row->len}, &refers, err);
    if (code == MR_OK && refers)
        code = mr_pair_values_of(row->image, row->len, child->key.at, child->key.count, &w->bytes,
                                 &null, err);
    if (code != MR_OK || !refers || null)
        return code;
    struct mr_merge_ask *slot = mr_vec_push(&w->asks);
    const void *copy = mr_arena_dup(&w->arena, w->bytes.ptr, w->bytes.len);
    if (slot == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *slot = (struct mr_merge_ask){.value = {copy, w->bytes.len}};
    return MR_OK;
}

/* Rows with these keys that both sides have. */
static enum mr_code taint_children(struct tainting *w, struct mr_err *err)
{
    const struct mr_plan_table *child = &w->c->m.plan->tables[w->by->child];
    struct mr_case_stmt *mark = NULL;
    enum mr_code code = mr_copy_collect_keys(w->c, child, &w->asks, err);
    if (code == MR_OK)
        code = mr_case_prepare(w->c->m.cf,
                               "UPDATE c SET taint=1 WHERE tbl=:tbl AND skey=:key"
                               " AND tkey IS NOT NULL AND taint=0",
                               &mark, err);
    for (size_t i = 0; code == MR_OK && i < w->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        code =
            MR_CASE_RUN(mark, err, MR_ARG_INT("tbl", child->at), MR_ARG_BYTES("key", ask->value));
    }
    mr_case_free(mark);
    w->grown[child->at] = true;
    return code;
}

/* Children are asked for as they write the key, and those that spell it otherwise by themselves:
 * neither question finds the other's rows. */
static enum mr_code follow(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                           struct mr_err *err)
{
    struct tainting *w = ctx;
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->keys);
    mr_vec_clear(&w->meant);
    mr_vec_clear(&w->asks);
    mr_arena_reset(&w->arena);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        bool null = false;
        code = mr_pair_values_of(row->image, row->len, w->by->to.at, w->by->to.count, &w->bytes,
                                 &null, err);
        if (code != MR_OK || null)
            continue;
        struct mr_key *key = mr_vec_push(&w->keys);
        struct mr_merge_ask *meant = mr_vec_push(&w->meant);
        const void *copy = mr_arena_dup(arena, w->bytes.ptr, w->bytes.len);
        if (key == NULL || meant == NULL || copy == NULL)
            return mr_merge_nomem(err);
        *key = (struct mr_key){copy, w->bytes.len};
        *meant = (struct mr_merge_ask){.value = *key};
    }
    if (code == MR_OK && w->keys.count > 0)
        code =
            mr_merge_reference_children(&w->c->m, MR_SOURCE, w->by, &w->keys, take_child, w, err);
    if (code == MR_OK)
        code = mr_merge_reference_otherwise_to(&w->c->m, MR_SOURCE, w->by, &w->meant, take_child, w,
                                               err);
    return code == MR_OK && w->asks.count > 0 ? taint_children(w, err) : code;
}

/* taint 1, 2, 3: new, being followed, done: circles of rows end. */
static enum mr_code follow_table(struct tainting *w, size_t table, struct mr_err *err)
{
    enum mr_code code = MR_CASE_ONCE(w->c->m.cf, "UPDATE c SET taint=2 WHERE tbl=:tbl AND taint=1",
                                     err, MR_ARG_INT("tbl", table));
    w->grown[table] = false;
    for (size_t i = 0; code == MR_OK && i < w->c->m.plan->nreferences; i++) {
        w->by = &w->c->m.plan->references[i];
        if (w->by->parent == table && mr_copy_is_followed(w->c, w->by))
            code = mr_copy_pages(w->c,
                                 "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND"
                                 " c.taint=2 AND c.id>:after ORDER BY c.id LIMIT 500",
                                 table, follow, w, err);
    }
    return code == MR_OK
               ? MR_CASE_ONCE(w->c->m.cf, "UPDATE c SET taint=3 WHERE tbl=:tbl AND taint=2", err,
                              MR_ARG_INT("tbl", table))
               : code;
}

/* ---- who is referred to by other columns than the key ---- */

/* TARGET's row with the values by which others refer to a row of SOURCE. */
static enum mr_code take_holder(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct tainting *w = ctx;
    const struct mr_merge_work_row *own = mr_vec_at(w->rows, (size_t)ask->tag);
    bool same = false;
    enum mr_code code = mr_copy_is_same(w->c, &w->c->m.plan->tables[w->by->parent],
                                        (struct mr_key){own->image, own->len},
                                        (struct mr_key){row->image, row->len}, &same, err);
    return code == MR_OK && !same ? MR_CASE_ONCE(w->c->m.cf, "UPDATE c SET taint=1 WHERE id=:id",
                                                 err, MR_ARG_INT("id", own->id))
                                  : code;
}

/* Tags are places in the page, since the row that asked is compared with the one that answers. */
static enum mr_code find_holders(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                                 struct mr_err *err)
{
    struct tainting *w = ctx;
    const struct mr_merge_lookup what = {MR_TARGET, &w->c->m.plan->tables[w->by->parent],
                                         w->by->to};
    enum mr_code code = MR_OK;
    w->rows = rows;
    mr_vec_clear(&w->meant);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        code = mr_merge_lookup_push(&w->meant, (int64_t)i, (struct mr_key){row->image, row->len},
                                    w->by->to, arena, err);
    }
    return code == MR_OK ? mr_merge_lookup_ask(&w->c->m, &what, &w->meant, take_holder, w, err)
                         : code;
}

static bool is_key(const struct mr_plan_table *t, const struct mr_plan_columns *columns)
{
    size_t i = 0;
    while (i < t->key.count && mr_plan_columns_has(columns, t->key.at[i]))
        i++;
    return i == t->key.count && columns->count == t->key.count;
}

/* The key that SOURCE's row has may be nobody's on TARGET, and what others refer to it by
 * somebody else's. */
static enum mr_code taint_holders(struct tainting *w, struct mr_err *err)
{
    for (size_t i = 0; i < w->c->m.plan->nreferences; i++) {
        const struct mr_plan_table *t;
        w->by = &w->c->m.plan->references[i];
        t = &w->c->m.plan->tables[w->by->parent];
        if (!mr_copy_is_followed(w->c, w->by) || is_key(t, &w->by->to) ||
            (w->c->planned[t->at] && w->c->task->policy == MR_COPY_MIRROR))
            continue;
        MR_TRY(mr_copy_pages(w->c,
                             "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND"
                             " c.source IS NOT NULL AND c.taint=0 AND c.id>:after ORDER BY"
                             " c.id LIMIT 500",
                             t->at, find_holders, w, err));
    }
    return MR_OK;
}

/* Is every parent of the run written, so that it will be SOURCE's? */
static bool all_planned(const struct mr_copy *c)
{
    if (c->task->policy != MR_COPY_MIRROR)
        return false;
    for (size_t i = 0; i < c->m.plan->ntables; i++)
        if (!c->planned[i])
            return false;
    return true;
}

/* From all slots with taint 1. */
static enum mr_code follow_all(struct mr_copy *c, struct mr_err *err)
{
    struct tainting w = {.c = c,
                         .keys = MR_VEC_INIT(struct mr_key),
                         .meant = MR_VEC_INIT(struct mr_merge_ask),
                         .asks = MR_VEC_INIT(struct mr_merge_ask),
                         .arena = MR_ARENA_INIT,
                         .bytes = MR_STRBUF_INIT};
    bool more = true;
    w.grown = mr_arena_calloc(&c->m.arena, c->ntables + 1, sizeof *w.grown);
    if (w.grown == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < c->ntables; i++)
        w.grown[i] = true;
    enum mr_code code = taint_holders(&w, err);
    while (code == MR_OK && more) {
        more = false;
        for (size_t i = 0; code == MR_OK && i < c->ntables; i++)
            if (w.grown[i]) {
                more = true;
                code = follow_table(&w, i, err);
            }
    }
    mr_vec_release(&w.keys);
    mr_vec_release(&w.meant);
    mr_vec_release(&w.asks);
    mr_arena_release(&w.arena);
    mr_strbuf_release(&w.bytes);
    return code;
}

enum mr_code mr_copy_taint(struct mr_copy *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (c->task->fill != NULL) /* nobody is another there */
        return MR_OK;
    if (all_planned(c))
        code = MR_CASE_ONCE(c->m.cf, "UPDATE c SET taint=0 WHERE tbl<:end", err,
                            MR_ARG_INT("end", c->m.plan->ntables));
    if (code != MR_OK || (all_planned(c) && c->ntables == c->m.plan->ntables))
        return code;
    return follow_all(c, err);
}

/* A mirror of everything has no taint until something is left as it is; each round may leave more,
 * and ends when none does. */
enum mr_code mr_copy_taint_kept(struct mr_copy *c, struct mr_err *err)
{
    int64_t kept = c->task->fill == NULL && all_planned(c) ? 1 : 0;
    while (kept > 0) {
        MR_TRY(mr_case_change_with(
            c->m.cf,
            "UPDATE c SET taint=1 WHERE taint=0 AND kind IS NOT NULL AND NOT same AND"
            " source IS NOT NULL AND target IS NOT NULL",
            NULL, 0, &kept, err));
        if (kept == 0)
            return MR_OK;
        MR_TRY(follow_all(c, err));
        MR_TRY(mr_case_exec(c->m.cf, "DELETE FROM nth", err));
        MR_TRY(mr_copy_links(c, err));
        MR_TRY(mr_copy_settle(c, err));
    }
    return MR_OK;
}
