/*
 * merge_sides: the two servers of merge_world.h: tables, values, and readers of rows that stand
 * in memory.
 *
 * A reader finds rows by key as its side's collation does without a server (mr_canon_local),
 * and scans them in the order in which they were given.  world.fail_read makes the n-th read
 * fail, and world_fail_case the n-th statement of the case: link with MERGE_WRAP of module.mk.
 */
#ifndef MR_TESTS_MERGE_SIDES_H
#define MR_TESTS_MERGE_SIDES_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "core/source/canon.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"
#include "repair/plan/plan_text.h"
#include "repair/side/counted.h"
#include "plan_values.h"

#define WORLD_TABLES 6
#define WORLD_COLUMNS 10
#define WORLD_REFERENCES 8
#define WORLD_ROWS 2100

struct world_table {
    struct mr_pair pair;
    struct mr_find_table found;
    struct mr_column columns[MR_SIDES][WORLD_COLUMNS];
    const struct mr_column *at[MR_SIDES][WORLD_COLUMNS];
    struct mr_find_column find[WORLD_COLUMNS];
    struct mr_readcol cols[WORLD_COLUMNS];
    struct mr_table side[MR_SIDES];
    struct mr_table_config config;
    size_t key[WORLD_COLUMNS], named[WORLD_COLUMNS], found_at[WORLD_COLUMNS];
    bool nullable[WORLD_COLUMNS], generated[WORLD_COLUMNS], ignored[WORLD_COLUMNS];
    bool normalise[WORLD_COLUMNS], signs[WORLD_COLUMNS];
    struct mr_plan_columns sets[WORLD_REFERENCES];
    struct mr_plan_unique uniques[4];
    struct mr_plan_gone gone;
    const char *rows[MR_SIDES][WORLD_ROWS];
    size_t nrows[MR_SIDES];
    uint64_t next[MR_SIDES]; /* of the counter, as the server says */
};

struct world;
struct world_reader {
    struct mr_reader reader;
    struct world *w;
    enum mr_side side;
    struct mr_db *db; /* of a test that replaces all who ask it; else NULL */
};

struct world {
    struct mr_merge m;
    struct mr_plan_tables plan;
    struct mr_server_side servers[MR_SIDES];
    struct mr_catalogue cat[MR_SIDES];
    struct mr_endpoint ep[MR_SIDES];
    struct world_source {
        struct mr_source source;
        struct world *w;
        enum mr_side side;
    } sources[MR_SIDES];
    struct world_reader readers[MR_SIDES], mains[MR_SIDES];
    struct world_table tables[WORLD_TABLES];
    struct mr_pair *pairs[WORLD_TABLES];
    struct mr_plan_table planned[WORLD_TABLES];
    struct mr_merge_table merged[WORLD_TABLES];
    struct mr_plan_reference references[WORLD_REFERENCES];
    struct mr_pair_reference edges[WORLD_REFERENCES];
    size_t columns[2 * WORLD_REFERENCES][WORLD_COLUMNS];
    struct mr_merge_options options;
    struct mr_merge_result result;
    struct mr_findings *fd;
    struct mr_find_run run;
    struct mr_arena arena;
    struct mr_strbuf text;
    struct mr_err err;
    size_t fail_read, reads; /* the n-th read fails; reads so far */
};

static size_t world_fail_case; /* the n-th statement of the case fails; 0: none does */
static bool world_failed;

/* ---- failures ---- */

enum mr_code __real_mr_case_step(struct mr_case_stmt *stmt, bool *row, struct mr_err *err);
enum mr_code __real_mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err);
enum mr_code __wrap_mr_case_step(struct mr_case_stmt *stmt, bool *row, struct mr_err *err);
enum mr_code __wrap_mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err);

static inline bool world_is_failing(void)
{
    if (world_fail_case == 0 || --world_fail_case > 0)
        return false;
    world_failed = true;
    return true;
}

enum mr_code __wrap_mr_case_step(struct mr_case_stmt *stmt, bool *row, struct mr_err *err)
{
    return world_is_failing() ? mr_err_set(err, MR_E_CASE, "the disk is full")
                              : __real_mr_case_step(stmt, row, err);
}

enum mr_code __wrap_mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err)
{
    if (!world_is_failing())
        return __real_mr_case_run(stmt, err);
    mr_case_reset(stmt);
    return mr_err_set(err, MR_E_CASE, "the disk is full");
}

static inline void world_require(enum mr_code code)
{
    if (code != MR_OK)
        fail_msg("the world cannot be made: %d", (int)code);
}

/* ---- values ---- */

