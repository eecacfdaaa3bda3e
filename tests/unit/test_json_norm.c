/* test_json_norm.c: equal documents get one spelling, different ones stay different. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/row/json_norm.h"
#include "random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void norm(struct mr_strbuf *out, const char *text, size_t len)
{
    mr_strbuf_reset(out);
    assert_true(mr_json_norm(text, len, out));
    assert_false(out->failed);
}

static void test_normal_forms(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        /* numbers: integers of 64 bits are exact, all else is a double */
        {"0", "0"},
        {"-0", "0"},
        {"-0.0", "0.0"},
        {"0e5", "0.0"},
        {"1e-400", "0.0"},
        {"1", "1"},
        {"1.0", "1.0"},
        {"1e0", "1.0"},
        {"1.10", "1.1"},
        {"1e2", "100.0"},
        {"100.0", "100.0"},
        {"1E+5", "100000.0"},
        {"1e15", "1e15"},
        {"1000000000000000.0", "1e15"},
        {"0.1", "0.1"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1.5e-7", "0.00000015"},
        {"9007199254740993", "9007199254740993"},
        {"9007199254740993.0", "9.007199254740992e15"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-9223372036854775809", "-9.223372036854776e18"},
        {"18446744073709551615", "18446744073709551615"},
        {"18446744073709551616", "1.8446744073709552e19"},
        {"12345678901234567890123", "1.2345678901234568e22"},
        {"1.2345678901234568e22", "1.2345678901234568e22"},
        {"5e-324", "5e-324"},
        {"1e400", "1e400"},
        /* strings */
        {"\"\"", "\"\""},
        {"\"\\u0041\\u00e9\\ud83d\\ude00\"", "\"Aé😀\""},
        {"\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"/\\b\\f\\n\\r\\t\\\"\\\\\""},
        {"\"\\u0008\\u001F\\u007f\"", "\"\\b\\u001f\x7f\""},
        {"\"a\\u0000b\"", "\"a\\u0000b\""},
        {"\"\\\\u0000\"", "\"\\\\u0000\""},
        {"\"\\uD800\"", "\"\\ud800\""},
        {"\"\\udc00\\ud800x\"", "\"\\udc00\\ud800x\""},
        {"\"\\ud800\\u0041\"", "\"\\ud800A\""},
        {"\"\\ud800\\ud83d\\ude00\"", "\"\\ud800😀\""},
        {"\"\\ud800\\n\"", "\"\\ud800\\n\""},
        {"\"\\ufffd\\uffff\\ue000\"", "\"\xef\xbf\xbd\xef\xbf\xbf\xee\x80\x80\""},
        /* words, arrays, space */
        {" true ", "true"},
        {"false", "false"},
        {"\r\n\tnull", "null"},
        {"[ ]", "[]"},
        {"[1 , 2,[ 3 ] ]", "[1,2,[3]]"},
        /* objects: sorted by bytes, the last duplicate wins */
        {"{ }", "{}"},
        {"{\"b\": 1, \"a\": 2, \"b\": 3}", "{\"a\":2,\"b\":3}"},
        {"{\"aa\":1,\"b\":2,\"a\":[1,{\"y\":1,\"x\":null}]}",
         "{\"a\":[1,{\"x\":null,\"y\":1}],\"aa\":1,\"b\":2}"},
        {"{\"\\u0061\":1,\"a\":2,\"\\u0061\":3}", "{\"a\":3}"},
        {"{\"\":{\"\":[]},\"é\":1,\"z\":2}", "{\"\":{\"\":[]},\"z\":2,\"é\":1}"},
        {"{\"a\\u0000\":1,\"a\":2,\"a\\u0000\":3}", "{\"a\":2,\"a\\u0000\":3}"},
        {"{\"a\":{\"k\":1,\"k\":2},\"a\":{\"k\":{\"k\":3}}}", "{\"a\":{\"k\":{\"k\":3}}}"},
    };
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < LEN(cases); i++) {
        norm(&out, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(out.ptr, cases[i][1]);
        /* The normal form is its own. */
        norm(&out, cases[i][1], strlen(cases[i][1]));
        assert_string_equal(out.ptr, cases[i][1]);
    }
    mr_strbuf_release(&out);
}

