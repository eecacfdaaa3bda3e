/* test_merge_three_rules.c: columns that both sides changed and that have a rule; what an earlier plan of
 * the case has written; and failures. */
#include "three_world.h"

#include "repair/merge/merge_restored.h"

/* ---- rules of columns ---- */

struct rule_case {
    const char *what, *column;
    enum mr_column_rule rule;
    const char *own, *live, *was;
    int64_t committed[2][2]; /* of each side: first, last, in seconds; 0: the logs do not tell */
    const char *outcome, *merged, *columns, *detail;
};

#define BY(rule) MR_RULE_##rule
#define TAGS_OF(tags) "7|1|a@x|x|1.00|1|0|0|" tags

static const struct rule_case rules[] = {
    {"a sum",
     "points",
     BY(ADD),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{1, 1}, {1, 1}},
     "by-rule",
     "7,1,a@x,x,9,1,0,0,NULL",
     "points: rule-value",
     "-"},
    {"no sum without a number",
     "points",
     BY(ADD),
     POINTS_OF("NULL"),
     POINTS_OF("4.00"),
     X,
     {{1, 1}, {1, 1}},
     "changed",
     "-",
     "points: rule-fails",
     "points: a value is NULL"},
    {"the greater one",
     "points",
     BY(MAX),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{1, 1}, {1, 1}},
     "by-rule",
     "7,1,a@x,x,6,1,0,0,NULL",
     "points: rule-source",
     "-"},
    {"the smaller one",
     "points",
     BY(MIN),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{1, 1}, {1, 1}},
     "by-rule",
     "-",
     "points: rule-target",
     "-"},
    {"SOURCE's",
     "points",
     BY(SOURCE),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{1, 1}, {1, 1}},
     "by-rule",
     "7,1,a@x,x,6,1,0,0,NULL",
     "points: rule-source",
     "-"},
    {"TARGET's",
     "points",
     BY(TARGET),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{1, 1}, {1, 1}},
     "by-rule",
     "-",
     "points: rule-target",
     "-"},
    {"all members",
     "tags",
     BY(UNION),
     TAGS_OF("a"),
     TAGS_OF("b"),
     TAGS_OF(""),
     {{1, 1}, {1, 1}},
     "by-rule",
     "7,1,a@x,x,1,1,0,0,a,b",
     "tags: rule-value",
     "-"},
    {"the newer one is SOURCE's",
     "points",
     BY(NEWEST),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{60, 90}, {10, 50}},
     "by-rule",
     "7,1,a@x,x,6,1,0,0,NULL",
     "points: rule-source",
     "-"},
    {"the newer one is TARGET's",
     "points",
     BY(NEWEST),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{10, 50}, {60, 90}},
     "by-rule",
     "-",
     "points: rule-target",
     "-"},
    {"by turns",
     "points",
     BY(NEWEST),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{10, 70}, {60, 90}},
     "changed",
     "-",
     "points: rule-fails",
     "points: both sides changed it too close together in time"},
    {"within the clocks' skew",
     "points",
     BY(NEWEST),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{10, 50}, {52, 90}},
     "changed",
     "-",
     "points: rule-fails",
     "points: both sides changed it too close together in time"},
    {"when is not told",
     "points",
     BY(NEWEST),
     POINTS_OF("6.00"),
     POINTS_OF("4.00"),
     X,
     {{0, 0}, {60, 90}},
     "changed",
     "-",
     "points: rule-fails",
     "points: when the column was last changed is not known of both sides"},
    {"who has changed alone needs no rule",
     "points",
     BY(ADD),
     POINTS_OF("6.00"),
     X,
     X,
     {{1, 1}, {0, 0}},
     "restored-change",
     "7,1,a@x,x,6,1,0,0,NULL",
     "points: restored-change",
     "-"},
};

