/*
 * merge_world: two histories in memory and a case, for unit tests of the merge planner.
 *
 *   world_begin(&w) → world_table, world_reference, world_both… → world_open(&w) →
 *   world_row, world_link, world_sql, world_source, world_target … → world_expect → world_end(&w)
 *
 * A table is written "id:int# phone:text! name:text?": a type (world_types below) and marks,
 * `*` a column of the key, `#` one that a counter makes, `!` of the identity, `?` may be NULL,
 * `=` generated, `~` ignored, `@` tells creation, `^` the last update, `%` a hidden value
 * behind the columns, `-` whose images keep the sign of -0.  Without `!` a table with a counter is known by none, another by its
 * key.  A row is written "7|ann|NULL": NULL is NULL, nothing is an empty value, and `\0` a
 * byte of zero.
 *
 * Servers are these rows: a reader finds them by key as its side's collation does without a
 * server (mr_canon_local).  world.fail_read makes the n-th read fail, and world.fail_case the
 * n-th statement of the case: link with MERGE_WRAP of module.mk.
 */
#ifndef MR_TESTS_MERGE_WORLD_H
#define MR_TESTS_MERGE_WORLD_H

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

#define LEN(array) (sizeof(array) / sizeof *(array))
#define WORLD_TABLES 6
#define WORLD_COLUMNS 10
#define WORLD_REFERENCES 8
#define WORLD_ROWS 2100

static const struct {
    const char *word;
    struct mr_column column;
} world_types[] = {
    {"int", {.type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT}},
    {"uint",
     {.type = "bigint(20) unsigned",
      .data_type = "bigint",
      .cls = MR_CLASS_UINT,
      .is_unsigned = true}},
    {"text",
     {.type = "varchar(20)",
      .data_type = "varchar",
      .cls = MR_CLASS_TEXT,
      .charset = "utf8mb4",
      .collation = "utf8mb4_general_ci"}},
    {"exact",
     {.type = "varchar(20)",
      .data_type = "varchar",
      .cls = MR_CLASS_TEXT,
      .charset = "utf8mb4",
      .collation = "utf8mb4_nopad_bin"}},
    {"real", {.type = "double", .data_type = "double", .cls = MR_CLASS_DOUBLE}},
    {"date", {.type = "date", .data_type = "date", .cls = MR_CLASS_DATE}},
    {"datetime", {.type = "datetime", .data_type = "datetime", .cls = MR_CLASS_DATETIME}},
    {"stamp", {.type = "timestamp", .data_type = "timestamp", .cls = MR_CLASS_DATETIME}},
};

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

static inline struct mr_time world_time(const char *text)
{
    struct mr_time t = {0};
    (void)sscanf(text, "%" SCNu32 "-%" SCNu32 "-%" SCNu32 " %" SCNu32 ":%" SCNu32 ":%" SCNu32,
                 &t.year, &t.month, &t.day, &t.hour, &t.minute, &t.second);
    return t;
}

/* A value of that class out of its text, which must stay. */
static inline struct mr_value world_value(struct world *w, enum mr_class cls, const char *text,
                                          size_t len)
{
    char *copy = mr_arena_dup(&w->arena, text, len + 1);
    copy[len] = '\0';
    if (strcmp(copy, "NULL") == 0)
        return (struct mr_value){.cls = MR_CLASS_NULL};
    if (cls == MR_CLASS_INT)
        return (struct mr_value){.cls = cls, .i = strtoll(copy, NULL, 10)};
    if (cls == MR_CLASS_UINT)
        return (struct mr_value){.cls = cls, .u = strtoull(copy, NULL, 10)};
    if (cls == MR_CLASS_DOUBLE)
        return (struct mr_value){.cls = cls, .d = strtod(copy, NULL)};
    if (cls == MR_CLASS_DATE || cls == MR_CLASS_DATETIME)
        return (struct mr_value){.cls = cls, .t = world_time(copy)};
    size_t to = 0;
    for (size_t from = 0; from < len; from++, to++) {
        const bool is_zero = text[from] == '\\' && from + 1 < len && text[from + 1] == '0';
        copy[to] = is_zero ? '\0' : text[from];
        from += is_zero;
    }
    return (struct mr_value){.cls = cls, .ptr = copy, .len = to};
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
        for (size_t k = 0; k < t->side[MR_TARGET].ncolumns; k++)
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
                                           size_t wanted, struct mr_arena *arena,
                                           struct mr_vec *keys, struct mr_err *err)
{
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
    *r = (struct world_reader){{source}, s->w, s->side, NULL};
    *out = &r->reader;
    return MR_OK;
}

