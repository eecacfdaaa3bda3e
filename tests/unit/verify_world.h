/*
 * verify_world: a TARGET of tables in memory and the lines of a plan, for unit tests of what
 * `repair verify` proves of its rows.
 *
 *   world_begin(&w) → world_table, world_line… → the function under test → world.told
 *     → world_end(&w)
 *
 * A table is written as in merge_world.h ("id:int* phone:text!"), a row "7|ann|NULL".  A read of
 * keys gives the rows that have them; a read with a condition gives the table's `found`, whatever
 * the condition is: that is text, and compared as such (world.asked).  fail_at makes the n-th
 * question to TARGET fail with fail_code.  Link with VERIFY_WRAP of module.mk.
 */
#ifndef MR_TESTS_VERIFY_WORLD_H
#define MR_TESTS_VERIFY_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>

#include "plan_values.h"
#include "repair/verify/verify_internal.h"

#define WORLD_TABLES 3
#define WORLD_COLUMNS 6
#define WORLD_LINES 16

struct world_table {
    struct mr_pair pair;
    struct mr_table side;
    struct mr_find_column find[WORLD_COLUMNS];
    struct mr_readcol cols[WORLD_COLUMNS];
    const char *key_names[WORLD_COLUMNS];
    size_t key[WORLD_COLUMNS], named[WORLD_COLUMNS], referring[WORLD_COLUMNS];
    size_t ncolumns;
    const char *const *rows, *const *found; /* up to NULL; NULL: none */
};

struct world {
    struct mr_arena arena;
    struct mr_plan_dir plan;
    struct mr_target target;
    struct mr_verify_rows run;
    struct mr_verify v;
    struct mr_reader reader;
    struct mr_verify_table tables[WORLD_TABLES];
    struct mr_verified_table results[WORLD_TABLES];
    struct mr_planned_table planned[WORLD_TABLES];
    struct world_table of[WORLD_TABLES];
    struct mr_entity_line lines[WORLD_LINES];
    size_t nlines;
    const char *count; /* what COUNT(*) says */
    bool folds;        /* keys of texts are found in any letters */
    struct mr_strbuf told, asked;
    size_t fail_at, questions; /* the n-th fails; asked so far */
    enum mr_code fail_code;
    struct mr_err err;
};
static struct world *world_now; /* the wrapped functions know no other way to it */

/* ---- what is asked of TARGET ---- */

static inline enum mr_code world_ask(const char *sql, struct mr_err *err)
{
    struct world *w = world_now;
    if (sql != NULL)
        mr_strbuf_add_fmt(&w->asked, "%s\n", sql);
    return ++w->questions == w->fail_at ? mr_err_set(err, w->fail_code, "TARGET says no") : MR_OK;
}

static inline size_t world_at(const struct mr_readspec *spec)
{
    size_t at = 0;
    while (at < world_now->v.ntables && strcmp(world_now->of[at].side.name, spec->table) != 0)
        at++;
    assert_true(at < world_now->v.ntables);
    return at;
}

/* The values of a row, in the order of the table's columns. */
static inline void world_values(struct world *w, const struct world_table *t, const char *row,
                                struct mr_value values[WORLD_COLUMNS])
{
    for (size_t i = 0; i < t->ncolumns; i++) {
        const size_t len = strcspn(row, "|");
        values[i] = plan_value(t->cols[i].cls, mr_arena_dup(&w->arena, row, len));
        row += len + (row[len] == '|');
    }
}

static inline struct mr_key world_bytes(struct world *w, size_t table, const char *row,
                                        const size_t *at, size_t n)
{
    struct mr_value values[WORLD_COLUMNS];
    struct mr_strbuf out = MR_STRBUF_INIT;
    world_values(w, &w->of[table], row, values);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(mr_row_encode(&out, &values[at != NULL ? at[i] : i], NULL), MR_OK);
    const struct mr_key key = {mr_arena_dup(&w->arena, out.len > 0 ? out.ptr : "", out.len),
                               out.len};
    mr_strbuf_release(&out);
    return key;
}

static inline struct mr_key world_key(struct world *w, size_t table, const char *row)
{
    return world_bytes(w, table, row, w->of[table].key, w->tables[table].key.count);
}

static inline struct mr_key world_image(struct world *w, size_t table, const char *row)
{
    return world_bytes(w, table, row, NULL, w->of[table].ncolumns);
}

