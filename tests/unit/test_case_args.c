/* test_case_args.c: parameters of a statement, by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "core/case/case_args.h"

struct world {
    struct mr_case *cf;
    struct mr_case_stmt *add, *find;
};

static int setup(void **state)
{
    static struct world w;
    *state = &w;
    w = (struct world){0};
    if (mr_case_open(NULL, MR_CASE_WRITE, "CREATE TABLE t (n INT, name TEXT, key BLOB) STRICT;", 1,
                     &w.cf, NULL) != MR_OK)
        return -1;
    return mr_case_prepare(w.cf, "INSERT INTO t VALUES (:n, :name, :key)", &w.add, NULL) == MR_OK &&
                   mr_case_prepare(w.cf, "SELECT name, key FROM t WHERE n=:n", &w.find, NULL) ==
                       MR_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    mr_case_free(w->add);
    mr_case_free(w->find);
    return mr_case_close(w->cf, NULL) == MR_OK ? 0 : -1;
}

/* The order is that of the caller, and what is NULL is NULL. */
static void test_order(void **state)
{
    struct world *w = *state;
    const struct mr_key key = {"a\0b", 3};
    bool row = false;
    size_t len = 0;
    assert_int_equal(MR_CASE_RUN(w->add, NULL, MR_ARG_BYTES("key", key), MR_ARG_TEXT("name", NULL),
                                 MR_ARG_INT("n", INT64_MIN)),
                     MR_OK);
    assert_int_equal(MR_CASE_ASK(w->find, &row, NULL, MR_ARG_INT("n", INT64_MIN)), MR_OK);
    assert_true(row);
    assert_true(mr_case_is_null(w->find, 0));
    assert_memory_equal(mr_case_blob(w->find, 1, &len), "a\0b", 3);
    assert_int_equal(len, 3);
    mr_case_reset(w->find);
}

static void test_null_bytes(void **state)
{
    struct world *w = *state;
    const struct mr_key none = {0}, empty = {"", 0};
    bool row = false;
    assert_int_equal(MR_CASE_RUN(w->add, NULL, MR_ARG_INT("n", 1), MR_ARG_TEXT("name", "x"),
                                 MR_ARG_BYTES("key", none)),
                     MR_OK);
    assert_int_equal(MR_CASE_RUN(w->add, NULL, MR_ARG_INT("n", 2), MR_ARG_TEXT("name", ""),
                                 MR_ARG_BYTES("key", empty)),
                     MR_OK);
    assert_int_equal(MR_CASE_ASK(w->find, &row, NULL, MR_ARG_INT("n", 1)), MR_OK);
    assert_string_equal(mr_case_text(w->find, 0), "x");
    assert_true(mr_case_is_null(w->find, 1));
    mr_case_reset(w->find);
    assert_int_equal(MR_CASE_ASK(w->find, &row, NULL, MR_ARG_INT("n", 2)), MR_OK);
    assert_false(mr_case_is_null(w->find, 1));
    mr_case_reset(w->find);
}

/* Nothing runs with a parameter that nobody gave, or that the statement does not have. */
static void test_wrong(void **state)
{
    struct world *w = *state;
    bool row = false;
    assert_int_not_equal(MR_CASE_RUN(w->add, NULL, MR_ARG_INT("n", 9)), MR_OK);
    assert_int_not_equal(MR_CASE_ASK(w->find, &row, NULL, MR_ARG_INT("m", 9)), MR_OK);
    assert_false(row);
    mr_case_reset(w->find);
    assert_int_not_equal(
        MR_CASE_RUN(w->add, NULL, MR_ARG_INT("n", 9), MR_ARG_INT("n", 9), MR_ARG_TEXT("nane", "x")),
        MR_OK);
    assert_int_not_equal(
        MR_CASE_RUN(w->add, NULL, MR_ARG_INT("n", 9), MR_ARG_INT("n", 9), MR_ARG_TEXT("name", "x")),
        MR_OK);
    assert_int_equal(MR_CASE_ASK(w->find, &row, NULL, MR_ARG_INT("n", 9)), MR_OK);
    assert_false(row);
    mr_case_reset(w->find);
}

