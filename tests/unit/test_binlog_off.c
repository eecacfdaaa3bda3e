/* test_binlog_off.c: a session leaves the binary log, or it is named why it does not. */
#include "snap_world.h"

#include "core/db/binlog_off.h"
#include "core/db/grants.h"

enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err);
enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err)
{
    (void)db, (void)err;
    *out = NULL;
    return MR_OK;
}

void __wrap_mr_grants_free(struct mr_grants *grants);
void __wrap_mr_grants_free(struct mr_grants *grants)
{
    (void)grants;
}

const char *__wrap_mr_grants_account(const struct mr_grants *grants);
const char *__wrap_mr_grants_account(const struct mr_grants *grants)
{
    (void)grants;
    return "'dba'@'%'";
}

#define MARIA MR_FLAVOUR_MARIADB
#define MYSQL MR_FLAVOUR_MYSQL

static const struct {
    const char *what;
    enum mr_flavour flavour;
    unsigned version;
    const char *node;  /* what SHOW says of a cluster; NULL: nothing */
    enum mr_code code; /* of SET, with the server's */
    unsigned number;
    enum mr_code result;
    const char *why, *hint;
} cases[] = {
    {"MariaDB", MARIA, 101119, NULL, MR_OK, 0, MR_OK, "", ""},
    {"MySQL", MYSQL, 90704, NULL, MR_OK, 0, MR_OK, "", ""},
    {"no right", MARIA, 100500, NULL, MR_E_DENIED, 1227, MR_E_REFUSED, "account may not change",
     "GRANT BINLOG ADMIN ON *.* TO 'dba'@'%'; or leave --no-binlog out"},
    {"of an older MariaDB", MARIA, 100499, NULL, MR_E_DENIED, 1227, MR_E_REFUSED,
     "account may not change", "GRANT SUPER ON"},
    {"of MySQL", MYSQL, 80014, NULL, MR_E_DENIED, 1227, MR_E_REFUSED, "account may not change",
     "GRANT SESSION_VARIABLES_ADMIN ON"},
    {"of an older MySQL", MYSQL, 80013, NULL, MR_E_DENIED, 1227, MR_E_REFUSED,
     "account may not change", "GRANT SUPER ON"},
    {"in a transaction", MYSQL, 90704, NULL, MR_E_SQL, 1694, MR_E_SQL, "", ""},
    {"Galera", MARIA, 101119, "wsrep_provider_name|Galera", MR_OK, 0, MR_E_REFUSED,
     "is a node of Galera", "Leave --no-binlog out"},
    {"Galera of MySQL", MYSQL, 80034, "wsrep_provider_name|Galera", MR_OK, 0, MR_E_REFUSED,
     "is a node of Galera", "Leave --no-binlog out"},
    {"a group", MYSQL, 90704, "group_replication_group_name|aa-bb", MR_OK, 0, MR_E_REFUSED,
     "is set up for a replication group", "Leave --no-binlog out"},
};

static void test_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *node = cases[i].node;
        const bool is_group = node != NULL && strncmp(node, "group", 5) == 0;
        const struct world_answer script[] = {
            {.has = "'wsrep_provider_name'", .rows = is_group ? NULL : node},
            {.has = "'group_replication_group_name'", .rows = is_group ? node : NULL},
            {.has = "SET SESSION sql_log_bin = 0",
             .code = cases[i].code,
             .number = cases[i].number}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        world.server.flavour = cases[i].flavour;
        world.server.version = cases[i].version;
        const enum mr_code code = mr_binlog_off(world_db(), &err);
        if (code != cases[i].result || strstr(err.message, cases[i].why) == NULL ||
            strstr(err.hint, cases[i].hint) == NULL)
            fail_msg("%s: %d, %s, %s", cases[i].what, (int)code, err.message, err.hint);
        assert_int_equal(world_sent_count("sql_log_bin"), cases[i].node == NULL);
        world_end();
    }
}

/* Whether it is a node cannot be asked: nothing is set. */
static void test_unknown(void **state)
{
    static const struct world_answer script[] = {
        {.has = "wsrep_provider_name", .code = MR_E_LOST, .number = 2013}};
    struct mr_err err = {0};
    (void)state;
    world_begin(script, LEN(script));
    assert_int_equal(mr_binlog_off(world_db(), &err), MR_E_LOST);
    assert_int_equal(world_sent_count("sql_log_bin"), 0);
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each), cmocka_unit_test(test_unknown)};
    return cmocka_run_group_tests_name("binlog_off", tests, NULL, NULL);
}
