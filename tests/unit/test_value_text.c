/* test_value_text.c: values as text, as JSON, and on a screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/row/value_text.h"
#include "random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define BYTES(class, literal)                                                                      \
    {                                                                                              \
        .cls = (class), .ptr = (literal), .len = sizeof(literal) - 1                               \
    }

static void test_text(void **state)
{
    (void)state;
    static const struct {
        struct mr_value value;
        unsigned decimals;
        const char *text;
    } cases[] = {
        {{.cls = MR_CLASS_NULL}, 0, "NULL"},
        {{.cls = MR_CLASS_INT, .i = INT64_MIN}, 0, "-9223372036854775808"},
        {{.cls = MR_CLASS_UINT, .u = UINT64_MAX}, 0, "18446744073709551615"},
        {BYTES(MR_CLASS_DECIMAL, "1.10"), 0, "1.10"},
        {BYTES(MR_CLASS_TEXT, "a'b"), 0, "a'b"},
        {BYTES(MR_CLASS_BINARY, "\0\xff"), 0, "00ff"},
        {{.cls = MR_CLASS_TEXT}, 0, ""},
        {{.cls = MR_CLASS_DATE}, 0, "0000-00-00"},
        {{.cls = MR_CLASS_DATE, .t = {.year = 2024, .month = 2}}, 0, "2024-02-00"},
        {{.cls = MR_CLASS_DATETIME, .t = {2024, 4, 2, 12, 11, 5, 0, false}},
         0,
         "2024-04-02 12:11:05"},
        {{.cls = MR_CLASS_DATETIME, .t = {2024, 4, 2, 12, 11, 5, 120000, false}},
         3,
         "2024-04-02 12:11:05.120"},
        {{.cls = MR_CLASS_DATETIME, .t = {9999, 12, 31, 23, 59, 59, 999999, false}},
         0,
         "9999-12-31 23:59:59.999999"},
        {{.cls = MR_CLASS_TIME, .t = {.hour = 838, .minute = 59, .second = 59, .negative = true}},
         0,
         "-838:59:59"},
        {{.cls = MR_CLASS_TIME, .t = {.second = 1, .micros = 1}}, 6, "00:00:01.000001"},
        {{.cls = MR_CLASS_TIME, .t = {.micros = 500000}}, 1, "00:00:00.5"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_value_to_text(&out, &cases[i].value,
                         (struct mr_value_style){cases[i].value.cls, cases[i].decimals});
        assert_string_equal(out.ptr, cases[i].text);
        mr_strbuf_release(&out);
    }
}

/* As the servers' own clients write them, with all their digits. */
static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        double d;
        enum mr_class cls;
        const char *text;
    } cases[] = {
        {0.0, MR_CLASS_DOUBLE, "0"},
        {-0.0, MR_CLASS_DOUBLE, "0"},
        {0.1, MR_CLASS_DOUBLE, "0.1"},
        {0.1 + 0.2, MR_CLASS_DOUBLE, "0.30000000000000004"},
        {-1.0, MR_CLASS_DOUBLE, "-1"},
        {100.0, MR_CLASS_DOUBLE, "100"},
        {123456.75, MR_CLASS_DOUBLE, "123456.75"},
        {1e14, MR_CLASS_DOUBLE, "100000000000000"},
        {1e15, MR_CLASS_DOUBLE, "1e15"},
        {1.5e-7, MR_CLASS_DOUBLE, "0.00000015"},
        {1e-15, MR_CLASS_DOUBLE, "0.000000000000001"},
        {1e-16, MR_CLASS_DOUBLE, "1e-16"},
        {-1.25e-300, MR_CLASS_DOUBLE, "-1.25e-300"},
        {DBL_MAX, MR_CLASS_DOUBLE, "1.7976931348623157e308"},
        {DBL_MIN, MR_CLASS_DOUBLE, "2.2250738585072014e-308"},
        {4.9406564584124654e-324, MR_CLASS_DOUBLE, "5e-324"},
        {9007199254740993.0, MR_CLASS_DOUBLE, "9.007199254740992e15"},
        {(double)0.1F, MR_CLASS_FLOAT, "0.1"},
        {(double)0.1F, MR_CLASS_DOUBLE, "0.10000000149011612"},
        {0.1, MR_CLASS_FLOAT, "0.1"}, /* no float at all: shown as the double it is */
        {0.1 + 0.2, MR_CLASS_FLOAT, "0.30000000000000004"},
        {(double)16777216.0F, MR_CLASS_FLOAT, "16777216"},
        {(double)FLT_MAX, MR_CLASS_FLOAT, "3.4028235e38"},
        {(double)1.4e-45F, MR_CLASS_FLOAT, "1e-45"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_value value = {.cls = MR_CLASS_DOUBLE, .d = cases[i].d};
        mr_value_to_text(&out, &value, (struct mr_value_style){.cls = cases[i].cls});
        assert_string_equal(out.ptr, cases[i].text);
        mr_strbuf_release(&out);
    }
}