/* ---- making it ---- */

static inline void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    mr_arena_init(&w->arena);
    w->m.arena = (struct mr_arena)MR_ARENA_INIT;
    w->text = (struct mr_strbuf)MR_STRBUF_INIT;
    w->plan = (struct mr_plan_tables){.tables = w->planned, .references = w->references};
    w->plan.pairing.side = w->servers;
    w->plan.pairing.arena = &w->arena;
    w->plan.pairing.tables = w->pairs;
    w->m.plan = &w->plan;
    w->m.tables = w->merged;
    w->m.options = &w->options;
    w->m.result = &w->result;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        w->readers[side] = w->mains[side] =
            (struct world_reader){{&w->sources[side].source}, w, (enum mr_side)side, NULL};
        w->sources[side] = (struct world_source){{&world_ops}, w, (enum mr_side)side};
        w->m.reader[side] = &w->readers[side].reader;
        w->servers[side].main = &w->mains[side].reader;
        w->servers[side].cat = &w->cat[side];
        w->servers[side].ep = &w->ep[side];
        w->servers[side].source = w->servers[side].view = &w->sources[side].source;
    }
    world_fail_case = 0;
    world_failed = false;
}

/* What the marks behind a column's type say. */
static inline void world_mark(struct world *w, struct mr_plan_table *p, struct world_table *t,
                              size_t at, char mark)
{
    (void)w;
    if (mark == '*' || mark == '#')
        t->key[p->key.count++] = at;
    if (mark == '#') {
        p->counter = at;
        p->counts_unsigned = t->cols[at].cls == MR_CLASS_UINT;
        t->columns[MR_TARGET][at].auto_increment = t->columns[MR_SOURCE][at].auto_increment = true;
    }
    if (mark == '!')
        t->named[p->named_by.count++] = at;
    t->nullable[at] = t->nullable[at] || mark == '?';
    t->generated[at] = t->generated[at] || mark == '=';
    t->ignored[at] = t->ignored[at] || mark == '~';
    t->signs[at] = t->signs[at] || mark == '-';
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        t->columns[side][at].nullable = t->nullable[at];
        t->columns[side][at].generated = t->generated[at];
    }
    if (mark == '@')
        p->time_at = p->created_at = at;
    if (mark == '^')
        p->update_at = at;
}

/* A word "phone:text!"; false: a hidden value. */
static inline bool world_column(struct world *w, struct mr_plan_table *p, struct world_table *t,
                                char *word)
{
    const size_t at = t->pair.full[MR_SOURCE].ncols++;
    char *type = strchr(word, ':');
    size_t known = 0;
    *type++ = '\0';
    const size_t len = strspn(type, "abcdefghijklmnopqrstuvwxyz");
    while (strlen(world_types[known].word) != len ||
           memcmp(world_types[known].word, type, len) != 0)
        known++;
    const struct mr_column *column = &world_types[known].column;
    t->cols[at] = (struct mr_readcol){
        .name = word, .expr = MR_EXPR_COLUMN, .cls = column->cls, .charset = column->charset};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        t->columns[side][at] = *column;
        t->columns[side][at].name = word;
        t->at[side][at] = &t->columns[side][at];
    }
    t->find[at] = (struct mr_find_column){.name = word,
                                          .type = column->type,
                                          .style = {column->cls, 0},
                                          .show_at = at,
                                          .charset = column->charset,
                                          .key_at = -1,
                                          .identity_at = -1,
                                          .flag_at = -1};
    t->found_at[at] = at;
    for (const char *mark = type + len; *mark != '\0'; mark++)
        world_mark(w, p, t, at, *mark);
    return strchr(type + len, '%') == NULL;
}

/* What a full read of either side has, and who plans it. */
static inline void world_finish(struct world *w, struct mr_plan_table *p, struct world_table *t,
                                size_t ncolumns)
{
    struct mr_pair *pair = &t->pair;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        t->side[side].columns = t->columns[side];
        t->side[side].ncolumns = ncolumns;
        pair->side[side] = &t->side[side];
        pair->column[side] = t->at[side];
        pair->full[side] = (struct mr_readspec){.db = t->side[side].db,
                                                .table = t->side[side].name,
                                                .cols = t->cols,
                                                .ncols = pair->full[MR_SOURCE].ncols,
                                                .key = t->key,
                                                .nkey = p->key.count};
    }
    pair->find.columns = t->find;
    pair->find.ncolumns = pair->ncompared = ncolumns;
    pair->at = p->at;
    pair->normalise = t->normalise;
    pair->ignored = t->ignored;
    pair->config = &t->config;
    pair->arena = &w->arena;
    p->pair = pair;
    p->found = &t->found;
    p->found_at = t->found_at;
    p->gone = &t->gone;
    p->nullable = t->nullable;
    p->generated = t->generated;
    p->signs = t->signs;
    p->uniques = t->uniques;
    p->sets = t->sets;
    p->key.at = t->key;
}

