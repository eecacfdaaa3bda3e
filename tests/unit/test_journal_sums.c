/* test_journal_sums.c: what a journal knows of columns that are added to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "repair/apply/journal_sums.h"

#define APPLY MR_JOURNAL_APPLY
#define UNDO MR_JOURNAL_UNDO

/* "try apply 1", … with a marker, and: lost, happened. */
struct line {
    enum mr_journal_event event;
    enum mr_journal_script script;
    uint64_t unit;
    const char *marker;
    bool flag;
};

static const struct {
    const char *what;
    struct line lines[8];
    const char *wanted; /* of each batch: o(pen), d(one), g(one) */
} cases[] = {
    {"no end", {{MR_JOURNAL_TRY, APPLY, 1, NULL, 0}, {MR_JOURNAL_SUMS, APPLY, 1, "a", 0}}, "o"},
    {"done",
     {{MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_DONE, APPLY, 1, "a", 0}},
     "d"},
    {"done by another try",
     {{MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_SUMS, APPLY, 1, "b", 0},
      {MR_JOURNAL_DONE, APPLY, 1, "b", 0}},
     "od"},
    {"rows of it were refused when it came again: that says nothing of the first",
     {{MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_DONE, APPLY, 1, NULL, 0}},
     "o"},
    {"rolled back",
     {{MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_FAILED, APPLY, 1, NULL, 0}},
     "g"},
    {"failed, but sight of it was lost",
     {{MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_FAILED, APPLY, 1, NULL, 1}},
     "o"},
    {"a later run that failed says nothing of an earlier one",
     {{MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_FAILED, APPLY, 1, NULL, 0}},
     "o"},
    {"nor one of another unit, or script",
     {{MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_FAILED, APPLY, 2, NULL, 0},
      {MR_JOURNAL_FAILED, UNDO, 1, NULL, 0}},
     "o"},
    {"settled: it happened",
     {{MR_JOURNAL_SUMS, APPLY, 1, "a", 0},
      {MR_JOURNAL_TRY, APPLY, 1, NULL, 0},
      {MR_JOURNAL_SETTLED, APPLY, 1, "a", 1}},
     "d"},
    {"settled: it did not",
     {{MR_JOURNAL_SUMS, APPLY, 1, "a", 0}, {MR_JOURNAL_SETTLED, APPLY, 1, "a", 0}},
     "g"},
    {"another one was settled",
     {{MR_JOURNAL_SUMS, APPLY, 1, "a", 0}, {MR_JOURNAL_SETTLED, APPLY, 1, "b", 0}},
     "o"},
    {"without a marker it is none", {{MR_JOURNAL_SUMS, APPLY, 1, NULL, 0}}, ""},
};

static void test_batches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_journal_sums sums;
        char got[9] = "";
        mr_journal_sums_init(&sums);
        for (const struct line *l = cases[i].lines; l->event != 0; l++) {
            const struct mr_journal_unit unit = {.script = l->script,
                                                 .number = l->unit,
                                                 .marker = l->marker,
                                                 .sums = l->event == MR_JOURNAL_SUMS ? "r" : NULL,
                                                 .log = "bin.7",
                                                 .position = 8,
                                                 .lost = l->flag,
                                                 .happened = l->flag};
            assert_int_equal(mr_journal_sums_note(&sums, l->event, &unit, &arena, NULL), MR_OK);
        }
        for (size_t k = 0; k < sums.batches.count; k++) {
            const struct mr_journal_batch *b = mr_vec_at(&sums.batches, k);
            assert_string_equal(b->log, "bin.7");
            assert_int_equal(b->position, 8);
            got[k] = " odg"[b->status];
        }
        if (strcmp(got, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        mr_journal_sums_release(&sums);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_batches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