/* A value of that class out of the first bytes of a text. */
static inline struct mr_value world_value(struct world *w, enum mr_class cls, const char *text,
                                          size_t len)
{
    char *copy = mr_arena_dup(&w->arena, text, len + 1);
    copy[len] = '\0';
    return plan_value(cls, copy);
}

/* The values of a row, one for each value of a full read. */
static inline void world_values(struct world *w, const struct world_table *t, const char *row,
                                struct mr_value values[WORLD_COLUMNS])
{
    for (size_t i = 0; i < t->pair.full[MR_SOURCE].ncols; i++) {
        size_t len = strcspn(row, "|");
        values[i] = world_value(w, t->cols[i].cls, row, len);
        row += len + (row[len] == '|');
    }
}

/* Encodings of values, of which `at` names the places; NULL: all of a row. */
static inline struct mr_key world_encode(struct world *w, const struct mr_value *values,
                                         const size_t *at, size_t n)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < n; i++)
        world_require(mr_row_encode(&out, &values[at != NULL ? at[i] : i], NULL));
    const struct mr_key key = {mr_arena_dup(&w->arena, out.ptr != NULL ? out.ptr : "", out.len),
                               out.len};
    mr_strbuf_release(&out);
    return key;
}

static inline struct mr_key world_image(struct world *w, size_t table, const char *row)
{
    const struct world_table *t = &w->tables[table];
    struct mr_value values[WORLD_COLUMNS];
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (row == NULL)
        return (struct mr_key){0};
    world_values(w, t, row, values);
    for (size_t i = 0; i < t->pair.full[MR_SOURCE].ncols; i++)
        world_require(t->signs[i] ? mr_row_encode_exact(&out, &values[i], NULL)
                                  : mr_row_encode(&out, &values[i], NULL));
    const struct mr_key image = {mr_arena_dup(&w->arena, out.ptr, out.len), out.len};
    mr_strbuf_release(&out);
    return image;
}

static inline struct mr_key world_key(struct world *w, size_t table, const char *row)
{
    const struct world_table *t = &w->tables[table];
    struct mr_value values[WORLD_COLUMNS];
    if (row == NULL)
        return (struct mr_key){0};
    if (w->planned[table].key.count == 0)
        return world_image(w, table, row);
    world_values(w, t, row, values);
    return world_encode(w, values, t->key, w->planned[table].key.count);
}

/* ---- readers ---- */

static inline struct world_table *world_named(struct world *w, const struct mr_readspec *spec)
{
    for (size_t i = 0; i < w->plan.ntables; i++)
        if (strcmp(w->tables[i].side[MR_SOURCE].name, spec->table) == 0)
            return &w->tables[i];
    fail_msg("nobody has table %s", spec->table);
    return NULL;
}

static inline enum mr_code world_read(struct world_reader *r, struct mr_err *err)
{
    r->w->reads++;
    if (r->w->fail_read == 0 || --r->w->fail_read > 0)
        return MR_OK;
    world_failed = true;
    return mr_err_set(err, MR_E_LOST, "the server is gone");
}

/* A row as a spec reads it. */
static inline void world_select(struct world *w, const struct world_table *t, const char *row,
                                const struct mr_readspec *spec, struct mr_value *out)
{
    struct mr_value values[WORLD_COLUMNS];
    world_values(w, t, row, values);
    for (size_t i = 0; i < spec->ncols; i++)
        for (size_t k = 0; k < t->pair.full[MR_SOURCE].ncols; k++)
            if (strcmp(t->cols[k].name, spec->cols[i].name) == 0)
                out[i] = values[k];
}

/* Values as the collation compares them; false: one is NULL. */
static inline bool world_canon(struct world *w, enum mr_side side, const struct mr_readspec *spec,
                               const struct mr_value *values, struct mr_strbuf *out)
{
    const struct world_table *t = world_named(w, spec);
    mr_strbuf_reset(out);
    for (size_t i = 0; i < spec->nkey; i++) {
        const struct mr_readcol *col = &spec->cols[spec->key[i]];
        const char *collation = NULL;
        for (size_t k = 0; k < t->side[side].ncolumns; k++)
            if (strcmp(t->columns[side][k].name, col->name) == 0)
                collation = t->columns[side][k].collation;
        if (values[i].cls == MR_CLASS_NULL)
            return false;
        if (values[i].cls == MR_CLASS_TEXT)
            mr_canon_local(out, col->charset, collation, values[i].ptr, values[i].len);
        else
            world_require(mr_row_encode(out, &values[i], NULL));
        mr_strbuf_add(out, "|", 1);
    }
    return true;
}

