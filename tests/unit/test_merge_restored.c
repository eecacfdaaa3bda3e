/* test_merge_restored.c: was a change of SOURCE's written by an earlier plan of the case? */
#include "told_world.h"

#include "repair/merge/merge_restored.h"

enum { T };
enum { ID, POINTS, CITY };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "t", "id:int# points:int? city:text?");
    world_open(w);
}

/* A plan of the case, in the order of their numbers; own: SOURCE's row then. */
struct earlier {
    const char *own, *before, *after, *state;
};

static void keep(struct world *w, struct mr_merge_restored *restored, const struct earlier *e,
                 int64_t ahead)
{
    const struct mr_entity entity = {.source_key = world_key(w, T, e->own),
                                     .source = world_image(w, T, e->own),
                                     .target = world_image(w, T, e->before),
                                     .after = world_image(w, T, e->after)};
    world_run(w, mr_merge_restored_keep(restored, &w->planned[T], &entity, NULL, &w->err));
    world_require(MR_CASE_ONCE(w->m.cf,
                               "UPDATE plan_restored SET plan=plan-:ahead, state=:state"
                               " WHERE plan=(SELECT max(plan) FROM plan_restored)",
                               NULL, MR_ARG_INT("ahead", ahead), MR_ARG_TEXT("state", e->state)));
}

#define NOT "not"
#define DONE "done"
#define UNSURE "unsure"
#define MAYBE "maybe"

static const struct {
    const char *what;
    struct earlier plans[2]; /* the later one last */
    const char *own, *live;  /* today */
    const char *points, *city;
} found_cases[] = {
    {"no plan", {{0}}, "7|6|x", "7|4|x", NOT, NOT},
    {"applied, and it stands",
     {{"7|6|x", "7|4|x", "7|9|x", "applied"}},
     "7|6|x",
     "7|9|x",
     DONE,
     NOT},
    {"applied, and as it was: set back, or taken back by undo.sql",
     {{"7|6|x", "7|4|x", "7|9|x", "applied"}},
     "7|6|x",
     "7|4|x",
     UNSURE,
     NOT},
    {"begun, and it stands", {{"7|6|x", "7|4|x", "7|9|x", "begun"}}, "7|6|x", "7|9|x", DONE, NOT},
    {"begun, and TARGET is as it was: not written yet, or set back",
     {{"7|6|x", "7|4|x", "7|9|x", "begun"}},
     "7|6|x",
     "7|4|x",
     MAYBE,
     NOT},
    {"begun, and TARGET is neither",
     {{"7|6|x", "7|4|x", "7|9|x", "begun"}},
     "7|6|x",
     "7|5|x",
     UNSURE,
     NOT},
    {"of two plans, what was begun counts",
     {{"7|6|x", "7|4|x", "7|9|x", "begun"}, {"7|6|x", "7|4|x", "7|9|x", "proposed"}},
     "7|6|x",
     "7|4|x",
     MAYBE,
     NOT},
    {"applied, and changed since",
     {{"7|6|x", "7|4|x", "7|9|x", "applied"}},
     "7|6|x",
     "7|5|x",
     DONE,
     NOT},
    {"applied, and SOURCE has changed it again",
     {{"7|6|x", "7|4|x", "7|9|x", "applied"}},
     "7|8|x",
     "7|9|x",
     UNSURE,
     NOT},
    {"proposed, and it stands: by hand",
     {{"7|6|x", "7|4|x", "7|9|x", "proposed"}},
     "7|6|x",
     "7|9|x",
     DONE,
     NOT},
    {"proposed, and TARGET is as it was",
     {{"7|6|x", "7|4|x", "7|9|x", "proposed"}},
     "7|6|x",
     "7|4|x",
     NOT,
     NOT},
    {"proposed, and TARGET is neither",
     {{"7|6|x", "7|4|x", "7|9|x", "proposed"}},
     "7|6|x",
     "7|5|x",
     UNSURE,
     NOT},
    {"undone", {{"7|6|x", "7|4|x", "7|9|x", "undone"}}, "7|6|x", "7|4|x", NOT, NOT},
    {"to NULL", {{"7|NULL|x", "7|4|x", "7|NULL|x", "applied"}}, "7|NULL|x", "7|5|x", DONE, NOT},
    {"of another row", {{"8|6|x", "8|4|x", "8|9|x", "applied"}}, "7|6|x", "7|4|x", NOT, NOT},
    {"of two plans, what is applied counts",
     {{"7|6|x", "7|4|x", "7|9|x", "applied"}, {"7|6|x", "7|4|x", "7|9|x", "proposed"}},
     "7|6|x",
     "7|5|x",
     DONE,
     NOT},
    {"of two that are not, the later one",
     {{"7|6|x", "7|1|x", "7|3|x", "proposed"}, {"7|6|x", "7|4|x", "7|9|x", "proposed"}},
     "7|6|x",
     "7|4|x",
     NOT,
     NOT},
    {"each column by the plan that wrote it",
     {{"7|6|y", "7|4|x", "7|9|x", "applied"}, {"7|6|y", "7|9|x", "7|9|y", "proposed"}},
     "7|6|y",
     "7|9|y",
     DONE,
     DONE},
};

