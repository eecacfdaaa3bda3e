/* test_apply_try.c: what is sent of a unit, and what a failure means: done, tried again, refused,
 * or the end of the run. */
#include "apply_world.h"

#include "repair/script/script_text.h"

#define UNIT(stage)                                                                                \
    "-- unit 1 of 1: 3 rows\n-- stage\n" stage ";\n"                                               \
    "-- aside\nINSERT INTO skip SELECT 1;\n"                                                       \
    "-- locks\nSTART TRANSACTION;\n"                                                               \
    "-- guards\nINSERT INTO myrecon_guard SELECT 1 FROM `o``dd`.`gone`;\n"                         \
    "-- write\nSET @myrecon_ran = 0;\nINSERT INTO t SELECT 1;\n" MR_SCRIPT_RAN ";\n"               \
    "INSERT INTO t SELECT 2;\n" MR_SCRIPT_RAN ";\n"                                                \
    "-- again\nINSERT INTO myrecon_guard SELECT @myrecon_ran = 2;\n"                               \
    "-- end\nSELECT tbl AS `table` FROM refused;\nSET @myrecon_end = 'COMMIT';\n"                  \
    "EXECUTE myrecon_end;\nSET time_zone = 'told';\n"
#define STAGE "CREATE TEMPORARY TABLE `o``dd`.myrecon_i0 (x INT)"

/* What the target says where nothing fails; "" lists no refusal. */
#define LISTING                                                                                    \
    {                                                                                              \
        .has = "FROM refused", .rows = "", .names = "table|key|reason"                             \
    }
#define END(rows_)                                                                                 \
    {                                                                                              \
        .has = "SELECT @myrecon_end", .rows = (rows_)                                              \
    }
#define GOOD                                                                                       \
    {.has = "SCHEMATA", .text = "1"}, {.has = "read_only", .text = "0"},                           \
        {.has = "log_bin", .text = "0"}, {.has = "'Uptime'", .rows = "Uptime|99999"},              \
        {.has = "MIN(ok)", .text = "1"}, LISTING

static void start(void)
{
    script(UNIT(STAGE));
}

static unsigned tries(void)
{
    return (unsigned)world_sent_count("START TRANSACTION");
}

static enum mr_code carry_out(enum mr_outcome *outcome, struct mr_err *why)
{
    return mr_attempt_carry_out(&p.attempt, outcome, why, &p.err);
}

/* What the server says at one statement, `times` times (0: always). */
struct failure {
    const char *at;
    enum mr_code code;
    unsigned number;
    const char *text;
    unsigned times;
    /* and what is wanted */
    enum mr_code ends; /* the run */
    enum mr_outcome outcome;
    unsigned tries, reconnects;
    bool unheld, may_be_committed;
    const char *why;
};