static inline enum mr_code world_give(const struct mr_readspec *spec, const char *row,
                                      mr_row_fn *fn, void *ctx, struct mr_err *err)
{
    const struct world_table *t = &world_now->of[world_at(spec)];
    struct mr_value values[WORLD_COLUMNS], out[WORLD_COLUMNS];
    world_values(world_now, t, row, values);
    for (size_t i = 0; i < spec->ncols; i++)
        for (size_t k = 0; k < t->ncolumns; k++)
            if (strcmp(t->cols[k].name, spec->cols[i].name) == 0)
                out[i] = values[k];
    return fn(ctx, out, err);
}

enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err);
enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err)
{
    const struct world_table *t = &world_now->of[world_at(spec)];
    const char *const *rows = spec->where != NULL ? t->found : t->rows;
    (void)reader;
    (void)range;
    (void)limit;
    enum mr_code code = world_ask(spec->where, err);
    for (; code == MR_OK && rows != NULL && *rows != NULL; rows++)
        code = world_give(spec, *rows, fn, ctx, err);
    return code;
}

static inline bool world_is_key(struct mr_key a, struct mr_key b)
{
    const unsigned char *x = a.ptr, *y = b.ptr;
    bool is = a.len == b.len;
    for (size_t i = 0; is && i < a.len; i++)
        is = x[i] == y[i] || (world_now->folds && tolower(x[i]) == tolower(y[i]));
    return is;
}

enum mr_code __wrap_mr_reader_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                    const struct mr_key *keys, size_t nkeys, mr_row_fn *fn,
                                    void *ctx, struct mr_err *err);
enum mr_code __wrap_mr_reader_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                    const struct mr_key *keys, size_t nkeys, mr_row_fn *fn,
                                    void *ctx, struct mr_err *err)
{
    const size_t at = world_at(spec);
    const char *const *rows = world_now->of[at].rows;
    (void)reader;
    enum mr_code code = world_ask(spec->where, err);
    for (; code == MR_OK && rows != NULL && *rows != NULL; rows++) {
        const struct mr_key own = world_bytes(world_now, at, *rows, spec->key, spec->nkey);
        for (size_t i = 0; code == MR_OK && i < nkeys; i++)
            if (world_is_key(own, keys[i]))
                code = world_give(spec, *rows, fn, ctx, err);
    }
    return code;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    (void)db;
    mr_strbuf_add_str(out, world_now->count);
    return world_ask(sql, err);
}

enum mr_code __wrap_mr_entity_file_read(const char *path, mr_entity_line_fn *fn, void *ctx,
                                        struct mr_err *err);
enum mr_code __wrap_mr_entity_file_read(const char *path, mr_entity_line_fn *fn, void *ctx,
                                        struct mr_err *err)
{
    (void)path;
    enum mr_code code = world_ask(NULL, err);
    for (size_t i = 0; code == MR_OK && i < world_now->nlines; i++)
        code = fn(ctx, &world_now->lines[i], err);
    return code;
}

/* An image is all values, a digest that of the image: what the plan's readings do to values
 * is tested where that is. */
enum mr_code __wrap_mr_rowhash_image(struct mr_rowhash *rh, const struct mr_value *values,
                                     struct mr_strbuf *image, struct mr_err *err);
enum mr_code __wrap_mr_rowhash_image(struct mr_rowhash *rh, const struct mr_value *values,
                                     struct mr_strbuf *image, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    size_t at = 0;
    while (&world_now->tables[at].hash != rh)
        at++;
    for (size_t i = 0; code == MR_OK && i < world_now->of[at].ncolumns; i++)
        code = mr_row_encode(image, &values[i], err);
    return code;
}

enum mr_code __wrap_mr_plan_digester_row(struct mr_plan_digester *digester, struct mr_key image,
                                         struct mr_digest *digest, struct mr_err *err);
enum mr_code __wrap_mr_plan_digester_row(struct mr_plan_digester *digester, struct mr_key image,
                                         struct mr_digest *digest, struct mr_err *err)
{
    (void)digester;
    (void)err;
    *digest = mr_digest_bytes(image.ptr, image.len);
    return MR_OK;
}

/* ---- making it ---- */

static inline enum mr_code world_found(void *ctx, const struct mr_proof_finding *f,
                                       struct mr_err *err)
{
    struct world *w = ctx;
    (void)err;
    mr_strbuf_add_fmt(&w->told, "%s %s", f->table->table, mr_proof_name(f->proof));
    mr_strbuf_add_str(&w->told, f->key.ptr != NULL ? " " : "");
    if (f->key.ptr != NULL)
        mr_proof_key_text(&w->told, f->image, f->key);
    mr_strbuf_add_fmt(&w->told, "%s%s\n", f->detail != NULL ? ": " : "",
                      f->detail != NULL ? f->detail : "");
    return MR_OK;
}

