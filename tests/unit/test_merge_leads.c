/* test_merge_leads.c: how far the past of other tables must reach for rows to lead to base rows
 * only. */
#include "merge_world.h"

#include "repair/merge/merge_leads.h"

enum { MEMBERS, CARDS, STAMPS, UNITS };
enum { HOLDER, CARD, UNIT };

/* members (counted) ← cards (natural keys) ← stamps (counted) → units (counted, unsigned). */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# name:text?");
    world_table(w, "cards", "no:exact* holder:int?");
    world_table(w, "stamps", "id:int# card:exact? unit:uint?");
    world_table(w, "units", "id:uint#");
    world_reference(w, CARDS, "holder", MEMBERS, "id");
    world_reference(w, STAMPS, "card", CARDS, "no");
    world_reference(w, STAMPS, "unit", UNITS, "id");
    w->merged[MEMBERS].bound.base = 10;
    w->merged[UNITS].bound.base = mr_counted_of(UINT64_MAX - 1, true);
    world_open(w);
    world_both(w, MEMBERS, "10|a");
    world_both(w, MEMBERS, "11|b");
    world_both(w, CARDS, "x|10");
    world_both(w, CARDS, "y|11");
    world_source(w, CARDS, "mine|10");
    world_target(w, CARDS, "theirs|10");
    world_both(w, CARDS, "nobody's|NULL");
    world_both(w, CARDS, "future|12");
    world_both(w, UNITS, "18446744073709551614");
    world_both(w, UNITS, "18446744073709551615");
}

/* A row → do the bounds, as they are, reach far enough? */
static void test_hold(void **state)
{
    const struct {
        size_t table;
        const char *row;
        bool never, holds;
    } cases[] = {
        {CARDS, "z|10", false, true},
        {CARDS, "z|11", false, false},
        {CARDS, "z|NULL", false, true},
        {CARDS, "z|9", false, true},   /* nobody, and a key of the past */
        {CARDS, "z|12", false, false}, /* nobody yet: a key of the future */
        {CARDS, "z|-1", false, true},
        {STAMPS, "1|x|NULL", false, true},
        {STAMPS, "1|y|NULL", false, false}, /* over a card */
        {STAMPS, "1|mine|NULL", true, false},
        {STAMPS, "1|theirs|NULL", true, false},
        {STAMPS, "1|none|NULL", false, true}, /* on neither side */
        {STAMPS, "1|X|NULL", false, true},    /* the same: bytes count */
        {STAMPS, "1|nobody's|NULL", false, true},
        {STAMPS, "1|future|NULL", false, false},
        {STAMPS, "1|NULL|18446744073709551614", false, true},
        {STAMPS, "1|NULL|18446744073709551615", false, false},
        {STAMPS, "1|x|18446744073709551615", false, false}, /* all of them */
        {MEMBERS, "99|a", false, true},                     /* refers to nobody */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_vec rows = MR_VEC_INIT(struct mr_merge_lead);
        struct mr_vec needs = MR_VEC_INIT(struct mr_merge_need);
        bool fits = false;
        build(w);
        *(struct mr_merge_lead *)mr_vec_push(&rows) = (struct mr_merge_lead){{0}, false, 0};
        *(struct mr_merge_lead *)mr_vec_push(&rows) =
            (struct mr_merge_lead){world_image(w, cases[i].table, cases[i].row), false, 0};
        world_run(
            w, mr_merge_leads_find(&w->m, cases[i].table, &rows, &needs, SIZE_MAX, &fits, &w->err));
        const struct mr_merge_lead *lead = mr_vec_at(&rows, 1);
        if (!fits || lead->never != cases[i].never ||
            mr_merge_leads_hold(&w->m, lead, &needs) != cases[i].holds)
            fail_msg("case %zu: never %d, holds %d", i, lead->never,
                     mr_merge_leads_hold(&w->m, lead, &needs));
        assert_int_equal(((struct mr_merge_lead *)mr_vec_at(&rows, 0))->needs, 0); /* left out */
        mr_vec_release(&rows);
        mr_vec_release(&needs);
        world_free(w);
    }
}

