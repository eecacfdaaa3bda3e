/* test_decide_group.c: what kind of row it is, a row of the table for each sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "decide_world.h"

struct row {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_group group;
};

/* What a row is by itself. */
static const struct row own[] = {
    {MR_SAYS_SAME,
     {.counted = true, .above = true, .same = true, .there = true, .taken = true},
     MR_GROUP_SAME},
    {MR_SAYS_BASE, {.counted = true, .there = true, .taken = true}, MR_GROUP_BASE},
    {MR_SAYS_BASE, {.counted = true, .there = true, .merged = true}, MR_GROUP_BASE},
    {MR_SAYS_GONE, {.counted = true}, MR_GROUP_GONE},
    {MR_SAYS_GONE, {.counted = true, .believed = true, .held = true}, MR_GROUP_GONE},
    {MR_SAYS_GONE, {.counted = true, .restored = true}, MR_GROUP_GONE},
    {MR_SAYS_DOUBT, {.counted = true, .above = true, .taken = true, .doubt = true}, MR_GROUP_DOUBT},
    {MR_SAYS_DOUBT,
     {.counted = true, .above = true, .taken = true, .doubt = true, .believed = true},
     MR_GROUP_DOUBT},
    {MR_SAYS_TAKEN, {.counted = true, .above = true, .taken = true}, MR_GROUP_LOST},
    {MR_SAYS_HELD, {.counted = true, .above = true, .there = true}, MR_GROUP_LOST},
    {MR_SAYS_HELD, {.counted = true, .above = true, .held = true}, MR_GROUP_LOST},
    {MR_SAYS_BELIEVED, {.counted = true, .above = true, .believed = true}, MR_GROUP_LOST},
    {MR_SAYS_FRESH, {.counted = true, .above = true, .fresh = true}, MR_GROUP_LOST},
    {MR_SAYS_RESTORED, {.counted = true, .above = true, .restored = true}, MR_GROUP_LOST},
    {MR_SAYS_MERGED,
     {.counted = true, .above = true, .there = true, .taken = true, .merged = true},
     MR_GROUP_LOST},
    {MR_SAYS_RESTORED,
     {.counted = true, .above = true, .restored = true, .stood = true},
     MR_GROUP_LOST},
    {MR_SAYS_STOOD, {.counted = true, .above = true, .stood = true, .fresh = true}, MR_GROUP_GONE},
    {MR_SAYS_MADE, {.counted = true, .above = true, .made = true}, MR_GROUP_LOST},
    {MR_SAYS_STOOD, {.stood = true, .late = true}, MR_GROUP_GONE},
    {MR_SAYS_MADE, {.made = true}, MR_GROUP_LOST},
    {MR_SAYS_MAYBE, {.counted = true, .above = true}, MR_GROUP_MAYBE},
    {MR_SAYS_MAYBE, {.counted = true, .above = true, .late = true}, MR_GROUP_MAYBE},
    {MR_SAYS_BY_KEY, {.there = true, .taken = true}, MR_GROUP_BASE},
    {MR_SAYS_BY_KEY, {.there = true, .late = true, .restored = true}, MR_GROUP_BASE},
    {MR_SAYS_MERGED, {.there = true, .merged = true}, MR_GROUP_LOST},
    {MR_SAYS_RESTORED, {.restored = true}, MR_GROUP_LOST},
    {MR_SAYS_LATE, {.late = true}, MR_GROUP_LOST},
    {MR_SAYS_PARENTS_BASE, {0}, MR_GROUP_MAYBE},
    {MR_SAYS_PARENTS_BASE, {.believed = true, .fresh = true, .held = true}, MR_GROUP_MAYBE},
};

struct moving {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_group from, to;
};

