/* test_apply_units.c: what is said of a unit, however many of its rows were refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "repair/apply/apply_internal.h"

struct told {
    uint64_t rows, units;
    char last[100];
};

static enum mr_code take(void *ctx, const struct mr_refusal *refusal, struct mr_err *err)
{
    struct told *told = ctx;
    (void)err;
    if (*refusal->table != '\0')
        told->rows++;
    else
        told->units++;
    (void)snprintf(told->last, sizeof told->last, "%s", refusal->reason);
    return MR_OK;
}

/* A unit of which so many rows were refused, and one was written. */
static struct mr_apply_counts
refuse(uint64_t rows, enum mr_journal_script which,
       enum mr_code (*finish)(struct mr_attempt *a, struct mr_err *err), struct told *told)
{
    struct mr_script_read_unit unit = {.number = 7, .rows = rows + 1};
    const struct mr_manifest manifest = {0};
    struct mr_apply_units run = {
        .which = which, .manifest = &manifest, .on_refusal = take, .ctx = told};
    struct mr_err err = {0};
    struct mr_attempt a = {.run = &run,
                           .unit = &unit,
                           .arena = MR_ARENA_INIT,
                           .refusals = MR_VEC_INIT(struct mr_refusal),
                           .written = 1};
    *told = (struct told){0};
    mr_aside_init(&a.aside);
    for (uint64_t i = 0; i < rows; i++)
        assert_int_equal(mr_attempt_add_refusal(&a, "club.log", "1", "no", &err), MR_OK);
    assert_int_equal(finish(&a, &err), MR_OK);
    mr_aside_release(&a.aside);
    mr_vec_release(&a.refusals);
    mr_arena_release(&a.arena);
    return run.counts;
}

static void test_all_listed(void **state)
{
    struct told told;
    (void)state;
    struct mr_apply_counts c =
        refuse(MR_REFUSALS_MAX, MR_JOURNAL_APPLY, mr_attempt_take_done, &told);
    assert_int_equal(c.refused, MR_REFUSALS_MAX);
    assert_int_equal(told.rows, MR_REFUSALS_MAX);
    assert_int_equal(told.units, 0);
}

static void test_more(void **state)
{
    static const enum mr_journal_script scripts[] = {MR_JOURNAL_APPLY, MR_JOURNAL_UNDO};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct told told;
        struct mr_apply_counts c =
            refuse(MR_REFUSALS_MAX + 2345, scripts[i], mr_attempt_take_done, &told);
        assert_int_equal(c.refused, MR_REFUSALS_MAX + 2345);
        assert_int_equal(c.partial, 1);
        assert_int_equal(told.rows, MR_REFUSALS_MAX);
        assert_int_equal(told.units, 1);
        assert_string_equal(told.last, "and 2,345 more rows of it: only the first 100,000 are "
                                       "listed");
    }
}

/* The guard that speaks against the rest is reported, too. */
static void test_rolled_back(void **state)
{
    struct told told;
    (void)state;
    (void)refuse(MR_REFUSALS_MAX + 1, MR_JOURNAL_APPLY, mr_attempt_take_rolled_back, &told);
    assert_int_equal(told.rows, MR_REFUSALS_MAX);
    assert_int_equal(told.units, 2);
    assert_string_equal(told.last, "and 1 more row of it: only the first 100,000 are listed");
}

static enum mr_code fail_unit(struct mr_attempt *a, struct mr_err *err)
{
    return mr_attempt_take_failed(a, "the server is gone", err);
}

static void test_failed(void **state)
{
    struct told told;
    (void)state;
    struct mr_apply_counts c = refuse(MR_REFUSALS_MAX + 1, MR_JOURNAL_APPLY, fail_unit, &told);
    assert_int_equal(c.failed, 1);
    assert_int_equal(told.rows, 0);
    assert_int_equal(told.units, 1);
    assert_string_equal(told.last, "the server is gone");
}

/* Rows are counted, not reasons. */
static void test_reasons(void **state)
{
    static const struct {
        uint64_t rows, written;
        const char *const keys[6]; /* of refusals; "": a row without a key */
        uint64_t refused;
    } cases[] = {
        {4, 1, {"1", "2", "3"}, 3}, {4, 1, {"1", "2", "1", "3", "2"}, 3},
        {4, 1, {"1", "1"}, 3}, /* with it stays what belongs to it */
        {4, 3, {"1", "1"}, 1},      {4, 4, {"1", "1"}, 1},
        {4, 2, {"", ""}, 2},        {4, 4, {NULL}, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct told told = {0};
        struct mr_script_read_unit unit = {.number = 7, .rows = cases[i].rows};
        const struct mr_manifest manifest = {0};
        struct mr_apply_units run = {
            .which = MR_JOURNAL_UNDO, .manifest = &manifest, .on_refusal = take, .ctx = &told};
        struct mr_attempt a = {.run = &run,
                               .unit = &unit,
                               .arena = MR_ARENA_INIT,
                               .refusals = MR_VEC_INIT(struct mr_refusal),
                               .written = cases[i].written};
        mr_aside_init(&a.aside);
        uint64_t reasons = 0;
        for (; cases[i].keys[reasons] != NULL; reasons++)
            assert_int_equal(
                mr_attempt_add_refusal(&a, "club.log", cases[i].keys[reasons], "no", NULL), MR_OK);
        assert_int_equal(mr_attempt_take_done(&a, NULL), MR_OK);
        assert_int_equal(run.counts.refused, cases[i].refused);
        assert_int_equal(told.rows, reasons);
        mr_aside_release(&a.aside);
        mr_vec_release(&a.refusals);
        mr_arena_release(&a.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_listed), cmocka_unit_test(test_more),
        cmocka_unit_test(test_rolled_back), cmocka_unit_test(test_failed),
        cmocka_unit_test(test_reasons)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
