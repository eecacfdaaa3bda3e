/* test_merge_gone.c: rows that the run found on SOURCE, and that SOURCE has no more. */
#include "merge_world.h"

#include "repair/merge/merge_gone.h"

enum { KEYED, LOG };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "t", "shop:int* no:text*");
    world_table(w, "log", "note:text? n:int?");
    world_open_case(w);
    world_run_table(w, LOG);
}

/* Rows with a key: those that were expected and not seen are counted, the first are named. */
static void test_keys(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_gone gone;
    struct mr_merge_ask asks[8] = {{0}}, stranger = {.tag = 0}, wrong = {.tag = 99};
    (void)state;
    build(w);
    world_open_plan(w);
    mr_merge_gone_init(&gone);
    for (size_t i = 0; i < 8; i++) {
        char row[32];
        (void)snprintf(row, sizeof row, "%zu|o`dd,%zu", i, i);
        asks[i].value = world_key(w, KEYED, row);
        world_run(w, mr_merge_gone_expect(&gone, &asks[i], &w->err));
    }
    mr_merge_gone_see(&gone, &asks[3]);
    mr_merge_gone_see(&gone, &asks[3]); /* two rows that the collation takes for one */
    mr_merge_gone_see(&gone, &stranger);
    mr_merge_gone_see(&gone, &wrong);
    mr_merge_gone_see(&gone, NULL);
    world_run(w, mr_merge_gone_take(&gone, &w->m, &w->planned[KEYED], &w->err));
    assert_int_equal(w->tables[KEYED].gone.rows, 7);
    assert_int_equal(w->tables[KEYED].gone.nkeys, MR_PLAN_GONE_KEYS);
    assert_string_equal(w->tables[KEYED].gone.keys[0], "0,o`dd,0");
    assert_string_equal(w->tables[KEYED].gone.keys[3], "4,o`dd,4");
    /* the next batch begins anew */
    world_run(w, mr_merge_gone_expect(&gone, &asks[0], &w->err));
    mr_merge_gone_see(&gone, &asks[0]);
    world_run(w, mr_merge_gone_take(&gone, &w->m, &w->planned[KEYED], &w->err));
    assert_int_equal(w->tables[KEYED].gone.rows, 7);
    mr_merge_gone_release(&gone);
    world_free(w);
}

/* Rows without a key: as many as SOURCE has fewer than the run found. */
static void test_bag(void **state)
{
    const struct {
        const char *what, *found;
        uint64_t count;
        enum mr_find_state state;
        const char *source[3];
        uint64_t gone;
    } cases[] = {
        {"all of them are there", "a|1", 2, MR_FIND_DIVERGED, {"a|1", "a|1"}, 0},
        {"one of two is", "a|1", 2, MR_FIND_DIVERGED, {"a|1"}, 1},
        {"one more than then is none less", "a|1", 1, MR_FIND_DIVERGED, {"a|1", "a|1"}, 0},
        {"none is", "a|1", 3, MR_FIND_DIVERGED, {"b|1"}, 3},
        {"NULL is no empty text", "|1", 1, MR_FIND_DIVERGED, {"NULL|1"}, 1},
        {"NULL is NULL", "NULL|NULL", 1, MR_FIND_DIVERGED, {"NULL|NULL"}, 0},
        {"what was still moving counts", "a|1", 1, MR_FIND_UNSETTLED, {NULL}, 1},
        {"what has settled does not", "a|1", 1, MR_FIND_SETTLED, {NULL}, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_finding(w, LOG, cases[i].found, NULL, cases[i].count, cases[i].state);
        world_finding(w, LOG, NULL, "z|9", 1, MR_FIND_DIVERGED); /* TARGET's */
        for (size_t k = 0; k < 3 && cases[i].source[k] != NULL; k++)
            world_source(w, LOG, cases[i].source[k]);
        world_open_plan(w);
        world_run(w, mr_merge_gone_bag(&w->m, &w->planned[LOG], &w->err));
        if (w->tables[LOG].gone.rows != cases[i].gone)
            fail_msg("%s: %d", cases[i].what, (int)w->tables[LOG].gone.rows);
        world_expect(w, "SELECT count(*) FROM sqlite_temp_master WHERE name='gone'", "0");
        world_free(w);
    }
}

/* A column that the run did not compare says nothing of whose row it was. */
static void test_bag_columns(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->tables[LOG].found_at[0] = MR_NO_COLUMN;
    world_finding(w, LOG, "a|1", NULL, 1, MR_FIND_DIVERGED);
    world_finding(w, LOG, "a|2", NULL, 1, MR_FIND_DIVERGED);
    world_source(w, LOG, "b|1");
    world_open_plan(w);
    world_run(w, mr_merge_gone_bag(&w->m, &w->planned[LOG], &w->err));
    assert_int_equal(w->tables[LOG].gone.rows, 1);
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_finding(w, LOG, "a|1", NULL, 2, MR_FIND_DIVERGED);
    world_source(w, LOG, "a|1");
    world_open_plan(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_gone_bag(&w->m, &w->planned[LOG], err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_bag),
        cmocka_unit_test(test_bag_columns),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
