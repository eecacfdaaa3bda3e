/* test_reseed_value.c: margins, steps, and the ends of types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>

#include "repair/reseed/reseed_value.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define U64_MAX UINT64_MAX

static void test_round(void **state)
{
    static const struct {
        uint64_t from;
        struct mr_reseed_step step;
        uint64_t expected;
    } cases[] = {
        {1, {1, 1}, 1},
        {1000006, {1, 1}, 1000006},
        {100, {10, 3}, 103},
        {103, {10, 3}, 103},
        {104, {10, 3}, 113},
        {1, {10, 3}, 3},
        {3, {10, 3}, 3},
        {10, {2, 1}, 11},
        {10, {2, 2}, 10},
        {10, {5, 0}, 10},
        {11, {5, 0}, 15},
        {7, {5, 10}, 7}, /* an offset that the server ignores */
        {U64_MAX, {1, 1}, U64_MAX},
        {U64_MAX, {10, 5}, U64_MAX}, /* 2^64-1 is 5 + 10 k */
        {U64_MAX, {10, 3}, 0},
        {U64_MAX - 1, {10, 3}, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        assert_int_equal(mr_reseed_round(cases[i].from, cases[i].step), cases[i].expected);
}

static void test_value(void **state)
{
    static const struct {
        const char *what;
        uint64_t next, margin, limit;
        struct mr_reseed_step step;
        struct mr_reseed_value expected;
    } cases[] = {
        {"plenty",
         6,
         1000000,
         INT32_MAX,
         {1, 1},
         {1000000, 1000006, 1000006, false, true, INT32_MAX - 6}},
        {"exactly four times", 1, 10, 40, {1, 1}, {10, 11, 11, false, true, 39}},
        {"one less", 1, 10, 39, {1, 1}, {9, 10, 10, true, true, 38}},
        {"tinyint", 101, 1000000, 127, {1, 1}, {6, 107, 107, true, true, 26}},
        {"a quarter is one", 124, 1000000, 127, {1, 1}, {1, 125, 125, true, true, 3}},
        {"a quarter is nothing, the margin fits",
         126,
         1,
         127,
         {1, 1},
         {1, 127, 127, false, true, 1}},
        {"a quarter is nothing", 125, 1000000, 127, {1, 1}, {1000000, 0, 0, false, false, 2}},
        {"the last value", 127, 1, 127, {1, 1}, {1, 0, 0, false, false, 0}},
        {"full", 128, 1, 127, {1, 1}, {0, 0, 0, false, false, 0}},
        {"above 64 bits", 0, 1, U64_MAX, {1, 1}, {0, 0, 0, false, false, 0}},
        {"steps",
         4,
         1000000,
         INT32_MAX,
         {10, 3},
         {1000000, 1000004, 1000013, false, true, INT32_MAX - 8}},
        {"a step beyond the end", 100, 20, 127, {100, 1}, {0, 0, 0, false, false, 1}},
        {"no value of the step is left", 102, 1, 127, {100, 1}, {0, 0, 0, false, false, 0}},
        {"no end", 1, 1000, U64_MAX, {1, 1}, {1000, 1001, 1001, false, true, U64_MAX - 1}},
        {"near 2^64",
         UINT64_C(18446744073709551000),
         1000000,
         U64_MAX - 1,
         {1, 1},
         {153, UINT64_C(18446744073709551153), UINT64_C(18446744073709551153), true, true, 614}},
        {"near 2^63",
         INT64_MAX - 10,
         1000000,
         INT64_MAX,
         {1, 1},
         {2, INT64_MAX - 8, INT64_MAX - 8, true, true, 10}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_reseed_value got =
            mr_reseed_value(cases[i].next, cases[i].margin, cases[i].limit, cases[i].step);
        const struct mr_reseed_value *want = &cases[i].expected;
        if (got.fits != want->fits || got.greatest_margin != want->greatest_margin ||
            (want->fits && (got.margin != want->margin || got.to != want->to ||
                            got.reseed_to != want->reseed_to || got.cut != want->cut)))
            fail_msg("%s: fits %d margin %" PRIu64 " to %" PRIu64 " reseed_to %" PRIu64
                     " cut %d greatest %" PRIu64,
                     cases[i].what, got.fits, got.margin, got.to, got.reseed_to, got.cut,
                     got.greatest_margin);
    }
}

static void test_column_limit(void **state)
{
    static const struct {
        const char *type, *data_type;
        enum mr_class cls;
        bool is_unsigned;
        uint64_t expected;
    } cases[] = {
        {"tinyint(4)", "tinyint", MR_CLASS_INT, false, 127},
        {"tinyint(3) unsigned", "tinyint", MR_CLASS_UINT, true, 255},
        {"smallint", "smallint", MR_CLASS_INT, false, 32767},
        {"mediumint unsigned", "mediumint", MR_CLASS_UINT, true, 16777215},
        {"int", "int", MR_CLASS_INT, false, 2147483647},
        {"int unsigned", "int", MR_CLASS_UINT, true, 4294967295},
        {"bigint", "bigint", MR_CLASS_INT, false, INT64_MAX},
        {"bigint unsigned", "bigint", MR_CLASS_UINT, true, U64_MAX - 1},
        {"float", "float", MR_CLASS_FLOAT, false, 16777216},
        {"double", "double", MR_CLASS_DOUBLE, false, UINT64_C(9007199254740992)},
        {"decimal(10,2)", "decimal", MR_CLASS_DECIMAL, false, 99999999},
        {"decimal(65,0)", "decimal", MR_CLASS_DECIMAL, false, U64_MAX - 1},
        {"decimal(2,2)", "decimal", MR_CLASS_DECIMAL, false, 0},
        {"varchar(8)", "varchar", MR_CLASS_TEXT, false, 99999999},
        {"varchar(200)", "varchar", MR_CLASS_TEXT, false, U64_MAX - 1},
        {"char(1)", "char", MR_CLASS_TEXT, false, 9},
        {"text", "text", MR_CLASS_TEXT, false, U64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_column column = {.name = "c",
                                         .type = cases[i].type,
                                         .data_type = cases[i].data_type,
                                         .cls = cases[i].cls,
                                         .is_unsigned = cases[i].is_unsigned};
        if (mr_reseed_column_limit(&column) != cases[i].expected)
            fail_msg("%s: %" PRIu64, cases[i].type, mr_reseed_column_limit(&column));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_column_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
