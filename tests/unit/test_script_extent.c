/* test_script_extent.c: updates that write some columns of a row, and what they lean on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

static void restored(struct world *w, int64_t tree, size_t table, const char *before,
                     const char *after)
{
    world_restored(
        w, world_step(w, (struct world_step){1, tree, 9, MR_STEP_UPDATE, table, before, after, 0}));
}

/* "writes / stands / compares": columns of the extent of the n-th row. */
static void extent_is(struct world *w, size_t n, const char *wanted)
{
    const struct mr_script_row *row = mr_vec_at(&w->s.rows, n);
    const struct mr_script_extent *e = mr_script_extent(&w->s, row->extent);
    const struct mr_plan_table *t = &w->tables[row->step.table];
    struct mr_strbuf got = MR_STRBUF_INIT;
    mr_strbuf_add_str(&got, e == NULL ? "whole" : "");
    for (int k = 0; e != NULL && k < 3; k++) {
        const bool *of = k == 0 ? e->writes : k == 1 ? e->stands : e->compares;
        mr_strbuf_add_str(&got, k > 0 ? "/" : "");
        for (size_t i = 0; i < t->pair->find.ncolumns; i++)
            if (of[i])
                mr_strbuf_add_fmt(&got, " %s", t->pair->find.columns[i].name);
        mr_strbuf_add_str(&got, k < 2 ? " " : "");
    }
    assert_string_equal(got.ptr, wanted);
    mr_strbuf_release(&got);
}

/* The key, who it is, and all of what a written column is a part of. */
static void test_leans_on(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *t = world_table(
        &w, "t", "id:int# mobile:text! a:text b:int? c:int? d:int sum:int* e:text? f:text!");
    (void)world_table(&w, "p", "x:int# y:int#");
    world_named(&w, t, "mobile");
    world_index(&w, t, "pair", "a d", true, 0);
    world_index(&w, t, "prefix", "e", true, 3);
    w.own[0].columns[6].generation_sql = "`e` + 1";
    world_index(&w, t, "made", "sum", true, 0);
    world_reference(&w, 0, "b c", 1, "x y", true);
    restored(&w, 1, 0, "1|m|a|1|2|3|0|e|f", "1|m|a2|1|2|3|9|e|f");
    restored(&w, 2, 0, "2|m|a|1|2|3|0|e|f", "2|m|a|5|2|3|0|e|f");
    restored(&w, 3, 0, "3|m|a|1|2|3|0|e|f", "3|m|a|1|2|3|0|e2|f");
    restored(&w, 4, 0, "4|m|a|1|2|3|0|e|f", "4|n|a|1|2|3|0|e|f");
    restored(&w, 5, 0, "5|m|a|1|2|3|0|e|f", "5|m|a|1|2|3|9|e|f"); /* what the server computes */
    world_step(&w, (struct world_step){1, 6, 9, MR_STEP_UPDATE, 0, "6|m|a|1|2|3|0|e|f",
                                       "6|m|b|1|2|3|0|e|f", 0});
    restored(&w, 7, 1, "1|1", "1|2");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    extent_is(&w, 0, "whole"); /* in the order of writing */
    extent_is(&w, 1, "whole");
    extent_is(&w, 2, " a / mobile a / id mobile a d");
    extent_is(&w, 3, " b / mobile b / id mobile b c");
    extent_is(&w, 4, " e / mobile e / id mobile e");
    extent_is(&w, 5, " mobile / mobile / id mobile");
    extent_is(&w, 6, " y / y / x y");
    world_end(&w);
}

