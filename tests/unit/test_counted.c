/* test_counted.c: orders of keys, signed and unsigned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/side/counted.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* Each greater than the one before. */
static const struct {
    bool is_unsigned;
    const char *text;
    int64_t order;
} cases[] = {
    {false, "-9223372036854775808", INT64_MIN},
    {false, "-5", -5},
    {false, "0", 0},
    {false, "1", 1},
    {false, "9223372036854775806", INT64_MAX - 1},
    {false, "9223372036854775807", INT64_MAX},
    {true, "0", INT64_MIN},
    {true, "1", INT64_MIN + 1},
    {true, "9223372036854775807", -1},
    {true, "9223372036854775808", 0},
    {true, "9300000000000000000", INT64_C(76627963145224192)},
    {true, "18446744073709551614", INT64_MAX - 1},
    {true, "18446744073709551615", INT64_MAX},
};

static void test_both_directions(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const bool is_unsigned = cases[i].is_unsigned;
        char text[MR_COUNTED_TEXT], *end = NULL;
        assert_true(mr_counted_of_text(cases[i].text, is_unsigned, &end) == cases[i].order);
        assert_int_equal(*end, '\0');
        assert_string_equal(mr_counted_text(cases[i].order, is_unsigned, text), cases[i].text);
        const struct mr_value value = mr_counted_value(cases[i].order, is_unsigned);
        assert_int_equal(value.cls, is_unsigned ? MR_CLASS_UINT : MR_CLASS_INT);
        assert_true(mr_counted_of_value(&value, is_unsigned) == cases[i].order);
        if (cases[i].text[0] != '-')
            assert_true(mr_counted_of(mr_counted_number(cases[i].order, is_unsigned),
                                      is_unsigned) == cases[i].order);
    }
}

static void test_order_is_kept(void **state)
{
    (void)state;
    for (size_t i = 1; i < LEN(cases); i++)
        if (cases[i].is_unsigned == cases[i - 1].is_unsigned)
            assert_true(cases[i - 1].order < cases[i].order);
}

static void test_nearest_that_it_can(void **state)
{
    const struct mr_value minus = {.cls = MR_CLASS_INT, .i = -7};
    const struct mr_value far = {.cls = MR_CLASS_UINT, .u = UINT64_MAX};
    const struct mr_value none = {.cls = MR_CLASS_NULL};
    (void)state;
    assert_true(mr_counted_of_value(&minus, true) == INT64_MIN);
    assert_true(mr_counted_of_value(&far, false) == INT64_MAX);
    assert_true(mr_counted_of_value(&none, false) == 0);
    assert_true(mr_counted_of_value(&none, true) == INT64_MIN);
    assert_true(mr_counted_number(-7, false) == 0);
}

/* The encoding of a small unsigned number decodes as a signed one. */
static void test_as_decoded(void **state)
{
    const struct mr_value small = {.cls = MR_CLASS_INT, .i = 42};
    (void)state;
    assert_true(mr_counted_of_value(&small, true) == mr_counted_of(42, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_directions), cmocka_unit_test(test_order_is_kept),
        cmocka_unit_test(test_nearest_that_it_can), cmocka_unit_test(test_as_decoded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
