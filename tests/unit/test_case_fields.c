/* test_case_fields.c: rows of a statement as structs, column by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "core/case/case_fields.h"

struct sample {
    int64_t n;
    bool is_open;
    struct mr_key key;
    const char *name;
    enum { SMALL = 1, LARGE } size;
    uint64_t next;
    double seconds;
    const void *image;
    size_t image_len;
};

static const struct mr_case_field fields[] = {
    MR_CASE_FIELD(struct sample, n, MR_CASE_INT),
    MR_CASE_FIELD(struct sample, is_open, MR_CASE_FLAG),
    MR_CASE_FIELD(struct sample, key, MR_CASE_BYTES),
    MR_CASE_FIELD(struct sample, name, MR_CASE_TEXT),
    MR_CASE_FIELD_AS("how_large", struct sample, size, MR_CASE_SMALL),
    MR_CASE_FIELD(struct sample, next, MR_CASE_DIGITS),
    MR_CASE_FIELD(struct sample, seconds, MR_CASE_MILLIS),
    MR_CASE_SPAN(struct sample, image)};

struct world {
    struct mr_case *cf;
    struct mr_arena arena;
};

static int setup(void **state)
{
    static struct world w;
    struct mr_err err = {0};
    w = (struct world){.arena = MR_ARENA_INIT};
    *state = &w;
    return mr_case_open(NULL, MR_CASE_WRITE, "CREATE TABLE t (n INT) STRICT;", 1, &w.cf, &err) ==
                   MR_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    mr_arena_release(&w->arena);
    return mr_case_close(w->cf, NULL) == MR_OK ? 0 : -1;
}

/* The only row of a query, over what the struct held before. */
static enum mr_code read_one(struct world *w, const char *sql, struct sample *row,
                             struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(w->cf, sql, &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), &w->arena, row, NULL, err);
    mr_case_free(stmt);
    return code;
}

static void test_by_name(void **state)
{
    struct sample row = {0};
    struct mr_err err = {0};
    assert_int_equal(read_one(*state,
                              "SELECT 'Ada' AS name, x'0041' AS key, 7 AS is_open,"
                              " -9223372036854775807-1 AS n",
                              &row, &err),
                     MR_OK);
    assert_true(row.n == INT64_MIN);
    assert_true(row.is_open);
    assert_int_equal(row.key.len, 2);
    assert_memory_equal(row.key.ptr, "\0A", 2);
    assert_string_equal(row.name, "Ada");
}

static void test_null_and_empty(void **state)
{
    struct sample row = {.n = 5, .is_open = true, .name = "x"};
    struct mr_err err = {0};
    assert_int_equal(read_one(*state,
                              "SELECT NULL AS n, NULL AS is_open, NULL AS name, NULL AS key", &row,
                              &err),
                     MR_OK);
    assert_true(row.n == 0);
    assert_false(row.is_open);
    assert_null(row.name);
    assert_null(row.key.ptr);
    assert_int_equal(read_one(*state, "SELECT '' AS name, x'' AS key", &row, &err), MR_OK);
    assert_string_equal(row.name, "");
    assert_non_null(row.key.ptr);
    assert_int_equal(row.key.len, 0);
}

static void test_others_stay(void **state)
{
    struct sample row = {.n = 5, .is_open = true, .name = "x"};
    struct mr_err err = {0};
    assert_int_equal(read_one(*state, "SELECT 0 AS is_open", &row, &err), MR_OK);
    assert_false(row.is_open);
    assert_true(row.n == 5);
    assert_string_equal(row.name, "x");
}

static void test_unknown_column(void **state)
{
    struct sample row = {0};
    struct mr_err err = {0};
    assert_int_equal(read_one(*state, "SELECT 1 AS n, 2 AS count", &row, &err), MR_E_BUG);
    assert_non_null(strstr(err.message, "\"count\""));
}

