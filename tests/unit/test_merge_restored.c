/* test_merge_restored.c: was a change of SOURCE's written by an earlier plan of the case? */
#include "merge_world.h"

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
    world_run(w, mr_merge_restored_keep(restored, &w->planned[T], &entity, &w->err));
    world_require(MR_CASE_ONCE(w->m.cf,
                               "UPDATE plan_restored SET plan=plan-:ahead, state=:state"
                               " WHERE plan=(SELECT max(plan) FROM plan_restored)",
                               NULL, MR_ARG_INT("ahead", ahead), MR_ARG_TEXT("state", e->state)));
}

#define NOT "not"
#define DONE "done"
#define UNSURE "unsure"
#define MAYBE "maybe"

static void test_find(void **state)
{
    const struct {
        const char *what;
        struct earlier plans[2]; /* the later one last */
        const char *own, *live;  /* today */
        const char *points, *city;
    } cases[] = {
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
        {"begun, and it stands",
         {{"7|6|x", "7|4|x", "7|9|x", "begun"}},
         "7|6|x",
         "7|9|x",
         DONE,
         NOT},
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
    static const char *const names[] = {NOT, DONE, UNSURE, MAYBE};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_merge_restored *restored = NULL;
        enum mr_restored is = MR_RESTORED_UNSURE;
        build(w);
        world_run(w, mr_merge_restored_open(&w->m, &restored, &w->err));
        for (size_t k = 0; k < 2 && cases[i].plans[k].own != NULL; k++)
            keep(w, restored, &cases[i].plans[k], 100 - (int64_t)k);
        const struct mr_key rows[MR_SIDES] = {world_image(w, T, cases[i].own),
                                              world_image(w, T, cases[i].live)};
        const struct mr_key key = world_key(w, T, cases[i].own);
        for (size_t column = POINTS; column <= CITY; column++) {
            world_run(w, mr_merge_restored_find(restored, &w->planned[T], key, column, rows, &is,
                                                &w->err));
            const char *expected = column == POINTS ? cases[i].points : cases[i].city;
            if (strcmp(names[is], expected) != 0)
                fail_msg("%s: column %zu: %s", cases[i].what, column, names[is]);
        }
        mr_merge_restored_close(restored);
        world_free(w);
    }
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
        world_run(w, mr_merge_restored_keep(restored, &w->planned[T], &e, &w->err));
    }
    world_run(w, mr_merge_restored_find(restored, &w->planned[T], key, POINTS, rows, &is, &w->err));
    assert_int_equal(is, MR_RESTORED_NOT);
    world_expect(w, "SELECT tbl, key, source, target, after, state FROM plan_restored",
                 "d.t 7 7,6,x 7,4,x 7,9,x proposed");
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
        code = mr_merge_restored_keep(restored, &w->planned[T], &e, err);
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
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_torn),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
