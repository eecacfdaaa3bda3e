/* test_column_rule.c: rules of columns: which they are for, and what comes of two values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/row/value_text.h"
#include "core/source/column_rule.h"

#define NUMBER(type_text, data, class)                                                             \
    {                                                                                              \
        .name = "c", .type = type_text, .data_type = data, .cls = class                            \
    }
#define UNSIGNED(type_text, data, class)                                                           \
    {                                                                                              \
        .name = "c", .type = type_text, .data_type = data, .cls = class, .is_unsigned = true       \
    }
#define TEXT_OF(set, order)                                                                        \
    {                                                                                              \
        .name = "c", .type = "varchar(9)", .data_type = "varchar", .cls = MR_CLASS_TEXT,           \
        .charset = set, .collation = order                                                         \
    }
#define SET_OF(members, set)                                                                       \
    {                                                                                              \
        .name = "c", .type = members, .data_type = "set", .cls = MR_CLASS_ENUM, .is_set = true,    \
        .charset = set                                                                             \
    }

static const struct mr_column tiny = NUMBER("tinyint", "tinyint", MR_CLASS_INT),
                              big = NUMBER("bigint", "bigint", MR_CLASS_INT),
                              ubig = UNSIGNED("bigint unsigned", "bigint", MR_CLASS_UINT),
                              money = NUMBER("decimal(6,2)", "decimal", MR_CLASS_DECIMAL),
                              umoney =
                                  UNSIGNED("decimal(6,2) unsigned", "decimal", MR_CLASS_DECIMAL),
                              widest = NUMBER("decimal(65,30)", "decimal", MR_CLASS_DECIMAL),
                              real = NUMBER("double", "double", MR_CLASS_DOUBLE),
                              year = UNSIGNED("year", "year", MR_CLASS_UINT),
                              bits = NUMBER("bit(8)", "bit", MR_CLASS_UINT),
                              day = NUMBER("date", "date", MR_CLASS_DATE),
                              moment = NUMBER("datetime(6)", "datetime", MR_CLASS_DATETIME),
                              span = NUMBER("time", "time", MR_CLASS_TIME),
                              blob = NUMBER("blob", "blob", MR_CLASS_BINARY),
                              bytes = NUMBER("varbinary(9)", "varbinary", MR_CLASS_BINARY),
                              vector = NUMBER("vector(3)", "vector", MR_CLASS_BINARY),
                              place = NUMBER("point", "point", MR_CLASS_GEOMETRY),
                              text_ci = TEXT_OF("utf8mb4", "utf8mb4_general_ci"),
                              text_bin = TEXT_OF("utf8mb4", "utf8mb4_bin"),
                              text_0900 = TEXT_OF("utf8mb4", "utf8mb4_0900_bin"),
                              text_nopad = TEXT_OF("latin1", "latin1_nopad_bin"),
                              text_utf16 = TEXT_OF("utf16", "utf16_bin"),
                              text_sjis = TEXT_OF("sjis", "sjis_bin"),
                              text_ascii = TEXT_OF("ascii", "ascii_bin"),
                              json = {.name = "c",
                                      .type = "longtext",
                                      .data_type = "longtext",
                                      .cls = MR_CLASS_TEXT,
                                      .charset = "utf8mb4",
                                      .collation = "utf8mb4_bin",
                                      .is_json = true},
                              uuid = {.name = "c",
                                      .type = "uuid",
                                      .data_type = "uuid",
                                      .cls = MR_CLASS_TEXT,
                                      .charset = "ascii"},
                              flags = SET_OF("set('a','b','c','ä')", "utf8mb4"),
                              wide = SET_OF("set('a','b')", "utf16"),
                              latin = SET_OF("set('a','b','c','ä')", "latin1"),
                              empty = {.name = "c",
                                       .type = "set('','a')",
                                       .data_type = "set",
                                       .cls = MR_CLASS_ENUM,
                                       .is_set = true,
                                       .empty_member = true,
                                       .charset = "utf8mb4"},
                              member = {.name = "c",
                                        .type = "enum('a')",
                                        .data_type = "enum",
                                        .cls = MR_CLASS_ENUM,
                                        .charset = "utf8mb4"};

static const struct {
    enum mr_column_rule rule;
    const struct mr_column *column;
    bool fits;
} fitting[] = {
    {MR_RULE_ADD, &tiny, true},       {MR_RULE_ADD, &ubig, true},
    {MR_RULE_ADD, &money, true},      {MR_RULE_ADD, &real, false},
    {MR_RULE_ADD, &year, false},      {MR_RULE_ADD, &bits, false},
    {MR_RULE_ADD, &text_bin, false},  {MR_RULE_ADD, &day, false},
    {MR_RULE_MAX, &tiny, true},       {MR_RULE_MAX, &money, true},
    {MR_RULE_MAX, &real, true},       {MR_RULE_MIN, &day, true},
    {MR_RULE_MAX, &moment, true},     {MR_RULE_MAX, &span, true},
    {MR_RULE_MAX, &year, true},       {MR_RULE_MIN, &blob, true},
    {MR_RULE_MIN, &bytes, true},      {MR_RULE_MAX, &vector, false},
    {MR_RULE_MAX, &place, false},     {MR_RULE_MAX, &text_ci, false},
    {MR_RULE_MAX, &text_bin, true},   {MR_RULE_MAX, &text_0900, true},
    {MR_RULE_MAX, &text_nopad, true}, {MR_RULE_MAX, &text_utf16, false},
    {MR_RULE_MAX, &text_sjis, false}, {MR_RULE_MAX, &text_ascii, true},
    {MR_RULE_MIN, &json, false},      {MR_RULE_MIN, &uuid, false},
    {MR_RULE_MIN, &flags, false},     {MR_RULE_MIN, &member, false},
    {MR_RULE_UNION, &flags, true},    {MR_RULE_UNION, &latin, true},
    {MR_RULE_UNION, &wide, false},    {MR_RULE_UNION, &empty, false},
    {MR_RULE_UNION, &member, false},  {MR_RULE_UNION, &text_bin, false},
    {MR_RULE_NEWEST, &json, true},    {MR_RULE_SOURCE, &place, true},
    {MR_RULE_TARGET, &vector, true},  {MR_RULE_NONE, &tiny, true},
};

static void test_fitting(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fitting / sizeof fitting[0]; i++) {
        const char *why = mr_rule_misfit(fitting[i].rule, fitting[i].column, fitting[i].column);
        if ((why == NULL) != fitting[i].fits)
            fail_msg("row %zu: %s", i, why == NULL ? "it fits" : why);
    }
    assert_non_null(mr_rule_misfit(MR_RULE_NEWEST, &tiny, &big));
    /* one type, but only one of them is ordered by its bytes */
    assert_non_null(mr_rule_misfit(MR_RULE_MAX, &text_ci, &text_bin));
    assert_non_null(mr_rule_misfit(MR_RULE_MAX, &text_bin, &text_ci));
}