/* How the rows are known again: by '!', by the key, or by nothing. */
static inline void world_identify(struct mr_plan_table *p, struct world_table *t)
{
    p->identity = MR_PLAN_BY_COLUMNS;
    p->named_by.at = t->named;
    if (p->named_by.count > 0)
        return;
    if (p->key.count > 0 && p->counter == MR_NO_COLUMN) {
        p->named_by = p->key;
        return;
    }
    p->identity = p->key.count == 0 ? MR_PLAN_BY_ROW : MR_PLAN_BY_NONE;
    for (size_t i = 0; p->key.count == 0 && i < t->pair.find.ncolumns; i++)
        t->named[p->named_by.count++] = i;
}

/* Its place. */
static inline size_t world_table(struct world *w, const char *name, const char *columns)
{
    const size_t at = w->plan.ntables++;
    struct mr_plan_table *p = &w->planned[at];
    struct world_table *t = &w->tables[at];
    char *words = mr_arena_strdup(&w->arena, columns), *shown = mr_arena_alloc(&w->arena, 80);
    size_t ncolumns = 0;
    (void)snprintf(shown, 80, "d.%s", name);
    *p = (struct mr_plan_table){.at = at,
                                .component = at,
                                .counter = MR_NO_COLUMN,
                                .time_at = MR_NO_COLUMN,
                                .update_at = MR_NO_COLUMN,
                                .created_at = MR_NO_COLUMN};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        t->side[side] = (struct mr_table){
            .db = side == MR_SOURCE ? "d" : "live", .name = name, .kind = MR_TABLE_BASE};
    t->pair.find.name = t->pair.find.target_name = shown;
    while (*words != '\0') {
        const size_t len = strcspn(words, " ");
        char *next = words + len + (words[len] == ' ');
        words[len] = '\0';
        ncolumns += world_column(w, p, t, words);
        words = next;
    }
    world_finish(w, p, t, ncolumns);
    world_identify(p, t);
    w->pairs[at] = &t->pair;
    w->merged[at] = (struct mr_merge_table){.plan = p, .bound = {.base_origin = "equal rows"}};
    return at;
}

static inline size_t world_find(const struct world *w, size_t table, const char *name, size_t len)
{
    const struct world_table *t = &w->tables[table];
    size_t at = 0;
    while (strlen(t->find[at].name) != len || memcmp(t->find[at].name, name, len) != 0)
        at++;
    return at;
}

static inline struct mr_plan_columns world_places(struct world *w, size_t *at, size_t table,
                                                  const char *names)
{
    struct mr_plan_columns columns = {at, 0};
    while (*names != '\0') {
        const size_t len = strcspn(names, "+");
        at[columns.count++] = world_find(w, table, names, len);
        names += len + (names[len] == '+');
    }
    return columns;
}

static inline size_t world_set(struct mr_plan_table *p, struct world_table *t,
                               struct mr_plan_columns to)
{
    size_t at = 0;
    while (at < p->nsets && (t->sets[at].count != to.count ||
                             memcmp(t->sets[at].at, to.at, to.count * sizeof *to.at) != 0))
        at++;
    t->sets[at] = to;
    p->nsets = at == p->nsets ? at + 1 : p->nsets;
    return at;
}

/* A foreign key of columns "a+b" to as many of the parent. */
static inline struct mr_plan_reference *
world_reference(struct world *w, size_t child, const char *from, size_t parent, const char *to)
{
    const size_t at = w->plan.nreferences++;
    struct mr_plan_reference *r = &w->references[at];
    struct mr_pair_reference *edge = &w->edges[at];
    *edge = (struct mr_pair_reference){.child = w->pairs[child], .parent = w->pairs[parent]};
    edge->edge = (struct mr_lineage_reference){
        .parent_name = w->pairs[parent]->find.name, .declared = true, .condition_at = -1};
    *r = (struct mr_plan_reference){.pair = edge,
                                    .from = world_places(w, w->columns[2 * at], child, from),
                                    .to = world_places(w, w->columns[2 * at + 1], parent, to),
                                    .child = child,
                                    .parent = parent};
    r->to_set = world_set(&w->planned[parent], &w->tables[parent], r->to);
    for (size_t i = 0; i < r->from.count; i++) {
        r->of_key = r->of_key || mr_plan_columns_has(&w->planned[child].key, r->from.at[i]);
        r->hard =
            r->hard || r->of_key || mr_plan_columns_has(&w->planned[child].named_by, r->from.at[i]);
        r->nullable = r->nullable || w->tables[child].nullable[r->from.at[i]];
    }
    return r;
}

