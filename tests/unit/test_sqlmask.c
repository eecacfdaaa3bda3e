/* test_sqlmask: no value of a statement gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/db/sqlmask.h"

static const struct {
    const char *text, *masked;
} cases[] = {
    {"", ""},
    {"SELECT 1", "SELECT ?"},
    {"SELECT * FROM members WHERE mobile = '13800138000'",
     "SELECT * FROM members WHERE mobile = ?"},
    {"select  a ,\n\tb from `my db`.`t`", "select a , b from `my db`.`t`"},
    {"INSERT INTO t VALUES (1,-2.5e3,'it''s','a\\\\',NULL,x'41',0x42,b'1',_utf8mb4'x')",
     "INSERT INTO t VALUES (?,-?,?,?,NULL,?,?,?,_utf8mb4?)"},
    {"SELECT \"secret\"", "SELECT ?"},
    {"SELECT /* mobile 138 */ a -- 139\nFROM t # 137\n WHERE b=1", "SELECT a FROM t WHERE b=?"},
    {"SELECT /*!40001 SQL_NO_CACHE 'secret' */ * FROM t", "SELECT * FROM t"},
    {"SELECT /*M!100100 'secret' */ 1", "SELECT ?"},
    {"SELECT 'cut off in the midd", "SELECT ?"},
    {"SELECT \"cut off", "SELECT ?"},
    {"SELECT /* cut off 'secret'", "SELECT"},
    {"SELECT 'ends in \\", "SELECT ?"},
    {"SELECT * FROM t WHERE dir = 'C:\\' AND name = 'secret' OR b = ''",
     "SELECT * FROM t WHERE dir = ?"}, /* with NO_BACKSLASH_ESCAPES */
    {"SELECT 1 FROM t WHERE a = 'it\\'s' AND b = 2", "SELECT ? FROM t WHERE a = ?"},
    {"SELECT \"a\\\" , 'secret\" FROM t", "SELECT ?"},
    {"SELECT @\"secret name\", @x", "SELECT ?, @x"},
    {"SELECT @'secret name', @x, @@global.max_connections",
     "SELECT ?, @x, @@global.max_connections"},
    {"CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ return 'x' $$",
     "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS ?"},
    {"CREATE FUNCTION f() AS $tag$ return secret $tag$", "CREATE FUNCTION f() AS ?"},
    {"SELECT t1.a, t2.b FROM t1 JOIN t2 LIMIT 10", "SELECT t1.a, t2.b FROM t1 JOIN t2 LIMIT ?"},
    {"SET PASSWORD FOR u = 'secret'", "SET PASSWORD FOR u = ?"},
};

static void masks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_sqlmask(&out, cases[i].text, strlen(cases[i].text));
        assert_string_equal(out.ptr, cases[i].masked);
        mr_strbuf_release(&out);
    }
}

/* However short a statement was cut, the value in it does not show. */
static void masks_what_is_cut_off(void **state)
{
    static const char text[] = "SELECT 'secret', \"secret\", x'5ec7e7' FROM t";
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_sqlmask(&out, text, len);
        assert_null(strstr(out.ptr, "sec"));
        assert_null(strstr(out.ptr, "5e"));
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks),
        cmocka_unit_test(masks_what_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