#define GUARD_TEXT "CONSTRAINT `myrecon_guard_failed` failed for `o`dd`.`myrecon_guard`"
#define TWICE "INSERT INTO t SELECT 2"
static const struct failure failures[] = {
    /* nothing; a guard; a CHECK of the user's own */
    {.at = "nowhere", .outcome = MR_OUTCOME_DONE, .tries = 1},
    {"myrecon_guard SELECT 1", MR_E_SQL, 4025, GUARD_TEXT, 0, MR_OK, MR_OUTCOME_REFUSED, 4, 0, true,
     false, "its guards did not hold"},
    {"myrecon_guard SELECT 1", MR_E_SQL, 3819, GUARD_TEXT, 3, MR_OK, MR_OUTCOME_DONE, 4, 0, true,
     false, NULL},
    {TWICE, MR_E_SQL, 4025, "CONSTRAINT `positive` failed", 0, MR_OK, MR_OUTCOME_REFUSED, 1, 0,
     false, false, "positive"},
    /* a name alone is no guard */
    {TWICE, MR_E_SQL, 1062, "Duplicate entry 'myrecon_guard'", 0, MR_OK, MR_OUTCOME_REFUSED, 1, 0,
     false, false, "Duplicate"},
    /* who waits for whom */
    {TWICE, MR_E_SQL, 1213, "Deadlock", 0, MR_OK, MR_OUTCOME_REFUSED, 10, 0, false, false,
     "Deadlock"},
    {TWICE, MR_E_SQL, 1213, "Deadlock", 9, MR_OK, MR_OUTCOME_DONE, 10, 0, false, false, NULL},
    {TWICE, MR_E_SQL, 1047, "WSREP has not yet prepared node", 9, MR_OK, MR_OUTCOME_DONE, 10, 0,
     false, false, NULL},
    {"EXECUTE", MR_E_SQL, 1213, "Deadlock", 1, MR_OK, MR_OUTCOME_DONE, 2, 0, false, true, NULL},
    {"EXECUTE", MR_E_SQL, 1180, "during COMMIT", 1, MR_OK, MR_OUTCOME_DONE, 2, 0, false, true,
     NULL},
    {TWICE, MR_E_SQL, 1205, "Lock wait", 0, MR_OK, MR_OUTCOME_REFUSED, 1, 0, false, false, "Lock"},
    {TWICE, MR_E_TIMEOUT, 1969, "too long", 1, MR_OK, MR_OUTCOME_DONE, 2, 0, false, false, NULL},
    {TWICE, MR_E_LOST, 1317, "killed", 1, MR_OK, MR_OUTCOME_DONE, 2, 0, false, false, NULL},
    {TWICE, MR_E_LOST, 2013, "lost", 1, MR_OK, MR_OUTCOME_DONE, 2, 1, false, false, NULL},
    {TWICE, MR_E_LOST, 2013, "lost", 0, MR_OK, MR_OUTCOME_REFUSED, 10, 10, false, false, "lost"},
    /* the COMMIT: it may have come to pass, and the next try finds the rows */
    {"EXECUTE", MR_E_LOST, 2013, "lost", 1, MR_OK, MR_OUTCOME_DONE, 2, 1, false, true, NULL},
    {"EXECUTE", MR_E_LOST, 1317, "killed", 1, MR_OK, MR_OUTCOME_DONE, 2, 0, false, true, NULL},
    {"EXECUTE", MR_E_TIMEOUT, 1969, "too long", 1, MR_OK, MR_OUTCOME_DONE, 2, 0, false, true, NULL},
    /* what became of it is known, as it was read behind COMMIT */
    {"time_zone", MR_E_SQL, 1298, "Unknown time zone: 'told'", 0, MR_OK, MR_OUTCOME_DONE, 1, 0,
     false, false, NULL},
    {TWICE, MR_E_SQL, 1298, "Unknown time zone: 'myrecon: another server'", 0, MR_OK,
     MR_OUTCOME_REFUSED, 1, 0, false, false, "another server"},
    /* neither the unit's fault nor the server's */
    {TWICE, MR_E_NOMEM, 0, "no memory", 0, MR_E_NOMEM, MR_OUTCOME_REFUSED, 1, 0, false, false,
     NULL},
    {"(reconnect)", MR_E_CHANGED, 0, "another server", 0, MR_OK, MR_OUTCOME_DONE, 1, 0, false,
     false, NULL},
};

static void test_failures(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(failures); i++) {
        const struct failure *f = &failures[i];
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN({.has = f->at,
               .code = f->code,
               .number = f->number,
               .text = f->text,
               .times = f->times},
              END("COMMIT|3|1"), GOOD);
        start();
        const enum mr_code code = carry_out(&outcome, &why);
        if (code != f->ends || outcome != f->outcome || tries() != f->tries ||
            world_sent_count("(reconnect)") != f->reconnects)
            fail_msg("%zu: %d (%s), outcome %d, %u tries", i, code, p.err.message, outcome,
                     tries());
        assert_int_equal(p.attempt.unheld, f->unheld && outcome == MR_OUTCOME_REFUSED);
        assert_int_equal(p.attempt.lost, f->may_be_committed);
        if (f->why != NULL && strstr(why.message, f->why) == NULL)
            fail_msg("%zu: %s", i, why.message);
        if (outcome == MR_OUTCOME_DONE) {
            assert_int_equal(p.attempt.written, 3);
            assert_int_equal(p.attempt.there, 1);
        } else if (code == MR_OK && f->code != MR_E_LOST) {
            assert_int_equal(world_sent_count("ROLLBACK"), f->tries);
        }
        if (code == MR_OK)
            assert_int_equal(p.run.counts.retries, f->tries - 1);
        end();
    }
}