static void test_no_documents(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        " ",
        "nul",
        "nulll",
        "NULL",
        "tru e",
        "01",
        "-",
        "-01",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "nan",
        "Infinity",
        "1 2",
        "\"",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "\"\x01\"",
        "\"\xff\"",
        "\"\xed\xa0\x80\"",
        "\"\xc0\x80\"",
        "\"\\",
        "\"\\ud800\\u\"",
        "\"\\ud800\\u12\"",
        "[",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{1:2}",
        "{,}",
        "[1}",
        "\xef\xbb\xbf"
        "1",
        "\xc2\xa0"
        "1",
        "1\x7f",
        "'a'",
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        /* A block of its own size: a byte read beyond it shows. */
        size_t len = strlen(cases[i]);
        char *text = malloc(len + 1);
        struct mr_strbuf out = MR_STRBUF_INIT;
        assert_non_null(text);
        memcpy(text + 1, cases[i], len);
        mr_strbuf_add_str(&out, "before");
        if (mr_json_norm(text + 1, len, &out))
            fail_msg("\"%s\" was taken for a document", cases[i]);
        assert_string_equal(out.ptr, "before");
        mr_strbuf_release(&out);
        free(text);
    }
    struct mr_strbuf out = MR_STRBUF_INIT;
    assert_false(mr_json_norm("1\0", 2, &out));
    assert_false(mr_json_norm("tru\0", 4, &out));
    mr_strbuf_release(&out);
}

static void test_nesting(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        bool accepted;
    } cases[] = {{100, true}, {200, true}, {201, false}, {100000, false}};
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
        for (size_t n = 0; n < cases[i].depth; n++)
            mr_strbuf_add_char(&text, '[');
        for (size_t n = 0; n < cases[i].depth; n++)
            mr_strbuf_add_char(&text, ']');
        assert_int_equal(mr_json_norm(text.ptr, text.len, &out), cases[i].accepted);
        if (cases[i].accepted)
            assert_string_equal(out.ptr, text.ptr);
        mr_strbuf_release(&out);
        mr_strbuf_release(&text);
    }
}

static void test_appends(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_strbuf_add_str(&out, "before ");
    assert_true(mr_json_norm("{\"b\":1,\"a\":{}}", 14, &out));
    assert_string_equal(out.ptr, "before {\"a\":{},\"b\":1}");
    mr_strbuf_release(&out);
}

/* Documents that are not equal for a server are not equal here. */
static void test_differences_stay(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "0",
        "1",
        "1.0",
        "\"1\"",
        "true",
        "null",
        "\"null\"",
        "[]",
        "{}",
        "\"\"",
        "[null]",
        "[[]]",
        "[{}]",
        "{\"\":null}",
        "{\"a\":1}",
        "{\"a\":1.0}",
        "{\"a\":\"1\"}",
        "{\"a\":[1]}",
        "{\"a\":{\"b\":1}}",
        "{\"a\":1,\"b\":1}",
        "[1,2]",
        "[2,1]",
        "[12]",
        "[\"1,2\"]",
        "0.1",
        "0.10000000000000002",
        "18446744073709551615",
        "18446744073709551615.0",
        "18446744073709551614",
        "9007199254740992",
        "9007199254740993",
        "\"\\u0000\"",
        "\"\\\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\\\ud800\"",
        "\"\\ufffd\"",
        "\"a\"",
        "\"A\"",
        "\"e\\u0301\"",
        "\"\\u00e9\"",
        "\"a \"",
        "1e400",
        "1e401",
        "-1e400",
        "1.7976931348623157e308",
        "5e-324",
        "-5e-324",
        "1e-323",
    };
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
    for (size_t i = 0; i < LEN(documents); i++)
        for (size_t j = 0; j < i; j++) {
            norm(&a, documents[i], strlen(documents[i]));
            norm(&b, documents[j], strlen(documents[j]));
            assert_string_not_equal(a.ptr, b.ptr);
        }
    mr_strbuf_release(&b);
    mr_strbuf_release(&a);
}

/* ---- random documents, written twice in different ways */

static void add_space(struct mr_strbuf *out)
{
    static const char *const spaces[] = {"", "", " ", "\n", "\t \r"};
    mr_strbuf_add_str(out, spaces[random_below(LEN(spaces))]);
}

