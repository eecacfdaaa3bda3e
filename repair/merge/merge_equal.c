/* merge_equal.c: see merge_equal.h. */
#include "repair/merge/merge_equal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "repair/merge/merge_earlier.h"
#include "repair/merge/merge_leads.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"
#include "repair/side/counted.h"
#include "repair/side/side_column.h"

#define MOST_ROWS 1000                         /* of a table at a time */
#define FIRST_ROWS 16                          /* of a table */
#define IMAGE_BYTES ((size_t)16 * 1024 * 1024) /* of a batch of rows */

/* A key of SOURCE, as its order (side/counted.h). */
struct row {
    int64_t key;
    bool is_equal;
    struct mr_merge_lead lead; /* of one that is */
};

/* Where the search in one table stands. */
struct cursor {
    struct mr_merge_table *table;
    struct mr_vec keys; /* int64_t, descending */
    size_t next;
    bool ended;                /* no key is below those at hand */
    struct mr_vec rows, needs; /* struct row, struct mr_merge_need: of keys before next */
    size_t next_row;
    size_t batch;          /* rows at a time */
    bool is_wide;          /* more did not fit */
    const struct row *row; /* the equal one at the bound, or NULL */
};

struct search {
    struct mr_merge *m;
    struct cursor *cursors;
    struct mr_case_stmt *differing;
    struct mr_arena arena; /* of the batch that is read */
    struct mr_vec leads;   /* struct mr_merge_lead */
    struct mr_strbuf bytes;
};

/* ---- keys, from the greatest down ---- */

static enum mr_code read_keys(struct search *s, struct cursor *c, struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    const struct mr_table *table = t->pair->side[MR_SOURCE];
    const struct mr_side_counter counter = {
        {s->m->reader[MR_SOURCE], table, mr_pair_column(t->pair, MR_SOURCE, t->counter)},
        t->counts_unsigned};
    const int64_t *below = c->keys.count > 0 ? mr_vec_at(&c->keys, c->keys.count - 1) : NULL;
    c->next = 0;
    return mr_side_keys_below(&counter, below, &c->keys, &c->ended, err);
}

/* Did check find a difference in a row of that key that is there still?  Or is it known to
 * be lost history, which is equal since a merge restored it? */
static enum mr_code is_found(struct search *s, const struct cursor *c, int64_t key, bool *found,
                             struct mr_err *err)
{
    enum mr_code code = MR_CASE_ASK(s->differing, found, err, MR_ARG_INT("tbl", c->table->plan->at),
                                    MR_ARG_INT("n", key));
    mr_case_reset(s->differing);
    return code;
}

/* ---- a batch of rows ---- */

/* Rows of a side whose images are compared. */
struct comparing {
    struct search *s;
    struct cursor *c;
    size_t most_bytes;
};

static struct row *row_at(const struct cursor *c, size_t i)
{
    return mr_vec_at(&c->rows, i);
}

static bool is_too_wide(const struct comparing *p)
{
    return p->s->arena.total_bytes > p->most_bytes;
}

static enum mr_code take_own(void *ctx, const struct mr_merge_ask *ask,
                             const struct mr_merge_answer *row, struct mr_err *err)
{
    struct comparing *p = ctx;
    struct mr_key *image = &row_at(p->c, (size_t)ask->tag)->lead.image;
    if (is_too_wide(p))
        return MR_OK;
    *image = (struct mr_key){mr_arena_dup(&p->s->arena, row->image, row->len), row->len};
    return image->ptr != NULL ? MR_OK : mr_merge_nomem(err);
}

static enum mr_code take_live(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    const struct comparing *p = ctx;
    struct row *own = row_at(p->c, (size_t)ask->tag);
    bool differs = true;
    if (own->lead.image.ptr == NULL)
        return MR_OK;
    enum mr_code code =
        mr_merge_row_differs(p->s->m, p->c->table->plan, own->lead.image,
                             (struct mr_key){row->image, row->len}, MR_NO_COLUMN, &differs, err);
    own->is_equal = !differs;
    return code;
}

/* Begins rows for keys at hand, and questions for those that check found no difference
 * in. */
