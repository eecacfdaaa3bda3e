/* test_decide_twin.c: what TARGET's row under the same key is to a row, a row of the table for
 * each sentence. */
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

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (enum mr_sentence s = MR_SAYS_BORN_TOGETHER; s < MR_SAYS_SETTLED + 1; s++) {
        bool shown = false;
        SHOWN_IN(likened, s, shown);
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words(s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
