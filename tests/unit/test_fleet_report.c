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
} rows[] = {
    {3, 3, 0, 0, 0, 0, 0, MR_FLEET_EQUAL, 0, "both sides hold the same rows in 3 pairs"},
    {1, 1, 0, 0, 0, 0, 0, MR_FLEET_EQUAL, 0, "both sides hold the same rows in 1 pair"},
    {64, 63, 1, 0, 1, 1, 0, MR_FLEET_DIVERGED, 0, "1 row differs in 1 of 64 pairs"},
    {64, 61, 3, 0, 2, 5000, 1, MR_FLEET_DIVERGED, 0,
     "5,000 rows differ in 2 of 64 pairs, and 1 schema object"},
    {2, 1, 1, 0, 0, 0, 2, MR_FLEET_DIVERGED, 0, "2 schema objects differ, the rows do not"},
    {3, 2, 0, 1, 0, 0, 0, MR_FLEET_INCOMPLETE, 4, "1 of 3 pairs was not seen whole"},
    {3, 0, 1, 2, 2, 7, 0, MR_FLEET_INCOMPLETE, 4,
     "2 of 3 pairs were not seen whole; so far 7 rows differ in 2 of 3 pairs"},
    {2, 0, 0, 2, 0, 0, 3, MR_FLEET_INCOMPLETE, 4,
     "2 of 2 pairs were not seen whole; so far 3 schema objects differ, the rows do not"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headline),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
