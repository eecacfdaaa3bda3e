/* test_check_settle.c: how long is waited for a side that follows, and what is said then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "check_world.h"
#include "core/base/signals.h"
#include "core/db/grants_internal.h"
#include "recon/check/check_settle.h"

/* Two servers whose time only passes in waits. */
static struct {
    double now, reached_at; /* seconds */
    const char *position;   /* "": not visible */
    double confirmed_at;    /* from then on what the wait says is so */
    unsigned positions, histories, waits, reconnects;
    unsigned lose_positions, lose_waits; /* so many of the next are lost */
    enum mr_code reconnect_code;
    double wait_s;      /* that a wait takes */
    unsigned cancel_at; /* in that wait */
} fake;

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return fake.now;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    fake.now += (double)time->tv_sec + (double)time->tv_nsec / 1e9;
    return 0;
}

static enum mr_code tell_position(struct mr_strbuf *position, struct mr_err *err)
{
    if (fake.lose_positions > 0) {
        fake.lose_positions--;
        return mr_err_set(err, MR_E_LOST, "the connection is gone");
    }
    mr_strbuf_add_str(position, fake.position);
    return MR_OK;
}

enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err);
enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err)
{
    (void)a;
    fake.positions++;
    return tell_position(position, err);
}

enum mr_code __wrap_mr_replication_history(struct mr_db *a, struct mr_strbuf *position,
                                           struct mr_err *err);
enum mr_code __wrap_mr_replication_history(struct mr_db *a, struct mr_strbuf *position,
                                           struct mr_err *err)
{
    (void)a;
    fake.histories++;
    return tell_position(position, err);
}

enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err);
enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err)
{
    (void)b;
    assert_string_equal(position, fake.position);
    assert_int_equal(timeout_s, 1);
    fake.waits++;
    if (fake.waits == fake.cancel_at)
        mr_cancel();
    if (fake.lose_waits > 0) {
        fake.lose_waits--;
        return mr_err_set(err, MR_E_LOST, "the connection is gone");
    }
    double left = fake.reached_at - fake.now;
    fake.now += left < 0 ? 0 : left < fake.wait_s ? left : fake.wait_s;
    *reached = fake.now >= fake.reached_at;
    return MR_OK;
}

enum mr_code __wrap_mr_replication_confirm(struct mr_db *a, struct mr_db *b, bool follows,
                                           const char *position, bool *reached, struct mr_err *err);
enum mr_code __wrap_mr_replication_confirm(struct mr_db *a, struct mr_db *b, bool follows,
                                           const char *position, bool *reached, struct mr_err *err)
{
    (void)a;
    (void)b;
    (void)position;
    (void)err;
    assert_int_equal(follows, fake.histories == 0);
    *reached = *reached && fake.now >= fake.confirmed_at;
    return MR_OK;
}

enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err);
enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err)
{
    (void)db;
    (void)attempts;
    fake.reconnects++;
    return fake.reconnect_code == MR_OK
               ? MR_OK
               : mr_err_set(err, fake.reconnect_code, "it does not come back");
}

static void begin(struct world *w)
{
    memset(&fake, 0, sizeof fake);
    fake.position = "binlog.7:1234";
    fake.wait_s = 1;
    fake.now = 1000;
    world_begin(w);
    graph_table(&w->g, "t", "id", NULL);
    world_plan(w, "");
    w->check.lag[MR_SOURCE] = MR_LAG_NONE;
    w->check.lag[MR_TARGET] = MR_LAG_WAIT;
    w->options.settle_limit_ms = 10 * 1000;
}

/* ---- a round's wait */

