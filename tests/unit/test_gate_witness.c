/* test_gate_witness.c: which settings leave no witness of a failover, and on which servers it matters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "gate_sample.h"
#include "recon/gate/gate_witness.h"

#define MOST 6

/* Settings of a server, by name and value, and what it lacks for 168 hours: words of each, in order. */
static const struct {
    const char *what;
    struct mr_gate_variable set[MOST];
    bool is_replica;
    double kept_h;
    const char *lacks[MR_GATE_WITNESS_LACKS + 1];
} servers[] = {
    {"facts that know no settings", {{"sql_mode", ""}}, false, 0, {NULL}},
    {"no log", {{"log_bin", "OFF"}, {"binlog_format", "MIXED"}}, false, 0, {"no binary log"}},
    {"whole rows", {{"log_bin", "ON"}, {"binlog_format", "ROW"}}, true, 0, {NULL}},
    {"statements, MySQL 5.6",
     {{"log_bin", "1"}, {"binlog_format", "STATEMENT"}, {"expire_logs_days", "0"}},
     false,
     0,
     {"binlog_format is STATEMENT"}},
    {"parts of rows, and of statements",
     {{"log_bin", "ON"}, {"binlog_format", "MIXED"}, {"binlog_row_image", "NOBLOB"}},
     false,
     0,
     {"binlog_format is MIXED", "binlog_row_image is NOBLOB"}},
    {"nothing twice",
     {{"log_bin", "ON"}, {"binlog_format", "ROW"}, {"binlog_row_image", "FULL_NODUP"}},
     false,
     0,
     {NULL}},
    {"six days",
     {{"log_bin", "ON"}, {"binlog_format", "ROW"}, {"expire_logs_days", "6"}},
     false,
     144,
     {"kept for 144 hours, less than 168"}},
    {"seven days", {{"log_bin", "ON"}, {"expire_logs_days", "7.000000"}}, false, 168, {NULL}},
    {"seconds, where both are set",
     {{"log_bin", "ON"}, {"expire_logs_days", "30"}, {"binlog_expire_logs_seconds", "3600"}},
     false,
     1,
     {"kept for 1 hours"}},
    {"days, where seconds are not",
     {{"log_bin", "ON"}, {"expire_logs_days", "1"}, {"binlog_expire_logs_seconds", "0"}},
     false,
     24,
     {"kept for 24 hours"}},
    {"seconds that do not count",
     {{"log_bin", "ON"},
      {"binlog_expire_logs_seconds", "3600"},
      {"binlog_expire_logs_auto_purge", "OFF"}},
     false,
     0,
     {NULL}},
    {"a replica that keeps its own alone",
     {{"log_bin", "ON"}, {"log_slave_updates", "OFF"}},
     true,
     0,
     {"applies as a replica"}},
    {"the same of MySQL 9",
     {{"log_bin", "ON"}, {"log_replica_updates", "OFF"}},
     true,
     0,
     {"applies as"}},
    {"the same of no replica", {{"log_bin", "ON"}, {"log_slave_updates", "OFF"}}, false, 0, {NULL}},
};

static size_t count_of(const struct mr_gate_variable *set)
{
    size_t count = 0;
    while (count < MOST && set[count].name != NULL)
        count++;
    return count;
}

static void test_lacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        struct mr_gate_witness_lack lacks[MR_GATE_WITNESS_LACKS];
        const struct mr_gate_facts facts = {.variables = servers[i].set,
                                            .nvariables = count_of(servers[i].set),
                                            .nchannels = servers[i].is_replica};
        const size_t count = mr_gate_witness(&facts, 168, lacks);
        print_message("%s\n", servers[i].what);
        for (size_t k = 0; k < count; k++) {
            assert_non_null(servers[i].lacks[k]);
            assert_non_null(strstr(lacks[k].what, servers[i].lacks[k]));
            assert_true(lacks[k].fix[0] != '\0');
        }
        assert_null(servers[i].lacks[count]);
        assert_true(mr_gate_witness_kept_h(&facts) == servers[i].kept_h);
    }
}

