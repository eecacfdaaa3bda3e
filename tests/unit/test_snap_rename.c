/* test_snap_rename.c: statements of tables that are restored under another name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "snapshot/format/snap_rename.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* `old` of the statement's own database is `n``ew`, `far`.`old` is `further`. */
static const char *renamed(const void *ctx, const char *db, const char *table)
{
    (void)ctx;
    if (strcmp(table, "old") != 0)
        return NULL;
    return db[0] == '\0' ? "n`ew" : strcmp(db, "far") == 0 ? "further" : NULL;
}

static void test_tables(void **state)
{
    static const struct {
        const char *sql, *wanted;
    } rows[] = {
        {"CREATE TABLE `old` (\n  `old` int COMMENT '`old` REFERENCES `old`'\n)",
         "CREATE TABLE `n``ew` (\n  `old` int COMMENT '`old` REFERENCES `old`'\n)"},
        {"CREATE TABLE `other` (\n  `old` int,\n  KEY `old` (`old`)\n)",
         "CREATE TABLE `other` (\n  `old` int,\n  KEY `old` (`old`)\n)"},
        {"ALTER TABLE `old`\n  ADD CONSTRAINT `old` FOREIGN KEY (`old`) REFERENCES `old` (`old`),\n"
         "  ADD CONSTRAINT `b` FOREIGN KEY (`b`) REFERENCES `far`.`old` (`id`),\n"
         "  ADD CONSTRAINT `c` FOREIGN KEY (`b`) REFERENCES `old`.`t` (`id`)",
         "ALTER TABLE `n``ew`\n  ADD CONSTRAINT `old` FOREIGN KEY (`old`) REFERENCES `n``ew` "
         "(`old`),\n"
         "  ADD CONSTRAINT `b` FOREIGN KEY (`b`) REFERENCES `far`.`further` (`id`),\n"
         "  ADD CONSTRAINT `c` FOREIGN KEY (`b`) REFERENCES `old`.`t` (`id`)"},
        {"CREATE TABLE `m` (\n  `id` int\n) ENGINE=MRG_MyISAM UNION=(`a`,`old`) COMMENT='x'",
         "CREATE TABLE `m` (\n  `id` int\n) ENGINE=MRG_MyISAM UNION=(`a`,`n``ew`) COMMENT='x'"},
        {"CREATE TABLE `old`", "CREATE TABLE `old`"}, /* is none */
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_snap_rename_tables(&out, rows[i].sql, strlen(rows[i].sql), renamed, NULL);
        assert_string_equal(out.ptr, rows[i].wanted);
        mr_strbuf_release(&out);
    }
}

static void test_trigger(void **state)
{
    static const struct {
        const char *sql, *mode, *wanted;
    } rows[] = {
        {"CREATE DEFINER=`a`@`ON` TRIGGER `ON` BEFORE INSERT ON `old` FOR EACH ROW SET @on = 1",
         NULL,
         "CREATE DEFINER=`a`@`ON` TRIGGER `ON` BEFORE INSERT ON `n``ew` FOR EACH ROW SET @on = 1"},
        {"CREATE TRIGGER t after update on old FOR EACH ROW INSERT INTO x SELECT 1 FROM a JOIN b "
         "ON c",
         NULL,
         "CREATE TRIGGER t after update on `n``ew` FOR EACH ROW INSERT INTO x SELECT 1 FROM a JOIN "
         "b ON c"},
        {"CREATE TRIGGER \"ON\" BEFORE INSERT ON \"old\" FOR EACH ROW SET NEW.a = 1", "ANSI_QUOTES",
         "CREATE TRIGGER \"ON\" BEFORE INSERT ON `n``ew` FOR EACH ROW SET NEW.a = 1"},
        {"CREATE TRIGGER x", NULL, "CREATE TRIGGER x"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_snap_rename_trigger(&out, rows[i].sql, strlen(rows[i].sql), rows[i].mode, "n`ew");
        assert_string_equal(out.ptr, rows[i].wanted);
        mr_strbuf_release(&out);
    }
}

static void test_constraints(void **state)
{
    static const char create[] = "CREATE TABLE `t` (\n  `id` int COMMENT 'CONSTRAINT `x` CHECK',\n"
                                 "  CONSTRAINT `c` CHECK ((`id` > 0)),\n  UNIQUE KEY `u` (`id`)\n)";
    static const char alter[] =
        "ALTER TABLE `t`\n  ADD CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`a`)";
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    mr_snap_drop_constraint_names(&out, create, sizeof create - 1, true, false);
    assert_string_equal(out.ptr, "CREATE TABLE `t` (\n  `id` int COMMENT 'CONSTRAINT `x` CHECK',\n"
                                 "  CHECK ((`id` > 0)),\n  UNIQUE KEY `u` (`id`)\n)");
    mr_strbuf_reset(&out);
    mr_snap_drop_constraint_names(&out, create, sizeof create - 1, false, true);
    assert_string_equal(out.ptr, create);
    mr_strbuf_reset(&out);
    mr_snap_drop_constraint_names(&out, alter, sizeof alter - 1, true, true);
    assert_string_equal(out.ptr, "ALTER TABLE `t`\n  ADD FOREIGN KEY (`a`) REFERENCES `p` (`a`)");
    mr_strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_trigger),
                                       cmocka_unit_test(test_constraints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