/* Statements that are used once. */
static void test_once(void **state)
{
    struct world *w = *state;
    struct mr_case_stmt *stmt = NULL;
    int64_t n = 5;
    bool row = false;
    assert_int_equal(MR_CASE_ONCE(w->cf, "INSERT INTO t (name, n) VALUES (:name, :n)", NULL,
                                  MR_ARG_INT("n", 7), MR_ARG_TEXT("name", "x")),
                     MR_OK);
    assert_int_not_equal(
        MR_CASE_ONCE(w->cf, "INSERT INTO t (n) VALUES (:n)", NULL, MR_ARG_INT("m", 8)), MR_OK);
    assert_int_equal(MR_CASE_NUMBER(w->cf, "SELECT n FROM t WHERE name=:name", &n, NULL,
                                    MR_ARG_TEXT("name", "x")),
                     MR_OK);
    assert_int_equal(n, 7);
    assert_int_equal(MR_CASE_NUMBER(w->cf, "SELECT n FROM t WHERE name=:name", &n, NULL,
                                    MR_ARG_TEXT("name", "y")),
                     MR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(
        MR_CASE_PREPARE(w->cf, "SELECT name FROM t WHERE n=:n", &stmt, NULL, MR_ARG_INT("n", 7)),
        MR_OK);
    assert_int_equal(mr_case_step(stmt, &row, NULL), MR_OK);
    assert_string_equal(mr_case_text(stmt, 0), "x");
    mr_case_free(stmt);
    assert_int_not_equal(MR_CASE_PREPARE(w->cf, "SELECT :n FROM", &stmt, NULL, MR_ARG_INT("n", 7)),
                         MR_OK);
    assert_null(stmt);
}

/* What a statement has changed is said of one that ran. */
static void test_change(void **state)
{
    struct world *w = *state;
    int64_t n = 0;
    for (int i = 1; i <= 3; i++)
        assert_int_equal(
            MR_CASE_CHANGE(w->cf, "INSERT INTO t (n) VALUES (:n)", &n, NULL, MR_ARG_INT("n", i)),
            MR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(MR_CASE_CHANGE(w->cf, "UPDATE t SET name=:name WHERE n<=:most", &n, NULL,
                                    MR_ARG_INT("most", 2), MR_ARG_TEXT("name", "x")),
                     MR_OK);
    assert_int_equal(n, 2);
    assert_int_not_equal(MR_CASE_CHANGE(w->cf, "UPDATE t SET name=:name WHERE n<=:most", &n, NULL,
                                        MR_ARG_INT("most", 3)),
                         MR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(mr_case_change_with(w->cf, "DELETE FROM t", NULL, 0, &n, NULL), MR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(mr_case_number_with(w->cf, "SELECT max(n) FROM t", NULL, 0, &n, NULL), MR_OK);
    assert_int_equal(n, 0); /* NULL */
}

static void test_digits_and_spans(void **state)
{
    struct world *w = *state;
    bool row = false;
    size_t len = 0;
    assert_int_equal(MR_CASE_RUN(w->add, NULL, MR_ARG_BLOB("key", "abc", 2),
                                 MR_ARG_DIGITS("name", UINT64_MAX), MR_ARG_INT("n", 1)),
                     MR_OK);
    assert_int_equal(MR_CASE_ASK(w->find, &row, NULL, MR_ARG_INT("n", 1)), MR_OK);
    assert_string_equal(mr_case_text(w->find, 0), "18446744073709551615");
    assert_memory_equal(mr_case_blob(w->find, 1, &len), "ab", 2);
    assert_int_equal(len, 2);
    mr_case_reset(w->find);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_null_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_digits_and_spans, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