static void test_names(void **state)
{
    (void)state;
    for (enum mr_column_rule r = MR_RULE_NONE + 1; r < MR_COLUMN_RULES; r++)
        assert_int_equal(mr_column_rule_named(mr_column_rule_name(r)), r);
    assert_null(mr_column_rule_name(MR_RULE_NONE));
    assert_int_equal(mr_column_rule_named("sum"), MR_RULE_NONE);
    assert_null(mr_rule_answer_words(MR_RULE_UNASKED));
    assert_string_equal(mr_rule_answer_words(MR_RULE_IS_NULL), "a value is NULL");
    assert_string_equal(mr_rule_answer_words(MR_RULE_TOO_CLOSE),
                        "both sides changed it too close together in time");
}

/* ---- values ---- */

static struct mr_value value(enum mr_class cls, const char *text)
{
    if (text == NULL)
        return (struct mr_value){.cls = MR_CLASS_NULL};
    if (cls == MR_CLASS_INT)
        return (struct mr_value){.cls = cls, .i = strtoll(text, NULL, 10)};
    if (cls == MR_CLASS_UINT)
        return (struct mr_value){.cls = cls, .u = strtoull(text, NULL, 10)};
    if (cls == MR_CLASS_DOUBLE)
        return (struct mr_value){.cls = cls, .d = strtod(text, NULL)};
    return (struct mr_value){.cls = cls, .ptr = text, .len = strlen(text)};
}

