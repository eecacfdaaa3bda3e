/* test_script_guards.c: what a unit compares before it writes, and once more behind that. */
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
    world_step(w, (struct world_step){1, (int64_t)level, level, op, table, before, after, 0});
}

static void guards(struct world *w, enum mr_script_kind kind)
{
    world_unit(w, kind, 1, 1);
    mr_script_guards(&w->s);
}

static void test_apply(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *t = world_table(&w, "t", "id:int# mobile:text?! a:text");
    world_named(&w, t, "mobile");
    step(&w, 1, INSERT, 0, NULL, "1|+49|x");
    step(&w, 1, UPDATE, 0, "2|+48|x", "2|+48|y");
    step(&w, 1, DELETE, 0, "3|+47|x", NULL);
    world_open(&w);
    guards(&w, MR_SCRIPT_APPLY);
    world_sql_is(
        &w,
        "-- guards\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE t.`mobile` <=> s.`mobile` AND (s.`mobile` IS "
        "NOT NULL OR t.`id` <=> s.`id` AND CAST(t.`mobile` AS BINARY) <=> CAST(s.`mobile` AS "
        "BINARY) AND CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY));\n"
        "--ran\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #u0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE s.myrecon_open & 1 = 0 AND t.`id` <=> s.`id` "
        "AND CAST(t.`mobile` AS BINARY) <=> CAST(s.`mobile` AS BINARY) AND CAST(t.`a` AS BINARY) "
        "<=> CAST(s.`a` AS BINARY);\n"
        "--ran\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #d0 AS s LEFT JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE t.`id` <=> NULL;\n"
        "--ran\n"
        "INSERT INTO #done SELECT x.tree FROM #tree AS x JOIN (SELECT tree, COUNT(*) AS n FROM "
        "#there GROUP BY tree) AS h ON h.tree = x.tree WHERE h.n = x.n;\n"
        "--ran\n"
        "SET @myrecon_done = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree IN (SELECT tree "
        "FROM #done));\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it was changed since' FROM #d0 AS s JOIN `o``dd`.`t` AS t ON "
        "t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row "
        "NOT IN (SELECT line FROM #there) AND NOT (t.`id` <=> s.`id` AND CAST(t.`mobile` AS "
        "BINARY) <=> CAST(s.`mobile` AS BINARY) AND CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS "
        "BINARY));\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it was changed or deleted since the plan was made' FROM #u0 AS s "
        "JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row LEFT JOIN `o``dd`.`t` AS t ON t.`id` = "
        "s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN "
        "(SELECT line FROM #there) AND s.myrecon_open & 2 = 0 AND NOT (NOT (t.`id` <=> NULL) AND "
        "t.`id` <=> b.`id` AND CAST(t.`mobile` AS BINARY) <=> CAST(s.`mobile` AS BINARY) AND "
        "CAST(t.`a` AS BINARY) <=> CAST(b.`a` AS BINARY));\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it is there already, but not all that belongs to it' FROM #u0 AS "
        "s JOIN #there AS h ON h.line = s.myrecon_row WHERE s.myrecon_tree NOT IN (SELECT tree "
        "FROM #done);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'another row has the same mobile' FROM #u0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`mobile` = s.`mobile` LEFT JOIN #x0 AS x ON x.`id` = t.`id` WHERE "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND x.myrecon_row IS NULL AND s.myrecon_open & 1 = 0;\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it is there already, but not all that belongs to it' FROM #i0 AS "
        "s JOIN #there AS h ON h.line = s.myrecon_row WHERE s.myrecon_tree NOT IN (SELECT tree "
        "FROM #done);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'its key is taken by another row' FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) "
        "AND s.myrecon_row NOT IN (SELECT line FROM #there);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'another row has the same mobile' FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`mobile` = s.`mobile` LEFT JOIN #x0 AS x ON x.`id` = t.`id` WHERE "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND x.myrecon_row IS NULL;\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'another row has the same identity' FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`mobile` = s.`mobile` LEFT JOIN #x0 AS x ON x.`id` = t.`id` WHERE "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND x.myrecon_row IS NULL;\n"
        "--ran\n"
        "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
        "--ran\n"
        "INSERT INTO #skip WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM #refused UNION SELECT "
        "l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN #link AS l ON l.tree = r.tree AND l.way "
        ">= r.way) SELECT tree FROM r UNION SELECT tree FROM #done;\n"
        "--ran\n"
        "SET @myrecon_written = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree NOT IN (SELECT "
        "tree FROM #skip));\n"
        "INSERT INTO #guard SELECT 0, @myrecon_ran = 14;\n");
    world_end(&w);
}

