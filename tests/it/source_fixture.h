/*
 * source_fixture.h: two servers to read from, and rows that were read.
 *
 * MYRECON_TEST_A and MYRECON_TEST_B name the servers (URIs); without them every test is
 * skipped.  Everything happens in database DB, which the including file defines (tests
 * run side by side), and which is dropped at the end.
 */
#ifndef MR_TESTS_SOURCE_FIXTURE_H
#define MR_TESTS_SOURCE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/source/source.h"

#ifndef DB
#define DB "e_fixture"
#endif

#define OPEN                                                                                       \
    {                                                                                              \
        .lo = {NULL, 0}, .hi = { NULL, 0 }                                                         \
    }

/* One server: a source, one reader of it, and a connection that may write. */
struct side {
    struct mr_endpoint ep;
    struct mr_source *src;
    struct mr_reader *reader;
    struct mr_db *db;
};

static struct side sides[2];

static const struct mr_range everything = OPEN;
static const size_t leading[] = {0, 1}; /* the key stands in front */

static inline void check(enum mr_code code, const struct mr_err *err, const char *what)
{
    if (code != MR_OK)
        fail_msg("%s: %s (%u)", what, err->message, err->sql_errno);
}

static inline void run(struct mr_db *db, const char *sql)
{
    struct mr_err err = {0};
    enum mr_code code = mr_db_exec(db, sql, strlen(sql), &err);
    if (code != MR_OK)
        fail_msg("%s: %s", sql, err.message);
}

static inline uint64_t ask(struct mr_db *db, const char *sql)
{
    struct mr_err err = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    check(mr_db_query_text(db, sql, &text, &err), &err, sql);
    uint64_t value = strtoull(text.ptr, NULL, 10);
    mr_strbuf_release(&text);
    return value;
}

static inline int connect_side(struct side *side, const char *uri)
{
    static const struct mr_source_opts opts = {.db = {.run_tag = "it-source"}};
    static const struct mr_db_opts writing = {.run_tag = "it-source", .writable = true};
    struct mr_err err = {0};
    if (mr_endpoint_parse(&side->ep, uri, &err) == MR_OK &&
        mr_source_live_new(&side->ep, &opts, &side->src, &err) == MR_OK &&
        mr_source_reader_new(side->src, &side->reader, &err) == MR_OK &&
        mr_db_open(&side->ep, &writing, &side->db, &err) == MR_OK)
        return 0;
    print_error("%s: %s\n", uri, err.message);
    return -1;
}

static inline int group_setup(void **state)
{
    (void)state;
    static const char *const names[] = {"MYRECON_TEST_A", "MYRECON_TEST_B"};
    struct mr_err err = {0};
    if (mr_db_global_init(&err) != MR_OK)
        return -1;
    for (size_t i = 0; i < 2; i++) {
        const char *uri = getenv(names[i]);
        if (uri == NULL)
            continue;
        if (connect_side(&sides[i], uri) != 0)
            return -1;
        run(sides[i].db, "DROP DATABASE IF EXISTS " DB);
        run(sides[i].db, "CREATE DATABASE " DB);
        run(sides[i].db, "USE " DB);
    }
    return 0;
}

static inline int group_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        if (sides[i].db != NULL)
            run(sides[i].db, "DROP DATABASE IF EXISTS " DB);
        mr_reader_free(sides[i].reader);
        mr_source_free(sides[i].src);
        mr_db_close(sides[i].db);
        mr_endpoint_release(&sides[i].ep);
    }
    return 0;
}

static inline void need_servers(void)
{
    if (sides[0].db == NULL || sides[1].db == NULL) {
        print_message("MYRECON_TEST_A and MYRECON_TEST_B are not set\n");
        skip();
    }
}

static inline void on_both(const char *sql)
{
    run(sides[0].db, sql);
    run(sides[1].db, sql);
}

/* ---- collecting rows ---- */

struct rows {
    size_t count;
    size_t ncols;
    struct mr_strbuf bytes; /* of all rows, encoded */
    struct mr_vec keys;     /* struct mr_key, of the first nkey values */
    size_t nkey;
    struct mr_arena arena;
    size_t fail_at; /* the row at which the callback fails; 0: none */
};

static inline void rows_init(struct rows *rows, const struct mr_readspec *spec)
{
    *rows = (struct rows){.ncols = spec->ncols,
                          .bytes = MR_STRBUF_INIT,
                          .keys = MR_VEC_INIT(struct mr_key),
                          .nkey = spec->nkey};
    mr_arena_init(&rows->arena);
}

static inline void rows_release(struct rows *rows)
{
    mr_strbuf_release(&rows->bytes);
    mr_vec_release(&rows->keys);
    mr_arena_release(&rows->arena);
}

static inline enum mr_code keep_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct rows *rows = ctx;
    struct mr_strbuf key = MR_STRBUF_INIT;
    if (++rows->count == rows->fail_at)
        return mr_err_set(err, MR_E_REFUSED, "the callback has had enough");
    for (size_t i = 0; i < rows->ncols; i++) {
        assert_int_equal(mr_row_encode(&rows->bytes, &values[i], err), MR_OK);
        if (i < rows->nkey)
            assert_int_equal(mr_row_encode(&key, &values[i], err), MR_OK);
    }
    struct mr_key *kept = mr_vec_push(&rows->keys);
    assert_non_null(kept);
    *kept = (struct mr_key){mr_arena_dup(&rows->arena, key.ptr, key.len), key.len};
    mr_strbuf_release(&key);
    return MR_OK;
}

static inline void scan(struct side *side, const struct mr_readspec *spec, struct mr_range range,
                        uint64_t limit, struct rows *rows)
{
    struct mr_err err = {0};
    rows_init(rows, spec);
    check(mr_reader_scan(side->reader, spec, range, limit, keep_row, rows, &err), &err, "scan");
}

#define COL(n, c)                                                                                  \
    {                                                                                              \
        .name = (n), .expr = MR_EXPR_COLUMN, .cls = (c)                                            \
    }
#define TEXT(n, cs)                                                                                \
    {                                                                                              \
        .name = (n), .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_TEXT, .charset = (cs)                 \
    }

#define NUMBERS                                                                                    \
    "(SELECT a.n + b.n * 10 + c.n * 100 + d.n * 1000 AS i FROM " DB ".digit a, " DB                \
    ".digit b, " DB ".digit c, " DB ".digit d)"

static inline void make_digits(void)
{
    on_both("CREATE TABLE IF NOT EXISTS digit(n INT PRIMARY KEY)");
    on_both("REPLACE INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)");
}

#endif
