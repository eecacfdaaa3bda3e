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

/* A cut stands between characters, and in front of an escape. */
static void test_long(void **state)
{
    static const char *const ends[] = {"\"}", "\xc3\xa4\"}", "\\n\"}"};
    (void)state;
    for (size_t i = 0; i < LEN(ends); i++) {
        struct mr_image_text text;
        struct mr_strbuf row = MR_STRBUF_INIT;
        mr_strbuf_add_str(&row, "{\"a\":\"");
        for (size_t n = 0; n < 399; n++)
            mr_strbuf_add_char(&row, 'x');
        for (size_t n = 0; n < MR_IMAGE_VALUE_MAX; n++)
            mr_strbuf_add(&row, ends[i], strlen(ends[i]) - 2);
        for (size_t n = 0; i == 0 && n < MR_IMAGE_VALUE_MAX; n++)
            mr_strbuf_add_char(&row, 'x');
        mr_strbuf_add_str(&row, "\"}");
        mr_image_text_init(&text, NULL);
        assert_int_equal(show(&text, row.ptr, "{\"a\":\"short\"}", NULL), MR_OK);
        assert_true(text.is_changed[0]);
        assert_false(text.is_changed[1]);
        assert_in_range(text.shown[0].len, 399, 480);
        assert_non_null(strstr(text.shown[0].ptr, i == 0 ? "xx\",\"bytes\":4495,\"same\":0}}"
                                                         : "x\",\"bytes\":8591,\"same\":0}}"));
        mr_image_text_release(&text);
        mr_strbuf_release(&row);
    }
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
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
