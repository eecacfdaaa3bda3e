/* test_copy_collect.c: what the run found and what stands there now in, slots out. */
#include "copy_world.h"

#include "repair/plan/plan_written.h"

enum { MEMBERS, CARDS, LOG };

static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    world_table(&cw->w, "members", "id:int# name:text?");
    world_table(&cw->w, "cards", "shop:int* no:text* note:text?");
    world_table(&cw->w, "log", "note:text?");
    world_open_case(&cw->w);
    for (size_t i = 0; i < 3; i++)
        world_run_table(&cw->w, i);
    return cw;
}

#define SLOTS "SELECT skey, tkey, several FROM c ORDER BY tbl, canon"

/* One finding of a table, and what both sides have by now. */
static const struct {
    const char *what;
    size_t table;
    const char *found[MR_SIDES];
    enum mr_find_state state;
    const char *source[3], *target[3];
    uint64_t gone;
    const char *expected;
} cases[] = {
    {"nothing was found", MEMBERS, {NULL, NULL}, 0, {"1|a"}, {"1|b"}, 0, ""},
    {"missing", MEMBERS, {"1|a", NULL}, MR_FIND_DIVERGED, {"1|a"}, {NULL}, 0, "1 - 0"},
    {"extra", MEMBERS, {NULL, "1|a"}, MR_FIND_DIVERGED, {NULL}, {"1|a"}, 0, "- 1 0"},
    {"changed", MEMBERS, {"1|a", "1|b"}, MR_FIND_DIVERGED, {"1|a"}, {"1|b"}, 0, "1 1 0"},
    {"missing then, and there by now",
     MEMBERS,
     {"1|a", NULL},
     MR_FIND_DIVERGED,
     {"1|c"},
     {"1|d"},
     0,
     "1 1 0"},
    {"gone from SOURCE since", MEMBERS, {"1|a", NULL}, MR_FIND_DIVERGED, {NULL}, {NULL}, 1, ""},
    {"gone from SOURCE since, and TARGET's own",
     MEMBERS,
     {"1|a", "1|b"},
     MR_FIND_DIVERGED,
     {NULL},
     {"1|b"},
     1,
     "- 1 0"},
    {"gone from TARGET since", MEMBERS, {NULL, "1|a"}, MR_FIND_DIVERGED, {NULL}, {NULL}, 0, ""},
    {"what was still moving is looked at",
     MEMBERS,
     {"1|a", "1|b"},
     MR_FIND_UNSETTLED,
     {"1|a"},
     {"1|a"},
     0,
     "1 1 0"},
    {"what settled is not", MEMBERS, {"1|a", "1|b"}, MR_FIND_SETTLED, {"1|a"}, {"1|b"}, 0, ""},
    {"negative", MEMBERS, {"-1|a", NULL}, MR_FIND_DIVERGED, {"-1|a"}, {NULL}, 0, "-1 - 0"},

    /* keys of several columns, and of text */
    {"a key of two",
     CARDS,
     {"1|o`dd|x", NULL},
     MR_FIND_DIVERGED,
     {"1|o`dd|x", "2|o`dd|x"},
     {"1|odd|x"},
     0,
     "1,o`dd - 0"},
    {"an empty part", CARDS, {"1||x", NULL}, MR_FIND_DIVERGED, {"1||x"}, {"1||y"}, 0, "1, 1, 0"},
    {"a byte of zero",
     CARDS,
     {"1|a\\0|x", NULL},
     MR_FIND_DIVERGED,
     {"1|a\\0|x", "1|a|x"},
     {NULL},
     0,
     "1,a\\0 - 0"},
    {"the same by TARGET's collation",
     CARDS,
     {"1|abc|x", NULL},
     MR_FIND_DIVERGED,
     {"1|abc|x"},
     {"1|ABC |x"},
     0,
     "1,abc 1,ABC  0"},
    {"two of SOURCE are one for TARGET",
     CARDS,
     {"1|abc|x", NULL},
     MR_FIND_DIVERGED,
     {"1|abc|x", "1|ABC|x"},
     {"1|abC|x"},
     0,
     "1,ABC 1,abC 1"},

    /* without a key all of it is read, or nothing */
    {"no key, and nothing found", LOG, {NULL, NULL}, 0, {"a"}, {NULL}, 0, ""},
    {"no key",
     LOG,
     {"a", NULL},
     MR_FIND_DIVERGED,
     {"a", "b"},
     {"c"},
     0,
     "a,1 - 0; b,1 - 0; - c,1 0"},
    {"no key, still moving", LOG, {"a", NULL}, MR_FIND_UNSETTLED, {"a"}, {NULL}, 0, "a,1 - 0"},
};

