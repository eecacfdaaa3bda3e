/* test_reseed_apply.c: how counters are raised where tables are in use, servers are lost or
 * replicas late: never lowered, and never said to be high where nobody has seen it. */
#include "apply_world.h"

#include "repair/apply/reseed_apply.h"
#include "repair/apply/reseed_insert.h"

/* ---- what is replaced: replicas, the row that raises, and who is in the way ---- */

static struct {
    const char *behind, *low;
    uint64_t next; /* where it stands there */
    enum mr_code peers_code;
    const char *why_not;
    enum mr_code check_code, insert_code;
    unsigned insert_number;
    uint64_t inserted_to;
    unsigned inserts, blamed;
} other;

enum mr_code __wrap_mr_peers_wait(const struct mr_peers *peers, struct mr_db *target,
                                  unsigned timeout_s, const char **behind, struct mr_err *err);
enum mr_code __wrap_mr_peers_wait(const struct mr_peers *peers, struct mr_db *target,
                                  unsigned timeout_s, const char **behind, struct mr_err *err)
{
    (void)peers, (void)target, (void)timeout_s, (void)err;
    *behind = other.behind;
    return MR_OK;
}

enum mr_code __wrap_mr_peers_lowest(const struct mr_peers *peers, const struct mr_counter *counter,
                                    const char **low, uint64_t *next, struct mr_err *err);
enum mr_code __wrap_mr_peers_lowest(const struct mr_peers *peers, const struct mr_counter *counter,
                                    const char **low, uint64_t *next, struct mr_err *err)
{
    (void)peers, (void)counter;
    *low = other.low;
    *next = other.next;
    return other.peers_code == MR_OK ? MR_OK : mr_err_set(err, other.peers_code, "peer");
}

enum mr_code __wrap_mr_reseed_insert_check(const struct mr_insert_task *task, const char **why_not,
                                           struct mr_err *err);
enum mr_code __wrap_mr_reseed_insert_check(const struct mr_insert_task *task, const char **why_not,
                                           struct mr_err *err)
{
    (void)task;
    *why_not = other.why_not;
    return other.check_code == MR_OK ? MR_OK : mr_err_set(err, other.check_code, "the check");
}

enum mr_code __wrap_mr_reseed_insert(const struct mr_insert_task *task, struct mr_err *err);
enum mr_code __wrap_mr_reseed_insert(const struct mr_insert_task *task, struct mr_err *err)
{
    other.inserts++;
    other.inserted_to = task->to;
    if (other.insert_code == MR_OK)
        return MR_OK;
    return world_error(other.insert_code, other.insert_number, "the row", err);
}

enum mr_code __wrap_mr_blockers_find(struct mr_db *db, const struct mr_grants *grants,
                                     const char *dbname, const char *table, struct mr_arena *arena,
                                     struct mr_blockers *out, struct mr_err *err);
enum mr_code __wrap_mr_blockers_find(struct mr_db *db, const struct mr_grants *grants,
                                     const char *dbname, const char *table, struct mr_arena *arena,
                                     struct mr_blockers *out, struct mr_err *err)
{
    (void)db, (void)grants, (void)dbname, (void)table, (void)arena, (void)err;
    other.blamed++;
    *out = (struct mr_blockers){0};
    return MR_OK;
}

/* ---- a run ---- */

static const struct mr_counter plain = {.table = "o`dd.t",
                                        .target_table = "o`dd.t",
                                        .db = "o`dd",
                                        .name = "t",
                                        .column = "id",
                                        .reseed_to = 100};
static struct mr_reseed_run run;
static struct mr_counter counters[2];

static void begin_run(void)
{
    memset(&other, 0, sizeof other);
    counters[0] = plain;
    p.m.counters = counters;
    p.m.ncounters = 1;
    plan_journal();
    run = (struct mr_reseed_run){.manifest = &p.m,
                                 .target = &p.target,
                                 .journal = p.run.journal,
                                 .lock_timeout_s = 3,
                                 .arena = &p.arena};
}

#define TYPE(text_)                                                                                \
    {                                                                                              \
        .has = "COLUMN_TYPE", .text = (text_)                                                      \
    }
/* Behind a lost connection: it is the planned server, and can be written to. */
#define PLANNED                                                                                    \
    {.has = "SCHEMATA", .text = "1"},                                                              \
    {                                                                                              \
        .has = "read_only", .text = "0"                                                            \
    }
