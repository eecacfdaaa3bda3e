/* test_decide_obstacle.c: what keeps a row from being written, a row of the tables for each
 * sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "decide_world.h"

/* What keeps a row from being written, by itself. */
static const struct hindered hindered[] = {
    {MR_SAYS_THERE, {.there = true, .unfit = true, .rival = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_FREE, {.counted = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_DELETED_SINCE, {.gone = true}, MR_GROUP_LOST, MR_CONFLICT_DELETED_SINCE},
    {MR_SAYS_DELETED_SINCE, {.gone = true}, MR_GROUP_GONE, MR_CONFLICT_DELETED_SINCE},
    {MR_SAYS_FREE,
     {.counted = true, .gone = true, .restored = true},
     MR_GROUP_LOST,
     MR_CONFLICT_NONE},
    {MR_SAYS_GONE, {.counted = true}, MR_GROUP_GONE, MR_CONFLICT_DELETED_ON_LIVE},
    {MR_SAYS_FREE, {.counted = true, .restored = true}, MR_GROUP_GONE, MR_CONFLICT_NONE},
    {MR_SAYS_DOUBT, {.counted = true}, MR_GROUP_DOUBT, MR_CONFLICT_PAST_OR_LOST},
    {MR_SAYS_ASKED, {.counted = true}, MR_GROUP_MAYBE, MR_CONFLICT_DELETED_OR_LOST},
    /* whoever is asked whether it is to be there sees whose it would be */
    {MR_SAYS_ATTACHES,
     {.counted = true, .attaches = true, .crosses = true},
     MR_GROUP_MAYBE,
     MR_CONFLICT_ORPHAN_WOULD_ATTACH},
    {MR_SAYS_ATTACHES, {.attaches = true}, MR_GROUP_GONE, MR_CONFLICT_ORPHAN_WOULD_ATTACH},
    {MR_SAYS_DELETED_SINCE,
     {.attaches = true, .gone = true},
     MR_GROUP_GONE,
     MR_CONFLICT_DELETED_SINCE},
    {MR_SAYS_CROSSES,
     {.counted = true, .crosses = true},
     MR_GROUP_LOST,
     MR_CONFLICT_IDENTITY_CROSSES_BASE},
    {MR_SAYS_AMBIGUOUS, {.counted = true, .ambiguous = true}, MR_GROUP_LOST, MR_CONFLICT_DUPLICATE},
    {MR_SAYS_OWNED, {.counted = true, .owned = true}, MR_GROUP_LOST, MR_CONFLICT_OWNER_DIFFERS},
    /* an index forbids two, whoever wants them */
    {MR_SAYS_AMBIGUOUS,
     {.counted = true, .ambiguous = true, .restored = true, .guarded = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_FREE,
     {.counted = true, .ambiguous = true, .restored = true},
     MR_GROUP_LOST,
     MR_CONFLICT_NONE},
    /* nor does the key that TARGET has as another row's; above the past it gets a new one */
    {MR_SAYS_NAMESAKE,
     {.namesake = true, .taken = true, .restored = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_NAMESAKE,
     {.counted = true, .namesake = true, .gone = true},
     MR_GROUP_GONE,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_FREE,
     {.counted = true, .above = true, .namesake = true, .taken = true},
     MR_GROUP_LOST,
     MR_CONFLICT_NONE},
    {MR_SAYS_DIFFERS_ABOVE,
     {.differs_above = true, .attaches = true},
     MR_GROUP_LOST,
     MR_CONFLICT_PARENT_DIFFERS},
    {MR_SAYS_ATTACHES,
     {.attaches = true, .disagrees = true},
     MR_GROUP_LOST,
     MR_CONFLICT_ORPHAN_WOULD_ATTACH},
    {MR_SAYS_DISAGREES,
     {.disagrees = true, .unfit = true},
     MR_GROUP_LOST,
     MR_CONFLICT_REFERENCES_DISAGREE},
    /* a value that nobody can choose is no matter of existence */
    {MR_SAYS_DISAGREES,
     {.disagrees = true, .restored = true, .attaches = true},
     MR_GROUP_LOST,
     MR_CONFLICT_REFERENCES_DISAGREE},
    {MR_SAYS_UNFIT, {.unfit = true, .rival = true}, MR_GROUP_LOST, MR_CONFLICT_DOES_NOT_FIT},
    {MR_SAYS_RIVAL, {.rival = true, .taken = true}, MR_GROUP_LOST, MR_CONFLICT_UNIQUE},
    {MR_SAYS_KEY_TAKEN, {.taken = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_KEY_TAKEN, {.twin = true, .restored = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_KEY_TAKEN, {.traced = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_FREE, {.traced = true, .restored = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_FREE, {.keyless = true, .taken = true, .twin = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    /* a counter gives another id */
    {MR_SAYS_FREE,
     {.counted = true, .taken = true, .traced = true},
     MR_GROUP_LOST,
     MR_CONFLICT_NONE},
};

static void test_obstacles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hindered / sizeof hindered[0]; i++) {
        const struct hindered *h = &hindered[i];
        const struct mr_obstacle o = mr_decide_obstacle(&h->fact, h->group);
        if (o.conflict != h->conflict || o.because != h->sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(h->sentence),
                     mr_conflict_name(o.conflict), mr_sentence_words(o.because));
    }
}

static void test_all_obstacles(void **state)
{
    (void)state;
    static const size_t facts[] = {AT(counted), AT(keyless),  AT(there),         AT(taken),
                                   AT(traced),  AT(rival),    AT(crosses),       AT(ambiguous),
                                   AT(owned),   AT(guarded),  AT(unfit),         AT(disagrees),
                                   AT(twin),    AT(attaches), AT(differs_above), AT(restored),
                                   AT(gone),    AT(above),    AT(namesake)};
    const size_t n = sizeof facts / sizeof facts[0];
    for (size_t world = 0; world < (size_t)1 << n; world++) {
        const struct mr_fact f = world_of(world, facts, n);
        for (enum mr_group g = MR_GROUP_BASE; g <= MR_GROUP_DOUBT; g++) {
            const struct mr_obstacle o = mr_decide_obstacle(&f, g);
            if (f.there)
                assert_int_equal(o.conflict, MR_CONFLICT_NONE);
            /* what nobody was asked about is not written */
            if (!f.there && !f.restored &&
                (f.gone || g == MR_GROUP_GONE || g == MR_GROUP_MAYBE || g == MR_GROUP_DOUBT))
                assert_int_not_equal(o.conflict, MR_CONFLICT_NONE);
            /* what TARGET would refuse is not tried, whoever restores it */
            if (!f.there && (f.unfit || f.rival || f.disagrees ||
                             (f.guarded && (f.crosses || f.ambiguous || f.owned))))
                assert_int_not_equal(o.conflict, MR_CONFLICT_NONE);
            if (!f.there && f.namesake && (!f.counted || !f.above))
                assert_int_equal(o.conflict, MR_CONFLICT_DUPLICATE);
            assert_true((o.conflict == MR_CONFLICT_NONE) ==
                        (o.because == MR_SAYS_FREE || o.because == MR_SAYS_THERE));
        }
    }
}

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (enum mr_sentence s = MR_SAYS_THERE; s < MR_SAYS_CHOSEN; s++) {
        bool shown = false;
        SHOWN_IN(hindered, s, shown);
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words(s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_obstacles),
        cmocka_unit_test(test_all_obstacles),
        cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
