/* test_decide_copy.c: what backfill, newest and mirror do with a key, a row a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "repair/decide/decide_copy.h"

#define BOTH .planned = true, .on_source = true, .on_target = true
#define DIFFER BOTH, .differs = true
#define ONE DIFFER, .same_name = true

static const struct row {
    enum mr_sentence sentence;
    enum mr_copy_policy policy;
    struct mr_copy_fact fact;
    enum mr_copy_deed deed;
    enum mr_conflict conflict;
} rows[] = {
    {MR_SAYS_UNPLANNED, MR_COPY_MIRROR, {.on_target = true}, MR_COPY_LEAVES, 0},
    {MR_SAYS_UNPLANNED, MR_COPY_BACKFILL, {.on_source = true, .several = true}, MR_COPY_LEAVES, 0},
    {MR_SAYS_COPY_EQUAL, MR_COPY_MIRROR, {BOTH, .same_name = true}, MR_COPY_LEAVES, 0},
    {MR_SAYS_COPY_EQUAL, MR_COPY_NEWEST, {BOTH, .newer = true}, MR_COPY_LEAVES, 0},
    {MR_SAYS_SEVERAL,
     MR_COPY_NEWEST,
     {BOTH, .newer = true, .several = true},
     MR_COPY_LEAVES,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_LACKED, MR_COPY_BACKFILL, {.planned = true, .on_source = true}, MR_COPY_INSERTS, 0},
    {MR_SAYS_LACKED, MR_COPY_MIRROR, {.planned = true, .on_source = true}, MR_COPY_INSERTS, 0},
    {MR_SAYS_KEPT, MR_COPY_BACKFILL, {.planned = true, .on_target = true}, MR_COPY_KEEPS, 0},
    {MR_SAYS_KEPT,
     MR_COPY_NEWEST,
     {.planned = true, .on_target = true, .several = true},
     MR_COPY_KEEPS,
     0},
    {MR_SAYS_MIRROR_DELETES,
     MR_COPY_MIRROR,
     {.planned = true, .on_target = true},
     MR_COPY_DELETES,
     0},
    {MR_SAYS_MIRRORED, MR_COPY_MIRROR, {DIFFER}, MR_COPY_UPDATES, 0},
    {MR_SAYS_MIRRORED, MR_COPY_MIRROR, {ONE, .older = true}, MR_COPY_UPDATES, 0},
    {MR_SAYS_SOMEBODY_ELSE, MR_COPY_BACKFILL, {DIFFER}, MR_COPY_LEAVES, MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_SOMEBODY_ELSE,
     MR_COPY_NEWEST,
     {DIFFER, .newer = true},
     MR_COPY_LEAVES,
     MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_BACKFILLED,
     MR_COPY_BACKFILL,
     {ONE, .newer = true},
     MR_COPY_LEAVES,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_NEWER, MR_COPY_NEWEST, {ONE, .newer = true}, MR_COPY_UPDATES, 0},
    {MR_SAYS_OLDER, MR_COPY_NEWEST, {ONE, .older = true}, MR_COPY_LEAVES, MR_CONFLICT_CHANGED},
    {MR_SAYS_NO_TIME, MR_COPY_NEWEST, {ONE}, MR_COPY_LEAVES, MR_CONFLICT_DIFFERS},
    {MR_SAYS_SEVERAL,
     MR_COPY_BACKFILL,
     {.planned = true, .on_source = true, .several = true},
     MR_COPY_INSERTS,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_SEVERAL,
     MR_COPY_MIRROR,
     {DIFFER, .several = true},
     MR_COPY_UPDATES,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_SEVERAL,
     MR_COPY_MIRROR,
     {.planned = true, .on_target = true, .several = true},
     MR_COPY_DELETES,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_SEVERAL,
     MR_COPY_BACKFILL,
     {ONE, .several = true},
     MR_COPY_LEAVES,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_SEVERAL,
     MR_COPY_BACKFILL,
     {DIFFER, .several = true},
     MR_COPY_LEAVES,
     MR_CONFLICT_DUPLICATE},
};

#define ROWS (sizeof rows / sizeof rows[0])

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct mr_copy_ruling is = mr_decide_copy(&rows[i].fact, rows[i].policy);
        if (is.deed != rows[i].deed || is.why.conflict != rows[i].conflict ||
            is.why.because != rows[i].sentence)
            fail_msg("row %zu: %s: %d, since %s", i, mr_sentence_words(rows[i].sentence), is.deed,
                     mr_sentence_words(is.why.because));
    }
}

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (size_t s = MR_SAYS_UNPLANNED; s < MR_SAYS_NO_EVIDENCE; s++) {
        bool shown = false;
        for (size_t i = 0; i < ROWS; i++)
            shown = shown || rows[i].sentence == s;
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words((enum mr_sentence)s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
