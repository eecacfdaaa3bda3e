/* test_gate_unfit.c: settings by which a server refuses work, and what gate says of them. */
#include "gate_sample.h"

/* A setting that the baseline knows as `then`. */
static void set(struct gate *g, const char *name, const char *then, const char *now)
{
    g->past_variables[1] = (struct mr_gate_variable){name, then};
    g->variables[1] = (struct mr_gate_variable){name, now};
}

static void no_writes(struct gate *g)
{
    set(g, "transaction_read_only", "OFF", "ON");
}

static void no_writes_of_old(struct gate *g)
{
    set(g, "tx_read_only", "OFF", "ON");
}

/* Who asks for it writes all the same, as a driver does, and who was connected before. */
static void writes_on_both(struct gate *g)
{
    no_writes(g);
    g->peer_facts.read_only = false;
}

static void no_engine_writes(struct gate *g)
{
    set(g, "innodb_read_only", "OFF", "ON");
}

static void engine_writes_on_one(struct gate *g)
{
    no_engine_writes(g);
    g->peer_facts.read_only = false;
}

static void writes_again(struct gate *g)
{
    set(g, "innodb_read_only", "ON", "OFF");
}

static void no_writes_as_ever(struct gate *g)
{
    set(g, "innodb_read_only", "ON", "ON");
    g->peer_facts.read_only = false;
}

/* As MariaDB 10.6 and MySQL 8.0.24 call it. */
static void charset_called_otherwise(struct gate *g)
{
    set(g, "collation_server", "utf8_general_ci", "utf8mb3_general_ci");
}

static void charset_other(struct gate *g)
{
    set(g, "collation_server", "utf8_general_ci", "utf8mb4_general_ci");
}

static void recovery(struct gate *g)
{
    set(g, "innodb_force_recovery", "0", "1");
}

static void offline(struct gate *g)
{
    set(g, "offline_mode", "OFF", "ON");
}

static const struct gate_example examples[] = {
    {"a character set of another name", charset_called_otherwise, ""},
    {"another character set", charset_other, "variables:warning"},
    {"transactions that may not write", no_writes,
     "read_only:critical split_brain:critical variables:warning"},
    {"the same, by its old name", no_writes_of_old,
     "read_only:critical split_brain:critical variables:warning"},
    {"the same, and the other side writes, too", writes_on_both,
     "read_only:critical split_brain:critical variables:warning"},
    {"an engine that may not, and one that may", engine_writes_on_one,
     "read_only:critical variables:warning"},
    {"an engine that may not write", no_engine_writes,
     "read_only:critical split_brain:critical variables:warning"},
    {"an engine that may write again", writes_again, "read_only:critical variables:warning"},
    {"no writes, as in the baseline", no_writes_as_ever, ""},
    {"a server started to be saved", recovery, "read_only:critical variables:warning"},
    {"a server that lets administrators in", offline, "connections:critical variables:warning"},
};

static void test_examples(void **state)
{
    (void)state;
    gate_run_examples(examples, sizeof examples / sizeof *examples);
}

/* Without a baseline only replication says whether the server should take writes. */
static void test_hidden_role(void **state)
{
    struct gate g;
    struct mr_err err = {0};
    bool wanted[MR_GATE_NAMES_END];
    (void)state;
    gate_begin(&g);
    memset(wanted, 1, sizeof wanted);
    g.now.role = "";
    g.now.replication = (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "denied"};
    g.judge.now = &g.now;
    g.judge.activity = &g.activity;
    g.judge.config = &g.config;
    g.judge.arena = &g.arena;
    assert_int_equal(mr_gate_judge_run(&g.judge, wanted, &err), MR_OK);
    assert_int_equal(gate_result(&g, MR_GATE_read_only)->severity, MR_GATE_UNKNOWN);
    gate_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_hidden_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
