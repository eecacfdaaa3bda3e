/* test_column_default.c: what a column holds where nobody gave a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/schema/column_default.h"

static void literals(void **state)
{
    static const struct {
        const char *stated, *literal; /* NULL: it has none */
    } cases[] = {{NULL, NULL},         {"0", "0"},
                 {"-1.50", "-1.50"},   {"1e3", "1e3"},
                 {"''", ""},           {"'new'", "new"},
                 {"'it''s'", "it's"},  {"'''", "'"},
                 {"'", NULL},          {"current_timestamp()", NULL},
                 {"'a\\\\b'", "a\\b"}, {"'2020-01-01' + interval 1 day", NULL},
                 {"uuid()", NULL},     {"NULL", NULL}};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_column column = {.default_text = cases[i].stated};
        bool is = mr_column_default_literal(&column, &text);
        assert_int_equal(is, cases[i].literal != NULL);
        if (is)
            assert_string_equal(text.len > 0 ? text.ptr : "", cases[i].literal);
    }
    mr_strbuf_release(&text);
}

static struct mr_value text_value(enum mr_class cls, const char *text)
{
    return (struct mr_value){.cls = cls, .ptr = text, .len = strlen(text)};
}

static void held(void **state)
{
    const struct mr_column none = {.cls = MR_CLASS_TEXT},
                           word = {.cls = MR_CLASS_TEXT, .default_text = "'it''s'"},
                           number = {.cls = MR_CLASS_INT, .default_text = "7"},
                           real = {.cls = MR_CLASS_DOUBLE, .default_text = "1.50"},
                           money = {.cls = MR_CLASS_DECIMAL, .default_text = "0"},
                           padded = {.cls = MR_CLASS_BINARY,
                                     .data_type = "binary",
                                     .default_text = "'ab'"},
                           any = {.cls = MR_CLASS_BINARY,
                                  .data_type = "varbinary",
                                  .default_text = "'ab\\0'"},
                           bits = {.cls = MR_CLASS_UINT, .default_text = "b'111'"};
    const struct mr_value null = {.cls = MR_CLASS_NULL}, seven = {.cls = MR_CLASS_INT, .i = 7},
                          eight = {.cls = MR_CLASS_INT, .i = 8},
                          half = {.cls = MR_CLASS_DOUBLE, .d = 1.5},
                          length = {.cls = MR_CLASS_TEXT, .len = 4};
    struct mr_value its = text_value(MR_CLASS_TEXT, "it's"), empty = text_value(MR_CLASS_TEXT, "");
    (void)state;
    assert_true(mr_column_holds_default(&none, &null));
    assert_false(mr_column_holds_default(&none, &empty));
    assert_true(mr_column_holds_default(&word, &its));
    assert_false(mr_column_holds_default(&word, &empty));
    assert_false(mr_column_holds_default(&word, &length));
    assert_true(mr_column_holds_default(&number, &seven));
    assert_false(mr_column_holds_default(&number, &eight));
    assert_true(mr_column_holds_default(&real, &half));
    const struct mr_value more = {.cls = MR_CLASS_UINT, .u = 8},
                          all = {.cls = MR_CLASS_UINT, .u = 7};
    struct mr_value byte = text_value(MR_CLASS_BINARY, "\7");
    assert_true(mr_column_holds_default(&bits, &all));
    assert_true(mr_column_holds_default(&bits, &byte));
    const struct mr_value zero = text_value(MR_CLASS_DECIMAL, "0.00"),
                          cent = text_value(MR_CLASS_DECIMAL, "0.01"),
                          ab = {.cls = MR_CLASS_BINARY, .ptr = "ab\0", .len = 3},
                          a = {.cls = MR_CLASS_BINARY, .ptr = "a\0\0", .len = 3};
    assert_true(mr_column_holds_default(&money, &zero));
    assert_false(mr_column_holds_default(&money, &cent));
    assert_true(mr_column_holds_default(&padded, &ab));
    assert_true(mr_column_holds_default(&any, &ab));
    assert_false(mr_column_holds_default(&padded, &a));
    assert_false(mr_column_holds_default(&any, &a));
    assert_false(mr_column_holds_default(&bits, &more));
}

static void fixed(void **state)
{
    static const struct {
        struct mr_column column;
        bool fixed;
    } rows[] = {
        {{.nullable = true}, true},
        {{.nullable = false}, false},
        {{.default_text = "'a'"}, true},
        {{.default_text = "-1.5e3"}, true},
        {{.default_text = "b'0'"}, true},
        {{.default_text = "current_timestamp()"}, false},
        {{.default_text = "0", .on_update = "current_timestamp()"}, false},
        {{.nullable = true, .on_update = "current_timestamp()"}, false},
        {{.nullable = true, .generated = true}, false},
        {{.nullable = true, .auto_increment = true}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mr_column_default_is_fixed(&rows[i].column) != rows[i].fixed)
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),
        cmocka_unit_test(held),
        cmocka_unit_test(fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