static void test_other_types(void **state)
{
    struct sample row = {0};
    struct mr_err err = {0};
    assert_int_equal(read_one(*state,
                              "SELECT 2 AS how_large, '18446744073709551615' AS next,"
                              " 1500 AS seconds, x'000102' AS image",
                              &row, &err),
                     MR_OK);
    assert_int_equal(row.size, LARGE);
    assert_true(row.next == UINT64_MAX);
    assert_true(row.seconds == 1.5);
    assert_int_equal(row.image_len, 3);
    assert_memory_equal(row.image, "\0\1\2", 3);
    assert_int_equal(read_one(*state, "SELECT NULL AS image, NULL AS next", &row, &err), MR_OK);
    assert_null(row.image);
    assert_int_equal(row.image_len, 0);
    assert_true(row.next == 0);
}

/* Each half of a row is a struct, whose bytes are the statement's. */
static void test_halves(void **state)
{
    struct world *w = *state;
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct sample row = {0};
    bool more = false;
    assert_int_equal(
        mr_case_prepare(w->cf, "SELECT 1 AS n, 'Ada' AS name, 2 AS n, x'61' AS key", &stmt, NULL),
        MR_OK);
    assert_int_equal(mr_case_fields_part(&map, stmt, 2, 2, MR_CASE_FIELDS(fields), NULL), MR_OK);
    assert_int_equal(mr_case_step(stmt, &more, NULL), MR_OK);
    assert_int_equal(mr_case_fields_read(&map, NULL, &row, NULL), MR_OK);
    assert_int_equal(row.n, 2);
    assert_null(row.name);
    assert_memory_equal(row.key.ptr, "a", 1);
    mr_case_free(stmt);
}

/* A member without a column keeps what the row before has left there. */
static void test_next(void **state)
{
    struct world *w = *state;
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct sample row = {.name = "kept"};
    bool more = false;
    assert_int_equal(mr_case_prepare(w->cf, "SELECT 1 AS n UNION ALL SELECT 2", &stmt, NULL),
                     MR_OK);
    assert_int_equal(mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), NULL), MR_OK);
    for (int64_t n = 1; n <= 2; n++) {
        assert_int_equal(mr_case_fields_next(&map, NULL, &row, &more, NULL), MR_OK);
        assert_true(more);
        assert_int_equal(row.n, n);
    }
    assert_int_equal(mr_case_fields_next(&map, NULL, &row, &more, NULL), MR_OK);
    assert_false(more);
    assert_int_equal(row.n, 2);
    assert_string_equal(row.name, "kept");
    mr_case_free(stmt);
}

static void test_all(void **state)
{
    struct world *w = *state;
    struct mr_vec rows = MR_VEC_INIT(struct sample);
    struct mr_case_stmt *stmt = NULL;
    struct sample row = {.n = 5};
    bool found = true;
    assert_int_equal(
        mr_case_prepare(w->cf, "SELECT 1 AS n, 'a' AS name UNION ALL SELECT 2, NULL", &stmt, NULL),
        MR_OK);
    assert_int_equal(mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), &w->arena, &rows, NULL),
                     MR_OK);
    mr_case_free(stmt);
    assert_int_equal(rows.count, 2);
    assert_string_equal(((struct sample *)mr_vec_at(&rows, 0))->name, "a");
    assert_int_equal(((struct sample *)mr_vec_at(&rows, 1))->n, 2);
    assert_null(((struct sample *)mr_vec_at(&rows, 1))->name);
    mr_vec_release(&rows);
    assert_int_equal(mr_case_prepare(w->cf, "SELECT n FROM t", &stmt, NULL), MR_OK);
    assert_int_equal(
        mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), &w->arena, &row, &found, NULL), MR_OK);
    assert_false(found);
    assert_int_equal(row.n, 5);
    mr_case_free(stmt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_null_and_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_column, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_types, setup, teardown),
        cmocka_unit_test_setup_teardown(test_halves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_next, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
