/* test_fence_judge.c: what of a server keeps it from being fenced, one thing at a time: what takes
 * writes is critical, what is hidden unknown, what may write later a warning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/gate/fence.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct mr_fence_value seen(uint64_t value)
{
    return (struct mr_fence_value){.is_seen = true, .value = value};
}

static struct mr_fence_value hidden(void)
{
    return (struct mr_fence_value){.why = "no right"};
}

/* Nothing is wrong with it. */
static struct mr_fence_facts fenced(void)
{
    return (struct mr_fence_facts){.uri = "mysql://h",
                                   .log_right = "REPLICATION CLIENT",
                                   .read_only = seen(1),
                                   .super_read_only = hidden(),
                                   .offline = hidden(),
                                   .sessions = seen(0),
                                   .session_users = "app (3)",
                                   .exempt = seen(0),
                                   .exempt_users = "root (1)",
                                   .accounts = seen(0),
                                   .account_names = "dba@% (1)",
                                   .exempt_events = seen(0),
                                   .event_definers = "root@% (1)",
                                   .exempt_routines = seen(0),
                                   .routine_definers = "root@% (2)",
                                   .writing = seen(0),
                                   .events = seen(0),
                                   .replication = {.seen = MR_GATE_SEEN},
                                   .sources = "",
                                   .mark = MR_FENCE_BY_GTID,
                                   .before = "0-1-5",
                                   .after = "0-1-5",
                                   .written = seen(0),
                                   .rows = seen(0)};
}

static void check(const struct mr_fence_facts *facts, enum mr_gate_severity wanted,
                  const char *name, const char *part)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec findings = MR_VEC_INIT(struct mr_fence_finding);
    enum mr_gate_severity worst;
    bool found = name == NULL;
    assert_int_equal(mr_fence_judge(facts, 10, &arena, &findings, &worst, NULL), MR_OK);
    assert_int_equal(worst, wanted);
    for (size_t i = 0; i < findings.count; i++) {
        const struct mr_fence_finding *f = mr_vec_at(&findings, i);
        if (name != NULL && strcmp(f->name, name) == 0 && f->severity == wanted) {
            assert_non_null(strstr(f->message, part));
            found = true;
        } else {
            assert_true(f->severity == MR_GATE_OK); /* one thing at a time */
        }
        assert_true(f->severity == MR_GATE_OK || f->severity == MR_GATE_UNKNOWN || f->hint != NULL);
    }
    assert_true(found);
    mr_vec_release(&findings);
    mr_arena_release(&arena);
}

#define CHECK(change, severity, name, part)                                                        \
    do {                                                                                           \
        struct mr_fence_facts f = fenced();                                                        \
        change;                                                                                    \
        check(&f, severity, name, part);                                                           \
    } while (0)

static void test_cluster(void **state)
{
    (void)state;
    CHECK(f.nodes = 0, MR_GATE_OK, NULL, "");
    CHECK((f.nodes = 3, f.named = 3), MR_GATE_OK, NULL, "");
    CHECK((f.nodes = 1, f.named = 1), MR_GATE_OK, NULL, "");
    CHECK((f.nodes = 3, f.named = 1), MR_GATE_CRITICAL, "cluster",
          "a node of a Galera cluster of 3, of which 1 is looked at");
}