/* Undo puts back what was there to the byte, and takes for there what apply never wrote. */
static void test_undo(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *t = world_table(&w, "t", "id:int# mobile:text! at:datetime?");
    world_named(&w, t, "mobile");
    t->time_at = 2;
    step(&w, 1, INSERT, 0, NULL, "1|+49|NULL");
    step(&w, 1, DELETE, 0, "3|+47|NULL", NULL);
    world_open(&w);
    guards(&w, MR_SCRIPT_UNDO);
    world_sql_is(
        &w,
        "-- guards\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE t.`id` <=> s.`id` AND CAST(t.`mobile` AS "
        "BINARY) <=> CAST(s.`mobile` AS BINARY) AND t.`at` <=> s.`at`;\n"
        "--ran\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #d0 AS s LEFT JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE t.`id` <=> NULL OR NOT (t.`at` <=> s.`at`) AND "
        "NOT (t.`mobile` <=> s.`mobile`);\n"
        "--ran\n"
        "DELETE FROM #x0 WHERE myrecon_row IN (SELECT line FROM #there);\n"
        "--ran\n"
        "DELETE FROM #found WHERE line IN (SELECT line FROM #there);\n"
        "--ran\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #i0 AS s WHERE s.myrecon_row "
        "IN (SELECT line FROM #found);\n"
        "--ran\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #d0 AS s WHERE s.myrecon_row "
        "IN (SELECT line FROM #found);\n"
        "--ran\n"
        "DELETE FROM #x0 WHERE myrecon_row IN (SELECT line FROM #found);\n"
        "--ran\n"
        "INSERT INTO #done SELECT x.tree FROM #tree AS x JOIN (SELECT tree, COUNT(*) AS n FROM "
        "#there GROUP BY tree) AS h ON h.tree = x.tree WHERE h.n = x.n;\n"
        "--ran\n"
        "SET @myrecon_done = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree IN (SELECT tree "
        "FROM #done));\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it was changed since' FROM #d0 AS s JOIN `o``dd`.`t` AS t ON "
        "t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row "
        "NOT IN (SELECT line FROM #there) AND NOT (t.`id` <=> s.`id` AND CAST(t.`mobile` AS "
        "BINARY) <=> CAST(s.`mobile` AS BINARY) AND t.`at` <=> s.`at`);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it is there already, but not all that belongs to it' FROM #i0 AS "
        "s JOIN #there AS h ON h.line = s.myrecon_row WHERE s.myrecon_tree NOT IN (SELECT tree "
        "FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM #found);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'its key is taken by another row' FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) "
        "AND s.myrecon_row NOT IN (SELECT line FROM #there);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'another row has the same mobile' FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`mobile` = s.`mobile` LEFT JOIN #x0 AS x ON x.`id` = t.`id` WHERE "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND x.myrecon_row IS NULL;\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'another row has the same identity' FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`mobile` = s.`mobile` LEFT JOIN #x0 AS x ON x.`id` = t.`id` WHERE "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND x.myrecon_row IS NULL;\n"
        "--ran\n"
        "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
        "--ran\n"
        "INSERT INTO #link (tree, other, way) SELECT DISTINCT myrecon_tree, myrecon_of, 0 FROM #d0 "
        "WHERE myrecon_of <> 0 AND COALESCE(@myrecon_any, 1) <> 0;\n"
        "--ran\n"
        "INSERT INTO #link (tree, other, way) SELECT DISTINCT myrecon_of, myrecon_tree, 0 FROM #d0 "
        "WHERE myrecon_of <> 0 AND COALESCE(@myrecon_any, 1) <> 0;\n"
        "--ran\n"
        "INSERT INTO #skip WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM #refused UNION SELECT "
        "l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN #link AS l ON l.tree = r.tree AND l.way "
        ">= r.way) SELECT tree FROM r UNION SELECT tree FROM #done;\n"
        "--ran\n"
        "SET @myrecon_written = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree NOT IN (SELECT "
        "tree FROM #skip));\n"
        "SET @myrecon_written = @myrecon_written - (SELECT COUNT(*) FROM #there WHERE line IN "
        "(SELECT line FROM #found) AND tree NOT IN (SELECT tree FROM #skip));\n"
        "INSERT INTO #guard SELECT 0, @myrecon_ran = 17;\n");
    world_end(&w);
}

