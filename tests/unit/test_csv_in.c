/* test_csv_in.c: records come out as they were written, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "core/file/csv_in.h"

struct csv_case {
    const char *name, *csv;
    const char *got; /* "LINE[a|b]…", or NULL: refused */
    const char *why; /* in the message */
};

static const struct csv_case cases[] = {
    {"nothing", "", "", NULL},
    {"one field", "a\n", "1[a]", NULL},
    {"crlf", "a,b\r\nc,d\r\n", "1[a|b]2[c|d]", NULL},
    {"empty fields", ",\n\n,,x\n", "1[|]2[]3[||x]", NULL},
    {"quotes", "\"a,b\",\"c\"\"d\"\n", "1[a,b|c\"d]", NULL},
    {"empty quotes", "\"\",x\n", "1[|x]", NULL},
    {"lines in quotes", "\"a\nb\r\n\",x\ny,z\n", "1[a\nb\r\n|x]4[y|z]", NULL},
    {"no line end", "a,b", NULL, "line 1: the last line is cut off"},
    {"open quote", "x\n\"a\n", NULL, "line 3: the last line is cut off"},
    {"cr alone", "a\rb\n", NULL, "line 1: a line ends with CR alone"},
    {"quote within", "x\na\"b\n", NULL, "line 2: a quote stands within a field"},
    {"text behind", "\"a\"b\n", NULL, "line 1: text stands behind a quoted field"},
};

static const struct csv_case lenient_cases[] = {
    {"as the plan wrote it", "a,b\r\nc,\"d;e\"\r\n", "1[a|b]2[c|d;e]", NULL},
    {"mark",
     "\xef\xbb\xbf"
     "a,b\n",
     "1[a|b]", NULL},
    {"mark in front of a quote", "\xef\xbb\xbf\"a\",b\n", "1[a|b]", NULL},
    {"half a mark is text", "a\n\xef\xbb\n", "1[a]2[\xef\xbb]", NULL},
    {"semicolons", "a;\"b;,\"\nc,d;e\n", "1[a|b;,]2[c,d|e]", NULL},
    {"tabs", "a\tb\nc,d\te\n", "1[a|b]2[c,d|e]", NULL},
    {"one column", "a\nb;c,d\n", "1[a]2[b|c,d]", NULL},
    {"no line end", "a,b\nc,\"d\"", "1[a|b]2[c|d]", NULL},
    {"cr alone", "a,b\rc,d\r", "1[a|b]2[c|d]", NULL},
    {"quote within", "a,b\nc\"d,e\n", "1[a|b]2[c\"d|e]", NULL},
    {"open quote", "a\n\"b\n", NULL, "line 3: the last line is cut off"},
    {"no cells at the end", "a,b,c\nd\n\ne,f\ng,,\n", "1[a|b|c]2[d||]3[||]4[e|f|]5[g||]", NULL},
    {"more of them", "a,b\nc,d,e\nf\n", "1[a|b]2[c|d|e]3[f|]", NULL},
};

static enum mr_code show(void *ctx, const struct mr_csv_field *fields, size_t count, uint64_t line,
                         struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    (void)err;
    mr_strbuf_add_fmt(out, "%" PRIu64 "[", line);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(fields[i].ptr[fields[i].len], '\0');
        mr_strbuf_add_str(out, i > 0 ? "|" : "");
        mr_strbuf_add(out, fields[i].ptr, fields[i].len);
    }
    mr_strbuf_add_char(out, ']');
    return MR_OK;
}

static void run_case(const struct csv_case *c, size_t piece, bool lenient)
{
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_csv_in csv;
    struct mr_err err = {0};
    enum mr_code code = MR_OK;
    size_t len = strlen(c->csv);
    if (lenient)
        mr_csv_in_init_lenient(&csv, show, &got);
    else
        mr_csv_in_init(&csv, show, &got);
    for (size_t at = 0; code == MR_OK && at < len; at += piece)
        code = mr_csv_in_feed(&csv, c->csv + at, len - at < piece ? len - at : piece, &err);
    if (code == MR_OK)
        code = mr_csv_in_finish(&csv, &err);
    if (c->got == NULL) {
        assert_int_equal(code, MR_E_REFUSED);
        assert_string_equal(err.message, c->why);
    } else {
        assert_int_equal(code, MR_OK);
        assert_string_equal(got.ptr, c->got);
    }
    mr_csv_in_release(&csv);
    mr_strbuf_release(&got);
}

static void test_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 20; piece++)
            run_case(&cases[i], piece, false);
}

/* What spreadsheets write. */
static void test_loose(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lenient_cases / sizeof *lenient_cases; i++)
        for (size_t piece = 1; piece < 20; piece++)
            run_case(&lenient_cases[i], piece, true);
}