#define NEXT(text_, times_)                                                                        \
    {                                                                                              \
        .has = "(counter", .text = (text_), .times = (times_)                                      \
    }
#define ALTER "ALTER TABLE `o``dd`.`t` AUTO_INCREMENT = "

/* ---- the survey ---- */

static void test_survey(void **state)
{
    static const struct {
        const char *next, *type;
        const char *low;
        bool open; /* an earlier run was killed */
        enum mr_raise raise;
        const char *reason;
    } cases[] = {
        {"100", NULL, NULL, false, MR_RAISE_ALREADY, NULL},
        {"18446744073709551615", NULL, NULL, false, MR_RAISE_ALREADY, NULL},
        {"99", "int(11)", NULL, false, MR_RAISE_WOULD, NULL},
        {"1", "bigint(20) unsigned", NULL, false, MR_RAISE_WOULD, NULL},
        {"0", NULL, NULL, false, MR_RAISE_FAILED, "no counter any more"},
        /* what is high here alone is to be taken to the replicas */
        {"100", NULL, "r0", false, MR_RAISE_WOULD, NULL},
        {"100", "int(11)", NULL, true, MR_RAISE_WOULD, NULL},
        {"99", "tinyint(4)", NULL, false, MR_RAISE_WOULD, NULL}, /* 127 ids */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN(NEXT(cases[i].next, 0), TYPE(cases[i].type));
        begin_run();
        other.low = cases[i].low;
        const struct mr_journal_step step = {&counters[0], "insert", 100};
        if (cases[i].open)
            assert_int_equal(mr_journal_write(run.journal, MR_JOURNAL_TRY, &step, NULL, &p.err),
                             MR_OK);
        assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
        if (run.results[0].raise != cases[i].raise)
            fail_msg("%zu: %s, %s", i, mr_raise_name(run.results[0].raise), run.results[0].reason);
        if (cases[i].reason != NULL)
            assert_non_null(strstr(run.results[0].reason, cases[i].reason));
        assert_int_equal(run.results[0].before, strtoull(cases[i].next, NULL, 10));
        assert_int_equal(mr_reseed_count(&run, cases[i].raise), 1);
        end();
    }
}

/* Beyond what the column holds by now it would hand out nothing any more. */
static void test_survey_holds(void **state)
{
    static const struct {
        const char *type;
        uint64_t to;
        enum mr_raise raise;
    } cases[] = {{"tinyint(4)", 127, MR_RAISE_WOULD},
                 {"tinyint(4)", 128, MR_RAISE_FAILED},
                 {"tinyint(3) unsigned", 255, MR_RAISE_WOULD},
                 {"tinyint(3) unsigned", 256, MR_RAISE_FAILED},
                 {"bigint(20)", 9223372036854775807ULL, MR_RAISE_WOULD},
                 {"bigint(20)", 9223372036854775808ULL, MR_RAISE_FAILED}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN(NEXT("5", 0), TYPE(cases[i].type));
        begin_run();
        counters[0].reseed_to = cases[i].to;
        assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
        if (run.results[0].raise != cases[i].raise)
            fail_msg("%zu: %s", i, mr_raise_name(run.results[0].raise));
        if (cases[i].raise == MR_RAISE_FAILED)
            assert_non_null(strstr(run.results[0].reason, ": plan again"));
        counters[0].sequence = "numbers"; /* whose column does not matter */
        assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
        assert_int_equal(run.results[0].raise, MR_RAISE_WOULD);
        end();
    }
}

/* ---- raising ---- */

struct raising {
    const char *before, *after; /* the counter */
    enum mr_code code;          /* of ALTER, so often (0: always) */
    unsigned number, times, retries;
    const char *why_not; /* no row can do it */
    enum mr_code insert_code;
    unsigned insert_number;
    const char *low, *behind; /* replicas */
    /* wanted */
    enum mr_raise raise;
    const char *how;
    unsigned alters, inserts, pause_s;
    bool open; /* in the journal */
    const char *reason;
};

