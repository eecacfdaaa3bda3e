/* test_fleet_report.c: what the report of a fleet says on top, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recon/fleet/fleet_report.h"

/* Sums of a fleet, and what they come to. */
static const struct row {
    size_t pairs, equal, diverged, incomplete, with_rows;
    uint64_t changed, objects;
    enum mr_fleet_word verdict;
    int exit_code;
    const char *headline;
    size_t only, with_only;
} rows[] = {
    {3, 3, 0, 0, 0, 0, 0, MR_FLEET_EQUAL, 0, "both sides hold the same rows in 3 pairs", 0, 0},
    {1, 1, 0, 0, 0, 0, 0, MR_FLEET_EQUAL, 0, "both sides hold the same rows in 1 pair", 0, 0},
    {64, 63, 1, 0, 1, 1, 0, MR_FLEET_DIVERGED, 0, "1 row differs in 1 of 64 pairs", 0, 0},
    {64, 61, 3, 0, 2, 5000, 1, MR_FLEET_DIVERGED, 0,
     "5,000 rows differ in 2 of 64 pairs, and 1 schema object", 0, 0},
    {2, 1, 1, 0, 0, 0, 2, MR_FLEET_DIVERGED, 0, "2 schema objects differ, the rows do not", 0, 0},
    {3, 2, 0, 1, 0, 0, 0, MR_FLEET_INCOMPLETE, 4, "1 of 3 pairs was not seen whole", 0, 0},
    {3, 0, 1, 2, 2, 7, 0, MR_FLEET_INCOMPLETE, 4,
     "2 of 3 pairs were not seen whole; so far 7 rows differ in 2 of 3 pairs", 0, 0},
    {2, 0, 0, 2, 0, 0, 3, MR_FLEET_INCOMPLETE, 4,
     "2 of 2 pairs were not seen whole; so far 3 schema objects differ, no row that was compared "
     "does",
     0, 0},
    {2, 1, 1, 0, 0, 0, 1, MR_FLEET_DIVERGED, 0, "1 schema object differs, the rows do not", 0, 0},
    {4, 1, 3, 0, 2, 26, 5, MR_FLEET_DIVERGED, 0,
     "1 table is on one side only, in 1 of 4 pairs; 26 rows differ in 2 of 4 pairs, and 4 schema "
     "objects",
     1, 1},
    {4, 3, 1, 0, 0, 0, 1, MR_FLEET_DIVERGED, 0, "1 table is on one side only, in 1 of 4 pairs", 1,
     1},
    {4, 1, 1, 2, 0, 0, 4, MR_FLEET_INCOMPLETE, 4,
     "2 of 4 pairs were not seen whole; so far 3 tables are on one side only, in 2 of 4 pairs; 1 "
     "schema object differs, no row that was compared does",
     3, 2},
};

/* A fleet with gaps never reads as if all of it were the same. */
static void test_headline(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        const struct mr_fleet_result result = {.npairs = row->pairs};
        const struct mr_fleet_report report = {
            .result = &result,
            .equal = row->equal,
            .diverged = row->diverged,
            .incomplete = row->incomplete,
            .with_rows = row->with_rows,
            .only = row->only,
            .with_only = row->with_only,
            .sums = {.counts = {.changed = row->changed}, .objects = row->objects}};
        struct mr_strbuf words = MR_STRBUF_INIT;
        mr_fleet_report_headline(&report, &words);
        assert_string_equal(words.ptr, row->headline);
        assert_int_equal(mr_fleet_report_verdict(&report), row->verdict);
        assert_int_equal(mr_fleet_report_exit(&report), row->exit_code);
        mr_strbuf_release(&words);
    }
}

/* Whatever a case says otherwise than fleet.jsonl is seen; what fleet.jsonl does not tell is not. */
static void test_figures(void **state)
{
    static const struct mr_fleet_figures base = {.tables = 2, .rows = 40, .counts = {.missing = 1}};
    struct mr_fleet_figures other = base, sum = {0};
    (void)state;
    assert_true(mr_fleet_figures_equal(&base, &other));
    other.counts.source_rows = 9;
    assert_true(mr_fleet_figures_equal(&base, &other));
    uint64_t *const members[] = {
        &other.tables,         &other.diverged,         &other.not_checked,
        &other.rows,           &other.counts.missing,   &other.counts.extra,
        &other.counts.changed, &other.counts.collision, &other.counts.moved,
        &other.unsettled_rows, &other.objects};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        (*members[i])++;
        assert_false(mr_fleet_figures_equal(&base, &other));
        (*members[i])--;
    }
    mr_fleet_figures_add(&sum, &base);
    mr_fleet_figures_add(&sum, &base);
    assert_int_equal(sum.tables, 4);
    assert_int_equal(sum.rows, 80);
    assert_int_equal(sum.counts.missing, 2);
}

/* A whole table that the target lacks outweighs rows; one that it has besides is as they are. */
static void test_gravity(void **state)
{
    static const struct {
        enum mr_fleet_word verdict;
        struct mr_find_counts counts;
        struct mr_fleet_only only;
        bool fault;
    } worst_first[] = {
        {MR_FLEET_DIVERGED, {0}, {.count = {1, 0}}, false},
        {MR_FLEET_DIVERGED, {.changed = 4}, {.count = {0}}, false},
        {MR_FLEET_INCOMPLETE, {0}, {.count = {0}}, true},
        {MR_FLEET_INCOMPLETE, {0}, {.count = {0}}, false},
        {MR_FLEET_DIVERGED, {0}, {.count = {0}}, false},
        {MR_FLEET_EQUAL, {0}, {.count = {0}}, false},
    };
    const struct mr_fleet_only besides = {.count = {0, 2}};
    (void)state;
    for (int i = 0; i < (int)(sizeof worst_first / sizeof *worst_first); i++)
        assert_int_equal(mr_fleet_gravity(worst_first[i].verdict, &worst_first[i].counts,
                                          &worst_first[i].only, worst_first[i].fault),
                         i);
    assert_int_equal(
        mr_fleet_gravity(MR_FLEET_DIVERGED, &(struct mr_find_counts){0}, &besides, false), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headline),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_gravity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