/* Every statement of the unit is lost once: the unit is done all the same, and only what was lost
 * at its end may have been committed. */
static void test_any_statement(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN(END("COMMIT|3|0"), GOOD);
        start();
        world.fail_at = n;
        assert_int_equal(carry_out(&outcome, &why), MR_OK);
        assert_int_equal(outcome, MR_OUTCOME_DONE);
        const bool failed = world.asked > n;
        const char *end_of_it = strstr(world_sent(), "FROM refused");
        const char *again = strstr(world_sent(), "(reconnect)");
        if (failed)
            assert_int_equal(p.attempt.lost, end_of_it != NULL && end_of_it < again);
        end();
        if (!failed)
            break;
        assert_true(n < 40);
    }
}

/* The script chooses ROLLBACK, and nothing is written; where none of the two is answered, it may be. */
static void test_not_committed(void **state)
{
    static const char *const ends[] = {"ROLLBACK|3|0", "~|~|~", "COMMITTED|3|0", ""};
    (void)state;
    for (size_t i = 0; i < LEN(ends); i++) {
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN(END(ends[i]), GOOD);
        start();
        assert_int_equal(carry_out(&outcome, &why), MR_OK);
        assert_int_equal(outcome, MR_OUTCOME_REFUSED);
        assert_true(p.attempt.unheld);
        assert_int_equal(p.attempt.written, 0);
        assert_int_equal(tries(), 4);
        assert_int_equal(p.attempt.lost, i > 0);
        end();
    }
}

#define BEFORE                                                                                     \
    "SET @myrecon_end = NULL, @myrecon_written = NULL, @myrecon_done = NULL\n"                     \
    "SET @myrecon_last = "
#define STAGED STAGE "\n"
#define GUARDED "START TRANSACTION\nINSERT INTO myrecon_guard SELECT 1 FROM `o``dd`.`gone`\n"
#define WRITTEN "SET @myrecon_ran = 0\nINSERT INTO t SELECT 1\nINSERT INTO t SELECT 2\n"
#define ASKED_AGAIN "SET @myrecon_ran = 2\nINSERT INTO myrecon_guard SELECT @myrecon_ran = 2\n"
#define LISTED "SELECT tbl AS `table` FROM refused\n"
#define READ_END "SELECT @myrecon_end, @myrecon_written, @myrecon_done\n"