/* The one value that was appended, as people see it. */
static void assert_made(const struct mr_strbuf *out, const struct mr_column *c,
                        const char *expected)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_value v;
    size_t pos = 0;
    assert_int_equal(mr_row_decode(out->ptr, out->len, &pos, &v, NULL), MR_OK);
    assert_int_equal(pos, out->len);
    mr_value_to_text(&text, &v, (struct mr_value_style){.cls = c->cls});
    assert_string_equal(text.ptr, expected);
    mr_strbuf_release(&text);
}

static const struct {
    const struct mr_column *column;
    const char *target, *source, *base, *sum;
    enum mr_rule_answer answer;
} added[] = {
    {&tiny, "12", "15", "10", "17", MR_RULE_TAKES_VALUE},
    {&tiny, "100", "100", "73", "127", MR_RULE_TAKES_VALUE},
    {&tiny, "100", "100", "72", NULL, MR_RULE_OVERFLOWS},
    {&tiny, "-100", "-100", "-72", "-128", MR_RULE_TAKES_VALUE},
    {&tiny, "-100", "-100", "-71", NULL, MR_RULE_OVERFLOWS},
    {&tiny, "3", "4", "7", "0", MR_RULE_TAKES_VALUE},
    {&big, "9223372036854775807", "0", "1", "9223372036854775806", MR_RULE_TAKES_VALUE},
    {&big, "9223372036854775807", "2", "1", NULL, MR_RULE_OVERFLOWS},
    {&big, "-9223372036854775808", "0", "0", "-9223372036854775808", MR_RULE_TAKES_VALUE},
    {&big, "-9223372036854775808", "0", "1", NULL, MR_RULE_OVERFLOWS},
    {&ubig, "18446744073709551615", "18446744073709551615", "18446744073709551615",
     "18446744073709551615", MR_RULE_TAKES_VALUE},
    {&ubig, "18446744073709551615", "1", "0", NULL, MR_RULE_OVERFLOWS},
    {&ubig, "1", "1", "2", "0", MR_RULE_TAKES_VALUE},
    {&ubig, "1", "1", "3", NULL, MR_RULE_NEGATIVE},
    {&money, "10.50", "12", "10.25", "12.25", MR_RULE_TAKES_VALUE},
    {&money, "9999.99", "0.01", "0", NULL, MR_RULE_OVERFLOWS},
    {&money, "-9999.99", "0", "0.01", NULL, MR_RULE_OVERFLOWS},
    {&money, "-5", "-5", "0", "-10", MR_RULE_TAKES_VALUE},
    {&money, "0.005", "1", "0", NULL, MR_RULE_OVERFLOWS}, /* it would be rounded */
    {&money, "-0", "0", "0", "0", MR_RULE_TAKES_VALUE},
    {&umoney, "1", "1", "2.01", NULL, MR_RULE_NEGATIVE},
    {&umoney, "1", "1", "2", "0", MR_RULE_TAKES_VALUE},
    {&widest, "99999999999999999999999999999999999.999999999999999999999999999999", "0",
     "0.000000000000000000000000000001",
     "99999999999999999999999999999999999.999999999999999999999999999998", MR_RULE_TAKES_VALUE},
    {&widest, "99999999999999999999999999999999999.999999999999999999999999999999",
     "0.000000000000000000000000000001", "0", NULL, MR_RULE_OVERFLOWS},
    {&tiny, NULL, "1", "1", NULL, MR_RULE_IS_NULL},
    {&tiny, "1", NULL, "1", NULL, MR_RULE_IS_NULL},
    {&money, "1", "1", NULL, NULL, MR_RULE_IS_NULL},
    {&money, "one", "1", "1", NULL, MR_RULE_NO_NUMBER},
};

