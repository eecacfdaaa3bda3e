/* test_staged.c: only what the unit at hand makes itself counts as staged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repair/apply/staged.h"

#define CREATE "CREATE TEMPORARY TABLE "

static void test_see(void **state)
{
    static const struct {
        const char *sql;
        char prefix; /* '\0': none */
        size_t number;
    } cases[] = {
        {CREATE "`o``dd`.myrecon_i0 (x INT)", 'i', 0},
        {CREATE "`d`.myrecon_d17 SELECT * FROM t LIMIT 0", 'd', 17},
        {CREATE "`.myrecon`.myrecon_u2 (x INT)", 'u', 2},
        {CREATE "`d`.myrecon_aside (line INT)", '\0', 0}, /* none of rows */
        {CREATE "`d`.myrecon_i (x INT)", '\0', 0},
        {CREATE "`d`.myrecon_", '\0', 0},
        {CREATE "t (x INT)", '\0', 0},
        {"INSERT INTO `d`.myrecon_i0 VALUES (1)", '\0', 0},
        {"DROP TEMPORARY TABLE `d`.myrecon_i0", '\0', 0},
        {"create temporary table `d`.myrecon_i0 (x INT)", '\0', 0}, /* no script writes so */
        {"", '\0', 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_staged staged;
        struct mr_err err = {0};
        mr_staged_init(&staged);
        assert_int_equal(mr_staged_see(&staged, cases[i].sql, &err), MR_OK);
        if ((staged.tables.count > 0) != (cases[i].prefix != '\0'))
            fail_msg("%zu", i);
        if (cases[i].prefix != '\0') {
            assert_true(mr_staged_has(&staged, cases[i].prefix, cases[i].number));
            assert_false(mr_staged_has(&staged, cases[i].prefix, cases[i].number + 1));
            assert_false(mr_staged_has(&staged, 'x', cases[i].number));
            mr_staged_clear(&staged); /* the next unit makes its own */
            assert_false(mr_staged_has(&staged, cases[i].prefix, cases[i].number));
        }
        mr_staged_release(&staged);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_see)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