static inline bool world_has_key(struct world *w, enum mr_side side, const struct mr_readspec *spec,
                                 const struct mr_value *row, struct mr_key key)
{
    struct mr_value own[WORLD_COLUMNS], asked[WORLD_COLUMNS];
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
    size_t pos = 0;
    for (size_t i = 0; i < spec->nkey; i++) {
        own[i] = row[spec->key[i]];
        world_require(mr_row_decode(key.ptr, key.len, &pos, &asked[i], NULL));
    }
    bool is = world_canon(w, side, spec, own, &a) && world_canon(w, side, spec, asked, &b) &&
              a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
    mr_strbuf_release(&a);
    mr_strbuf_release(&b);
    return is;
}

static inline enum mr_code world_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                       const struct mr_key *keys, size_t nkeys, mr_row_fn *fn,
                                       void *ctx, struct mr_err *err)
{
    struct world_reader *r = (struct world_reader *)reader;
    const struct world_table *t = world_named(r->w, spec);
    MR_TRY(world_read(r, err));
    for (size_t i = 0; i < t->nrows[r->side]; i++) {
        struct mr_value values[WORLD_COLUMNS];
        bool is = false;
        world_select(r->w, t, t->rows[r->side][i], spec, values);
        for (size_t k = 0; !is && k < nkeys; k++)
            is = world_has_key(r->w, r->side, spec, values, keys[k]);
        if (is)
            MR_TRY(fn(ctx, values, err));
    }
    return MR_OK;
}

/* Rows stand in the order of their keys. */
static inline enum mr_code world_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                      struct mr_range range, uint64_t limit, mr_row_fn *fn,
                                      void *ctx, struct mr_err *err)
{
    struct world_reader *r = (struct world_reader *)reader;
    const struct world_table *t = world_named(r->w, spec);
    uint64_t given = 0;
    MR_TRY(world_read(r, err));
    for (size_t i = 0; i < t->nrows[r->side] && (limit == 0 || given < limit); i++) {
        struct mr_value values[WORLD_COLUMNS];
        world_select(r->w, t, t->rows[r->side][i], spec, values);
        const struct mr_key key = world_encode(r->w, values, spec->key, spec->nkey);
        if ((range.lo.ptr != NULL && mr_key_compare(key, range.lo) <= 0) ||
            (range.hi.ptr != NULL && mr_key_compare(key, range.hi) > 0))
            continue;
        given++;
        MR_TRY(fn(ctx, values, err));
    }
    return MR_OK;
}

static inline enum mr_code world_counter(struct mr_reader *reader, const struct mr_table *table,
                                         uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    struct world_reader *r = (struct world_reader *)reader;
    const struct mr_readspec spec = {.table = table->name};
    const struct world_table *t = world_named(r->w, &spec);
    MR_TRY(world_read(r, err));
    *next = t->next[r->side];
    for (size_t i = 0; greatest != NULL && i < t->nrows[r->side]; i++) {
        const uint64_t n = strtoull(t->rows[r->side][i], NULL, 10);
        *greatest = n > *greatest ? n : *greatest;
    }
    return MR_OK;
}

static inline struct mr_db *world_db(struct mr_reader *reader)
{
    return ((struct world_reader *)reader)->db;
}

static inline bool world_no_order(struct mr_reader *reader, const struct mr_readspec *spec)
{
    (void)reader;
    (void)spec;
    return false;
}

static inline enum mr_code world_no_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                                           struct mr_range range, size_t wanted,
                                           struct mr_arena *arena, struct mr_vec *keys,
                                           struct mr_err *err)
{
    (void)range;
    (void)reader, (void)spec, (void)wanted, (void)arena, (void)keys, (void)err;
    return MR_OK;
}

/* A view of the same rows. */
static inline enum mr_code world_reader_new(struct mr_source *source, struct mr_reader **out,
                                            struct mr_err *err);

static inline void world_reader_free(struct mr_reader *reader)
{
    free(reader);
}

static const struct mr_source_ops world_ops = {.reader_new = world_reader_new,
                                               .reader_free = world_reader_free,
                                               .scan = world_scan,
                                               .fetch = world_fetch,
                                               .counter = world_counter,
                                               .reader_db = world_db,
                                               .has_order = world_no_order,
                                               .bounds = world_no_bounds};

static inline enum mr_code world_reader_new(struct mr_source *source, struct mr_reader **out,
                                            struct mr_err *err)
{
    const struct world_source *s = (const struct world_source *)source;
    struct world_reader *r = calloc(1, sizeof *r);
    (void)err;
    *r = (struct world_reader){{.source = source}, s->w, s->side, NULL};
    *out = &r->reader;
    return MR_OK;
}

#endif
