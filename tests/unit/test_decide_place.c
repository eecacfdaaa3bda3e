/* test_decide_place.c: whom a row meets on TARGET, and its key there, a row a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "repair/decide/decide.h"

/* Whoever TARGET has under the row's key, or by its identity. */
struct met {
    enum mr_sentence sentence;
    struct mr_fact fact;
    bool is_it;
    enum mr_conflict conflict;
};

static const struct met holders[] = {
    {MR_SAYS_NOTHING, {.counted = true}, false, MR_CONFLICT_NONE},
    {MR_SAYS_NOTHING, {.merged = true}, false, MR_CONFLICT_NONE},
    {MR_SAYS_CHOSEN,
     {.counted = true, .above = true, .taken = true, .merged = true},
     true,
     MR_CONFLICT_NONE},
    {MR_SAYS_CHOSEN, {.taken = true, .merged = true}, true, MR_CONFLICT_NONE},
    {MR_SAYS_BY_KEY, {.taken = true}, true, MR_CONFLICT_NONE},
    {MR_SAYS_BY_KEY, {.taken = true, .above = true}, true, MR_CONFLICT_NONE},
    /* TARGET's row is another one's, whatever its key says, but for whom a person chose */
    {MR_SAYS_NAMESAKE, {.taken = true, .namesake = true}, false, MR_CONFLICT_DUPLICATE},
    {MR_SAYS_NAMESAKE,
     {.counted = true, .taken = true, .namesake = true},
     false,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_CHOSEN, {.taken = true, .namesake = true, .merged = true}, true, MR_CONFLICT_NONE},
    {MR_SAYS_BASE, {.counted = true, .taken = true}, true, MR_CONFLICT_NONE},
    {MR_SAYS_SAME,
     {.counted = true, .above = true, .taken = true, .same = true},
     true,
     MR_CONFLICT_NONE},
    /* a key above the past may have been given twice */
    {MR_SAYS_TAKEN, {.counted = true, .above = true, .taken = true}, false, MR_CONFLICT_NONE},
};

static const struct met identities[] = {
    {MR_SAYS_NOTHING, {.counted = true, .above = true}, false, MR_CONFLICT_NONE},
    {MR_SAYS_MET, {.met = true}, true, MR_CONFLICT_NONE},
    {MR_SAYS_CROSSES,
     {.met = true, .crosses = true, .ambiguous = true, .owned = true},
     false,
     MR_CONFLICT_IDENTITY_CROSSES_BASE},
    {MR_SAYS_AMBIGUOUS,
     {.met = true, .ambiguous = true, .owned = true},
     false,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_AMBIGUOUS, {.ambiguous = true}, false, MR_CONFLICT_DUPLICATE},
    {MR_SAYS_OWNED, {.met = true, .owned = true}, false, MR_CONFLICT_OWNER_DIFFERS},
};

static const struct placed {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_place place;
} places[] = {
    {MR_SAYS_THERE, {.counted = true, .above = true, .taken = true, .there = true}, MR_PLACE_THERE},
    {MR_SAYS_NEW_FOR_TAKEN,
     {.counted = true, .above = true, .taken = true, .traced = true},
     MR_PLACE_NEW_ID},
    {MR_SAYS_NEW_FOR_TRACE, {.counted = true, .above = true, .traced = true}, MR_PLACE_NEW_ID},
    {MR_SAYS_KEEPS_KEY, {.counted = true, .above = true}, MR_PLACE_KEY},
    /* nothing is renumbered needlessly: a row of the past comes back under its key */
    {MR_SAYS_KEEPS_KEY, {.counted = true, .traced = true}, MR_PLACE_KEY},
    {MR_SAYS_KEEPS_KEY, {.counted = true, .taken = true}, MR_PLACE_KEY},
    /* no counter makes another key */
    {MR_SAYS_KEEPS_KEY, {.above = true, .taken = true}, MR_PLACE_KEY},
    {MR_SAYS_KEEPS_KEY, {.above = true, .traced = true}, MR_PLACE_KEY},
};

#define LENGTH(rows) (sizeof(rows) / sizeof(rows)[0])

static void expect(const struct met *row, struct mr_meeting is, size_t i)
{
    if (is.is_it != row->is_it || is.obstacle.conflict != row->conflict ||
        is.obstacle.because != row->sentence)
        fail_msg("row %zu: %s: %d, since %s", i, mr_sentence_words(row->sentence), is.is_it,
                 mr_sentence_words(is.obstacle.because));
}

static void test_holders(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(holders); i++)
        expect(&holders[i], mr_decide_holder(&holders[i].fact), i);
}

static void test_identities(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(identities); i++)
        expect(&identities[i], mr_decide_identity(&identities[i].fact), i);
}

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(places); i++) {
        const struct mr_placing is = mr_decide_place(&places[i].fact);
        if (is.place != places[i].place || is.because != places[i].sentence)
            fail_msg("row %zu: %s: %d, since %s", i, mr_sentence_words(places[i].sentence),
                     is.place, mr_sentence_words(is.because));
    }
}

#define SHOWN_IN(rows, s, shown)                                                                   \
    for (size_t i = 0; i < LENGTH(rows); i++)                                                      \
    (shown) = (shown) || (rows)[i].sentence == (s)

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (size_t s = MR_SAYS_CHOSEN; s < MR_SAYS_UNPLANNED; s++) {
        bool shown = false;
        SHOWN_IN(holders, s, shown);
        SHOWN_IN(identities, s, shown);
        SHOWN_IN(places, s, shown);
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words((enum mr_sentence)s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holders),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