static void assert_reads_back(double d, bool is_float)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_value value = {.cls = MR_CLASS_DOUBLE, .d = d};
    enum mr_class cls = is_float ? MR_CLASS_FLOAT : MR_CLASS_DOUBLE;
    mr_value_to_text(&out, &value, (struct mr_value_style){.cls = cls});
    double back = is_float ? (double)strtof(out.ptr, NULL) : strtod(out.ptr, NULL);
    assert_memory_equal(&back, &d, sizeof d);
    mr_strbuf_release(&out);
}

static void test_doubles_read_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000 * random_seeds(); i++) {
        uint64_t bits = random_bits();
        uint32_t half = (uint32_t)(bits >> 32);
        double d;
        float f;
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &half, sizeof f);
        if (d - d == 0) /* finite */
            assert_reads_back(d, false);
        if (f - f == 0)
            assert_reads_back((double)f, true);
    }
}

static void test_json(void **state)
{
    (void)state;
    static const struct {
        struct mr_value value;
        const char *json;
    } cases[] = {
        {{.cls = MR_CLASS_NULL}, "null"},
        {{.cls = MR_CLASS_INT, .i = 4}, "\"4\""},
        {{.cls = MR_CLASS_UINT, .u = UINT64_MAX}, "\"18446744073709551615\""},
        {{.cls = MR_CLASS_DOUBLE, .d = 0.5}, "\"0.5\""},
        {BYTES(MR_CLASS_DECIMAL, "1.10"), "\"1.10\""},
        {BYTES(MR_CLASS_TEXT, "NULL"), "\"NULL\""},
        {{.cls = MR_CLASS_TEXT}, "\"\""},
        {BYTES(MR_CLASS_TEXT, "a\"\\\n\x01\x00z"), "\"a\\\"\\\\\\n\\u0001\\u0000z\""},
        {BYTES(MR_CLASS_TEXT, "日😀"), "\"日😀\""},
        {BYTES(MR_CLASS_TEXT, "\x81\xca"), "{\"hex\":\"81ca\"}"},
        {BYTES(MR_CLASS_ENUM, "\xff"), "{\"hex\":\"ff\"}"},
        {BYTES(MR_CLASS_JSON, "{\"a\":1}"), "\"{\\\"a\\\":1}\""},
        {BYTES(MR_CLASS_BINARY, "ab"), "{\"hex\":\"6162\"}"},
        {{.cls = MR_CLASS_BINARY}, "{\"hex\":\"\"}"},
        {BYTES(MR_CLASS_GEOMETRY, "\0\1"), "{\"hex\":\"0001\"}"},
        {{.cls = MR_CLASS_DATE, .t = {.year = 2024, .month = 4, .day = 2}}, "\"2024-04-02\""},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_strbuf_add_str(&out, "before ");
        mr_value_to_json(&out, &cases[i].value, (struct mr_value_style){0});
        assert_memory_equal(out.ptr, "before ", 7);
        assert_string_equal(out.ptr + 7, cases[i].json);
        mr_strbuf_release(&out);
    }
}