static const struct raising raisings[] = {
    {"5", "100", .raise = MR_RAISE_DONE, .how = "alter", .alters = 1},
    /* in use, and then not any more */
    {"5", "100", MR_E_SQL, 1205, 2, 5, .raise = MR_RAISE_DONE, .how = "alter", .alters = 3,
     .pause_s = 3},
    {"5", "100", MR_E_SQL, 1213, 1, 5, .raise = MR_RAISE_DONE, .how = "alter", .alters = 2,
     .pause_s = 1},
    {"5", "100", MR_E_LOST, 2013, 1, 1, .raise = MR_RAISE_DONE, .how = "alter", .alters = 2,
     .pause_s = 1},
    /* in use for good: a row does it */
    {"5", "100", MR_E_SQL, 1205, 0, 5, .raise = MR_RAISE_DONE, .how = "insert", .alters = 6,
     .inserts = 1, .pause_s = 1 + 2 + 4 + 8 + 8},
    {"5", "100", MR_E_SQL, 1205, 0, 0, .raise = MR_RAISE_DONE, .how = "insert", .alters = 1,
     .inserts = 1},
    {"5", "5", MR_E_SQL, 1205, 0, 0, "it is a sequence", .raise = MR_RAISE_FAILED, .alters = 1,
     .reason = "; a row cannot raise it instead: it is a sequence"},
    {"5", "5", MR_E_SQL, 1205, 0, 0, NULL, MR_E_SQL, 1062, .raise = MR_RAISE_FAILED, .alters = 1,
     .inserts = 1, .open = true, .reason = "; a row could not raise it instead: the row"},
    /* rolled back, it stands high here and on no replica */
    {"5", "100", MR_E_SQL, 1205, 0, 0, NULL, MR_E_SQL, 1062, .raise = MR_RAISE_FAILED, .alters = 1,
     .inserts = 1, .open = true, .reason = "it stands high enough on this server alone"},
    {"5", "100", MR_E_SQL, 1205, 0, 0, NULL, MR_E_LOST, 2013, .raise = MR_RAISE_FAILED, .alters = 1,
     .inserts = 1, .open = true, .reason = "on this server alone"},
    /* without an algorithm that lets others write: not by copying the table */
    {"5", "100", MR_E_SQL, 1846, 0, 5, .raise = MR_RAISE_DONE, .how = "insert", .alters = 1,
     .inserts = 1},
    {"5", "5", MR_E_DENIED, 1142, 0, 5, .raise = MR_RAISE_FAILED, .alters = 1,
     .reason = "the server has failed"},
    /* raised, and yet not */
    {"5", "99", .raise = MR_RAISE_FAILED, .how = "alter", .alters = 1,
     .reason = "the next id here is 99, not 100 or more"},
    {"5", "100", .low = "r0", .raise = MR_RAISE_FAILED, .how = "alter", .alters = 1,
     .reason = "the next id on r0 is 7, not 100 or more"},
    {"5", "100", .low = "r0", .behind = "r0", .raise = MR_RAISE_UNPROVEN, .how = "alter",
     .alters = 1, .reason = "a replica has not caught up"},
    {"5", "100", .behind = "r0", .raise = MR_RAISE_DONE, .how = "alter", .alters = 1},
    /* high enough is left alone */
    {"100", "100", .raise = MR_RAISE_ALREADY},
    {"100", "100", .low = "r0", .raise = MR_RAISE_FAILED, .how = "alter", .alters = 1},
};

static void test_apply(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(raisings); i++) {
        const struct raising *c = &raisings[i];
        /* the survey and each try read where it stands; the proof reads what became of it */
        const unsigned reads =
            1 + c->alters + (c->inserts > 0 || c->why_not != NULL) - (c->raise == MR_RAISE_ALREADY);
        BEGIN({.has = ALTER "100, ALGORITHM = INPLACE, LOCK = NONE",
               .code = c->code,
               .number = c->number,
               .times = c->times},
              NEXT(c->before, reads), NEXT(c->after, 0), TYPE("int(11)"), PLANNED);
        begin_run();
        run.retries = c->retries;
        other.why_not = c->why_not;
        other.insert_code = c->insert_code;
        other.insert_number = c->insert_number;
        other.low = c->low;
        other.behind = c->behind;
        other.next = 7;
        assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
        assert_int_equal(mr_reseed_apply(&run, &p.err), MR_OK);
        const struct mr_raise_result *r = &run.results[0];
        if (r->raise != c->raise || world_sent_count(ALTER) != c->alters ||
            other.inserts != c->inserts)
            fail_msg("%zu: %s (%s), %zu ALTERs, %u rows", i, mr_raise_name(r->raise), r->reason,
                     world_sent_count(ALTER), other.inserts);
        assert_int_equal(r->how == NULL, c->how == NULL);
        if (c->how != NULL)
            assert_string_equal(r->how, c->how);
        if (c->reason != NULL && (r->reason == NULL || strstr(r->reason, c->reason) == NULL))
            fail_msg("%zu: %s", i, r->reason);
        assert_int_equal((unsigned)(p.moment + 0.01), c->pause_s);
        assert_int_equal(r->after, strtoull(c->after, NULL, 10));
        assert_int_equal(mr_journal_is_open(run.journal, r->counter), c->open);
        if (c->inserts > 0)
            assert_int_equal(other.inserted_to, 100);
        end();
    }
}

