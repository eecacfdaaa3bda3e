/* merge_equal.c: see merge_equal.h. */
#include "repair/merge_equal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/sqltext.h"
#include "repair/merge_lookup.h"
#include "repair/merge_row.h"
#include "repair/merge_work.h"

#define KEYS 1000 /* a statement */
#define DEPTH 16  /* parents without counter, one above the other */

/* Where the search in one table stands. */
struct cursor {
    struct mr_merge_table *table;
    bool infers;
    struct mr_vec keys; /* int64_t, descending */
    size_t next;
    bool ended;        /* no key is below those at hand */
    struct mr_key row; /* the equal row at the bound; ptr NULL: none */
    struct mr_arena arena;
};

struct search {
    struct mr_merge *m;
    struct cursor *cursors;
    struct mr_case_stmt *differing;
};

/* ---- keys, from the greatest down ---- */

static enum mr_code read_keys(struct search *s, struct cursor *c, struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    struct mr_db *db = mr_reader_db(s->m->reader[MR_SOURCE]);
    const char *counter = mr_plan_column_name(t, t->counter);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "the connection to the source is gone");
    mr_strbuf_add_str(&sql, "SELECT DISTINCT ");
    mr_sql_ident(&sql, counter);
    mr_strbuf_add_str(&sql, " FROM ");
    mr_sql_table(&sql, t->pair->side[MR_SOURCE]->db, t->pair->side[MR_SOURCE]->name);
    if (c->keys.count > 0) {
        mr_strbuf_add_str(&sql, " WHERE ");
        mr_sql_ident(&sql, counter);
        mr_strbuf_add_fmt(&sql, " < %" PRId64,
                          *(int64_t *)mr_vec_at(&c->keys, c->keys.count - 1));
    }
    mr_strbuf_add_str(&sql, " ORDER BY ");
    mr_sql_ident(&sql, counter);
    mr_strbuf_add_fmt(&sql, " DESC LIMIT %d", KEYS);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, sql.ptr, sql.len, &res, err);
    mr_vec_clear(&c->keys);
    c->next = 0;
    while (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        int64_t *key = mr_vec_push(&c->keys);
        if (key == NULL)
            code = mr_merge_nomem(err);
        else
            *key = strtoll(row[0].ptr, NULL, 10);
    }
    c->ended = c->keys.count < KEYS;
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Did check find a difference in a row of that key that is there still? */
static enum mr_code is_found(struct search *s, const struct cursor *c, int64_t key,
                             bool *found, struct mr_err *err)
{
    mr_case_bind_int(s->differing, 1, (int64_t)c->table->plan->at);
    mr_case_bind_int(s->differing, 2, key);
    enum mr_code code = mr_case_step(s->differing, found, err);
    mr_case_reset(s->differing);
    return code;
}

/* ---- is a key's row equal? ---- */

struct pair_of_rows {
    struct mr_arena *arena;
    struct mr_key row;
    size_t count;
};

static enum mr_code keep_row(void *ctx, const struct mr_merge_ask *ask,
                             const struct mr_merge_answer *row, struct mr_err *err)
{
    struct pair_of_rows *p = ctx;
    (void)ask;
    p->count++;
    p->row = (struct mr_key){mr_arena_dup(p->arena, row->image, row->len), row->len};
    return p->row.ptr != NULL ? MR_OK : mr_merge_nomem(err);
}

/* The rows of a side whose columns have these values; the last of them. */
static enum mr_code read_rows(struct search *s, const struct mr_merge_lookup *what,
                              struct mr_key value, struct pair_of_rows *found,
                              struct mr_err *err)
{
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct mr_merge_ask *ask = mr_vec_push(&asks);
    if (ask == NULL)
        return mr_merge_nomem(err);
    ask->value = value;
    enum mr_code code = mr_merge_lookup_ask(s->m, what, &asks, keep_row, found, err);
    mr_vec_release(&asks);
    return code;
}

static enum mr_code read_equal(struct search *s, struct cursor *c, int64_t key,
                               bool *equal, struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    struct pair_of_rows rows[MR_SIDES] = {{.arena = &c->arena}, {.arena = &c->arena}};
    struct mr_strbuf value = MR_STRBUF_INIT;
    struct mr_value number = {.cls = MR_CLASS_INT, .i = key};
    bool differs = true;
    mr_arena_reset(&c->arena);
    enum mr_code code = mr_row_encode(&value, &number, err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        struct mr_merge_lookup what = {(enum mr_side)side, t, {&t->counter, 1}};
        code =
            read_rows(s, &what, (struct mr_key){value.ptr, value.len}, &rows[side], err);
    }
    *equal = false;
    if (code == MR_OK && rows[MR_SOURCE].count > 0 && rows[MR_TARGET].count > 0)
        code = mr_merge_row_differs(s->m, t, rows[MR_SOURCE].row, rows[MR_TARGET].row,
                                    MR_NO_COLUMN, &differs, err);
    if (code == MR_OK && !differs) {
        *equal = true;
        c->row = rows[MR_SOURCE].row;
    }
    mr_strbuf_release(&value);
    return code;
}

/* Goes down to the next equal key, or to 0. */
static enum mr_code go_down(struct search *s, struct cursor *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool found = true, equal = false;
    while (code == MR_OK && !equal) {
        if (c->next == c->keys.count) {
            if (c->ended)
                break;
            code = read_keys(s, c, err);
            continue;
        }
        int64_t key = *(int64_t *)mr_vec_at(&c->keys, c->next++);
        code = is_found(s, c, key, &found, err);
        if (code == MR_OK && !found)
            code = read_equal(s, c, key, &equal, err);
        c->table->bound.base = key;
    }
    if (code == MR_OK && !equal) {
        c->row.ptr = NULL;
        c->table->bound.base = 0;
    }
    return code;
}