/* A row needs what it needs, however often a bound is lowered. */
static void test_lowered(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_lead);
    struct mr_vec needs = MR_VEC_INIT(struct mr_merge_need);
    bool fits = false;
    (void)state;
    build(w);
    static const char *const cards[] = {"a|10", "b|11", "c|NULL"};
    for (size_t i = 0; i < LEN(cards); i++)
        *(struct mr_merge_lead *)mr_vec_push(&rows) =
            (struct mr_merge_lead){world_image(w, CARDS, cards[i]), false, 0};
    world_run(w, mr_merge_leads_find(&w->m, CARDS, &rows, &needs, SIZE_MAX, &fits, &w->err));
    static const struct {
        int64_t base;
        bool holds[3];
    } cases[] = {{11, {true, true, true}}, {10, {true, false, true}}, {9, {false, false, true}}};
    for (size_t i = 0; i < LEN(cases); i++) {
        w->merged[MEMBERS].bound.base = cases[i].base;
        for (size_t k = 0; k < 3; k++)
            assert_true(mr_merge_leads_hold(&w->m, mr_vec_at(&rows, k), &needs) ==
                        cases[i].holds[k]);
    }
    mr_vec_release(&rows);
    mr_vec_release(&needs);
    world_free(w);
}

/* Parents that do not fit: nothing is found, and the caller asks for fewer. */
static void test_wide(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_lead);
    struct mr_vec needs = MR_VEC_INIT(struct mr_merge_need);
    bool fits = true;
    (void)state;
    build(w);
    *(struct mr_merge_lead *)mr_vec_push(&rows) =
        (struct mr_merge_lead){world_image(w, STAMPS, "1|x|NULL"), false, 0};
    world_run(w, mr_merge_leads_find(&w->m, STAMPS, &rows, &needs, 3, &fits, &w->err));
    assert_false(fits);
    world_run(w, mr_merge_leads_find(&w->m, STAMPS, &rows, &needs, 1000, &fits, &w->err));
    assert_true(fits);
    mr_vec_release(&rows);
    mr_vec_release(&needs);
    world_free(w);
}

/* Natural keys that refer to each other in a circle: it ends. */
static void test_circle(void **state)
{
    struct world *w = world_new();
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_lead);
    struct mr_vec needs = MR_VEC_INIT(struct mr_merge_need);
    bool fits = false;
    (void)state;
    const size_t t = world_table(w, "nodes", "code:exact* up:exact?");
    world_reference(w, t, "up", t, "code");
    world_open(w);
    world_both(w, t, "a|b");
    world_both(w, t, "b|a");
    *(struct mr_merge_lead *)mr_vec_push(&rows) =
        (struct mr_merge_lead){world_image(w, t, "a|b"), false, 0};
    world_run(w, mr_merge_leads_find(&w->m, t, &rows, &needs, SIZE_MAX, &fits, &w->err));
    assert_true(mr_merge_leads_hold(&w->m, mr_vec_at(&rows, 0), &needs));
    mr_vec_release(&rows);
    mr_vec_release(&needs);
    world_free(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_lead);
    struct mr_vec needs = MR_VEC_INIT(struct mr_merge_need);
    bool fits = false;
    *(struct mr_merge_lead *)mr_vec_push(&rows) =
        (struct mr_merge_lead){world_image(w, STAMPS, "1|y|18446744073709551615"), false, 0};
    enum mr_code code = mr_merge_leads_find(&w->m, STAMPS, &rows, &needs, SIZE_MAX, &fits, err);
    mr_vec_release(&rows);
    mr_vec_release(&needs);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hold),   cmocka_unit_test(test_lowered),  cmocka_unit_test(test_wide),
        cmocka_unit_test(test_circle), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
