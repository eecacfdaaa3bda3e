/* test_script_shape.c: of a script's statements only those pass that plan writes, on the tables
 * that plan.json names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/base/strbuf.h"
#include "core/file/io.h"
#include "place.h"
#include "repair/script/script_shape.h"
#include "repair/script/script_text.h"

#define HEAD MR_SCRIPT_READ_HEAD
#define STAGE MR_SCRIPT_READ_STAGE
#define ASIDE MR_SCRIPT_READ_ASIDE
#define LOCKS MR_SCRIPT_READ_LOCKS
#define GUARDS MR_SCRIPT_READ_GUARDS
#define WRITE MR_SCRIPT_READ_WRITE
#define AGAIN MR_SCRIPT_READ_AGAIN
#define END MR_SCRIPT_READ_END

static const char *const around[] = {
    "engine InnoDB",
    "foreign key \"f\" of club.notes.member to club.members.id, ON DELETE RESTRICT",
    "foreign key \"g\" of payroll.paid.who to club.shops.id, ON DELETE RESTRICT",
    "unique index \"u\", 1. x of club.secret.y to club.members.id"};
static const struct mr_planned_reference by_kind = {.parent = "club.shops",
                                                    .condition = "kind = 'shop' -- or none"};
static const struct mr_planned_table tables[] = {
    {.table = "club.members",
     .target_db = "club",
     .target_name = "members",
     .around = {around, sizeof around / sizeof around[0]},
     .references = &by_kind,
     .nreferences = 1,
     .decisions = {[MR_DECIDE_INSERT] = 2}},
    {.table = "club.shops", .target_db = "club", .target_name = "shops"},
    {.table = "club.o`dd", .target_db = "club", .target_name = "o`dd"}};
static const struct mr_manifest manifest = {.planned = {.tables = tables, .ntables = 3}};

struct statement {
    enum mr_script_read_section section;
    const char *sql;
};

static const struct statement good[] = {
    {HEAD, "--\n-- a plan\nSET SESSION time_zone = IF(@@hostname = 'h' AND @@port = 3306,\n"
           "    @@SESSION.time_zone, 'myrecon: not the planned server')"},
    {HEAD, "SET SESSION time_zone = IF((SELECT COUNT(*) FROM information_schema.COLUMNS "
           "WHERE TABLE_SCHEMA = 'club') = 3, @@SESSION.time_zone, LEFT('x', 62))"},
    {STAGE, "USE `club`"},
    {STAGE, "SET NAMES utf8mb4"},
    {STAGE, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"},
    {STAGE, "SET SESSION cte_max_recursion_depth = 4294967295"},
    {STAGE, "DROP TEMPORARY TABLE IF EXISTS `club`.myrecon_i0"},
    {STAGE, "CREATE TEMPORARY TABLE `club`.myrecon_tree (tree INT NOT NULL PRIMARY KEY, "
            "n INT NOT NULL, why VARCHAR(600), KEY (n)) ENGINE = InnoDB DEFAULT CHARSET "
            "utf8mb4"},
    {STAGE, "CREATE TEMPORARY TABLE `club`.myrecon_i0 (myrecon_row INT NOT NULL DEFAULT 0 "
            "PRIMARY KEY) ENGINE = InnoDB SELECT `id`, `name` FROM `club`.`members` "
            "LIMIT 0"},
    {STAGE, "INSERT INTO `club`.myrecon_i0 (myrecon_row, `id`, `name`) VALUES\n"
            "(1,-7,_utf8mb4 x'e2'),\n(2,NULL,'a;b -- /* # \\\\')"},
    {STAGE, "SET @myrecon_value_3 = CONCAT(@myrecon_value_3, x'00ff')"},
    {STAGE, "SET @myrecon_value_3 = NULL, @myrecon_value_4 = NULL"},
    {ASIDE, "UPDATE `club`.myrecon_i0 SET myrecon_tree = -myrecon_row, `t` = `t` WHERE "
            "myrecon_row IN (SELECT line FROM `club`.myrecon_apart)"},
    {ASIDE, "INSERT INTO `club`.myrecon_apart WITH RECURSIVE r AS (SELECT line, why IS NOT "
            "NULL AS refused FROM `club`.myrecon_aside UNION SELECT h.other, r.refused FROM "
            "r JOIN `club`.myrecon_hang AS h ON h.line = r.line) SELECT line, MAX(refused) "
            "FROM r GROUP BY line"},
    {LOCKS, "SET @myrecon_ran = 0, @myrecon_end = 'ROLLBACK', @myrecon_why = NULL"},
    {LOCKS, "START TRANSACTION"},
    {LOCKS, MR_SCRIPT_RAN},
    {LOCKS, "INSERT INTO `club`.myrecon_locked SELECT NULL, s.myrecon_row, t.`x` IS NULL "
            "FROM `club`.myrecon_i0 AS s STRAIGHT_JOIN `club`.`shops` AS t FORCE INDEX "
            "(`PRIMARY`) ON t.`id` = s.`id` ORDER BY s.`id` FOR UPDATE"},
    {GUARDS, "INSERT INTO `club`.myrecon_refused (tree, tbl, id, why) SELECT "
             "s.myrecon_tree, 'club.members', CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'a' "
             "FROM (SELECT * FROM `club`.myrecon_i0 WHERE `id` IS NOT NULL AND (kind = "
             "'shop' -- or none\n)) AS s LEFT JOIN `club`.`o``dd` AS p ON p.`id` = s.`id` "
             "WHERE NOT IF(p.`id` IS NULL, 1, 0)"},
    {GUARDS, "INSERT INTO `club`.myrecon_refused (tree) SELECT 1 FROM `club`.`notes` AS c"},
    {WRITE, "INSERT INTO `club`.`members` (`id`, `name`) SELECT s.`id`, IF(s.myrecon_open "
            "& 1, NULL, s.`name`) FROM `club`.myrecon_i0 AS s WHERE s.myrecon_row BETWEEN 1 "
            "AND 2 AND (SELECT SUM(ok) FROM `club`.myrecon_guard) = 3 ORDER BY "
            "s.myrecon_row"},
    {WRITE, "UPDATE `club`.myrecon_u0 AS s STRAIGHT_JOIN `club`.myrecon_b0 AS b ON "
            "b.myrecon_row = s.myrecon_row STRAIGHT_JOIN `club`.`members` AS t ON t.`id` = "
            "s.`id` SET t.`id` = s.`id`, t.`name` = s.`name` WHERE s.myrecon_row > 0"},
    {WRITE, "DELETE t FROM `club`.myrecon_d0 AS s STRAIGHT_JOIN `club`.`members` AS t ON "
            "t.`id` = s.`id` WHERE s.myrecon_row = 1"},
    {WRITE, "DELETE FROM `club`.`members` WHERE EXISTS (SELECT 1 FROM `club`.myrecon_d0 AS "
            "s WHERE `club`.`members`.`id` <=> s.`id`) LIMIT 1"},
    {AGAIN, "INSERT INTO `club`.myrecon_guard SELECT 9, 1 FROM (SELECT COUNT(*) AS n FROM "
            "`club`.myrecon_refused) AS x WHERE x.n = 0"},
    {END, "SELECT tbl AS `table`, id AS `key`, why AS reason FROM `club`.myrecon_refused "
          "GROUP BY tbl, CAST(id AS BINARY), why ORDER BY MIN(no)"},
    {END, "SET @myrecon_end = IF((SELECT COUNT(*) = 4 AND SUM(ok) = 4 FROM "
          "`club`.myrecon_guard) AND @myrecon_ran = 9, 'COMMIT', 'ROLLBACK')"},
    {END, "PREPARE myrecon_end FROM @myrecon_end"},
    {END, "EXECUTE myrecon_end"},
    {END, "DEALLOCATE PREPARE myrecon_end"},
    {END, "ROLLBACK"},
};

/* A value in a place where plan has one. */
#define VALUE(x)                                                                                   \
    "INSERT INTO `club`.myrecon_refused (tree) SELECT " x " FROM `club`.myrecon_i0 AS s"