static void test_add(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
        const enum mr_class cls = added[i].column->cls;
        const struct mr_value t = value(cls, added[i].target), s = value(cls, added[i].source);
        const struct mr_value b = value(cls, added[i].base);
        const struct mr_rule_values v = {added[i].column, &s, &t, &b};
        struct mr_strbuf out = MR_STRBUF_INIT;
        const enum mr_rule_answer answer = mr_rule_add(&v, &out);
        if (answer != added[i].answer)
            fail_msg("row %zu: %s", i, mr_rule_answer_words(answer));
        if (added[i].sum != NULL)
            assert_made(&out, added[i].column, added[i].sum);
        else
            assert_int_equal(out.len, 0);
        mr_strbuf_release(&out);
    }
    const struct mr_value one = {.cls = MR_CLASS_INT, .i = 1};
    struct mr_strbuf out = MR_STRBUF_INIT;
    assert_int_equal(mr_rule_add(&(struct mr_rule_values){&tiny, &one, &one, NULL}, &out),
                     MR_RULE_NO_BASE);
    mr_strbuf_release(&out);
}

static const struct {
    const struct mr_column *column;
    const char *source, *target;
    enum mr_rule_answer max, min;
} extremes[] = {
    {&tiny, "2", "1", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&tiny, "-2", "1", MR_RULE_TAKES_TARGET, MR_RULE_TAKES_SOURCE},
    {&ubig, "18446744073709551615", "9", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&money, "10", "9.99", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&money, "-10", "-9.99", MR_RULE_TAKES_TARGET, MR_RULE_TAKES_SOURCE},
    {&real, "1.5", "-2", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&real, "-0.0", "0", MR_RULE_NO_ORDER, MR_RULE_NO_ORDER},
    {&bytes, "b", "ab", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&bytes, "\xff", "a", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&bytes, "a", "a ", MR_RULE_TAKES_TARGET, MR_RULE_TAKES_SOURCE},
    {&text_bin, "a", "B", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&text_bin, "\xc3\xa4", "z", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&text_bin, "a\x01", "a", MR_RULE_TAKES_TARGET, MR_RULE_TAKES_SOURCE},
    {&text_bin, "a ", "a", MR_RULE_NO_ORDER, MR_RULE_NO_ORDER},
    {&text_0900, "a\x01", "a", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&text_nopad, "a ", "a", MR_RULE_TAKES_SOURCE, MR_RULE_TAKES_TARGET},
    {&tiny, NULL, "1", MR_RULE_IS_NULL, MR_RULE_IS_NULL},
    {&tiny, "1", NULL, MR_RULE_IS_NULL, MR_RULE_IS_NULL},
};

static void test_extremes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
        const enum mr_class cls = extremes[i].column->cls;
        const struct mr_value s = value(cls, extremes[i].source);
        const struct mr_value t = value(cls, extremes[i].target);
        const struct mr_rule_values v = {extremes[i].column, &s, &t, NULL};
        if (mr_rule_extreme(&v, true) != extremes[i].max ||
            mr_rule_extreme(&v, false) != extremes[i].min)
            fail_msg("row %zu: %s", i, mr_rule_answer_words(mr_rule_extreme(&v, true)));
    }
}

static void test_extremes_of_times(void **state)
{
    const struct mr_value zero = {.cls = MR_CLASS_DATETIME};
    const struct mr_value then = {.cls = MR_CLASS_DATETIME, .t = {2026, 4, 2, 12, 0, 0, 1, false}};
    const struct mr_value now = {.cls = MR_CLASS_DATETIME, .t = {2026, 4, 2, 12, 0, 0, 2, false}};
    const struct mr_value back = {.cls = MR_CLASS_TIME, .t = {.hour = 9, .negative = true}};
    const struct mr_value on = {.cls = MR_CLASS_TIME, .t = {.hour = 1}};
    (void)state;
    assert_int_equal(mr_rule_extreme(&(struct mr_rule_values){&moment, &now, &then, NULL}, true),
                     MR_RULE_TAKES_SOURCE);
    assert_int_equal(mr_rule_extreme(&(struct mr_rule_values){&moment, &zero, &then, NULL}, true),
                     MR_RULE_TAKES_TARGET);
    assert_int_equal(mr_rule_extreme(&(struct mr_rule_values){&span, &back, &on, NULL}, false),
                     MR_RULE_TAKES_SOURCE);
    /* of two kinds, which no column has */
    assert_int_equal(mr_rule_extreme(&(struct mr_rule_values){&span, &now, &on, NULL}, true),
                     MR_RULE_NO_ORDER);
}

