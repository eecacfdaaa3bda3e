/* test_statement_reach.c: which tables a statement of a log may have changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/strbuf.h"
#include "core/logs/statement_reach.h"

/* Databases of the statement as MySQL says them: names, each with a NUL behind it. */
struct world {
    const char *text;
    const char *reach; /* "nothing", "all", else "d.t,d.u" and "d.*" for databases */
    const char *dbs;   /* "a\0b\0" is two; NULL: not said */
    unsigned ndbs;
    uint64_t sql_mode;
};

static const struct world worlds[] = {
    /* definitions that leave rows alone */
    {"GRANT SELECT ON d.t TO x", "nothing", NULL, 0, 0},
    {"create user x", "nothing", NULL, 0, 0},
    {"CREATE INDEX i ON t (a)", "nothing", NULL, 0, 0},
    {"CREATE UNIQUE INDEX i ON t (a)", "nothing", NULL, 0, 0},
    {"DROP INDEX i ON t", "nothing", NULL, 0, 0},
    {"CREATE DEFINER=`x`@`y` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a=1", "nothing", NULL,
     0, 0},
    {"CREATE OR REPLACE ALGORITHM=MERGE VIEW v AS SELECT * FROM t", "nothing", NULL, 0, 0},
    {"ANALYZE TABLE t", "nothing", NULL, 0, 0},
    {"ALTER DATABASE d CHARACTER SET latin1", "nothing", NULL, 0, 0},
    {"CREATE DATABASE d2", "nothing", NULL, 0, 0},
    {"SET PASSWORD FOR x = 'y'", "nothing", NULL, 0, 0},
    {"RENAME USER a TO b", "nothing", NULL, 0, 0},
    {"CREATE TEMPORARY TABLE t (a INT)", "nothing", NULL, 0, 0},
    {"DROP TEMPORARY TABLE IF EXISTS t", "nothing", NULL, 0, 0},
    /* a table that is made has all of its rows in the log */
    {"CREATE TABLE t (a INT DEFAULT 1)", "nothing", NULL, 0, 0},
    {"CREATE TABLE IF NOT EXISTS d2.t LIKE u", "nothing", NULL, 0, 0},
    {"CREATE TABLE `t` (`a` INT) START TRANSACTION", "nothing", NULL, 0, 0},
    {"CREATE TABLE t AS SELECT 1 AS a", "d.t", NULL, 0, 0},
    {"CREATE OR REPLACE TABLE t (a INT)", "d.t", NULL, 0, 0},
    /* MariaDB's OR REPLACE drops what has the name, and the log has no DROP */
    {"CREATE OR REPLACE DATABASE d2", "d2.*", NULL, 0, 0},
    {"CREATE OR REPLACE SCHEMA `d``2` CHARACTER SET utf8mb4", "d`2.*", NULL, 0, 0},
    {"CREATE OR REPLACE SEQUENCE d2.t", "d2.t", NULL, 0, 0},
    {"CREATE SEQUENCE IF NOT EXISTS t", "nothing", NULL, 0, 0},
    /* comments that a server runs, or not, by its kind and version */
    {"CREATE /*! OR REPLACE */ TABLE t (a INT)", "d.t", NULL, 0, 0},
    {"CREATE /*M!100100 OR REPLACE*/ TABLE t (a INT)", "d.t", NULL, 0, 0},
    {"CREATE /*!100100 OR REPLACE*/ DATABASE d2", "d2.*", NULL, 0, 0},
    {"DROP /*!40005 TEMPORARY */ TABLE t", "d.t", NULL, 0, 0},
    {"ALTER TABLE t ADD INDEX i (a) /*!50100 , DROP PARTITION p */", "d.t", NULL, 0, 0},
    {"ALTER TABLE t ADD INDEX i (a) /* no , DROP PARTITION p */", "nothing", NULL, 0, 0},
    {"ALTER TABLE t /*!50100 ADD INDEX i (a) */", "nothing", NULL, 0, 0},
    {"RENAME TABLE t TO /*!50100 v, w TO */ u", "d.t,d.u,d.t,d.v,d.w,d.u", NULL, 0, 0},
    {"CREATE TABLE /*!32312 IF NOT EXISTS*/ t (a INT) /*!50100 PARTITION BY HASH (a) */", "nothing",
     NULL, 0, 0},
    {"CREATE DATABASE /*!32312 IF NOT EXISTS*/ `d` /*!40100 DEFAULT CHARACTER SET utf8 */",
     "nothing", NULL, 0, 0},
    {"CREATE TABLE t (a INT) COMMENT '/*! OR REPLACE */'", "nothing", NULL, 0, 0},
    {"INSERT /*!50100 IGNORE */ INTO t VALUES (1)", "all", NULL, 0, 0},
    /* ALTER */
    {"ALTER TABLE t ADD COLUMN b INT", "d.t", NULL, 0, 0},
    {"alter table d2.t drop b", "d2.t", NULL, 0, 0},
    {"ALTER ONLINE IGNORE TABLE IF EXISTS `o``dd` MODIFY a BIGINT", "d.o`dd", NULL, 0, 0},
    /* rows that the index does not take are removed, and no event says so */
    {"ALTER IGNORE TABLE t ADD UNIQUE KEY k (a)", "d.t", NULL, 0, 0},
    {"ALTER TABLE t AUTO_INCREMENT = 100", "nothing", NULL, 0, 0},
    {"ALTER TABLE t auto_increment 100", "nothing", NULL, 0, 0},
    {"ALTER TABLE t AUTO_INCREMENT = 100, ALGORITHM = INPLACE, LOCK = NONE", "nothing", NULL, 0, 0},
    {"ALTER TABLE t ADD INDEX i (a), LOCK NONE", "nothing", NULL, 0, 0},
    {"ALTER TABLE t ALGORITHM = INSTANT, ADD c INT", "d.t", NULL, 0, 0},
    {"ALTER TABLE t AUTO_INCREMENT = 100, LOCK =", "d.t", NULL, 0, 0},
    {"ALTER TABLE t AUTO_INCREMENT = 100, ADD COLUMN c INT", "d.t", NULL, 0, 0},
    {"ALTER TABLE t AUTO_INCREMENT = 100 ENGINE = InnoDB", "d.t", NULL, 0, 0},
    {"ALTER TABLE t WAIT 5 AUTO_INCREMENT=7", "nothing", NULL, 0, 0},
    {"ALTER TABLE t DISABLE KEYS", "nothing", NULL, 0, 0},
    {"/*!40000 ALTER TABLE `t` ENABLE KEYS */", "nothing", NULL, 0, 0},
    {"/*!40000 ALTER TABLE `t` DROP a */", "d.t", NULL, 0, 0},
    {"ALTER TABLE t ADD UNIQUE KEY k (a, b), DROP INDEX i", "nothing", NULL, 0, 0},
    {"ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (a) ON DELETE CASCADE", "nothing",
     NULL, 0, 0},
    /* what it did to rows stands in no log, and in no catalogue by now */
    {"ALTER TABLE t DROP FOREIGN KEY f", "d.t", NULL, 0, 0},
    {"ALTER TABLE t ADD INDEX i (a), DROP FOREIGN KEY IF EXISTS f", "d.t", NULL, 0, 0},
    {"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a)", "nothing", NULL, 0, 0},
    {"ALTER TABLE t RENAME INDEX a TO b", "nothing", NULL, 0, 0},
    {"ALTER TABLE t RENAME COLUMN a TO b", "d.t", NULL, 0, 0},
    {"ALTER TABLE t RENAME u", "d.t,d.u", NULL, 0, 0},
    {"ALTER TABLE t ADD x INT, RENAME TO d2.u", "d.t,d2.u", NULL, 0, 0},
    {"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "d.t,d.u", NULL, 0, 0},
    {"ALTER TABLE t ADD c INT AS (a + 1), DROP d", "d.t", NULL, 0, 0},
    {"ALTER TABLE t FORCE", "d.t", NULL, 0, 0},
    {"ALTER TABLE t MODIFY a DECIMAL(8,3)", "d.t", NULL, 0, 0},
    {"ALTER TABLE t ADD e ENUM('a','b'), ADD f SET('c','d') AFTER a, RENAME u", "d.t,d.u", NULL, 0,
     0},
    {"ALTER TABLE t MODIFY a DECIMAL(8,", "d.t", NULL, 0, 0},
    {"ALTER TABLE t PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (1, 2))", "d.t", NULL, 0,
     0},
    {"ALTER TABLE t", "nothing", NULL, 0, 0},
    /* the rest of tables */
    {"TRUNCATE t", "d.t", NULL, 0, 0},
    {"TRUNCATE TABLE `d 2`.`t`", "d 2.t", NULL, 0, 0},
    {"DROP TABLE IF EXISTS `t`,`d2`.`u` /* generated by server */", "d.t,d2.u", NULL, 0, 0},
    {"RENAME TABLE a TO b, d2.c TO d3.d", "d.a,d.b,d2.c,d3.d", NULL, 0, 0},
    {"RENAME TABLE IF EXISTS a TO b", "d.a,d.b", NULL, 0, 0},
    {"RENAME TABLE a NOWAIT TO b, c WAIT 5 TO d", "d.a,d.b,d.c,d.d", NULL, 0, 0},
    {"DROP TABLE a WAIT 5", "d.a", NULL, 0, 0},
    {"DROP TABLE a, b CASCADE", "d.a,d.b", NULL, 0, 0},
    {"DROP TABLES event, b", "d.event,d.b", NULL, 0,
     0}, /* names may be words of other statements */
    {"DROP TEMPORARY TABLES a", "nothing", NULL, 0, 0},
    {"DROP TABLE a b", "all", NULL, 0, 0},
    {"DROP DATABASE IF EXISTS `d2`", "d2.*", NULL, 0, 0},
    {"REPAIR TABLE t QUICK", "d.t", NULL, 0, 0},
    {"DROP TABLE \"t\"", "d.t", NULL, 0, 4},
    /* a string where a name should be */
    {"DROP TABLE \"t\"", "all", NULL, 0, 0},
    /* changes as statements */
    {"INSERT INTO t VALUES (1)", "all", NULL, 0, 0},
    {"UPDATE t SET a = 1", "d.*", "d", 1, 0},
    {"DELETE FROM t", "d.*,e.*", "d\0e", 2, 0},
    {"LOAD DATA INFILE 'x' INTO TABLE t", "all", "d", 254, 0},
    {"CALL p()", "all", NULL, 0, 0},
    /* MariaDB: what is carried out stands behind it */
    {"SET STATEMENT max_statement_time = 10 FOR UPDATE t SET a = 1", "all", NULL, 0, 0},
    {"SET STATEMENT a = 1, b = (SELECT 1 FOR UPDATE) FOR TRUNCATE t", "d.t", NULL, 0, 0},
    {"SET STATEMENT a = 1 FOR SET STATEMENT b = 2 FOR DROP TABLE t", "d.t", NULL, 0, 0},
    {"SET STATEMENT a = 1 FOR GRANT SELECT ON t TO x", "nothing", NULL, 0, 0},
    {"SET STATEMENT a = 1 FOR SET @a = 1", "nothing", NULL, 0, 0},
    {"SET STATEMENT a = 1", "all", NULL, 0, 0},
    {"SET @a = 1", "nothing", NULL, 0, 0},
    {"ANALYZE UPDATE t SET a = 1", "all", NULL, 0, 0},
    {"ANALYZE FORMAT = JSON DELETE FROM t", "d.*", "d", 1, 0},
    {"ANALYZE NO_WRITE_TO_BINLOG TABLES t, u", "nothing", NULL, 0, 0},
    {"ANALYZE LOCAL TABLE t", "nothing", NULL, 0, 0},
    {"WITH a AS (SELECT 1) DELETE FROM t", "all", NULL, 0, 0},
    {"", "all", NULL, 0, 0},
    {"!!", "all", NULL, 0, 0},
    {"DROP TABLE t /* open", "all", NULL, 0, 0},
    {"TRUNCATE TABLE t\xe4", "all", NULL, 0, 0},
};

static void describe(const struct mr_statement_reach *reach, struct mr_strbuf *out)
{
    if (reach->reach == MR_REACH_NOTHING || reach->reach == MR_REACH_ALL) {
        mr_strbuf_add_str(out, reach->reach == MR_REACH_ALL ? "all" : "nothing");
        return;
    }
    for (size_t i = 0; i < reach->tables.count; i++) {
        const struct mr_named_table *table = mr_vec_at(&reach->tables, i);
        assert_int_equal(table->name == NULL, reach->reach == MR_REACH_DATABASES);
        mr_strbuf_add_fmt(out, "%s%s.%s", i > 0 ? "," : "", table->db,
                          table->name != NULL ? table->name : "*");
    }
}

static void test_reach(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        const struct world *w = &worlds[i];
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_err err = {0};
        struct mr_statement_reach reach;
        struct mr_strbuf got = MR_STRBUF_INIT;
        size_t dbs = 0;
        for (unsigned n = 0; w->ndbs < 254 && n < w->ndbs; n++)
            dbs += strlen(w->dbs + dbs) + 1;
        const struct mr_binlog_query query = {.db = {"d", 1},
                                              .text = {w->text, strlen(w->text)},
                                              .has_sql_mode = true,
                                              .sql_mode = w->sql_mode,
                                              .ndbs = w->ndbs,
                                              .dbs = {w->dbs, dbs}};
        assert_int_equal(mr_statement_reach(&query, &arena, &reach, &err), MR_OK);
        describe(&reach, &got);
        if (strcmp(got.ptr, w->reach) != 0)
            fail_msg("%s: %s and not %s", w->text, got.ptr, w->reach);
        mr_strbuf_release(&got);
        mr_statement_reach_release(&reach);
        mr_arena_release(&arena);
    }
}

