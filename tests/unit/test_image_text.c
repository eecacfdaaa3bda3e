/* test_image_text.c: rows as a page shows them: what is masked stays masked, what is long is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "repair/plan/image_text.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define DOTS "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"

static struct mr_csv_field field_of(const char *text)
{
    return (struct mr_csv_field){text, strlen(text)};
}

static enum mr_code show(struct mr_image_text *text, const char *source, const char *target,
                         struct mr_err *err)
{
    const struct mr_csv_field images[MR_IMAGES] = {field_of(source), field_of(target), field_of(""),
                                                   field_of("")};
    return mr_image_text_show(text, images, err);
}

static void test_shown(void **state)
{
    static const char *const names[] = {"mobile", "a\"b\\"};
    static const struct mr_string_list masked = {.items = (const char **)(uintptr_t)names,
                                                 .count = LEN(names)};
    static const struct {
        const char *source, *target, *shown; /* of target */
        bool changed;
    } cases[] = {
        {"{}", "{\"id\":\"1\",\"note\":null,\"b\":{\"hex\":\"00,}ff\"}}",
         "{\"id\":\"1\",\"note\":null,\"b\":{\"hex\":\"00,}ff\"}}", false},
        {"{\"mobile\":\"+491701234567\"}", "{\"id\":\"1\",\"mobile\":\"+491701234567\"}",
         "{\"id\":\"1\",\"mobile\":{\"mask\":\"+49" DOTS "67\",\"same\":0}}", true},
        {"{\"mobile\":\"+491701234567\"}", "{\"mobile\":\"+491709994567\"}",
         "{\"mobile\":{\"mask\":\"+49" DOTS "67\",\"same\":1}}", true},
        {"{\"mobile\":null}", "{\"mobile\":null}", "{\"mobile\":null}", false},
        /* a name that JSON escapes */
        {"{}", "{\"a\\\"b\\\\\":\"secret word\"}",
         "{\"a\\\"b\\\\\":{\"mask\":\"s" DOTS "\",\"same\":1}}", true},
        {"{}", "{\"x\":\"a\\\"b}\",\"y\":\"\\\\\"}", "{\"x\":\"a\\\"b}\",\"y\":\"\\\\\"}", false},
        {"", "{}", "{}", false},
        {"{}", "", "", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_image_text text;
        mr_image_text_init(&text, &masked);
        assert_int_equal(show(&text, cases[i].source, cases[i].target, NULL), MR_OK);
        assert_string_equal(text.shown[1].ptr != NULL ? text.shown[1].ptr : "", cases[i].shown);
        assert_int_equal(text.is_changed[1], cases[i].changed);
        mr_image_text_release(&text);
    }
}

/* {"a":"x…x" and what is to follow, so many times */
static void fill_row(struct mr_strbuf *row, size_t xs, const char *then, size_t times,
                     const char *end)
{
    mr_strbuf_add_str(row, "{\"a\":\"");
    for (size_t n = 0; n < xs; n++)
        mr_strbuf_add_char(row, 'x');
    for (size_t n = 0; n < times; n++)
        mr_strbuf_add_str(row, then);
    mr_strbuf_add_str(row, end);
    assert_false(row->failed);
}

