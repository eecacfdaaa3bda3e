/* test_snap_true.c: CREATE TABLE with what servers print as "?". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot/format/snap_true.h"

struct row {
    const char *create, *type, *preset, *wanted; /* of column e */
};

static const struct row rows[] = {
    {"CREATE TABLE `t` (\n  `e` enum('?','x') DEFAULT '?'\n)", "enum('!','x')", "!",
     "CREATE TABLE `t` (\n  `e` enum('!','x') DEFAULT '!'\n)"},
    {"CREATE TABLE `t` (\n  `e` enum('?','x') DEFAULT '?'\n)", "enum('!','x')", NULL,
     "CREATE TABLE `t` (\n  `e` enum('!','x') DEFAULT '?'\n)"},
    {"CREATE TABLE `t` (\n  `e` set('),`e` enum(','?''') CHARACTER SET utf8mb4\n)", "set('a')",
     NULL, "CREATE TABLE `t` (\n  `e` set('a') CHARACTER SET utf8mb4\n)"},
    {"CREATE TABLE `t` (\n  `a` varchar(9) DEFAULT '?' COMMENT '`e` enum(''?'')',\n"
     "  `e` varchar(9) NOT NULL DEFAULT '?',\n  `f` char(1) DEFAULT '?',\n"
     "  KEY `e` (`e`)\n) COMMENT='`e`'",
     NULL, "it's",
     "CREATE TABLE `t` (\n  `a` varchar(9) DEFAULT '?' COMMENT '`e` enum(''?'')',\n"
     "  `e` varchar(9) NOT NULL DEFAULT 'it''s',\n  `f` char(1) DEFAULT '?',\n"
     "  KEY `e` (`e`)\n) COMMENT='`e`'"},
    {"CREATE TABLE `t` (\n  `e` varchar(9) DEFAULT concat('?','x')\n)", NULL, "?x",
     "CREATE TABLE `t` (\n  `e` varchar(9) DEFAULT concat('?','x')\n)"},
    {"CREATE TABLE `t` (\n  `e` enum('?') GENERATED ALWAYS AS (if(`d` = 'set',1,2))\n)",
     "enum('!')", NULL,
     "CREATE TABLE `t` (\n  `e` enum('!') GENERATED ALWAYS AS (if(`d` = 'set',1,2))\n)"},
};

static void columns_are_put_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mr_snap_true e = {.name = "e", .type = rows[i].type, .preset = rows[i].preset};
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_snap_true_add(&out, rows[i].create, &e, 1);
        assert_false(out.failed);
        assert_string_equal(out.ptr, rows[i].wanted);
        mr_strbuf_release(&out);
    }
}

static void types_are_made(void **state)
{
    static const char *const members[] = {"it's", "", "a\\b"};
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    mr_snap_true_type(&out, false, members, 3);
    assert_string_equal(out.ptr, "enum('it''s','','a\\\\b')");
    mr_strbuf_reset(&out);
    mr_snap_true_type(&out, true, members, 1);
    assert_string_equal(out.ptr, "set('it''s')");
    mr_strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_put_right),
        cmocka_unit_test(types_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
