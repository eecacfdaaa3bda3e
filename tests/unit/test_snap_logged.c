/* test_snap_logged.c: whose position in a log stands for all that was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot/format/snap_logged.h"

static void test_places(void **state)
{
    static const struct {
        enum mr_snap_proof proof;
        const char *applied, *note;
        const char *why; /* part of it; NULL: all */
    } rows[] = {
        {MR_SNAP_BY_LOG, NULL, NULL, NULL},
        {MR_SNAP_BY_CONNECTION, "", "the view holds all that lies before the position", NULL},
        {0, NULL, NULL, "ahead of the view"},
        /* a replica without log_slave_updates: released since, its log looks like any other */
        {MR_SNAP_BY_LOG, "0-1-7", NULL, "applied from other servers"},
        {MR_SNAP_BY_LOG, NULL,
         "more; the position tells of logged writes only, and what the server applies from another "
         "one is not in its log (log_slave_updates is off)",
         "log_slave_updates is off"},
        {MR_SNAP_BY_LOG, NULL,
         "the position tells of logged writes only, and filters keep databases out of the server's "
         "log",
         "filters keep"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mr_snap_consistency place = {
            .proof = rows[i].proof, .applied = rows[i].applied, .note = rows[i].note};
        const char *why = mr_snap_logged_why(&place);
        assert_int_equal(why == NULL, rows[i].why == NULL);
        assert_true(why == NULL || strstr(why, rows[i].why) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
