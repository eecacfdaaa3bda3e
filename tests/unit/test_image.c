/* test_image.c: stored row images, value by value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "core/case/image.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void add(struct mr_strbuf *out, enum mr_class cls, const char *text)
{
    struct mr_value value = {.cls = text != NULL ? cls : MR_CLASS_NULL, .ptr = text, .len = 0};
    if (text != NULL)
        value.len = strlen(text);
    assert_int_equal(mr_row_encode(out, &value, NULL), MR_OK);
}

static void test_open(void **state)
{
    struct mr_image image;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct mr_value value;
    struct mr_err err = {0};
    (void)state;
    mr_image_init(&image);
    assert_int_equal(mr_image_open(&image, NULL, 0, &err), MR_OK);
    assert_false(mr_image_is_row(&image));
    case_encode(&bytes, "7/ann/NULL");
    assert_int_equal(mr_image_open(&image, bytes.ptr, bytes.len, &err), MR_OK);
    assert_true(mr_image_is_row(&image));
    assert_int_equal(mr_image_value(&image, 2, &value, &err), MR_OK);
    assert_int_equal(value.cls, MR_CLASS_NULL);
    assert_int_equal(mr_image_value(&image, 1, &value, &err), MR_OK);
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.ptr, "ann", 3);
    assert_int_equal(mr_image_value(&image, 0, &value, &err), MR_OK);
    assert_int_equal(value.i, 7);
    assert_int_equal(mr_image_value(&image, 3, &value, &err), MR_E_CASE);
    /* cut anywhere but between values it is no image */
    for (size_t len = 1; len < bytes.len; len++) {
        bool between = len == 10 || len == bytes.len - 1;
        assert_int_equal(mr_image_open(&image, bytes.ptr, len, &err), between ? MR_OK : MR_E_CASE);
    }
    mr_image_release(&image);
    mr_strbuf_release(&bytes);
}

static void test_differs(void **state)
{
    static const struct {
        enum mr_class cls;
        const char *a, *b;           /* the column's values, NULL for NULL */
        const char *a_flag, *b_flag; /* a value behind it that tells more, or NULL */
        bool normalise, differs;
    } cases[] = {
        {MR_CLASS_TEXT, "a", "a", NULL, NULL, false, false},
        {MR_CLASS_TEXT, "a", "A", NULL, NULL, false, true},
        {MR_CLASS_TEXT, "", NULL, NULL, NULL, false, true},
        {MR_CLASS_TEXT, "NULL", NULL, NULL, NULL, false, true},
        {MR_CLASS_TEXT, NULL, NULL, NULL, NULL, false, false},
        {MR_CLASS_JSON, "[1, 2]", "[1,2]", NULL, NULL, false, true},
        {MR_CLASS_JSON, "[1, 2]", "[1,2]", NULL, NULL, true, false},
        {MR_CLASS_JSON, "[1, 2]", "[2,1]", NULL, NULL, true, true},
        {MR_CLASS_JSON, "null", NULL, NULL, NULL, true, true},
        {MR_CLASS_JSON, NULL, NULL, NULL, NULL, true, false},
        {MR_CLASS_JSON, "no json", "no  json", NULL, NULL, true, true},
        {MR_CLASS_ENUM, "", "", "0", "0", false, false},
        {MR_CLASS_ENUM, "", "", "0", "1", false, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        struct mr_image x, y;
        struct mr_find_column column = {.flag_at = cases[i].a_flag != NULL ? 2 : -1,
                                        .normalise = cases[i].normalise};
        add(&a, MR_CLASS_TEXT, "in front");
        add(&a, cases[i].cls, cases[i].a);
        add(&a, MR_CLASS_TEXT, cases[i].a_flag);
        add(&b, MR_CLASS_TEXT, "in  front");
        add(&b, cases[i].cls, cases[i].b);
        add(&b, MR_CLASS_TEXT, cases[i].b_flag);
        mr_image_init(&x);
        mr_image_init(&y);
        assert_int_equal(mr_image_open(&x, a.ptr, a.len, NULL), MR_OK);
        assert_int_equal(mr_image_open(&y, b.ptr, b.len, NULL), MR_OK);
        assert_int_equal(mr_image_differs(&x, &y, 1, &column), cases[i].differs);
        assert_int_equal(mr_image_differs(&y, &x, 1, &column), cases[i].differs);
        mr_image_release(&x);
        mr_image_release(&y);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

/* Keys and identities come in their own order, and show what people see. */
static void test_json(void **state)
{
    struct mr_find_column columns[] = {
        {.name = "a", .style = {MR_CLASS_TEXT, 0}, .show_at = 3, .key_at = 1, .identity_at = -1},
        {.name = "b", .style = {MR_CLASS_TEXT, 0}, .show_at = 1, .key_at = 0, .identity_at = 0},
        {.name = "c", .style = {MR_CLASS_TEXT, 0}, .show_at = 2, .key_at = -1, .identity_at = -1}};
    static const struct {
        enum mr_image_part part;
        const char *json;
    } cases[] = {{MR_IMAGE_ROW, "{\"a\":\"shown\",\"b\":\"two\",\"c\":null}"},
                 {MR_IMAGE_KEY, "{\"b\":\"two\",\"a\":\"shown\"}"},
                 {MR_IMAGE_IDENTITY, "{\"b\":\"two\"}"}};
    struct mr_find_table table = {.columns = columns, .ncolumns = LEN(columns)};
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct mr_image image, none;
    (void)state;
    add(&bytes, MR_CLASS_TEXT, "raw");
    add(&bytes, MR_CLASS_TEXT, "two");
    add(&bytes, MR_CLASS_TEXT, NULL);
    add(&bytes, MR_CLASS_TEXT, "shown");
    mr_image_init(&image);
    mr_image_init(&none);
    assert_int_equal(mr_image_open(&image, bytes.ptr, bytes.len, NULL), MR_OK);
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_jsonw w;
        mr_jsonw_init_buf(&w, &out);
        mr_jsonw_array_begin(&w);
        assert_int_equal(mr_image_to_json(&image, &table, cases[i].part, &w, NULL), MR_OK);
        assert_int_equal(mr_image_to_json(&none, &table, cases[i].part, &w, NULL), MR_OK);
        mr_jsonw_array_end(&w);
        assert_int_equal(mr_jsonw_finish(&w, "memory", NULL), MR_OK);
        mr_jsonw_release(&w);
        assert_int_equal(out.ptr[0], '[');
        assert_memory_equal(out.ptr + 1, cases[i].json, strlen(cases[i].json));
        assert_string_equal(out.ptr + 1 + strlen(cases[i].json), ",null]");
        mr_strbuf_release(&out);
    }
    mr_image_release(&none);
    mr_image_release(&image);
    mr_strbuf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_differs),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
