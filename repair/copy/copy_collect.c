/* copy_collect.c: the rows of both sides that check found to differ; see
 * copy_internal.h. */
#include "repair/copy/copy_internal.h"
#include "core/case/case_args.h"
#include "repair/merge/merge_gone.h"
#include "repair/plan/plan_written.h"

#include <stdlib.h>

#include "core/pair/pair_identity.h"

#define FINDINGS 500 /* a batch, with their images */
#define HELD_BYTES ((size_t)8 * 1024 * 1024)

/* What both sides have under a key; images and keys are in `kept`.  A ptr of NULL: no row. */
struct held {
    struct mr_key canon, key[MR_SIDES], image[MR_SIDES];
    bool several;
};

struct collecting {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_case_stmt *add[MR_SIDES], *add_both;
    struct mr_vec
        held[MR_SIDES]; /* struct held, by canon: rows of SOURCE, and those of TARGET alone */
    struct mr_arena kept;
    size_t kept_bytes;
    bool direct; /* there are too many bytes to hold: each row is written as it comes */
    enum mr_side side;
    struct mr_arena arena;
    struct mr_vec asks;   /* struct mr_merge_ask */
    struct mr_vec others; /* struct mr_merge_ask: keys that TARGET spells otherwise */
    struct mr_strbuf bytes;
    struct mr_merge_gone gone;
};

/* SOURCE may have a row of its own under TARGET's spelling of a key, equal to TARGET's, so that the
 * run did not find it: written over by its namesake it would be lost. */
