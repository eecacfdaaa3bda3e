/* merge_leads.c: see merge_leads.h. */
#include "repair/merge/merge_leads.h"

#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"

#define DEPTH 16 /* parents without counter, one above the other */

struct leading {
    struct mr_merge *m;
    struct mr_vec *rows, *needs;
    size_t held, most_bytes; /* of parents' images */
};

/* A row above one that was asked for, or that one itself. */
struct item {
    size_t row; /* in rows */
    struct mr_key image;
    /* what is there by the reference at hand; the last one counts */
    bool refers;
    size_t parents, live_parents;
    int64_t n;
    struct mr_key parent;
};

/* Rows of one table, all as far up. */
struct level {
    struct leading *l;
    size_t table;
    unsigned depth;
    const struct mr_plan_reference *r;
    struct mr_vec items;
    struct mr_vec asks;
    struct mr_arena arena;
    size_t held;
};

static enum mr_code climb(struct level *v, struct mr_err *err);

static struct mr_merge_lead *lead_of(const struct leading *l, const struct item *item)
{
    return mr_vec_at(l->rows, item->row);
}

static bool is_too_wide(const struct leading *l)
{
    return l->held > l->most_bytes;
}

static enum mr_code add_need(struct leading *l, const struct item *item, size_t table, int64_t n,
                             struct mr_err *err)
{
    struct mr_merge_need *need = mr_vec_push(l->needs);
    struct mr_merge_lead *lead = lead_of(l, item);
    if (need == NULL)
        return mr_merge_nomem(err);
    *need = (struct mr_merge_need){table, n, lead->needs};
    lead->needs = l->needs->count;
    return MR_OK;
}

/* ---- parents ---- */

/* A counted parent is told by its number alone; of another the image is held, since one has to
 * climb on from it. */
static enum mr_code take_parent(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct level *v = ctx;
    struct leading *l = v->l;
    struct item *item = mr_vec_at(&v->items, (size_t)ask->tag);
    const struct mr_plan_table *parent = &l->m->plan->tables[v->r->parent];
    item->parents++;
    if (mr_plan_has_counter(parent))
        return mr_merge_row_count(parent, (struct mr_key){row->image, row->len}, &item->n, err);
    v->held += row->len;
    l->held += row->len;
    if (is_too_wide(l))
        return MR_OK;
    item->parent = (struct mr_key){mr_arena_dup(&v->arena, row->image, row->len), row->len};
    return item->parent.ptr != NULL ? MR_OK : mr_merge_nomem(err);
}

static enum mr_code count_live(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct level *v = ctx;
    (void)row;
    (void)err;
    ((struct item *)mr_vec_at(&v->items, (size_t)ask->tag))->live_parents++;
    return MR_OK;
}

/* Rows that can never lead to the past are asked nothing more. */
static enum mr_code ask_for_parents(struct level *v, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_SOURCE, &v->l->m->plan->tables[v->r->parent], v->r->to};
    enum mr_code code = MR_OK;
    mr_vec_clear(&v->asks);
    for (size_t i = 0; code == MR_OK && i < v->items.count; i++) {
        struct item *item = mr_vec_at(&v->items, i);
        size_t before = v->asks.count;
        bool refers = false;
        *item = (struct item){.row = item->row, .image = item->image};
        if (lead_of(v->l, item)->never)
            continue;
        code = mr_merge_row_refers(v->r, item->image, &refers, err);
        if (code == MR_OK && refers)
            code = mr_merge_reference_push(&v->asks, (int64_t)i, item->image, v->r, &v->arena, err);
        item->refers = v->asks.count > before;
    }
    return code == MR_OK ? mr_merge_lookup_ask(v->l->m, &what, &v->asks, take_parent, v, err)
                         : code;
}

/* Nobody is there, but the value may be a key of the future. */
static enum mr_code count_of_nobody(const struct level *v, struct item *item, bool *known,
                                    struct mr_err *err)
{
    const struct mr_plan_table *parent = &v->l->m->plan->tables[v->r->parent];
    struct mr_strbuf key = MR_STRBUF_INIT;
    bool none = false;
    enum mr_code code = mr_merge_reference_key(v->r, item->image, &key, &none, err);
    for (size_t i = 0; code == MR_OK && !none && i < v->r->to.count; i++) {
        struct mr_plan_table as = *parent;
        as.counter = i;
        if (v->r->to.at[i] != parent->counter)
            continue;
        *known = true;
        code = mr_merge_row_count(&as, (struct mr_key){key.ptr, key.len}, &item->n, err);
    }
    mr_strbuf_release(&key);
    return code;
}