static void test_each(void **state)
{
    (void)state;
    CHECK((void)0, MR_GATE_OK, NULL, "");
    CHECK(f.read_only = seen(0), MR_GATE_CRITICAL, "read_only", "read_only is off");
    CHECK(f.read_only = hidden(), MR_GATE_UNKNOWN, "read_only", "no right");
    CHECK(f.exempt = seen(1), MR_GATE_CRITICAL, "exempt", "root (1)");
    CHECK(f.exempt = hidden(), MR_GATE_UNKNOWN, "exempt", "no right");
    /* nobody is exempt from super_read_only, which need not be known then */
    CHECK((f.exempt = seen(1), f.super_read_only = seen(1)), MR_GATE_OK, NULL, "");
    CHECK((f.exempt = hidden(), f.super_read_only = seen(1)), MR_GATE_OK, NULL, "");
    CHECK((f.exempt = seen(1), f.super_read_only = seen(0)), MR_GATE_CRITICAL, "exempt", "root");
    CHECK(f.writing = seen(2), MR_GATE_CRITICAL, "transactions", "2 open transactions have");
    CHECK(f.writing = hidden(), MR_GATE_UNKNOWN, "transactions", "no right");
    CHECK(f.sessions = seen(3), MR_GATE_WARNING, "sessions", "3 sessions are still connected: app");
    CHECK(f.sessions = hidden(), MR_GATE_UNKNOWN, "sessions", "no right");
    CHECK(f.events = seen(1), MR_GATE_WARNING, "events", "1 enabled event");
    CHECK(f.events = hidden(), MR_GATE_UNKNOWN, "events", "no right");
    CHECK(f.replication.seen = MR_GATE_HIDDEN, MR_GATE_UNKNOWN, "replication", "not known");
    CHECK(f.away = "no route", MR_GATE_UNKNOWN, "connection", "no route");
    CHECK((f.away = "error 1045", f.away_hint = "Check user and password"), MR_GATE_UNKNOWN,
          "connection", "it is there, refused the login, and cannot be looked at: error 1045");
    CHECK(f.is_live = true, MR_GATE_CRITICAL, "identity", "the live server");
    CHECK((f.is_twin = true, f.uuid = "3e11"), MR_GATE_WARNING, "identity",
          "server_uuid of the live server, 3e11");
    CHECK(f.shares_cluster = true, MR_GATE_CRITICAL, "identity", "one Galera cluster");
}

/* By the rights of others. */
static void test_definers(void **state)
{
    (void)state;
    CHECK(f.accounts = seen(1), MR_GATE_WARNING, "accounts", "dba@%");
    CHECK((f.accounts = seen(1), f.super_read_only = seen(1)), MR_GATE_OK, NULL, "");
    CHECK(f.accounts = hidden(), MR_GATE_UNKNOWN, "accounts", "no right");
    CHECK((f.events = seen(2), f.exempt_events = seen(1)), MR_GATE_CRITICAL, "events", "root@%");
    CHECK((f.events = seen(2), f.exempt_events = hidden()), MR_GATE_UNKNOWN, "events", "no right");
    CHECK((f.events = seen(2), f.exempt_events = seen(1), f.super_read_only = seen(1)),
          MR_GATE_WARNING, "events", "2 enabled events");
    CHECK(f.exempt_events = seen(1), MR_GATE_OK, NULL, ""); /* the scheduler is off */
    CHECK(f.exempt_routines = seen(2), MR_GATE_WARNING, "routines", "root@% (2)");
    CHECK(f.exempt_routines = hidden(), MR_GATE_UNKNOWN, "routines", "no right");
    CHECK((f.exempt_routines = seen(2), f.super_read_only = seen(1)), MR_GATE_OK, NULL, "");
}

static void test_log(void **state)
{
    (void)state;
    CHECK(f.written = seen(1), MR_GATE_CRITICAL, "log", "has written 1 transaction in 10.0 s");
    CHECK(f.written = hidden(), MR_GATE_UNKNOWN, "log", "no right");
    CHECK((f.written = (struct mr_fence_value){0}, f.mark = MR_FENCE_BY_NOTHING), MR_GATE_UNKNOWN,
          "log", "no binary log");
    CHECK((f.written = seen(0), f.sources = "db2:3306"), MR_GATE_OK, NULL, "");
    /* by position nobody can tell whose writes these are */
    CHECK((f.written = seen(1), f.mark = MR_FENCE_BY_POSITION), MR_GATE_CRITICAL, "log", "moved");
    CHECK((f.written = seen(1), f.mark = MR_FENCE_BY_POSITION, f.sources = "db2:3306"),
          MR_GATE_UNKNOWN, "log", "it applies what db2:3306 writes");
    CHECK((f.written = seen(1), f.sources = "db2:3306"), MR_GATE_CRITICAL, "log", "has written");
    /* what is kept out of the log */
    CHECK(f.rows = seen(3), MR_GATE_UNKNOWN, "rows", "3 rows were written in 10.0 s");
    CHECK(f.rows = hidden(), MR_GATE_UNKNOWN, "rows", "no right");
    CHECK((f.rows = seen(3), f.super_read_only = seen(1)), MR_GATE_OK, NULL, "");
    CHECK((f.rows = seen(3), f.written = seen(1)), MR_GATE_CRITICAL, "log", "has written");
    CHECK((f.rows = seen(3), f.sources = "db2:3306"), MR_GATE_OK, NULL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each), cmocka_unit_test(test_cluster),
                                       cmocka_unit_test(test_definers), cmocka_unit_test(test_log)};
    return cmocka_run_group_tests_name("fence_judge", tests, NULL, NULL);
}
