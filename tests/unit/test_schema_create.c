/* test_schema_create.c: what is taken from SHOW CREATE TABLE, and from nothing that only looks so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/schema/schema_internal.h"

static const struct {
    const char *what, *create;
    const char *primary, *other; /* clauses of PRIMARY and of `u` */
    const char *period;          /* of the CHECK (s < e) that is called p */
    const char *partitioning;
} table[] = {
    {"nothing", "CREATE TABLE `t` (`id` int, PRIMARY KEY (`id`), KEY `u` (`v`))", "", "",
     "", "system_time: h, c"},
    {"a parser",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), FULLTEXT KEY `u` (`v`) /*!50100 WITH PARSER "
     "`ngram` */ )",
     "", "with parser ngram", "", "system_time: h, c"},
    {"MariaDB's",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), FULLTEXT KEY `u` (`v`) /*M!100100 WITH "
     "PARSER `o``dd` */)",
     "", "with parser o`dd", "", "system_time: h, c"},
    {"in texts",
     "CREATE TABLE `t` (`v` text COMMENT 'KEY `u` WITH PARSER `x`, PERIOD FOR `p` (`s`, "
     "`e`)', "
     "PRIMARY KEY (`id`), KEY `u` (`v`)) COMMENT='PARTITION BY SYSTEM_TIME LIMIT 7'",
     "", "", "", "system_time: h, c"},
    {"names that are words",
     "CREATE TABLE `t` (`KEY` int, `PERIOD FOR` int, `u` int, PRIMARY KEY (`id`), KEY "
     "`u` (`WITH`, `PARSER`, `x`))",
     "", "", "", "system_time: h, c"},
    {"no overlaps",
     "CREATE TABLE `t` (PRIMARY KEY (`id`,`p` WITHOUT OVERLAPS), UNIQUE KEY `u` (`id`), "
     "PERIOD FOR `p` (`s`, `e`))",
     "without overlaps", "", "p", "system_time: h, c"},
    {"a period of other columns",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u` (`v`), PERIOD FOR `p` (`e`, `s`))",
     "", "", "", "system_time: h, c"},
    {"a limit",
     "CREATE TABLE `t` (PRIMARY KEY (`id`)) WITH SYSTEM VERSIONING\n PARTITION BY "
     "SYSTEM_TIME LIMIT 1000\n(PARTITION `h` HISTORY)",
     "", "", "", "system_time limit 1000: h, c"},
    {"the server's own partitions",
     "CREATE TABLE `t` (PRIMARY KEY (`id`))\n PARTITION BY SYSTEM_TIME INTERVAL 1 DAY "
     "STARTS TIMESTAMP'2030-01-01 00:00:00' AUTO\nPARTITIONS 3",
     "", "", "",
     "system_time interval 1 day starts timestamp '2030-01-01 00:00:00' auto"},
    {"cut off",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), FULLTEXT KEY `u` (`v`) /*!50100 WITH PARSER",
     "", "", "", "system_time: h, c"},
    {"a comment of no length", "/*!*/ /*M!*/ KEY", "", "", "", "system_time: h, c"},
    {"empty", "", "", "", "", "system_time: h, c"},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_schema_load load = {.arena = &arena};
        struct mr_index indexes[] = {{.name = "PRIMARY", .kind = "BTREE"},
                                     {.name = "u", .kind = "FULLTEXT"}};
        struct mr_check checks[] = {{.name = "p", .clause = "s < e"}};
        struct mr_table t = {.db = "d",
                             .name = "t",
                             .indexes = indexes,
                             .nindexes = 2,
                             .checks = checks,
                             .nchecks = 1,
                             .partitioning = "system_time (): h, c"};
        assert_true(mr_table_is_unread(&t));
        mr_schema_read_create(&load, &t, table[i].create, strlen(table[i].create));
        if (load.nomem || strcmp(indexes[0].clause, table[i].primary) != 0 ||
            strcmp(indexes[1].clause, table[i].other) != 0 ||
            strcmp(checks[0].period, table[i].period) != 0 ||
            strcmp(t.partitioning, table[i].partitioning) != 0)
            fail_msg("%s: \"%s\", \"%s\", \"%s\", \"%s\"", table[i].what,
                     indexes[0].clause, indexes[1].clause, checks[0].period,
                     t.partitioning);
        assert_false(mr_table_is_unread(&t));
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