static void test_find(void **state)
{
    static const char *const names[] = {NOT, DONE, UNSURE, MAYBE};
    (void)state;
    for (size_t i = 0; i < LEN(found_cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_restored *restored = NULL;
        enum mr_restored is = MR_RESTORED_UNSURE;
        build(w);
        world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
        for (size_t k = 0; k < 2 && found_cases[i].plans[k].own != NULL; k++)
            keep(w, restored, &found_cases[i].plans[k], 100 - (int64_t)k);
        const struct mr_key rows[MR_SIDES] = {world_image(w, T, found_cases[i].own),
                                              world_image(w, T, found_cases[i].live)};
        const struct mr_key key = world_key(w, T, found_cases[i].own);
        for (size_t column = POINTS; column <= CITY; column++) {
            world_run(w, mr_merge_restored_find(restored, &w->planned[T], key, column, rows, &is,
                                                &w->err));
            const char *expected = column == POINTS ? found_cases[i].points : found_cases[i].city;
            if (strcmp(names[is], expected) != 0)
                fail_msg("%s: column %zu: %s", found_cases[i].what, column, names[is]);
        }
        mr_merge_restored_close(restored);
        world_free(w);
    }
}

/* ---- what TARGET's log tells of it ---- */

struct change {
    int64_t n; /* 0: no more */
    enum mr_change_kind kind;
    const char *image;
};

/* A row that was changed so often, of which those are kept; `seen` is not compared. */
static void build_told(struct world *w, uint64_t changes, const struct change *kept)
{
    struct told t;
    world_begin(w);
    world_table(w, "t", "id:int# seen:int?~ points:int? city:text?");
    world_open_case(w);
    told_begin(w, &t);
    told_table(&t, T, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
    const int64_t tx = told_tx(&t, MR_TARGET, 1000000);
    told_still(w);
    told_changed(&t, T, MR_TARGET, "7|0|4|x",
                 (struct told_mark){.first = "7|0|1|x", .last = "7|0|4|x", .last_tx = tx}, changes);
    for (size_t i = 0; i < 2 && kept[i].n > 0; i++)
        told_change(&t, T, MR_TARGET, "7|0|4|x", kept[i].n, kept[i].kind, tx, kept[i].image);
    told_end(&t);
}

/* The row stands as before the plan: what was written to it since? */
static const struct {
    const char *what, *state;
    int64_t then; /* changes until the plan was made; -1: not known */
    uint64_t now;
    struct change changes[2];
    bool goes_on; /* TARGET's log does not reach as far as its row */
    const char *points;
    bool alone; /* it was no sum */
} since_cases[] = {
    {"nothing", "proposed", 1, 1, {{0}}, false, NOT, false},
    {"nothing, though it was begun", "begun", 1, 1, {{0}}, false, NOT, false},
    {"nothing that the log has yet", "begun", 1, 1, {{0}}, true, MAYBE, false},
    {"nothing that it has yet of what nobody is known to have begun",
     "proposed",
     1,
     1,
     {{0}},
     true,
     NOT,
     false},
    {"another column", "proposed", 1, 2, {{2, MR_CHANGE_UPDATE, "?|?|?|y"}}, false, NOT, false},
    {"the column", "proposed", 1, 2, {{2, MR_CHANGE_UPDATE, "?|?|4|?"}}, false, UNSURE, false},
    {"the column, before the plan",
     "proposed",
     2,
     2,
     {{2, MR_CHANGE_UPDATE, "?|?|4|?"}},
     false,
     NOT,
     false},
    {"the column, of a log that goes on",
     "proposed",
     1,
     2,
     {{2, MR_CHANGE_UPDATE, "?|?|4|?"}},
     true,
     UNSURE,
     false},
    {"it was made again",
     "proposed",
     1,
     3,
     {{2, MR_CHANGE_DELETE, NULL}, {3, MR_CHANGE_INSERT, "7|0|4|x"}},
     false,
     UNSURE,
     false},
    {"what was not kept",
     "proposed",
     1,
     3,
     {{3, MR_CHANGE_UPDATE, "?|?|?|y"}},
     false,
     UNSURE,
     false},
    {"what was not kept at the end",
     "proposed",
     1,
     3,
     {{2, MR_CHANGE_UPDATE, "?|?|?|y"}},
     false,
     UNSURE,
     false},
    {"the column, which was no sum: it is written again at worst",
     "proposed",
     1,
     2,
     {{2, MR_CHANGE_UPDATE, "?|?|4|?"}},
     false,
     NOT,
     true},
    {"the same, begun", "begun", 1, 2, {{2, MR_CHANGE_UPDATE, "?|?|4|?"}}, false, MAYBE, true},
    {"fewer changes than then", "begun", 3, 1, {{0}}, false, MAYBE, false},
    {"how many there were is not known", "proposed", -1, 1, {{0}}, false, NOT, false},
    {"nor of one that was begun", "begun", -1, 1, {{0}}, false, MAYBE, false},
    {"it was applied: that it was not is no question",
     "applied",
     1,
     1,
     {{0}},
     false,
     UNSURE,
     false},
};

static void test_since(void **state)
{
    static const char *const names[] = {NOT, DONE, UNSURE, MAYBE};
    const struct earlier plan = {"7|0|6|x", "7|0|4|x", "7|0|9|x", "proposed"};
    (void)state;
    for (size_t i = 0; i < LEN(since_cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_restored *restored = NULL;
        enum mr_restored is = MR_RESTORED_DONE;
        build_told(w, since_cases[i].now, since_cases[i].changes);
        world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
        keep(w, restored, &plan, 100);
        world_require(MR_CASE_ONCE(w->m.cf,
                                   "UPDATE plan_restored SET changes=:n, state=:state, sums=:sums",
                                   NULL, MR_ARG_INT("n", since_cases[i].then),
                                   MR_ARG_TEXT("sums", since_cases[i].alone ? NULL : "2"),
                                   MR_ARG_TEXT("state", since_cases[i].state)));
        w->m.is_still[MR_TARGET] = !since_cases[i].goes_on;
        const struct mr_key rows[MR_SIDES] = {world_image(w, T, plan.own),
                                              world_image(w, T, plan.before)};
        world_run(w, mr_merge_restored_find(restored, &w->planned[T], world_key(w, T, plan.own), 2,
                                            rows, &is, &w->err));
        if (strcmp(names[is], since_cases[i].points) != 0)
            fail_msg("%s: %s", since_cases[i].what, names[is]);
        mr_merge_restored_close(restored);
        world_free(w);
    }
}

/* How often TARGET's row was changed is kept, and that nobody knows it. */
static void test_counts(void **state)
{
    (void)state;
    for (int good = 0; good < 2; good++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_restored *restored = NULL;
        build_told(w, 3, (struct change[2]){{0}});
        w->merged[T].witness[MR_TARGET] = good ? MR_WITNESS_GOOD : MR_WITNESS_NONE;
        world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
        keep(w, restored, &(struct earlier){"7|0|6|x", "7|0|4|x", "7|0|9|x", "proposed"}, 100);
        keep(w, restored, &(struct earlier){"8|0|6|x", "8|0|4|x", "8|0|9|x", "proposed"}, 100);
        world_expect(w, "SELECT key, changes FROM plan_restored ORDER BY key",
                     good ? "7 3; 8 0" : "7 -1; 8 -1");
        mr_merge_restored_close(restored);
        world_free(w);
    }
}

/* A case of an earlier version has no such count. */
static void test_older(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_restored *restored = NULL;
    (void)state;
    build(w);
    world_sql(w,
              "CREATE TABLE plan_restored (plan INT NOT NULL, tbl TEXT NOT NULL,"
              " key BLOB NOT NULL, source BLOB NOT NULL, target BLOB NOT NULL, after BLOB NOT"
              " NULL, state TEXT NOT NULL, PRIMARY KEY (tbl, key, plan)) STRICT, WITHOUT ROWID;"
              "INSERT INTO plan_restored VALUES (1, 'd.t', x'00', x'00', x'00', x'00', 'undone')");
    world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
    world_expect(w, "SELECT changes, sums, since FROM plan_restored", "-1 - 0");
    mr_merge_restored_close(restored);
    world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
    mr_merge_restored_close(restored);
    world_free(w);
}

/* What this plan keeps is no earlier one's; kept again, the last one counts. */
static void test_own(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_restored *restored = NULL;
    enum mr_restored is = MR_RESTORED_UNSURE;
    (void)state;
    build(w);
    const struct mr_key key = world_key(w, T, "7|6|x");
    const struct mr_key rows[MR_SIDES] = {world_image(w, T, "7|6|x"), world_image(w, T, "7|9|x")};
    world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
    for (int again = 0; again < 2; again++) {
        const struct mr_entity e = {.source_key = key,
                                    .source = rows[MR_SOURCE],
                                    .target = world_image(w, T, "7|4|x"),
                                    .after = rows[MR_TARGET]};
        world_run(w, mr_merge_restored_keep(restored, &w->planned[T], &e, "1", &w->err));
    }
    world_run(w, mr_merge_restored_find(restored, &w->planned[T], key, POINTS, rows, &is, &w->err));
    assert_int_equal(is, MR_RESTORED_NOT);
    world_expect(w, "SELECT tbl, key, source, target, after, state, sums FROM plan_restored",
                 "d.t 7 7,6,x 7,4,x 7,9,x proposed 1");
    mr_merge_restored_close(restored);
    mr_merge_restored_close(NULL);
    world_free(w);
}

/* An image that the case has lost a part of is an error, and no answer. */
static void test_torn(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_restored *restored = NULL;
    enum mr_restored is = MR_RESTORED_NOT;
    (void)state;
    build(w);
    world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
    keep(w, restored, &(struct earlier){"7|6|x", "7|4|x", "7|9|x", "applied"}, 100);
    world_sql(w, "UPDATE plan_restored SET after=x'07'");
    const struct mr_key rows[MR_SIDES] = {world_image(w, T, "7|6|x"), world_image(w, T, "7|4|x")};
    assert_int_not_equal(mr_merge_restored_find(restored, &w->planned[T], world_key(w, T, "7|6|x"),
                                                POINTS, rows, &is, &w->err),
                         MR_OK);
    mr_merge_restored_close(restored);
    world_free(w);
}

static void build_kept(struct world *w)
{
    struct mr_merge_restored *restored = NULL;
    build(w);
    world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
    keep(w, restored, &(struct earlier){"7|6|x", "7|4|x", "7|9|x", "applied"}, 100);
    mr_merge_restored_close(restored);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_merge_restored *restored = NULL;
    enum mr_restored is = MR_RESTORED_NOT;
    const struct mr_key key = world_key(w, T, "7|6|x");
    const struct mr_key rows[MR_SIDES] = {world_image(w, T, "7|6|x"), world_image(w, T, "7|9|x")};
    const struct mr_entity e = {
        .source_key = key, .source = rows[MR_SOURCE], .target = rows[MR_TARGET], .after = rows[0]};
    enum mr_code code = mr_merge_restored_open(&w->m, &restored, err);
    if (code == MR_OK)
        code = mr_merge_restored_find(restored, &w->planned[T], key, POINTS, rows, &is, err);
    if (code == MR_OK)
        code = mr_merge_restored_keep(restored, &w->planned[T], &e, NULL, err);
    mr_merge_restored_close(restored);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_kept, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),     cmocka_unit_test(test_since),
        cmocka_unit_test(test_counts),   cmocka_unit_test(test_older),
        cmocka_unit_test(test_own),      cmocka_unit_test(test_torn),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
