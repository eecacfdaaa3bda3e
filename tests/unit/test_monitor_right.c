/* test_monitor_right.c: what a right is called on a server of some family and version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/db/monitor_right.h"

static void test_names(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        const char *log, *replica;
    } rows[] = {
        {MR_FLAVOUR_MYSQL, 50651, "REPLICATION CLIENT", "REPLICATION CLIENT"},
        {MR_FLAVOUR_MYSQL, 100600, "REPLICATION CLIENT", "REPLICATION CLIENT"},
        {MR_FLAVOUR_MARIADB, 100501, "REPLICATION CLIENT", "REPLICATION CLIENT"},
        {MR_FLAVOUR_MARIADB, 100502, "BINLOG MONITOR", "SLAVE MONITOR"},
        {MR_FLAVOUR_MARIADB, 110400, "BINLOG MONITOR", "SLAVE MONITOR"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mr_server server = {.flavour = rows[i].flavour, .version = rows[i].version};
        assert_string_equal(mr_monitor_right_log(&server), rows[i].log);
        assert_string_equal(mr_monitor_right_replica(&server), rows[i].replica);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests_name("monitor_right", tests, NULL, NULL);
}