#define WHERE(x) "DELETE FROM `club`.`members` WHERE " x

static const struct statement bad[] = {
    /* other statements */
    {WRITE, "GRANT ALL ON *.* TO mallory"},
    {WRITE, "CREATE TRIGGER t BEFORE INSERT ON `club`.`members` FOR EACH ROW SET @x = 1"},
    {STAGE, "CREATE TABLE `club`.myrecon_i0 (id INT) ENGINE = InnoDB"},
    {STAGE, "DROP TABLE IF EXISTS `club`.myrecon_i0"},
    {STAGE, "DROP TEMPORARY TABLE IF EXISTS `club`.myrecon_i0, `club`.`members`"},
    {WRITE, "TRUNCATE `club`.`members`"},
    {WRITE, "CALL p()"},
    {WRITE, "DO SLEEP(9)"},
    {WRITE, "REPLACE INTO `club`.`members` (`id`) SELECT 1"},
    {WRITE, "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `club`.`members`"},
    {WRITE, "ALTER TABLE `club`.`members` AUTO_INCREMENT = 1"},
    {STAGE, "USE `mysql`"},
    {STAGE, "SET GLOBAL read_only = 0"},
    {STAGE, "SET SESSION sql_mode = ''"},
    {STAGE, "SET SESSION sql_log_bin = 0"},
    {STAGE, "SET SESSION time_zone = '+00:00', sql_log_bin = 0"},
    {STAGE, "SET NAMES gbk"},
    {STAGE, "SET PASSWORD = 'x'"},
    {STAGE, "COMMIT"},
    {END, "SELECT 1"},
    {END, "SELECT tbl AS `table`, id AS `key`, why AS reason FROM `mysql`.`user`"},
    {END, "SELECT tbl AS `table`, id AS `key`, why AS reason FROM `club`.myrecon_refused "
          "INTO OUTFILE '/tmp/x'"},
    {LOCKS, ""},
    {LOCKS, "-- nothing"},
    /* what is prepared */
    {END, "SET @myrecon_end = 'DROP TABLE x'"},
    {END, "SET @myrecon_end = IF((SELECT COUNT(*) = 4 AND SUM(ok) = 4 FROM "
          "`club`.myrecon_guard) AND @myrecon_ran = 9, 'COMMIT', 'GRANT ALL ON *.* TO m')"},
    {END, "SET @myrecon_why = NULL, @myrecon_end = 'DROP TABLE x'"},
    {END, "SET @MYRECON_END = 'DROP TABLE x'"},
    {END, "SET @`myrecon_end` = 'DROP TABLE x'"},
    {END, "SET @myrecon_why = 1, GLOBAL read_only = 0"},
    {END, "SET @myrecon_why = (@myrecon_end := 'DROP TABLE x')"},
    {END, "PREPARE myrecon_end FROM @myrecon_why"},
    {END, "PREPARE myrecon_end FROM 'DROP TABLE x'"},
    {END, "SET @x = 1"},
    /* tables */
    {WRITE, "DELETE FROM `other`.`t` WHERE 1 = 1"},
    {WRITE, "DELETE FROM `club`.`shops` WHERE 1 = 1"},
    {WRITE, "DELETE FROM `club`.`notes` WHERE 1 = 1"},
    {WRITE, "DELETE FROM `club`.`members`"},
    {GUARDS, "DELETE FROM `club`.`members` WHERE 1 = 1"},
    {WRITE, "INSERT INTO `mysql`.`user` (`User`) SELECT 'm'"},
    {WRITE, "INSERT INTO `club`.`shops` (`id`) SELECT 1"},
    {GUARDS, "INSERT INTO `club`.`members` (`id`) SELECT 1"},
    {WRITE, "INSERT INTO `club`.`members` SELECT 1"},
    {WRITE, "INSERT INTO `club`.`members` (`id`) VALUES (1)"},
    {WRITE, "INSERT INTO `club`.`members` (`id`) SELECT 1 ON DUPLICATE KEY UPDATE `id` = 2"},
    {WRITE, "INSERT INTO `other`.myrecon_i0 (`id`) SELECT 1"},
    {WRITE, "UPDATE `club`.myrecon_u0 AS s STRAIGHT_JOIN `club`.`shops` AS t ON 1 SET "
            "t.`id` = 1"},
    {GUARDS, "UPDATE `club`.myrecon_u0 AS s JOIN `club`.`members` AS t ON 1 SET t.`id` = 1"},
    {WRITE, "UPDATE `club`.myrecon_u0 AS s, `club`.`members` AS t SET t.`id` = 1"},
    {WRITE, "UPDATE `club`.myrecon_u0 AS s"},
    {WRITE, "DELETE t FROM `club`.myrecon_d0 AS s JOIN `club`.`shops` AS t ON 1"},
    {WRITE, "DELETE t FROM `club`.myrecon_d0 AS s, `club`.`members` AS t"},
    {WRITE, "DELETE FROM `club`.myrecon_d0 USING `club`.myrecon_d0 JOIN `club`.`members`"},
    {GUARDS, VALUE("(SELECT `Password` FROM `mysql`.`user` LIMIT 1)")},
    {GUARDS, VALUE("(SELECT 1 FROM `payroll`.`paid`)")},
    {GUARDS, VALUE("(SELECT 1 FROM `club`.`secret`)")},
    {GUARDS, VALUE("(SELECT 1 FROM secrets)")},
    {GUARDS, VALUE("(SELECT 1 FROM `secrets`)")},
    {GUARDS, VALUE("(SELECT 1 FROM r)")},
    {GUARDS, VALUE("(SELECT 1 FROM (`mysql`.`user`))")},
    {GUARDS, VALUE("(WITH RECURSIVE r AS (SELECT 1) SELECT 1 FROM r), 1 FROM r --")},
    {GUARDS, VALUE("(SELECT 1 FROM `club`.`shops`, `mysql`.`user`)")},
    {GUARDS, VALUE("(SELECT 1 FROM `club`.`shops` JOIN `mysql`.`user`)")},
    {GUARDS, VALUE("(SELECT 1 FROM `club`. `secrets`)")},
    {GUARDS, VALUE("(TABLE secrets)")},
    {GUARDS, VALUE("(SELECT 1 FROM information_schema.COLUMNS)")},
    {HEAD, "SET SESSION time_zone = (SELECT `x` FROM information_schema.PROCESSLIST)"},
    {GUARDS, VALUE("1 FROM `club`.`shops` UNION SELECT `x` FROM `mysql`.`user`) --")},
    {STAGE, "CREATE TEMPORARY TABLE `club`.myrecon_x (a INT) ENGINE = CONNECT"},
    {STAGE, "CREATE TEMPORARY TABLE `club`.myrecon_x (a INT) ENGINE = InnoDB DATA DIRECTORY "
            "= '/tmp'"},
    {STAGE, "CREATE TEMPORARY TABLE `club`.myrecon_x LIKE `mysql`.`user`"},
    {STAGE, "CREATE TEMPORARY TABLE `club`.myrecon_x (a INT) ENGINE = InnoDB SELECT * FROM "
            "`mysql`.`user`"},
    /* functions */
    {WRITE, WHERE("evil(1)")},
    {WRITE, WHERE("`evil`(1)")},
    {WRITE, WHERE("`club`.`evil`(1)")},
    {WRITE, WHERE("club.concat(1)")},
    {WRITE, WHERE("club.1e5(1)")},
    {WRITE, WHERE("COUNT (1)")},
    {WRITE, WHERE("SLEEP(9)")},
    {WRITE, WHERE("BENCHMARK(1000000, MD5('x'))")},
    {WRITE, WHERE("GET_LOCK('x', 9)")},
    {GUARDS, VALUE("LOAD_FILE('/etc/passwd')")},
    {GUARDS, VALUE("load_file\n('/etc/passwd')")},
    {GUARDS, VALUE("NEXT VALUE FOR `club`.`numbers`")},
    {GUARDS, VALUE("NEXTVAL(`club`.`numbers`)")},
    {GUARDS, VALUE("SETVAL(`club`.`numbers`, 1)")},
    {GUARDS, VALUE("sys_exec('id')")},
    /* variables */
    {GUARDS, VALUE("@x")},
    {GUARDS, VALUE("@@GLOBAL.general_log_file")},
    {GUARDS, VALUE("@myrecon_x := 1")},
    {GUARDS, VALUE("1 INTO @myrecon_end")},
    {GUARDS, VALUE("1 INTO OUTFILE '/tmp/x'")},
    {GUARDS, VALUE("1 PROCEDURE ANALYSE()")},
    {WRITE, "INSERT INTO `club`.`members` (`id`) SELECT 1 RETURNING `id`"},
    /* more statements, comments, the client */
    {WRITE, WHERE("1 = 1; DROP TABLE `club`.`members`")},
    {WRITE, WHERE("1 = 1 /*!50000 OR SLEEP(9) */")},
    {WRITE, WHERE("1 = 1 /*M! OR SLEEP(9) */")},
    {STAGE, "/*!DROP TABLE x*/"},
    {GUARDS, VALUE("/*+ SET_VAR(foreign_key_checks = 0) */ 1")},
    {GUARDS, VALUE("/* x */ 1")},
    {GUARDS, VALUE("1 # x\n")},
    {GUARDS, VALUE("1 \\! id\n")},
    {GUARDS, VALUE("1, \nsystem + id\n")},
    {GUARDS, VALUE("1 + delimiter + 2")},
    {GUARDS, "source /tmp/x.sql"},
    {GUARDS, VALUE("'open")},
    {GUARDS, VALUE("$$ ' $$")},
    {GUARDS, VALUE("'\xf0'")},
    {GUARDS, VALUE("(1")},
    {GUARDS, VALUE("1)")},
    {GUARDS, VALUE("?")},
    {GUARDS, VALUE("{d '2026-01-01'}")},
};

