/* test_exact_sum.c: target + source - base, digit by digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/row/exact_sum.h"

#define NINES_65 "99999999999999999999999999999999999999999999999999999999999999999"
#define NINES_38 "99999999999999999999999999999999999999"
#define ZEROS_65 "00000000000000000000000000000000000000000000000000000000000000000"

static struct mr_value decimal(const char *text)
{
    return (struct mr_value){.cls = MR_CLASS_DECIMAL, .ptr = text, .len = strlen(text)};
}

static const struct {
    const char *target, *source, *base, *sum; /* NULL: none */
} sums[] = {
    {"12", "15", "10", "17"},
    {"0", "0", "0", "0"},
    {"-0", "0", "-0.00", "0"},
    {"5", "5", "10", "0"},
    {"5", "4", "10", "-1"},
    {"-5", "-4", "10", "-19"},
    {"-10", "-10", "-30", "10"},
    {"0.1", "0.2", "0", "0.3"},
    {"0.10", "0.2", "0.300", "0"},
    {"1.005", "2", "0.0050", "3"},
    {"0.05", "0.04", "0.1", "-0.01"},
    {"1", "0.99999999999999999999999999999999999999", "1", "0." NINES_38},
    {"100", "0", "0.01", "99.99"},
    {"007.50", "0001", "0", "8.5"},
    {".5", "0", "0", "0.5"},
    {"5.", "0", "0", "5"},
    {NINES_65, "1", "0", "1" ZEROS_65},
    {NINES_65, NINES_65, "-" NINES_65,
     "2"
     "99999999999999999999999999999999999999999999999999999999999999997"},
    {NINES_65 "." NINES_38, "0", NINES_65 "." NINES_38, "0"},
    {"-" NINES_65, "0", NINES_65,
     "-1"
     "99999999999999999999999999999999999999999999999999999999999999998"},
    {"", "0", "0", NULL},
    {"-", "0", "0", NULL},
    {".", "0", "0", NULL},
    {"--1", "0", "0", NULL},
    {"+1", "0", "0", NULL},
    {"1e3", "0", "0", NULL},
    {"1.2.3", "0", "0", NULL},
    {" 1", "0", "0", NULL},
    {"9" NINES_65, "0", "0", NULL},
    {"0", "0." NINES_38 "9", "0", NULL},
};

static void test_decimals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        const struct mr_value t = decimal(sums[i].target), s = decimal(sums[i].source);
        const struct mr_value b = decimal(sums[i].base);
        char text[MR_EXACT_TEXT] = "";
        const bool is = mr_exact_sum(&t, &s, &b, text);
        if (is != (sums[i].sum != NULL) || (is && strcmp(text, sums[i].sum) != 0))
            fail_msg("%s + %s - %s: %s", sums[i].target, sums[i].source, sums[i].base,
                     is ? text : "none");
    }
}

static void test_integers(void **state)
{
    const struct mr_value most = {.cls = MR_CLASS_UINT, .u = UINT64_MAX};
    const struct mr_value least = {.cls = MR_CLASS_INT, .i = INT64_MIN};
    const struct mr_value one = {.cls = MR_CLASS_INT, .i = 1};
    const struct mr_value cents = decimal("-0.01");
    char text[MR_EXACT_TEXT];
    (void)state;
    assert_true(mr_exact_sum(&most, &one, &least, text));
    assert_string_equal(text, "27670116110564327424");
    assert_true(mr_exact_sum(&least, &least, &most, text));
    assert_string_equal(text, "-36893488147419103231");
    assert_true(mr_exact_sum(&one, &one, &cents, text));
    assert_string_equal(text, "2.01");
}

static void test_no_numbers(void **state)
{
    const struct mr_value one = {.cls = MR_CLASS_INT, .i = 1};
    const struct mr_value none[] = {
        {.cls = MR_CLASS_NULL},
        {.cls = MR_CLASS_DOUBLE, .d = 1},
        {.cls = MR_CLASS_TEXT, .ptr = "1", .len = 1},
        {.cls = MR_CLASS_DECIMAL},
    };
    char text[MR_EXACT_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(mr_exact_sum(&none[i], &one, &one, text));
        assert_false(mr_exact_sum(&one, &none[i], &one, text));
        assert_false(mr_exact_sum(&one, &one, &none[i], text));
    }
}

/* Against the machine's own arithmetic, in units of 1/1000. */
static void test_random(void **state)
{
    uint64_t seed = 42;
    (void)state;
    for (int round = 0; round < 100000; round++) {
        char texts[3][40], text[MR_EXACT_TEXT], expected[40];
        int64_t number[3];
        struct mr_value v[3];
        for (int i = 0; i < 3; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            number[i] = (int64_t)(seed >> (8 + seed % 50)) * (seed % 2 == 0 ? 1 : -1);
            const int64_t abs = number[i] < 0 ? -number[i] : number[i];
            (void)snprintf(texts[i], sizeof texts[i], "%s%" PRId64 ".%03" PRId64,
                           number[i] < 0 ? "-" : "", abs / 1000, abs % 1000);
            v[i] = decimal(texts[i]);
        }
        const int64_t sum = number[0] + number[1] - number[2], abs = sum < 0 ? -sum : sum;
        int n = snprintf(expected, sizeof expected, "%s%" PRId64 ".%03" PRId64, sum < 0 ? "-" : "",
                         abs / 1000, abs % 1000);
        while (expected[n - 1] == '0')
            expected[--n] = '\0';
        if (expected[n - 1] == '.')
            expected[--n] = '\0';
        assert_true(mr_exact_sum(&v[0], &v[1], &v[2], text));
        assert_string_equal(text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
