/* test_changed_how.c: when a table is read whole though only what changed was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/check/changed_how.h"

/* Of a table of which logs tell all. */
static const struct mr_changed_facts good = {.was_there = true,
                                             .was_read = true,
                                             .same_columns = true,
                                             .same_settings = true,
                                             .same_table = true,
                                             .has_order = true,
                                             .was_equal = true};

static void test_one_fact(void **state)
{
    struct mr_changed_facts f = good;
    (void)state;
    assert_null(mr_changed_whole(&f));
    f.was_equal = false; /* its findings are looked at again */
    assert_null(mr_changed_whole(&f));
    f.rolls = true;
    assert_null(mr_changed_whole(&f));
    const struct {
        size_t fact;
        bool value;
        const char *why;
    } cases[] = {
        {offsetof(struct mr_changed_facts, was_there), false, "did not have it"},
        {offsetof(struct mr_changed_facts, was_read), false, "did not read it to its end"},
        {offsetof(struct mr_changed_facts, same_columns), false, "its columns, or its key"},
        {offsetof(struct mr_changed_facts, same_settings), false, "the configuration"},
        {offsetof(struct mr_changed_facts, same_table), false, "made anew"},
        {offsetof(struct mr_changed_facts, was_windowed), true, "the last run compared"},
        {offsetof(struct mr_changed_facts, is_windowed), true, "a condition chooses its rows"},
        {offsetof(struct mr_changed_facts, shares_rows), true, "those of other tables"},
        {offsetof(struct mr_changed_facts, may_have_torn), true, "a crash changes rows"},
        {offsetof(struct mr_changed_facts, is_misplaced), true, "a key may not find them"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f = good;
        memcpy((char *)&f + cases[i].fact, &cases[i].value, sizeof(bool));
        assert_non_null(mr_changed_whole(&f));
        assert_non_null(strstr(mr_changed_whole(&f), cases[i].why));
    }
    f = good;
    f.log = "the log says nothing";
    assert_string_equal(mr_changed_whole(&f), "the log says nothing");
}

/* Without a key that finds rows: nothing that changed or differed may be passed over, and no part of
 * it can be read. */
static void test_without_order(void **state)
{
    static const struct {
        bool was_equal, rolls;
        const char *why; /* NULL: nothing of it is read */
    } cases[] = {
        {true, false, NULL},
        {false, false, "it differed"},
        {true, true, "divides it into parts"},
        {false, true, "it differed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_changed_facts f = good;
        f.has_order = false;
        f.was_equal = cases[i].was_equal;
        f.rolls = cases[i].rolls;
        const char *why = mr_changed_whole(&f);
        assert_true((why == NULL) == (cases[i].why == NULL));
        if (why != NULL)
            assert_non_null(strstr(why, cases[i].why));
    }
}

/* Of all facts together: nothing but good ones leave a table to its keys. */
static void test_all_facts(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 1U << 13; bits++) {
        const struct mr_changed_facts f = {.was_there = bits & 1,
                                           .was_read = bits & 2,
                                           .same_columns = bits & 4,
                                           .same_settings = bits & 8,
                                           .same_table = bits & 16,
                                           .is_windowed = bits & 32,
                                           .log = (bits & 64) != 0 ? "why" : NULL,
                                           .has_order = bits & 128,
                                           .was_equal = bits & 256,
                                           .rolls = bits & 512,
                                           .is_misplaced = bits & 1024,
                                           .was_windowed = bits & 2048,
                                           .may_have_torn = bits & 4096};
        const bool by_keys =
            (bits & (127 | 1024 | 2048 | 4096)) == 31 && (f.has_order || (f.was_equal && !f.rolls));
        assert_true((mr_changed_whole(&f) == NULL) == by_keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_fact),
                                       cmocka_unit_test(test_without_order),
                                       cmocka_unit_test(test_all_facts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
