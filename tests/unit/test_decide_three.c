/* test_decide_three.c: a row of three states by itself, a row of the table for each sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "repair/decide/decide_three.h"

#define KNOWN .evidence = true, .base_known = true
#define BASE KNOWN, .base = true
#define BOTH BASE, .source = true, .target = true
#define CHANGED BOTH, .source_touched = true, .source_changed = true
#define TWO_BASES .evidence = true, .base_known = true, .base = true, .bases_differ = true

static const struct row {
    enum mr_sentence sentence;
    struct mr_three_fact fact;
    enum mr_three_outcome outcome;
    enum mr_three_deed deed;
    enum mr_conflict conflict;
} rows[] = {
    /* the logs do not tell */
    {MR_SAYS_NO_EVIDENCE, {0}, MR_THREE_IS_NO_EVIDENCE, MR_THREE_FOLLOWS, 0},
    {MR_SAYS_NO_EVIDENCE,
     {.base_known = true, .base = true, .source = true, .bases_differ = true},
     MR_THREE_IS_NO_EVIDENCE,
     MR_THREE_FOLLOWS,
     0},
    {MR_SAYS_NO_BASE,
     {.evidence = true, .source = true, .source_changed = true},
     MR_THREE_IS_NO_BASE,
     MR_THREE_FOLLOWS,
     0},
    /* two bases */
    {MR_SAYS_UNEXPLAINED,
     {TWO_BASES, .source = true, .target = true},
     MR_THREE_IS_UNEXPLAINED,
     MR_THREE_LEAVES,
     0},
    {MR_SAYS_UNEXPLAINED,
     {TWO_BASES, .target = true, .target_touched = true},
     MR_THREE_IS_UNEXPLAINED,
     MR_THREE_LEAVES,
     0},
    {MR_SAYS_BASES_DIFFER,
     {TWO_BASES, .source = true, .target = true, .source_touched = true},
     MR_THREE_IS_BASES_DIFFER,
     MR_THREE_LEAVES,
     MR_CONFLICT_BASES_DIFFER},
    {MR_SAYS_BASES_DIFFER,
     {TWO_BASES, .source = true, .target = true, .target_touched = true},
     MR_THREE_IS_BASES_DIFFER,
     MR_THREE_LEAVES,
     MR_CONFLICT_BASES_DIFFER},
    {MR_SAYS_BASES_DIFFER,
     {TWO_BASES, .source = true, .target_touched = true},
     MR_THREE_IS_BASES_SOURCE,
     MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_OR_LOST},
    {MR_SAYS_BASES_DIFFER,
     {TWO_BASES, .target = true, .source_touched = true},
     MR_THREE_IS_BASES_TARGET,
     MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_IN_SOURCE},
    {MR_SAYS_BOTH_DELETED,
     {TWO_BASES, .source_touched = true, .target_touched = true},
     MR_THREE_IS_BOTH_DELETED,
     MR_THREE_LEAVES,
     0},
    /* no | – | – */
    {MR_SAYS_NEITHER, {KNOWN}, MR_THREE_IS_NEITHER, MR_THREE_LEAVES, 0},
    /* no | – | inserted */
    {MR_SAYS_NEW_ON_LIVE, {KNOWN, .target = true}, MR_THREE_IS_LIVE, MR_THREE_LEAVES, 0},
    {MR_SAYS_NEW_ON_LIVE,
     {KNOWN, .target = true, .source_arrived = true, .same_entity = true},
     MR_THREE_IS_LIVE,
     MR_THREE_LEAVES,
     0},
    /* no | inserted | – */
    {MR_SAYS_INSERTED, {KNOWN, .source = true}, MR_THREE_IS_LOST, MR_THREE_FOLLOWS, 0},
    /* no | inserted | inserted */
    {MR_SAYS_INSERTED,
     {KNOWN, .source = true, .target = true},
     MR_THREE_IS_LOST,
     MR_THREE_FOLLOWS,
     0},
    {MR_SAYS_SAME_ENTITY,
     {KNOWN, .source = true, .target = true, .same_entity = true},
     MR_THREE_IS_SAME_ENTITY,
     MR_THREE_COMPARES,
     0},
    /* it may have another key on TARGET */
    {MR_SAYS_SAME_ENTITY,
     {KNOWN, .source = true, .same_entity = true},
     MR_THREE_IS_SAME_ENTITY,
     MR_THREE_COMPARES,
     0},
    {MR_SAYS_ARRIVED,
     {KNOWN, .source = true, .source_arrived = true, .same_entity = true},
     MR_THREE_IS_ARRIVED,
     MR_THREE_LEAVES,
     MR_CONFLICT_KEY_CHANGED},
    /* yes | same | any */
    {MR_SAYS_SOURCE_SAME, {BOTH}, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0},
    {MR_SAYS_SOURCE_SAME,
     {BOTH, .target_touched = true, .source_touched = true},
     MR_THREE_IS_SOURCE_SAME,
     MR_THREE_LEAVES,
     0},
    {MR_SAYS_SOURCE_SAME,
     {BASE, .source = true, .target_touched = true},
     MR_THREE_IS_SOURCE_SAME,
     MR_THREE_LEAVES,
     0},
    {MR_SAYS_SOURCE_SAME,
     {BOTH, .target_remade = true},
     MR_THREE_IS_SOURCE_SAME,
     MR_THREE_LEAVES,
     0},
    {MR_SAYS_SOURCE_SAME,
     {BASE, .source = true, .target_moved = true},
     MR_THREE_IS_SOURCE_SAME,
     MR_THREE_LEAVES,
     0},
    /* yes | changed | whatever there is */
    {MR_SAYS_COMMON, {CHANGED}, MR_THREE_IS_COMMON, MR_THREE_COMPARES, 0},
    {MR_SAYS_COMMON, {BOTH, .source_unsure = true}, MR_THREE_IS_COMMON, MR_THREE_COMPARES, 0},
    /* yes | deleted | same or changed */
    {MR_SAYS_DELETED_IN_SOURCE,
     {BASE, .target = true, .source_touched = true},
     MR_THREE_IS_DELETED_IN_SOURCE,
     MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_IN_SOURCE},
    {MR_SAYS_DELETED_IN_SOURCE,
     {BASE, .target = true, .target_touched = true, .source_remade = true},
     MR_THREE_IS_DELETED_IN_SOURCE,
     MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_IN_SOURCE},
    /* yes | deleted | deleted */
    {MR_SAYS_BOTH_DELETED, {BASE}, MR_THREE_IS_BOTH_DELETED, MR_THREE_LEAVES, 0},
    {MR_SAYS_BOTH_DELETED,
     {BASE, .target = true, .target_remade = true},
     MR_THREE_IS_BOTH_DELETED,
     MR_THREE_LEAVES,
     0},
    /* yes | changed | deleted */
    {MR_SAYS_DELETED_ON_LIVE,
     {BASE, .source = true, .source_changed = true},
     MR_THREE_IS_DELETED_ON_LIVE,
     MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_ON_LIVE},
    {MR_SAYS_DELETED_ON_LIVE,
     {BASE, .source = true, .source_unsure = true},
     MR_THREE_IS_DELETED_ON_LIVE,
     MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_ON_LIVE},
    {MR_SAYS_DELETED_ON_LIVE,
     {CHANGED, .target_remade = true},
     MR_THREE_IS_DELETED_ON_LIVE,
     MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_ON_LIVE},
    /* a key of the past that was given to another row */
    {MR_SAYS_KEY_REUSED,
     {CHANGED, .source_remade = true},
     MR_THREE_IS_KEY_REUSED,
     MR_THREE_LEAVES,
     MR_CONFLICT_PAST_OR_LOST},
    {MR_SAYS_KEY_REUSED,
     {CHANGED, .source_moved = true},
     MR_THREE_IS_KEY_REUSED,
     MR_THREE_LEAVES,
     MR_CONFLICT_PAST_OR_LOST},
    {MR_SAYS_INSERTED,
     {BASE, .source = true, .source_remade = true},
     MR_THREE_IS_LOST,
     MR_THREE_FOLLOWS,
     0},
    {MR_SAYS_INSERTED,
     {CHANGED, .source_remade = true, .target_remade = true},
     MR_THREE_IS_LOST,
     MR_THREE_FOLLOWS,
     0},
    /* another key for a row of the past */
    {MR_SAYS_KEY_CHANGED,
     {BASE, .target = true, .source_moved = true},
     MR_THREE_IS_KEY_CHANGED,
     MR_THREE_LEAVES,
     MR_CONFLICT_KEY_CHANGED},
    {MR_SAYS_KEY_CHANGED,
     {BASE, .source_moved = true, .target_moved = true},
     MR_THREE_IS_KEY_CHANGED,
     MR_THREE_LEAVES,
     MR_CONFLICT_KEY_CHANGED},
    {MR_SAYS_KEY_CHANGED,
     {BASE, .source = true, .source_changed = true, .target_moved = true},
     MR_THREE_IS_KEY_CHANGED,
     MR_THREE_LEAVES,
     MR_CONFLICT_KEY_CHANGED},
    {MR_SAYS_KEY_CHANGED,
     {BASE, .source = true, .source_remade = true, .target_moved = true},
     MR_THREE_IS_KEY_CHANGED,
     MR_THREE_LEAVES,
     MR_CONFLICT_KEY_CHANGED},
    {MR_SAYS_KEY_CHANGED,
     {BASE, .target_moved = true},
     MR_THREE_IS_KEY_CHANGED,
     MR_THREE_LEAVES,
     MR_CONFLICT_KEY_CHANGED},
};