/* Without a key rows are counted, in columns that only TARGET has, too. */
static void test_keyless(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "log", "a:text");
    struct world_table *own = &w.own[0];
    own->columns[own->live.ncolumns++] = (struct mr_column){
        .name = "new", .data_type = "int", .cls = MR_CLASS_INT, .default_text = "0"};
    step(&w, 1, INSERT, 0, NULL, "x");
    step(&w, 1, DELETE, 0, "y", NULL);
    world_open(&w);
    guards(&w, MR_SCRIPT_APPLY);
    world_sql_is(
        &w,
        "-- guards\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #i0 AS s WHERE (SELECT "
        "COUNT(*) FROM `o``dd`.`log` AS t WHERE CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY)) "
        ">= s.myrecon_open;\n"
        "--ran\n"
        "INSERT INTO #there SELECT s.myrecon_row, s.myrecon_tree FROM #d0 AS s WHERE (SELECT "
        "COUNT(*) FROM `o``dd`.`log` AS t WHERE CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY)) < "
        "s.myrecon_open;\n"
        "--ran\n"
        "INSERT INTO #done SELECT x.tree FROM #tree AS x JOIN (SELECT tree, COUNT(*) AS n FROM "
        "#there GROUP BY tree) AS h ON h.tree = x.tree WHERE h.n = x.n;\n"
        "--ran\n"
        "SET @myrecon_done = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree IN (SELECT tree "
        "FROM #done));\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.log', '', 'it was "
        "changed since' FROM #d0 AS s WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND "
        "s.myrecon_row NOT IN (SELECT line FROM #there) AND (SELECT COUNT(*) FROM `o``dd`.`log` AS "
        "t WHERE CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY) AND t.`new` <=> DEFAULT(t.`new`) "
        "AND CAST(t.`new` AS BINARY) <=> CAST(DEFAULT(t.`new`) AS BINARY)) < s.myrecon_open;\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.log', '', 'it is "
        "there already, but not all that belongs to it' FROM #i0 AS s JOIN #there AS h ON h.line = "
        "s.myrecon_row WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done);\n"
        "--ran\n"
        "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
        "--ran\n"
        "INSERT INTO #skip WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM #refused UNION SELECT "
        "l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN #link AS l ON l.tree = r.tree AND l.way "
        ">= r.way) SELECT tree FROM r UNION SELECT tree FROM #done;\n"
        "--ran\n"
        "SET @myrecon_written = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree NOT IN (SELECT "
        "tree FROM #skip));\n"
        "INSERT INTO #guard SELECT 0, @myrecon_ran = 7;\n");
    world_end(&w);
}

