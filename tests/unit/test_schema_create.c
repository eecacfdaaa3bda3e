/* test_schema_create.c: what is taken from SHOW CREATE TABLE, and from nothing that only looks
 * so; NULL: unknown as before. */
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
    {"nothing", "CREATE TABLE `t` (`id` int, PRIMARY KEY (`id`), KEY `u` (`v`))", "", "", "", NULL},
    {"a parser",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), FULLTEXT KEY `u` (`v`) /*!50100 WITH PARSER "
     "`ngram` */ )",
     "", "with parser ngram", "", NULL},
    {"MariaDB's",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), FULLTEXT KEY `u` (`v`) /*M!100100 WITH "
     "PARSER `o``dd` */)",
     "", "with parser o`dd", "", NULL},
    {"in texts",
     "CREATE TABLE `t` (`v` text COMMENT 'KEY `u` WITH PARSER `x`, PERIOD FOR `p` (`s`, "
     "`e`)', "
     "PRIMARY KEY (`id`), KEY `u` (`v`)) COMMENT='PARTITION BY SYSTEM_TIME LIMIT 7'",
     "", "", "", NULL},
    {"names that are words",
     "CREATE TABLE `t` (`KEY` int, `PERIOD FOR` int, `u` int, PRIMARY KEY (`id`), KEY "
     "`u` (`WITH`, `PARSER`, `x`))",
     "", "", "", NULL},
    {"no overlaps",
     "CREATE TABLE `t` (PRIMARY KEY (`id`,`p` WITHOUT OVERLAPS), UNIQUE KEY `u` (`id`), "
     "PERIOD FOR `p` (`s`, `e`))",
     "without overlaps", "", "p", NULL},
    {"a period of other columns",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u` (`v`), PERIOD FOR `p` (`e`, `s`))", "", "", "",
     NULL},
    {"a limit",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u` (`v`)) WITH SYSTEM VERSIONING\n "
     "PARTITION BY SYSTEM_TIME LIMIT 1000\n(PARTITION `h` HISTORY)",
     "", "", "", "system_time limit 1000: h, c"},
    {"no limit",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u` (`v`))\n PARTITION BY SYSTEM_TIME \n"
     "(PARTITION `h` HISTORY)",
     "", "", "", "system_time: h, c"},
    {"the server's own partitions",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u` (`v`))\n PARTITION BY SYSTEM_TIME "
     "INTERVAL 1 DAY STARTS TIMESTAMP'2030-01-01 00:00:00' AUTO\nPARTITIONS 3",
     "", "", "", "system_time interval 1 day starts timestamp '2030-01-01 00:00:00' auto"},
    {"an index that is not shown", "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `w` (`v`))", "", NULL,
     "", NULL},
    {"no index is shown", "CREATE TABLE `t` (`id` int)", NULL, NULL, "", NULL},
    {"partitions by something else",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u` (`v`)) PARTITION BY HASH (`id`)", "", "", "",
     NULL},
    {"cut off", "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u` (`v`), FULLTEXT KEY `u` (`v`)", NULL,
     NULL, NULL, NULL},
    {"cut off in a comment",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), FULLTEXT KEY `u` (`v`) /*!50100 WITH PARSER", NULL,
     NULL, NULL, NULL},
    {"a comment whose text has no end",
     "CREATE TABLE `t` (PRIMARY KEY (`id`), FULLTEXT KEY `u` (`v`) /*!50100 WITH PARSER "
     "`ngram */)",
     NULL, NULL, NULL, NULL},
    {"cut off in a name", "CREATE TABLE `t` (PRIMARY KEY (`id`), KEY `u", NULL, NULL, NULL, NULL},
    {"an end too many", "CREATE TABLE `t` PRIMARY KEY (`id`)), (KEY `u` (`v`)", NULL, NULL, NULL,
     NULL},
    {"no table", "CREATE VIEW `t` AS SELECT 1", NULL, NULL, NULL, NULL},
    {"a comment of no length", "/*!*/ /*M!*/ KEY", NULL, NULL, NULL, NULL},
    {"empty", "", NULL, NULL, NULL, NULL},
};

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void test_read(void **state)
{
    static const char before[] = "system_time (): h, c";
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_index indexes[] = {{.name = "PRIMARY", .kind = "BTREE"},
                                     {.name = "u", .kind = "FULLTEXT"}};
        struct mr_check checks[] = {{.name = "p", .clause = "s < e"}};
        struct mr_table t = {.db = "d",
                             .name = "t",
                             .indexes = indexes,
                             .nindexes = 2,
                             .checks = checks,
                             .nchecks = 1,
                             .partitioning = before};
        const char *partitioning = table[i].partitioning != NULL ? table[i].partitioning : before;
        assert_true(mr_table_is_unread(&t));
        assert_int_equal(
            mr_schema_read_create(&t, table[i].create, strlen(table[i].create), &arena, NULL),
            MR_OK);
        if (!is_same(indexes[0].clause, table[i].primary) ||
            !is_same(indexes[1].clause, table[i].other) ||
            !is_same(checks[0].period, table[i].period) || !is_same(t.partitioning, partitioning))
            fail_msg("%s: \"%s\", \"%s\", \"%s\", \"%s\"", table[i].what, indexes[0].clause,
                     indexes[1].clause, checks[0].period, t.partitioning);
        assert_int_equal(mr_table_is_unread(&t), table[i].partitioning == NULL);
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