static struct mr_script_shape *shape(struct mr_arena *arena)
{
    struct mr_script_shape *out = NULL;
    struct mr_err err = {0};
    assert_int_equal(mr_script_shape_new(&manifest, NULL, arena, &out, &err), MR_OK);
    return out;
}

static bool fits(const struct mr_script_shape *s, const struct statement *of, size_t len,
                 struct mr_script_read_fault *fault)
{
    const struct mr_script_read_item item = {
        .kind = MR_SCRIPT_READ_STATEMENT, .section = of->section, .sql = of->sql, .len = len};
    return mr_script_shape_fits(s, &item, fault);
}

static void test_good(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_script_shape *s = shape(&arena);
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct mr_script_read_fault fault;
        if (!fits(s, &good[i], strlen(good[i].sql), &fault))
            fail_msg("refused: %s: %s", fault.what, good[i].sql);
        assert_string_equal(fault.what, "");
    }
    mr_arena_release(&arena);
}

static void test_bad(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_script_shape *s = shape(&arena);
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mr_script_read_fault fault;
        if (fits(s, &bad[i], strlen(bad[i].sql), &fault))
            fail_msg("accepted: %s", bad[i].sql);
        assert_string_not_equal(fault.what, "");
    }
    assert_true(sizeof bad / sizeof bad[0] >= 40);
    mr_arena_release(&arena);
}

