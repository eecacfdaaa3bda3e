/* test_findings_damage.c: a case in which anything may stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* Readers go by the classes and parts of columns: of a file that says anything there, nothing is
 * read. */
static void test_damaged_columns(void **state)
{
    static const char *const damages[] = {"UPDATE col SET cls=15",
                                          "UPDATE col SET cls=-1",
                                          "UPDATE col SET decimals=1 << 31",
                                          "UPDATE col SET key_at=1",
                                          "UPDATE col SET identity_at=7 WHERE identity_at=0",
                                          "UPDATE col SET key_at=0"};
    (void)state;
    for (size_t i = 0; i < LEN(damages); i++) {
        struct check_case c;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_find_table *tables = NULL;
        size_t count = 0;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
        assert_int_equal(mr_findings_tables(c.fd, &arena, &tables, &count, NULL), MR_OK);
        assert_int_equal(mr_case_exec(mr_findings_case(c.fd), damages[i], NULL), MR_OK);
        if (mr_findings_tables(c.fd, &arena, &tables, &count, NULL) != MR_E_CASE)
            fail_msg("%s", damages[i]);
        mr_arena_release(&arena);
        case_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_damaged_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