/* Never below where it stands by then: somebody signs up between survey and ALTER. */
static void test_never_lower(void **state)
{
    (void)state;
    BEGIN(NEXT("99", 1), NEXT("117", 0), TYPE("int(11)"));
    begin_run();
    assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
    assert_int_equal(mr_reseed_apply(&run, &p.err), MR_OK);
    assert_true(world_has(ALTER "117, ALGORITHM"));
    assert_int_equal(run.results[0].raise, MR_RAISE_DONE);
    end();
}

/* Each round tries all, those whose table is free do not wait for the others. */
static void test_rounds(void **state)
{
    (void)state;
    BEGIN({.has = ALTER, .code = MR_E_SQL, .number = 1205, .times = 1}, NEXT("100", 0),
          TYPE("int(11)"));
    begin_run();
    counters[1] = plain;
    counters[1].name = "u";
    counters[1].target_table = "o`dd.u";
    counters[1].rebuild = true;
    counters[0].reseed_to = counters[1].reseed_to = 101;
    p.m.ncounters = 2;
    run.retries = 1;
    assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
    assert_int_equal(mr_reseed_count(&run, MR_RAISE_WOULD), 2);
    assert_int_equal(mr_reseed_apply(&run, &p.err), MR_OK);
    const char *first = strstr(world_sent(), ALTER "101");
    const char *u = strstr(world_sent(), "ALTER TABLE `o``dd`.`u` AUTO_INCREMENT = 101\n");
    assert_true(first != NULL && u != NULL && first < u);
    assert_non_null(strstr(u, ALTER "101"));
    assert_int_equal(other.blamed, 1);
    said_has("1 table is in use: trying again in 1 s");
    assert_int_equal(world_sent_count("SET SESSION lock_wait_timeout = 3"), 3);
    end();
}

static void test_cancelled(void **state)
{
    (void)state;
    BEGIN({.has = ALTER, .code = MR_E_SQL, .number = 1205}, NEXT("5", 0), TYPE("int(11)"));
    begin_run();
    run.retries = 9;
    p.cancel_at = 3;
    assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
    assert_int_equal(mr_reseed_apply(&run, &p.err), MR_E_CANCELLED);
    assert_int_equal(world_sent_count(ALTER), 1);
    assert_int_equal(other.inserts, 0);
    assert_int_equal(mr_reseed_survey(&run, &p.err), MR_E_CANCELLED);
    end();
}

static struct world_answer raised_by_alter[] = {NEXT("5", 0), TYPE("int(11)"), PLANNED};
static void raise_counter(const char *sql)
{
    if (strncmp(sql, ALTER, sizeof ALTER - 1) == 0)
        raised_by_alter[0].text = "100";
}

/* Every statement is lost once.  The connection comes back, and the counter is raised. */
static void test_lost(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        raised_by_alter[0].text = "5";
        begin(raised_by_alter, LEN(raised_by_alter));
        begin_run();
        run.retries = 1;
        world.before = raise_counter;
        world.fail_at = n;
        assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
        assert_int_equal(mr_reseed_apply(&run, &p.err), MR_OK);
        assert_int_equal(run.results[0].raise, MR_RAISE_DONE);
        const bool failed = world.asked > n;
        if (failed)
            assert_int_equal(world_sent_count("(reconnect)"), 1);
        end();
        if (!failed)
            break;
        assert_true(n < 20);
    }
}

