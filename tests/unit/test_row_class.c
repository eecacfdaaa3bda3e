/* test_row_class.c: classes of values by name, and what they have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/row/row_class.h"

static const struct line {
    enum mr_class cls;
    const char *word;
    bool integer, number, charset, text, bytes, moment;
} lines[] = {
    {MR_CLASS_UNDECIDED, "", 0, 0, 0, 0, 0, 0},
    {MR_CLASS_NULL, "", 0, 0, 0, 0, 0, 0},
    {MR_CLASS_INT, "int", 1, 1, 0, 0, 0, 0},
    {MR_CLASS_UINT, "uint", 1, 1, 0, 0, 0, 0},
    {MR_CLASS_FLOAT, "float", 0, 1, 0, 0, 0, 0},
    {MR_CLASS_DOUBLE, "double", 0, 1, 0, 0, 0, 0},
    {MR_CLASS_DECIMAL, "decimal", 0, 1, 0, 0, 0, 0},
    {MR_CLASS_TEXT, "text", 0, 0, 1, 1, 0, 0},
    {MR_CLASS_ENUM, "enum", 0, 0, 1, 1, 0, 0},
    {MR_CLASS_BINARY, "binary", 0, 0, 0, 0, 1, 0},
    {MR_CLASS_GEOMETRY, "geometry", 0, 0, 0, 0, 1, 0},
    {MR_CLASS_JSON, "json", 0, 0, 0, 1, 0, 0},
    {MR_CLASS_DATE, "date", 0, 0, 0, 0, 0, 1},
    {MR_CLASS_DATETIME, "datetime", 0, 0, 0, 0, 0, 1},
    {MR_CLASS_TIME, "time", 0, 0, 0, 0, 0, 0},
};

static void test_every_class(void **state)
{
    (void)state;
    assert_int_equal(sizeof lines / sizeof lines[0], MR_CLASSES);
    for (size_t i = 0; i < MR_CLASSES; i++) {
        const struct line *l = &lines[i];
        assert_string_equal(mr_row_class_word(l->cls), l->word);
        assert_int_equal(mr_class_is_integer(l->cls), l->integer);
        assert_int_equal(mr_class_is_number(l->cls), l->number);
        assert_int_equal(mr_class_has_charset(l->cls), l->charset);
        assert_int_equal(mr_class_is_text(l->cls), l->text);
        assert_int_equal(mr_class_is_bytes(l->cls), l->bytes);
        assert_int_equal(mr_class_is_moment(l->cls), l->moment);
        if (l->word[0] != '\0')
            assert_int_equal(mr_row_class_of_word(l->word), l->cls);
    }
    assert_int_equal(mr_row_class_of_word(""), MR_CLASS_UNDECIDED);
    assert_int_equal(mr_row_class_of_word("Int"), MR_CLASS_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_class)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
