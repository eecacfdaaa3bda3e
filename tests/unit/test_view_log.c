/* test_view_log.c: what the binary log may lack; what is hidden from the account counts as
 * lacking. */
#include "snap_world.h"
#include "snapshot/create/view_log.h"

static bool sources_seen;
static const char *sources;
static enum mr_code sources_code;

enum mr_code __wrap_mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *out,
                                           struct mr_err *err);
enum mr_code __wrap_mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *out,
                                           struct mr_err *err)
{
    (void)db;
    *seen = sources_seen;
    mr_strbuf_add_str(out, sources);
    return sources_code == MR_OK ? MR_OK : mr_err_set(err, sources_code, "no");
}

#define VARIABLES(text)                                                                            \
    {                                                                                              \
        .has = "VARIABLES", .rows = (text)                                                         \
    }
#define NO_FILTER                                                                                  \
    {                                                                                              \
        .has = "MASTER STATUS", .names = "File|Binlog_Do_DB|Binlog_Ignore_DB", .rows = "b.1||"     \
    }
#define GTIDS(rows_)                                                                               \
    {                                                                                              \
        .has = "ALL SLAVES", .names = "Connection|Using_Gtid", .rows = (rows_)                     \
    }
#define TABLE(n)                                                                                   \
    {                                                                                              \
        .has = "information_schema.TABLES", .text = (n)                                            \
    }
#define POSITIONS                                                                                  \
    {                                                                                              \
        .has = "FROM mysql.gtid_slave_pos", .text = "3"                                            \
    }
#define LOGS_ALL "log_bin|ON\nlog_slave_updates|ON"
#define LOGS_OWN "log_bin|1\nlog_slave_updates|OFF"
#define CLUSTER LOGS_OWN "\nwsrep_on|ON"

struct one {
    const char *what;
    enum mr_flavour flavour;
    struct world_answer script[6];
    const char *sources; /* NULL: hidden */
    const char *lacks;   /* part of it; NULL: nothing */
    bool has_applied;
    enum mr_code code;
};

#define MARIADB MR_FLAVOUR_MARIADB
#define MYSQL MR_FLAVOUR_MYSQL

