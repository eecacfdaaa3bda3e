/* test_decide_twin.c: what TARGET's row under the same key is to a row, and what becomes of other
 * values: a row of the table for each sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "decide_world.h"

/* A key that both sides hold, in rows that differ. */
static const struct likened {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_twin twin;
} likened[] = {
    {MR_SAYS_BORN_TOGETHER, {.dated = true, .same_time = true, .same_name = true}, MR_TWIN_SELF},
    {MR_SAYS_BORN_TOGETHER,
     {.dated = true,
      .same_time = true,
      .same_name = true,
      .settled = true,
      .split = true,
      .believed = true},
     MR_TWIN_SELF},
    {MR_SAYS_BORN_AS_ANOTHER, {.dated = true, .same_time = true}, MR_TWIN_DOUBT},
    {MR_SAYS_BORN_AS_ANOTHER, {.dated = true, .same_time = true, .split = true}, MR_TWIN_DOUBT},
    {MR_SAYS_BORN_AS_ANOTHER, {.dated = true, .same_time = true, .believed = true}, MR_TWIN_DOUBT},
    {MR_SAYS_SPLIT_BY_TIME,
     {.dated = true, .same_time = true, .split = true, .believed = true},
     MR_TWIN_OTHER},
    {MR_SAYS_BORN_APART, {.dated = true, .same_name = true}, MR_TWIN_OTHER},
    {MR_SAYS_BORN_APART, {.dated = true, .alike = true}, MR_TWIN_OTHER},
    {MR_SAYS_ALIKE, {.alike = true}, MR_TWIN_DOUBT},
    {MR_SAYS_ALIKE, {.alike = true, .same_time = true}, MR_TWIN_DOUBT},
    {MR_SAYS_NOTHING_ALIKE, {0}, MR_TWIN_OTHER},
    {MR_SAYS_NOTHING_ALIKE, {.alike = true, .same_name = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.alike = true, .settled = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.alike = true, .refers_to_lost = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.dated = true, .same_time = true, .refers_to_lost = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.dated = true, .same_time = true, .settled = true}, MR_TWIN_OTHER},
};

static void test_twins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof likened / sizeof likened[0]; i++) {
        const struct mr_likeness l = mr_decide_twin(&likened[i].fact);
        if (l.twin != likened[i].twin || l.because != likened[i].sentence)
            fail_msg("row %zu: %s: %d, since %s", i, mr_sentence_words(likened[i].sentence), l.twin,
                     mr_sentence_words(l.because));
    }
}

/* A row that both sides have with other values. */
static const struct hindered valued[] = {
    {MR_SAYS_EQUAL, {.there = true}, MR_GROUP_BASE, MR_CONFLICT_NONE},
    {MR_SAYS_EQUAL, {.differs = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_DIFFERS,
     {.there = true, .differs = true, .edited_live = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DIFFERS},
    {MR_SAYS_LIVE_EDITED,
     {.there = true, .differs = true, .edited_live = true},
     MR_GROUP_BASE,
     MR_CONFLICT_NONE},
    {MR_SAYS_SOURCE_EDITED,
     {.there = true, .differs = true, .edited = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED_IN_SOURCE},
    {MR_SAYS_RENAMED,
     {.there = true, .differs = true, .edited = true, .edited_live = true},
     MR_GROUP_BASE,
     MR_CONFLICT_IDENTITY_CHANGED},
    {MR_SAYS_CHANGED,
     {.there = true, .differs = true, .same_name = true, .edited = true, .edited_live = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_CHANGED,
     {.there = true, .differs = true, .same_name = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++) {
        const struct mr_obstacle o = mr_decide_values(&valued[i].fact, valued[i].group);
        if (o.conflict != valued[i].conflict || o.because != valued[i].sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(valued[i].sentence),
                     mr_conflict_name(o.conflict), mr_sentence_words(o.because));
    }
}

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (enum mr_sentence s = MR_SAYS_BORN_TOGETHER; s < MR_SAYS_THERE; s++) {
        /* test_decide_group.c has those */
        bool shown = s > MR_SAYS_SETTLED && s < MR_SAYS_EQUAL;
        SHOWN_IN(likened, s, shown);
        SHOWN_IN(valued, s, shown);
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words(s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
