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
    const char *sql_mode;
};

#define ANSI "ANSI_QUOTES,STRICT_ALL_TABLES"
#define PLAIN "NO_BACKSLASH_ESCAPES"

#define DEFINER "DEFINER=`us``er`@`%` "
#define BODY " FOR EACH ROW SET NEW.v = 1"

static const struct row rows[] = {
    /* as servers print them */
    {"TABLE", "t", NULL, "CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB", "=", NULL},
    {"TABLE", "o`dd", NULL, "CREATE TABLE `o``dd` (`select` int, KEY (`select`))", "=", NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int)\n/*!50100 PARTITION BY HASH (`id`) */", "=",
     NULL},
    {"ALTER", "t", NULL,
     "ALTER TABLE `t`\n  ADD CONSTRAINT `k` FOREIGN KEY (`a`, `b`) REFERENCES `p` "
     "(`a`, `b`) ON DELETE CASCADE,\n  ADD CONSTRAINT `l` FOREIGN KEY (`c`) REFERENCES "
     "`x`.`p` (`c`)",
     "=", NULL},
    {"VIEW", "v", NULL,
     "CREATE ALGORITHM=UNDEFINED " DEFINER "SQL SECURITY INVOKER VIEW `v` AS select 1 AS "
     "`1`",
     "=", NULL},
    {"EVENT", "e", NULL, "CREATE " DEFINER "EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1", "=",
     NULL},
    {"SEQUENCE", "s", NULL, "CREATE SEQUENCE `s` start with 1", "=", NULL},
    {"FUNCTION", "f", NULL, "CREATE " DEFINER "FUNCTION `f`() RETURNS int RETURN 1", "=", NULL},
    {"FUNCTION", "f", NULL, "CREATE " DEFINER "AGGREGATE FUNCTION `f`() RETURNS int X", "=", NULL},
    {"PROCEDURE", "p", NULL, "CREATE DEFINER=CURRENT_USER() PROCEDURE `p`() SELECT 1", "=", NULL},
    {"PACKAGE BODY", "p", NULL, "CREATE OR REPLACE DEFINER=\"u\"@\"%\" PACKAGE BODY \"p\" AS END",
     "=", ANSI},
    {"DATABASE", "live", NULL,
     "CREATE DATABASE IF NOT EXISTS `live` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "=", NULL},

    /* triggers, as they were typed */
    {"TRIGGER", "tr", "t", "CREATE " DEFINER "TRIGGER `tr` BEFORE INSERT ON `t`" BODY, "=", NULL},
    {"TRIGGER", "tr", "t", "CREATE " DEFINER "TRIGGER live.tr before insert on live.t" BODY,
     "CREATE " DEFINER "TRIGGER tr before insert on t" BODY, NULL},
    {"TRIGGER", "tr", "t",
     "CREATE TRIGGER IF NOT EXISTS `live` . /* here */ tr AFTER UPDATE ON live.`t`" BODY,
     "CREATE TRIGGER IF NOT EXISTS tr AFTER UPDATE ON `t`" BODY, NULL},
    {"TRIGGER", "tr", NULL, "CREATE TRIGGER TR BEFORE DELETE ON LIVE.any" BODY,
     "CREATE TRIGGER TR BEFORE DELETE ON any" BODY, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER \"live\".\"tr\" BEFORE DELETE ON \"t\"" BODY,
     "CREATE TRIGGER \"tr\" BEFORE DELETE ON \"t\"" BODY, ANSI},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr AFTER UPDATE OF a, `b` ON live.t" BODY,
     "CREATE TRIGGER tr AFTER UPDATE OF a, `b` ON t" BODY, NULL},

    /* others' */
    {"TRIGGER", "tr", "t", "CREATE TRIGGER other.tr BEFORE INSERT ON t" BODY, NULL, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr BEFORE INSERT ON other.t" BODY, NULL, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr BEFORE INSERT ON u" BODY, NULL, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER xx BEFORE INSERT ON t" BODY, NULL, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER live.live.tr BEFORE INSERT ON t" BODY, NULL, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr /*!50000 BEFORE INSERT ON x.t */" BODY, NULL, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER 'tr' BEFORE INSERT ON t" BODY, NULL, ANSI},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr", NULL, NULL},
    {"TRIGGER", "tr", "t", "DROP TRIGGER tr", NULL, NULL},
    {"TRIGGER", "tr", "t", "", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE other.t (`id` int)", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `u` (`id` int)", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TEMPORARY TABLE `t` (`id` int)", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` LIKE `other`.`t`", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (LIKE `other`.`t`)", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) AS SELECT * FROM mysql.user", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) /*!50000 AS SELECT 1 */", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) /*M!100000 AS SELECT 1 */", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int); DROP DATABASE live", NULL, NULL},
    {"TABLE", "t", NULL, "CREATE TABLE `t` (`id` int) COMMENT='open", NULL, NULL},
    {"TABLE", "t", NULL, "INSERT INTO `t` VALUES (1)", NULL, NULL},
    {"ALTER", "t", NULL, "ALTER TABLE `other`.`t` ADD KEY (`a`)", NULL, NULL},
    {"ALTER", "t", NULL, "ALTER TABLE `t` ADD KEY (`a`), RENAME TO x.t", NULL, NULL},
    {"ALTER", "t", NULL, "ALTER TABLE `t` ADD KEY (`a`)), DROP x", NULL, NULL},
    {"ALTER", "t", NULL, "ALTER TABLE `t` DROP COLUMN `a`", NULL, NULL},
    {"ALTER", "t", NULL, "ALTER TABLE `t`", NULL, NULL},
    {"VIEW", "v", NULL, "CREATE VIEW `other`.`v` AS select 1", NULL, NULL},
    {"VIEW", "v", NULL, "CREATE TABLE `v` (`id` int)", NULL, NULL},
    {"EVENT", "e", NULL, "CREATE EVENT other.e ON SCHEDULE EVERY 1 DAY DO SELECT 1", NULL, NULL},
    {"PROCEDURE", "p", NULL, "CREATE FUNCTION `p`() RETURNS int RETURN 1", NULL, NULL},
    {"PACKAGE", "p", NULL, "CREATE DEFINER=x TRIGGER y", NULL, NULL},
    {"DATABASE", "live", NULL, "CREATE DATABASE `live` CHARACTER SET a COLLATE b READ ONLY = 1",
     NULL, NULL},

    /* a function of a library, and what is evaluated at once */
    {"FUNCTION", "f", NULL, "CREATE FUNCTION `f` RETURNS STRING SONAME 'x.so'", NULL, NULL},
    {"FUNCTION", "f", NULL, "CREATE AGGREGATE FUNCTION f RETURNS REAL SONAME 'x.so'", NULL, NULL},
    {"FUNCTION", "f", NULL, "CREATE FUNCTION `f` /*!99999 ( */ RETURNS STRING SONAME 'x.so'", NULL,
     NULL},
    {"EVENT", "e", NULL, "CREATE EVENT `e` ON SCHEDULE EVERY other.f() DAY DO SELECT 1", NULL,
     NULL},
    {"EVENT", "e", NULL,
     "CREATE EVENT `e` ON SCHEDULE AT '2030-01-01 00:00:00' ON COMPLETION NOT PRESERVE "
     "ENABLE COMMENT 'DO ;' DO SELECT f(1); ",
     "=", NULL},
    {"EVENT", "e", NULL, "CREATE EVENT e.1e ON SCHEDULE EVERY 1 DAY DO SELECT 1", NULL, NULL},
    {"EVENT", "e", NULL, "CREATE EVENT e.`x` ON SCHEDULE EVERY 1 DAY DO SELECT 1", NULL, NULL},
    {"EVENT", "e", NULL, "CREATE EVENT `e` /*!50000 .x */ ON SCHEDULE EVERY 1 DAY DO SELECT 1",
     NULL, NULL},
    {"PROCEDURE", "p", NULL, "CREATE PROCEDURE p.1p() SELECT 1", NULL, NULL},
    {"PROCEDURE", "p", NULL, "CREATE PROCEDURE /*!50000 other. */ `p`() SELECT 1", NULL, NULL},
    /* heads as produced */
    {"VIEW", "v", NULL, "CREATE ALGORITHM=/*!50000 MERGE */ VIEW `v` AS select 1", NULL, NULL},
    {"VIEW", "v", NULL, "CREATE ALGORITHM=MERGE VIEW `v` (`a`,`b`) AS select 1 AS `a`,';' AS `b`",
     "=", NULL},
    {"VIEW", "v", NULL, "CREATE SQL SECURITY /*!50000 INVOKER */ VIEW `v` AS select 1", NULL, NULL},
    {"VIEW", "v", NULL, "CREATE VIEW `v` AS select 1; DROP TABLE other.t", NULL, NULL},
    {"VIEW", "v", NULL, "CREATE VIEW `v` AS select 1 /*!50000 ; DROP TABLE t */", NULL, NULL},
    {"VIEW", "v", NULL, "CREATE VIEW `v` AS select 'a", NULL, NULL},
    {"SEQUENCE", "s", NULL,
     "CREATE SEQUENCE `s` as bigint unsigned start with 1 minvalue -5 maxvalue 9 "
     "increment by 1 nocache nocycle ENGINE=InnoDB COMMENT='x'",
     "=", NULL},
    {"SEQUENCE", "s", NULL, "CREATE SEQUENCE `s` start with 1 ENGINE=CONNECT", NULL, NULL},
    {"SEQUENCE", "s", NULL, "CREATE SEQUENCE `s` start with 1, RENAME TO other.s", NULL, NULL},
    {"DATABASE", "live", NULL, "CREATE DATABASE `live` CHARACTER SET 'a' COLLATE b", NULL, NULL},

    /* under the mode that it is run under */
    {"VIEW", "v", NULL, "CREATE VIEW `v` AS select '\\' ; DROP TABLE t -- '", NULL, PLAIN},
    {"VIEW", "v", NULL, "CREATE VIEW `v` AS select '\\' AS `a`", "=", PLAIN},
    {"VIEW", "v", NULL, "CREATE VIEW `v` AS select '\\' AS `a`", NULL, NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER \"live\".tr BEFORE DELETE ON \"t\"" BODY,
     "CREATE TRIGGER tr BEFORE DELETE ON \"t\"" BODY, "ORACLE"},
    {"TRIGGER", "tr", "t", "CREATE DEFINER='\\'@'x' TRIGGER tr BEFORE DELETE ON t" BODY, "=",
     PLAIN},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr --\x01\n BEFORE DELETE ON t" BODY, "=", NULL},
    {"TRIGGER", "tr", "t", "CREATE TRIGGER tr BEFORE DELETE ON --\x01 t" BODY "\n other.t" BODY,
     NULL, NULL},
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
                                            .sql_mode = row->sql_mode};
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
    const struct mr_snap_place place = {.db = "live", .sql_mode = ansi_quotes ? ANSI : NULL};
    return mr_snap_names_db(&place, sql, strlen(sql));
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
    /* databases themselves */
    assert_true(names("DROP DATABASE live", false));
    assert_true(names("DROP SCHEMA IF EXISTS `live`", false));
    assert_true(names("ALTER DATABASE LIVE COLLATE utf8mb4_bin", false));
    assert_false(names("DROP DATABASE alive", false));
    /* text that is made at run time */
    assert_true(names("PREPARE s FROM 'DELETE FROM live.t'", false));
    assert_true(names("EXECUTE IMMEDIATE CONCAT('DELETE FROM `', 'Live', '`.t')", false));
    assert_true(names("SET @s = 'DROP DATABASE live'; PREPARE s FROM @s", false));
    assert_false(names("PREPARE s FROM 'DELETE FROM alive.t WHERE live_ = 1'", false));
    assert_false(names("PREPARE s FROM @s -- 'live'", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