static void test_what_is_sent(void **state)
{
    static const struct {
        bool dry, rehearse, chained;
        uint64_t last;
        const char *sent;
    } kinds[] = {
        {.sent = BEFORE "NULL\nSET @myrecon_dry = NULL\n" STAGED GUARDED WRITTEN ASKED_AGAIN LISTED
                        "SET @myrecon_end = 'COMMIT'\nEXECUTE myrecon_end\n"
                        "SET time_zone = 'told'\n" READ_END},
        {.dry = true,
         .sent = BEFORE "NULL\nSET @myrecon_dry = 1\n" STAGED GUARDED LISTED
                        "SELECT MIN(ok) FROM myrecon_guard\nROLLBACK\n" READ_END},
        {.rehearse = true,
         .sent = BEFORE "NULL\nSET @myrecon_dry = NULL\n" STAGED GUARDED WRITTEN ASKED_AGAIN LISTED
                        "SET @myrecon_end = 'COMMIT'\nROLLBACK\n" READ_END},
        {.rehearse = true,
         .chained = true, /* START TRANSACTION would commit those before it */
         .sent = BEFORE
         "NULL\nSET @myrecon_dry = NULL\n" STAGED
         "INSERT INTO myrecon_guard SELECT 1 FROM `o``dd`.`gone`\n" WRITTEN ASKED_AGAIN LISTED
         "SET @myrecon_end = 'COMMIT'\n" READ_END},
        {.last = 18446744073709551615ULL,
         .sent = BEFORE "18446744073709551615\nSET @myrecon_dry = NULL\n" STAGED GUARDED WRITTEN
                        "ROLLBACK\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN(END("COMMIT|3|0"), GOOD);
        start();
        p.run.dry_run = p.attempt.dry = kinds[i].dry;
        p.run.rehearse = kinds[i].rehearse;
        p.attempt.chained = kinds[i].chained;
        p.attempt.last = kinds[i].last;
        assert_int_equal(carry_out(&outcome, &why), MR_OK);
        assert_int_equal(outcome, MR_OUTCOME_DONE);
        sent_is(kinds[i].sent);
        assert_int_equal(p.attempt.held, kinds[i].dry);
        end();
    }
}

/* A statement that could commit is no part of a plan; a rehearsal and a dry run send none. */
static void test_may_not_stay(void **state)
{
    static const char *const bad[] = {"TRUNCATE TABLE t",
                                      "CREATE TABLE x (y INT)",
                                      "COMMIT",
                                      "ALTER TABLE t ADD x INT",
                                      "DROP TABLE t",
                                      "SETVAL(1)",
                                      "USER"};
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++)
        for (int kind = 0; kind < 3; kind++) {
            struct mr_err why = {0};
            enum mr_outcome outcome = 0;
            char text[2048];
            BEGIN(END("COMMIT|3|0"), GOOD);
            (void)snprintf(text, sizeof text, UNIT("%s"), bad[i]);
            script(text);
            p.run.dry_run = p.attempt.dry = kind == 1;
            p.run.rehearse = kind == 2;
            const enum mr_code code = carry_out(&outcome, &why);
            if (kind > 0)
                refused_for(code, "could not be rolled back");
            else
                assert_int_equal(code, MR_OK);
            assert_int_equal(world_has(bad[i]), kind == 0);
            end();
        }
}

static void test_dry_guard(void **state)
{
    struct mr_err why = {0};
    enum mr_outcome outcome = 0;
    (void)state;
    BEGIN({.has = "MIN(ok)", .text = "0"}, END("~|2|0"), GOOD);
    start();
    p.run.dry_run = p.attempt.dry = true;
    assert_int_equal(carry_out(&outcome, &why), MR_OK);
    assert_int_equal(outcome, MR_OUTCOME_DONE);
    assert_false(p.attempt.held);
    assert_int_equal(p.attempt.written, 2);
    end();
}

/* Rows that a guard left out are read as they are, and only of a list that says so. */
static void test_listing(void **state)
{
    static const struct {
        const char *names;
        size_t wanted;
    } cases[] = {{"table|key|reason", 2},
                 {"TABLE|Key|REASON", 2},
                 {"table|key|why", 0},
                 {"table|key", 0},
                 {"key|table|reason", 0}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN({.has = "FROM refused",
               .rows = "o`dd.t|18446744073709551615|who\no`dd.t|~|~",
               .names = cases[i].names},
              END("COMMIT|1|0"), GOOD);
        start();
        assert_int_equal(carry_out(&outcome, &why), MR_OK);
        assert_int_equal(p.attempt.refusals.count, cases[i].wanted);
        if (cases[i].wanted > 0) {
            const struct mr_refusal *r = mr_vec_at(&p.attempt.refusals, 0);
            assert_string_equal(r[0].key, "18446744073709551615");
            assert_string_equal(r[0].reason, "who");
            assert_string_equal(r[1].key, "");
            assert_int_equal(r[0].unit, 1);
        }
        end();
    }
}

