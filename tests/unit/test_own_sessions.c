/* test_own_sessions.c: a session is this process's own on the server that it was opened on, until it is
 * closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/db/own_sessions.h"

static void test_own(void **state)
{
    (void)state;
    mr_own_session_add("db1:3306", 7);
    mr_own_session_add("db1:3306", 8);
    assert_true(mr_own_session_is("db1:3306", "7"));
    assert_false(mr_own_session_is("db2:3306", "7"));
    assert_false(mr_own_session_is("db1:3306", "9"));
    assert_false(mr_own_session_is("db1:3306", NULL));
    mr_own_session_remove("db1:3306", 7);
    mr_own_session_remove("db1:3306", 7);
    assert_false(mr_own_session_is("db1:3306", "7"));
    assert_true(mr_own_session_is("db1:3306", "8"));
    mr_own_session_remove("db1:3306", 8);
    assert_false(mr_own_session_is("db1:3306", "8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_own)};
    return cmocka_run_group_tests_name("own_sessions", tests, NULL, NULL);
}