static enum mr_code begin_rows(struct search *s, struct cursor *c, size_t n, struct mr_vec *asks,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->rows);
    mr_vec_clear(&c->needs);
    mr_arena_reset(&s->arena);
    c->next_row = 0;
    for (size_t i = 0; code == MR_OK && i < n; i++) {
        struct row *row = mr_vec_push(&c->rows);
        bool found = true;
        if (row == NULL)
            return mr_merge_nomem(err);
        row->key = *(int64_t *)mr_vec_at(&c->keys, c->next + i);
        code = is_found(s, c, row->key, &found, err);
        if (code != MR_OK || found)
            continue;
        struct mr_value number = mr_counted_value(row->key, c->table->plan->counts_unsigned);
        struct mr_merge_ask *ask = mr_vec_push(asks);
        mr_strbuf_reset(&s->bytes);
        code = ask != NULL ? mr_row_encode(&s->bytes, &number, err) : mr_merge_nomem(err);
        if (code != MR_OK)
            break;
        ask->tag = (int64_t)i;
        ask->value =
            (struct mr_key){mr_arena_dup(&s->arena, s->bytes.ptr, s->bytes.len), s->bytes.len};
        if (ask->value.ptr == NULL)
            code = mr_merge_nomem(err);
    }
    return code;
}

/* Copies out of rows, and back, what is asked about equal ones. */
static enum mr_code find_leads(struct search *s, struct cursor *c, size_t most_bytes, bool *fits,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&s->leads);
    for (size_t i = 0; i < c->rows.count; i++) {
        struct mr_merge_lead *lead = mr_vec_push(&s->leads);
        if (lead == NULL)
            return mr_merge_nomem(err);
        if (row_at(c, i)->is_equal)
            *lead = row_at(c, i)->lead;
    }
    code =
        mr_merge_leads_find(s->m, c->table->plan->at, &s->leads, &c->needs, most_bytes, fits, err);
    for (size_t i = 0; i < c->rows.count; i++) {
        row_at(c, i)->lead = *(struct mr_merge_lead *)mr_vec_at(&s->leads, i);
        row_at(c, i)->lead.image = (struct mr_key){0};
    }
    return code;
}

/* Reads the rows of the next n keys; *fits: their images, and their parents', did. */
static enum mr_code read_rows(struct search *s, struct cursor *c, size_t n, bool *fits,
                              struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct comparing p = {s, c, n > 1 ? IMAGE_BYTES : SIZE_MAX};
    struct mr_merge_lookup what = {MR_SOURCE, t, {&t->counter, 1}};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(begin_rows(s, c, n, &asks, err));
    MR_TRY_OUT(mr_merge_lookup_ask(s->m, &what, &asks, take_own, &p, err));
    *fits = !is_too_wide(&p);
    what.side = MR_TARGET;
    if (*fits)
        MR_TRY_OUT(mr_merge_lookup_ask(s->m, &what, &asks, take_live, &p, err));
    if (*fits)
        MR_TRY_OUT(find_leads(s, c, p.most_bytes, fits, err));
out:
    mr_vec_release(&asks);
    return code;
}

/* A few rows at first, since the greatest equal one is mostly the bound. */
static enum mr_code read_batch(struct search *s, struct cursor *c, bool *any, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool fits = false;
    *any = false;
    if (c->next == c->keys.count) {
        if (!c->ended)
            code = read_keys(s, c, err);
        if (code != MR_OK || c->next == c->keys.count)
            return code;
    }
    while (code == MR_OK && !fits) {
        size_t left = c->keys.count - c->next;
        size_t n = left < c->batch ? left : c->batch;
        code = read_rows(s, c, n, &fits, err);
        if (fits) {
            c->next += n;
            c->batch = c->is_wide || c->batch >= MOST_ROWS ? c->batch : 4 * c->batch;
        } else {
            c->is_wide = true;
            c->batch = n / 2;
        }
    }
    *any = true;
    return code;
}