static void tell_rule(struct world *w, const struct rule_case *c)
{
    const char *now[MR_SIDES] = {c->own, c->live};
    struct told t;
    told_begin(w, &t);
    told_table(&t, MEMBERS, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        int64_t tx[2] = {0, 0};
        for (size_t i = 0; i < 2 && c->committed[side][i] != 0; i++)
            tx[i] = told_tx(&t, (enum mr_side)side, c->committed[side][i] * 1000000);
        if (strcmp(now[side], c->was) != 0)
            told_mark(&t, MEMBERS, (enum mr_side)side, c->own,
                      (struct told_mark){0, c->was, now[side], tx[0], tx[1]});
    }
    told_end(&t);
    world_row(w, 1, MEMBERS, c->own, c->live, "grp='base'");
    world_target(w, MEMBERS, c->live);
}

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rules); i++) {
        const struct rule_case *c = &rules[i];
        struct world *w = calloc(1, sizeof *w);
        const struct mr_merge_rule rule = {c->column, c->rule};
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        struct mr_strbuf text = MR_STRBUF_INIT;
        build(w);
        w->options.clock_skew_us = 2000000;
        w->tables[MEMBERS].config.merge = (struct mr_table_merge){.rules = &rule, .nrules = 1};
        tell_rule(w, c);
        const struct mr_merge_twin twin = twin_of(w, c->own, c->live, c->own);
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        require_same(c->what, "outcome", mr_three_outcome_name(r.ruling.outcome), c->outcome);
        require_same(c->what, "merged", shown(&text, r.merged), c->merged);
        require_same(c->what, "columns", r.columns, c->columns);
        require_same(c->what, "detail", r.detail, c->detail);
        mr_strbuf_release(&text);
        mr_merge_three_close(three);
        world_free(w);
    }
}

/* ---- rows that both sides have made ---- */

#define MADE(id, city, points) id "|1|a@x|" city "|" points "|1" REST

struct made_case {
    const char *what, *own, *live;
    const char *was
        [2]; /* before each side's first change; "": nothing stood there; NULL: its log does not know it */
    enum mr_witness witness[2];
    int flags; /* of SOURCE's mark, besides */
    enum mr_column_rule rule;
    const char *outcome, *merged, *columns;
};

static const struct made_case made[] = {
    {"under two keys, the greater one",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     0,
     BY(MAX),
     "by-rule",
     "9,1,a@x,x,6,1,0,0,NULL",
     "points: rule-source"},
    {"under one key",
     MADE("7", "x", "6.00"),
     MADE("7", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     0,
     BY(MIN),
     "by-rule",
     "-",
     "points: rule-target"},
    {"a column without a rule asks for the row, and the other says what it would be",
     MADE("7", "y", "6.00"),
     MADE("9", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     0,
     BY(MAX),
     "differs",
     "9,1,a@x,x,6,1,0,0,NULL",
     "city: differs; points: rule-source"},
    {"nothing can be added up",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     0,
     BY(ADD),
     "differs",
     "-",
     "points: differs"},
    {"SOURCE's stood there at the split",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {MADE("7", "x", "1.00"), ""},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     0,
     BY(MAX),
     NULL,
     "-",
     "-"},
    {"TARGET's did",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", MADE("9", "x", "1.00")},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     0,
     BY(MAX),
     NULL,
     "-",
     "-"},
    {"TARGET's log does not know it",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", NULL},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     0,
     BY(MAX),
     NULL,
     "-",
     "-"},
    {"SOURCE's log cannot be relied upon",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_BLIND, MR_WITNESS_GOOD},
     0,
     BY(MAX),
     NULL,
     "-",
     "-"},
    {"nor can TARGET's",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_GOOD, MR_WITNESS_INCOMPLETE},
     0,
     BY(MAX),
     NULL,
     "-",
     "-"},
    {"it came from another key",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     MR_MARK_CAME,
     BY(MAX),
     NULL,
     "-",
     "-"},
    {"its images do not follow from each other",
     MADE("7", "x", "6.00"),
     MADE("9", "x", "4.00"),
     {"", ""},
     {MR_WITNESS_GOOD, MR_WITNESS_GOOD},
     MR_MARK_BROKEN,
     BY(MAX),
     NULL,
     "-",
     "-"},
};

