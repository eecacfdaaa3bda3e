/* test_apply_blocks.c: whether anybody has taken the ids that a plan gives, before and after the
 * plan's own reseed. */
#include "apply_world.h"

#include "repair/apply/apply_blocks.h"

#define TOP "18446744073709551615"

struct block {
    uint64_t first, step, ids;
    const char *next, *key, *reference;
    const char *why; /* NULL: nobody has */
    bool asks_keys, asks_references;
};

static const struct block blocks[] = {
    /* before the reseed whatever is above is somebody else's */
    {100, 1, 10, "100", "", "", "counter of column \"o`dd.t.id\" has come to 100", false, false},
    {100, 1, 10, "109", "", "", "has come to 109", false, false},
    {100, 1, 10, "99", "", "", NULL, true, true},
    {100, 1, 10, "0", "", "", NULL, true, true}, /* it is no counter any more */
    {100, 1, 10, "99", "105", "", "key \"o`dd.t.id\" has come to 105", true, false},
    {100, 1, 10, "99", TOP, "", "has come to " TOP, true, false},
    {100, 1, 10, "99", "", "105", "reference \"o`dd.k.up\" has come to 105", true, true},
    {100, 1, 10, "99", "~", "~", NULL, true, true}, /* NULL is nobody */
    /* after it only what lies among them, and is not given */
    {100, 1, 10, "110", "x", "", NULL, false, true},
    {100, 1, 10, TOP, "x", "", NULL, false, true},
    {100, 1, 10, "110", "x", "105", "reference \"o`dd.k.up\" has come to 105", false, true},
    {100, 10, 2, "111", "", "", NULL, true, true},
    {100, 10, 2, "110", "", "", "has come to 110", false, false}, /* the last of them */
    {100, 10, 2, "111", "105", "", "key \"o`dd.t.id\" has come to 105", true, false},
    {100, 0, 10, "110", "x", "", NULL, false, true}, /* an older plan has no step */
    {18446744073709551605ULL, 1, 10, TOP, "x", "", NULL, false, true},
    {18446744073709551605ULL, 1, 10, "18446744073709551614", "", "", "51614,", false, false},
    /* none are given: nothing is asked */
    {100, 1, 0, "105", "105", "105", NULL, false, false},
};

static void make_plan(const struct block *b)
{
    struct mr_planned_table *t = plan_table("o`dd.t", "id#+ name");
    t->first_id = b->first;
    t->id_step = b->step;
    t->nids = b->ids;
    plan_table("o`dd.k", "id#+ up");
    plan_refers(1, "up", 0, "id");
}

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(blocks); i++) {
        const struct block *b = &blocks[i];
        BEGIN({.has = "(counter db1:3306.t.id)", .text = b->next},
              {.has = "SELECT `id` FROM `o``dd`.`t` WHERE", .rows = b->key},
              {.has = "SELECT `up` FROM `o``dd`.`k` WHERE", .rows = b->reference});
        make_plan(b);
        const enum mr_code code = mr_apply_check_blocks(&p.target, &p.m, &p.err);
        if (b->why == NULL && code != MR_OK)
            fail_msg("%zu: %s", i, p.err.message);
        if (b->why != NULL && (code != MR_E_REFUSED || strstr(p.err.message, b->why) == NULL))
            fail_msg("%zu: %d, %s", i, code, p.err.message);
        if (world_has("SELECT `id`") != b->asks_keys ||
            world_has("SELECT `up`") != b->asks_references)
            fail_msg("%zu: %s", i, world_sent());
        end();
    }
}

#define ASKS_NEXT "(counter db1:3306.t.id)\n"

/* The range that is asked for is the block's, and a row that stands there makes a reference good
 * only behind the reseed. */
static void test_sql(void **state)
{
    static const struct block few = {.first = 100, .step = 10, .ids = 3};
    (void)state;
    BEGIN({.has = "(counter", .text = "99"}, {.has = "SELECT", .rows = ""});
    make_plan(&few);
    assert_int_equal(mr_apply_check_blocks(&p.target, &p.m, &p.err), MR_OK);
    sent_is(ASKS_NEXT "SELECT `id` FROM `o``dd`.`t` WHERE `id` >= 100 LIMIT 1\n"
                      "SELECT `up` FROM `o``dd`.`k` WHERE `up` >= 100 LIMIT 1\n");
    end();
    const struct world_answer high[] = {{.has = "(counter", .text = "121"},
                                        {.has = "SELECT", .rows = ""}};
    begin(high, LEN(high));
    make_plan(&few);
    p.references[1][0].condition = "kind = 't' -- x";
    assert_int_equal(mr_apply_check_blocks(&p.target, &p.m, &p.err), MR_OK);
    sent_is(ASKS_NEXT
            "SELECT `id` FROM `o``dd`.`t` WHERE `id` >= 100 AND `id` < 121 AND (`id` - 100) % 10 "
            "<> 0 LIMIT 1\n"
            "SELECT `up` FROM `o``dd`.`k` WHERE `up` >= 100 AND `up` < 121 AND (kind = 't' -- x\n)"
            " AND NOT EXISTS (SELECT 1 FROM `o``dd`.`t` AS p WHERE p.`id` = `o``dd`.`k`.`up`) "
            "LIMIT 1\n");
    end();
}

/* Of a reference of several columns the one that leads to the counter is looked at; none that
 * leads elsewhere. */
static void test_references(void **state)
{
    (void)state;
    BEGIN({.has = "(counter", .text = "99"}, {.has = "SELECT", .rows = ""});
    struct mr_planned_table *t = plan_table("o`dd.t", "shop# id#+");
    t->first_id = 100;
    t->nids = 1;
    plan_table("o`dd.k", "id# a b c");
    plan_refers(1, "a b", 0, "shop id");
    plan_refers(1, "c", 0, "shop");
    plan_refers(1, "c", 1, "id");
    assert_int_equal(mr_apply_check_blocks(&p.target, &p.m, &p.err), MR_OK);
    assert_int_equal(world_sent_count("FROM `o``dd`.`k`"), 1);
    assert_true(world_has("SELECT `b` FROM `o``dd`.`k` WHERE `b` >= 100"));
    end();
}

/* A counter of the plan is asked as the plan knows it: it may be a sequence. */
static void test_sequence(void **state)
{
    static const struct mr_counter counters[] = {
        {.db = "other", .name = "t", .column = "id", .sequence = "wrong"},
        {.db = "o`dd", .name = "t", .column = "id", .sequence = "numbers"}};
    (void)state;
    BEGIN({.has = "(counter db1:3306.numbers.id)", .text = "100"});
    make_plan(&blocks[0]);
    p.m.counters = counters;
    p.m.ncounters = 2;
    refused_for(mr_apply_check_blocks(&p.target, &p.m, &p.err), "has come to 100");
    end();
}

/* What cannot be read is nobody's leave. */
static void test_errors(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        BEGIN({.has = "(counter", .text = "99"}, {.has = "SELECT", .rows = ""});
        make_plan(&blocks[0]);
        world.fail_at = n;
        assert_int_equal(mr_apply_check_blocks(&p.target, &p.m, &p.err), MR_E_LOST);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks), cmocka_unit_test(test_sql),
                                       cmocka_unit_test(test_references),
                                       cmocka_unit_test(test_sequence),
                                       cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
