/* test_db_error.c: which code an error number stands for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/db/db_error.h"

static const struct {
    unsigned number;
    enum mr_code code;
} statement[] = {
    {0, MR_E_LOST},       {1044, MR_E_DENIED},  {1142, MR_E_DENIED},  {1143, MR_E_DENIED},
    {1227, MR_E_DENIED},  {1356, MR_E_DENIED},  {1370, MR_E_DENIED},  {1049, MR_E_NO_SUCH},
    {1146, MR_E_NO_SUCH}, {1054, MR_E_NO_SUCH}, {1193, MR_E_NO_SUCH}, {1176, MR_E_CHANGED},
    {1412, MR_E_CHANGED}, {1969, MR_E_TIMEOUT}, {3024, MR_E_TIMEOUT}, {1205, MR_E_TIMEOUT},
    {1317, MR_E_LOST},    {2006, MR_E_LOST},    {2013, MR_E_LOST},    {2026, MR_E_LOST},
    {1053, MR_E_LOST},    {1927, MR_E_LOST},    {4031, MR_E_LOST},    {1064, MR_E_SQL},
    {1792, MR_E_SQL},     {2014, MR_E_BUG},     {2008, MR_E_NOMEM},
};

static void test_statement(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof statement / sizeof *statement; i++)
        if (mr_db_error_classify(statement[i].number) != statement[i].code)
            fail_msg("error %u is %s", statement[i].number,
                     mr_code_name(mr_db_error_classify(statement[i].number)));
}

static void test_connect(void **state)
{
    (void)state;
    assert_int_equal(mr_db_error_classify_connect(1045), MR_E_AUTH);
    assert_int_equal(mr_db_error_classify_connect(1698), MR_E_AUTH);
    assert_int_equal(mr_db_error_classify_connect(2059), MR_E_AUTH);
    assert_int_equal(mr_db_error_classify_connect(2026), MR_E_TLS);
    assert_int_equal(mr_db_error_classify_connect(3159), MR_E_TLS);
    assert_int_equal(mr_db_error_classify_connect(2002), MR_E_CONNECT);
    assert_int_equal(mr_db_error_classify_connect(1040), MR_E_CONNECT);
    assert_int_equal(mr_db_error_classify_connect(2013), MR_E_CONNECT);
}

/* The account is right, and its password too: that is not to be looked for. */
static void test_connect_hint(void **state)
{
    (void)state;
    static const struct {
        unsigned number;
        const char *says;
    } hints[] = {
        {1820, "ALTER USER"},     {1862, "ALTER USER"},   {3118, "ACCOUNT UNLOCK"},
        {4151, "ACCOUNT UNLOCK"}, {3032, "offline_mode"}, {3159, "ssl-mode"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        const char *hint = mr_db_error_connect_hint(hints[i].number);
        if (hint == NULL || strstr(hint, hints[i].says) == NULL)
            fail_msg("error %u: %s", hints[i].number, hint != NULL ? hint : "no hint");
    }
    assert_null(mr_db_error_connect_hint(1045)); /* that of its code */
    assert_null(mr_db_error_connect_hint(0));
}

/* What leaves the connection alive, and what does not. */
static void test_fatal(void **state)
{
    (void)state;
    static const unsigned alive[] = {1317, 1969, 3024, 1146, 1142, 1064, 2014};
    static const unsigned dead[] = {0, 1053, 1927, 2006, 2013, 2026, 2055, 4031};
    for (size_t i = 0; i < sizeof alive / sizeof *alive; i++)
        assert_false(mr_db_error_is_fatal(alive[i]));
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++)
        assert_true(mr_db_error_is_fatal(dead[i]));
}

static void test_passing(void **state)
{
    (void)state;
    static const unsigned passing[] = {1213, 1047, 1180};
    static const unsigned other[] = {0, 1205, 1317, 1062, 1290, 2013};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        assert_true(mr_db_error_is_passing(passing[i]));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(mr_db_error_is_passing(other[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statement),    cmocka_unit_test(test_connect),
        cmocka_unit_test(test_connect_hint), cmocka_unit_test(test_fatal),
        cmocka_unit_test(test_passing),
    };
    return cmocka_run_group_tests_name("db_error", tests, NULL, NULL);
}
