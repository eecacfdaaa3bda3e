/* test_script_later.c: rows that other units write again. */
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
/* Tables: a row of three units, a row of one, and rows that come and go. */
static int64_t begin(struct world *w)
{
    world_begin(w);
    world_table(w, "t", "id:int# u:int!");
    world_table(w, "other", "id:int#");
    const int64_t row = world_step(w, (struct world_step){1, 1, 1, UPDATE, 0, "1|1", "1|8", 0});
    world_step(w, (struct world_step){2, 1, 1, UPDATE, 0, "1|8", "1|9", row});
    world_step(w, (struct world_step){3, 1, 1, UPDATE, 0, "1|9", "1|2", row});
    step(w, 1, UPDATE, 0, "5|5", "5|6");
    world_open(w);
    return row;
}

static void later_is(struct world *w, const char *wanted)
{
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (size_t i = 0; i < w->s.later.count; i++) {
        const struct mr_script_later *later = mr_vec_at(&w->s.later, i);
        struct mr_value u;
        assert_true(mr_script_value(later->image, 1, &u));
        mr_strbuf_add_fmt(&w->shown, "%s%zu:%zu=%lld", i > 0 ? " " : "", later->table, later->row,
                          (long long)u.i);
    }
    assert_string_equal(w->shown.ptr, wanted);
}

/* Apply looks at units to come, undo at those that are undone later, which came before. */
static void test_find(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    assert_true(w.s.goes_on);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    later_is(&w, "0:1=9 0:1=2");
    assert_true(mr_script_has_later(&w.s, 0));
    assert_false(mr_script_has_later(&w.s, 1));
    world_unit(&w, MR_SCRIPT_APPLY, 3, 3);
    later_is(&w, "");
    world_unit(&w, MR_SCRIPT_UNDO, 3, 3);
    later_is(&w, "0:1=1 0:1=8");
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    later_is(&w, "");
    world_unit(&w, MR_SCRIPT_VERIFY, 1, 1); /* as the whole plan leaves it */
    later_is(&w, "0:1=9 0:1=2");
    world_end(&w);
}

/* A span is one unit: what it writes itself is no later image; a passing one has none. */
static void test_span(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_unit(&w, MR_SCRIPT_UNDO, 2, 3);
    later_is(&w, "0:2=1");
    world_unit(&w, MR_SCRIPT_APPLY, 1, 3);
    later_is(&w, "");
    world_end(&w);
}

static void test_stands(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_stands(&w.s, &w.tables[0], 0);
    world_sql_is(&w, "(t.`id` <=> s.`id` AND t.`u` <=> s.`u` OR EXISTS (SELECT 1 FROM #f0 AS f "
                     "WHERE f.myrecon_row = s.myrecon_row AND t.`id` <=> f.`id` AND t.`u` <=> "
                     "f.`u`))");
    mr_script_stands(&w.s, &w.tables[1], 0);
    world_sql_is(&w, "t.`id` <=> s.`id`");
    world_end(&w);
}

/* A plan of which no row is written twice is not searched. */
static void test_none(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    step(&w, 1, UPDATE, 0, "1", "2");
    world_open(&w);
    assert_false(w.s.goes_on);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    later_is(&w, "");
    world_end(&w);
}

/* A step that is gone is not one that stands behind it. */
static void test_gone(void **state)
{
    struct world w;
    struct mr_err err = {0};
    struct mr_step found = {0};
    (void)state;
    const int64_t row = begin(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    const struct mr_script_row *first = mr_vec_at(&w.s.rows, 0);
    const int64_t id = first->step.id;
    assert_int_equal(mr_script_step(&w.s, id, &found, &err), MR_OK);
    assert_int_equal(found.entity, row);
    assert_int_equal(mr_case_exec(w.s.lookup.cf, "DELETE FROM step WHERE id=1", NULL), MR_OK);
    assert_int_equal(mr_script_step(&w.s, id, &found, &err), MR_E_BUG);
    assert_int_equal(mr_script_step(&w.s, 1000, &found, &err), MR_E_BUG);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find), cmocka_unit_test(test_span), cmocka_unit_test(test_stands),
        cmocka_unit_test(test_none), cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