/* How a row that was to be inserted is known again. */
static void test_is_it(void **state)
{
    static const struct {
        const char *what, *named;
        enum mr_script_kind kind;
        const char *wanted;
    } cases[] = {
        {"by its name", "b", MR_SCRIPT_APPLY, " WHERE t.`b` <=> s.`b`;\n"},
        {"by a name that may be NULL, which is nobody's", "a", MR_SCRIPT_APPLY,
         " WHERE t.`a` <=> s.`a` AND (s.`a` IS NOT NULL OR t.`id` <=> s.`id` AND CAST(t.`a` AS "
         "BINARY) <=> CAST(s.`a` AS BINARY) AND t.`b` <=> s.`b`);\n"},
        {"the key says no more than that it is taken", "id", MR_SCRIPT_APPLY,
         " WHERE t.`id` <=> s.`id` AND CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY) AND t.`b` "
         "<=> s.`b`;\n"},
        {"undo puts it back to the byte", "b", MR_SCRIPT_UNDO,
         " WHERE t.`id` <=> s.`id` AND CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY) AND t.`b` "
         "<=> s.`b`;\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        struct mr_plan_table *t = world_table(&w, "t", "id:int# a:text? b:int sum:int*");
        world_named(&w, t, cases[i].named);
        if (cases[i].kind == MR_SCRIPT_APPLY)
            step(&w, 1, INSERT, 0, NULL, "1|x|1|1");
        else
            step(&w, 1, DELETE, 0, "1|x|1|1", NULL);
        world_open(&w);
        guards(&w, cases[i].kind);
        const char *at = strstr(w.s.sql.ptr, " AS t ON t.`id` = s.`id` WHERE ");
        assert_non_null(at);
        at += strlen(" AS t ON t.`id` = s.`id`");
        if (strncmp(at, cases[i].wanted, strlen(cases[i].wanted)) != 0)
            fail_msg("%s: %.200s", cases[i].what, at);
        world_end(&w);
    }
}

/* Who a row refers to: of the unit, of another one, of nobody. */
static void test_parents(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *p = world_table(&w, "people", "id:int# mobile:text!");
    world_named(&w, p, "mobile");
    world_table(&w, "notes", "id:int# of:int?");
    world_reference(&w, 1, "of", 0, "id", true);
    w.pairs[0].condition = "`kind` = 'x' -- or none";
    world_live(&w, p, "5|+50");
    step(&w, 1, INSERT, 1, NULL, "1|5");
    world_open(&w);
    guards(&w, MR_SCRIPT_APPLY);
    world_sql_behind(
        &w, "SET @myrecon_done",
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.notes', "
        "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'it is there already, but not all that belongs to "
        "it' FROM #i1 AS s JOIN #there AS h ON h.line = s.myrecon_row WHERE s.myrecon_tree NOT IN "
        "(SELECT tree FROM #done);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.notes', "
        "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'its key is taken by another row' FROM #i1 AS s "
        "STRAIGHT_JOIN `o``dd`.`notes` AS t ON t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT "
        "tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM #there);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.notes', "
        "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'what it refers to in o`dd.people is not who was "
        "planned' FROM (SELECT * FROM #i1 WHERE `of` IS NOT NULL AND (`kind` = 'x' -- or none\n"
        ")) AS s LEFT JOIN #e0 AS e ON e.`id` = s.`of` LEFT JOIN `o``dd`.`people` AS p ON p.`id` = "
        "s.`of` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND NOT "
        "IF(COALESCE(e.myrecon_planned, 4) >= 4, p.`id` <=> NULL OR e.myrecon_planned <=> 4 AND "
        "@myrecon_dry <=> 1, NOT (p.`id` <=> NULL) AND p.`mobile` <=> e.`mobile` OR "
        "e.myrecon_planned = 1 AND @myrecon_dry <=> 1 AND p.`id` <=> NULL);\n"
        "--ran\n"
        "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
        "--ran\n"
        "INSERT INTO #skip WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM #refused UNION SELECT "
        "l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN #link AS l ON l.tree = r.tree AND l.way "
        ">= r.way) SELECT tree FROM r UNION SELECT tree FROM #done;\n"
        "--ran\n"
        "SET @myrecon_written = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree NOT IN (SELECT "
        "tree FROM #skip));\n"
        "INSERT INTO #guard SELECT 0, @myrecon_ran = 7;\n");
    world_end(&w);
}

/* In a unit that writes the parents, too: its own are passed over, and who goes is reported. */
static void test_own_parents(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int# up:int?");
    world_reference(&w, 0, "up", 0, "id", true);
    world_live(&w, &w.tables[0], "9|NULL");
    step(&w, 1, INSERT, 0, NULL, "1|9");
    step(&w, 2, DELETE, 0, "2|NULL", NULL);
    world_open(&w);
    guards(&w, MR_SCRIPT_APPLY);
    world_sql_behind(
        &w, "SET @myrecon_done",
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it was changed since' FROM #d0 AS s JOIN `o``dd`.`p` AS t ON "
        "t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row "
        "NOT IN (SELECT line FROM #there) AND NOT (t.`id` <=> s.`id` AND t.`up` <=> s.`up`);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'it is there already, but not all that belongs to it' FROM #i0 AS "
        "s JOIN #there AS h ON h.line = s.myrecon_row WHERE s.myrecon_tree NOT IN (SELECT tree "
        "FROM #done);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'its key is taken by another row' FROM #i0 AS s STRAIGHT_JOIN "
        "`o``dd`.`p` AS t ON t.`id` = s.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) "
        "AND s.myrecon_row NOT IN (SELECT line FROM #there);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'what it refers to in o`dd.p is not who was planned' FROM (SELECT "
        "* FROM #i0 WHERE `up` IS NOT NULL) AS s LEFT JOIN #k0 AS k ON k.`id` = s.`up` LEFT JOIN "
        "#e0 AS e ON e.`id` = s.`up` LEFT JOIN `o``dd`.`p` AS p ON p.`id` = s.`up` LEFT JOIN #x0 "
        "AS x ON x.`id` = p.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND "
        "k.myrecon_row IS NULL AND NOT IF(COALESCE(e.myrecon_planned, 4) >= 4, p.`id` <=> NULL OR "
        "e.myrecon_planned <=> 4 AND @myrecon_dry <=> 1 OR e.myrecon_planned <=> 5 AND "
        "x.myrecon_row IS NOT NULL, NOT (p.`id` <=> NULL) AND TRUE OR e.myrecon_planned = 1 AND "
        "@myrecon_dry <=> 1 AND p.`id` <=> NULL);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'a row of o`dd.p refers to it' FROM #d0 AS s STRAIGHT_JOIN "
        "`o``dd`.`p` AS c ON c.`up` = s.`id` LEFT JOIN #x0 AS x ON x.`id` = c.`id` WHERE "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND x.myrecon_row IS NULL;\n"
        "--ran\n"
        "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
        "--ran\n"
        "INSERT INTO #link (tree, other, way) SELECT DISTINCT x.myrecon_tree, s.myrecon_tree, 2 "
        "FROM #d0 AS s STRAIGHT_JOIN `o``dd`.`p` AS c ON c.`up` = s.`id` STRAIGHT_JOIN #x0 AS x ON "
        "x.`id` = c.`id` WHERE x.myrecon_tree <> s.myrecon_tree AND COALESCE(@myrecon_any, 1) <> "
        "0;\n"
        "--ran\n"
        "INSERT INTO #link (tree, other, way) SELECT DISTINCT k.myrecon_tree, s.myrecon_tree, 3 "
        "FROM (SELECT * FROM #i0 WHERE `up` IS NOT NULL) AS s JOIN #k0 AS k ON k.`id` = s.`up` "
        "WHERE k.myrecon_tree <> s.myrecon_tree AND COALESCE(@myrecon_any, 1) <> 0;\n"
        "--ran\n"
        "INSERT INTO #link (tree, other, way) SELECT DISTINCT s.myrecon_tree, k.myrecon_tree, 2 "
        "FROM (SELECT * FROM #d0 WHERE `up` IS NOT NULL) AS s JOIN #k0 AS k ON k.`id` = s.`up` "
        "WHERE k.myrecon_tree <> s.myrecon_tree AND COALESCE(@myrecon_any, 1) <> 0 AND "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done);\n"
        "--ran\n"
        "INSERT INTO #link (tree, other, way) SELECT DISTINCT k.myrecon_tree, s.myrecon_tree, 1 "
        "FROM (SELECT * FROM #d0 WHERE `up` IS NOT NULL) AS s JOIN #k0 AS k ON k.`id` = s.`up` "
        "WHERE k.myrecon_tree <> s.myrecon_tree AND COALESCE(@myrecon_any, 1) <> 0 AND "
        "s.myrecon_tree NOT IN (SELECT tree FROM #done);\n"
        "--ran\n"
        "INSERT INTO #skip WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM #refused UNION SELECT "
        "l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN #link AS l ON l.tree = r.tree AND l.way "
        ">= r.way) SELECT tree FROM r UNION SELECT tree FROM #done;\n"
        "--ran\n"
        "SET @myrecon_written = (SELECT COALESCE(SUM(n), 0) FROM #tree WHERE tree NOT IN (SELECT "
        "tree FROM #skip));\n"
        "INSERT INTO #guard SELECT 0, @myrecon_ran = 15;\n");
    world_end(&w);
}

