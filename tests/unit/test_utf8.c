/* test_utf8.c: decoding, validity, widths and showing of text that may be anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/utf8.h"

static void test_decode(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len, bytes;
        uint32_t code_point;
    } table[] = {
        {"a", 1, 1, 'a'},
        {"\0", 1, 1, 0},
        {"\x7F", 1, 1, 0x7F},
        {"\xC2\x80", 2, 2, 0x80},
        {"\xDF\xBF", 2, 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 3, 0x800},
        {"\xED\x9F\xBF", 3, 3, 0xD7FF},
        {"\xEE\x80\x80", 3, 3, 0xE000},
        {"\xEF\xBF\xBF", 3, 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF},
        {"\x80", 1, 1, MR_UTF8_INVALID},             /* continuation alone */
        {"\xC0\x80", 2, 1, MR_UTF8_INVALID},         /* overlong */
        {"\xC1\xBF", 2, 1, MR_UTF8_INVALID},         /* overlong */
        {"\xE0\x9F\xBF", 3, 1, MR_UTF8_INVALID},     /* overlong */
        {"\xF0\x8F\xBF\xBF", 4, 1, MR_UTF8_INVALID}, /* overlong */
        {"\xED\xA0\x80", 3, 1, MR_UTF8_INVALID},     /* surrogate */
        {"\xED\xBF\xBF", 3, 1, MR_UTF8_INVALID},     /* surrogate */
        {"\xF4\x90\x80\x80", 4, 1, MR_UTF8_INVALID}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 1, MR_UTF8_INVALID},
        {"\xFF", 1, 1, MR_UTF8_INVALID},
        {"\xC3", 1, 1, MR_UTF8_INVALID},     /* cut off */
        {"\xE2\x82", 2, 1, MR_UTF8_INVALID}, /* cut off */
        {"\xE2\x28\xA1", 3, 1, MR_UTF8_INVALID},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint32_t cp;
        assert_int_equal(mr_utf8_decode(table[i].text, table[i].len, &cp), table[i].bytes);
        assert_int_equal(cp, table[i].code_point);
        assert_int_equal(mr_utf8_is_valid(table[i].text, table[i].len),
                         table[i].code_point != MR_UTF8_INVALID);
    }
}

static size_t encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t bytes = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = bytes - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)((0xF00U >> bytes & 0xFF) | cp);
    return bytes;
}

/* Each code point comes back, and is never read beyond its end. */
static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        char text[4];
        uint32_t back;
        size_t bytes = encode(cp, text);
        if (mr_utf8_decode(text, bytes, &back) != bytes || back != cp)
            fail_msg("U+%04X", (unsigned)cp);
        if (bytes > 1 && mr_utf8_is_valid(text, bytes - 1))
            fail_msg("U+%04X cut off", (unsigned)cp);
    }
}

/* A bad byte is found at every distance from the words that are tested at once. */
static void test_valid_at_every_offset(void **state)
{
    (void)state;
    char text[40];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        assert_true(mr_utf8_is_valid(text, sizeof text));
        text[at] = (char)0xBF;
        assert_false(mr_utf8_is_valid(text, sizeof text));
        assert_true(mr_utf8_is_valid(text, at));
    }
    assert_true(mr_utf8_is_valid("", 0));
}

static void test_width_and_fit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width, columns, fits;
    } table[] = {
        {"", 0, 5, 0},
        {"abc", 3, 2, 2},
        {"abc", 3, 3, 3},
        {"\xC3\xA4\xC3\xB6", 2, 1, 2},
        {"e\xCC\x81x", 2, 1, 3},               /* a mark stays with its letter */
        {"\xE6\x97\xA5\xE6\x9C\xAC", 4, 3, 3}, /* half a wide character does not fit */
        {"\xF0\x9F\x98\x80!", 3, 2, 4},
        {"\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85", 4, 4, 8},
        {"\xFFz", 2, 1, 1},
        {"\xE2\x80\x8Bz", 1, 1, 4}, /* zero-width space */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t len = strlen(table[i].text);
        assert_int_equal(mr_utf8_width(table[i].text, len), table[i].width);
        assert_int_equal(mr_utf8_fit(table[i].text, len, table[i].columns), table[i].fits);
    }
}

static void test_show(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        bool quote_backslash;
        const char *shown;
    } table[] = {
        {"plain", 5, true, "plain"},
        {"a\nb\rc\td", 7, false, "a\\nb\\rc\\td"},
        {"a\\n", 3, true, "a\\\\n"},
        {"a\\n", 3, false, "a\\n"},
        {"\x1b[31m", 5, false, "\\x1b[31m"},
        {"\0\x7F", 2, false, "\\x00\\x7f"},
        {"\xFF\xC3", 2, false, "\\xff\\xc3"},
        {"\xC2\x9B", 2, false, "\\u{009b}"},     /* CSI in one character */
        {"\xE2\x80\xAE", 3, false, "\\u{202e}"}, /* right-to-left override */
        /* nothing is seen of them, and two values would look alike */
        {"a\xE2\x80\x8B", 4, false, "a\\u{200b}"},
        {"\xE2\x81\xA0\xE2\x81\xA4", 6, false, "\\u{2060}\\u{2064}"},
        {"\xC2\xAD", 2, false, "\\u{00ad}"},
        {"\xE3\x85\xA4", 3, false, "\\u{3164}"},
        {"\xF3\xA0\x81\xA1", 4, false, "\\u{e0061}"},
        /* scripts and emoji need the joiners */
        {"\xE2\x80\x8C\xE2\x80\x8D", 6, false, "\xE2\x80\x8C\xE2\x80\x8D"},
        {"\xC3\xA4\xF0\x9F\x98\x80", 6, true, "\xC3\xA4\xF0\x9F\x98\x80"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_utf8_show(&out, table[i].text, table[i].len, table[i].quote_backslash);
        assert_string_equal(out.ptr, table[i].shown);
        mr_strbuf_release(&out);
    }
}

static void test_show_word(void **state)
{
    static const struct {
        const char *text, *shown;
    } table[] = {
        {"", "''"},
        {"dir/a-1", "dir/a-1"},
        {"two words", "'two words'"},
        {"o'dd", "'o'\\''dd'"},
        {"a\x1b[2J", "'a\\x1b[2J'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_strbuf_add_str(&out, "run ");
        mr_utf8_show_word(&out, table[i].text);
        assert_string_equal(out.ptr + 4, table[i].shown);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_valid_at_every_offset),
        cmocka_unit_test(test_width_and_fit),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_show_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