static void test_screen(void **state)
{
    (void)state;
    static const struct {
        struct mr_value value;
        size_t width;
        const char *text;
    } cases[] = {
        {{.cls = MR_CLASS_NULL}, 20, "NULL"},
        {BYTES(MR_CLASS_TEXT, "NULL"), 20, "'NULL'"},
        {{.cls = MR_CLASS_TEXT}, 20, "''"},
        {BYTES(MR_CLASS_TEXT, "it's\n\t\\\x1b[0m"), 40, "'it\\'s\\n\\t\\\\\\x1b[0m'"},
        {BYTES(MR_CLASS_TEXT, "a\0b"), 20, "'a\\0b'"},
        {BYTES(MR_CLASS_TEXT, "a\xff"), 20, "'a\\xff'"},
        {BYTES(MR_CLASS_TEXT, "abcdefghij"), 12, "'abcdefghij'"},
        {BYTES(MR_CLASS_TEXT, "abcdefghij"), 11, "'abcd…ghij'"},
        {BYTES(MR_CLASS_TEXT, "日本日本日本"), 14, "'日本日本日本'"},
        {BYTES(MR_CLASS_TEXT, "日本日本日本"), 13, "'日本…日本'"},
        {BYTES(MR_CLASS_TEXT, "\n\n\n\n\n\n"), 10, "'\\n…\\n\\n'"},
        {BYTES(MR_CLASS_BINARY, "\0\xff"), 20, "0x00ff"},
        {BYTES(MR_CLASS_BINARY, "abcdefgh"), 13, "0x6162…6768"},
        {{.cls = MR_CLASS_BINARY}, 20, "0x"},
        {{.cls = MR_CLASS_INT, .i = -5}, 20, "-5"},
        {{.cls = MR_CLASS_UINT, .u = UINT64_MAX}, 9, "1844…1615"},
        {{.cls = MR_CLASS_UINT, .u = UINT64_MAX}, 0, "184…1615"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_value_to_screen(&out, &cases[i].value, (struct mr_value_style){0}, cases[i].width);
        assert_string_equal(out.ptr, cases[i].text);
        mr_strbuf_release(&out);
    }
}

/* Whatever the bytes: valid UTF-8, no control character, no wider than asked for. */
/* What differs is seen, wherever in the value it lies. */
static void test_pair(void **state)
{
    (void)state;
    static const struct {
        struct mr_value a, b;
        size_t width;
        const char *a_text, *b_text;
    } cases[] = {
        {BYTES(MR_CLASS_TEXT, "abc"), BYTES(MR_CLASS_TEXT, "abd"), 11, "'abc'", "'abd'"},
        {BYTES(MR_CLASS_TEXT, "Xbcdefghijkl"), BYTES(MR_CLASS_TEXT, "Ybcdefghijkl"), 11,
         "'Xbcd…ijkl'", "'Ybcd…ijkl'"},
        {BYTES(MR_CLASS_TEXT, "0123456789abcdefghiXklmnopqrstuvwxyz"),
         BYTES(MR_CLASS_TEXT, "0123456789abcdefghiYklmnopqrstuvwxyz"), 24,
         "…'bcdefghiXk…qrstuvwxyz'", "…'bcdefghiYk…qrstuvwxyz'"},
        {BYTES(MR_CLASS_TEXT, "日日日日日日日日X日日日日日日日日"),
         BYTES(MR_CLASS_TEXT, "日日日日日日日日Y日日日日日日日日"), 20, "…'日日日X…日日日日'",
         "…'日日日Y…日日日日'"},
        {BYTES(MR_CLASS_TEXT, "aaaaaaaaaaaaaaaaaaaa"),
         BYTES(MR_CLASS_TEXT, "aaaaaaaaaaaaaaaaaaaaa"), 12, "…'aaaaaaaa'", "…'aaaaaaaaa'"},
        {BYTES(MR_CLASS_BINARY, "0123456789abcdefXhijklmnopqrstuv"),
         BYTES(MR_CLASS_BINARY, "0123456789abcdefYhijklmnopqrstuv"), 43, NULL, NULL},
        {{.cls = MR_CLASS_NULL}, BYTES(MR_CLASS_TEXT, "NULL"), 12, "NULL", "'NULL'"},
        {{.cls = MR_CLASS_UINT, .u = 5}, {.cls = MR_CLASS_UINT, .u = 6}, 12, "5", "6"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_strbuf_add_str(&b, "| ");
        mr_value_pair_to_screen(&a, &b, &cases[i].a, &cases[i].b, (struct mr_value_style){0},
                                cases[i].width);
        if (cases[i].b_text != NULL) {
            assert_string_equal(a.ptr, cases[i].a_text);
            assert_string_equal(b.ptr + 2, cases[i].b_text);
        }
        assert_string_not_equal(a.ptr, b.ptr + 2);
        assert_true(mr_utf8_width(a.ptr, a.len) <= cases[i].width);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

static void test_screen_is_safe(void **state)
{
    (void)state;
    static const char pieces[][5] = {"a",    "日", "😀", "\xf0\x9f", "\xe6",
                                     "\x80", "\n", "'", "\x1b",     "\xcc\x81"};
    for (unsigned round = 0; round < 500 * random_seeds(); round++) {
        struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
        for (uint64_t n = random_below(30); n > 0; n--)
            mr_strbuf_add_str(&in, pieces[random_below(LEN(pieces))]);
        size_t width = 8 + random_below(30);
        struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = in.ptr, .len = in.len};
        mr_value_to_screen(&out, &value, (struct mr_value_style){0}, width);
        assert_true(mr_utf8_is_valid(out.ptr, out.len));
        assert_true(mr_utf8_width(out.ptr, out.len) <= width);
        for (size_t i = 0; i < out.len; i++)
            assert_true((unsigned char)out.ptr[i] >= 0x20);
        mr_strbuf_release(&out);
        mr_strbuf_release(&in);
    }
}

/* A value that was not read must never look like an empty one. */
static void test_long_value_fails(void **state)
{
    (void)state;
    static const enum mr_class classes[] = {MR_CLASS_TEXT, MR_CLASS_ENUM, MR_CLASS_JSON,
                                            MR_CLASS_BINARY, MR_CLASS_GEOMETRY};
    typedef void render(struct mr_strbuf *, const struct mr_value *, struct mr_value_style);
    static render *const renders[] = {mr_value_to_text, mr_value_to_json};
    for (size_t i = 0; i < LEN(classes); i++) {
        struct mr_value value = {.cls = classes[i], .len = 100000};
        for (size_t r = 0; r < LEN(renders); r++) {
            struct mr_strbuf out = MR_STRBUF_INIT;
            renders[r](&out, &value, (struct mr_value_style){0});
            assert_true(out.failed);
            mr_strbuf_release(&out);
        }
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_value_to_screen(&out, &value, (struct mr_value_style){0}, 20);
        assert_true(out.failed);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_doubles_read_back),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_screen),
        cmocka_unit_test(test_pair),
        cmocka_unit_test(test_screen_is_safe),
        cmocka_unit_test(test_long_value_fails),
    };
    return cmocka_run_group_tests_name("value_text", tests, NULL, NULL);
}