static enum mr_code note_spelling(struct collecting *w, struct mr_key asked, struct mr_err *err)
{
    const struct mr_key own = {w->bytes.ptr, w->bytes.len};
    if (w->side != MR_TARGET || mr_key_compare(asked, own) == 0)
        return MR_OK;
    struct mr_merge_ask *other = mr_vec_push(&w->others);
    const void *copy = mr_arena_dup(&w->arena, own.ptr, own.len);
    if (other == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *other = (struct mr_merge_ask){.value = {copy, own.len}};
    return MR_OK;
}

static int compare_held(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    return mr_key_compare(x->canon, y->canon);
}

/* Answers come by canon: one of SOURCE is behind all others, or another one of the last key. */
static struct held *find_held(struct collecting *w, struct mr_key canon)
{
    const struct held wanted = {.canon = canon};
    struct mr_vec *all = &w->held[MR_SOURCE], *own = &w->held[w->side];
    if (w->side == MR_TARGET && all->count > 0) {
        struct held *found = bsearch(&wanted, all->items, all->count, sizeof wanted, compare_held);
        if (found != NULL)
            return found;
    }
    struct held *last = own->count > 0 ? mr_vec_at(own, own->count - 1) : NULL;
    return last != NULL && compare_held(last, &wanted) == 0 ? last : NULL;
}

static enum mr_code keep(struct collecting *w, struct mr_key bytes, struct mr_key *out,
                         struct mr_err *err)
{
    const void *copy = mr_arena_dup(&w->kept, bytes.ptr, bytes.len);
    w->kept_bytes += bytes.len;
    *out = (struct mr_key){copy, bytes.len};
    return copy != NULL ? MR_OK : mr_merge_nomem(err);
}

/* Of several rows of a key the first of SOURCE counts, and the last of TARGET, as where each is written
 * as it comes. */
static enum mr_code hold(struct collecting *w, struct mr_key canon, struct mr_key key,
                         struct mr_key image, struct mr_err *err)
{
    struct held *h = find_held(w, canon);
    if (h == NULL) {
        h = mr_vec_push(&w->held[w->side]);
        if (h == NULL)
            return mr_merge_nomem(err);
        *h = (struct held){0};
        MR_TRY(keep(w, canon, &h->canon, err));
    }
    if (h->key[w->side].ptr != NULL) {
        const bool is_same = mr_key_compare(h->key[w->side], key) == 0;
        h->several |= w->side == MR_SOURCE && !is_same;
        if (w->side == MR_SOURCE || (is_same && mr_key_compare(h->image[MR_TARGET], image) == 0))
            return MR_OK;
    }
    MR_TRY(keep(w, key, &h->key[w->side], err));
    return keep(w, image, &h->image[w->side], err);
}

/* What is held goes to the case, rows of SOURCE first: their numbers say in which order they are told. */
static enum mr_code write_held(struct collecting *w, struct mr_err *err)
{
    for (size_t i = 0; i < w->held[MR_SOURCE].count; i++) {
        const struct held *h = mr_vec_at(&w->held[MR_SOURCE], i);
        MR_TRY(MR_CASE_RUN(
            w->add_both, err, MR_ARG_INT("tbl", w->table->at), MR_ARG_BYTES("canon", h->canon),
            MR_ARG_BYTES("skey", h->key[MR_SOURCE]), MR_ARG_BYTES("source", h->image[MR_SOURCE]),
            MR_ARG_BYTES("tkey", h->key[MR_TARGET]), MR_ARG_BYTES("target", h->image[MR_TARGET]),
            MR_ARG_INT("several", h->several)));
    }
    for (size_t i = 0; i < w->held[MR_TARGET].count; i++) {
        const struct held *h = mr_vec_at(&w->held[MR_TARGET], i);
        MR_TRY(MR_CASE_RUN(w->add[MR_TARGET], err, MR_ARG_INT("tbl", w->table->at),
                           MR_ARG_BYTES("canon", h->canon), MR_ARG_BYTES("key", h->key[MR_TARGET]),
                           MR_ARG_BYTES("image", h->image[MR_TARGET])));
    }
    mr_vec_clear(&w->held[MR_SOURCE]);
    mr_vec_clear(&w->held[MR_TARGET]);
    mr_arena_reset(&w->kept);
    w->kept_bytes = 0;
    return MR_OK;
}

/* What a row is now counts, not what the run saw: both sides answer in their views. */
static enum mr_code take_row(void *ctx, const struct mr_merge_ask *ask,
                             const struct mr_merge_answer *row, struct mr_err *err)
{
    struct collecting *w = ctx;
    const struct mr_plan_columns *key = &w->table->key;
    bool null = false;
    if (w->side == MR_SOURCE)
        mr_merge_gone_see(&w->gone, ask);
    MR_TRY(mr_pair_values_of(row->image, row->len, key->at, key->count, &w->bytes, &null, err));
    MR_TRY(note_spelling(w, ask->value, err));
    if (!w->direct && w->kept_bytes > HELD_BYTES) {
        MR_TRY(write_held(w, err));
        w->direct = true;
    }
    if (!w->direct)
        return hold(w, ask->canon, (struct mr_key){w->bytes.ptr, w->bytes.len},
                    (struct mr_key){row->image, row->len}, err);
    return MR_CASE_RUN(
        w->add[w->side], err, MR_ARG_INT("tbl", w->table->at), MR_ARG_BYTES("canon", ask->canon),
        MR_ARG_BLOB("key", w->bytes.ptr, w->bytes.len), MR_ARG_BLOB("image", row->image, row->len));
}

/* A key of SOURCE that comes a second time with other bytes is one that TARGET's collation
 * takes for the same.  A finding of both sides asks for its key twice, so that four answers make one
 * row of the case: add_both is one statement for them. */
static enum mr_code prepare(struct collecting *w, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&w->add[MR_SOURCE],
         "INSERT INTO c (tbl, canon, skey, source) VALUES (:tbl, :canon, :key, :image)"
         " ON CONFLICT (tbl, canon) DO UPDATE SET several=several OR (skey IS NOT NULL"
         " AND skey<>excluded.skey), skey=coalesce(skey, excluded.skey),"
         " source=coalesce(source, excluded.source)"},
        {&w->add[MR_TARGET],
         "INSERT INTO c (tbl, canon, tkey, target) VALUES (:tbl, :canon, :key, :image)"
         " ON CONFLICT (tbl, canon) DO UPDATE SET tkey=excluded.tkey,"
         " target=excluded.target"},
        {&w->add_both,
         "INSERT INTO c (tbl, canon, skey, source, tkey, target, several)"
         " VALUES (:tbl, :canon, :skey, :source, :tkey, :target, :several)"
         " ON CONFLICT (tbl, canon) DO UPDATE SET several=several OR excluded.several"
         " OR (skey IS NOT NULL AND skey<>excluded.skey), skey=coalesce(skey, excluded.skey),"
         " source=coalesce(source, excluded.source), tkey=coalesce(excluded.tkey, tkey),"
         " target=coalesce(excluded.target, target)"},
    };
    return mr_case_prepare_all(w->c->m.cf, list, sizeof list / sizeof list[0], err);
}

