/* test_cutover_judge.c: what keeps NEW from taking OLD's place, one thing at a time: what loses or
 * doubles something is critical, what is hidden unknown, what is to be looked at a warning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/gate/cutover.h"

static struct mr_fence_value seen(uint64_t value)
{
    return (struct mr_fence_value){.is_seen = true, .value = value};
}

static struct mr_fence_value hidden(void)
{
    return (struct mr_fence_value){.why = "no right"};
}

/* Nothing is wrong with it. */
static struct mr_cutover_facts ready(void)
{
    const struct mr_server old = {
        .flavour = MR_FLAVOUR_MYSQL, .version = 80036, .version_text = "8.0.36", .server_id = 1};
    const struct mr_server new = {
        .flavour = MR_FLAVOUR_MYSQL, .version = 80036, .version_text = "8.0.36", .server_id = 2};
    return (struct mr_cutover_facts){
        .server = {old, new},
        .link = {.view = {.seen = MR_GATE_SEEN},
                 .relation = MR_RELATION_FOLLOWS,
                 .note = "db2 replicates from db1",
                 .is_direct = true,
                 .others = "",
                 .filters = "",
                 .lenient = "",
                 .log = {{.view = {.seen = MR_GATE_SEEN}, .filters = ""},
                         {.view = {.seen = MR_GATE_SEEN}, .filters = ""}},
                 .error = ""},
        .place = {.old = "u:1-5", .new = "u:1-5", .reached = true},
        .work = {.slow = seen(0), .slow_names = "ALTER TABLE t (9)"},
        .events = {.twice = seen(0),
                   .twice_names = "club.e",
                   .alone = seen(0),
                   .alone_names = "club.f",
                   .off = seen(0),
                   .off_names = "club.g"},
        .fence = {.read_only = seen(1),
                  .super_read_only = hidden(),
                  .sessions = seen(0),
                  .session_users = "app (3)",
                  .exempt = seen(1),
                  .exempt_events = seen(0),
                  .writing = seen(0),
                  .mark = MR_FENCE_BY_GTID,
                  .written = seen(0)},
        .seconds = 2,
        .errant = seen(0),
        .errant_set = "x:1"};
}

static void check(const struct mr_cutover_facts *facts, enum mr_gate_severity severity,
                  const char *name, const char *part)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_judge judge;
    bool wanted[MR_CUTOVER_NAMES_END], found = name == NULL;
    for (int i = 0; i < MR_CUTOVER_NAMES_END; i++)
        wanted[i] = true;
    mr_gate_judge_init(&judge);
    judge.arena = &arena;
    mr_cutover_judge_facts(&judge, facts, wanted);
    for (size_t i = 0; i < judge.results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&judge.results, i);
        if (name != NULL && strcmp(r->check, name) == 0) {
            assert_int_equal(r->severity, severity);
            if (strstr(r->message, part) == NULL)
                print_error("no %s in: %s\n", part, r->message);
            assert_non_null(strstr(r->message, part));
            assert_true(severity == MR_GATE_OK || severity == MR_GATE_UNKNOWN || r->hint != NULL);
            found = true;
        } else {
            if (r->severity != MR_GATE_OK)
                print_error("also %s: %s\n", r->check, r->message);
            assert_int_equal(r->severity, MR_GATE_OK); /* one thing at a time */
        }
    }
    assert_true(found);
    mr_gate_judge_release(&judge);
    mr_arena_release(&arena);
}

#define CHECK(change, severity, name, part)                                                        \
    do {                                                                                           \
        struct mr_cutover_facts f = ready();                                                       \
        change;                                                                                    \
        check(&f, severity, name, part);                                                           \
    } while (0)

static void test_who(void **state)
{
    (void)state;
    CHECK((void)0, MR_GATE_OK, NULL, "");
    CHECK(f.away = "no route", MR_GATE_UNKNOWN, "connection", "no route");
    CHECK(f.is_same = true, MR_GATE_CRITICAL, "identity", "one server");
    CHECK(f.is_same = f.is_cluster = true, MR_GATE_CRITICAL, "identity", "one Galera cluster");
    CHECK(f.is_same = f.is_group = true, MR_GATE_CRITICAL, "identity", "members of one group");
    CHECK((memcpy(f.server[MR_OLD].uuid, "3e11", 5), memcpy(f.server[MR_NEW].uuid, "3e11", 5)),
          MR_GATE_CRITICAL, "identity", "server_uuid 3e11");
    CHECK(f.server[MR_NEW].server_id = 1, MR_GATE_CRITICAL, "identity", "server_id 1");
    CHECK(f.server[MR_NEW].version = 50744, MR_GATE_CRITICAL, "version", "NEW is older");
    CHECK(f.server[MR_NEW].version = 80035, MR_GATE_WARNING, "version", "a little older");
    CHECK(f.server[MR_NEW].version = 80400, MR_GATE_OK, "version", "OLD 8.0.36");
    CHECK(f.server[MR_NEW].flavour = MR_FLAVOUR_MARIADB, MR_GATE_WARNING, "version",
          "another kind");
}