static const struct one cases[] = {
    {"all", MARIADB, {VARIABLES(LOGS_ALL), NO_FILTER}, "", NULL, false, MR_OK},
    {"no log",
     MARIADB,
     {VARIABLES("log_bin|OFF\nlog_slave_updates|ON"), NO_FILTER},
     "",
     "keeps no binary log",
     false,
     MR_OK},
    {"nothing is said",
     MARIADB,
     {VARIABLES(""), NO_FILTER},
     "",
     "keeps no binary log",
     false,
     MR_OK},
    {"mysql's newer name",
     MYSQL,
     {VARIABLES("log_bin|ON\nlog_replica_updates|ON"), NO_FILTER},
     "",
     NULL,
     false,
     MR_OK},
    {"a filter",
     MARIADB,
     {VARIABLES(LOGS_ALL),
      {.has = "MASTER STATUS",
       .names = "File|Binlog_Do_DB|Binlog_Ignore_DB",
       .rows = "b.1||mysql"}},
     "",
     "filters keep",
     false,
     MR_OK},
    {"filters are hidden",
     MARIADB,
     {VARIABLES(LOGS_ALL), {.has = "MASTER STATUS", .code = MR_E_DENIED, .number = 1227}},
     "",
     "is hidden from the account (BINLOG",
     false,
     MR_OK},
    {"filters cannot be asked",
     MARIADB,
     {VARIABLES(LOGS_ALL), {.has = "MASTER STATUS", .code = MR_E_SQL}},
     "",
     NULL,
     false,
     MR_E_SQL},
    {"no replica", MARIADB, {VARIABLES(LOGS_OWN), NO_FILTER}, "", NULL, false, MR_OK},
    {"hidden whether it is one",
     MARIADB,
     {VARIABLES(LOGS_OWN), NO_FILTER},
     NULL,
     "whether there is one is hidden",
     false,
     MR_OK},
    {"a replica of mysql",
     MYSQL,
     {VARIABLES(LOGS_OWN), NO_FILTER},
     "db0",
     "is not in its log",
     false,
     MR_OK},
    {"by GTID",
     MARIADB,
     {VARIABLES(LOGS_OWN), NO_FILTER, GTIDS("|Slave_Pos"), TABLE("1"), POSITIONS},
     "db0",
     "is not in its log",
     true,
     MR_OK},
    {"one channel without",
     MARIADB,
     {VARIABLES(LOGS_OWN), NO_FILTER, GTIDS("|Slave_Pos\nb|No"), TABLE("1"), POSITIONS},
     "db0",
     "is not in its log",
     false,
     MR_OK},
    {"a channel that says nothing",
     MARIADB,
     {VARIABLES(LOGS_OWN), NO_FILTER, GTIDS("|"), TABLE("1"), POSITIONS},
     "db0",
     "is not in its log",
     false,
     MR_OK},
    {"no such column",
     MARIADB,
     {VARIABLES(LOGS_OWN),
      NO_FILTER,
      {.has = "ALL SLAVES", .names = "Connection", .rows = "x"},
      TABLE("1"),
      POSITIONS},
     "db0",
     "is not in its log",
     false,
     MR_OK},
    {"positions in another engine",
     MARIADB,
     {VARIABLES(LOGS_OWN), NO_FILTER, GTIDS("|Slave_Pos"), TABLE("0"), POSITIONS},
     "db0",
     "is not in its log",
     false,
     MR_OK},
    {"positions that it may not read",
     MARIADB,
     {VARIABLES(LOGS_OWN),
      NO_FILTER,
      GTIDS("|Slave_Pos"),
      TABLE("1"),
      {.has = "FROM mysql.gtid", .code = MR_E_DENIED}},
     "db0",
     "is not in its log",
     false,
     MR_OK},
    {"by GTID, with a filter of its own",
     MARIADB,
     {VARIABLES(LOGS_OWN),
      {.has = "MASTER STATUS", .names = "File|Binlog_Do_DB", .rows = "b.1|club"},
      GTIDS("|Slave_Pos"),
      TABLE("1"),
      POSITIONS},
     "db0",
     "filters keep",
     false,
     MR_OK},
    {"triggers of a replica that it does not log",
     MARIADB,
     {VARIABLES(LOGS_ALL "\nslave_run_triggers_for_rbr|YES"), NO_FILTER},
     "db0",
     "slave_run_triggers_for_rbr",
     false,
     MR_OK},
    {"where that is hidden",
     MARIADB,
     {VARIABLES(LOGS_ALL "\nslave_run_triggers_for_rbr|YES"), NO_FILTER},
     NULL,
     "slave_run_triggers_for_rbr",
     false,
     MR_OK},
    {"by GTID, and such triggers",
     MARIADB,
     {VARIABLES(LOGS_OWN "\nslave_run_triggers_for_rbr|YES"), NO_FILTER, GTIDS("|Slave_Pos"),
      TABLE("1"), POSITIONS},
     "db0",
     "slave_run_triggers_for_rbr",
     false,
     MR_OK},
    {"triggers of no replica",
     MARIADB,
     {VARIABLES(LOGS_ALL "\nslave_run_triggers_for_rbr|YES"), NO_FILTER},
     "",
     NULL,
     false,
     MR_OK},
    {"triggers that it logs",
     MARIADB,
     {VARIABLES(LOGS_ALL "\nslave_run_triggers_for_rbr|LOGGING"), NO_FILTER},
     "db0",
     NULL,
     false,
     MR_OK},
    {"a cluster", MARIADB, {VARIABLES(CLUSTER), NO_FILTER}, "", "is not in its log", false, MR_OK},
    {"a cluster that is a replica",
     MARIADB,
     {VARIABLES(CLUSTER), NO_FILTER},
     "db0",
     "is not in its log",
     false,
     MR_OK},
    {"lost", MARIADB, {{.has = "VARIABLES", .code = MR_E_LOST}}, "", NULL, false, MR_E_LOST},
};

static void test_look(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        struct world_answer script[LEN(c->script)];
        struct mr_view_log log;
        struct mr_err err = {0};
        for (size_t k = 0; k < LEN(script); k++) {
            script[k] = c->script[k];
            if (script[k].has == NULL)
                script[k].has = "(none)";
        }
        world_begin(script, LEN(script));
        world.server.flavour = c->flavour;
        world.server.version = 80035;
        sources_seen = c->sources != NULL;
        sources = c->sources != NULL ? c->sources : "";
        sources_code = MR_OK;
        enum mr_code code = mr_view_log_look(world_db(), &log, &err);
        if (code != c->code || err.code != c->code || log.has_applied != c->has_applied ||
            (log.lacks != NULL) != (c->lacks != NULL) ||
            (c->lacks != NULL && strstr(log.lacks, c->lacks) == NULL))
            fail_msg("%s: %s, %s", c->what, log.lacks, err.message);
        world_end();
    }
}

/* The statement that this server has for it. */
static void test_status(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        unsigned version;
        const char *sql;
    } rows[] = {{MYSQL, 80199, "SHOW MASTER STATUS"},
                {MYSQL, 80200, "SHOW BINARY LOG STATUS"},
                {MARIADB, 110400, "SHOW MASTER STATUS"}};
    static const struct world_answer script[] = {
        VARIABLES(LOGS_ALL), NO_FILTER, {.has = "BINARY LOG STATUS", .names = "File", .rows = "b"}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_view_log log;
        world_begin(script, LEN(script));
        world.server.flavour = rows[i].flavour;
        world.server.version = rows[i].version;
        assert_int_equal(mr_view_log_look(world_db(), &log, NULL), MR_OK);
        assert_true(world_has(rows[i].sql));
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_look), cmocka_unit_test(test_status)};
    return cmocka_run_group_tests_name("view_log", tests, NULL, NULL);
}