/* Databases that are left out of the log, as the server lists them; NULL: it does not show them. */
static void test_databases(void **state)
{
    static const struct {
        const char *only, *leaves, *lack;
    } cases[] = {
        {NULL, NULL, NULL},
        {"", "", NULL},
        {"shop,crm", "", "but these gets into its binary log: shop,crm (binlog_do_db)"},
        {"mysql", "", "(binlog_do_db)"},
        {"shop", "crm", "shop (binlog_do_db)"}, /* the second does not count */
        {"", "mysql", NULL},
        {"", "MYSQL,information_schema,sys,performance_schema", NULL},
        {"", "mysql,crm", "left out of its binary log: mysql,crm (binlog_ignore_db)"},
        {"", "mysql2", "mysql2 (binlog_ignore_db)"},
        {"", "my", "my (binlog_ignore_db)"},
    };
    static const struct mr_gate_variable rows[] = {{"log_bin", "ON"}, {"binlog_format", "ROW"}};
    static const struct mr_gate_variable none[] = {{"log_bin", "OFF"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_gate_witness_lack lacks[MR_GATE_WITNESS_LACKS];
        struct mr_gate_facts facts = {.variables = rows,
                                      .nvariables = 2,
                                      .log = {.only = cases[i].only, .leaves = cases[i].leaves}};
        assert_int_equal(mr_gate_witness(&facts, 168, lacks), cases[i].lack != NULL);
        if (cases[i].lack != NULL) {
            assert_non_null(strstr(lacks[0].what, cases[i].lack));
            assert_true(lacks[0].blinds);
        }
        facts.variables = none;
        facts.nvariables = 1;
        assert_int_equal(mr_gate_witness(&facts, 168, lacks), 1);
        assert_non_null(strstr(lacks[0].what, "no binary log"));
    }
}

/* The remedy is a statement that the server takes. */
static void test_fix(void **state)
{
    static const struct mr_gate_variable days[] = {{"log_bin", "ON"}, {"expire_logs_days", "1"}};
    static const struct mr_gate_variable both[] = {
        {"log_bin", "ON"}, {"expire_logs_days", "1"}, {"binlog_expire_logs_seconds", "0"}};
    struct mr_gate_witness_lack lacks[MR_GATE_WITNESS_LACKS];
    const struct mr_gate_facts old = {.variables = days, .nvariables = 2};
    const struct mr_gate_facts now = {.variables = both, .nvariables = 3};
    (void)state;
    assert_int_equal(mr_gate_witness(&old, 170, lacks), 1);
    assert_non_null(strstr(lacks[0].fix, "SET GLOBAL expire_logs_days = 8,"));
    assert_int_equal(mr_gate_witness(&old, 48, lacks), 1);
    assert_non_null(strstr(lacks[0].fix, "SET GLOBAL expire_logs_days = 2,"));
    assert_false(mr_gate_witness_is_by_size(&old));
    assert_int_equal(mr_gate_witness(&now, 170, lacks), 1);
    assert_non_null(strstr(lacks[0].fix, "SET GLOBAL binlog_expire_logs_seconds = 612000,"));
}

static const struct mr_gate_variable own_alone[] = {{"log_bin", "ON"},
                                                    {"log_slave_updates", "OFF"}};

/* Whether a server applies anything is not seen by all; where it would log that, it does not matter. */
static void test_hidden(void **state)
{
    (void)state;
    for (int logs = 0; logs < 2; logs++) {
        struct gate g;
        gate_begin(&g);
        g.now.variables = own_alone;
        g.now.nvariables = logs ? 1 : 2;
        g.now.replication = (struct mr_gate_view){
            .seen = MR_GATE_HIDDEN, .why = "x", .grant = "GRANT REPLICA MONITOR"};
        gate_run(&g);
        const struct mr_gate_result *r = gate_result(&g, MR_GATE_witness);
        assert_int_equal(r->severity, logs ? MR_GATE_OK : MR_GATE_UNKNOWN);
        if (!logs)
            assert_non_null(strstr(r->message, "whether it is a replica"));
        gate_end(&g);
    }
}

static const struct mr_gate_variable mixed[] = {{"log_bin", "ON"}, {"binlog_format", "MIXED"}};

/* Of the server, its peer (a replica of it): one line each, where a failover is possible. */
static void test_rule(void **state)
{
    static const struct {
        const char *what;
        bool peer_is_bad, is_bad, is_followed, sessions_hidden;
        enum mr_gate_severity severity;
    } cases[] = {
        {"all is well", false, false, true, false, MR_GATE_OK},
        {"a server that is alone", false, true, false, false, MR_GATE_OK},
        {"a server that is followed", false, true, true, false, MR_GATE_WARNING},
        {"its replica", true, false, true, false, MR_GATE_WARNING},
        {"nobody knows whether it is followed", false, true, false, true, MR_GATE_UNKNOWN},
        {"what does not matter is not asked", false, false, false, true, MR_GATE_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate g;
        gate_begin(&g);
        if (cases[i].is_bad) {
            g.now.variables = mixed;
            g.now.nvariables = 2;
        }
        if (cases[i].peer_is_bad) {
            g.peer_facts.variables = mixed;
            g.peer_facts.nvariables = 2;
        }
        g.now.attached = cases[i].is_followed;
        if (cases[i].sessions_hidden)
            g.now.sessions =
                (struct mr_gate_view){.seen = MR_GATE_HIDDEN, .why = "x", .grant = "GRANT PROCESS"};
        gate_run(&g);
        const struct mr_gate_result *r = gate_result(&g, MR_GATE_witness);
        print_message("%s\n", cases[i].what);
        assert_int_equal(r->severity, cases[i].severity);
        if (r->severity == MR_GATE_WARNING) {
            assert_int_equal(r->priority, 1);
            assert_non_null(strstr(r->message, cases[i].is_bad ? "mysql://db1:" : "mysql://db2:"));
            assert_non_null(strstr(r->hint, "SET GLOBAL binlog_format = ROW"));
        }
        gate_end(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lacks),  cmocka_unit_test(test_databases), cmocka_unit_test(test_fix),
        cmocka_unit_test(test_hidden), cmocka_unit_test(test_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