/* Goes down to the next equal key, or to 0. */
static enum mr_code go_down(struct search *s, struct cursor *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool any = true;
    c->row = NULL;
    while (code == MR_OK && any && c->row == NULL) {
        if (c->next_row == c->rows.count)
            code = read_batch(s, c, &any, err);
        else if (row_at(c, c->next_row)->is_equal)
            c->row = row_at(c, c->next_row++);
        else
            c->next_row++;
    }
    c->table->bound.base =
        c->row != NULL ? c->row->key : mr_counted_of(0, c->table->plan->counts_unsigned);
    return code;
}

/* ---- all tables ---- */

static enum mr_code lower(struct search *s, bool *moved, struct mr_err *err)
{
    *moved = false;
    for (size_t i = 0; i < s->m->plan->ntables; i++) {
        struct cursor *c = &s->cursors[i];
        while (c->row != NULL && !mr_merge_leads_hold(s->m, &c->row->lead, &c->needs)) {
            *moved = true;
            MR_TRY(go_down(s, c, err));
        }
    }
    return MR_OK;
}

static void begin_cursor(struct search *s, size_t table)
{
    s->cursors[table] = (struct cursor){.table = &s->m->tables[table],
                                        .keys = MR_VEC_INIT(int64_t),
                                        .rows = MR_VEC_INIT(struct row),
                                        .needs = MR_VEC_INIT(struct mr_merge_need),
                                        .batch = FIRST_ROWS};
}

static enum mr_code begin(struct search *s, struct mr_merge *m, struct mr_err *err)
{
    const size_t n = m->plan->ntables;
    *s = (struct search){.m = m,
                         .cursors = calloc(n + 1, sizeof *s->cursors),
                         .arena = MR_ARENA_INIT,
                         .leads = MR_VEC_INIT(struct mr_merge_lead),
                         .bytes = MR_STRBUF_INIT};
    enum mr_code code = s->cursors != NULL ? MR_OK : mr_merge_nomem(err);
    for (size_t i = 0; code == MR_OK && i < n; i++)
        begin_cursor(s, i);
    if (code == MR_OK)
        code = mr_merge_earlier_known(m, err);
    return code == MR_OK ? mr_case_prepare(
                               m->cf,
                               "SELECT 1 FROM w WHERE tbl=:tbl AND n=:n AND equal IS NOT 1"
                               " UNION ALL SELECT 1 FROM known_key WHERE tbl=:tbl AND n=:n LIMIT 1",
                               &s->differing, err)
                         : code;
}

static void release(struct search *s)
{
    for (size_t i = 0; s->cursors != NULL && i < s->m->plan->ntables; i++) {
        mr_vec_release(&s->cursors[i].keys);
        mr_vec_release(&s->cursors[i].rows);
        mr_vec_release(&s->cursors[i].needs);
    }
    mr_arena_release(&s->arena);
    mr_vec_release(&s->leads);
    mr_strbuf_release(&s->bytes);
    mr_case_free(s->differing);
    free(s->cursors);
}

enum mr_code mr_merge_equal_bounds(struct mr_merge *m, const bool *infer, struct mr_err *err)
{
    struct search s;
    bool moved = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(begin(&s, m, err));
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (infer[i])
            MR_TRY_OUT(go_down(&s, &s.cursors[i], err));
    while (moved)
        MR_TRY_OUT(lower(&s, &moved, err));
out:
    release(&s);
    return code;
}

static enum mr_code count_above(struct search *s, struct cursor *c,
                                struct mr_merge_equal_above *above, struct mr_err *err)
{
    const int64_t base = c->table->bound.base;
    enum mr_code code = go_down(s, c, err);
    while (code == MR_OK && c->row != NULL && c->row->key > base &&
           above->rows < MR_EQUAL_ABOVE_MOST) {
        c->table->bound.base = base; /* the search has moved it, and rows may lead to their own */
        if (mr_merge_leads_hold(s->m, &c->row->lead, &c->needs) && above->rows++ == 0)
            above->greatest = c->row->key;
        code = go_down(s, c, err);
    }
    c->table->bound.base = base;
    return code;
}

enum mr_code mr_merge_equal_above(struct mr_merge *m, const bool *of,
                                  struct mr_merge_equal_above *above, struct mr_err *err)
{
    struct search s;
    enum mr_code code = begin(&s, m, err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++)
        if (of[i])
            code = count_above(&s, &s.cursors[i], &above[i], err);
    release(&s);
    return code;
}
