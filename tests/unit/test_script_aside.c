/* test_script_aside.c: rows that the server has refused, and what hangs on them. */
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
static void begin(struct world *w)
{
    world_begin(w);
    world_table(w, "p", "id:int# at:edited");
    world_table(w, "c", "id:int# p:int?");
    world_reference(w, 1, "p", 0, "id", true);
    step(w, 1, INSERT, 0, NULL, "1|2026-04-02 13:05:00");
    step(w, 2, INSERT, 1, NULL, "1|1");
    step(w, 3, UPDATE, 1, "2|NULL", "2|NULL");
    world_open(w);
}

/* A refused row is taken out with what refers to it, unless its tree changes others, too. */
static void test_apply(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_aside(&w.s);
    world_sql_is(
        &w, "-- aside\n"
            "DELETE FROM #refused;\n"
            "DELETE FROM #hang;\n"
            "INSERT INTO #hang (line, other) SELECT k.myrecon_row, s.myrecon_row FROM (SELECT * "
            "FROM #i1 WHERE `p` IS NOT NULL) AS s JOIN #k0 AS k ON k.`id` = s.`p`;\n"
            "DELETE FROM #apart;\n"
            "INSERT INTO #apart WITH RECURSIVE r AS (SELECT line, why IS NOT NULL AS refused FROM "
            "#aside UNION SELECT h.other, r.refused FROM r JOIN #hang AS h ON h.line = r.line) "
            "SELECT line, MAX(refused) FROM r GROUP BY line;\n"
            "UPDATE #i0 SET myrecon_tree = -myrecon_row, `at` = `at` WHERE myrecon_row IN (SELECT "
            "line FROM #apart) AND myrecon_tree NOT IN (SELECT myrecon_tree FROM #u1);\n"
            "UPDATE #i1 SET myrecon_tree = -myrecon_row WHERE myrecon_row IN (SELECT line FROM "
            "#apart) AND myrecon_tree NOT IN (SELECT myrecon_tree FROM #u1);\n"
            "UPDATE #k0 SET myrecon_tree = -myrecon_row WHERE myrecon_row IN (SELECT line FROM "
            "#apart) AND myrecon_tree NOT IN (SELECT myrecon_tree FROM #u1);\n"
            "DELETE FROM #tree;\n"
            "INSERT INTO #tree\n"
            "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #i0 UNION ALL SELECT "
            "myrecon_tree FROM #i1 UNION ALL SELECT myrecon_tree FROM #u1 WHERE myrecon_open & 1 = "
            "0) AS x GROUP BY myrecon_tree;\n"
            "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), COALESCE(a.why, 'what it refers to is left "
            "out') FROM #i0 AS s JOIN #apart AS p ON p.line = s.myrecon_row AND p.refused = 1 LEFT "
            "JOIN #aside AS a ON a.line = p.line;\n"
            "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.c', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), COALESCE(a.why, 'what it refers to is left "
            "out') FROM #i1 AS s JOIN #apart AS p ON p.line = s.myrecon_row AND p.refused = 1 LEFT "
            "JOIN #aside AS a ON a.line = p.line;\n"
            "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.c', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), COALESCE(a.why, 'what it refers to is left "
            "out') FROM #u1 AS s JOIN #apart AS p ON p.line = s.myrecon_row AND p.refused = 1 LEFT "
            "JOIN #aside AS a ON a.line = p.line;\n");
    world_end(&w);
}

/* Undo sets nothing apart: no row hangs on another. */
static void test_undo(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    mr_script_aside(&w.s);
    world_sql_is(&w, "-- aside\n"
                     "DELETE FROM #refused;\n"
                     "DELETE FROM #hang;\n"
                     "DELETE FROM #apart;\n"
                     "INSERT INTO #apart WITH RECURSIVE r AS (SELECT line, why IS NOT NULL AS "
                     "refused FROM #aside UNION SELECT h.other, r.refused FROM r JOIN #hang AS h "
                     "ON h.line = r.line) SELECT line, MAX(refused) FROM r GROUP BY line;\n"
                     "DELETE FROM #tree;\n"
                     "INSERT INTO #tree\n"
                     "SELECT myrecon_tree, COUNT(*) FROM (SELECT myrecon_tree FROM #d0 UNION ALL "
                     "SELECT myrecon_tree FROM #u1 WHERE myrecon_open & 1 = 0 UNION ALL SELECT "
                     "myrecon_tree FROM #d1) AS x GROUP BY myrecon_tree;\n"
                     "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', "
                     "CONCAT_WS(',', CAST(s.`id` AS CHAR)), COALESCE(a.why, 'what it refers to is "
                     "left out') FROM #d0 AS s JOIN #apart AS p ON p.line = s.myrecon_row AND "
                     "p.refused = 1 LEFT JOIN #aside AS a ON a.line = p.line;\n"
                     "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.c', "
                     "CONCAT_WS(',', CAST(s.`id` AS CHAR)), COALESCE(a.why, 'what it refers to is "
                     "left out') FROM #u1 AS s JOIN #apart AS p ON p.line = s.myrecon_row AND "
                     "p.refused = 1 LEFT JOIN #aside AS a ON a.line = p.line;\n"
                     "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.c', "
                     "CONCAT_WS(',', CAST(s.`id` AS CHAR)), COALESCE(a.why, 'what it refers to is "
                     "left out') FROM #d1 AS s JOIN #apart AS p ON p.line = s.myrecon_row AND "
                     "p.refused = 1 LEFT JOIN #aside AS a ON a.line = p.line;\n");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_undo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
