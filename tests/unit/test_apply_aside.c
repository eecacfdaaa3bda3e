/* test_apply_aside.c: rows that a server refuses are found one by one, in few tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "repair/apply/apply_aside.h"

/* A server that refuses some of the rows. */
struct server {
    const uint64_t *refused;
    size_t nrefused;
    bool aside[501];
    unsigned tries;
};

static enum mr_code probe(void *ctx, uint64_t last, bool *refused, struct mr_err *why,
                          struct mr_err *err)
{
    struct server *server = ctx;
    (void)err;
    server->tries++;
    *refused = false;
    for (size_t i = 0; i < server->nrefused; i++)
        if (server->refused[i] <= last && !server->aside[server->refused[i]]) {
            *refused = true;
            (void)mr_err_set(why, MR_E_SQL, "row %u", (unsigned)server->refused[i]);
            why->sql_errno = 1644;
            break;
        }
    return MR_OK;
}

static void find(uint64_t rows, const uint64_t *refused, size_t nrefused, unsigned tries_at_most)
{
    struct mr_aside aside;
    struct mr_err err = {0}, why = {0};
    mr_aside_init(&aside);
    struct server server = {.refused = refused, .nrefused = nrefused};
    struct mr_strbuf text = MR_STRBUF_INIT, wanted = MR_STRBUF_INIT;
    for (size_t i = 0; i < nrefused; i++) {
        bool is_refused = false;
        assert_int_equal(probe(&server, rows, &is_refused, &why, &err), MR_OK);
        assert_true(is_refused);
        assert_int_equal(mr_aside_search(&aside, rows, &why, probe, &server, &err), MR_OK);
        server.aside[refused[i]] = true;
        mr_strbuf_add_fmt(&wanted, "%s%u", i > 0 ? "," : "", (unsigned)refused[i]);
    }
    bool left = true;
    assert_int_equal(probe(&server, rows, &left, &why, &err), MR_OK);
    assert_false(left);
    assert_int_equal(aside.refused, nrefused);
    if (server.tries > tries_at_most)
        fail_msg("%u tries", server.tries);
    mr_aside_text(&aside, &text);
    assert_string_equal(text.ptr, wanted.ptr);
    mr_strbuf_release(&wanted);
    mr_strbuf_release(&text);
    mr_aside_release(&aside);
}

static void test_search(void **state)
{
    (void)state;
    static const uint64_t first[] = {1}, last[] = {500}, middle[] = {250};
    static const uint64_t some[] = {7, 8, 9, 300, 500}, both[] = {1, 500};
    uint64_t all[500];
    for (size_t i = 0; i < 500; i++)
        all[i] = i + 1;
    find(1, first, 1, 2);
    find(500, first, 1, 11);
    find(500, last, 1, 11);
    find(500, middle, 1, 11);
    find(500, both, 2, 32);
    find(500, some, 5, 60);
    find(500, all, 500, 1020);
}

static void test_text(void **state)
{
    (void)state;
    struct mr_aside aside;
    struct mr_err err = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_aside_init(&aside);
    assert_true(mr_aside_is_empty(&aside));
    assert_int_equal(mr_aside_add(&aside, NULL, &err), MR_OK);
    assert_int_equal(mr_aside_add(&aside, "17,44,17", &err), MR_OK);
    assert_int_equal(mr_aside_add(&aside, "0,1", &err), MR_OK);
    assert_int_equal(mr_aside_add(&aside, "5x", &err), MR_OK);
    mr_aside_text(&aside, &text);
    assert_string_equal(text.ptr, "17,44");
    mr_aside_reset(&aside);
    assert_true(mr_aside_is_empty(&aside));
    mr_strbuf_release(&text);
    mr_aside_release(&aside);
}

static void test_blame(void **state)
{
    (void)state;
    static const struct {
        unsigned number;
        bool is_of_row;
    } cases[] = {{1452, true},  {1048, true},  {1366, true},  {1264, true},  {4025, true},
                 {3819, true},  {1644, true},  {1690, true},  {1030, true},  {1062, true},
                 {1526, true},  {1213, false}, {1047, false}, {1205, false}, {2013, false},
                 {1142, false}, {1146, false}, {1290, false}, {1114, false}, {1317, false},
                 {0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_err why = {.sql_errno = cases[i].number};
        if (mr_aside_is_of_row(&why) != cases[i].is_of_row)
            fail_msg("error %u", cases[i].number);
    }
    struct mr_err guard = {.sql_errno = 4025,
                           .message = "CONSTRAINT `myrecon_guard_failed` failed"};
    assert_false(mr_aside_is_of_row(&guard));
}

/* What the script is told: how many statements, rows in them, and the longest. */
static struct {
    size_t statements, rows, longest;
} told;

enum mr_code __wrap_mr_db_exec(struct mr_db *db, const char *sql, size_t len, struct mr_err *err);
enum mr_code __wrap_mr_db_exec(struct mr_db *db, const char *sql, size_t len, struct mr_err *err)
{
    static const char insert[] = "INSERT INTO myrecon_aside (line, why) VALUES (";
    (void)db, (void)err;
    assert_int_equal(strlen(sql), len);
    if (told.statements++ == 0)
        assert_string_equal(sql, "DELETE FROM myrecon_aside");
    else
        assert_memory_equal(sql, insert, sizeof insert - 1);
    for (const char *at = sql; (at = strstr(at, "LEFT(")) != NULL; at++)
        told.rows++;
    told.longest = len > told.longest ? len : told.longest;
    return MR_OK;
}

/* However many rows a unit has, and however long the server's messages are, no statement is longer than the
 * packet of any server. */
static void test_fill(void **state)
{
    static const uint64_t rows[] = {0, 1, 2000};
    char why[1000];
    (void)state;
    memset(why, '\'', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_aside aside;
        struct mr_err err = {0};
        mr_aside_init(&aside);
        for (uint64_t row = 1; row <= rows[i]; row++)
            assert_int_equal(mr_aside_put(&aside, row, why, &err), MR_OK);
        memset(&told, 0, sizeof told);
        assert_int_equal(mr_aside_fill(&aside, NULL, &err), MR_OK);
        assert_int_equal(told.rows, rows[i]);
        assert_true(rows[i] > 1 || told.statements == 1 + rows[i]);
        assert_true(told.longest < 128 * 1024);
        mr_aside_release(&aside);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_search), cmocka_unit_test(test_text),
                                       cmocka_unit_test(test_blame), cmocka_unit_test(test_fill)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
