/* test_sqlpurpose: what a statement is for, without a value of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/db/sqlpurpose.h"

static const struct {
    const char *text, *purpose;
} cases[] = {
    {"", "running"},
    {"SELECT 1", "running SELECT"},
    {"/* myrecon 1 */ SELECT a, 'FROM x' FROM `my db`.`t` WHERE m = 'secret'",
     "reading \"my db.t\""},
    {"select x from information_schema.EVENTS", "reading \"information_schema.EVENTS\""},
    {"SELECT COUNT(*) FROM (SELECT 1 FROM (SELECT 2 FROM t) a) b", "reading \"t\""},
    {"SELECT (SELECT MAX(id) FROM a.b)", "reading \"a.b\""},
    {"SELECT CAST(x AS CHAR) FROM t, u", "reading \"t\""},
    {"SELECT * FROM t", "reading \"t\""},
    {"SELECT @@GLOBAL.read_only", "running SELECT @@GLOBAL.read_only"},
    {"SELECT a FROM", "running SELECT a FROM"},
    {"SELECT REPEAT('secret', 10)", "running SELECT REPEAT"},
    {"SET SESSION sql_mode = ''", "setting up the session"},
    {"SHOW CREATE TABLE `club`.`members`", "running SHOW CREATE TABLE \"club.members\""},
    {"SHOW GLOBAL VARIABLES WHERE Variable_name IN ('x')",
     "running SHOW GLOBAL VARIABLES WHERE Variable_name IN"},
    {"INSERT INTO `club`.`members` VALUES ('secret')", "running INSERT INTO \"club.members\""},
    {"UPDATE `m` SET a = 1", "running UPDATE \"m\""},
    {"COMMIT", "running COMMIT"},
    {"SELECT a FROM `cut", "reading \"cut\""},
    {"SELECT a FROM `a\033[31m`.`b\r`", "reading \"a\\x1b[31m.b\\r\""},
};

static void test_purposes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_sqlpurpose(&out, cases[i].text, strlen(cases[i].text));
        assert_false(out.failed);
        assert_string_equal(out.ptr, cases[i].purpose);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_purposes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
