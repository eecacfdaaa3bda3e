/* test_merge_made.c: rows that both sides have made (merge_value): what is noted of each, and which are left to be
 * asked about as without logs. */
#include "three_world.h"

#include "repair/merge/merge_earlier.h"
#include "repair/merge/merge_value.h"

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
    world_run(w, mr_merge_value(&w->m, MEMBERS, 1, &w->err));
    (void)snprintf(expected, sizeof expected,
                   "1 - 1 %d points: rule-source 1; 2 - 1 %d points: rule-target 0; "
                   "3 differs 1 %d city: differs; points: rule-source 1; 4 differs 0 0 - 0",
                   MR_THREE_UPDATES, MR_THREE_LEAVES, MR_THREE_LEAVES);
    assert_string_equal(noted(w), expected);
    world_free(w);
}

/* As without logs. */
static void test_left(void **state)
{
    enum { NO_LOGS, NO_RULES, BROUGHT, INTO, PARENT, PERSON, LEFT };
    (void)state;
    for (int how = 0; how < LEFT; how++) {
        struct world *w = calloc(1, sizeof *w);
        build_ruled(w);
        if (how == NO_LOGS)
            w->merged[MEMBERS].told = 0;
        if (how == NO_RULES)
            w->tables[MEMBERS].config.merge = (struct mr_table_merge){0};
        if (how == BROUGHT)
            world_require(mr_merge_earlier_known(&w->m, NULL));
        if (how == BROUGHT)
            world_sql(
                w, "INSERT INTO plan_map (tbl, source_key, target_key, digest, is_new, plan, state)"
                   " SELECT 'd.members', skey, skey, x'00', 0, 1, 'applied' FROM w WHERE id<>3");
        if (how == INTO)
            world_sql(w, "INSERT INTO mark (id, into_key) SELECT id, skey FROM w WHERE id<>3");
        if (how == PARENT || how == PERSON)
            w->references[0].parent = MEMBERS;
        if (how == PERSON)
            w->pairs[MEMBERS]->find.subject = MR_SUBJECT_CONFIGURED;
        world_run(w, mr_merge_value(&w->m, MEMBERS, 1, &w->err));
        const char *expected = how == BROUGHT || how == INTO ? "3" : how == PERSON ? "1" : "4";
        const char *got = world_ask(w, "SELECT count(*) FROM m WHERE kind='differs' AND three=0");
        if (strcmp(got, expected) != 0)
            fail_msg("%d: %s", how, got);
        world_free(w);
    }
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_value(&w->m, MEMBERS, 1, err);
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
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
