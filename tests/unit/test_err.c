/* test_err.c: errors, their texts, hints and exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/base/err.h"

static void test_set(void **state)
{
    (void)state;
    struct mr_err err = {.hint = "old", .detail = "old", .sql_errno = 7};
    assert_int_equal(mr_err_set(&err, MR_E_CONFIG, "key \"%s\"", "x"), MR_E_CONFIG);
    assert_int_equal(err.code, MR_E_CONFIG);
    assert_string_equal(err.message, "key \"x\"");
    assert_string_equal(err.detail, "");
    assert_string_equal(err.hint, "");
    assert_int_equal(err.sql_errno, 0);
}

static void test_set_sys(void **state)
{
    (void)state;
    struct mr_err err;
    mr_err_set_sys(&err, MR_E_IO, ENOSPC, "could not write \"%s\"", "f");
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.message, "could not write \"f\": No space left on device");
}

static void test_null_is_fine(void **state)
{
    (void)state;
    assert_int_equal(mr_err_set(NULL, MR_E_SQL, "x"), MR_E_SQL);
    assert_int_equal(mr_err_set_sys(NULL, MR_E_IO, EIO, "x"), MR_E_IO);
    assert_int_equal(mr_err_nomem(NULL, "x"), MR_E_NOMEM);
    mr_err_context(NULL, "x");
    mr_err_detail(NULL, "x");
    mr_err_hint(NULL, "x");
}

static void test_context_and_hint(void **state)
{
    (void)state;
    struct mr_err err;
    mr_err_set(&err, MR_E_CONFIG, "unknown key");
    mr_err_context(&err, "file \"%s\", line %d", "a.ini", 3);
    assert_string_equal(err.message, "file \"a.ini\", line 3: unknown key");
    assert_string_equal(mr_err_get_hint(&err),
                        "Correct what the message names in the configuration or option file.");
    mr_err_hint(&err, "Use \"%s\".", "where");
    assert_string_equal(mr_err_get_hint(&err), "Use \"where\".");
    mr_err_set(&err, MR_E_SQL, "x");
    assert_null(mr_err_get_hint(&err));
    mr_err_set_sys(&err, MR_E_IO, ENOSPC, "x");
    assert_non_null(strstr(mr_err_get_hint(&err), "the disk not full"));
    mr_err_set_sys(&err, MR_E_IO, ENOENT, "x");
    assert_string_equal(mr_err_get_hint(&err),
                        "See that the path is right and usable by this account.");
}

/* However long the text, it is cut and stays a string. */
static void test_long_texts_are_cut(void **state)
{
    (void)state;
    char text[4096];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct mr_err err;
    mr_err_set(&err, MR_E_SQL, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    mr_err_context(&err, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    mr_err_set_sys(&err, MR_E_IO, EIO, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

/* The exit codes are a promise to scripts. */
static void test_exit_codes(void **state)
{
    (void)state;
    static const struct {
        enum mr_code code;
        int exit_code;
    } table[] = {
        {MR_OK, 0},        {MR_E_USAGE, 3},   {MR_E_CONFIG, 3},  {MR_E_IO, 3},
        {MR_E_CONNECT, 3}, {MR_E_AUTH, 3},    {MR_E_TLS, 3},     {MR_E_SQL, 3},
        {MR_E_DENIED, 4},  {MR_E_LOST, 4},    {MR_E_TIMEOUT, 4}, {MR_E_CASE_OTHER, 3},
        {MR_E_REFUSED, 5}, {MR_E_CHANGED, 4}, {MR_E_MOVED, 5},   {MR_E_CANCELLED, 6},
        {MR_E_BUG, 70},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(mr_code_exit(table[i].code), table[i].exit_code);
    for (int code = 0; code < MR_CODE_COUNT; code++)
        assert_true(strlen(mr_code_name((enum mr_code)code)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_sys),
        cmocka_unit_test(test_null_is_fine),
        cmocka_unit_test(test_context_and_hint),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
