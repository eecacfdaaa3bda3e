/* test_schema_shown.c: what is taken from SHOW CREATE: introducers, and of which literals;
 * quotes within quotes; names of a view's columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/schema/schema_internal.h"

static const struct {
    const char *create, *mode, *want;
} table[] = {
    {"", NULL, ""},
    {"CREATE VIEW `v` AS select 'a' AS `a`", NULL, ""},
    {"CREATE VIEW `v` AS select _binary'a' AS `a`", NULL, "_binary 1"},
    {"CREATE VIEW `v` AS select 'a', _BINARY 'b', 'c'", NULL, "_binary 2"},
    {"CREATE VIEW `v` AS select _binary 'a', _utf16 x'0041'", NULL, "_binary 2, _utf16 1"},
    /* those that tell nothing */
    {"CREATE VIEW `v` AS select _latin1'a', _utf8mb4'b', N'c'", NULL, ""},
    /* names, aliases, texts and comments that look so */
    {"CREATE VIEW `_binary` AS select `_binary` 'a' from `x`", NULL, ""},
    {"CREATE VIEW `v` AS select _binary, 'a'", NULL, ""},
    {"CREATE PROCEDURE `p`() BEGIN /* _binary'a' */ SELECT '_binary''a'; -- "
     "_binary'b'\nEND",
     NULL, ""},
    {"CREATE PROCEDURE `p`() SELECT _binary /* as it is */ 'a'", NULL, "_binary 1"},
    /* what stands in front of a body does not count */
    {"CREATE PROCEDURE `p`() COMMENT 'x' SELECT _binary'a', 'b'", NULL, "_binary 2"},
    /* under the mode of the body */
    {"CREATE PROCEDURE `p`() SELECT 'a\\', _binary'b', 'c'", "NO_BACKSLASH_ESCAPES", "_binary 2"},
    {"CREATE PROCEDURE `p`() SELECT _binary \"b\"", "ANSI_QUOTES", ""},
    {"CREATE PROCEDURE `p`() SELECT _binary \"b\"", "", "_binary 1"},
    /* cut off */
    {"CREATE PROCEDURE `p`() SELECT _binary'a", NULL, "_binary 1"},
    {"CREATE PROCEDURE `p`() SELECT _binary", NULL, ""},
};

static void test_introduced(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_schema_introduced(&got, table[i].create, strlen(table[i].create), table[i].mode);
        if (strcmp(got.len > 0 ? got.ptr : "", table[i].want) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", table[i].create, got.ptr, table[i].want);
        mr_strbuf_release(&got);
    }
}

static const struct {
    const char *create, *mode, *want;
} quoted[] = {
    {"CREATE PROCEDURE `p`() SELECT 'a', \"b\", `c`, '', N'd'", "", ""},
    {"CREATE PROCEDURE `p`() SELECT 'it''s', 'b'", "", "'it''s'"},
    {"CREATE PROCEDURE `p`() SELECT \"it's\", 'a\\nb'", "", "\"it's\", 'a\\nb'"},
    {"CREATE PROCEDURE `p`() SELECT '''', N'''' AS `a``b`", "", "'''', N'''', `a``b`"},
    {"CREATE PROCEDURE `p`() SELECT 'a\\', 'b'", "NO_BACKSLASH_ESCAPES", "'a\\'"},
    {"CREATE PROCEDURE `p`() SELECT 'a\\', 'b'", "", "'a\\', '"},
    {"CREATE PROCEDURE `p`() COMMENT 'it''s' SELECT 1 -- it's\n", "", ""},
    {"CREATE PROCEDURE `p`() SELECT 'a''", "", "'a''"},
};

static void test_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof quoted / sizeof quoted[0]; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_schema_escaped(&got, quoted[i].create, strlen(quoted[i].create), quoted[i].mode);
        if (strcmp(got.len > 0 ? got.ptr : "", quoted[i].want) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", quoted[i].create, got.ptr, quoted[i].want);
        mr_strbuf_release(&got);
    }
}

static const struct {
    const char *create, *want;
} views[] = {
    {"", ""},
    {"CREATE VIEW", ""},
    {"CREATE VIEW `v` AS select (1) AS `a`", ""},
    {"CREATE VIEW `v` (`x`) AS select `a` from `t`", "`x`"},
    {"CREATE VIEW `d`.`v` (`x`) AS select 1", "`x`"},
    {"CREATE ALGORITHM=MERGE DEFINER=`view`@`%` SQL SECURITY DEFINER VIEW `view` (`a,b`,`c``)`) AS "
     "select 1,2",
     "`a,b`,`c``)`"},
    {"CREATE VIEW `v` (`x`", "`x`"},
};

static void test_view_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_schema_view_columns(&got, views[i].create, strlen(views[i].create), NULL);
        if (strcmp(got.len > 0 ? got.ptr : "", views[i].want) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", views[i].create, got.ptr, views[i].want);
        mr_strbuf_release(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_introduced),
        cmocka_unit_test(test_escaped),
        cmocka_unit_test(test_view_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
