/* test_sqltext.c: identifiers and values as SQL text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <string.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define BYTES(class, literal)                                                                      \
    {                                                                                              \
        .cls = (class), .ptr = (literal), .len = sizeof(literal) - 1                               \
    }

static void test_identifiers(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"id", "`id`"},
        {"", "``"},
        {"o`dd", "`o``dd`"},
        {"``", "``````"},
        {"a b'c\"d\\", "`a b'c\"d\\`"},
        {"日", "`日`"},
        {"x` -- ", "`x`` -- `"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_sql_ident(&sql, cases[i][0]);
        assert_string_equal(sql.ptr, cases[i][1]);
        mr_strbuf_release(&sql);
    }
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_sql_table(&sql, "d.b", "t`");
    assert_string_equal(sql.ptr, "`d.b`.`t```");
    mr_strbuf_release(&sql);
}

static void test_strings(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "''"},
        {"plain text, 100% \"safe\" `x`", "'plain text, 100% \"safe\" `x`'"},
        {"it's", "_utf8mb4 x'69742773'"},
        {"a\\", "_utf8mb4 x'615c'"},
        {"a\nb", "_utf8mb4 x'610a62'"},
        {"\x7f", "_utf8mb4 x'7f'"},
        {"é", "_utf8mb4 x'c3a9'"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_sql_string(&sql, cases[i][0]);
        assert_string_equal(sql.ptr, cases[i][1]);
        mr_strbuf_release(&sql);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        struct mr_value value;
        const char *charset;
        const char *sql;
    } cases[] = {
        {{.cls = MR_CLASS_NULL}, NULL, "NULL"},
        {{.cls = MR_CLASS_INT, .i = INT64_MIN}, NULL, "-9223372036854775808"},
        {{.cls = MR_CLASS_UINT, .u = UINT64_MAX}, NULL, "18446744073709551615"},
        {{.cls = MR_CLASS_DOUBLE, .d = 1.0}, NULL, "1.0000000000000000e+00"},
        {{.cls = MR_CLASS_FLOAT, .d = (double)1.1F}, NULL, "1.1000000238418579e+00"},
        {{.cls = MR_CLASS_DOUBLE, .d = -DBL_MAX}, NULL, "-1.7976931348623157e+308"},
        {{.cls = MR_CLASS_DOUBLE, .d = 5e-324}, NULL, "4.9406564584124654e-324"},
        {BYTES(MR_CLASS_DECIMAL, "-0.10"), NULL, "-0.10"},
        {BYTES(MR_CLASS_TEXT, "a'b"), "utf8mb4", "_utf8mb4 x'612762'"},
        {BYTES(MR_CLASS_TEXT, "\x81\xca"), "cp932", "_cp932 x'81ca'"},
        {{.cls = MR_CLASS_TEXT}, "latin1", "_latin1 x''"},
        {BYTES(MR_CLASS_TEXT, "a"), NULL, "x'61'"},
        {BYTES(MR_CLASS_ENUM, "a"), "latin1", "_latin1 x'61'"},
        {{.cls = MR_CLASS_UINT, .u = 2}, "latin1", "2"}, /* ENUM by number */
        {BYTES(MR_CLASS_JSON, "{}"), NULL, "_utf8mb4 x'7b7d'"},
        {BYTES(MR_CLASS_BINARY, "\0'"), NULL, "x'0027'"},
        {{.cls = MR_CLASS_BINARY}, NULL, "x''"},
        {BYTES(MR_CLASS_GEOMETRY, "\1"), NULL, "x'01'"},
        {{.cls = MR_CLASS_DATE}, NULL, "'0000-00-00'"},
        {{.cls = MR_CLASS_DATETIME, .t = {2024, 4, 2, 1, 2, 3, 4, false}},
         NULL,
         "'2024-04-02 01:02:03.000004'"},
        {{.cls = MR_CLASS_TIME, .t = {.hour = 838, .negative = true}}, NULL, "'-838:00:00.000000'"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_sql_value(&sql, &cases[i].value, cases[i].charset);
        assert_false(sql.failed);
        assert_string_equal(sql.ptr, cases[i].sql);
        mr_strbuf_release(&sql);
    }
}