/* What the row needs is noted, not judged: the bound may still be lowered. */
static enum mr_code counted_parents(const struct level *v, struct mr_err *err)
{
    for (size_t i = 0; i < v->items.count; i++) {
        struct item *item = mr_vec_at(&v->items, i);
        bool known = item->parents > 0;
        if (!item->refers)
            continue;
        if (!known)
            MR_TRY(count_of_nobody(v, item, &known, err));
        if (known)
            MR_TRY(add_need(v->l, item, v->r->parent, item->n, err));
    }
    return MR_OK;
}

/* Parents by a key that no counter makes: the same on both sides, or on none. */
static enum mr_code uncounted_parents(struct level *v, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, &v->l->m->plan->tables[v->r->parent], v->r->to};
    struct level above = {.l = v->l,
                          .table = v->r->parent,
                          .depth = v->depth + 1,
                          .items = MR_VEC_INIT(struct item),
                          .asks = MR_VEC_INIT(struct mr_merge_ask),
                          .arena = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_lookup_ask(v->l->m, &what, &v->asks, count_live, v, err));
    for (size_t i = 0; i < v->items.count; i++) {
        const struct item *item = mr_vec_at(&v->items, i);
        if (!item->refers)
            continue;
        if ((item->parents > 0) != (item->live_parents > 0)) {
            lead_of(v->l, item)->never = true;
            continue;
        }
        if (item->parents == 0 || v->depth >= DEPTH)
            continue;
        struct item *up = mr_vec_push(&above.items);
        if (up == NULL)
            MR_TRY_OUT(mr_merge_nomem(err));
        else
            *up = (struct item){.row = item->row, .image = item->parent};
    }
    if (above.items.count > 0)
        MR_TRY_OUT(climb(&above, err));
out:
    mr_vec_release(&above.items);
    mr_vec_release(&above.asks);
    mr_arena_release(&above.arena);
    return code;
}

/* By each reference of the table. */
static enum mr_code climb(struct level *v, struct mr_err *err)
{
    const struct mr_plan_tables *plan = v->l->m->plan;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < plan->nreferences; i++) {
        v->r = &plan->references[i];
        if (v->r->child != v->table)
            continue;
        mr_arena_reset(&v->arena);
        code = ask_for_parents(v, err);
        if (is_too_wide(v->l))
            break;
        if (code == MR_OK && v->asks.count > 0)
            code = mr_plan_has_counter(&plan->tables[v->r->parent]) ? counted_parents(v, err)
                                                                    : uncounted_parents(v, err);
        if (is_too_wide(v->l))
            break;
        v->l->held -= v->held;
        v->held = 0;
    }
    return code;
}

/* ---- from outside ---- */

enum mr_code mr_merge_leads_find(struct mr_merge *m, size_t table, struct mr_vec *rows,
                                 struct mr_vec *needs, size_t most_bytes, bool *fits,
                                 struct mr_err *err)
{
    struct leading l = {.m = m, .rows = rows, .needs = needs, .most_bytes = most_bytes};
    struct level v = {.l = &l,
                      .table = table,
                      .items = MR_VEC_INIT(struct item),
                      .asks = MR_VEC_INIT(struct mr_merge_ask),
                      .arena = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_lead *row = mr_vec_at(rows, i);
        struct item *item = row->image.ptr != NULL ? mr_vec_push(&v.items) : NULL;
        if (item != NULL)
            *item = (struct item){.row = i, .image = row->image};
        else if (row->image.ptr != NULL)
            code = mr_merge_nomem(err);
    }
    if (code == MR_OK)
        code = climb(&v, err);
    *fits = !is_too_wide(&l);
    mr_vec_release(&v.items);
    mr_vec_release(&v.asks);
    mr_arena_release(&v.arena);
    return code;
}

bool mr_merge_leads_hold(const struct mr_merge *m, const struct mr_merge_lead *row,
                         const struct mr_vec *needs)
{
    for (size_t at = row->needs; !row->never && at != 0;) {
        const struct mr_merge_need *need = mr_vec_at(needs, at - 1);
        if (need->n > m->tables[need->table].bound.base)
            return false;
        at = need->next;
    }
    return !row->never;
}