static void test_replication(void **state)
{
    (void)state;
    CHECK(f.link.relation = MR_RELATION_NONE, MR_GATE_CRITICAL, "replication", "db2");
    CHECK((f.link.relation = MR_RELATION_STOPPED, f.link.error = "Duplicate entry"),
          MR_GATE_CRITICAL, "replication", "Duplicate entry");
    CHECK(f.link.relation = MR_RELATION_UNKNOWN, MR_GATE_UNKNOWN, "replication", "db2");
    CHECK(f.link.view.seen = MR_GATE_HIDDEN, MR_GATE_UNKNOWN, "replication", "not visible");
    CHECK(f.link.others = "db3:3306", MR_GATE_WARNING, "replication", "db3:3306");
    CHECK(f.link.lenient = "slave_exec_mode = IDEMPOTENT", MR_GATE_WARNING, "replication",
          "passes over what it cannot apply: slave_exec_mode = IDEMPOTENT");
    CHECK((f.link.log[MR_OLD].filters = f.link.log[MR_NEW].filters = "Binlog_Ignore_DB shop"),
          MR_GATE_WARNING, "replication", "OLD does not write all to its log: Binlog_Ignore_DB");
    CHECK(f.link.log[MR_NEW].filters = "Binlog_Do_DB club", MR_GATE_WARNING, "replication",
          "NEW would not write to its log what OLD does: Binlog_Do_DB club");
    CHECK(f.link.log[MR_OLD].view.seen = MR_GATE_HIDDEN, MR_GATE_UNKNOWN, "replication",
          "whether OLD writes all to its log is not visible");
    CHECK(f.link.filters = "Replicate_Ignore_DB log", MR_GATE_WARNING, "replication", "Ignore_DB");
    CHECK(f.place.reached = false, MR_GATE_CRITICAL, "caught_up", "OLD stood at u:1-5");
    CHECK(f.place.why = "no log", MR_GATE_UNKNOWN, "caught_up", "no log");
    CHECK(f.work.slow = seen(1), MR_GATE_WARNING, "appliers", "ALTER TABLE t (9)");
    CHECK(f.work.slow = hidden(), MR_GATE_UNKNOWN, "appliers", "no right");
    CHECK(f.link.delay_s = 3600, MR_GATE_WARNING, "appliers", "3600 s");
}

static void test_writers(void **state)
{
    (void)state;
    CHECK(f.errant = seen(2), MR_GATE_CRITICAL, "errant_transactions", "2 transactions");
    CHECK(f.errant = hidden(), MR_GATE_UNKNOWN, "errant_transactions", "no right");
    CHECK(f.errant = (struct mr_fence_value){0}, MR_GATE_OK, "errant_transactions", "not in use");
    CHECK(f.fence.writing = seen(1), MR_GATE_CRITICAL, "split_brain", "1 open transaction");
    CHECK(f.fence.writing = hidden(), MR_GATE_UNKNOWN, "split_brain", "no right");
    CHECK(f.fence.written = seen(7), MR_GATE_CRITICAL, "split_brain", "written 7 transactions");
    /* without GTIDs its own writes are not told from what it applies, unless nobody can write */
    CHECK((f.fence.mark = MR_FENCE_BY_POSITION, f.fence.written = seen(1)), MR_GATE_UNKNOWN,
          "split_brain", "without GTIDs");
    CHECK((f.fence.mark = MR_FENCE_BY_POSITION, f.fence.written = seen(1),
           f.fence.super_read_only = seen(1)),
          MR_GATE_OK, NULL, "");
    CHECK((f.fence.written = hidden(), f.fence.exempt = seen(0)), MR_GATE_OK, NULL, "");
    CHECK(f.fence.written = hidden(), MR_GATE_UNKNOWN, "split_brain", "no right");
    CHECK(f.fence.read_only = seen(0), MR_GATE_WARNING, "read_only", "read_only is off");
    CHECK(f.fence.read_only = hidden(), MR_GATE_UNKNOWN, "read_only", "no right");
}

static void test_events(void **state)
{
    (void)state;
    /* of a read-only server they fail, unless their definers may write */
    CHECK(f.events.twice = seen(1), MR_GATE_WARNING, "events", "club.e");
    CHECK((f.events.twice = seen(1), f.fence.exempt_events = seen(1)), MR_GATE_CRITICAL, "events",
          "on both servers: club.e");
    CHECK(f.events.alone = seen(1), MR_GATE_WARNING, "events", "club.f");
    CHECK(f.events.off = seen(1), MR_GATE_OK, "events", "club.g");
    CHECK(f.events.twice = hidden(), MR_GATE_UNKNOWN, "events", "no right");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who), cmocka_unit_test(test_replication),
        cmocka_unit_test(test_writers), cmocka_unit_test(test_events)};
    return cmocka_run_group_tests_name("cutover_judge", tests, NULL, NULL);
}
