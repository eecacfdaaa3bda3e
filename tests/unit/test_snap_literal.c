/* test_snap_literal.c: literals behind an introducer, by the bytes of their client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot/format/snap_literal.h"

#define E "\xC3\xA9" /* é */

struct row {
    const char *charset, *sql_mode, *sql, *wanted;
};

static const struct row rows[] = {
    {"latin1", NULL, "SELECT _binary'a" E "'", "SELECT _binary'a\xE9'"},
    {"latin1", NULL, "SELECT _UTF8MB4 /* " E " */ \"" E "\", '" E "'",
     "SELECT _UTF8MB4 /* " E " */ '\xE9', '" E "'"},
    {"latin1", NULL, "SELECT t._x '" E "', _x '" E "', `_latin1` '" E "'",
     "SELECT t._x '" E "', _x '" E "', `_latin1` '" E "'"},
    {"latin1", NULL, "SELECT _latin1'it''s " E "\\\\\\''", "SELECT _latin1'it''s \xE9\\\\'''"},
    {"latin1", "NO_BACKSLASH_ESCAPES", "SELECT _latin1'" E "\\'", "SELECT _latin1'\xE9\\'"},
    {"latin1", "ANSI_QUOTES", "SELECT _latin1\"" E "\"", "SELECT _latin1\"" E "\""},
    {"latin1", NULL, "SELECT _latin1'e'", "SELECT _latin1'e'"},
    {"sjis", NULL, "SELECT _binary'\xE3\x82\xBD'", "SELECT _binary'\x83\\\\'"},
    {"utf8mb4", NULL, "SELECT _latin1'" E "'", "SELECT _latin1'" E "'"},
    {"utf8", NULL, "SELECT _latin1'" E "'", "SELECT _latin1'" E "'"},
    {"binary", NULL, "SELECT _latin1'" E "'", "SELECT _latin1'" E "'"},
    {NULL, NULL, "SELECT _latin1'" E "'", "SELECT _latin1'" E "'"},
    {"dec8", NULL, "SELECT '" E "'", "SELECT '" E "'"},
};

static void bytes_are_those_of_the_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        assert_int_equal(
            mr_snap_literal_add(&out, rows[i].sql, rows[i].sql_mode, rows[i].charset, NULL), MR_OK);
        assert_string_equal(out.ptr, rows[i].wanted);
        mr_strbuf_release(&out);
    }
}

static void what_cannot_be_told_is_refused(void **state)
{
    static const char *const charsets[] = {"dec8", "latin1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_err err = {0};
        assert_int_equal(
            mr_snap_literal_add(&out, "SELECT _binary'\xE3\x82\xBD'", NULL, charsets[i], &err),
            MR_E_SNAPSHOT);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_the_client),
        cmocka_unit_test(what_cannot_be_told_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
