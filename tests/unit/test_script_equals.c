/* test_script_equals.c: how many equal rows of a table without a key are to stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/case/case_args.h"
#include "script_world.h"

static int64_t count_of(struct world *w, int64_t entity)
{
    bool found = false;
    assert_int_equal(MR_CASE_ASK(w->s.equals, &found, NULL, MR_ARG_INT("entity", entity)), MR_OK);
    const int64_t n = found ? mr_case_int(w->s.equals, 0) : -1;
    mr_case_reset(w->s.equals);
    return n;
}

/* Those of TARGET, and the plan's own up to this one; to the byte, but for the sign of 0. */
static void test_inserted(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *log = world_table(&w, "log", "a:text? r:real n:uint");
    world_table(&w, "keyed", "id:int# a:text");
    const int64_t first = world_entity(&w, 0, MR_DECIDE_INSERT, "x|0|1");
    const int64_t other = world_entity(&w, 0, MR_DECIDE_INSERT, "X|0|1");
    const int64_t second = world_entity(&w, 0, MR_DECIDE_INSERT, "x|-0.0|1");
    const int64_t null = world_entity(&w, 0, MR_DECIDE_INSERT, "NULL|0|18446744073709551615");
    const int64_t empty = world_entity(&w, 0, MR_DECIDE_RENUMBER, "|0|18446744073709551615");
    const int64_t keyed = world_entity(&w, 1, MR_DECIDE_INSERT, "1|x");
    const int64_t same = world_entity(&w, 0, MR_DECIDE_SAME, "x|0|1");
    world_live(&w, log, "x|-0.0|1");
    world_live(&w, log, "x|0|1");
    world_live(&w, log, "NULL|0|18446744073709551615");
    world_live(&w, log, "y|0|1");
    world_live(&w, &w.tables[1], "1|x");
    world_open(&w);
    assert_int_equal(count_of(&w, first), 3);
    assert_int_equal(count_of(&w, second), 4);
    assert_int_equal(count_of(&w, other), 1); /* the collation takes it for one */
    assert_int_equal(count_of(&w, null), 2);
    assert_int_equal(count_of(&w, empty), 1);
    assert_int_equal(count_of(&w, keyed), -1);
    assert_int_equal(count_of(&w, same), -1);
    world_end(&w);
}

/* What the server computes is no part of a row that somebody inserts. */
static void test_computed(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *log = world_table(&w, "log", "a:text sum:int*");
    const int64_t row = world_entity(&w, 0, MR_DECIDE_INSERT, "x|1");
    world_live(&w, log, "x|2");
    world_open(&w);
    assert_int_equal(count_of(&w, row), 2);
    world_end(&w);
}

/* A table of which nothing is inserted is not read. */
static void test_asked(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *log = world_table(&w, "log", "a:text");
    world_table(&w, "other", "a:text");
    world_live(&w, log, "x");
    world_entity(&w, 1, MR_DECIDE_INSERT, "x");
    world_open(&w);
    assert_int_equal(w.asks, 1);
    world_end(&w);
}

static void test_deleted(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "log", "a:text");
    const int64_t first = world_goes(&w, 0, "x", 1), third = world_goes(&w, 0, "x", 3);
    world_open(&w);
    assert_int_equal(count_of(&w, first), 1);
    assert_int_equal(count_of(&w, third), 3);
    assert_int_equal(w.asks, 0);
    world_end(&w);
}

/* A key without a number is a bug of whoever wrote it, not the number 0. */
static void test_no_number(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    world_begin(&w);
    world_table(&w, "log", "a:text");
    world_open(&w);
    struct mr_entity e = {
        .table = 0, .decision = MR_DECIDE_DELETE, .target_key = world_row(&w, &w.tables[0], "x")};
    assert_int_equal(mr_plan_store_save(w.store, &e, NULL), MR_OK);
    mr_case_free(w.s.equals);
    w.s.equals = NULL;
    assert_int_equal(mr_script_equals_open(&w.s, &err), MR_E_BUG);
    assert_null(w.s.equals);
    world_end(&w);
}

/* A target that is lost half way leaves no half count. */
static void test_lost(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    world_begin(&w);
    world_table(&w, "log", "a:text");
    world_entity(&w, 0, MR_DECIDE_INSERT, "x");
    world_open(&w);
    mr_case_free(w.s.equals);
    w.s.equals = NULL;
    w.fail_at = w.asks + 1;
    assert_int_equal(mr_script_equals_open(&w.s, &err), MR_E_LOST);
    assert_null(w.s.equals);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inserted),  cmocka_unit_test(test_computed),
        cmocka_unit_test(test_asked),     cmocka_unit_test(test_deleted),
        cmocka_unit_test(test_no_number), cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