/* A guard asks a table that nobody has any more; any other that is missing refuses the unit. */
static void test_dropped(void **state)
{
    static const struct {
        const char *name;
        unsigned number;
        enum mr_outcome outcome;
    } cases[] = {{"`o``dd`.`gone`", 1146, MR_OUTCOME_DONE},
                 {"`o``dd`.`gone`", 1049, MR_OUTCOME_DONE},
                 {"`o``dd`.`gone`", 1142, MR_OUTCOME_REFUSED},
                 {"`o``dd`.`other`", 1146, MR_OUTCOME_REFUSED}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN({.has = "`gone`", .code = MR_E_NO_SUCH, .number = cases[i].number}, END("COMMIT|3|0"),
              GOOD);
        struct mr_vec dropped = MR_VEC_INIT(const char *);
        *(const char **)mr_vec_push(&dropped) = cases[i].name;
        start();
        p.run.dropped = &dropped;
        assert_int_equal(carry_out(&outcome, &why), MR_OK);
        assert_int_equal(outcome, cases[i].outcome);
        mr_vec_release(&dropped);
        end();
    }
}

/* A server that is not the planned one any more, or read-only, ends the run, and no unit is
 * said to be refused. */
static void test_target_changed(void **state)
{
    static const struct {
        const char *read_only;
        unsigned number;
        enum mr_code code;
    } cases[] = {{"1", 1290, MR_E_CHANGED},
                 {"ON", 1836, MR_E_CHANGED},
                 {"OFF", 1290, MR_OK},
                 {"1", 1142, MR_OK},
                 {"1", 2013, MR_E_CHANGED}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN({.has = TWICE,
               .code = cases[i].number == 2013 ? MR_E_LOST : MR_E_SQL,
               .number = cases[i].number},
              {.has = "read_only", .text = cases[i].read_only}, END("COMMIT|3|0"), GOOD);
        start();
        assert_int_equal(carry_out(&outcome, &why), cases[i].code);
        assert_int_equal(tries(), 1);
        if (cases[i].code == MR_OK)
            assert_int_equal(outcome, MR_OUTCOME_REFUSED);
        end();
    }
}