/* "Unicode text" of a spreadsheet, in either order of bytes, however it is cut. */
static void test_utf16(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *got, *why; /* got NULL: refused */
    } utf16[] = {
        {"\xFF\xFE"
         "a\0\t\0b\0\r\0\n\0",
         12, "a", NULL},
        {"\xFF\xFE\xE4\0\t\0\xAC\x20\t\0\x3D\xD8\x00\xDE\n\0", 16, "\xE2\x82\xAC", NULL},
        {"\xFE\xFF\0\xE4\0\t\x20\xAC\0\t\xD8\x3D\xDE\x00\0\n", 16, "\xF0\x9F\x98\x80", NULL},
        {"\xFF\xFE\x3D\xD8\n\0", 6, NULL,
         "line 1: half a character stands alone: this is no UTF-16"},
        {"\xFF\xFE\x00\xDE\n\0", 6, NULL,
         "line 1: half a character stands alone: this is no UTF-16"},
        {"\xFF\xFE"
         "a\0\n\0b",
         7, NULL, "line 2: the last character of this UTF-16 is cut off"},
        {"\xFF\xFE"
         "a\0\n\0\x3D\xD8",
         8, NULL, "line 2: the last character of this UTF-16 is cut off"},
        {"\xFF"
         "a\n",
         3,
         "\xFF"
         "a",
         NULL},
        {"\xFF", 1, "\xFF", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof utf16 / sizeof *utf16; i++)
        for (size_t piece = 1; piece < 17; piece++) {
            struct mr_strbuf got = MR_STRBUF_INIT;
            struct mr_csv_in csv;
            struct mr_err err = {0};
            enum mr_code code = MR_OK;
            mr_csv_in_init_lenient(&csv, show, &got);
            for (size_t at = 0; code == MR_OK && at < utf16[i].len; at += piece)
                code = mr_csv_in_feed(&csv, utf16[i].bytes + at,
                                      utf16[i].len - at < piece ? utf16[i].len - at : piece, &err);
            if (code == MR_OK)
                code = mr_csv_in_finish(&csv, &err);
            assert_int_equal(code, utf16[i].got != NULL ? MR_OK : MR_E_REFUSED);
            if (utf16[i].got == NULL)
                assert_string_equal(err.message, utf16[i].why);
            else if (strstr(got.ptr, utf16[i].got) == NULL)
                fail_msg("case %zu: %s", i, got.ptr);
            mr_csv_in_release(&csv);
            mr_strbuf_release(&got);
        }
}

static enum mr_code enough(void *ctx, const struct mr_csv_field *fields, size_t count,
                           uint64_t line, struct mr_err *err)
{
    (void)ctx;
    (void)fields;
    (void)count;
    return line < 2 ? MR_OK : mr_err_set(err, MR_E_SQL, "enough");
}

static void test_callback_ends_it(void **state)
{
    struct mr_csv_in csv;
    struct mr_err err = {0};
    (void)state;
    mr_csv_in_init(&csv, enough, NULL);
    assert_int_equal(mr_csv_in_feed(&csv, "a\nb\nc\n", 6, &err), MR_E_SQL);
    assert_string_equal(err.message, "enough");
    mr_csv_in_release(&csv);
}

/* As a device gives them, for ever. */
static void test_first_line_has_an_end(void **state)
{
    static const char *const endless[] = {"x", "\0", ",", "\"\n"};
    char piece[4096];
    (void)state;
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        struct mr_csv_in csv;
        struct mr_err err = {0};
        enum mr_code code = MR_OK;
        size_t taken = 0;
        mr_csv_in_init_lenient(&csv, enough, NULL);
        memset(piece, endless[i][endless[i][0] == '"'], sizeof piece);
        if (endless[i][0] == '"')
            code = mr_csv_in_feed(&csv, endless[i], 1, &err);
        for (; code == MR_OK && taken < (size_t)4 << 20; taken += sizeof piece)
            code = mr_csv_in_feed(&csv, piece, sizeof piece, &err);
        assert_int_equal(code, MR_E_REFUSED);
        assert_non_null(strstr(err.message, "the first line, which names the columns, is longer"));
        mr_csv_in_release(&csv);
    }
}

/* Those behind it hold the values of rows. */
static void test_further_lines_may_be_long(void **state)
{
    struct mr_csv_in csv;
    struct mr_err err = {0};
    char piece[4096];
    (void)state;
    memset(piece, 'x', sizeof piece);
    mr_csv_in_init_lenient(&csv, enough, NULL);
    assert_int_equal(mr_csv_in_feed(&csv, "a,b\n", 4, &err), MR_OK);
    for (size_t taken = 0; taken < (size_t)4 << 20; taken += sizeof piece)
        assert_int_equal(mr_csv_in_feed(&csv, piece, sizeof piece, &err), MR_OK);
    mr_csv_in_release(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_loose),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_callback_ends_it),
        cmocka_unit_test(test_first_line_has_an_end),
        cmocka_unit_test(test_further_lines_may_be_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