static void test_short(void **state)
{
    (void)state;
    static const struct {
        struct mr_value value;
        const char *charset, *sql;
    } cases[] = {
        {BYTES(MR_CLASS_TEXT, "a;b # c -- d /*"), "utf8mb4", "_utf8mb4 'a;b # c -- d /*'"},
        {BYTES(MR_CLASS_TEXT, " ~"), "latin1", "_latin1 ' ~'"},
        {BYTES(MR_CLASS_TEXT, "a'b"), "utf8mb4", "_utf8mb4 x'612762'"},
        {BYTES(MR_CLASS_TEXT, "a\\"), "utf8mb4", "_utf8mb4 x'615c'"},
        {BYTES(MR_CLASS_TEXT, "a\n"), "utf8mb4", "_utf8mb4 x'610a'"},
        {BYTES(MR_CLASS_TEXT, "a\0"), "utf8mb4", "_utf8mb4 x'6100'"},
        {BYTES(MR_CLASS_TEXT, "\x7f"), "utf8mb4", "_utf8mb4 x'7f'"},
        {BYTES(MR_CLASS_TEXT, "\xc3\xa4"), "utf8mb4", "_utf8mb4 x'c3a4'"},
        {BYTES(MR_CLASS_TEXT, "\x81\x40"), "cp932", "_cp932 x'8140'"},
        {BYTES(MR_CLASS_TEXT, "ab"), "utf16", "_utf16 x'6162'"},
        {BYTES(MR_CLASS_TEXT, "ab"), "utf16le", "_utf16le x'6162'"},
        {BYTES(MR_CLASS_TEXT, "abcd"), "utf32", "_utf32 x'61626364'"},
        {BYTES(MR_CLASS_TEXT, "ab"), "ucs2", "_ucs2 x'6162'"},
        {BYTES(MR_CLASS_TEXT, "a"), NULL, "x'61'"},
        {BYTES(MR_CLASS_ENUM, "a"), "latin1", "_latin1 'a'"},
        {BYTES(MR_CLASS_JSON, "{\"a\": 1}"), NULL, "_utf8mb4 '{\"a\": 1}'"},
        {BYTES(MR_CLASS_BINARY, "a"), NULL, "x'61'"},
        {BYTES(MR_CLASS_GEOMETRY, "a"), NULL, "x'61'"},
        {BYTES(MR_CLASS_DECIMAL, "1.5"), NULL, "1.5"},
        {{.cls = MR_CLASS_UINT, .u = 2}, "latin1", "2"},
        {{.cls = MR_CLASS_NULL}, "latin1", "NULL"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_sql_value_short(&sql, &cases[i].value, cases[i].charset);
        assert_false(sql.failed);
        assert_string_equal(sql.ptr, cases[i].sql);
        mr_strbuf_release(&sql);
    }
}

/* What would be wrong or another's SQL never becomes a text that can be sent. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        struct mr_value value;
        const char *charset;
    } cases[] = {
        {{.cls = MR_CLASS_UNDECIDED}, NULL},
        {BYTES(MR_CLASS_DECIMAL, "1 OR 1=1"), NULL},
        {BYTES(MR_CLASS_DECIMAL, "1\0"), NULL},
        {{.cls = MR_CLASS_DECIMAL}, NULL},
        {BYTES(MR_CLASS_TEXT, "a"), "latin1 x"},
        {BYTES(MR_CLASS_TEXT, "a"), ""},
        {BYTES(MR_CLASS_TEXT, "a"), "Latin1"},
        {{.cls = MR_CLASS_TEXT, .len = 70000}, "latin1"},
        {{.cls = MR_CLASS_BINARY, .len = 70000}, NULL},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_sql_value(&sql, &cases[i].value, cases[i].charset);
        assert_true(sql.failed);
        mr_strbuf_release(&sql);
        mr_strbuf_init(&sql);
        mr_sql_value_short(&sql, &cases[i].value, cases[i].charset);
        assert_true(sql.failed);
        mr_strbuf_release(&sql);
    }
}

/* A condition goes between two parentheses, and stays there. */
static void test_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why; /* NULL: it stands by itself */
    } cases[] = {
        {"id > 5 AND (a = 1 OR b IN (2, 3))", NULL},
        {"a = ')' OR `)` = \")\" -- )", NULL},
        {"a = 'it''s \\' (' /* ( */ # (", NULL},
        {"", NULL},
        {"1=0) or (1=1", "closing parenthesis"},
        {")(", "closing parenthesis"},
        {"(a = 1", "parenthesis without"},
        {"a = 'x", "literal or comment"},
        {"a = `x", "literal or comment"},
        {"a = 1 /* x", "literal or comment"},
        {"a = 1; DROP TABLE t", "semicolon"},
        {"1=0 /*! ) or (1=1 */", "comment that servers run"},
        {"1=0 /*M! or 1=1 */", "comment that servers run"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *why = mr_sqlscan_why_open(cases[i].text);
        assert_int_equal(why == NULL, cases[i].why == NULL);
        assert_true(why == NULL || strstr(why, cases[i].why) != NULL);
    }
}