/* A restart may have lost what was committed last; in doubt it was one. */
static void test_restarted(void **state)
{
    static const struct {
        const char *uptime;
        bool dry, restarted;
    } cases[] = {{"Uptime|99999", false, false},
                 {"Uptime|1", false, true},
                 {"", false, true},
                 {"Uptime|1", true, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err err = {0};
        BEGIN({.has = "'Uptime'", .rows = cases[i].uptime}, GOOD);
        start();
        p.run.dry_run = cases[i].dry;
        p.attempt.staged = true;
        world.is_lost = true;
        assert_int_equal(mr_attempt_reconnect(&p.attempt, &err), MR_OK);
        assert_int_equal(p.attempt.restarted, cases[i].restarted);
        assert_false(p.attempt.staged);
        assert_false(world.is_lost);
        end();
    }
}

static void test_cancelled(void **state)
{
    struct mr_err why = {0};
    enum mr_outcome outcome = 0;
    (void)state;
    BEGIN({.has = TWICE, .code = MR_E_SQL, .number = 1213}, END("COMMIT|3|0"), GOOD);
    start();
    p.cancel_at = 5;
    assert_int_equal(carry_out(&outcome, &why), MR_E_CANCELLED);
    assert_true(tries() < 4);
    assert_false(p.attempt.lost);
    end();
}

/* ---- rows that the server refuses ---- */

static const uint64_t *refused_lines; /* 0 ends them */
static struct world_answer refusing[] = {
    {.has = "INSERT INTO t", .text = "Cannot add or update a child row", .number = 1452},
    {.has = "nowhere"},
    END("COMMIT|1|0"),
    GOOD,
};

/* The server refuses while a line of theirs is written that nobody has set aside. */
static void refuse_lines(const char *sql)
{
    static uint64_t last;
    static bool aside[4];
    if (strncmp(sql, "SET @myrecon_last = ", 20) == 0)
        last = strcmp(sql + 20, "NULL") == 0 ? 3 : strtoull(sql + 20, NULL, 10);
    if (strncmp(sql, "DELETE FROM myrecon_aside", 25) == 0 ||
        strncmp(sql, "CREATE TEMPORARY", 16) == 0)
        memset(aside, 0, sizeof aside);
    if (strncmp(sql, "INSERT INTO myrecon_aside", 25) == 0)
        for (const char *at = sql; (at = strchr(at, '(')) != NULL; at++)
            if (at[1] >= '1' && at[1] <= '3')
                aside[at[1] - '0'] = true;
    refusing[0].code = MR_OK;
    for (const uint64_t *line = refused_lines; *line != 0; line++)
        if (*line <= last && !aside[*line])
            refusing[0].code = MR_E_SQL;
}

static void test_write_rest(void **state)
{
    static const uint64_t none[] = {0}, first[] = {1, 0}, last[] = {3, 0}, two[] = {1, 3, 0},
                          all[] = {1, 2, 3, 0};
    static const struct {
        const uint64_t *lines;
        const char *aside;
    } cases[] = {{none, ""}, {first, "1"}, {last, "3"}, {two, "1,3"}, {all, "1,2,3"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf aside = MR_STRBUF_INIT;
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        begin(refusing, LEN(refusing));
        refused_lines = cases[i].lines;
        world.before = refuse_lines;
        start();
        assert_int_equal(carry_out(&outcome, &why), MR_OK);
        assert_int_equal(mr_attempt_write_rest(&p.attempt, &outcome, &why, &p.err), MR_OK);
        assert_int_equal(outcome, MR_OUTCOME_DONE);
        assert_true(p.attempt.committed);
        assert_int_equal(world_sent_count("EXECUTE"), 1); /* no probe commits */
        mr_strbuf_add_str(&aside, "");
        mr_aside_text(&p.attempt.aside, &aside);
        assert_string_equal(aside.ptr != NULL ? aside.ptr : "", cases[i].aside);
        mr_strbuf_release(&aside);
        end();
    }
}

/* Who came in between the guards and the write is found by the guards of the next try: a row is
 * to blame where the server says the same twice. */
static void test_believe(void **state)
{
    static const struct {
        const char *first, *second;
        unsigned times;
        const char *aside;
    } cases[] = {{"Duplicate entry '1'", "Duplicate entry '1'", 0, "1,2,3"},
                 {"Duplicate entry '1'", "Duplicate entry '1'", 1, ""},
                 {"Duplicate entry '1'", "Duplicate entry '2'", 1, ""}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf aside = MR_STRBUF_INIT;
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN({.has = TWICE, .code = MR_E_SQL, .number = 1062, .text = cases[i].first, .times = 1},
              {.has = cases[i].times == 1 && i == 1 ? "nowhere" : TWICE,
               .code = MR_E_SQL,
               .number = 1062,
               .text = cases[i].second,
               .times = cases[i].times},
              END("COMMIT|0|0"), GOOD);
        start();
        assert_int_equal(carry_out(&outcome, &why), MR_OK);
        assert_int_equal(mr_attempt_write_rest(&p.attempt, &outcome, &why, &p.err), MR_OK);
        mr_aside_text(&p.attempt.aside, &aside);
        assert_string_equal(aside.ptr != NULL ? aside.ptr : "", cases[i].aside);
        mr_strbuf_release(&aside);
        end();
    }
}

/* Somebody comes in between two tries of the search, so that the guards do not hold any more: that
 * is of the unit, and the next one follows. */
static void fail_guards(const char *sql)
{
    refuse_lines(sql);
    if (strncmp(sql, "SET @myrecon_last = 1", 21) == 0)
        refusing[1].has = "myrecon_guard SELECT 1";
}

static void test_guard_in_search(void **state)
{
    static const uint64_t last[] = {3, 0};
    struct mr_err why = {0};
    enum mr_outcome outcome = 0;
    (void)state;
    refusing[1] = (struct world_answer){
        .has = "nowhere", .code = MR_E_SQL, .number = 4025, .text = GUARD_TEXT};
    begin(refusing, LEN(refusing));
    refused_lines = last;
    world.before = fail_guards;
    start();
    assert_int_equal(carry_out(&outcome, &why), MR_OK);
    assert_int_equal(mr_attempt_write_rest(&p.attempt, &outcome, &why, &p.err), MR_OK);
    assert_int_equal(outcome, MR_OUTCOME_REFUSED);
    assert_true(p.attempt.unheld);
    assert_false(world_has("EXECUTE"));
    refusing[1].has = "nowhere";
    end();
}

/* In the middle of the search the run is cancelled: nothing is committed. */
static bool cancel_in_probe;
static void cancel(const char *sql)
{
    refuse_lines(sql);
    if (cancel_in_probe && strncmp(sql, "SET @myrecon_last = 1", 21) == 0)
        p.cancelled = true;
}

static void test_cancelled_search(void **state)
{
    static const uint64_t last[] = {3, 0};
    struct mr_err why = {0};
    enum mr_outcome outcome = 0;
    (void)state;
    begin(refusing, LEN(refusing));
    refused_lines = last;
    cancel_in_probe = true;
    world.before = cancel;
    start();
    assert_int_equal(carry_out(&outcome, &why), MR_OK);
    assert_int_equal(mr_attempt_write_rest(&p.attempt, &outcome, &why, &p.err), MR_E_CANCELLED);
    assert_false(world_has("EXECUTE"));
    end();
}

/* ---- one of a chain ---- */

static void test_chained(void **state)
{
    static const struct {
        enum mr_code says, ends;
        unsigned number;
        const char *text;
        bool broken, unheld, back;
    } cases[] = {{MR_E_SQL, MR_OK, 1452, "child", false, false, true},
                 {MR_E_SQL, MR_OK, 4025, GUARD_TEXT, false, true, true},
                 {MR_E_SQL, MR_E_SQL, 1213, "Deadlock", true, false, false},
                 {MR_E_LOST, MR_E_LOST, 2013, "lost", true, false, false},
                 {MR_E_NOMEM, MR_E_NOMEM, 0, "no memory", false, false, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_err why = {0};
        enum mr_outcome outcome = 0;
        BEGIN(
            {.has = TWICE, .code = cases[i].says, .number = cases[i].number, .text = cases[i].text},
            END("COMMIT|3|0"), GOOD);
        start();
        p.run.rehearse = p.attempt.chained = true;
        const enum mr_code code = carry_out(&outcome, &why);
        if (code != cases[i].ends)
            fail_msg("%zu: %d", i, code);
        assert_int_equal(p.attempt.broken, cases[i].broken);
        assert_int_equal(p.attempt.unheld, cases[i].unheld);
        assert_int_equal(world_sent_count("ROLLBACK TO SAVEPOINT"), cases[i].back);
        assert_int_equal(world_sent_count(TWICE), 1); /* no second try */
        end();
    }
}

/* Rows beyond what is listed are counted; the unit itself is always said. */
static void test_refusals(void **state)
{
    (void)state;
    begin(NULL, 0);
    start();
    for (size_t i = 0; i < MR_REFUSALS_MAX + 2; i++)
        assert_int_equal(mr_attempt_add_refusal(&p.attempt, "o`dd.t", "1", "x", &p.err), MR_OK);
    assert_int_equal(p.attempt.refusals.count, MR_REFUSALS_MAX);
    assert_int_equal(p.attempt.unlisted, 2);
    assert_int_equal(mr_attempt_add_refusal(&p.attempt, "", "", "unit", &p.err), MR_OK);
    assert_int_equal(p.attempt.refusals.count, MR_REFUSALS_MAX + 1);
    assert_int_equal(mr_attempt_add_refusal(&p.attempt, "", "", NULL, &p.err), MR_E_NOMEM);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures),        cmocka_unit_test(test_any_statement),
        cmocka_unit_test(test_not_committed),   cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_may_not_stay),    cmocka_unit_test(test_dry_guard),
        cmocka_unit_test(test_listing),         cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_target_changed),  cmocka_unit_test(test_restarted),
        cmocka_unit_test(test_cancelled),       cmocka_unit_test(test_write_rest),
        cmocka_unit_test(test_believe),         cmocka_unit_test(test_cancelled_search),
        cmocka_unit_test(test_guard_in_search), cmocka_unit_test(test_chained),
        cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