static void test_reaches(void **state)
{
    (void)state;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    struct mr_statement_reach reach;
    static const char text[] = "DROP TABLE t, D2.U, `ÖFFNUNG`";
    const struct mr_binlog_query query = {.db = {"d", 1},
                                          .text = {text, sizeof text - 1},
                                          .has_charset = true,
                                          .client_collation = 45}; /* utf8mb4 */
    assert_int_equal(mr_statement_reach(&query, &arena, &reach, &err), MR_OK);
    assert_true(mr_statement_reaches(&reach, "d", "t"));
    assert_true(mr_statement_reaches(&reach, "D", "T"));
    assert_true(mr_statement_reaches(&reach, "d2", "u"));
    /* a statement is logged as it was typed, also where names of tables are kept in small letters */
    assert_true(mr_statement_reaches(&reach, "d", "öffnung"));
    assert_false(mr_statement_reaches(&reach, "d", "u"));
    assert_false(mr_statement_reaches(&reach, "d2", "t"));
    assert_true(reach.is_definition);
    mr_statement_reach_release(&reach);
    mr_arena_release(&arena);
}

/* What is read of a statement beside the rows that it changes. */
static void test_beside(void **state)
{
    static const struct {
        const char *text;
        bool is_beside;
        const char
            *hangs; /* a table that it adds a foreign key to, which changes its rows; or NULL */
    } rows[] = {
        {"CREATE USER u", true, NULL},
        {"DROP ROLE IF EXISTS r", true, NULL},
        {"RENAME USER a TO b", true, NULL},
        {"CREATE TEMPORARY TABLE t (a INT)", true, NULL},
        {"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')", true, NULL},
        {"CREATE VIEW user_orders AS SELECT 1", false, NULL},
        {"CREATE INDEX role ON users (a)", false, NULL},
        {"ALTER TABLE servers ADD INDEX i (a)", false, NULL},
        {"CREATE DEFINER=`user`@`role` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1", false,
         NULL},
        {"DROP /*!40005 TEMPORARY */ TABLE t", false, NULL},
        {"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a)", false, NULL},
        {"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a) ON DELETE RESTRICT", false, NULL},
        {"ALTER TABLE t ADD INDEX i (a), ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (a) ON "
         "DELETE CASCADE",
         false, "t"},
        {"ALTER TABLE t ADD FOREIGN KEY f (a) REFERENCES p (a) ON UPDATE SET NULL, ADD INDEX (b)",
         false, "t"},
        {"ALTER TABLE t ADD INDEX `cascade` (a), ADD FOREIGN KEY (a) REFERENCES p (a)", false,
         NULL},
        {"ALTER TABLE t /*!50100 ADD FOREIGN KEY (a) REFERENCES p (a) ON DELETE CASCADE */", false,
         "t"},
        /* a name in letters that are none of ours may be any */
        {"ALTER TABLE \xe4 ADD FOREIGN KEY (a) REFERENCES p (a) ON DELETE CASCADE", false, "u"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_statement_reach reach;
        const struct mr_binlog_query query = {.db = {"d", 1},
                                              .text = {rows[i].text, strlen(rows[i].text)}};
        assert_int_equal(mr_statement_reach(&query, &arena, &reach, NULL), MR_OK);
        if (reach.is_beside != rows[i].is_beside || reach.adds_cascade != (rows[i].hangs != NULL))
            fail_msg("%s: %d %d", rows[i].text, reach.is_beside, reach.adds_cascade);
        if (rows[i].hangs != NULL) {
            assert_true(mr_statement_hangs(&reach, "d", rows[i].hangs));
            assert_false(mr_statement_reaches(&reach, "d", rows[i].hangs));
        }
        mr_statement_reach_release(&reach);
        mr_arena_release(&arena);
    }
}

/* Where a server folds names, letters beyond ASCII are folded, too. */
static void test_letters(void **state)
{
    (void)state;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_statement_reach reach;
    static const char text[] = "TRUNCATE TABLE `ÖL`.`Заказы`";
    const struct mr_binlog_query query = {.text = {text, sizeof text - 1},
                                          .has_charset = true,
                                          .client_collation = 45}; /* utf8mb4_general_ci */
    assert_int_equal(mr_statement_reach(&query, &arena, &reach, NULL), MR_OK);
    assert_int_equal(reach.reach, MR_REACH_TABLES);
    assert_true(mr_statement_reaches(&reach, "öl", "заказы"));
    assert_false(mr_statement_reaches(&reach, "ol", "заказы"));
    mr_statement_reach_release(&reach);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_reaches),
        cmocka_unit_test(test_beside),
        cmocka_unit_test(test_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