static inline struct mr_plan_unique *world_unique(struct world *w, size_t table, const char *name,
                                                  const char *columns)
{
    struct mr_plan_unique *u = &w->tables[table].uniques[w->planned[table].nuniques++];
    size_t *at = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *at);
    *u = (struct mr_plan_unique){.name = name, .columns = world_places(w, at, table, columns)};
    return u;
}

/* A row that a side has. */
static inline void world_has(struct world *w, enum mr_side side, size_t table, const char *row)
{
    struct world_table *t = &w->tables[table];
    t->rows[side][t->nrows[side]++] = row;
}

static inline void world_source(struct world *w, size_t table, const char *row)
{
    world_has(w, MR_SOURCE, table, row);
}

static inline void world_target(struct world *w, size_t table, const char *row)
{
    world_has(w, MR_TARGET, table, row);
}

static inline void world_both(struct world *w, size_t table, const char *row)
{
    world_source(w, table, row);
    world_target(w, table, row);
}

/* The case, with a run; then world_run_table, world_finding, world_open_plan. */
static inline void world_open_case(struct world *w)
{
    w->run = (struct mr_find_run){.uuid = "20260102T030405Z-8f3a",
                                  .source = "mysql://a@old/",
                                  .target = "mysql://a@new/",
                                  .options = "",
                                  .started = "2026-01-02T03:04:05Z"};
    world_require(mr_findings_open(NULL, MR_CASE_WRITE, &w->fd, NULL));
    world_require(mr_findings_run_begin(w->fd, &w->run, NULL));
    w->m.fd = w->fd;
    w->m.cf = mr_findings_case(w->fd);
}

/* The run has compared that table. */
static inline void world_run_table(struct world *w, size_t table)
{
    struct world_table *t = &w->tables[table];
    bool known = false;
    t->found = t->pair.find;
    t->found.keyless = w->planned[table].key.count == 0;
    world_require(mr_findings_table_add(w->fd, &t->found, &known, NULL));
    const struct mr_find_chunk chunk = {.table = t->found.id, .no = 1, .last = true};
    world_require(mr_findings_chunk_done(w->fd, &chunk, NULL, 0, NULL));
}

/* And found a row to differ; NULL: a side lacks it. */
static inline void world_finding(struct world *w, size_t table, const char *source,
                                 const char *target, uint64_t count, enum mr_find_state state)
{
    static uint64_t pos;
    const struct mr_key s = world_image(w, table, source), t = world_image(w, table, target);
    const struct mr_finding f = {.chunk = 1,
                                 .pos = ++pos,
                                 .key = world_key(w, table, source != NULL ? source : target),
                                 .state = state,
                                 .kind = source == NULL   ? MR_KIND_EXTRA
                                         : target == NULL ? MR_KIND_MISSING
                                                          : MR_KIND_CHANGED,
                                 .count = count,
                                 .source = s.ptr,
                                 .source_len = s.len,
                                 .target = t.ptr,
                                 .target_len = t.len};
    world_require(mr_findings_save(w->fd, w->tables[table].found.id, &f, 1, true, NULL));
}

/* Begins the plan. */
static inline void world_open_plan(struct world *w)
{
    world_require(mr_plan_store_open(w->fd, &w->m.store, NULL));
    world_require(mr_plan_store_begin(w->m.store, 1, NULL));
    mr_image_init(&w->m.image[0]);
    mr_image_init(&w->m.image[1]);
    mr_plan_fit_open(&w->m.fit, &w->plan, w->m.reader[MR_TARGET]);
    w->m.fit.is_placeholder = mr_merge_provisional_within;
    world_require(mr_merge_work_open(&w->m, NULL));
    w->plan.pairing.ntables = w->plan.ntables;
}

/* Both: tables are known, rows may still come. */
static inline void world_open(struct world *w)
{
    world_open_case(w);
    world_open_plan(w);
}

static inline void world_end(struct world *w)
{
    mr_plan_fit_close(&w->m.fit);
    mr_image_release(&w->m.image[0]);
    mr_image_release(&w->m.image[1]);
    mr_plan_store_close(w->m.store);
    world_require(mr_findings_close(w->fd, NULL));
    mr_arena_release(&w->m.arena);
    mr_arena_release(&w->arena);
    mr_strbuf_release(&w->text);
}

#include "merge_world_tables.h"

#endif
