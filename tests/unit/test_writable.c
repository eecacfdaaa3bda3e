/* test_writable.c: what keeps a server from being written to is named before the first write, with
 * the statement that would change it. */
#include "snap_world.h"

#include "core/db/writable.h"

struct one {
    const char *what;
    enum mr_flavour flavour;
    unsigned version;
    const char *innodb, *super, *plain, *offline; /* NULL: is not asked */
    const char *cluster;                          /* the same; "": it is in none */
    bool may_pass, passes;
    const char *why, *hint; /* NULL: it is fit */
};

#define MYSQL MR_FLAVOUR_MYSQL, 90704
#define MARIA MR_FLAVOUR_MARIADB, 101119

static const struct one cases[] = {
    {"MySQL", MYSQL, "0", "0", "0", "0", NULL, false, false, NULL, NULL},
    {"MariaDB", MARIA, "0", NULL, "OFF", NULL, "", false, false, NULL, NULL},
    {"MySQL 5.6", MR_FLAVOUR_MYSQL, 50624, "0", NULL, "0", NULL, NULL, false, false, NULL, NULL},
    {"MySQL 5.5", MR_FLAVOUR_MYSQL, 50562, NULL, NULL, "0", NULL, NULL, false, false, NULL, NULL},
    {"Aurora's reader", MYSQL, "1", NULL, NULL, NULL, NULL, true, true,
     "read-only (innodb_read_only)", "name the cluster's writer"},
    {"super", MYSQL, "0", "1", NULL, NULL, NULL, true, true, "read-only (super_read_only)",
     "SET GLOBAL super_read_only = 0, read_only = 0"},
    {"plain", MYSQL, "0", "0", "1", NULL, NULL, false, true, "read-only (read_only)",
     "SET GLOBAL read_only = 0"},
    {"whoever may pass", MYSQL, "0", "0", "1", "0", NULL, true, true, NULL, NULL},
    {"whoever may not", MYSQL, "0", "0", "1", NULL, NULL, true, false, "read-only (read_only)",
     "SET GLOBAL read_only = 0"},
    {"of MariaDB", MARIA, "OFF", NULL, "ON", NULL, "", true, true, NULL, NULL},
    {"nobody passes", MARIA, "OFF", NULL, "NO_LOCK_NO_ADMIN", NULL, NULL, true, true,
     "read-only (read_only)", "SET GLOBAL read_only = 0"},
    {"offline", MYSQL, "0", "0", "0", "1", NULL, false, false, NULL, NULL},
    {"a node of Galera", MARIA, "OFF", NULL, "OFF", NULL, "ready", false, false, NULL, NULL},
    {"a node without a quorum", MARIA, "OFF", NULL, "OFF", NULL, "non-Primary", false, false,
     "takes no statements (non-Primary)", "a node of the Primary component"},
};

static bool grants_pass;

enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err);
enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err)
{
    (void)db, (void)err;
    *out = NULL;
    return MR_OK;
}

bool __wrap_mr_grants_global(const struct mr_grants *grants, const char *privilege);
bool __wrap_mr_grants_global(const struct mr_grants *grants, const char *privilege)
{
    const bool is_mysql = world.server.flavour == MR_FLAVOUR_MYSQL;
    (void)grants;
    /* MariaDB's SUPER has not been enough since 10.11 */
    return grants_pass ? strcmp(privilege, is_mysql ? "CONNECTION_ADMIN" : "READ ONLY ADMIN") == 0
                       : !is_mysql && strcmp(privilege, "SUPER") == 0;
}

static void test_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct world_answer script[] = {
            {.has = "@@GLOBAL.innodb_read_only", .text = c->innodb},
            {.has = "@@GLOBAL.super_read_only", .text = c->super},
            {.has = "@@GLOBAL.read_only", .text = c->plain},
            {.has = "@@GLOBAL.offline_mode", .text = c->offline},
            {.has = "WSREP_PROVIDER_NAME", .text = c->cluster},
            {.has = "SET SESSION wsrep_sync_wait = 15"}};
        unsigned asked = c->cluster != NULL && strcmp(c->cluster, "ready") == 0 ? 1 : 0; /* SET */
        for (size_t k = 0; k < LEN(script); k++)
            asked += script[k].text != NULL ? 1 : 0;
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        mr_log_set_level(0);
        world.server.flavour = c->flavour;
        world.server.version = c->version;
        grants_pass = c->passes;
        const enum mr_code code = mr_writable_require(NULL, c->may_pass, &err);
        if (code != (c->why != NULL ? MR_E_REFUSED : MR_OK))
            fail_msg("%s: %s", c->what, err.message);
        if (c->why != NULL && strstr(err.message, c->why) == NULL)
            fail_msg("%s: %s", c->what, err.message);
        if (c->why != NULL && strstr(err.hint, c->hint) == NULL)
            fail_msg("%s: %s", c->what, err.hint);
        if (world.asked != asked)
            fail_msg("%s: %s", c->what, world_sent());
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};
    return cmocka_run_group_tests_name("writable", tests, NULL, NULL);
}
