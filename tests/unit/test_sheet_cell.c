/* test_sheet_cell.c: which cells a spreadsheet would run or change, and that reading gives them again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/file/csv_in.h"
#include "core/file/sheet_cell.h"

static const struct {
    const char *text;
    bool unsafe;
} cells[] = {
    {"", false},
    /* numbers that stay as they are, and those that do not */
    {"0", false},
    {"7", false},
    {"123456789012345", false},
    {"1234567890123456", true},
    {"9007199254740993", true},
    {"007", true},
    {"00", true},
    {"-7", true},
    {"+4915112345", true},
    {"1.5", true},
    {"1,234", true},
    {"1E5", true},
    {"1.23E+15", true},
    /* what is run */
    {"=1+1", true},
    {"@SUM(A1)", true},
    {"+cmd|' /C calc'!A0", true},
    {"-1+1", true},
    {"\t=1", true},
    {"\r=1", true},
    {"a\t=1", true},
    {"a\n=1", true},
    {"a\r=1", true},
    {" =1", true},
    /* in other widths, which some take for the same: = + - @ 1, and a blank in front */
    {"\xef\xbc\x9d"
     "a",
     true},
    {"\xef\xbc\x8b"
     "a",
     true},
    {"\xef\xbc\x8d"
     "a",
     true},
    {"\xef\xbc\xa0"
     "a",
     true},
    {"\xef\xb9\xa6"
     "a",
     true},
    {"\xe2\x88\x92"
     "a",
     true},
    {"\xef\xbc\x91", true},
    {"\xe6\x9c\x88\xef\xbc\x91", true},
    {"\xd9\xa1", true},
    {"\xc2\xa0=a", true},
    {"\xe3\x80\x80=a", true},
    {"\xef\xbb\xbf=a", true},
    {"\xff", true},
    /* dates, truths */
    {"2026-04-02", true},
    {"MAR1", true},
    {"3 May", true},
    {"1-2", true},
    {"TRUE", true},
    {"false", true},
    {"Wahr", true},
    {"truth", false},
    /* the mark itself */
    {"'x", true},
    {"'", true},
    /* texts */
    {"Anna", false},
    {"skip;without-value", false},
    {"\xc3\x96zg\xc3\xbcr", false},
    {"\xe6\x9c\x88", false},
    {"\xef\xbc\xa1nna", false},
    {"{\"id\":\"7\"}", false},
    {"3..9", true},
    {"digest:0a", true},
};

static void test_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (mr_sheet_cell_is_unsafe(cells[i].text, strlen(cells[i].text)) != cells[i].unsafe)
            fail_msg("%zu: \"%s\"", i, cells[i].text);
}

static enum mr_code join(void *ctx, const struct mr_csv_field *fields, size_t count, uint64_t line,
                         struct mr_err *err)
{
    struct mr_strbuf *text = ctx;
    (void)line;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_add(text, fields[i].ptr, fields[i].len);
        mr_strbuf_add_char(text, i + 1 < count ? '|' : '\n');
    }
    return MR_OK;
}

/* One is taken off, where the first name of a column says that they are marks. */
static void test_reading(void **state)
{
    static const struct {
        const char *csv, *text;
        bool lenient;
    } files[] = {
        {"'a,'b\n'007,7\n''x,\n\"'=1,2\",'\n", "a|b\n007|7\n'x|\n=1,2|\n", true},
        {"a,b\n'007,7\n", "a|b\n'007|7\n", true},
        {"'a,'b\n'007,7\n", "'a|'b\n'007|7\n", false},
        /* of one alone nobody knows */
        {"a,'b\n'007,7\n", "a|'b\n'007|7\n", true},
        {"\n'007,7\n", "\n'007|7\n", true},
        {"\xef\xbb\xbf'a;'b\r'007;7\r", "a|b\n007|7\n", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_csv_in csv;
        (files[i].lenient ? mr_csv_in_init_lenient : mr_csv_in_init)(&csv, join, &text);
        assert_int_equal(mr_csv_in_feed(&csv, files[i].csv, strlen(files[i].csv), NULL), MR_OK);
        assert_int_equal(mr_csv_in_finish(&csv, NULL), MR_OK);
        mr_csv_in_release(&csv);
        assert_string_equal(text.ptr, files[i].text);
        mr_strbuf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cells),
                                       cmocka_unit_test(test_reading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