#define ROWS (sizeof rows / sizeof rows[0])

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct mr_three_ruling is = mr_decide_three_row(&rows[i].fact);
        if (is.outcome != rows[i].outcome || is.deed != rows[i].deed ||
            is.why.conflict != rows[i].conflict || is.why.because != rows[i].sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(rows[i].sentence),
                     mr_three_outcome_name(is.outcome), mr_sentence_words(is.why.because));
    }
}

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (size_t s = MR_SAYS_NO_EVIDENCE; s < MR_SAYS_COLUMN_SAME; s++) {
        bool shown = false;
        for (size_t i = 0; i < ROWS; i++)
            shown = shown || rows[i].sentence == s;
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words((enum mr_sentence)s));
    }
}

/* What is counted has a name of its own. */
static void test_names(void **state)
{
    (void)state;
    assert_null(mr_three_outcome_name(MR_THREE_NOTHING));
    for (enum mr_three_outcome a = MR_THREE_NOTHING + 1; a < MR_THREE_OUTCOMES; a++) {
        assert_int_equal(mr_three_ruling_of(a).outcome, a);
        for (enum mr_three_outcome b = MR_THREE_NOTHING + 1; b < a; b++)
            assert_string_not_equal(mr_three_outcome_name(a), mr_three_outcome_name(b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_sentence),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
