/* test_merge_identity.c: rows above the past by their identity, and what makes one ambiguous. */
#include "merge_world.h"

#include "repair/merge/merge_map.h"
#include "repair/merge/merge_match.h"

enum { MEMBERS, CARDS };

/* members ← cards, which are known by their numbers; L of both is 10. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text!?");
    world_table(w, "cards", "id:int# no:text! member:int?");
    world_reference(w, CARDS, "member", MEMBERS, "id");
    w->merged[MEMBERS].bound.base = w->merged[CARDS].bound.base = 10;
    w->merged[MEMBERS].bound.base_origin = w->merged[CARDS].bound.base_origin = "split-key";
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open(w);
}

#define KNOWN "SELECT there, held, crosses, ambiguous, owned, other FROM m WHERE id=1"

/* Row 1 of members, beside others of both sides. */
static void test_member(void **state)
{
    const struct {
        const char *row, *source[2], *target[3];
        bool looked_at; /* the other rows of SOURCE are in w, too */
        const char *expected;
    } cases[] = {
        {"11|017", {NULL}, {NULL}, false, "- 0 0 0 0 -"},
        {"11|017", {NULL}, {"12|017"}, false, "12 1 0 0 0 -"},
        {"11|NULL", {NULL}, {"12|NULL"}, false, "- 0 0 0 0 -"}, /* NULL is nobody */
        {"11|", {NULL}, {"12| "}, false, "12 1 0 0 0 -"},       /* '' is somebody, padded */
        {"11|017", {NULL}, {"10|017"}, false, "- 0 1 0 0 10"},
        {"11|017", {NULL}, {"9|017", "10|017"}, false, "- 0 1 1 0 9"},
        {"11|017", {NULL}, {"10|017", "12|017"}, false, "- 1 1 1 0 10"},
        {"11|017", {NULL}, {"12|017", "13|017 "}, false, "- 1 0 1 0 -"},
        {"11|017", {"13|017"}, {"12|017"}, true, "- 1 0 1 0 12"},
        {"11|017", {"13|018"}, {"12|017"}, true, "12 1 0 0 0 -"},
        /* one who is equal on both sides, and so was not looked at, has it already */
        {"11|017", {"12|017"}, {"12|017"}, false, "- 1 0 1 0 12"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_source(w, MEMBERS, cases[i].row);
        world_look(w, 1, MEMBERS, cases[i].row, NULL);
        for (size_t k = 0; k < 2 && cases[i].source[k] != NULL; k++) {
            world_source(w, MEMBERS, cases[i].source[k]);
            if (cases[i].looked_at)
                world_look(w, (int64_t)k + 2, MEMBERS, cases[i].source[k], NULL);
        }
        for (size_t k = 0; k < 3 && cases[i].target[k] != NULL; k++)
            world_target(w, MEMBERS, cases[i].target[k]);
        world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
        const char *got = world_ask(w, KNOWN);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* A row above L that is known as past all the same has the identity as one of the past. */
static void test_past(void **state)
{
    struct world *w = world_new();
    (void)state;
    const size_t t = world_table(w, "t", "id:int# mobile:text! name:text? made:datetime?@");
    w->merged[t].bound = (struct mr_merge_bound){.base = 10, .base_origin = "equal rows"};
    world_open(w);
    world_source(w, t, "12|017|a|2026-01-01");
    world_source(w, t, "13|017|c|2026-02-01");
    world_target(w, t, "12|017|b|2026-01-01");
    world_look(w, 1, t, "13|017|c|2026-02-01", NULL);
    world_look(w, 2, t, "12|017|a|2026-01-01", "12|017|b|2026-01-01");
    world_run(w, mr_merge_match(&w->m, t, 1, &w->err));
    world_expect(w, "SELECT past, above FROM w WHERE id=2", "1 0");
    world_expect(w, KNOWN, "- 0 1 1 0 12");
    world_free(w);
}

/* The same card below another owner is not the same card. */
static void test_owner(void **state)
{
    const struct {
        const char *card, *expected;
    } cases[] = {
        {"12|c|7", "12 1 0 0 0 -"},    /* the owner is 7 there */
        {"12|c|8", "- 1 0 0 1 12"},    /* somebody else's */
        {"12|c|NULL", "12 1 0 0 0 -"}, /* nobody's is no difference */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 2, MEMBERS, "5|017", "7|017", "grp='lost'");
        world_source(w, MEMBERS, "5|017");
        world_target(w, MEMBERS, "7|017");
        world_target(w, MEMBERS, "8|018");
        world_target(w, CARDS, cases[i].card);
        world_source(w, CARDS, "11|c|5");
        world_look(w, 1, CARDS, "11|c|5", NULL);
        world_run(w, mr_merge_link(&w->m, &w->err));
        world_run(w, mr_merge_match(&w->m, CARDS, 1, &w->err));
        const char *got = world_ask(w, KNOWN);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* An identity that is made of a reference to a row that is not there yet is nobody's. */
static void test_provisional(void **state)
{
    struct world *w = world_new();
    (void)state;
    const size_t m = world_table(w, "members", "id:int# mobile:text!");
    const size_t s = world_table(w, "seats", "id:int# member:int! n:int!");
    world_reference(w, s, "member", m, "id");
    w->merged[m].bound.base_origin = w->merged[s].bound.base_origin = "split-key";
    world_open(w);
    world_target(w, m, "11|018");
    world_target(w, s, "4|11|1");
    world_source(w, m, "11|017");
    world_source(w, s, "5|11|1");
    world_look(w, 2, m, "11|017", "11|018");
    world_look(w, 1, s, "5|11|1", NULL);
    world_run(w, mr_merge_link(&w->m, &w->err));
    world_run(w, mr_merge_match(&w->m, m, 1, &w->err));
    world_run(w, mr_merge_match(&w->m, s, 1, &w->err));
    world_expect(w, "SELECT m.there, newid, after FROM m JOIN img USING (id) WHERE id=1",
                 "- 0 5,new2,1");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 2, MEMBERS, "5|017", "7|017", "grp='lost'");
    world_source(w, MEMBERS, "5|017");
    world_target(w, MEMBERS, "7|017");
    world_target(w, CARDS, "12|c|7");
    world_source(w, CARDS, "11|c|5");
    world_look(w, 1, CARDS, "11|c|5", NULL);
    world_require(mr_merge_link(&w->m, NULL));
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_match(&w->m, CARDS, 1, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_member),   cmocka_unit_test(test_past),
        cmocka_unit_test(test_owner),    cmocka_unit_test(test_provisional),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