static void test_rounds(void **state)
{
    static const struct {
        const char *what;
        enum mr_lag source, target;
        double after, confirmed; /* seconds until it is there, and surely there */
        const char *position;
        unsigned limit_ms;
        bool by_history, reached, slow;
        double waited;
        unsigned asked; /* for positions */
        const char *why;
    } cases[] = {
        {"nobody follows", MR_LAG_NONE, MR_LAG_NONE, 0, 0, "p", 10000, false, true, false, 0, 0,
         NULL},
        {"nothing tells", MR_LAG_NONE, MR_LAG_UNKNOWN, 0, 0, "p", 10000, false, true, false, 0, 0,
         NULL},
        {"it is there", MR_LAG_NONE, MR_LAG_WAIT, 0, 0, "p", 10000, false, true, false, 0, 1, NULL},
        {"it comes soon", MR_LAG_NONE, MR_LAG_WAIT, 0.25, 0, "p", 10000, false, true, false, 0.25,
         1, NULL},
        {"it takes long: rows must rest", MR_LAG_NONE, MR_LAG_WAIT, 3.5, 0, "p", 10000, false, true,
         true, 3.5, 1, NULL},
        {"the other way round", MR_LAG_WAIT, MR_LAG_NONE, 3.5, 0, "p", 10000, false, true, true,
         3.5, 1, NULL},
        {"each follows the other", MR_LAG_WAIT, MR_LAG_WAIT, 0, 0, "p", 10000, false, true, true, 0,
         2, NULL},
        {"it only seems to be there", MR_LAG_NONE, MR_LAG_WAIT, 0, 2, "p", 10000, false, true, true,
         2, 1, NULL},
        {"fed by others", MR_LAG_NONE, MR_LAG_WAIT, 0, 0, "p", 10000, true, true, false, 0, 1,
         NULL},
        {"never", MR_LAG_NONE, MR_LAG_WAIT, 99, 0, "p", 10000, false, false, true, 10, 1,
         "the target had not applied what the source had written when 10 seconds of waiting were "
         "over (--settle-limit"},
        {"no time at all is one try", MR_LAG_NONE, MR_LAG_WAIT, 0, 0, "p", 0, false, true, false, 0,
         1, NULL},
        {"the position is hidden", MR_LAG_NONE, MR_LAG_WAIT, 0, 0, "", 10000, false, false, false,
         0, 1,
         "the position of the source, which the target would have to reach, is not visible to the "
         "account; to see it: GRANT REPLICATION CLIENT ON *.* TO 'a'@'b'"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        bool reached = !cases[i].reached;
        begin(&w);
        w.g.servers[MR_SOURCE].grants = mr_grants_new("a@b", false);
        w.check.lag[MR_SOURCE] = cases[i].source;
        w.check.lag[MR_TARGET] = cases[i].target;
        w.check.settle.by_history[MR_TARGET] = cases[i].by_history;
        w.options.settle_limit_ms = cases[i].limit_ms;
        fake.reached_at = fake.now + cases[i].after;
        fake.confirmed_at = fake.now + cases[i].confirmed;
        fake.position = cases[i].position;
        assert_int_equal(mr_check_settle(&w.check, &reached, &err), MR_OK);
        double waited = w.check.settle.waited_s;
        if (reached != cases[i].reached || atomic_load(&w.check.settle.slow) != cases[i].slow ||
            waited < cases[i].waited || waited > cases[i].waited + 1.1 ||
            fake.positions + fake.histories != cases[i].asked)
            fail_msg("%s: %s, %s, waited %g s, asked %u", cases[i].what,
                     reached ? "reached" : "not reached",
                     atomic_load(&w.check.settle.slow) ? "slow" : "not slow", waited,
                     fake.positions + fake.histories);
        assert_int_equal(fake.histories > 0, cases[i].by_history);
        assert_int_equal(w.check.settle.why != NULL, cases[i].why != NULL);
        if (cases[i].why != NULL)
            assert_non_null(strstr(w.check.settle.why, cases[i].why));
        /* over is over: nothing is asked again */
        assert_int_equal(w.check.settle.over, !cases[i].reached);
        if (!cases[i].reached) {
            assert_int_equal(mr_check_settle(&w.check, &reached, &err), MR_OK);
            assert_false(reached);
            assert_int_equal(fake.positions + fake.histories, cases[i].asked);
        }
        mr_grants_free(w.g.servers[MR_SOURCE].grants);
        world_end(&w);
    }
}

/* The waits of all rounds together have one limit. */
static void test_limit_of_all(void **state)
{
    struct world w;
    struct mr_err err = {0};
    bool reached = false;
    (void)state;
    begin(&w);
    for (int round = 0; round < 3; round++) {
        fake.reached_at = fake.now + 3;
        assert_int_equal(mr_check_settle(&w.check, &reached, &err), MR_OK);
        assert_true(reached);
    }
    assert_true(mr_check_settle_left_s(&w.check) > 0.9 && mr_check_settle_left_s(&w.check) < 1.1);
    fake.reached_at = fake.now + 3;
    assert_int_equal(mr_check_settle(&w.check, &reached, &err), MR_OK);
    assert_false(reached);
    assert_true(mr_check_settle_left_s(&w.check) <= 0);
    world_end(&w);
}

/* A connection that was idle for hours is lost when it is used: one more try finds out. */
static void test_lost(void **state)
{
    static const struct {
        unsigned positions, waits; /* lost */
        enum mr_code reconnect, code;
    } cases[] = {
        {1, 0, MR_OK, MR_OK},
        {2, 0, MR_OK, MR_E_LOST},
        {0, 3, MR_OK, MR_OK},
        {0, 1, MR_E_CONNECT, MR_E_CONNECT},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        bool reached = false;
        begin(&w);
        fake.lose_positions = cases[i].positions;
        fake.lose_waits = cases[i].waits;
        fake.reconnect_code = cases[i].reconnect;
        assert_int_equal(mr_check_settle(&w.check, &reached, &err), cases[i].code);
        assert_int_equal(reached, cases[i].code == MR_OK);
        assert_int_equal(fake.reconnects, cases[i].waits);
        /* that nobody could be asked is no reason to call the limit over */
        assert_false(w.check.settle.over);
        world_end(&w);
    }
}

/* ---- what a round concludes */

static void test_conclusions(void **state)
{
    static const struct {
        enum mr_lag source, target;
        bool slow, follows, sure, rests;
    } cases[] = {
        {MR_LAG_NONE, MR_LAG_NONE, false, false, true, false},
        {MR_LAG_NONE, MR_LAG_WAIT, false, true, true, false},
        {MR_LAG_WAIT, MR_LAG_NONE, true, true, true, true},
        {MR_LAG_UNKNOWN, MR_LAG_NONE, false, false, false, true},
        {MR_LAG_WAIT, MR_LAG_UNKNOWN, false, true, false, true},
    };
    struct mr_check_run check = {0};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        check.lag[MR_SOURCE] = cases[i].source;
        check.lag[MR_TARGET] = cases[i].target;
        atomic_store(&check.settle.slow, cases[i].slow);
        assert_int_equal(mr_check_settle_follows(&check), cases[i].follows);
        assert_int_equal(mr_check_settle_is_sure(&check), cases[i].sure);
        assert_int_equal(mr_check_settle_rests(&check), cases[i].rests);
    }
}