static void tell_made(struct world *w, const struct made_case *c)
{
    const char *now[MR_SIDES] = {c->own, c->live};
    struct told t;
    told_begin(w, &t);
    told_table(&t, MEMBERS, c->witness[MR_SOURCE], c->witness[MR_TARGET]);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (c->was[side] != NULL)
            told_mark(&t, MEMBERS, (enum mr_side)side, now[side],
                      (struct told_mark){.flags = side == MR_SOURCE ? c->flags : 0,
                                         .first = *c->was[side] != '\0' ? c->was[side] : NULL,
                                         .last = now[side]});
    told_end(&t);
    world_row(w, 1, MEMBERS, c->own, c->live, "grp='lost'");
    world_target(w, MEMBERS, c->live);
}

static void test_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(made); i++) {
        const struct made_case *c = &made[i];
        struct world *w = calloc(1, sizeof *w);
        const struct mr_merge_rule rule = {"points", c->rule};
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        struct mr_strbuf text = MR_STRBUF_INIT;
        build(w);
        w->tables[MEMBERS].config.merge = (struct mr_table_merge){.rules = &rule, .nrules = 1};
        tell_made(w, c);
        struct mr_merge_twin twin = twin_of(w, c->own, c->live, c->own);
        twin.is_new = true;
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        if (r.is != (c->outcome != NULL))
            fail_msg("%s: %s", c->what, r.is ? "decided" : "not decided");
        require_same(c->what, "outcome", mr_three_outcome_name(r.ruling.outcome),
                     c->outcome != NULL ? c->outcome : "-");
        require_same(c->what, "merged", shown(&text, r.merged), c->merged);
        require_same(c->what, "columns", r.columns, c->columns);
        mr_strbuf_release(&text);
        mr_merge_three_close(three);
        world_free(w);
    }
}

/* ---- what an earlier plan wrote ---- */

/* A plan of the case has made that of TARGET's row `before`, when SOURCE's was `own`. */
static void plan_before(struct world *w, const char *own, const char *before, const char *after,
                        const char *state)
{
    struct mr_merge_restored *restored = NULL;
    const struct mr_entity e = {.source_key = world_key(w, MEMBERS, own),
                                .source = world_image(w, MEMBERS, own),
                                .target = world_image(w, MEMBERS, before),
                                .after = world_image(w, MEMBERS, after)};
    world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
    world_run(w, mr_merge_restored_keep(restored, &w->planned[MEMBERS], &e, NULL, &w->err));
    mr_merge_restored_close(restored);
    world_require(MR_CASE_ONCE(w->m.cf,
                               "UPDATE plan_restored SET plan=plan+1000, state=:state, changes=-1",
                               NULL, MR_ARG_TEXT("state", state)));
}

