/* test_target.c: a plan is for one server: any other is refused, as is one that is not to be
 * written to. */
#include "apply_world.h"

#include "repair/apply/target.h"

#define GOOD                                                                                       \
    {.has = "SCHEMATA", .text = "1"}, {.has = "read_only", .text = "0"},                           \
    {                                                                                              \
        .has = "offline_mode", .text = "0"                                                         \
    }

static void be_planned(void)
{
    world.server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL,
                                      .version = 90704,
                                      .hostname = "db's host",
                                      .uuid = "7c178c4e-e4cc",
                                      .server_id = 4294967295,
                                      .port = 3306,
                                      .datadir = "/var/lib/mysql/",
                                      .max_packet_bytes = 1 << 24};
    p.m.server = (struct mr_plan_server){.flavour = MR_FLAVOUR_MYSQL,
                                         .hostname = "db's host",
                                         .uuid = "7c178c4e-e4cc",
                                         .server_id = 4294967295,
                                         .port = 3306,
                                         .datadir = "/var/lib/mysql/",
                                         .dbs = plan_dbs,
                                         .ndbs = 1};
}

static void other_kind(void)
{
    world.server.flavour = MR_FLAVOUR_MARIADB;
}
static void other_uuid(void)
{
    world.server.uuid[0] = '8';
}
static void no_uuid(void)
{
    world.server.uuid[0] = '\0';
}
static void other_id(void)
{
    world.server.server_id = 0;
}
static void other_host(void)
{
    world.server.hostname[0] = 'D';
}
static void other_port(void)
{
    world.server.port = 3307;
}
static void other_datadir(void)
{
    world.server.datadir[14] = '\0'; /* without the slash */
}
static void other_version(void)
{
    world.server.version = 80020; /* an upgrade */
}
static void small_packets(void)
{
    p.m.planned.packet = (1 << 24) + 1;
}
static void packets_that_fit(void)
{
    p.m.planned.packet = 1 << 24;
}

