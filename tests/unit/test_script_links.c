/* test_script_links.c: which trees are left out with one that is refused, and how far. */
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

/* What apply does not write takes along what refers to it: always. */
static void test_apply(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int#");
    world_table(&w, "c", "id:int# p:int?");
    world_reference(&w, 1, "p", 0, "id", true);
    step(&w, 1, INSERT, 0, NULL, "1");
    step(&w, 2, INSERT, 1, NULL, "1|1");
    step(&w, 2, UPDATE, 1, "2|NULL", "2|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_links(&w.s);
    world_sql_is(
        &w, "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
            "--ran\n"
            "INSERT INTO #link (tree, other, way) SELECT DISTINCT k.myrecon_tree, s.myrecon_tree, "
            "3 FROM (SELECT * FROM #i1 WHERE `p` IS NOT NULL) AS s JOIN #k0 AS k ON k.`id` = s.`p` "
            "WHERE k.myrecon_tree <> s.myrecon_tree AND COALESCE(@myrecon_any, 1) <> 0;\n"
            "--ran\n"
            "INSERT INTO #link (tree, other, way) SELECT DISTINCT k.myrecon_tree, s.myrecon_tree, "
            "3 FROM (SELECT * FROM #u1 WHERE `p` IS NOT NULL) AS s JOIN #k0 AS k ON k.`id` = s.`p` "
            "WHERE k.myrecon_tree <> s.myrecon_tree AND COALESCE(@myrecon_any, 1) <> 0;\n"
            "--ran\n");
    world_end(&w);
}

/* A unit that does not write the parents has no links. */
static void test_no_parents(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int#");
    world_table(&w, "c", "id:int# p:int?");
    world_reference(&w, 1, "p", 0, "id", true);
    step(&w, 2, INSERT, 1, NULL, "1|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_links(&w.s);
    world_sql_is(&w, "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n--ran\n");
    world_end(&w);
}

/* Undo that keeps a row keeps whom it refers to, and what refers to it: but not other people. */
static void test_undo(void **state)
{
    static const enum mr_find_subject subjects[] = {MR_SUBJECT_NO, MR_SUBJECT_CONFIGURED};
    for (size_t i = 0; i < LEN(subjects); i++) {
        struct world w;
        (void)state;
        world_begin(&w);
        world_table(&w, "p", "id:int#");
        world_table(&w, "c", "id:int# p:int?");
        w.own[1].pair.find.subject = subjects[i];
        world_reference(&w, 1, "p", 0, "id", true);
        step(&w, 1, INSERT, 0, NULL, "1");
        step(&w, 2, INSERT, 1, NULL, "1|1");
        step(&w, 2, UPDATE, 0, "2", "3");
        world_open(&w);
        world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
        mr_script_links(&w.s);
        if (subjects[i] == MR_SUBJECT_NO)
            world_sql_is(
                &w,
                "SET @myrecon_any = (SELECT COUNT(*) FROM #refused);\n"
                "--ran\n"
                "INSERT INTO #link (tree, other, way) SELECT DISTINCT x.myrecon_tree, "
                "s.myrecon_tree, 2 FROM #d0 AS s STRAIGHT_JOIN `o``dd`.`c` AS c ON c.`p` = s.`id` "
                "STRAIGHT_JOIN #x1 AS x ON x.`id` = c.`id` WHERE x.myrecon_tree <> s.myrecon_tree "
                "AND COALESCE(@myrecon_any, 1) <> 0;\n"
                "--ran\n"
                "INSERT INTO #link (tree, other, way) SELECT DISTINCT s.myrecon_tree, "
                "k.myrecon_tree, 2 FROM (SELECT * FROM #d1 WHERE `p` IS NOT NULL) AS s JOIN #k0 AS "
                "k ON k.`id` = s.`p` WHERE k.myrecon_tree <> s.myrecon_tree AND "
                "COALESCE(@myrecon_any, 1) <> 0 AND s.myrecon_tree NOT IN (SELECT tree FROM #done) "
                "AND k.myrecon_row NOT IN (SELECT myrecon_row FROM #u0);\n"
                "--ran\n"
                "INSERT INTO #link (tree, other, way) SELECT DISTINCT k.myrecon_tree, "
                "s.myrecon_tree, 1 FROM (SELECT * FROM #d1 WHERE `p` IS NOT NULL) AS s JOIN #k0 AS "
                "k ON k.`id` = s.`p` WHERE k.myrecon_tree <> s.myrecon_tree AND "
                "COALESCE(@myrecon_any, 1) <> 0 AND s.myrecon_tree NOT IN (SELECT tree FROM #done) "
                "AND k.myrecon_row NOT IN (SELECT myrecon_row FROM #u0);\n"
                "--ran\n"
                "INSERT INTO #link (tree, other, way) SELECT DISTINCT myrecon_tree, myrecon_of, 0 "
                "FROM #d0 WHERE myrecon_of <> 0 AND COALESCE(@myrecon_any, 1) <> 0;\n"
                "--ran\n"
                "INSERT INTO #link (tree, other, way) SELECT DISTINCT myrecon_of, myrecon_tree, 0 "
                "FROM #d0 WHERE myrecon_of <> 0 AND COALESCE(@myrecon_any, 1) <> 0;\n"
                "--ran\n"
                "INSERT INTO #link (tree, other, way) SELECT DISTINCT myrecon_tree, myrecon_of, 0 "
                "FROM #d1 WHERE myrecon_of <> 0 AND COALESCE(@myrecon_any, 1) <> 0;\n"
                "--ran\n"
                "INSERT INTO #link (tree, other, way) SELECT DISTINCT myrecon_of, myrecon_tree, 0 "
                "FROM #d1 WHERE myrecon_of <> 0 AND COALESCE(@myrecon_any, 1) <> 0;\n"
                "--ran\n");
        else /* nothing that goes down */
            assert_null(strstr(w.s.sql.ptr, "DISTINCT k.myrecon_tree, s.myrecon_tree, 1"));
        world_end(&w);
    }
}

/* A reference that is spelt otherwise is followed by a second statement. */
static void test_spelt(void **state)
{
    static const struct mr_spelling number[] = {{.kind = MR_SPELL_NUMBER,
                                                 .child = MR_CLASS_TEXT,
                                                 .parent = MR_CLASS_INT,
                                                 .charset = "utf8mb4",
                                                 .collation = "utf8mb4_general_ci"}};
    struct world w;
    size_t live = 0;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int#");
    world_table(&w, "c", "id:int# p:text?");
    world_reference(&w, 1, "p", 0, "id", false);
    w.pairs[0].spelling = number;
    step(&w, 1, DELETE, 0, "1", NULL);
    step(&w, 1, DELETE, 1, "1|1", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_links(&w.s);
    const char *sql = world_said(&w, NULL);
    for (const char *at = sql; (at = strstr(at, "SELECT DISTINCT x.myrecon_tree")) != NULL; at++)
        live++;
    assert_int_equal(live, 2);
    world_end(&w);
}

/* Trees that are only deleted fall into their rows; those that change something do not. */
static void test_part_trees(void **state)
{
    static const struct {
        int64_t tree;
        enum mr_step_op op;
        int64_t part, of;
    } rows[] = {
        {9, MR_STEP_DELETE, -1, 9}, {5, MR_STEP_DELETE, 5, 0},  {9, MR_STEP_DELETE, -3, 9},
        {7, MR_STEP_DELETE, 7, 0},  {7, MR_STEP_UPDATE, 7, 0},  {8, MR_STEP_INSERT, 8, 0},
        {8, MR_STEP_DELETE, 8, 0},  {9, MR_STEP_DELETE, -8, 9},
    };
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    world_open(&w);
    assert_int_equal(mr_script_part_trees(&w.s, NULL), MR_OK); /* of none */
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_script_row *row = mr_vec_push(&w.s.rows);
        *row = (struct mr_script_row){.step = {.tree = rows[i].tree, .op = rows[i].op},
                                      .number = i + 1};
    }
    assert_int_equal(mr_script_part_trees(&w.s, NULL), MR_OK);
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct mr_script_row *row = mr_vec_at(&w.s.rows, i);
        assert_int_equal(row->step.tree, rows[i].part);
        assert_int_equal(row->of, rows[i].of);
    }
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),      cmocka_unit_test(test_no_parents),
        cmocka_unit_test(test_undo),       cmocka_unit_test(test_spelt),
        cmocka_unit_test(test_part_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
