/* test_name_range.c: names that stand for many, what they expand to, and which are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/name_range.h"

static void test_expands(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
        uint64_t count;
        const char *first, *last, *last_value;
    } table[] = {
        {"shop", "db", 1, "shop", "shop", "db"},
        {"", "", 1, "", "", ""},
        {"s-{00..15}", "db{}", 16, "s-00", "s-15", "db15"},
        {"s{9..10}", "{}", 2, "s9", "s10", "10"},
        {"s{08..101}.x", "a{}b{}c", 94, "s08.x", "s101.x", "a101b101c"},
        {"{7..7}", "no number", 1, "7", "7", "no number"},
        {"{000..1}", "{}{}", 2, "000", "001", "001001"},
        {"{0..999999999}", "{}", 1000000000, "0", "999999999", "999999999"},
        {"s{1..2}", "a}{b}{", 2, "s1", "s2", "a}{b}{"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_name_range range;
        struct mr_strbuf text = MR_STRBUF_INIT;
        assert_null(mr_name_range_read(table[i].text, &range));
        assert_int_equal(mr_name_range_count(&range), table[i].count);
        mr_name_range_name(&range, 0, &text);
        assert_string_equal(text.ptr, table[i].first);
        mr_strbuf_reset(&text);
        mr_name_range_name(&range, (uint32_t)(table[i].count - 1), &text);
        assert_string_equal(text.ptr, table[i].last);
        mr_strbuf_reset(&text);
        assert_true(
            mr_name_range_value(&range, (uint32_t)(table[i].count - 1), table[i].value, &text));
        assert_string_equal(text.ptr, table[i].last_value);
        mr_strbuf_release(&text);
    }
}

static void test_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } table[] = {
        {"s}", "a brace } that none opens"},
        {"s{", "braces that hold no range of numbers"},
        {"s{}", "braces that hold no range of numbers"},
        {"s{1}", "braces that hold no range of numbers"},
        {"s{1..", "braces that hold no range of numbers"},
        {"s{1..2", "braces that hold no range of numbers"},
        {"s{1...2}", "braces that hold no range of numbers"},
        {"s{1.2}", "braces that hold no range of numbers"},
        {"s{a..b}", "braces that hold no range of numbers"},
        {"s{1..b}", "braces that hold no range of numbers"},
        {"s{-1..2}", "braces that hold no range of numbers"},
        {"s{1, 2}", "braces that hold no range of numbers"},
        {"s{1..1000000000}", "braces that hold no range of numbers"},
        {"s{4294967297..4294967298}", "braces that hold no range of numbers"},
        {"s{2..1}", "a range whose first number is above its last"},
        {"s{1..2}-{1..2}", "more than one pair of braces"},
        {"s{1..2}}", "more than one pair of braces"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_name_range range;
        const char *why = mr_name_range_read(table[i].text, &range);
        assert_non_null(why);
        assert_string_equal(why, table[i].why);
    }
}

/* {} that nothing stands for must not reach a server as two letters of its name. */
static void test_value_without_range(void **state)
{
    (void)state;
    struct mr_name_range range;
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_null(mr_name_range_read("shop", &range));
    assert_false(mr_name_range_value(&range, 0, "db{}", &text));
    mr_strbuf_reset(&text);
    assert_true(mr_name_range_value(&range, 0, "db{x}", &text));
    assert_string_equal(text.ptr, "db{x}");
    mr_strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expands),
        cmocka_unit_test(test_is_none),
        cmocka_unit_test(test_value_without_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
