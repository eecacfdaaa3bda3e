/* test_sqlshort.c: statements as the log has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/db/sqlshort.h"

#define A62 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A63 A62 "a"
#define A64 A63 "a"

static const struct {
    const char *sql, *shown;
} table[] = {
    {"SELECT 1", "SELECT 1"},
    {"/* myrecon 2026 */ SELECT\n  `a b`,\t'x'  FROM t -- end", "SELECT `a b`, 'x' FROM t"},
    {"SELECT a.b+1", "SELECT a.b+1"},
    {"SELECT '" A64 "'", "SELECT '" A64 "'"},
    {"SELECT '" A63 "abc'", "SELECT '" A63 "… 68 bytes"},
    {"SELECT x'" A63 "abc'", "SELECT x'" A62 "… 69 bytes"},
    {"SET PASSWORD = 'hush'", "SET PASSWORD = '…'"},
    {"CREATE USER 'u'@'h' IDENTIFIED BY 'hush'", "CREATE USER 'u'@'h' IDENTIFIED BY '…'"},
    {"ALTER USER u IDENTIFIED VIA ed25519 USING 'hush'",
     "ALTER USER u IDENTIFIED VIA ed25519 USING '…'"},
    {"ALTER USER u IDENTIFIED WITH x AS 'hush'", "ALTER USER u IDENTIFIED WITH x AS '…'"},
    {"CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='hush', MASTER_PORT=1",
     "CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='…', MASTER_PORT=1"},
    {"CREATE TABLE t (a INT) CONNECTION='odbc://u:hush@h/t'",
     "CREATE TABLE t (a INT) CONNECTION='…'"},
    {"UPDATE t SET `password` = 'hush', `b` = 'c'", "UPDATE t SET `password` = '…', `b` = 'c'"},
    {"SELECT /*! 'hush' */ 2", "SELECT /*!…*/ 2"},
    {"SELECT 'open", "SELECT 'open"},
    {"", ""},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_sqlshort(&out, table[i].sql, strlen(table[i].sql));
        assert_string_equal(out.len > 0 ? out.ptr : "", table[i].shown);
        mr_strbuf_release(&out);
    }
}

/* Of many rows only the first are shown, whatever they hold. */
static void test_long(void **state)
{
    (void)state;
    const size_t len = 1 << 20;
    static const char *const fills[] = {"('x',1),", "`", "\xc3\xbc", "'", "x'00',"};
    char *sql = malloc(len);
    assert_non_null(sql);
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        const size_t n = strlen(fills[i]);
        for (size_t at = 0; at < len; at++)
            sql[at] = fills[i][at % n];
        mr_sqlshort(&out, sql, len);
        assert_true(out.len > 0 && out.len < MR_SQLSHORT_BYTES + 700);
        assert_non_null(strstr(out.ptr, "\xe2\x80\xa6"));
        mr_strbuf_release(&out);
    }
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