static inline void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    world_now = w;
    mr_arena_init(&w->arena);
    w->told = w->asked = (struct mr_strbuf)MR_STRBUF_INIT;
    mr_strbuf_add_str(&w->told, "");
    mr_strbuf_add_str(&w->asked, "");
    w->plan.manifest.policy = MR_POLICY_MERGE;
    w->run = (struct mr_verify_rows){.plan = &w->plan,
                                     .target = &w->target,
                                     .found = world_found,
                                     .ctx = w,
                                     .arena = &w->arena,
                                     .tables = w->results};
    w->v = (struct mr_verify){.run = &w->run, .tables = w->tables, .reader = &w->reader};
    w->count = "0";
}

/* A word "id:int*". */
static inline void world_column(struct mr_verify_table *t, struct world_table *of, char *word)
{
    const size_t at = of->ncolumns++;
    char *type = strchr(word, ':');
    size_t len = 0;
    *type++ = '\0';
    const struct mr_column *column = plan_type(type, &len);
    of->cols[at] = (struct mr_readcol){
        .name = word, .expr = MR_EXPR_COLUMN, .cls = column->cls, .charset = column->charset};
    of->find[at] = (struct mr_find_column){
        .name = word, .type = column->type, .style = {column->cls, 0}, .charset = column->charset};
    if (strchr(type + len, '*') != NULL) {
        of->key_names[t->key.count] = word;
        of->key[t->key.count++] = at;
    }
    if (strchr(type + len, '!') != NULL)
        of->named[t->identity.count++] = at;
}

/* Its place; the table is d.NAME on TARGET, too. */
static inline size_t world_table(struct world *w, const char *name, const char *columns)
{
    const size_t at = w->v.ntables++;
    struct mr_verify_table *t = &w->tables[at];
    struct world_table *of = &w->of[at];
    char *words = mr_arena_strdup(&w->arena, columns), *shown = mr_arena_calloc(&w->arena, 1, 80);
    (void)snprintf(shown, 80, "d.%s", name);
    *t = (struct mr_verify_table){.planned = &w->planned[at],
                                  .result = &w->results[at],
                                  .image = &of->pair,
                                  .key = {of->key, 0},
                                  .identity = {of->named, 0},
                                  .references = {of->referring, 0},
                                  .twice = MR_VEC_INIT(struct mr_digest),
                                  .expected = MR_VEC_INIT(struct mr_verify_expected)};
    mr_verify_gone_init(t);
    for (char *rest = NULL, *word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
        world_column(t, of, word);
    of->side = (struct mr_table){.db = "d", .name = name, .kind = MR_TABLE_BASE};
    of->pair = (struct mr_pair){.find = {.name = shown,
                                         .target_name = shown,
                                         .columns = of->find,
                                         .ncolumns = of->ncolumns},
                                .side = {&of->side, &of->side},
                                .key_columns = of->key,
                                .nkey_columns = t->key.count};
    t->spec = (struct mr_readspec){.db = "d",
                                   .table = name,
                                   .cols = of->cols,
                                   .ncols = of->ncolumns,
                                   .key = of->key,
                                   .nkey = t->key.count};
    w->planned[at] = (struct mr_planned_table){
        .table = shown, .target_table = shown, .key = {of->key_names, t->key.count}};
    w->results[at].planned = &w->planned[at];
    return at;
}

/* A line of the plan about a row, as it is to stand. */
static inline struct mr_entity_line *world_line(struct world *w, size_t table,
                                                enum mr_decision decision, const char *row)
{
    const struct mr_key image = world_image(w, table, row);
    struct mr_entity_line *line = &w->lines[w->nlines++];
    *line = (struct mr_entity_line){.table = w->planned[table].table,
                                    .target_key = world_key(w, table, row),
                                    .decision = decision,
                                    .has_digest = true,
                                    .digest = mr_digest_bytes(image.ptr, image.len)};
    return line;
}

static inline void world_end(struct world *w)
{
    for (size_t i = 0; i < w->v.ntables; i++) {
        mr_vec_release(&w->tables[i].twice);
        mr_vec_release(&w->tables[i].expected);
        mr_vec_release(&w->tables[i].gone);
        mr_vec_release(&w->tables[i].orphans);
        mr_vec_release(&w->tables[i].moved_on);
    }
    mr_strbuf_release(&w->told);
    mr_strbuf_release(&w->asked);
    mr_arena_release(&w->arena);
}

#endif