/* Each changes one thing, with or without being written to. */
static void test_server(void **state)
{
    static const struct {
        void (*change)(void);
        bool writable;
        const char *why;
    } cases[] = {{other_version, true, NULL},
                 {packets_that_fit, true, NULL},
                 {small_packets, false, NULL},
                 {other_kind, false, "its kind is \"MariaDB\", planned was \"MySQL\""},
                 {other_uuid, false, "its server_uuid is \"8c178c4e-e4cc\""},
                 {no_uuid, false, "its server_uuid is \"\""},
                 {other_id, false, "its server_id is \"0\", planned was \"4294967295\""},
                 {other_host, false, "its hostname is \"Db's host\""},
                 {other_port, true, "its port is \"3307\""},
                 {other_datadir, true, "its datadir is \"/var/lib/mysql\""},
                 {small_packets, true, "is 16777216, and the plan needs 16777217"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN(GOOD);
        be_planned();
        cases[i].change();
        const enum mr_code code = mr_target_check(&p.target, &p.m, cases[i].writable, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        end();
    }
}

/* Of MariaDB it is called otherwise. */
static void test_server_uid(void **state)
{
    (void)state;
    BEGIN(GOOD);
    be_planned();
    world.server.flavour = p.m.server.flavour = MR_FLAVOUR_MARIADB;
    other_uuid();
    refused_for(mr_target_check(&p.target, &p.m, false, &p.err), "its server_uid is");
    end();
}

static void test_writable(void **state)
{
    static const struct {
        const char *read_only;
        bool writable, allow_replica, replicates;
        const char *why;
    } cases[] = {{"0", true, false, false, NULL},
                 {"OFF", true, false, false, NULL},
                 {"off", true, false, false, NULL},
                 {"1", true, false, false, "is read-only"},
                 {"ON", true, false, false, "is read-only"},
                 {"NO_LOCK_NO_ADMIN", true, false, false, "is read-only"},
                 {"", true, false, false, "is read-only"},
                 {"1", false, false, true, NULL}, /* it is only looked at */
                 {"0", true, false, true, "it follows"},
                 {"0", true, true, true, NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "SCHEMATA", .text = "1"}, {.has = "read_only", .text = cases[i].read_only},
              {.has = "offline_mode", .text = "1"}, /* whoever is in may write */
              {.has = "(replicates?)",
               .code = cases[i].replicates ? MR_E_REFUSED : MR_OK,
               .text = "it follows db2"});
        be_planned();
        p.target.allow_replica = cases[i].allow_replica;
        const enum mr_code code = mr_target_check(&p.target, &p.m, cases[i].writable, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        end();
    }
}

static void test_dbs(void **state)
{
    static const struct {
        const char *uri, *count;
        char lower_case_table_names;
        const char *why;
    } cases[] = {{"mysql://dba@db1", "1", 0, NULL},
                 {"mysql://dba@db1/o%60dd", "1", 0, NULL},
                 {"mysql://dba@db1/x,o%60dd", "1", 0, NULL},
                 {"mysql://dba@db1/x", "1", 0, "database \"o`dd\" of the plan is not named"},
                 {"mysql://dba@db1/O%60DD", "1", 0, "is not named by the URI"},
                 {"mysql://dba@db1/O%60DD", "1", 1, NULL},
                 {"mysql://dba@db1", "0", 0, "is not on the server, or hidden"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "SCHEMA_NAME = 'o`dd'", .text = cases[i].count}, GOOD);
        be_planned();
        world.server.lower_case_table_names = cases[i].lower_case_table_names;
        assert_int_equal(mr_endpoint_parse(&p.target.ep, cases[i].uri, &p.err), MR_OK);
        const enum mr_code code = mr_target_check(&p.target, &p.m, true, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        mr_endpoint_release(&p.target.ep);
        end();
    }
}

/* A plan that somebody has edited: its tables are where its databases are. */
static void test_places(void **state)
{
    static const struct {
        const char *db, *counter_db, *why;
    } cases[] = {{"o`dd", "o`dd", NULL},
                 {"other", "o`dd", "table \"t\" of the plan is in none of its databases"},
                 {"o`dd", "other", "table \"c\" of the plan is in none of its databases"},
                 {"O`dd", "o`dd", "is in none of its databases"},
                 {"mysql", "o`dd", "table \"t\" of the plan is one of the server's own"},
                 {"o`dd", "MySQL", "table \"c\" of the plan is one of the server's own"},
                 {"sys", "o`dd", "is one of the server's own"}};
    (void)state;
    for (size_t own = 0; own < 2; own++) /* named as a database of the plan, too */
        for (size_t i = 0; i < LEN(cases); i++) {
            BEGIN(GOOD);
            be_planned();
            const char *dbs[] = {"o`dd", strcmp(cases[i].db, "mysql") == 0 ? "mysql" : "MySQL"};
            const struct mr_planned_table table = {.table = "t", .target_db = cases[i].db};
            const struct mr_counter counter = {.table = "c", .db = cases[i].counter_db};
            p.m.server.dbs = dbs;
            p.m.server.ndbs = 1 + own;
            p.m.planned.tables = &table;
            p.m.planned.ntables = 1;
            p.m.counters = &counter;
            p.m.ncounters = 1;
            const enum mr_code code = mr_target_check(&p.target, &p.m, false, &p.err);
            if (cases[i].why != NULL)
                refused_for(code, cases[i].why);
            else
                assert_int_equal(code, MR_OK);
            p.m.planned = (struct mr_planned){0};
            p.m.ncounters = 0;
            end();
        }
}

/* ---- opening ---- */

#define ACCOUNT                                                                                    \
    {.has = "CURRENT_USER", .text = "dba@%"}, {.has = "partial_revokes", .text = "0"},             \
    {                                                                                              \
        .has = "SHOW GRANTS", .rows = "GRANT SELECT ON *.* TO x"                                   \
    }

static void test_open(void **state)
{
    static const struct {
        const char *uri;
        enum mr_code code;
        const char *why;
    } cases[] = {{"mysql://dba@db1", MR_OK, NULL},
                 {"snapshot:dir", MR_E_USAGE, "a snapshot cannot be the target"},
                 {"mysql://", MR_E_USAGE, NULL}};
    const struct mr_target_opts opts = {.run_tag = "run-1", .writable = true};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_target target;
        BEGIN(GOOD, ACCOUNT);
        be_planned();
        const enum mr_code code = mr_target_open(cases[i].uri, &p.m, &opts, &target, &p.err);
        if (cases[i].why != NULL || cases[i].code == MR_OK)
            assert_int_equal(code, cases[i].code);
        if (cases[i].why != NULL && strstr(p.err.message, cases[i].why) == NULL)
            fail_msg("%s", p.err.message);
        if (code == MR_OK)
            assert_non_null(target.grants);
        mr_target_close(&target);
        assert_int_equal(world.open_dbs, 0);
        end();
    }
}

/* Whatever fails first is said, and nothing stays open; but for the grants, which may be hidden. */
static void test_open_fails(void **state)
{
    const struct mr_target_opts opts = {.run_tag = "run-1", .writable = true};
    (void)state;
    for (unsigned n = 1; n <= 10; n++) {
        struct mr_target target;
        BEGIN(GOOD, ACCOUNT);
        be_planned();
        world.fail_at = n;
        world.fail_code = MR_E_DENIED;
        const enum mr_code code = mr_target_open("mysql://dba@db1", &p.m, &opts, &target, &p.err);
        /* open, SCHEMATA, three read_only, offline_mode, replicates; then CURRENT_USER, … */
        assert_int_equal(code, n <= 7 ? MR_E_DENIED : MR_OK);
        if (code == MR_OK) {
            assert_null(target.grants);
            said_has("the grants of the account cannot be read");
        }
        mr_target_close(&target);
        assert_int_equal(world.open_dbs, 0);
        end();
    }
}

/* ---- rights ---- */

static const struct mr_counter table_counter = {.db = "o`dd", .name = "t", .column = "id"},
                               sequence_counter = {.db = "o`dd",
                                                   .name = "t",
                                                   .column = "id",
                                                   .sequence_db = "seq",
                                                   .sequence = "n`o"};

static void test_rights(void **state)
{
    static const struct {
        const struct mr_counter *counter;
        const char *grant, *why;
    } cases[] = {{&table_counter, NULL, NULL}, /* not known: the server will say */
                 {&table_counter, "GRANT ALTER ON `o``dd`.* TO x", NULL},
                 {&table_counter, "GRANT INSERT ON *.* TO x", "may not alter table `o``dd`.`t`"},
                 {&sequence_counter, "GRANT INSERT ON `seq`.`n``o` TO x", NULL},
                 {&sequence_counter, "GRANT ALTER, INSERT ON `o``dd`.* TO x",
                  "may not set sequence `seq`.`n``o`"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin(NULL, 0);
        p.m.counters = cases[i].counter;
        p.m.ncounters = 1;
        if (cases[i].grant != NULL)
            may(cases[i].grant);
        const enum mr_code code = mr_target_check_rights(&p.target, &p.m, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),     cmocka_unit_test(test_server_uid),
        cmocka_unit_test(test_writable),   cmocka_unit_test(test_dbs),
        cmocka_unit_test(test_places),     cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_fails), cmocka_unit_test(test_rights)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