/* ---- a batch's wait */

static void test_batches(void **state)
{
    static const struct {
        const char *what;
        enum mr_lag target;
        bool slow, up, down;
        double after;
        const char *position;
        bool reached, slow_then;
        unsigned asked;
    } cases[] = {
        {"nobody follows", MR_LAG_NONE, false, true, true, 99, "p", true, false, 0},
        {"at once", MR_LAG_WAIT, false, true, true, 0, "p", true, false, 1},
        {"within a second", MR_LAG_WAIT, false, true, true, 0.5, "p", true, false, 1},
        {"later: no batch waits any more", MR_LAG_WAIT, false, true, true, 99, "p", false, true, 1},
        {"the position is hidden", MR_LAG_WAIT, false, true, true, 0, "", false, true, 1},
        {"slow already", MR_LAG_WAIT, true, true, true, 0, "p", false, true, 0},
        {"no connection", MR_LAG_WAIT, false, false, true, 0, "p", false, false, 0},
        {"none to wait on", MR_LAG_WAIT, false, true, false, 0, "p", false, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        bool reached = !cases[i].reached;
        begin(&w);
        w.check.lag[MR_TARGET] = cases[i].target;
        atomic_store(&w.check.settle.slow, cases[i].slow);
        fake.reached_at = fake.now + cases[i].after;
        fake.position = cases[i].position;
        struct mr_db *up = cases[i].up ? mr_reader_db(w.worker.reader[MR_SOURCE]) : NULL;
        struct mr_db *down = cases[i].down ? mr_reader_db(w.worker.reader[MR_TARGET]) : NULL;
        assert_int_equal(mr_check_catch_up(&w.check, up, down, &reached, &err), MR_OK);
        if (reached != cases[i].reached ||
            atomic_load(&w.check.settle.slow) != cases[i].slow_then ||
            fake.positions != cases[i].asked)
            fail_msg("%s: %d, %d, asked %u", cases[i].what, reached,
                     (int)atomic_load(&w.check.settle.slow), fake.positions);
        world_end(&w);
    }
}

/* Short waits add up: behind ten seconds of them no batch waits any more. */
static void test_batches_add_up(void **state)
{
    struct world w;
    struct mr_err err = {0};
    unsigned batches = 0;
    (void)state;
    begin(&w);
    while (!atomic_load(&w.check.settle.slow) && batches < 100) {
        bool reached = false;
        fake.reached_at = fake.now + 0.75;
        assert_int_equal(mr_check_catch_up(&w.check, mr_reader_db(w.worker.reader[MR_SOURCE]),
                                           mr_reader_db(w.worker.reader[MR_TARGET]), &reached,
                                           &err),
                         MR_OK);
        assert_true(reached);
        batches++;
    }
    assert_in_range(batches, 14, 16);
    /* and the next round does not begin anew */
    bool reached = false;
    fake.reached_at = fake.now;
    assert_int_equal(mr_check_settle(&w.check, &reached, &err), MR_OK);
    assert_true(atomic_load(&w.check.settle.slow));
    world_end(&w);
}

/* Last: the flag stays. */
static void test_cancelled(void **state)
{
    struct world w;
    struct mr_err err = {0};
    bool reached = false;
    (void)state;
    begin(&w);
    fake.reached_at = fake.now + 99;
    fake.cancel_at = 2;
    assert_int_equal(mr_check_settle(&w.check, &reached, &err), MR_E_CANCELLED);
    assert_int_equal(fake.waits, 2);
    atomic_store(&w.check.settle.slow, false);
    assert_int_equal(mr_check_catch_up(&w.check, mr_reader_db(w.worker.reader[MR_SOURCE]),
                                       mr_reader_db(w.worker.reader[MR_TARGET]), &reached, &err),
                     MR_E_CANCELLED);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds),    cmocka_unit_test(test_limit_of_all),
        cmocka_unit_test(test_lost),      cmocka_unit_test(test_conclusions),
        cmocka_unit_test(test_batches),   cmocka_unit_test(test_batches_add_up),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