static void release(struct collecting *w)
{
    mr_case_free(w->add[MR_SOURCE]);
    mr_case_free(w->add[MR_TARGET]);
    mr_case_free(w->add_both);
    mr_vec_release(&w->held[MR_SOURCE]);
    mr_vec_release(&w->held[MR_TARGET]);
    mr_arena_release(&w->kept);
    mr_vec_release(&w->asks);
    mr_vec_release(&w->others);
    mr_strbuf_release(&w->bytes);
    mr_merge_gone_release(&w->gone);
    mr_arena_release(&w->arena);
}

static struct collecting begin(struct mr_copy *c, const struct mr_plan_table *table)
{
    struct collecting w = {.c = c,
                           .table = table,
                           .held = {MR_VEC_INIT(struct held), MR_VEC_INIT(struct held)},
                           .kept = MR_ARENA_INIT,
                           .arena = MR_ARENA_INIT,
                           .asks = MR_VEC_INIT(struct mr_merge_ask),
                           .others = MR_VEC_INIT(struct mr_merge_ask),
                           .bytes = MR_STRBUF_INIT};
    mr_merge_gone_init(&w.gone);
    return w;
}

static enum mr_code ask_side(struct collecting *w, enum mr_side side, struct mr_vec *asks,
                             struct mr_err *err)
{
    const struct mr_merge_lookup what = {side, w->table, w->table->key};
    w->side = side;
    return mr_merge_lookup_ask(&w->c->m, &what, asks, take_row, w, err);
}

static enum mr_code ask_sides(struct collecting *w, struct mr_vec *asks, struct mr_err *err)
{
    mr_vec_clear(&w->others);
    w->direct = false;
    MR_TRY(ask_side(w, MR_SOURCE, asks, err));
    MR_TRY(ask_side(w, MR_TARGET, asks, err));
    MR_TRY(write_held(w, err));
    w->direct = true;
    return w->others.count > 0 ? ask_side(w, MR_SOURCE, &w->others, err) : MR_OK;
}

enum mr_code mr_copy_collect_keys(struct mr_copy *c, const struct mr_plan_table *table,
                                  struct mr_vec *asks, struct mr_err *err)
{
    struct collecting w = begin(c, table);
    enum mr_code code = prepare(&w, err);
    if (code == MR_OK)
        code = ask_sides(&w, asks, err);
    release(&w);
    return code;
}