/* Each function that is called, once, whatever its letters; columns and keywords of these names
 * are none. */
static void test_calls(void **state)
{
    static const struct statement of = {
        WRITE, WHERE("md5(`x`) = s.sha1 AND MD5(1) = COALESCE(CHAR(65), concat) AND `x` IN (1)")};
    static const char *const wanted[] = {"CHAR", "COALESCE", "MD5"};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_script_calls calls = {0};
    struct mr_script_shape *s = NULL;
    struct mr_script_read_fault fault;
    struct mr_err err = {0};
    size_t at = 0;
    (void)state;
    assert_int_equal(mr_script_shape_new(&manifest, &calls, &arena, &s, &err), MR_OK);
    assert_true(fits(s, &of, strlen(of.sql), &fault));
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_string_equal(mr_script_calls_next(&calls, &at), wanted[i]);
    assert_null(mr_script_calls_next(&calls, &at));
    mr_arena_release(&arena);
}

/* Cut anywhere, or with a word more, a statement is another one; most are none. */
static void test_cut(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_script_shape *s = shape(&arena);
    size_t accepted = 0, cuts = 0;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct mr_strbuf more = MR_STRBUF_INIT;
        struct mr_script_read_fault fault;
        for (size_t len = 0; len < strlen(good[i].sql); len++, cuts++)
            accepted += fits(s, &good[i], len, &fault);
        mr_strbuf_add_fmt(&more, "%s INTO OUTFILE '/tmp/x'", good[i].sql);
        const struct statement worse = {good[i].section, more.ptr};
        assert_false(fits(s, &worse, more.len, &fault));
        mr_strbuf_release(&more);
    }
    assert_true(accepted * 3 < cuts);
    mr_arena_release(&arena);
}