/* ---- does it lead to base rows? ---- */

/* A row whose references are looked at. */
struct looking {
    struct search *s;
    size_t table;
    struct mr_key row;
    unsigned depth;
};

static enum mr_code leads_to_base(const struct looking *at, bool *yes,
                                  struct mr_err *err);

static enum mr_code counted_parent(const struct looking *at,
                                   const struct mr_plan_reference *r,
                                   const struct pair_of_rows *parent, bool *yes,
                                   struct mr_err *err)
{
    const struct mr_merge_table *t = &at->s->m->tables[r->parent];
    int64_t n = t->bound.base;
    enum mr_code code = MR_OK;
    if (parent->count > 0) {
        code = mr_merge_row_count(t->plan, parent->row, &n, err);
    } else {
        /* nobody is there, but the value may be a key of the future */
        for (size_t i = 0; i < r->to.count; i++) {
            struct mr_plan_table as = *t->plan;
            as.counter = r->from.at[i];
            if (r->to.at[i] == t->plan->counter)
                code = mr_merge_row_count(&as, at->row, &n, err);
        }
    }
    *yes = code == MR_OK && n <= t->bound.base;
    return code;
}

/* A parent by a key that no counter makes: the same on both sides, or on none. */
static enum mr_code uncounted_parent(const struct looking *at,
                                     const struct mr_plan_reference *r,
                                     struct mr_key value,
                                     const struct pair_of_rows *parent, bool *yes,
                                     struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, at->s->m->tables[r->parent].plan,
                                         r->to};
    struct pair_of_rows there = {.arena = parent->arena};
    enum mr_code code = read_rows(at->s, &what, value, &there, err);
    *yes = code == MR_OK && (there.count > 0) == (parent->count > 0);
    if (*yes && parent->count > 0 && at->depth < DEPTH) {
        const struct looking above = {at->s, r->parent, parent->row, at->depth + 1};
        code = leads_to_base(&above, yes, err);
    }
    return code;
}

static enum mr_code reference_is_base(const struct looking *at,
                                      const struct mr_plan_reference *r,
                                      struct mr_arena *arena, bool *yes,
                                      struct mr_err *err)
{
    const struct mr_merge_table *t = &at->s->m->tables[r->parent];
    const struct mr_merge_lookup what = {MR_SOURCE, t->plan, r->to};
    struct pair_of_rows parent = {.arena = arena};
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct mr_key value = {0};
    bool refers = false;
    *yes = true;
    enum mr_code code = mr_merge_row_refers(r, at->row, &refers, err);
    if (code == MR_OK && refers)
        code = mr_merge_lookup_push(&asks, 0, at->row, r->from, arena, err);
    if (code == MR_OK && asks.count > 0) {
        value = ((struct mr_merge_ask *)mr_vec_at(&asks, 0))->value;
        code = read_rows(at->s, &what, value, &parent, err);
        if (code == MR_OK)
            code = mr_plan_has_counter(t->plan)
                       ? counted_parent(at, r, &parent, yes, err)
                       : uncounted_parent(at, r, value, &parent, yes, err);
    }
    mr_vec_release(&asks);
    return code;
}

static enum mr_code leads_to_base(const struct looking *at, bool *yes, struct mr_err *err)
{
    const struct mr_plan_tables *plan = at->s->m->plan;
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    *yes = true;
    for (size_t i = 0; code == MR_OK && *yes && i < plan->nreferences; i++)
        if (plan->references[i].child == at->table)
            code = reference_is_base(at, &plan->references[i], &arena, yes, err);
    mr_arena_release(&arena);
    return code;
}

/* ---- all tables ---- */

static enum mr_code lower(struct search *s, bool *moved, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *moved = false;
    for (size_t i = 0; code == MR_OK && i < s->m->plan->ntables; i++) {
        struct cursor *c = &s->cursors[i];
        bool base = true;
        while (code == MR_OK && c->infers && c->row.ptr != NULL) {
            const struct looking at = {s, i, c->row, 0};
            code = leads_to_base(&at, &base, err);
            if (code != MR_OK || base)
                break;
            *moved = true;
            code = go_down(s, c, err);
        }
    }
    return code;
}

enum mr_code mr_merge_equal_bounds(struct mr_merge *m, const bool *infer,
                                   struct mr_err *err)
{
    size_t n = m->plan->ntables;
    struct search s = {.m = m, .cursors = calloc(n + 1, sizeof *s.cursors)};
    enum mr_code code = s.cursors != NULL ? MR_OK : mr_merge_nomem(err);
    bool moved = true;
    if (code == MR_OK)
        code = mr_case_prepare(
            m->cf, "SELECT 1 FROM w WHERE tbl=?1 AND n=?2 AND equal IS NOT 1 LIMIT 1",
            &s.differing, err);
    for (size_t i = 0; code == MR_OK && i < n; i++) {
        s.cursors[i] = (struct cursor){.table = &m->tables[i],
                                       .infers = infer[i],
                                       .keys = MR_VEC_INIT(int64_t),
                                       .arena = MR_ARENA_INIT};
        if (infer[i])
            code = go_down(&s, &s.cursors[i], err);
    }
    while (code == MR_OK && moved)
        code = lower(&s, &moved, err);
    for (size_t i = 0; s.cursors != NULL && i < n; i++) {
        mr_vec_release(&s.cursors[i].keys);
        mr_arena_release(&s.cursors[i].arena);
    }
    mr_case_free(s.differing);
    free(s.cursors);
    return code;
}
