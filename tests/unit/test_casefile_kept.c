/* test_casefile_kept.c: prepared statements are found again by their text, and as good as new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/case/casefile_kept.h"
#include "core/case/casefile.h"

static sqlite3 *open_db(void)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)", NULL, NULL, NULL),
        SQLITE_OK);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    return stmt;
}

static void test_kept(void **state)
{
    static struct mr_case_kept kept;
    sqlite3 *db = open_db();
    (void)state;
    mr_case_kept_init(&kept);
    assert_null(mr_case_kept_take(&kept, "SELECT a FROM t"));
    sqlite3_stmt *stmt = prepare(db, "SELECT a + ? FROM t"), *other = prepare(db, "SELECT 1");
    assert_int_equal(sqlite3_bind_int(stmt, 1, 5), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    mr_case_kept_keep(&kept, stmt);
    mr_case_kept_keep(&kept, other);
    assert_null(mr_case_kept_take(&kept, "SELECT a FROM t"));
    assert_ptr_equal(mr_case_kept_take(&kept, "SELECT a + ? FROM t"), stmt);
    assert_null(mr_case_kept_take(&kept, "SELECT a + ? FROM t")); /* one caller's */
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);             /* the first row again */
    assert_int_equal(sqlite3_column_type(stmt, 0), SQLITE_NULL);  /* and nothing is bound */
    mr_case_kept_keep(&kept, stmt);
    mr_case_kept_destroy(&kept);
    assert_int_equal(sqlite3_close(db), SQLITE_OK); /* none is left */
}

/* More than there is room for: the oldest go. */
static void test_room(void **state)
{
    static struct mr_case_kept kept;
    sqlite3 *db = open_db();
    char sql[40];
    unsigned found = 0;
    (void)state;
    mr_case_kept_init(&kept);
    for (unsigned i = 0; i < 3 * MR_CASE_KEPT; i++) {
        (void)snprintf(sql, sizeof sql, "SELECT %u", i);
        mr_case_kept_keep(&kept, prepare(db, sql));
    }
    for (unsigned i = 0; i < 3 * MR_CASE_KEPT; i++) {
        (void)snprintf(sql, sizeof sql, "SELECT %u", i);
        sqlite3_stmt *stmt = mr_case_kept_take(&kept, sql);
        assert_true(stmt == NULL || i >= 2 * MR_CASE_KEPT);
        found += stmt != NULL;
        (void)sqlite3_finalize(stmt);
    }
    assert_int_equal(found, MR_CASE_KEPT);
    mr_case_kept_destroy(&kept);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* As a case has it: through a table that is made anew with other columns, and a failure. */
static void test_case(void **state)
{
    struct mr_case *cf = NULL;
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    (void)state;
    assert_int_equal(
        mr_case_open(NULL, MR_CASE_WRITE, "CREATE TABLE t (a INT NOT NULL)", 1, &cf, NULL), MR_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mr_case_prepare(cf, "INSERT INTO t (a) VALUES (?)", &stmt, NULL), MR_OK);
        if (i != 1) /* the second: NULL, which is refused */
            mr_case_bind_int(stmt, 1, i);
        assert_int_equal(mr_case_step(stmt, &row, NULL), i == 1 ? MR_E_CASE : MR_OK);
        mr_case_free(stmt);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mr_case_prepare(cf, "SELECT count(*), max(a) FROM t", &stmt, NULL), MR_OK);
        assert_int_equal(mr_case_step(stmt, &row, NULL), MR_OK);
        assert_int_equal(mr_case_int(stmt, 0), i == 0 ? 2 : 1);
        assert_int_equal(mr_case_int(stmt, 1), i == 0 ? 2 : 7);
        mr_case_free(stmt);
        assert_int_equal(mr_case_exec(cf, "DROP TABLE t", NULL), MR_OK);
        assert_int_equal(
            mr_case_exec(cf, "CREATE TABLE t (b, a); INSERT INTO t VALUES (5, 7)", NULL), MR_OK);
    }
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