/* A statement stands in no section but its own, unless several have it. */
static void test_sections(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_script_shape *s = shape(&arena);
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        for (int section = HEAD; section <= END; section++) {
            struct mr_script_read_fault fault;
            const struct statement other = {(enum mr_script_read_section)section, good[i].sql};
            const bool fit = fits(s, &other, strlen(other.sql), &fault);
            if (good[i].section == WRITE)
                assert_int_equal(fit, section == WRITE);
            if (section == HEAD)
                assert_int_equal(fit, strncmp(good[i].sql, "SET @myrecon_value", 18) == 0 ||
                                          strcmp(good[i].sql, MR_SCRIPT_RAN) == 0 ||
                                          good[i].section == HEAD);
        }
    mr_arena_release(&arena);
}

static void test_expressions(void **state)
{
    static const char *const right[] = {
        "kind = 'member'",
        "`kind` IN ('a', 'b') and `order` > 0",
        "owner_type = 'App\\\\Models\\\\Shop'",
        "kind = \"member\" -- or 'none'",
        "concat(`a`,'-',lower(`b`))",
        "if((`a` = 1),`b`,NULL)",
        "cast(json_unquote(json_extract(`doc`,'$.id')) as char(10) charset utf8mb4)",
        "json_unquote(`doc` -> '$.id')",
        "extract(year_month from `at`) + interval 1 day",
        "(case when (`a` is null) then 0 else `a` end)",
        "trim(both ' ' from `a`) collate utf8mb4_bin",
        "`a` between 1 and 2 or not `b` like '%x' escape '|'",
    };
    static const char *const wrong[] = {
        "kind = (SELECT 1)",
        "kind IN (SELECT id FROM t)",
        "EXISTS (SELECT 1 FROM `club`.`members`)",
        "f(kind)",
        "kind = 'x') OR (1 = 1",
        "kind = @x",
        "kind = 1 /*! OR 1 = 1 */",
        "kind; DROP TABLE x",
        "SLEEP(9) = 0",
        "kind, 1",
        "kind = trim(both ' ' from (SELECT 1))",
        "FROM",
        "kind = 1 INTO @a",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct mr_script_read_fault fault;
        if (!mr_script_shape_is_expression(right[i], &fault))
            fail_msg("refused: %s: %s", fault.what, right[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct mr_script_read_fault fault;
        if (mr_script_shape_is_expression(wrong[i], &fault))
            fail_msg("accepted: %s", wrong[i]);
    }
}

static void test_conditions(void **state)
{
    struct mr_planned_reference wrong = {.parent = "club.shops", .condition = "kind = evil(1)"};
    struct mr_planned_table table = tables[0];
    struct mr_manifest m = {.planned = {.tables = &table, .ntables = 1}};
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_script_shape_conditions(&manifest, "p", NULL, &err), MR_OK);
    table.references = &wrong;
    assert_int_equal(mr_script_shape_conditions(&m, "p", NULL, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "\"club.members\""));
    assert_non_null(strstr(err.message, "\"evil\""));
}

/* File and line are named, and no statement behind it is handed out. */
static void test_file(void **state)
{
    static const char text[] =
        "-- a plan\nSET SESSION time_zone = IF(1,\n    '+00:00', 'x');\n\n"
        "-- unit 1 of 1: 1 rows\n-- stage\nUSE `club`;\n-- aside\n-- locks\n"
        "START TRANSACTION;\n-- guards\n-- write\n%s-- again\n-- end\nROLLBACK;\n";
    struct mr_strbuf script = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    for (int evil = 0; evil < 2; evil++) {
        mr_strbuf_reset(&script);
        mr_strbuf_add_fmt(&script, text,
                          evil ? "DELETE FROM `club`.`members`\n  WHERE 1 = 1 OR\n"
                                 "  evil(1);\n"
                               : "");
        assert_int_equal(mr_io_write_file("s.sql", 0600, script.ptr, script.len, &err), MR_OK);
        assert_int_equal(mr_script_shape_check(&manifest, "s.sql", NULL, &err),
                         evil ? MR_E_REFUSED : MR_OK);
    }
    assert_string_equal(err.message,
                        "script \"s.sql\", line 15: a statement has a function, or a list, "
                        "that plan does not write: \"evil\"");
    mr_strbuf_release(&script);
}

/* What a shape has seen before changes no verdict: each byte of each statement, made another one,
 * is judged as by a shape that has seen nothing. */
static void test_seen(void **state)
{
    static const char others[] = "7a. ";
    struct mr_arena arena = MR_ARENA_INIT, fresh = MR_ARENA_INIT;
    const struct mr_script_shape *seen = shape(&arena);
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t accepted = 0;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const size_t len = strlen(good[i].sql);
        struct mr_script_read_fault fault;
        for (size_t k = 0; k < len * (sizeof others - 1); k++) {
            mr_strbuf_reset(&text);
            mr_strbuf_add(&text, good[i].sql, len);
            text.ptr[k / (sizeof others - 1)] = others[k % (sizeof others - 1)];
            const struct statement other = {good[i].section, text.ptr};
            mr_arena_reset(&fresh);
            (void)fits(seen, &good[i], len, &fault);
            const bool is = fits(shape(&fresh), &other, len, &fault);
            accepted += is;
            if (fits(seen, &other, len, &fault) != is)
                fail_msg("%s: %s", is ? "refused" : "accepted", text.ptr);
        }
    }
    assert_true(accepted > 100);
    mr_strbuf_release(&text);
    mr_arena_release(&fresh);
    mr_arena_release(&arena);
}

