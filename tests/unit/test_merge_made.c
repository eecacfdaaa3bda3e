/* test_merge_made.c: rows that both sides have made, page by page: what is noted of each, and which are left to be
 * asked about as without logs. */
#include "three_world.h"

#include "repair/merge/merge_made.h"

static const struct mr_merge_rule greater = {"points", MR_RULE_MAX};

#define WHO(id, mobile, city, points) id "|" mobile "|" mobile "@x|" city "|" points "|1" REST

static const struct {
    const char *own, *live; /* the row today, on either side */
    bool told;              /* both logs have its insertion */
} rows[] = {
    {WHO("7", "1", "x", "6.00"), WHO("9", "1", "x", "4.00"), true},
    {WHO("8", "2", "x", "4.00"), WHO("8", "2", "x", "6.00"), true},
    {WHO("9", "3", "y", "6.00"), WHO("7", "3", "x", "4.00"), true},
    {WHO("10", "4", "x", "6.00"), WHO("10", "4", "x", "4.00"), false},
};

static void add_rows(struct world *w)
{
    struct told t;
    told_begin(w, &t);
    told_table(&t, MEMBERS, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *now[MR_SIDES] = {rows[i].own, rows[i].live};
        for (int side = MR_SOURCE; rows[i].told && side < MR_SIDES; side++)
            told_mark(&t, MEMBERS, (enum mr_side)side, now[side],
                      (struct told_mark){.last = now[side]});
    }
    told_end(&t);
    for (size_t i = 0; i < LEN(rows); i++) {
        world_row(w, (int64_t)i + 1, MEMBERS, rows[i].own, rows[i].live,
                  "grp='lost', differs=1, kind='differs'");
        world_target(w, MEMBERS, rows[i].live);
    }
}

static void build_ruled(struct world *w)
{
    build(w);
    w->tables[MEMBERS].config.merge = (struct mr_table_merge){.rules = &greater, .nrules = 1};
    add_rows(w);
}

static const char *noted(struct world *w)
{
    return world_ask(
        w, "SELECT group_concat(id||' '||coalesce(kind, '-')||' '||(three<>0)||' '||deed||' '||"
           "coalesce(tells, '-')||' '||(img.merged IS NOT NULL), '; ') FROM m JOIN img USING (id)");
}

static void test_rows(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char expected[400];
    (void)state;
    build_ruled(w);
    world_run(w, mr_merge_made(&w->m, &w->merged[MEMBERS], &w->err));
    (void)snprintf(expected, sizeof expected,
                   "1 - 1 %d points: rule-source 1; 2 - 1 %d points: rule-target 0; "
                   "3 differs 1 %d city: differs; points: rule-source 1; 4 differs 0 0 - 0",
                   MR_THREE_UPDATES, MR_THREE_LEAVES, MR_THREE_LEAVES);
    assert_string_equal(noted(w), expected);
    /* whoever hangs on them is not poured into one by a rule */
    assert_string_equal(world_ask(w, "SELECT sum(differs) FROM m"), "4");
    world_free(w);
}

/* Nobody's rules, nobody's word: as without logs. */
static void test_without(void **state)
{
    (void)state;
    for (int told = 0; told < 2; told++) {
        struct world *w = calloc(1, sizeof *w);
        build_ruled(w);
        if (told == 0)
            w->merged[MEMBERS].told = 0;
        else
            w->tables[MEMBERS].config.merge = (struct mr_table_merge){0};
        world_run(w, mr_merge_made(&w->m, &w->merged[MEMBERS], &w->err));
        assert_string_equal(world_ask(w, "SELECT count(*) FROM m WHERE kind='differs' AND three=0"),
                            "4");
        world_free(w);
    }
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_made(&w->m, &w->merged[MEMBERS], err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_ruled, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