static const struct {
    const struct mr_column *column;
    const char *source, *target, *all;
    enum mr_rule_answer answer;
} joined[] = {
    {&flags, "a", "b", "a,b", MR_RULE_TAKES_VALUE},
    {&flags, "c", "a,b", "a,b,c", MR_RULE_TAKES_VALUE},
    {&flags, "b,c", "a,c", "a,b,c", MR_RULE_TAKES_VALUE},
    {&flags, "b", "", "b", MR_RULE_TAKES_VALUE},
    {&flags, "", "b", NULL, MR_RULE_TAKES_TARGET}, /* as after a merge */
    {&flags, "a,c", "a,b,c", NULL, MR_RULE_TAKES_TARGET},
    {&flags, "\xc3\xa4", "a", "a,\xc3\xa4", MR_RULE_TAKES_VALUE},
    {&flags, "a", "d", NULL, MR_RULE_NO_MEMBERS},
    {&flags, "A", "b", NULL, MR_RULE_NO_MEMBERS},
    {&latin, "a", "b", "a,b", MR_RULE_TAKES_VALUE},
    {&latin, "\xc3\xa4", "b", NULL, MR_RULE_NO_MEMBERS}, /* two letters in latin1 */
    {&latin, "b", "\xc3\xa4", NULL, MR_RULE_NO_MEMBERS},
    {&flags, NULL, "b", NULL, MR_RULE_IS_NULL},
    {&flags, "b", NULL, NULL, MR_RULE_IS_NULL},
};

static void test_union(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++) {
        const struct mr_value s = value(MR_CLASS_ENUM, joined[i].source);
        const struct mr_value t = value(MR_CLASS_ENUM, joined[i].target);
        const struct mr_rule_values v = {joined[i].column, &s, &t, NULL};
        struct mr_strbuf out = MR_STRBUF_INIT;
        const enum mr_rule_answer answer = mr_rule_union(&v, &out);
        if (answer != joined[i].answer)
            fail_msg("row %zu: %s", i, mr_rule_answer_words(answer));
        if (joined[i].all != NULL)
            assert_made(&out, joined[i].column, joined[i].all);
        else
            assert_int_equal(out.len, 0);
        mr_strbuf_release(&out);
    }
}

#define S 1000000
static const struct {
    struct mr_rule_times source, target;
    enum mr_rule_answer answer;
} timed[] = {
    {{true, 10 * S, 10 * S}, {true, 7 * S, 7 * S}, MR_RULE_TAKES_SOURCE},
    {{true, 7 * S, 7 * S}, {true, 10 * S, 10 * S}, MR_RULE_TAKES_TARGET},
    {{true, 10 * S, 10 * S}, {true, 8 * S, 8 * S}, MR_RULE_TOO_CLOSE},
    {{true, 10 * S, 10 * S}, {true, 8 * S - 1, 8 * S - 1}, MR_RULE_TAKES_SOURCE},
    {{true, 10 * S, 10 * S}, {true, 12 * S, 12 * S}, MR_RULE_TOO_CLOSE},
    {{true, 10 * S, 10 * S}, {true, 12 * S + 1, 12 * S + 1}, MR_RULE_TAKES_TARGET},
    {{true, 5 * S, 5 * S}, {true, 5 * S, 5 * S}, MR_RULE_TOO_CLOSE},
    /* the column's change lies somewhere between the row's first and last */
    {{true, 1 * S, 20 * S}, {true, 10 * S, 10 * S}, MR_RULE_TOO_CLOSE},
    {{true, 20 * S, 90 * S}, {true, 1 * S, 10 * S}, MR_RULE_TAKES_SOURCE},
    {{false, 0, 0}, {true, 10 * S, 10 * S}, MR_RULE_NO_TIME},
    {{true, 10 * S, 10 * S}, {false, 0, 0}, MR_RULE_NO_TIME},
};

static void test_newest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof timed / sizeof timed[0]; i++) {
        const enum mr_rule_answer answer = mr_rule_newest(timed[i].source, timed[i].target, 2 * S);
        if (answer != timed[i].answer)
            fail_msg("row %zu: %s", i, mr_rule_answer_words(answer));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fitting),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_union),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_extremes_of_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