/* Texts as the tokens that servers make of them, each in brackets. */
static void test_modes(void **state)
{
    (void)state;
    static const struct {
        const char *mode, *text, *tokens;
    } cases[] = {
        {NULL, "'\\' x' y", "['\\' x'][y]"},
        {"NO_BACKSLASH_ESCAPES", "'\\' x", "['\\'][x]"},
        {"STRICT_ALL_TABLES,no_backslash_escapes", "\"\\\" @'\\' x", "[\"\\\"][@'\\'][x]"},
        {"ANSI_QUOTES", "\"a\\\" '\\'' \"\"\"\"", "<\"a\\\">['\\'']<\"\"\"\">"},
        {"ANSI", "\"a\"", "<\"a\">"},
        {"ORACLE,IGNORE_SPACE", "\"a\"", "<\"a\">"},
        {"NO_ANSI_QUOTES", "\"a\"", "[\"a\"]"},
        {"", "`\\` x", "<`\\`>[x]"},
        {NULL, "a --\x01 b\n c", "[a][c]"},
        {NULL, "a --\x7f b\r c\n d", "[a][d]"},
        {NULL, "a --", "[a]"},
        {NULL, "a --b", "[a][-][-][b]"},
        {NULL, "live.1t live .1t a.1 `a`.1 1.5",
         "[live][.][1t][live][.1t][a][.][1]<`a`>[.1]"
         "[1.5]"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_sqlscan scan;
        struct mr_token token;
        mr_sqlscan_init(&scan, cases[i].text, strlen(cases[i].text));
        mr_sqlscan_set_mode(&scan, cases[i].mode);
        while (mr_sqlscan_next_code(&scan, &token))
            mr_strbuf_add_fmt(&out, token.kind == MR_TOKEN_IDENT ? "<%.*s>" : "[%.*s]",
                              (int)token.len, token.ptr);
        assert_false(scan.broken);
        assert_string_equal(out.ptr, cases[i].tokens);
        mr_strbuf_release(&out);
    }
}

/* What a token stands for, under its mode. */
static void test_unquote(void **state)
{
    (void)state;
    static const struct {
        const char *mode, *text, *value;
    } cases[] = {
        {NULL, "'a\\n'", "a\n"},
        {"NO_BACKSLASH_ESCAPES", "'a\\n'", "a\\n"},
        {"ANSI_QUOTES", "\"a\\n\"\"\"", "a\\n\""},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_sqlscan scan;
        struct mr_token token;
        mr_sqlscan_init(&scan, cases[i].text, strlen(cases[i].text));
        mr_sqlscan_set_mode(&scan, cases[i].mode);
        assert_true(mr_sqlscan_next(&scan, &token));
        mr_token_unquote(&out, &token);
        assert_string_equal(out.ptr, cases[i].value);
        mr_strbuf_release(&out);
    }
}

/* Bytes need no end: what stands behind them is no part of the text. */
static void test_holds_name(void **state)
{
    static const struct {
        const char *text, *name;
        bool holds;
    } cases[] = {
        {"live", "live", true},          {"DROP DATABASE Live", "live", true},
        {"`live`.t", "live", true},      {"lives", "live", false},
        {"a_live", "live", false},       {"live$", "live", false},
        {"\xc3\xa4live", "live", false}, {"alive live", "live", true},
        {"liv", "live", false},          {"", "live", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        if (mr_sqlscan_holds_name(cases[i].text, strlen(cases[i].text), cases[i].name) !=
            cases[i].holds)
            fail_msg("%s", cases[i].text);
    assert_true(mr_sqlscan_holds_name("lives", 4, "live"));
    assert_false(mr_sqlscan_holds_name("live", 3, "live"));
}

static void test_enable_event(void **state)
{
    (void)state;
    static const struct {
        const char *definer, *sql;
    } cases[] = {
        {"app@10.%", "SET collation_connection = 'latin1_bin'; ALTER DEFINER = `app`@`10.%` EVENT "
                     "`d``b`.`e v` ENABLE;"},
        {"a@b@%", "SET collation_connection = 'latin1_bin'; ALTER DEFINER = `a@b`@`%` EVENT "
                  "`d``b`.`e v` ENABLE;"},
        {"role@", "SET collation_connection = 'latin1_bin'; ALTER DEFINER = `role` EVENT "
                  "`d``b`.`e v` ENABLE;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        mr_sql_enable_event(&sql, "d`b", "e v", cases[i].definer, "latin1_bin");
        assert_string_equal(sql.ptr, cases[i].sql);
        mr_strbuf_release(&sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enable_event), cmocka_unit_test(test_identifiers),
        cmocka_unit_test(test_strings),      cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_modes),        cmocka_unit_test(test_unquote),
        cmocka_unit_test(test_holds_name),   cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests_name("sqltext", tests, NULL, NULL);
}