/* Asks for the key that an image of the run has, which was a row of that side. */
static enum mr_code push_key(struct collecting *w, enum mr_side side, const void *image, size_t len,
                             struct mr_err *err)
{
    const struct mr_plan_columns *key = &w->table->key;
    size_t at[MR_KEY_PARTS_MAX] = {0};
    bool null = false;
    if (image == NULL || key->count > MR_KEY_PARTS_MAX)
        return MR_OK;
    for (size_t i = 0; i < key->count; i++) {
        at[i] = w->table->found_at[key->at[i]];
        if (at[i] == MR_NO_COLUMN)
            return MR_OK;
    }
    enum mr_code code = mr_pair_values_of(image, len, at, key->count, &w->bytes, &null, err);
    if (code != MR_OK || null)
        return code;
    struct mr_merge_ask *ask = mr_vec_push(&w->asks);
    const void *copy = mr_arena_dup(&w->arena, w->bytes.ptr, w->bytes.len);
    if (ask == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *ask = (struct mr_merge_ask){.value = {copy, w->bytes.len}};
    return side == MR_SOURCE && w->c->planned[w->table->at]
               ? mr_merge_gone_expect(&w->gone, ask, err)
               : MR_OK;
}

/* Unsettled rows are taken, too: they differ, or the second reading shows that they do not. */
static enum mr_code collect_state(struct collecting *w, enum mr_find_state state, bool *any,
                                  struct mr_err *err)
{
    struct mr_vec findings = MR_VEC_INIT(struct mr_finding);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    for (;;) {
        mr_arena_reset(&w->arena);
        mr_vec_clear(&findings);
        mr_vec_clear(&w->asks);
        const struct mr_find_page page = {.table = w->table->found->id,
                                          .state = state,
                                          .after_id = after,
                                          .limit = FINDINGS,
                                          .max_bytes = MR_MERGE_PAGE_BYTES,
                                          .with_images = true};
        MR_TRY_OUT(mr_findings_page(w->c->m.fd, &page, &w->arena, &findings, err));
        if (findings.count == 0)
            break;
        *any = true;
        if (w->table->key.count == 0)
            break;
        for (size_t i = 0; i < findings.count; i++) {
            const struct mr_finding *f = mr_vec_at(&findings, i);
            after = f->id;
            MR_TRY_OUT(push_key(w, MR_SOURCE, f->source, f->source_len, err));
            MR_TRY_OUT(push_key(w, MR_TARGET, f->target, f->target_len, err));
        }
        MR_TRY_OUT(ask_sides(w, &w->asks, err));
        MR_TRY_OUT(mr_merge_gone_take(&w->gone, &w->c->m, w->table, err));
    }
out:
    mr_vec_release(&findings);
    return code;
}

/* What plans of the case have written; it may have been undone since the run. */
static enum mr_code collect_written(struct collecting *w, struct mr_err *err)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    struct mr_key after = {0};
    enum mr_code code = MR_OK;
    mr_arena_reset(&w->arena);
    do {
        mr_vec_clear(&keys);
        mr_vec_clear(&w->asks);
        code = mr_plan_written_page(w->c->m.cf, w->table, after, &w->arena, &keys, err);
        for (size_t i = 0; code == MR_OK && i < keys.count; i++) {
            struct mr_merge_ask *ask = mr_vec_push(&w->asks);
            after = *(struct mr_key *)mr_vec_at(&keys, i);
            if (ask == NULL)
                code = mr_merge_nomem(err);
            else
                *ask = (struct mr_merge_ask){.value = after};
        }
        if (code == MR_OK)
            code = ask_sides(w, &w->asks, err);
    } while (code == MR_OK && keys.count > 0);
    mr_vec_release(&keys);
    return code;
}

/* What the run found, and what plans wrote since it.  A table without a key has no rows that
 * could be looked at by themselves: if any differ, all of it is counted. */
static enum mr_code collect_table(struct mr_copy *c, const struct mr_plan_table *table,
                                  struct mr_err *err)
{
    struct collecting w = begin(c, table);
    bool any = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(prepare(&w, err));
    MR_TRY_OUT(collect_state(&w, MR_FIND_DIVERGED, &any, err));
    MR_TRY_OUT(collect_state(&w, MR_FIND_UNSETTLED, &any, err));
    if (table->key.count > 0)
        MR_TRY_OUT(collect_written(&w, err));
    else if (!any)
        MR_TRY_OUT(mr_plan_written_any(c->m.cf, table, &any, err));
    if (any && table->key.count == 0 && c->planned[table->at]) {
        MR_TRY_OUT(mr_merge_gone_bag(&c->m, table, err));
        MR_TRY_OUT(mr_copy_multiset(c, table, err));
    }
out:
    release(&w);
    return code;
}

enum mr_code mr_copy_collect(struct mr_copy *c, struct mr_err *err)
{
    if (c->task->fill != NULL)
        return c->task->fill(c->task->fill_ctx, c, err);
    for (size_t i = 0; i < c->m.plan->ntables; i++)
        MR_TRY(collect_table(c, &c->m.plan->tables[i], err));
    return MR_OK;
}