/* Somebody of the same identity, where no index keeps him away: not where the identity may be
 * there more than once (mirror), and where TARGET itself refuses him. */
static void test_loose_identity(void **state)
{
    static const struct {
        const char *columns, *policy;
        bool asked;
    } cases[] = {
        {"id:int# name:text", MR_POLICY_MERGE, true},
        {"id:int# name:text!", MR_POLICY_MERGE, false},
        {"id:int# name:text", MR_POLICY_MIRROR, false},
        {"id:int# name:text*", MR_POLICY_MERGE, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        w.manifest.policy = cases[i].policy;
        struct mr_plan_table *t = world_table(&w, "t", cases[i].columns);
        world_named(&w, t, "name");
        if (t->nuniques > 1)
            t->uniques[0].is_identity = true;
        step(&w, 1, INSERT, 0, NULL, "1|x");
        world_open(&w);
        guards(&w, MR_SCRIPT_APPLY);
        assert_int_equal(strstr(w.s.sql.ptr, "another row has the same identity'") != NULL,
                         cases[i].asked);
        mr_strbuf_reset(&w.s.sql);
        mr_script_again(&w.s);
        assert_int_equal(strstr(w.s.sql.ptr, "the same identity by now") != NULL, cases[i].asked);
        world_end(&w);
    }
}

/* The part of a composite key that a counter makes, and that others refer to, is taken. */
static void test_taken_part(void **state)
{
    static const struct {
        int parts;
        enum mr_script_kind kind;
        bool asked;
    } cases[] = {{MR_PLAN_PARTS_ALONE, MR_SCRIPT_APPLY, true},
                 {MR_PLAN_PARTS_SHARED, MR_SCRIPT_APPLY, false},
                 {MR_PLAN_PARTS_UNKNOWN, MR_SCRIPT_APPLY, false},
                 {MR_PLAN_PARTS_ALONE, MR_SCRIPT_UNDO, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        struct mr_plan_table *t = world_table(&w, "t", "shop:int# id:int#+");
        t->counter = 1;
        t->parts = cases[i].parts;
        world_table(&w, "c", "id:int# t:int? u:int?");
        world_reference(&w, 1, "t", 0, "id", false);
        world_reference(&w, 1, "u", 0, "id", false);
        if (cases[i].kind == MR_SCRIPT_APPLY)
            step(&w, 1, INSERT, 0, NULL, "1|2");
        else
            step(&w, 1, DELETE, 0, "1|2", NULL);
        world_open(&w);
        guards(&w, cases[i].kind);
        const char *at = strstr(w.s.sql.ptr, "the part of its key");
        assert_int_equal(at != NULL, cases[i].asked);
        if (at != NULL) { /* once, for both references */
            assert_null(strstr(at + 1, "the part of its key"));
            assert_non_null(strstr(at, " AS t ON s.`id` = t.`id` WHERE "));
            assert_non_null(strstr(at, " AND NOT (s.`shop` = t.`shop` AND s.`id` = t.`id`)"));
        }
        world_end(&w);
    }
}

/* Once more behind the write: what no lock has held, because it was not there. */
static void test_again(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *p = world_table(&w, "p", "id:int# name:text&");
    world_named(&w, p, "name");
    world_table(&w, "c", "id:int# p:int?&");
    world_reference(&w, 1, "p", 0, "id", false);
    step(&w, 1, INSERT, 0, NULL, "1|x");
    step(&w, 2, DELETE, 0, "2|y", NULL);
    step(&w, 3, UPDATE, 1, "7|2", "7|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    w.s.guards = 4;
    w.s.ran = 20;
    mr_script_again(&w.s);
    world_sql_is(
        &w,
        "-- again\n"
        "DELETE FROM #k0 WHERE myrecon_row IN (SELECT s.myrecon_row FROM #d0 AS s WHERE TRUE);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.c', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'what it refers to in o`dd.p is not who was planned' FROM (SELECT "
        "* FROM #u1 WHERE `p` IS NOT NULL) AS s LEFT JOIN #k0 AS k ON k.`id` = s.`p` LEFT JOIN "
        "`o``dd`.`p` AS p ON p.`id` = s.`p` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
        "AND s.myrecon_open & 1 = 0 AND k.myrecon_row IS NULL AND NOT (p.`id` <=> NULL);\n"
        "--ran\n"
        "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`id` IS NULL FROM #d0 AS s "
        "STRAIGHT_JOIN `o``dd`.`c` AS t FORCE INDEX (`p`) ON t.`p` = s.`id` ORDER BY s.`id` LOCK "
        "IN SHARE MODE;\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'a row of o`dd.c refers to it' FROM #d0 AS s STRAIGHT_JOIN "
        "`o``dd`.`c` AS c ON c.`p` = s.`id` LEFT JOIN #x1 AS x ON x.`id` = c.`id` WHERE "
        "s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND x.myrecon_row IS NULL;\n"
        "--ran\n"
        "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`id` IS NULL FROM #i0 AS s "
        "STRAIGHT_JOIN `o``dd`.`p` AS t FORCE INDEX (`name`) ON t.`name` = s.`name` ORDER BY "
        "s.`name` LOCK IN SHARE MODE;\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'another row has the same identity by now' FROM #i0 AS s "
        "STRAIGHT_JOIN `o``dd`.`p` AS t ON t.`name` = s.`name` WHERE s.myrecon_tree NOT IN (SELECT "
        "tree FROM #skip) AND NOT (t.`id` = s.`id`);\n"
        "--ran\n"
        "INSERT INTO #guard SELECT 4, 1 FROM (SELECT COUNT(*) AS n FROM #refused WHERE tree NOT IN "
        "(SELECT tree FROM #skip)) AS x WHERE x.n = 0 AND @myrecon_ran = 26;\n");
    assert_false(w.s.again);
    assert_int_equal(w.s.guards, 5);
    world_end(&w);
}

/* What TARGET itself sees to by a foreign key is not asked again; then there is no guard. */
static void test_again_held(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *p = world_table(&w, "p", "id:int#");
    world_table(&w, "c", "id:int# p:int?&");
    world_reference(&w, 1, "p", 0, "id", true);
    world_fk(&w, &w.own[1].live, w.own[1].fks, "p", p, "id");
    step(&w, 1, INSERT, 1, NULL, "1|2");
    step(&w, 2, DELETE, 0, "3", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_again(&w.s);
    world_sql_behind(&w, "DELETE FROM #k0", "--ran\n");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),          cmocka_unit_test(test_undo),
        cmocka_unit_test(test_keyless),        cmocka_unit_test(test_is_it),
        cmocka_unit_test(test_parents),        cmocka_unit_test(test_own_parents),
        cmocka_unit_test(test_loose_identity), cmocka_unit_test(test_taken_part),
        cmocka_unit_test(test_again),          cmocka_unit_test(test_again_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
