/* test_script_outside.c: foreign keys of tables and columns that the plan does not hold. */
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
/* A plan of p, which a table that only TARGET has refers to by a column. */
static void begin(struct world *w, const char *columns, const char *to)
{
    static struct mr_foreign_key fks[1];
    memset(fks, 0, sizeof fks);
    world_begin(w);
    struct mr_plan_table *p = world_table(w, "p", columns);
    w->catalogued[0] = (struct mr_table){.db = "li`ve", .name = "n`ew", .fks = fks};
    world_fk(w, &w->catalogued[0], fks, "to`p", p, to);
    w->cat.ntables = 1;
}

/* Which are known, and by what. */
static void test_open(void **state)
{
    static const struct {
        const char *what, *columns, *to;
        size_t outers, staged, imaged;
        bool computed;
    } cases[] = {
        {"a written column", "id:int# no:int!", "no", 1, 1, 1, false},
        {"in other letters", "id:int# no:int!", "NO", 1, 1, 1, false},
        {"a computed one", "id:int# no:int!*", "no", 1, 0, 1, true},
        {"one that only TARGET has", "id:int#", "new", 1, 0, 0, false},
        {"no key, and it is not staged", "id:int no:int!*", "no", 0, 0, 0, false},
        {"no key, but it is staged", "id:int no:int!", "no", 1, 1, 1, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].columns, cases[i].to);
        world_open(&w);
        assert_int_equal(w.s.outers.count, cases[i].outers);
        if (cases[i].outers > 0) {
            const struct mr_script_outer *outer = mr_vec_at(&w.s.outers, 0);
            if (outer->to.count != cases[i].staged || outer->image.count != cases[i].imaged ||
                outer->is_computed != cases[i].computed)
                fail_msg("%s", cases[i].what);
        }
        world_end(&w);
    }
}

/* Of a table that is not planned nothing is asked; nor of a reference that the plan knows. */
static void test_known(void **state)
{
    struct world w;
    struct mr_foreign_key fks[1] = {{0}};
    (void)state;
    begin(&w, "id:int# no:int!", "no");
    const struct mr_plan_table *p = &w.tables[0];
    world_table(&w, "c", "id:int# p:int");
    world_reference(&w, 1, "p", 0, "no", true);
    world_fk(&w, &w.own[1].live, w.own[1].fks, "p", p, "no");
    w.catalogued[0] = w.own[1].live;
    w.own[1].pair.side[MR_SOURCE] = w.own[1].pair.side[MR_TARGET] = &w.catalogued[0];
    w.catalogued[1] = (struct mr_table){.db = "live", .name = "other", .fks = fks};
    world_fk(&w, &w.catalogued[1], fks, "x", p, "no");
    fks[0].ref_table = "not planned";
    w.cat.ntables = 2;
    world_open(&w);
    assert_int_equal(w.s.outers.count, 0);
    world_end(&w);
}

static void test_refused(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "id:int# no:int!", "no");
    step(&w, 1, DELETE, 0, "1|10", NULL);
    step(&w, 1, UPDATE, 0, "2|20", "2|21");
    step(&w, 1, UPDATE, 0, "3|30", "3|30");
    step(&w, 1, UPDATE, 0, "4|40", "4|41");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    assert_true(mr_script_outside_leaves(&w.s, 0));
    mr_script_refuse_outside(&w.s);
    world_sql_is(
        &w,
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'a row of li`ve.n`ew refers to it' FROM #d0 AS s STRAIGHT_JOIN "
        "`li``ve`.`n``ew` AS c ON c.`to``p` = s.`no` WHERE s.myrecon_tree NOT IN (SELECT tree FROM "
        "#done) AND s.myrecon_row NOT IN (SELECT line FROM #there);\n"
        "--ran\n"
        "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', CONCAT_WS(',', "
        "CAST(s.`id` AS CHAR)), 'a row of li`ve.n`ew refers to it' FROM #u0 AS s STRAIGHT_JOIN #b0 "
        "AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN `li``ve`.`n``ew` AS c ON c.`to``p` = "
        "b.`no` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN "
        "(SELECT line FROM #there) AND s.myrecon_row IN (1, 3);\n"
        "--ran\n");
    world_end(&w);
}

/* What is not staged is read from TARGET; any update may change what is not in its images. */
static void test_unseen(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "id:int# a:int", "new");
    w.own[0].columns[w.own[0].live.ncolumns++] =
        (struct mr_column){.name = "new", .generated = true};
    step(&w, 1, DELETE, 0, "1|1", NULL);
    step(&w, 1, UPDATE, 0, "2|1", "2|2");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_refuse_outside(&w.s);
    world_sql_is(&w,
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', "
                 "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'a row of li`ve.n`ew refers to it' FROM "
                 "#d0 AS s STRAIGHT_JOIN `o``dd`.`p` AS p ON p.`id` = s.`id` STRAIGHT_JOIN "
                 "`li``ve`.`n``ew` AS c ON c.`to``p` = p.`new` WHERE s.myrecon_tree NOT IN (SELECT "
                 "tree FROM #done) AND s.myrecon_row NOT IN (SELECT line FROM #there);\n"
                 "--ran\n"
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.p', "
                 "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'a row of li`ve.n`ew refers to it' FROM "
                 "#u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN "
                 "`o``dd`.`p` AS p ON p.`id` = s.`id` STRAIGHT_JOIN `li``ve`.`n``ew` AS c ON "
                 "c.`to``p` = p.`new` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND "
                 "s.myrecon_row NOT IN (SELECT line FROM #there) AND s.myrecon_row IN (1);\n"
                 "--ran\n");
    world_end(&w);
}

/* A plain column that only TARGET has is written by no plan, so that no update lets go of it. */
static void test_alone(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "id:int# a:int", "new");
    w.own[0].columns[w.own[0].live.ncolumns++] = (struct mr_column){.name = "new"};
    step(&w, 1, UPDATE, 0, "2|1", "2|2");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    assert_false(mr_script_outside_leaves(&w.s, 0));
    mr_script_refuse_outside(&w.s);
    world_sql_is(&w, "");
    world_end(&w);
}

/* An image that is passed through has what the server computes as it was before. */
static void test_passing(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "id:int# a:int no:int!*", "no");
    const int64_t row =
        world_step(&w, (struct world_step){1, 1, 1, UPDATE, 0, "1|1|7", "1|2|7", 0});
    world_step(&w, (struct world_step){1, 1, 2, UPDATE, 0, "1|2|7", "1|3|7", row});
    step(&w, 3, UPDATE, 0, "2|1|8", "2|2|8");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    assert_int_equal(w.s.outer_leaving.count, 1);
    const struct mr_script_outer_leaving *leaving = mr_vec_at(&w.s.outer_leaving, 0);
    assert_int_equal(leaving->number, 1);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),   cmocka_unit_test(test_known), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unseen), cmocka_unit_test(test_alone), cmocka_unit_test(test_passing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
