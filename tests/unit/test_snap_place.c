/* test_snap_place.c: which statements of a snapshot are run, and as what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "snapshot/format/snap_place.h"

struct row {
    const char *what, *name, *table;
    const char *sql, *run; /* run: NULL: it is refused */
    bool ansi_quotes;
};

#define DEFINER "DEFINER=`us``er`@`%` "
#define BODY " FOR EACH ROW SET NEW.v = 1"

static const struct row rows[] = {
    /* as servers print them */
    {"TABLE", "t", NULL, "CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB", "=", false},
    {"TABLE", "o`dd", NULL, "CREATE TABLE `o``dd` (`select` int, KEY (`select`))", "=",
     false},
    {"TABLE", "t", NULL,
     "CREATE TABLE `t` (`id` int)\n/*!50100 PARTITION BY HASH (`id`) */", "=", false},
    {"ALTER", "t", NULL,
     "ALTER TABLE `t`\n  ADD CONSTRAINT `k` FOREIGN KEY (`a`, `b`) REFERENCES `p` "
     "(`a`, `b`) ON DELETE CASCADE,\n  ADD CONSTRAINT `l` FOREIGN KEY (`c`) REFERENCES "
     "`x`.`p` (`c`)",
     "=", false},
    {"VIEW", "v", NULL,
     "CREATE ALGORITHM=UNDEFINED " DEFINER "SQL SECURITY INVOKER VIEW `v` AS select 1 AS "
     "`1`",
     "=", false},
    {"EVENT", "e", NULL,
     "CREATE " DEFINER "EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1", "=", false},
    {"SEQUENCE", "s", NULL, "CREATE SEQUENCE `s` start with 1", "=", false},
    {"FUNCTION", "f", NULL, "CREATE " DEFINER "FUNCTION `f`() RETURNS int RETURN 1", "=",
     false},
    {"FUNCTION", "f", NULL, "CREATE " DEFINER "AGGREGATE FUNCTION `f`() RETURNS int X",
     "=", false},
    {"PROCEDURE", "p", NULL, "CREATE DEFINER=CURRENT_USER() PROCEDURE `p`() SELECT 1",
     "=", false},
    {"PACKAGE BODY", "p", NULL,
     "CREATE OR REPLACE DEFINER=\"u\"@\"%\" PACKAGE BODY \"p\" AS END", "=", true},
    {"DATABASE", "live", NULL,
     "CREATE DATABASE IF NOT EXISTS `live` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     "=", false},

    /* triggers, as they were typed */
    {"TRIGGER", "tr", "t", "CREATE " DEFINER "TRIGGER `tr` BEFORE INSERT ON `t`" BODY,
     "=", false},
    {"TRIGGER", "tr", "t",
     "CREATE " DEFINER "TRIGGER live.tr before insert on live.t" BODY,
     "CREATE " DEFINER "TRIGGER tr before insert on t" BODY, false},
    {"TRIGGER", "tr", "t",
     "CREATE TRIGGER IF NOT EXISTS `live` . /* here */ tr AFTER UPDATE ON live.`t`" BODY,
     "CREATE TRIGGER IF NOT EXISTS tr AFTER UPDATE ON `t`" BODY, false},
    {"TRIGGER", "tr", NULL, "CREATE TRIGGER TR BEFORE DELETE ON LIVE.any" BODY,
     "CREATE TRIGGER TR BEFORE DELETE ON any" BODY, false},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER \"live\".\"tr\" BEFORE DELETE ON \"t\"" BODY,
     "CREATE TRIGGER \"tr\" BEFORE DELETE ON \"t\"" BODY, true},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr AFTER UPDATE OF a, `b` ON live.t" BODY,
     "CREATE TRIGGER tr AFTER UPDATE OF a, `b` ON t" BODY, false},

    /* others' */
    {"TRIGGER", "tr", "t", "CREATE TRIGGER other.tr BEFORE INSERT ON t" BODY, NULL,
     false},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr BEFORE INSERT ON other.t" BODY, NULL,
     false},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr BEFORE INSERT ON u" BODY, NULL, false},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER xx BEFORE INSERT ON t" BODY, NULL, false},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER live.live.tr BEFORE INSERT ON t" BODY, NULL,
     false},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr /*!50000 BEFORE INSERT ON x.t */" BODY,
     NULL, false},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER 'tr' BEFORE INSERT ON t" BODY, NULL, true},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr", NULL, false},
    {"TRIGGER", "tr", "t", "DROP TRIGGER tr", NULL, false},
    {"TRIGGER", "tr", "t", "", NULL, false},
    {"TABLE", "t", NULL, "CREATE TABLE other.t (`id` int)", NULL, false},
    {"TABLE", "t", NULL, "CREATE TABLE `u` (`id` int)", NULL, false},
    {"TABLE", "t", NULL, "CREATE TEMPORARY TABLE `t` (`id` int)", NULL, false},
    {"TABLE", "t", NULL, "CREATE TABLE `t` LIKE `other`.`t`", NULL, false},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (LIKE `other`.`t`)", NULL, false},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) AS SELECT * FROM mysql.user", NULL,
     false},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) /*!50000 AS SELECT 1 */", NULL,
     false},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) /*M!100000 AS SELECT 1 */", NULL,
     false},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int); DROP DATABASE live", NULL, false},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) COMMENT='open", NULL, false},
    {"TABLE", "t", NULL, "INSERT INTO `t` VALUES (1)", NULL, false},
    {"ALTER", "t", NULL, "ALTER TABLE `other`.`t` ADD KEY (`a`)", NULL, false},
    {"ALTER", "t", NULL, "ALTER TABLE `t` ADD KEY (`a`), RENAME TO x.t", NULL, false},
    {"ALTER", "t", NULL, "ALTER TABLE `t` ADD KEY (`a`)), DROP x", NULL, false},
    {"ALTER", "t", NULL, "ALTER TABLE `t` DROP COLUMN `a`", NULL, false},
    {"ALTER", "t", NULL, "ALTER TABLE `t`", NULL, false},
    {"VIEW", "v", NULL, "CREATE VIEW `other`.`v` AS select 1", NULL, false},
    {"VIEW", "v", NULL, "CREATE TABLE `v` (`id` int)", NULL, false},
    {"EVENT", "e", NULL, "CREATE EVENT other.e ON SCHEDULE EVERY 1 DAY DO SELECT 1", NULL,
     false},
    {"PROCEDURE", "p", NULL, "CREATE FUNCTION `p`() RETURNS int RETURN 1", NULL, false},
    {"PACKAGE", "p", NULL, "CREATE DEFINER=x TRIGGER y", NULL, false},
    {"DATABASE", "live", NULL,
     "CREATE DATABASE `live` CHARACTER SET a COLLATE b READ ONLY = 1", NULL, false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        const struct mr_snap_place place = {.what = row->what,
                                            .name = row->name,
                                            .table = row->table,
                                            .db = "live",
                                            .ansi_quotes = row->ansi_quotes};
        const char *run = row->run != NULL && *row->run == '=' ? row->sql : row->run;
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_err err = {0};
        enum mr_code code = mr_snap_place(&place, row->sql, strlen(row->sql), &out, &err);
        if (code != (run != NULL ? MR_OK : MR_E_SNAPSHOT))
            fail_msg("%s: %s", row->sql, code == MR_OK ? "taken" : err.message);
        if (run != NULL)
            assert_string_equal(out.ptr, run);
        mr_strbuf_release(&out);
    }
}

static bool names(const char *sql, bool ansi_quotes)
{
    return mr_snap_names_db(sql, strlen(sql), "live", ansi_quotes);
}

static void test_names(void **state)
{
    (void)state;
    assert_true(names("INSERT INTO live.t VALUES (1)", false));
    assert_true(names("INSERT INTO `LIVE` . `t` VALUES (1)", false));
    assert_true(names("INSERT INTO \"live\".t VALUES (1)", true));
    assert_false(names("INSERT INTO \"live\".t VALUES (1)", false));
    assert_false(names("SELECT 'live.t', live, alive.t -- live.t", false));
    assert_false(names("", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