/* What is to stay out of the log stays out of it behind a lost connection, too. */
static void test_unlogged(void **state)
{
    static const struct {
        bool unlogged;
        const char *lost;
        unsigned off;
    } cases[] = {{true, "nowhere", 1}, {true, ALTER, 2}, {false, ALTER, 0}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = cases[i].lost, .code = MR_E_LOST, .number = 2013, .times = 1}, NEXT("5", 2),
              NEXT("100", 0), TYPE("int(11)"), PLANNED, {.has = "SHOW GLOBAL "});
        begin_run();
        run.retries = 1;
        run.unlogged = cases[i].unlogged;
        assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
        assert_int_equal(mr_reseed_apply(&run, &p.err), MR_OK);
        if (world_sent_count("SET SESSION sql_log_bin = 0") != cases[i].off)
            fail_msg("case %zu: %s", i, world.sent.ptr);
        end();
    }
}

/* A server that does not come back ends the run; so does one that is another. */
static void test_not_back(void **state)
{
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_CHANGED};
    (void)state;
    for (size_t i = 0; i < LEN(codes); i++) {
        BEGIN({.has = ALTER, .code = MR_E_LOST, .number = 2013},
              {.has = "(reconnect)", .code = codes[i]}, NEXT("5", 0), TYPE("int(11)"));
        begin_run();
        assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
        assert_int_equal(mr_reseed_apply(&run, &p.err), codes[i]);
        assert_true(mr_journal_is_open(run.journal, &counters[0]));
        end();
    }
}

/* The planned server may have become a replica meanwhile: what is raised there would be of it alone. */
static void test_read_only_since(void **state)
{
    (void)state;
    BEGIN({.has = ALTER, .code = MR_E_LOST, .number = 2013, .times = 1},
          {.has = "read_only", .text = "1"}, NEXT("5", 0), TYPE("int(11)"), PLANNED);
    begin_run();
    run.retries = 1;
    assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
    assert_int_equal(mr_reseed_apply(&run, &p.err), MR_E_CHANGED);
    assert_int_equal(world_sent_count(ALTER), 1);
    assert_true(mr_journal_is_open(run.journal, &counters[0]));
    end();
}

/* A counter that nobody can read is its own failure; the others are raised. */
static void test_unreadable(void **state)
{
    (void)state;
    BEGIN({.has = "(counter db1:3306.t.", .code = MR_E_DENIED, .number = 1142, .text = "denied"},
          NEXT("5", 2), NEXT("100", 0), TYPE("int(11)"));
    begin_run();
    counters[1] = plain;
    counters[1].name = "u";
    p.m.ncounters = 2;
    assert_int_equal(mr_reseed_survey(&run, &p.err), MR_OK);
    assert_int_equal(mr_reseed_apply(&run, &p.err), MR_OK);
    assert_int_equal(run.results[0].raise, MR_RAISE_FAILED);
    assert_string_equal(run.results[0].reason, "denied");
    assert_int_equal(run.results[1].raise, MR_RAISE_DONE);
    end();
}

/* ---- the proof alone ---- */

static void test_verify(void **state)
{
    static const struct {
        const char *next, *low, *behind;
        enum mr_raise raise;
    } cases[] = {{"100", NULL, NULL, MR_RAISE_DONE},     {"99", NULL, NULL, MR_RAISE_FAILED},
                 {"0", NULL, NULL, MR_RAISE_FAILED},     {"100", "r0", NULL, MR_RAISE_FAILED},
                 {"100", "r0", "r0", MR_RAISE_UNPROVEN}, {"99", "r0", "r0", MR_RAISE_FAILED}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN(NEXT(cases[i].next, 0));
        begin_run();
        run.journal = NULL;
        other.low = cases[i].low;
        other.behind = cases[i].behind;
        assert_int_equal(mr_reseed_verify(&run, &p.err), MR_OK);
        if (run.results[0].raise != cases[i].raise)
            fail_msg("%zu: %s", i, mr_raise_name(run.results[0].raise));
        assert_false(world_has("ALTER"));
        other.peers_code = MR_E_LOST;
        if (cases[i].raise != MR_RAISE_FAILED)
            assert_int_equal(mr_reseed_verify(&run, &p.err), MR_E_LOST);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_survey),
                                       cmocka_unit_test(test_survey_holds),
                                       cmocka_unit_test(test_apply),
                                       cmocka_unit_test(test_never_lower),
                                       cmocka_unit_test(test_rounds),
                                       cmocka_unit_test(test_cancelled),
                                       cmocka_unit_test(test_lost),
                                       cmocka_unit_test(test_unlogged),
                                       cmocka_unit_test(test_read_only_since),
                                       cmocka_unit_test(test_not_back),
                                       cmocka_unit_test(test_unreadable),
                                       cmocka_unit_test(test_verify)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