static void test_before(void **state)
{
    const struct {
        const char *what;
        const char *own, *live, *was_live;  /* SOURCE had X at the split */
        const char *before, *after, *state; /* of the earlier plan */
        const char *outcome, *conflict, *columns;
    } earlier[] = {
        {"restored, and set back since", POINTS_OF("6.00"), X, NULL, X, POINTS_OF("6.00"),
         "applied", "changed", "changed", "points: changed"},
        {"proposed, and not there", POINTS_OF("6.00"), X, NULL, X, POINTS_OF("6.00"), "proposed",
         "restored-change", "-", "points: restored-change"},
        {"undone", POINTS_OF("6.00"), X, NULL, X, POINTS_OF("6.00"), "undone", "restored-change",
         "-", "points: restored-change"},
        {"another column was", POINTS_OF("6.00"), X, NULL, X, CITY_OF("south"), "applied",
         "restored-change", "-", "points: restored-change"},
        {"added", POINTS_OF("6.00"), POINTS_OF("9.00"), X, POINTS_OF("4.00"), POINTS_OF("9.00"),
         "applied", "by-rule", "-", "points: rule-target"},
        {"added by hand, of which the case knows nothing", POINTS_OF("6.00"), POINTS_OF("9.00"), X,
         POINTS_OF("4.00"), POINTS_OF("9.00"), "proposed", "by-rule", "-", "points: rule-target"},
        {"not added yet", POINTS_OF("6.00"), POINTS_OF("4.00"), X, POINTS_OF("4.00"),
         POINTS_OF("9.00"), "proposed", "by-rule", "-", "points: rule-value"},
        {"begun, and as it was: a sum that may have been added is not added", POINTS_OF("6.00"),
         POINTS_OF("4.00"), X, POINTS_OF("4.00"), POINTS_OF("9.00"), "begun", "changed", "changed",
         "points: rule-fails"},
        {"begun, and as at the split", POINTS_OF("6.00"), X, X, X, POINTS_OF("6.00"), "begun",
         "changed", "changed", "points: rule-fails"},
        {"begun, and as it was: no sum", POINTS_OF("6.00"), X, NULL, X, POINTS_OF("6.00"), "begun",
         "restored-change", "-", "points: restored-change"},
        {"added, and as it was: undo.sql may have taken it back", POINTS_OF("6.00"),
         POINTS_OF("4.00"), X, POINTS_OF("4.00"), POINTS_OF("9.00"), "applied", "changed",
         "changed", "points: rule-fails"},
        {"whether it was cannot be told", POINTS_OF("6.00"), POINTS_OF("8.00"), X,
         POINTS_OF("4.00"), POINTS_OF("9.00"), "proposed", "changed", "changed",
         "points: rule-fails"},
    };
    const struct mr_merge_rule rule = {"points", MR_RULE_ADD};
    (void)state;
    for (size_t i = 0; i < LEN(earlier); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_three *three = NULL;
        struct mr_merge_three_result r;
        const struct three_case as = {
            .own = earlier[i].own, .live = earlier[i].live, .was = {X, earlier[i].was_live}};
        build(w);
        if (earlier[i].was_live != NULL)
            w->tables[MEMBERS].config.merge = (struct mr_table_merge){.rules = &rule, .nrules = 1};
        tell(w, &as);
        plan_before(w, earlier[i].own, earlier[i].before, earlier[i].after, earlier[i].state);
        const struct mr_merge_twin twin = twin_of(w, as.own, as.live, as.own);
        world_run(w, mr_merge_three_open(&w->m, &three, &w->err));
        world_run(w, decide(w, three, &twin, &r, &w->err));
        require_same(earlier[i].what, "outcome", mr_three_outcome_name(r.ruling.outcome),
                     earlier[i].outcome);
        require_same(earlier[i].what, "conflict", mr_conflict_name(r.ruling.why.conflict),
                     earlier[i].conflict);
        require_same(earlier[i].what, "columns", r.columns, earlier[i].columns);
        mr_merge_three_close(three);
        world_free(w);
    }
}

/* ---- failures ---- */

static void build_all(struct world *w)
{
    static const struct mr_merge_rule rule = {"points", MR_RULE_NEWEST};
    static const struct three_case as = {.own = ROW("1", "b@x", "south", "6.00", "1") REST,
                                         .live = POINTS_OF("4.00"),
                                         .was = {X, X},
                                         .chosen = "changed=source"};
    build(w);
    tell(w, &as);
    world_link(w, 1, 0, -1);
    w->tables[MEMBERS].config.merge = (struct mr_table_merge){.rules = &rule, .nrules = 1};
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_merge_three *three = NULL;
    struct mr_merge_three_result r;
    const struct mr_merge_twin twin =
        twin_of(w, ROW("1", "b@x", "south", "6.00", "1") REST, POINTS_OF("4.00"),
                ROW("1", "b@x", "south", "6.00", "1") REST);
    enum mr_code code = mr_merge_three_open(&w->m, &three, err);
    if (code == MR_OK)
        code = decide(w, three, &twin, &r, err);
    mr_merge_three_close(three);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_all, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