static void test_findings(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        const size_t t = cases[i].table;
        for (size_t k = 0; k < 3 && cases[i].source[k] != NULL; k++)
            world_source(&cw->w, t, cases[i].source[k]);
        for (size_t k = 0; k < 3 && cases[i].target[k] != NULL; k++)
            world_target(&cw->w, t, cases[i].target[k]);
        if (cases[i].found[MR_SOURCE] != NULL || cases[i].found[MR_TARGET] != NULL)
            world_finding(&cw->w, t, cases[i].found[MR_SOURCE], cases[i].found[MR_TARGET], 1,
                          cases[i].state);
        copy_open_plan(cw);
        copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
        const char *got = copy_ask(cw, t == LOG ? "SELECT skey, tkey, several FROM c" : SLOTS);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        if (cw->w.tables[t].gone.rows != cases[i].gone)
            fail_msg("%s: %d are gone", cases[i].what, (int)cw->w.tables[t].gone.rows);
        copy_free(cw);
    }
}

/* SOURCE keeps apart what TARGET takes for one: 'g' is missing, and 'G', which both have, was not
 * found by the run.  Written over by 'g' it would be lost, and the next run would find it. */
static void test_namesakes(void **state)
{
    const struct {
        const char *what, *source[2], *target, *expected;
    } sides[] = {
        {"TARGET has the other one", {"1|G|x", "1|g|y"}, "1|G|x", "1,g 1,G 1"},
        {"a third spelling", {"1|g|y", NULL}, "1|G|x", "1,g 1,G 0"},
        {"TARGET pads it", {"1|g|y", NULL}, "1|g |x", "1,g 1,g  0"},
        {"TARGET has it", {"1|G|x", "1|g|y"}, "1|g|x", "1,g 1,g 0"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(sides); i++) {
        struct copy_world *cw = build();
        cw->w.tables[CARDS].columns[MR_SOURCE][1].collation = "utf8mb4_nopad_bin";
        for (size_t k = 0; k < 2 && sides[i].source[k] != NULL; k++)
            world_source(&cw->w, CARDS, sides[i].source[k]);
        world_target(&cw->w, CARDS, sides[i].target);
        world_finding(&cw->w, CARDS, "1|g|y", NULL, 1, MR_FIND_DIVERGED);
        copy_open_plan(cw);
        copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
        const char *got = copy_ask(cw, SLOTS);
        if (strcmp(got, sides[i].expected) != 0)
            fail_msg("%s: %s", sides[i].what, got);
        copy_free(cw);
    }
}

/* More than a page of findings, each once. */
static void test_pages(void **state)
{
    enum { ROWS = 1003 };
    struct copy_world *cw = build();
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        char *row = mr_arena_alloc(&cw->w.arena, 16);
        (void)snprintf(row, 16, "%d|a", i);
        world_source(&cw->w, MEMBERS, row);
        world_finding(&cw->w, MEMBERS, row, NULL, 1,
                      i % 2 == 0 ? MR_FIND_DIVERGED : MR_FIND_UNSETTLED);
    }
    copy_open_plan(cw);
    copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT count(*), count(DISTINCT skey) FROM c", "1003 1003");
    assert_int_equal(cw->w.tables[MEMBERS].gone.rows, 0);
    copy_free(cw);
}

static const char *wide_row(struct copy_world *cw, int id, char with)
{
    enum { WIDE = 3 * 1024 * 1024 };
    char *row = mr_arena_alloc(&cw->w.arena, WIDE + 16);
    const int head = snprintf(row, 16, "%d|", id);
    memset(row + head, with, WIDE);
    row[head + WIDE] = '\0';
    return row;
}

/* Rows that are too wide to be held until the other side has answered are written as they come: the same
 * slots, in the same order. */
static void test_wide(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    for (int i = 1; i <= 6; i++) {
        const char *s = i != 5 ? wide_row(cw, i, 'a') : NULL;
        const char *t = i != 3 ? wide_row(cw, i, 'b') : NULL;
        if (s != NULL)
            world_source(&cw->w, MEMBERS, s);
        if (t != NULL)
            world_target(&cw->w, MEMBERS, t);
        world_finding(&cw->w, MEMBERS, s, t, 1, MR_FIND_DIVERGED);
    }
    copy_open_plan(cw);
    copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
    copy_expect(cw, SLOTS, "1 1 0; 2 2 0; 3 - 0; 4 4 0; - 5 0; 6 6 0");
    copy_expect(cw,
                "SELECT count(*) FROM c WHERE length(source)>3000000 AND length(target)>3000000"
                " AND source<>target",
                "4");
    copy_free(cw);
}

