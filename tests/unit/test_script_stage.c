/* test_script_stage.c: the session of a unit and its temporary tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

#define INSERT MR_STEP_INSERT
#define UPDATE MR_STEP_UPDATE
#define DELETE MR_STEP_DELETE

static void step(struct world *w, uint64_t level, enum mr_step_op op, size_t table,
                 const char *before, const char *after)
{
    world_step(w, (struct world_step){1, 7, level, op, table, before, after, 0});
}

/* The last of the tables that each unit has. */
static const char after_apply[] = "CREATE TEMPORARY TABLE #apart";
static const char after_undo[] = "CREATE TEMPORARY TABLE #found";

static void test_session(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    step(&w, 1, INSERT, 0, NULL, "1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_stage(&w.s);
    world_sql_is(
        &w,
        "-- stage\n"
        "USE `o``dd`;\n"
        "SET NAMES utf8mb4;\n"
        "SET SESSION sql_mode = "
        "'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES', "
        "time_zone = '+00:00', autocommit = 1, foreign_key_checks = 1, unique_checks = 1, "
        "lock_wait_timeout = 5, innodb_lock_wait_timeout = 5, sql_safe_updates = 0, "
        "sql_big_selects = 1, sql_select_limit = 18446744073709551615, completion_type = 0;\n"
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n"
        "SET SESSION max_recursive_iterations = 4294967295;\n"
        "SET SESSION time_zone = IF(@@hostname = _utf8mb4 x'6462277320686f7374' AND @@port = 3306 "
        "AND @@server_id = 4294967295 AND @@datadir = '/var/lib/mysql/' AND @@read_only IN ('0', "
        "'OFF'),\n"
        "    @@SESSION.time_zone, 'myrecon: not the planned server, or read-only: nothing is "
        "done');\n"
        "DROP TEMPORARY TABLE IF EXISTS #guard;\n"
        "CREATE TEMPORARY TABLE #guard (step INT NOT NULL PRIMARY KEY, ok INT NOT NULL, CONSTRAINT "
        "myrecon_guard_failed CHECK (ok = 1)) ENGINE = InnoDB DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #tree;\n"
        "CREATE TEMPORARY TABLE #tree (tree INT NOT NULL PRIMARY KEY, n INT NOT NULL) ENGINE = "
        "InnoDB DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #there;\n"
        "CREATE TEMPORARY TABLE #there (line INT NOT NULL PRIMARY KEY, tree INT NOT NULL) ENGINE = "
        "InnoDB DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #done;\n"
        "CREATE TEMPORARY TABLE #done (tree INT NOT NULL PRIMARY KEY) ENGINE = InnoDB DEFAULT "
        "CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #refused;\n"
        "CREATE TEMPORARY TABLE #refused (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, tree INT NOT "
        "NULL, tbl VARCHAR(600) NOT NULL, id TEXT, why VARCHAR(600) NOT NULL) ENGINE = InnoDB "
        "DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #link;\n"
        "CREATE TEMPORARY TABLE #link (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, tree INT NOT "
        "NULL, other INT NOT NULL, way INT NOT NULL, mark INT NOT NULL DEFAULT 0, KEY (tree)) "
        "ENGINE = InnoDB DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #skip;\n"
        "CREATE TEMPORARY TABLE #skip (tree INT NOT NULL PRIMARY KEY) ENGINE = InnoDB DEFAULT "
        "CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #locked;\n"
        "CREATE TEMPORARY TABLE #locked (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, line INT NOT "
        "NULL, held INT) ENGINE = InnoDB DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #aside;\n"
        "CREATE TEMPORARY TABLE #aside (line INT NOT NULL PRIMARY KEY, why VARCHAR(600)) ENGINE = "
        "InnoDB DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #hang;\n"
        "CREATE TEMPORARY TABLE #hang (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, line INT NOT "
        "NULL, other INT NOT NULL, mark INT NOT NULL DEFAULT 0) ENGINE = InnoDB DEFAULT CHARSET "
        "utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #apart;\n"
        "CREATE TEMPORARY TABLE #apart (line INT NOT NULL PRIMARY KEY, refused INT NOT NULL) "
        "ENGINE = InnoDB DEFAULT CHARSET utf8mb4;\n"
        "DROP TEMPORARY TABLE IF EXISTS #i0;\n"
        "CREATE TEMPORARY TABLE #i0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE = InnoDB "
        "SELECT `id` FROM `o``dd`.`t` LIMIT 0;\n"
        "INSERT INTO #i0 (myrecon_row, myrecon_tree, myrecon_open, `id`) VALUES\n"
        "(1,7,0,1);\n"
        "INSERT INTO #tree\n"
        "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #i0) AS x GROUP BY "
        "myrecon_tree;\n");
    world_end(&w);
}

/* Images as they will be and as they have to be, the marks of each row, and nothing of what the
 * server computes. */
static void test_rows(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# sum:int* a:text?");
    world_table(&w, "log", "a:text");
    step(&w, 1, INSERT, 0, NULL, "1|0|o'dd");
    const int64_t row =
        world_step(&w, (struct world_step){1, 8, 2, UPDATE, 0, "2|0|a", "2|0|NULL", 0});
    world_step(&w, (struct world_step){1, 8, 3, UPDATE, 0, "2|0|NULL", "2|0|", row});
    step(&w, 4, DELETE, 0, "-3|0|a", NULL);
    step(&w, 1, INSERT, 1, NULL, "x");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_stage(&w.s);
    world_sql_behind(
        &w, after_apply,
        "DROP TEMPORARY TABLE IF EXISTS #i0;\n"
        "CREATE TEMPORARY TABLE #i0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE = InnoDB "
        "SELECT `id`, `a` FROM `o``dd`.`t` LIMIT 0;\n"
        "INSERT INTO #i0 (myrecon_row, myrecon_tree, myrecon_open, `id`, `a`) VALUES\n"
        "(1,7,0,1,_utf8mb4 x'6f276464');\n"
        "DROP TEMPORARY TABLE IF EXISTS #u0;\n"
        "CREATE TEMPORARY TABLE #u0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE = InnoDB "
        "SELECT `id`, `a` FROM `o``dd`.`t` LIMIT 0;\n"
        "INSERT INTO #u0 (myrecon_row, myrecon_tree, myrecon_open, `id`, `a`) VALUES\n"
        "(3,8,1,2,NULL),\n"
        "(4,8,2,2,_utf8mb4 '');\n"
        "DROP TEMPORARY TABLE IF EXISTS #b0;\n"
        "CREATE TEMPORARY TABLE #b0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT `id`, `a` FROM `o``dd`.`t` LIMIT 0;\n"
        "INSERT INTO #b0 (myrecon_row, myrecon_tree, `id`, `a`) VALUES\n"
        "(3,8,2,_utf8mb4 'a'),\n"
        "(4,8,2,NULL);\n"
        "DROP TEMPORARY TABLE IF EXISTS #d0;\n"
        "CREATE TEMPORARY TABLE #d0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE = InnoDB "
        "SELECT `id`, `a` FROM `o``dd`.`t` LIMIT 0;\n"
        "INSERT INTO #d0 (myrecon_row, myrecon_tree, myrecon_open, `id`, `a`) VALUES\n"
        "(5,7,0,-3,_utf8mb4 'a');\n"
        "DROP TEMPORARY TABLE IF EXISTS #i1;\n"
        "CREATE TEMPORARY TABLE #i1 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE = InnoDB "
        "SELECT `a` FROM `o``dd`.`log` LIMIT 0;\n"
        "INSERT INTO #i1 (myrecon_row, myrecon_tree, myrecon_open, `a`) VALUES\n"
        "(2,7,1,_utf8mb4 'x');\n"
        "INSERT INTO #tree\n"
        "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #i0 UNION ALL SELECT "
        "myrecon_tree FROM #u0 WHERE myrecon_open & 1 = 0 UNION ALL SELECT myrecon_tree FROM #d0 "
        "UNION ALL SELECT myrecon_tree FROM #i1) AS x GROUP BY myrecon_tree;\n"
        "DROP TEMPORARY TABLE IF EXISTS #x0;\n"
        "CREATE TEMPORARY TABLE #x0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, KEY (`id`)) ENGINE = InnoDB SELECT myrecon_row, myrecon_tree, "
        "`id` FROM #u0 WHERE myrecon_open & 1 = 0 UNION ALL SELECT myrecon_row, myrecon_tree, `id` "
        "FROM #d0;\n");
    mr_script_is_staged(&w.s);
    world_sql_is(&w, "\n"
                     "    AND (SELECT COUNT(*) = 1 FROM #i0)\n"
                     "    AND (SELECT COUNT(*) = 2 FROM #u0)\n"
                     "    AND (SELECT COUNT(*) = 2 FROM #b0)\n"
                     "    AND (SELECT COUNT(*) = 1 FROM #d0)\n"
                     "    AND (SELECT COUNT(*) = 1 FROM #i1)\n"
                     "    AND (SELECT COUNT(*) = 2 FROM #x0)\n"
                     "    AND (SELECT COALESCE(SUM(n), 0) FROM #tree) = 4\n"
                     "    AND NOT EXISTS (SELECT 1 FROM #there)\n"
                     "    AND NOT EXISTS (SELECT 1 FROM #done)\n"
                     "    AND NOT EXISTS (SELECT 1 FROM #skip)\n"
                     "    AND NOT EXISTS (SELECT 1 FROM #link)");
    world_end(&w);
}

/* Undo knows of which tree a row was, and has a table for what apply never wrote. */
static void test_undo(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    step(&w, 1, INSERT, 0, NULL, "1");
    step(&w, 1, INSERT, 0, NULL, "2");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    mr_script_stage(&w.s);
    world_sql_behind(
        &w, after_undo,
        "DROP TEMPORARY TABLE IF EXISTS #d0;\n"
        "CREATE TEMPORARY TABLE #d0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0, myrecon_of INT "
        "NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT `id` FROM `o``dd`.`t` LIMIT 0;\n"
        "INSERT INTO #d0 (myrecon_row, myrecon_tree, myrecon_open, myrecon_of, `id`) VALUES\n"
        "(1,-1,0,7,2),\n"
        "(2,-2,0,7,1);\n"
        "INSERT INTO #tree\n"
        "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #d0) AS x GROUP BY "
        "myrecon_tree;\n"
        "DROP TEMPORARY TABLE IF EXISTS #x0;\n"
        "CREATE TEMPORARY TABLE #x0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, KEY (`id`)) ENGINE = InnoDB SELECT myrecon_row, myrecon_tree, "
        "`id` FROM #d0;\n");
    world_end(&w);
}

/* Whom rows refer to: in the unit by a copy of the parents' values, outside of it by what names
 * them; and whom a row lets go of. */
static void test_references(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *p = world_table(&w, "people", "id:int# mobile:text! no:int?");
    world_named(&w, p, "mobile");
    world_table(&w, "notes", "id:int# of:int? no:int?");
    world_reference(&w, 1, "of", 0, "id", true);
    world_reference(&w, 1, "no", 0, "no", false);
    step(&w, 1, INSERT, 0, NULL, "1|+49|7");
    step(&w, 1, UPDATE, 0, "2|+48|8", "2|+48|9");
    step(&w, 2, INSERT, 1, NULL, "1|1|NULL");
    step(&w, 2, INSERT, 1, NULL, "2|5|6");
    world_live(&w, p, "5|+50|5");
    world_live(&w, p, "6|+51|6");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_stage(&w.s);
    world_sql_behind(
        &w, "CREATE TEMPORARY TABLE #i1",
        "INSERT INTO #i1 (myrecon_row, myrecon_tree, myrecon_open, `id`, `of`, `no`) VALUES\n"
        "(3,7,0,1,1,NULL),\n"
        "(4,7,0,2,5,6);\n"
        "INSERT INTO #tree\n"
        "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #i0 UNION ALL SELECT "
        "myrecon_tree FROM #u0 WHERE myrecon_open & 1 = 0 UNION ALL SELECT myrecon_tree FROM #i1) "
        "AS x GROUP BY myrecon_tree;\n"
        "DROP TEMPORARY TABLE IF EXISTS #k0;\n"
        "CREATE TEMPORARY TABLE #k0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, KEY (`id`)) ENGINE = InnoDB SELECT myrecon_row, myrecon_tree, "
        "`id` FROM #i0 UNION ALL SELECT myrecon_row, myrecon_tree, `id` FROM #u0 WHERE "
        "myrecon_open & 1 = 0;\n"
        "DROP TEMPORARY TABLE IF EXISTS #k1;\n"
        "CREATE TEMPORARY TABLE #k1 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT myrecon_row, myrecon_tree, `no` FROM #i0 "
        "UNION ALL SELECT myrecon_row, myrecon_tree, `no` FROM #u0 WHERE myrecon_open & 1 = 0;\n"
        "DROP TEMPORARY TABLE IF EXISTS #x0;\n"
        "CREATE TEMPORARY TABLE #x0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, KEY (`id`)) ENGINE = InnoDB SELECT myrecon_row, myrecon_tree, "
        "`id` FROM #u0 WHERE myrecon_open & 1 = 0;\n"
        "DROP TEMPORARY TABLE IF EXISTS #e0;\n"
        "CREATE TEMPORARY TABLE #e0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, "
        "myrecon_planned INT NOT NULL DEFAULT 0, KEY (`id`)) ENGINE = InnoDB SELECT `id`, `mobile` "
        "FROM `o``dd`.`people` LIMIT 0;\n"
        "INSERT INTO #e0 (myrecon_row, myrecon_planned, `id`, `mobile`) VALUES\n"
        "(1,0,5,_utf8mb4 '+50');\n"
        "DROP TEMPORARY TABLE IF EXISTS #e1;\n"
        "CREATE TEMPORARY TABLE #e1 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, "
        "myrecon_planned INT NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT `mobile`, `no` FROM "
        "`o``dd`.`people` LIMIT 0;\n"
        "INSERT INTO #e1 (myrecon_row, myrecon_planned, `mobile`, `no`) VALUES\n"
        "(1,0,_utf8mb4 '+51',6);\n"
        "DROP TEMPORARY TABLE IF EXISTS #l0;\n"
        "CREATE TEMPORARY TABLE #l0 (myrecon_no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
        "myrecon_row INT NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT `id` FROM `o``dd`.`people` "
        "LIMIT 0;\n"
        "DROP TEMPORARY TABLE IF EXISTS #v1;\n"
        "CREATE TEMPORARY TABLE #v1 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT `id`, `no` FROM `o``dd`.`people` LIMIT 0;\n"
        "INSERT INTO #v1 (myrecon_row, myrecon_tree, `id`, `no`) VALUES\n"
        "(2,7,2,8);\n");
    world_end(&w);
}

/* A row that a later unit writes again stands in that unit's image, too. */
static void test_later(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# u:int!");
    const int64_t row = world_step(&w, (struct world_step){1, 1, 1, UPDATE, 0, "1|1", "1|9", 0});
    world_step(&w, (struct world_step){2, 1, 1, UPDATE, 0, "1|9", "1|2", row});
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_stage(&w.s);
    world_sql_behind(&w, "INSERT INTO #b0",
                     "(1,1,1,1);\n"
                     "DROP TEMPORARY TABLE IF EXISTS #f0;\n"
                     "CREATE TEMPORARY TABLE #f0 (myrecon_no INT NOT NULL AUTO_INCREMENT PRIMARY "
                     "KEY, myrecon_row INT NOT NULL DEFAULT 0, KEY (myrecon_row)) ENGINE = InnoDB "
                     "SELECT `id`, `u` FROM `o``dd`.`t` LIMIT 0;\n"
                     "INSERT INTO #f0 (myrecon_row, `id`, `u`) VALUES\n"
                     "(1,1,2);\n"
                     "INSERT INTO #tree\n"
                     "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #u0 WHERE "
                     "myrecon_open & 1 = 0) AS x GROUP BY myrecon_tree;\n"
                     "DROP TEMPORARY TABLE IF EXISTS #x0;\n"
                     "CREATE TEMPORARY TABLE #x0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, "
                     "myrecon_tree INT NOT NULL DEFAULT 0, KEY (`id`)) ENGINE = InnoDB SELECT "
                     "myrecon_row, myrecon_tree, `id` FROM #u0 WHERE myrecon_open & 1 = 0;\n");
    world_end(&w);
}

/* A strict server makes no table with an ENUM of members that it takes for one. */
static void test_numbered(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# s:size");
    step(&w, 1, INSERT, 0, NULL, "1|A|0");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_stage(&w.s);
    world_sql_behind(
        &w, after_apply,
        "DROP TEMPORARY TABLE IF EXISTS #i0;\n"
        "SET SESSION sql_mode = "
        "'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES';\n"
        "CREATE TEMPORARY TABLE #i0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0, myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0) ENGINE = InnoDB "
        "SELECT `id`, `s` FROM `o``dd`.`t` LIMIT 0;\n"
        "SET SESSION sql_mode = "
        "'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES';\n"
        "INSERT INTO #i0 (myrecon_row, myrecon_tree, myrecon_open, `id`, `s`) VALUES\n"
        "(1,7,0,1,2);\n"
        "INSERT INTO #tree\n"
        "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #i0) AS x GROUP BY "
        "myrecon_tree;\n");
    world_end(&w);
}

/* Verify stages rows, and nothing that only a change needs. */
static void test_verify(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# up:int?");
    world_reference(&w, 0, "up", 0, "id", true);
    step(&w, 1, INSERT, 0, NULL, "1|NULL");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_VERIFY, 1, 1);
    mr_script_stage(&w.s);
    assert_null(strstr(w.s.sql.ptr, "myrecon_k0"));
    assert_null(strstr(w.s.sql.ptr, "read-only"));
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_undo),    cmocka_unit_test(test_references),
        cmocka_unit_test(test_later),   cmocka_unit_test(test_numbered),
        cmocka_unit_test(test_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