/* Numbers that do matter: those of statements that have to stand there as they are. */
static void test_numbers(void **state)
{
    const struct {
        struct statement first, then;
        bool fits;
    } cases[] = {
        {{STAGE, "SET @myrecon_a = 7"}, {STAGE, "SET @myrecon_a = 18446744073709551616"}, true},
        {{STAGE, "SET @myrecon_a = 7"}, {STAGE, "SET @myrecon_a = 7.5"}, true},
        {{STAGE, "SET @myrecon_a = 7"}, {STAGE, "SET @myrecon_a = 7x"}, false},
        {{STAGE, "SET @myrecon_a = 7"}, {STAGE, "SET @myrecon_a = "}, false},
        {{STAGE, "SET @myrecon_a = 7"}, {STAGE, "SET @myrecon_a = 7 7;"}, false},
        {{WRITE, "SET @myrecon_a = 7"}, {END, "SET @myrecon_a = 8"}, true},
        {{WRITE, WHERE("`id` = 7")}, {END, WHERE("`id` = 8")}, false},
        {{WRITE, WHERE("`id` = 7")}, {WRITE, WHERE("`id` = 8 LIMIT 1")}, true},
        {{LOCKS, "SET @myrecon_ran = 0, @myrecon_end = 'ROLLBACK', @myrecon_why = NULL"},
         {LOCKS, "SET @myrecon_ran = 1, @myrecon_end = 'ROLLBACK', @myrecon_why = NULL"},
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        const struct mr_script_shape *s = shape(&arena);
        struct mr_script_read_fault fault;
        assert_true(fits(s, &cases[i].first, strlen(cases[i].first.sql), &fault));
        if (fits(s, &cases[i].then, strlen(cases[i].then.sql), &fault) != cases[i].fits)
            fail_msg("case %zu: %s", i, cases[i].then.sql);
        mr_arena_release(&arena);
    }
}

/* Nobody waits for the end of a long script who has pressed Ctrl-C. */
static void test_cancelled(void **state)
{
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_io_write_file("s.sql", 0600, "-- a plan\n", 10, &err), MR_OK);
    assert_int_equal(mr_script_shape_check(&manifest, "s.sql", NULL, &err), MR_OK);
    mr_cancel(); /* last: the flag stays */
    assert_int_equal(mr_script_shape_check(&manifest, "s.sql", NULL, &err), MR_E_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test_setup_teardown(test_file, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_cancelled, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