/* Rows of SOURCE are told first; what TARGET alone has comes behind them. */
static void test_order(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    world_target(&cw->w, MEMBERS, "1|a");
    world_source(&cw->w, MEMBERS, "2|b");
    world_target(&cw->w, MEMBERS, "2|c");
    world_target(&cw->w, MEMBERS, "3|c");
    world_source(&cw->w, MEMBERS, "4|d");
    world_finding(&cw->w, MEMBERS, NULL, "1|a", 1, MR_FIND_DIVERGED);
    world_finding(&cw->w, MEMBERS, "2|b", "2|c", 1, MR_FIND_DIVERGED);
    world_finding(&cw->w, MEMBERS, NULL, "3|c", 1, MR_FIND_DIVERGED);
    world_finding(&cw->w, MEMBERS, "4|d", NULL, 1, MR_FIND_DIVERGED);
    copy_open_plan(cw);
    copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT skey, tkey, several FROM c ORDER BY id", "2 2 0; 4 - 0; - 1 0; - 3 0");
    copy_free(cw);
}

/* Tables that are not written are looked at, since others hang on them; who is gone from them is
 * nobody's loss, and rows without a key are nobody's parents. */
static void test_unplanned(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    cw->planned[MEMBERS] = cw->planned[LOG] = false;
    world_target(&cw->w, MEMBERS, "2|a");
    world_source(&cw->w, LOG, "x");
    world_finding(&cw->w, MEMBERS, "1|a", NULL, 1, MR_FIND_DIVERGED);
    world_finding(&cw->w, MEMBERS, NULL, "2|a", 1, MR_FIND_DIVERGED);
    world_finding(&cw->w, LOG, "x", NULL, 1, MR_FIND_DIVERGED);
    copy_open_plan(cw);
    copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
    copy_expect(cw, SLOTS, "- 2 0");
    assert_int_equal(cw->w.tables[MEMBERS].gone.rows, 0);
    copy_free(cw);
}

/* Where the run did not compare a column of the key, its images do not say who the row is. */
static void test_uncompared_key(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    world_source(&cw->w, CARDS, "1|a|x");
    world_finding(&cw->w, CARDS, "1|a|x", NULL, 1, MR_FIND_DIVERGED);
    cw->w.tables[CARDS].found_at[1] = MR_NO_COLUMN;
    copy_open_plan(cw);
    copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
    copy_expect(cw, SLOTS, "");
    copy_free(cw);
}

/* What earlier plans wrote is looked at again, found by the run or not: it may be undone. */
static void test_written(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    world_both(&cw->w, MEMBERS, "1|a");
    world_source(&cw->w, MEMBERS, "2|a");
    world_source(&cw->w, MEMBERS, "3|a");
    world_source(&cw->w, LOG, "x");
    copy_open_plan(cw);
    for (const char *const *row = (const char *const[]){"1|a", "2|a", "4|a", NULL}; *row; row++)
        world_require(mr_plan_written_add(cw->w.m.cf, &cw->w.planned[MEMBERS],
                                          world_key(&cw->w, MEMBERS, *row), NULL));
    world_require(
        mr_plan_written_add(cw->w.m.cf, &cw->w.planned[LOG], (struct mr_key){"", 0}, NULL));
    copy_run(cw, mr_copy_collect(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT tbl, skey, tkey FROM c ORDER BY tbl, canon", "0 1 1; 0 2 -; 2 x,1 -");
    copy_free(cw);
}

/* By keys, as who climbs asks; a row that is there already is not there twice. */
static void test_keys(void **state)
{
    struct copy_world *cw = build();
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    (void)state;
    copy_open_plan(cw);
    copy_rows(cw, 1, MEMBERS, "1|a", "1|b", 0);
    world_target(&cw->w, MEMBERS, "2|b");
    for (const char *const *row = (const char *const[]){"1|", "2|", "3|", NULL}; *row; row++)
        *(struct mr_merge_ask *)mr_vec_push(&asks) =
            (struct mr_merge_ask){.value = world_key(&cw->w, MEMBERS, *row)};
    copy_run(cw, mr_copy_collect_keys(&cw->c, &cw->w.planned[MEMBERS], &asks, &cw->w.err));
    copy_expect(cw, SLOTS, "1 1 0; - 2 0");
    mr_vec_release(&asks);
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    world_source(&cw->w, MEMBERS, "1|a");
    world_source(&cw->w, LOG, "a");
    world_finding(&cw->w, MEMBERS, "1|a", NULL, 1, MR_FIND_DIVERGED);
    world_finding(&cw->w, MEMBERS, "2|a", "2|b", 1, MR_FIND_UNSETTLED);
    world_finding(&cw->w, LOG, "a", NULL, 1, MR_FIND_DIVERGED);
    copy_open_plan(cw);
    world_require(mr_plan_written_add(cw->w.m.cf, &cw->w.planned[MEMBERS],
                                      world_key(&cw->w, MEMBERS, "1|a"), NULL));
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_collect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_namesakes),      cmocka_unit_test(test_findings),
        cmocka_unit_test(test_pages),          cmocka_unit_test(test_unplanned),
        cmocka_unit_test(test_wide),           cmocka_unit_test(test_order),
        cmocka_unit_test(test_uncompared_key), cmocka_unit_test(test_written),
        cmocka_unit_test(test_keys),           cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