/* A cut stands between characters, and an escape is one. */
static void test_long(void **state)
{
    static const struct {
        size_t xs;
        const char *then;
        const char *shown; /* how it ends */
    } cases[] = {
        {399, "x", "xx\",\"bytes\":4495,\"same\":0}}"},
        {399, "\xc3\xa4", "x\",\"bytes\":8591,\"same\":0}}"},
        {399, "\\n", "x\\n\",\"bytes\":4495,\"same\":0}}"},
        {399, "\\ud83d\\ude00", "xx\",\"bytes\":16783,\"same\":0}}"},
        /* the first of many escapes is not where it ends */
        {0, "\\\"", "\\\"\\\"\",\"bytes\":4096,\"same\":0}}"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_image_text text;
        struct mr_strbuf row = MR_STRBUF_INIT;
        fill_row(&row, cases[i].xs, cases[i].then, MR_IMAGE_VALUE_MAX, "\"}");
        mr_image_text_init(&text, NULL);
        assert_int_equal(show(&text, row.ptr, "{\"a\":\"short\"}", NULL), MR_OK);
        assert_true(text.is_changed[0]);
        assert_false(text.is_changed[1]);
        assert_in_range(text.shown[0].len, 399, 860);
        if (strstr(text.shown[0].ptr, cases[i].shown) == NULL)
            fail_msg("%zu: %s", i, text.shown[0].ptr);
        mr_image_text_release(&text);
        mr_strbuf_release(&row);
    }
}

/* Long values are shown from where they begin to differ on, also the one that is not long. */
static void test_differ_late(void **state)
{
    static const struct {
        size_t xs;
        const char *ends[2], *shown[2];
    } cases[] = {
        {5000,
         {"A\"}", "B\"}"},
         {"xA\",\"skipped\":4940,\"bytes\":5001,\"same\":0}}",
          "xB\",\"skipped\":4940,\"bytes\":5001,\"same\":1}}"}},
        {4096,
         {"\"}", "y\"}"},
         {"x\",\"skipped\":4036,\"bytes\":4096,\"same\":0}}",
          "xy\",\"skipped\":4036,\"bytes\":4097,\"same\":1}}"}},
        {5000,
         {"\"}", "\"}"},
         {"x\",\"bytes\":5000,\"same\":0}}", "x\",\"bytes\":5000,\"same\":0}}"}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_image_text text;
        struct mr_strbuf rows[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
        for (size_t side = 0; side < 2; side++)
            fill_row(&rows[side], cases[i].xs, "", 0, cases[i].ends[side]);
        mr_image_text_init(&text, NULL);
        assert_int_equal(show(&text, rows[0].ptr, rows[1].ptr, NULL), MR_OK);
        for (size_t side = 0; side < 2; side++) {
            if (strstr(text.shown[side].ptr, cases[i].shown[side]) == NULL)
                fail_msg("%zu, %zu: %s", i, side, text.shown[side].ptr);
            assert_in_range(text.shown[side].len, 60, 460);
            mr_strbuf_release(&rows[side]);
        }
        mr_image_text_release(&text);
    }
}

/* Of bytes whole ones; against a text they differ from the first on. */
static void test_long_bytes(void **state)
{
    static const struct {
        const char *other, *shown;
    } cases[] = {
        {"{\"a\":null}", "{\"a\":{\"hex\":\"0000"},
        {"{\"a\":\"0000\"}", "{\"a\":{\"hex\":\"0000"},
    };
    (void)state;
    struct mr_strbuf row = MR_STRBUF_INIT, other = MR_STRBUF_INIT;
    mr_strbuf_add_str(&row, "{\"a\":{\"hex\":\"");
    for (size_t n = 0; n < 2500; n++)
        mr_strbuf_add_str(&row, "00");
    mr_strbuf_add_str(&other, row.ptr);
    mr_strbuf_add_str(&row, "01\"}}");
    mr_strbuf_add_str(&other, "00\"}}");
    for (size_t i = 0; i <= LEN(cases); i++) {
        struct mr_image_text text;
        const bool late = i == LEN(cases);
        mr_image_text_init(&text, NULL);
        assert_int_equal(show(&text, row.ptr, late ? other.ptr : cases[i].other, NULL), MR_OK);
        const char *end = late ? "0001\",\"skipped\":2470,\"bytes\":2501,\"same\":0}}"
                               : "00\",\"bytes\":2501,\"same\":0}}";
        if (strstr(text.shown[0].ptr, end) == NULL ||
            (!late && strncmp(text.shown[0].ptr, cases[i].shown, strlen(cases[i].shown)) != 0))
            fail_msg("%zu: %s", i, text.shown[0].ptr);
        mr_image_text_release(&text);
    }
    mr_strbuf_release(&row);
    mr_strbuf_release(&other);
}

static void test_no_row(void **state)
{
    static const char *const texts[] = {
        "x",          "{",     "{\"a\"}",    "{\"a\":", "{\"a\":\"1}", "{\"a\":{}",
        "{\"a\":1,}", "{a:1}", "{\"a\":1}}", "{}x",     "[1]",         "{\"a\\\":1}"};
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        struct mr_image_text text;
        struct mr_err err = {0};
        mr_image_text_init(&text, NULL);
        if (show(&text, texts[i], "", &err) != MR_E_REFUSED)
            fail_msg("\"%s\" is a row: %s", texts[i], text.shown[0].ptr);
        assert_non_null(strstr(err.message, "is no row"));
        mr_image_text_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),       cmocka_unit_test(test_long),
        cmocka_unit_test(test_differ_late), cmocka_unit_test(test_long_bytes),
        cmocka_unit_test(test_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
