/* test_suspect_tally.c: which values are numbers, and what is counted of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/pair/suspect_tally.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct mr_value text(enum mr_class cls, const char *str)
{
    return (struct mr_value){.cls = cls, .ptr = str, .len = strlen(str)};
}

static void test_numbers(void **state)
{
    static const struct {
        enum mr_class cls;
        const char *text;
        bool is;
        uint64_t n;
    } cases[] = {
        {MR_CLASS_TEXT, "42", true, 42},
        {MR_CLASS_TEXT, "0", true, 0},
        {MR_CLASS_TEXT, "18446744073709551615", true, UINT64_MAX},
        {MR_CLASS_TEXT, "18446744073709551616", false, 0},
        {MR_CLASS_TEXT, "042", false, 0},
        {MR_CLASS_TEXT, "5abc", false, 0},
        {MR_CLASS_TEXT, " 5", false, 0},
        {MR_CLASS_TEXT, "5 ", false, 0},
        {MR_CLASS_TEXT, "+5", false, 0},
        {MR_CLASS_TEXT, "-5", false, 0},
        {MR_CLASS_TEXT, "5.0", false, 0},
        {MR_CLASS_TEXT, "", false, 0},
        {MR_CLASS_DECIMAL, "5.00", true, 5},
        {MR_CLASS_DECIMAL, "5.01", false, 0},
        {MR_CLASS_DECIMAL, "5", true, 5},
        {MR_CLASS_DECIMAL, "-5", false, 0},
        {MR_CLASS_BINARY, "5", false, 0},
        {MR_CLASS_JSON, "5", false, 0},
    };
    struct mr_value value = {.cls = MR_CLASS_INT, .i = -1};
    uint64_t n;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_value v = text(cases[i].cls, cases[i].text);
        bool is = mr_suspect_number(&v, &n);
        if (is != cases[i].is || (is && n != cases[i].n))
            fail_msg("\"%s\"", cases[i].text);
    }
    assert_false(mr_suspect_number(&value, &n));
    value.i = INT64_MAX;
    assert_true(mr_suspect_number(&value, &n) && n == INT64_MAX);
    value = (struct mr_value){.cls = MR_CLASS_UINT, .u = UINT64_MAX};
    assert_true(mr_suspect_number(&value, &n) && n == UINT64_MAX);
}

static const uint64_t ids[] = {100, 101, 105};
static const struct mr_suspect_parent parent = {ids, LEN(ids), 110};

static void add(struct mr_suspect_tally *tally, uint64_t n)
{
    const struct mr_value value = {.cls = MR_CLASS_UINT, .u = n};
    mr_suspect_tally_add(tally, &value, &parent, 1);
}

static void test_counts(void **state)
{
    struct mr_suspect_tally tally = {0};
    struct mr_suspect_facts facts = {0};
    uint64_t hits = 0, others[MR_SUSPECT_DISTINCT];
    const struct mr_value null = {.cls = MR_CLASS_NULL};
    (void)state;
    tally.hits = &hits;
    mr_suspect_tally_add(&tally, &null, &parent, 1);
    assert_int_equal(tally.values, 0);
    add(&tally, 7);
    add(&tally, 100);
    add(&tally, 100);
    add(&tally, 105);
    add(&tally, 108);
    assert_int_equal(hits, 3);
    assert_int_equal(mr_suspect_tally_others(&tally, &parent, others), 1);
    assert_int_equal(others[0], 108);
    mr_suspect_tally_facts(&tally, &parent, hits, 1, &facts);
    assert_true(facts.only_numbers);
    assert_int_equal(facts.values, 5);
    assert_int_equal(facts.distinct, 4);
    assert_int_equal(facts.least, 7);
    assert_int_equal(facts.greatest, 108);
    assert_int_equal(facts.above, 3);
    assert_int_equal(facts.outside, 0);
    mr_suspect_tally_facts(&tally, &parent, hits, 0, &facts);
    assert_int_equal(facts.outside, 1);
    const struct mr_value word = text(MR_CLASS_TEXT, "word");
    mr_suspect_tally_add(&tally, &word, &parent, 1);
    mr_suspect_tally_facts(&tally, &parent, hits, 1, &facts);
    assert_false(facts.only_numbers);
}

/* Hits are exact beyond what is told apart, and what is beyond the greatest key is none. */
static void test_many(void **state)
{
    struct mr_suspect_tally tally = {0};
    struct mr_suspect_facts facts = {0};
    uint64_t hits = 0;
    (void)state;
    tally.hits = &hits;
    for (uint64_t n = 1000; n < 9000; n++)
        add(&tally, n);
    add(&tally, 101);
    add(&tally, UINT64_MAX);
    assert_int_equal(tally.distinct, MR_SUSPECT_DISTINCT);
    assert_int_equal(hits, 1);
    mr_suspect_tally_facts(&tally, &parent, hits, MR_SUSPECT_DISTINCT, &facts);
    assert_int_equal(facts.outside, 1);
    assert_true(facts.greatest == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
