/* test_script_referred.c: what goes, and what refers to it. */
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
static const struct mr_spelling number[] = {{.kind = MR_SPELL_NUMBER,
                                             .child = MR_CLASS_TEXT,
                                             .parent = MR_CLASS_INT,
                                             .charset = "utf8mb4",
                                             .collation = "utf8mb4_general_ci"}};

/* A row lets go where what it is referred to by changes, to the byte; not of other columns. */
static void test_leaves(void **state)
{
    static const struct {
        const char *before, *after;
        bool leaves;
    } cases[] = {
        {"1|a|x", "1|b|x", true},    {"1|a|x", "1|A|x", true},        {"1|a|x", "1|a|y", false},
        {"1|NULL|x", "1||x", true},  {"1|NULL|x", "1|NULL|y", false}, {"1|a|NULL", "1|a|x", false},
        {"1|a\\0|x", "1|a|x", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        world_table(&w, "p", "id:int# name:text? b:text?");
        world_table(&w, "c", "id:int# p:text?");
        world_reference(&w, 1, "p", 0, "name", false);
        step(&w, 1, UPDATE, 0, cases[i].before, cases[i].after);
        world_open(&w);
        world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
        if (mr_script_leaves(&w.s, 0) != cases[i].leaves)
            fail_msg("%s %s", cases[i].before, cases[i].after);
        world_end(&w);
    }
}

/* What they let go of stands as it was, under the key that names the row. */
static void test_stage(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int# no:int? b:text?");
    world_table(&w, "c", "id:int# p:int? q:int?");
    world_reference(&w, 1, "p", 0, "no", false);
    world_reference(&w, 1, "q", 0, "id", false);
    step(&w, 1, UPDATE, 0, "1|10|x", "1|11|x");
    step(&w, 1, UPDATE, 0, "2|20|x", "2|20|y");
    step(&w, 1, UPDATE, 0, "3|NULL|x", "3|11|x");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    assert_false(mr_script_leaves(&w.s, 1));
    mr_script_stage_leaving(&w.s, 0);
    world_sql_is(
        &w,
        "DROP TEMPORARY TABLE IF EXISTS #v0;\n"
        "CREATE TEMPORARY TABLE #v0 (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY, myrecon_tree "
        "INT NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT `id`, `no` FROM `o``dd`.`p` LIMIT 0;\n"
        "INSERT INTO #v0 (myrecon_row, myrecon_tree, `id`, `no`) VALUES\n"
        "(1,1,1,10),\n"
        "(3,1,3,NULL);\n");
    world_end(&w);
}

/* Rows that the unit changes or deletes itself may refer to what goes; once it is written, those
 * that it has inserted. */
static void test_refused(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int# no:int?");
    world_table(&w, "c", "id:int# p:int? kind:text");
    world_reference(&w, 1, "p", 0, "no", false);
    w.pairs[0].condition = "`kind` = 'p' -- or";
    step(&w, 1, DELETE, 0, "1|10", NULL);
    step(&w, 1, UPDATE, 0, "2|20", "2|21");
    step(&w, 1, INSERT, 1, NULL, "1|21|p");
    step(&w, 1, DELETE, 1, "2|10|p", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_refuse_referred(&w.s, 0, 'd');
    world_sql_is(&w, "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', "
                     "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'a row of o`dd.c refers to it' FROM "
                     "#d0 AS s STRAIGHT_JOIN `o``dd`.`c` AS c ON c.`p` = s.`no` LEFT JOIN #x1 AS x "
                     "ON x.`id` = c.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND "
                     "s.myrecon_row NOT IN (SELECT line FROM #there) AND x.myrecon_row IS NULL AND "
                     "EXISTS (SELECT 1 FROM `o``dd`.`c` WHERE (`kind` = 'p' -- or\n"
                     ") AND `o``dd`.`c`.`id` = c.`id`);\n"
                     "--ran\n");
    mr_script_refuse_referred(&w.s, 0, 'v');
    world_sql_is(
        &w, "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', "
            "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'a row of o`dd.c refers to it' FROM #v0 AS s "
            "STRAIGHT_JOIN `o``dd`.`c` AS c ON c.`p` = s.`no` LEFT JOIN #x1 AS x ON x.`id` = "
            "c.`id` AND x.myrecon_tree = s.myrecon_tree WHERE s.myrecon_tree NOT IN (SELECT tree "
            "FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM #there) AND x.myrecon_row IS "
            "NULL AND EXISTS (SELECT 1 FROM `o``dd`.`c` WHERE (`kind` = 'p' -- or\n"
            ") AND `o``dd`.`c`.`id` = c.`id`);\n"
            "--ran\n");
    w.s.again = true;
    mr_script_refuse_referred(&w.s, 0, 'v');
    world_sql_is(
        &w,
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'a row of o`dd.c refers to it' FROM #v0 AS s STRAIGHT_JOIN "
        "`o``dd`.`c` AS c ON c.`p` = s.`no` LEFT JOIN #x1 AS x ON x.`id` = c.`id` AND "
        "x.myrecon_tree = s.myrecon_tree LEFT JOIN #i1 AS i ON i.`id` = c.`id` AND i.myrecon_tree "
        "= s.myrecon_tree WHERE s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND s.myrecon_row "
        "NOT IN (SELECT line FROM #there) AND x.myrecon_row IS NULL AND i.myrecon_row IS NULL AND "
        "EXISTS (SELECT 1 FROM `o``dd`.`c` WHERE (`kind` = 'p' -- or\n"
        ") AND `o``dd`.`c`.`id` = c.`id`);\n"
        "--ran\n");
    world_end(&w);
}

/* Without a key rows are counted: no more refer than may. */
static void test_counted(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int#");
    world_table(&w, "log", "p:int? a:text");
    world_reference(&w, 1, "p", 0, "id", false);
    step(&w, 1, DELETE, 0, "1", NULL);
    step(&w, 1, DELETE, 1, "1|x", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_refuse_referred(&w.s, 0, 'd');
    world_sql_is(
        &w,
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'a row of o`dd.log refers to it' FROM #d0 AS s STRAIGHT_JOIN "
        "(SELECT * FROM `o``dd`.`log` WHERE TRUE) AS c ON c.`p` = s.`id` WHERE s.myrecon_tree NOT "
        "IN (SELECT tree FROM #done) GROUP BY s.myrecon_row, s.myrecon_tree, s.`id` HAVING "
        "COUNT(*) > (SELECT COUNT(*) FROM (SELECT * FROM #d1 WHERE TRUE) AS x WHERE s.`id` = x.`p` "
        "AND x.myrecon_row NOT IN (SELECT line FROM #there));\n"
        "--ran\n");
    w.s.again = true; /* none is inserted */
    mr_script_refuse_referred(&w.s, 0, 'd');
    assert_non_null(strstr(w.s.sql.ptr, " HAVING COUNT(*) > 0;\n"));
    world_end(&w);
}

/* Undo: who has come under the key of a row that apply left out is not asked about. */
static void test_counted_strangers(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *p = world_table(&w, "p", "id:int# at:datetime?");
    p->time_at = 1;
    world_table(&w, "log", "p:int? a:text");
    world_reference(&w, 1, "p", 0, "id", false);
    step(&w, 1, INSERT, 0, NULL, "1|NULL");
    step(&w, 1, INSERT, 1, NULL, "1|x");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    mr_script_refuse_referred(&w.s, 0, 'd');
    world_sql_is(
        &w,
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'a row of o`dd.log refers to it' FROM #d0 AS s STRAIGHT_JOIN "
        "(SELECT * FROM `o``dd`.`log` WHERE TRUE) AS c ON c.`p` = s.`id` WHERE s.myrecon_tree NOT "
        "IN (SELECT tree FROM #done) AND s.myrecon_row IN (SELECT myrecon_row FROM #x0) AND "
        "s.myrecon_row NOT IN (SELECT line FROM #found) GROUP BY s.myrecon_row, s.myrecon_tree, "
        "s.`id` HAVING COUNT(*) > (SELECT COUNT(*) FROM (SELECT * FROM #d1 WHERE TRUE) AS x WHERE "
        "s.`id` = x.`p` AND x.myrecon_row NOT IN (SELECT line FROM #there));\n"
        "--ran\n");
    world_end(&w);
}

/* Texts that spell the key otherwise ("017") are looked for by a statement of their own. */
static void test_spelt(void **state)
{
    struct world w;
    size_t n = 0;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int#");
    world_table(&w, "c", "id:int# p:text?");
    world_reference(&w, 1, "p", 0, "id", false);
    w.pairs[0].spelling = number;
    step(&w, 1, DELETE, 0, "1", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_refuse_referred(&w.s, 0, 'd');
    for (const char *at = w.s.sql.ptr; (at = strstr(at, "a row of o`dd.c refers to it")) != NULL;
         at++)
        n++;
    assert_int_equal(n, 2);
    assert_int_equal(w.s.ran, 2);
    world_end(&w);
}

/* A row that refers to itself is not let go by the server, unless it can be emptied, or the
 * server cascades. */
static void test_own_parents(void **state)
{
    static const struct {
        const char *columns;
        bool declared;
        const char *on_delete; /* NULL: no foreign key */
        bool asked;
    } cases[] = {
        {"id:int# up:int", true, "RESTRICT", true},   {"id:int# up:int", true, "CASCADE", false},
        {"id:int# up:int?", true, "RESTRICT", false}, {"id:int# up:int", false, NULL, false},
        {"id:int up:int", true, "RESTRICT", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        struct mr_plan_table *t = world_table(&w, "t", cases[i].columns);
        world_reference(&w, 0, "up", 0, "id", cases[i].declared);
        if (cases[i].on_delete != NULL) {
            world_fk(&w, &w.own[0].live, w.own[0].fks, "up", t, "id");
            w.own[0].fks[0].on_delete = cases[i].on_delete;
        }
        step(&w, 1, DELETE, 0, "1|1", NULL);
        world_open(&w);
        world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
        mr_script_refuse_own_parents(&w.s, &w.references[0]);
        if (cases[i].asked)
            world_sql_is(
                &w,
                "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
                "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'it refers to itself, so that the server "
                "does not let it go' FROM #d0 AS s WHERE s.myrecon_tree NOT IN (SELECT tree FROM "
                "#done) AND s.myrecon_row NOT IN (SELECT line FROM #there) AND s.`id` = s.`up`;\n"
                "--ran\n");
        else
            world_sql_is(&w, "");
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_stage),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_counted_strangers),
        cmocka_unit_test(test_spelt),
        cmocka_unit_test(test_own_parents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