static void add_both(struct mr_strbuf *a, struct mr_strbuf *b, const char *text)
{
    add_space(a);
    mr_strbuf_add_str(a, text);
    add_space(a);
    mr_strbuf_add_str(b, text);
}

static void random_scalar(struct mr_strbuf *a, struct mr_strbuf *b)
{
    static const char *const pairs[][2] = {
        {"1", "1"},
        {"-0", "0"},
        {"2.50", "2.5"},
        {"1e3", "1000.0"},
        {"\"\\u0061\"", "\"a\""},
        {"\"\\/\"", "\"/\""},
        {"true", "true"},
        {"\"\\u000a\"", "\"\\n\""},
        {"1E-2", "0.01"},
    };
    size_t n = random_below(LEN(pairs));
    mr_strbuf_add_str(a, pairs[n][0]);
    mr_strbuf_add_str(b, pairs[n][1]);
}

static void random_document(struct mr_strbuf *a, struct mr_strbuf *b, unsigned depth);

/* The same members in both, but in a's text a loser of the same name goes before. */
static void random_object(struct mr_strbuf *a, struct mr_strbuf *b, unsigned depth)
{
    static const char *const keys[][2] = {
        {"\"\"", "\"\""}, {"\"\\u0062\"", "\"b\""}, {"\"c\"", "\"\\u0063\""}};
    struct mr_strbuf member[2][LEN(keys)];
    for (size_t i = 0; i < LEN(keys); i++) {
        mr_strbuf_init(&member[0][i]);
        mr_strbuf_init(&member[1][i]);
        if (random_below(2) == 0)
            mr_strbuf_add_fmt(&member[0][i], "%s:[7,{\"x\":0}],", keys[i][0]);
        mr_strbuf_add_fmt(&member[0][i], "%s:", keys[i][0]);
        mr_strbuf_add_fmt(&member[1][i], "%s:", keys[i][1]);
        random_document(&member[0][i], &member[1][i], depth);
    }
    add_both(a, b, "{");
    for (size_t i = 0; i < LEN(keys); i++) {
        const struct mr_strbuf *last = &member[1][LEN(keys) - 1 - i];
        if (i > 0)
            add_both(a, b, ",");
        mr_strbuf_add(a, member[0][i].ptr, member[0][i].len);
        mr_strbuf_add(b, last->ptr, last->len);
    }
    add_both(a, b, "}");
    for (size_t i = 0; i < LEN(keys); i++) {
        mr_strbuf_release(&member[0][i]);
        mr_strbuf_release(&member[1][i]);
    }
}

static void random_document(struct mr_strbuf *a, struct mr_strbuf *b, unsigned depth)
{
    size_t kind = depth == 0 ? 0 : random_below(3);
    if (kind == 0) {
        random_scalar(a, b);
    } else if (kind == 1) {
        random_object(a, b, depth - 1);
    } else {
        add_both(a, b, "[");
        for (size_t n = random_below(4); n > 0; n--) {
            random_document(a, b, depth - 1);
            if (n > 1)
                add_both(a, b, ",");
        }
        add_both(a, b, "]");
    }
}

static void test_random_spellings(void **state)
{
    (void)state;
    struct mr_strbuf left = MR_STRBUF_INIT, right = MR_STRBUF_INIT;
    for (unsigned round = 0; round < 50 * random_seeds(); round++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        random_document(&a, &b, 4);
        norm(&left, a.ptr, a.len);
        norm(&right, b.ptr, b.len);
        assert_string_equal(left.ptr, right.ptr);
        /* One more array around it is another document. */
        mr_strbuf_add_char(&a, ' ');
        memmove(a.ptr + 1, a.ptr, a.len - 1);
        a.ptr[0] = '[';
        mr_strbuf_add_char(&a, ']');
        norm(&right, a.ptr, a.len);
        assert_string_not_equal(left.ptr, right.ptr);
        mr_strbuf_release(&b);
        mr_strbuf_release(&a);
    }
    mr_strbuf_release(&right);
    mr_strbuf_release(&left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_forms),     cmocka_unit_test(test_no_documents),
        cmocka_unit_test(test_nesting),          cmocka_unit_test(test_appends),
        cmocka_unit_test(test_differences_stay), cmocka_unit_test(test_random_spellings),
    };
    return cmocka_run_group_tests_name("json_norm", tests, NULL, NULL);
}