/* What its condition reads belongs to a reference. */
static void test_condition(void **state)
{
    struct world w;
    const bool reads[] = {false, false, true, false};
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# owner:int kind:text n:int");
    world_table(&w, "p", "id:int#");
    struct mr_plan_reference *r = world_reference(&w, 0, "owner", 1, "id", false);
    r->reads = reads;
    w.pairs[0].condition = "`kind` = 'p'";
    restored(&w, 1, 0, "1|7|p|0", "1|8|p|0");
    restored(&w, 2, 0, "2|7|p|0", "2|7|q|0");
    restored(&w, 3, 0, "3|7|p|0", "3|7|p|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    extent_is(&w, 0, " owner / owner / id owner kind");
    extent_is(&w, 1, " kind / kind / id owner kind");
    extent_is(&w, 2, " n / n / id n");
    assert_true(mr_script_leads(&w.s, r));
    mr_script_where_refers(&w.s, r);
    world_sql_is(&w, " AND (s.myrecon_row BETWEEN 1 AND 1 OR s.myrecon_row BETWEEN 2 AND 2)");
    assert_true(mr_script_has_extent(&w.s, &w.tables[0], 3));
    assert_false(mr_script_has_extent(&w.s, &w.tables[0], 0));
    mr_script_where_extent(&w.s, &w.tables[0], 0);
    world_sql_is(&w, " AND FALSE");
    world_end(&w);
}

/* Rows of one extent are one statement; the server's own times stay, of columns beside the plan, too. */
static void test_writes(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# a:text n:int at:edited");
    restored(&w, 1, 0, "1|a|1|2026-04-02 13:05:00", "1|b|1|2026-04-02 13:05:00");
    restored(&w, 2, 0, "2|a|1|2026-04-02 13:05:00", "2|a|2|2026-04-02 13:06:00");
    restored(&w, 3, 0, "3|c|1|2026-04-02 13:05:00", "3|d|1|2026-04-02 13:05:00");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_changes(&w.s);
    world_sql_is(
        &w, "-- write\n"
            "UPDATE #u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row "
            "STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` SET t.`a` = s.`a`, t.`at` = "
            "t.`at` WHERE s.myrecon_row BETWEEN 1 AND 2 AND s.myrecon_tree NOT IN (SELECT tree "
            "FROM #skip) AND s.myrecon_row <= COALESCE(@myrecon_last, 2) AND (t.`id` <=> b.`id` "
            "AND CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS BINARY)) AND (SELECT SUM(ok) FROM "
            "#guard) = 0;\n"
            "INSERT INTO #guard SELECT 0, ROW_COUNT() = (SELECT COUNT(*) FROM #u0 AS s WHERE "
            "s.myrecon_row BETWEEN 1 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
            "AND s.myrecon_row <= COALESCE(@myrecon_last, 2));\n"
            "UPDATE #u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row "
            "STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` SET t.`n` = s.`n`, t.`at` = "
            "s.`at` WHERE s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree "
            "FROM #skip) AND s.myrecon_row <= COALESCE(@myrecon_last, 3) AND (t.`id` <=> b.`id` "
            "AND t.`n` <=> b.`n` AND t.`at` <=> b.`at`) AND (SELECT SUM(ok) FROM #guard) = 1;\n"
            "INSERT INTO #guard SELECT 1, ROW_COUNT() = (SELECT COUNT(*) FROM #u0 AS s WHERE "
            "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
            "AND s.myrecon_row <= COALESCE(@myrecon_last, 3));\n");
    world_end(&w);
}

static void test_guards(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# a:text n:int!");
    restored(&w, 1, 0, "1|a|1", "1|b|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_guards(&w.s);
    world_sql_is(
        &w, "-- guards\n"
            "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #u0 AS s STRAIGHT_JOIN "
            "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE s.myrecon_open & 1 = 0 AND CAST(t.`a` AS "
            "BINARY) <=> CAST(s.`a` AS BINARY);\n"
            "--ran\n"
            "INSERT INTO #done SELECT x.tree FROM #tree AS x JOIN (SELECT tree, COUNT(*) AS n "
            "FROM #there GROUP BY tree) AS h ON h.tree = x.tree WHERE h.n = x.n;\n"
            "--ran\n"
            "SET @myrecon_done = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree IN (SELECT "
            "tree FROM #done));\n"
            "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), IF(t.`id` <=> NULL, 'it was deleted since the "
            "plan was made', LEFT(CONCAT('changed since the plan was made: ', CONCAT_WS(', ', "
            "IF(t.`id` <=> b.`id`, NULL, 'id'), IF(CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS "
            "BINARY), NULL, 'a'))), 600)) FROM #u0 AS s JOIN #b0 AS b ON b.myrecon_row = "
            "s.myrecon_row LEFT JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` WHERE s.myrecon_tree "
            "NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM #there) "
            "AND NOT (NOT (t.`id` <=> NULL) AND t.`id` <=> b.`id` AND CAST(t.`a` AS BINARY) <=> "
            "CAST(b.`a` AS BINARY));\n"
            "--ran\n"
            "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'it is there already, but not all that "
            "belongs to it' FROM #u0 AS s JOIN #there AS h ON h.line = s.myrecon_row WHERE "
            "s.myrecon_tree NOT IN (SELECT tree FROM #done);\n"
            "--ran\n"
            "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
            "--ran\n"
            "INSERT INTO #skip WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM #refused UNION "
            "SELECT l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN #link AS l ON l.tree = "
            "r.tree AND l.way >= r.way) SELECT tree FROM r UNION SELECT tree FROM #done;\n"
            "--ran\n"
            "SET @myrecon_written = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree NOT IN "
            "(SELECT tree FROM #skip));\n"
            "INSERT INTO #guard SELECT 0, @myrecon_ran = 6;\n");
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    mr_script_refuse_moved(&w.s, &w.tables[0]);
    world_sql_is(
        &w, "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), IF(t.`id` <=> NULL, 'it was deleted since it "
            "was written', LEFT(CONCAT('changed since it was written: ', CONCAT_WS(', ', "
            "IF(t.`id` <=> b.`id`, NULL, 'id'), IF(CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS "
            "BINARY), NULL, 'a'))), 600)) FROM #u0 AS s JOIN #b0 AS b ON b.myrecon_row = "
            "s.myrecon_row LEFT JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` WHERE s.myrecon_tree "
            "NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM #there) "
            "AND NOT (NOT (t.`id` <=> NULL) AND t.`id` <=> b.`id` AND CAST(t.`a` AS BINARY) <=> "
            "CAST(b.`a` AS BINARY));\n"
            "--ran\n");
    world_unit(&w, MR_SCRIPT_VERIFY, 1, 1);
    mr_script_proof(&w.s);
    world_sql_is(
        &w, "-- proof\n"
            "SET @myrecon_ran = 0, @myrecon_wrong = @myrecon_wrong + 1;\n"
            "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), IF(t.`id` <=> NULL, 'it is missing', 'it is "
            "not as it was planned') FROM #u0 AS s LEFT JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` "
            "WHERE s.myrecon_open & 1 = 0 AND NOT (NOT (t.`id` <=> NULL) AND CAST(t.`a` AS "
            "BINARY) <=> CAST(s.`a` AS BINARY));\n"
            "--ran\n"
            "SELECT tbl AS `table`, id AS `key`, why AS reason FROM #refused ORDER BY no;\n"
            "SET @myrecon_wrong = @myrecon_wrong + (SELECT COUNT(*) FROM #refused)\n"
            "    + IF(@myrecon_ran = 1\n"
            "    AND (SELECT COALESCE(SUM(n), 0) FROM #tree) = 1\n"
            "    AND NOT EXISTS (SELECT 1 FROM #there)\n"
            "    AND NOT EXISTS (SELECT 1 FROM #done)\n"
            "    AND NOT EXISTS (SELECT 1 FROM #skip)\n"
            "    AND NOT EXISTS (SELECT 1 FROM #link), -1, 0);\n");
    world_end(&w);
}

/* A row is added to; another writes the same columns, which is another statement. */
static void accounts(struct world *w)
{
    world_begin(w);
    world_table(w, "t", "id:int# a:text n:money u:uint");
    w->own[0].columns[2].type = "decimal(10,2)";
    world_summed(w,
                 world_step(w, (struct world_step){1, 1, 9, MR_STEP_UPDATE, 0, "1|a|1.00|4",
                                                   "1|b|3.50|2", 0}),
                 "2 3");
    restored(w, 2, 0, "2|a|1.00|4", "2|b|3.50|2");
    world_open(w);
    world_unit(w, MR_SCRIPT_APPLY, 1, 1);
}

static void test_sums(void **state)
{
    struct world w;
    (void)state;
    accounts(&w);
    extent_is(&w, 0, " a n u / a n u / id a n u");
    extent_is(&w, 1, " a n u / a n u / id a n u");
    assert_true(mr_script_has_sums(&w.s));
    mr_script_stage_sums(&w.s);
    mr_script_note_sums(&w.s);
    world_sql_is(
        &w, "DROP TEMPORARY TABLE IF EXISTS #sums;\n"
            "CREATE TEMPORARY TABLE #sums (line INT NOT NULL PRIMARY KEY, state INT NOT NULL) "
            "ENGINE = InnoDB DEFAULT CHARSET utf8mb4;\n"
            "DROP TEMPORARY TABLE IF EXISTS #added;\n"
            "CREATE TEMPORARY TABLE #added (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, line INT "
            "NOT NULL, tree INT NOT NULL, tbl VARCHAR(600) NOT NULL, id TEXT, col VARCHAR(64) "
            "NOT NULL, was VARCHAR(80), becomes VARCHAR(80)) ENGINE = InnoDB DEFAULT CHARSET "
            "utf8mb4;\n"
            "INSERT INTO #added (line, tree, tbl, id, col, was, becomes) SELECT s.myrecon_row, "
            "s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'n', t.`n`, t.`n` + "
            "(CAST(s.`n` AS DECIMAL(65,2)) - CAST(b.`n` AS DECIMAL(65,2))) FROM #u0 AS s "
            "STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN `o``dd`.`t` "
            "AS t ON t.`id` = s.`id` WHERE TRUE AND (s.myrecon_row BETWEEN 1 AND 1);\n"
            "--ran\n"
            "INSERT INTO #added (line, tree, tbl, id, col, was, becomes) SELECT s.myrecon_row, "
            "s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'u', t.`u`, t.`u` + "
            "(CAST(s.`u` AS DECIMAL(65,0)) - CAST(b.`u` AS DECIMAL(65,0))) FROM #u0 AS s "
            "STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN `o``dd`.`t` "
            "AS t ON t.`id` = s.`id` WHERE TRUE AND (s.myrecon_row BETWEEN 1 AND 1);\n"
            "--ran\n");
    world_end(&w);
}

/* Who comes to be somebody whom no unique index knows must not be whom TARGET has by now. */
static void test_namesake(void **state)
{
    static const struct {
        bool index;
        const char *before, *after;
        bool asks;
    } cases[] = {{false, "1|m1|a", "1|m2|a", true},
                 {false, "1|m1|a", "1|m1|b", false},
                 {true, "1|m1|a", "1|m2|a", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        world_begin(&w);
        struct mr_plan_table *t = world_table(
            &w, "t", cases[i].index ? "id:int# mobile:text! a:text" : "id:int# mobile:text a:text");
        world_named(&w, t, "mobile");
        for (size_t k = 0; k < t->nuniques; k++)
            w.own[0].uniques[k].is_identity = !t->uniques[k].is_key;
        restored(&w, 1, 0, cases[i].before, cases[i].after);
        world_open(&w);
        world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
        mr_script_refuse_moved(&w.s, t);
        const char *asked = strstr(w.s.sql.ptr, "another row has the same identity");
        if ((asked != NULL) != cases[i].asks)
            fail_msg("case %zu: %s", i, w.s.sql.ptr);
        static const char wanted[] =
            "another row has the same identity' FROM `o``dd`.myrecon_u0 AS s STRAIGHT_JOIN "
            "`o``dd`.`t` AS t ON t.`mobile` = s.`mobile` LEFT JOIN `o``dd`.myrecon_x0 AS x ON "
            "x.`id` = t.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM `o``dd`.myrecon_done) "
            "AND s.myrecon_row NOT IN (SELECT line FROM `o``dd`.myrecon_there) AND x.myrecon_row "
            "IS NULL;\n";
        if (asked != NULL && strncmp(asked, wanted, sizeof wanted - 1) != 0)
            fail_msg("%s", asked);
        world_end(&w);
    }
}

/* Leading zeros are none of the value's. */
static void test_zerofill(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# u:uint");
    w.own[0].columns[1].type = "int(5) unsigned zerofill";
    world_summed(
        &w, world_step(&w, (struct world_step){1, 1, 9, MR_STEP_UPDATE, 0, "1|4", "1|2", 0}), "1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_note_sums(&w.s);
    if (strstr(w.s.sql.ptr, "'u', t.`u` + 0, t.`u` + (CAST(") == NULL)
        fail_msg("%s", w.s.sql.ptr);
    world_end(&w);
}

static void test_adds(void **state)
{
    struct world w;
    (void)state;
    accounts(&w);
    mr_script_refuse_moved(&w.s, &w.tables[0]);
    mr_script_changes(&w.s);
    world_sql_is(
        &w, "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), IF((m.state <=> 3 OR m.state <=> 4 AND (t.`n` "
            "<=> s.`n` OR t.`u` <=> s.`u`)), 'uncertain: whether it was added to it already "
            "neither the journal, nor the log of the server, nor the row tells', IF(t.`id` <=> "
            "NULL, 'it was deleted since the plan was made', LEFT(CONCAT('changed since the plan "
            "was made: ', CONCAT_WS(', ', IF(t.`id` <=> b.`id`, NULL, 'id'), IF(CAST(t.`a` AS "
            "BINARY) <=> CAST(b.`a` AS BINARY), NULL, 'a'), IF(IF(m.state <=> 1 OR m.state <=> "
            "4, NOT (t.`n` <=> NULL), t.`n` <=> b.`n`), NULL, 'n'), IF(IF(m.state <=> 1 OR "
            "m.state <=> 4, NOT (t.`u` <=> NULL), t.`u` <=> b.`u`), NULL, 'u'))), 600))) FROM "
            "#u0 AS s JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row LEFT JOIN `o``dd`.`t` AS t "
            "ON t.`id` = s.`id` LEFT JOIN #sums AS m ON m.line = s.myrecon_row WHERE "
            "s.myrecon_tree NOT IN (SELECT tree FROM #done) AND (s.myrecon_row BETWEEN 1 AND 1) "
            "AND s.myrecon_row NOT IN (SELECT line FROM #there) AND NOT (NOT (t.`id` <=> NULL) "
            "AND t.`id` <=> b.`id` AND CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS BINARY) AND "
            "IF(m.state <=> 1 OR m.state <=> 4, NOT (t.`n` <=> NULL), t.`n` <=> b.`n`) AND "
            "IF(m.state <=> 1 OR m.state <=> 4, NOT (t.`u` <=> NULL), t.`u` <=> b.`u`) AND NOT "
            "(m.state <=> 3 OR m.state <=> 4 AND (t.`n` <=> s.`n` OR t.`u` <=> s.`u`)));\n"
            "--ran\n"
            "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), IF(t.`id` <=> NULL, 'it was deleted since the "
            "plan was made', LEFT(CONCAT('changed since the plan was made: ', CONCAT_WS(', ', "
            "IF(t.`id` <=> b.`id`, NULL, 'id'), IF(CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS "
            "BINARY), NULL, 'a'), IF(t.`n` <=> b.`n`, NULL, 'n'), IF(t.`u` <=> b.`u`, NULL, "
            "'u'))), 600)) FROM #u0 AS s JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row LEFT "
            "JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree "
            "FROM #done) AND (s.myrecon_row BETWEEN 2 AND 2) AND s.myrecon_row NOT IN (SELECT "
            "line FROM #there) AND NOT (NOT (t.`id` <=> NULL) AND t.`id` <=> b.`id` AND "
            "CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS BINARY) AND t.`n` <=> b.`n` AND t.`u` <=> "
            "b.`u`);\n"
            "--ran\n"
            "-- write\n"
            "UPDATE #u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row "
            "STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` LEFT JOIN #sums AS m ON m.line = "
            "s.myrecon_row SET t.`a` = s.`a`, t.`n` = t.`n` + (CAST(s.`n` AS DECIMAL(65,2)) - "
            "CAST(b.`n` AS DECIMAL(65,2))), t.`u` = t.`u` + (CAST(s.`u` AS DECIMAL(65,0)) - "
            "CAST(b.`u` AS DECIMAL(65,0))) WHERE s.myrecon_row BETWEEN 1 AND 1 AND "
            "s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND s.myrecon_row <= "
            "COALESCE(@myrecon_last, 1) AND (t.`id` <=> b.`id` AND CAST(t.`a` AS BINARY) <=> "
            "CAST(b.`a` AS BINARY) AND IF(m.state <=> 1 OR m.state <=> 4, NOT (t.`n` <=> NULL), "
            "t.`n` <=> b.`n`) AND IF(m.state <=> 1 OR m.state <=> 4, NOT (t.`u` <=> NULL), t.`u` "
            "<=> b.`u`)) AND (SELECT SUM(ok) FROM #guard) = 0;\n"
            "INSERT INTO #guard SELECT 0, ROW_COUNT() = (SELECT COUNT(*) FROM #u0 AS s WHERE "
            "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
            "AND s.myrecon_row <= COALESCE(@myrecon_last, 1));\n"
            "UPDATE #u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row "
            "STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` SET t.`a` = s.`a`, t.`n` = s.`n`, "
            "t.`u` = s.`u` WHERE s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT "
            "tree FROM #skip) AND s.myrecon_row <= COALESCE(@myrecon_last, 2) AND (t.`id` <=> "
            "b.`id` AND CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS BINARY) AND t.`n` <=> b.`n` AND "
            "t.`u` <=> b.`u`) AND (SELECT SUM(ok) FROM #guard) = 1;\n"
            "INSERT INTO #guard SELECT 1, ROW_COUNT() = (SELECT COUNT(*) FROM #u0 AS s WHERE "
            "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
            "AND s.myrecon_row <= COALESCE(@myrecon_last, 2));\n");
    mr_script_sums_stand(&w.s, &w.tables[0], mr_script_extent(&w.s, 1));
    world_sql_is(&w,
                 "(m.state <=> 2 OR m.state <=> NULL AND CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS "
                 "BINARY) AND t.`n` <=> s.`n` AND t.`u` <=> s.`u`)");
    world_unit(&w, MR_SCRIPT_VERIFY, 1, 1);
    mr_script_stands(&w.s, &w.tables[0], 1);
    world_sql_is(
        &w, "CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY) AND NOT (t.`n` <=> b.`n`) AND NOT "
            "(t.`u` <=> b.`u`)");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leans_on), cmocka_unit_test(test_condition),
        cmocka_unit_test(test_writes),   cmocka_unit_test(test_guards),
        cmocka_unit_test(test_sums),     cmocka_unit_test(test_adds),
        cmocka_unit_test(test_zerofill), cmocka_unit_test(test_namesake)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
