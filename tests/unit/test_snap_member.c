/* test_snap_member.c: ENUM and SET by number and by text, where a comma is not one byte, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "snapshot/format/snap_member.h"

#define TEXT(text) text, sizeof text - 1

struct row {
    const char *type, *charset;
    uint64_t number;
    const char *text;
    size_t len;
};

static const struct row rows[] = {
    {"enum('a','b,c')", NULL, 2, TEXT("b,c")},
    {"enum('a','b')", "utf16", 2, TEXT("\0b")},
    {"set('a','','b')", NULL, 5, TEXT("a,b")},
    {"set('a','b')", "utf16", 3, TEXT("\0a\0,\0b")},
    {"set('a','b')", "utf16le", 3, TEXT("a\0,\0b\0")},
    {"set('a','b')", "utf32", 3, TEXT("\0\0\0a\0\0\0,\0\0\0b")},
    /* U+2C2C is a letter of both bytes of a comma */
    {"set('\xE2\xB0\xAC','b')", "utf16", 3, TEXT("\x2c\x2c\0,\0b")},
    {"set('\xE2\xB0\xAC','b')", "ucs2", 1, TEXT("\x2c\x2c")},
    {"set('a','b')", "utf16", 0, TEXT("")},
};

static void numbers_are_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct mr_snap_members members;
        struct mr_strbuf text = MR_STRBUF_INIT;
        assert_int_equal(mr_snap_members_init(&members, row->type, row->charset, NULL), MR_OK);
        mr_snap_members_text(&members, row->number, &text);
        assert_int_equal(text.len, row->len);
        assert_memory_equal(text.ptr, row->text, row->len);
        assert_true(mr_snap_members_number(&members, row->text, row->len) == row->number);
        mr_snap_members_release(&members);
        mr_strbuf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_are_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