/* Where it moves for what it refers to. */
static const struct moving below[] = {
    {MR_SAYS_REFERS_TO_LOST,
     {.counted = true, .refers_to_lost = true},
     MR_GROUP_MAYBE,
     MR_GROUP_LOST},
    {MR_SAYS_REFERS_TO_LOST, {.refers_to_lost = true}, MR_GROUP_MAYBE, MR_GROUP_LOST},
    {MR_SAYS_REFERS_TO_NEW, {.refers_to_new = true}, MR_GROUP_MAYBE, MR_GROUP_LOST},
    {MR_SAYS_KEY_OF_LOST,
     {.there = true, .key_refers_to_lost = true},
     MR_GROUP_BASE,
     MR_GROUP_LOST},
    /* a key that a counter made is of the time when it was made, whomever its row refers to */
    {MR_SAYS_NOTHING, {.counted = true, .refers_to_new = true}, MR_GROUP_MAYBE, MR_GROUP_MAYBE},
    {MR_SAYS_NOTHING,
     {.counted = true, .there = true, .key_refers_to_lost = true},
     MR_GROUP_BASE,
     MR_GROUP_BASE},
    /* who is the same on both sides has lost history's key in no other column than the key */
    {MR_SAYS_NOTHING,
     {.there = true, .refers_to_lost = true, .refers_to_new = true},
     MR_GROUP_BASE,
     MR_GROUP_BASE},
    {MR_SAYS_NOTHING,
     {.counted = true, .above = true, .refers_to_lost = true},
     MR_GROUP_DOUBT,
     MR_GROUP_DOUBT},
    {MR_SAYS_NOTHING, {.counted = true, .refers_to_lost = true}, MR_GROUP_GONE, MR_GROUP_GONE},
    {MR_SAYS_NOTHING,
     {.counted = true, .same = true, .refers_to_lost = true},
     MR_GROUP_SAME,
     MR_GROUP_SAME},
    {MR_SAYS_NOTHING, {0}, MR_GROUP_MAYBE, MR_GROUP_MAYBE},
};

static void test_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        const struct mr_ruling v = mr_decide_group(&own[i].fact);
        if (v.group != own[i].group || v.because != own[i].sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(own[i].sentence),
                     mr_group_name(v.group), mr_sentence_words(v.because));
    }
}

static void test_below(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        const struct mr_ruling v = mr_decide_below(&below[i].fact, below[i].from);
        if (v.group != below[i].to || v.because != below[i].sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(below[i].sentence),
                     mr_group_name(v.group), mr_sentence_words(v.because));
    }
}

/* What the rules promise whatever else is true, in every world of facts. */
static void test_all_worlds(void **state)
{
    (void)state;
    static const size_t facts[] = {
        AT(counted),  AT(believed), AT(above),          AT(fresh),         AT(late),
        AT(there),    AT(same),     AT(taken),          AT(held),          AT(doubt),
        AT(restored), AT(merged),   AT(refers_to_lost), AT(refers_to_new), AT(key_refers_to_lost),
        AT(stood),    AT(made)};
    const size_t n = sizeof facts / sizeof facts[0];
    for (size_t world = 0; world < (size_t)1 << n; world++) {
        const struct mr_fact f = world_of(world, facts, n);
        const enum mr_group group = mr_decide_group(&f).group;
        assert_int_not_equal(group, MR_GROUP_UNDECIDED);
        /* the live side is sacred: who is past, and there, is nobody that was lost */
        if (f.counted && !f.above && !f.same && f.there)
            assert_int_equal(group, MR_GROUP_BASE);
        /* what may be TARGET's row is asked, never inserted */
        if (f.counted && f.above && f.doubt && !f.same)
            assert_int_equal(group, MR_GROUP_DOUBT);
        /* only a person, U, a log, or TARGET itself makes lost history of what is not there */
        if (group == MR_GROUP_LOST && !f.there && !f.taken && !f.held && !f.believed && !f.fresh &&
            !f.late && !f.made)
            assert_true(f.restored || f.merged);
        for (enum mr_group from = MR_GROUP_BASE; from <= MR_GROUP_DOUBT; from++) {
            const struct mr_ruling v = mr_decide_below(&f, from);
            assert_true(v.group == from || v.group == MR_GROUP_LOST);
            assert_true((v.because == MR_SAYS_NOTHING) == (v.group == from) ||
                        from == MR_GROUP_LOST);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    for (enum mr_group g = MR_GROUP_BASE; g <= MR_GROUP_DOUBT; g++)
        assert_int_equal(mr_group_named(mr_group_name(g)), g);
    assert_null(mr_group_name(MR_GROUP_UNDECIDED));
    assert_int_equal(mr_group_named(NULL), MR_GROUP_UNDECIDED);
    assert_int_equal(mr_group_named("found"), MR_GROUP_UNDECIDED);
    assert_string_equal(mr_sentence_words(MR_SAYS_ASKED),
                        "whether a row was lost or deleted, if nothing tells, is asked");
}

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (enum mr_sentence s = MR_SAYS_NOTHING; s < MR_SAYS_EQUAL; s++) {
        /* test_decide_twin.c has those */
        bool shown = s >= MR_SAYS_BORN_TOGETHER && s <= MR_SAYS_SETTLED;
        SHOWN_IN(own, s, shown);
        SHOWN_IN(below, s, shown);
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words(s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_all_worlds),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
