/* test_throttle.c: when workers wait, and what they say, with a probe that is a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/throttle_sample.h"
#include "tests/unit/capture.h"

#define INTERVAL_MS 5

static struct capture captured;

/* The first `bad` samples show the given load, all later ones an idle server. */
struct script {
    unsigned long running;
    long lag_s;
    int bad;
    const char *remove; /* a file to remove with the last bad sample, or NULL */
    atomic_int samples, ends;
};

static void script_sample(void *ctx, struct mr_load *load)
{
    struct script *script = ctx;
    usleep(2000); /* an answer takes a while: a worker that does not wait is caught */
    int number = atomic_load(&script->samples) + 1;
    load->running = 1;
    if (number <= script->bad) {
        load->running = script->running;
        load->lag_s = script->lag_s;
        (void)snprintf(load->running_at, sizeof load->running_at, "db1:3306");
        (void)snprintf(load->lag_at, sizeof load->lag_at, "db2:3306");
    }
    if (number == script->bad && script->remove != NULL)
        (void)unlink(script->remove);
    atomic_store(&script->samples, number);
}

static void script_end(void *ctx)
{
    struct script *script = ctx;
    atomic_fetch_add(&script->ends, 1);
}

static struct mr_throttle *make(const struct mr_throttle_opts *opts, struct script *script)
{
    const struct mr_load_probe probe = {script, script_sample, script_end};
    struct mr_throttle *throttle = NULL;
    struct mr_err err;
    assert_int_equal(
        mr_throttle_new_with(opts, script == NULL ? NULL : &probe, INTERVAL_MS, &throttle, &err),
        MR_OK);
    return throttle;
}

static void test_waits_while_it_must(void **state)
{
    (void)state;
    static const struct {
        unsigned max_load, max_lag_s;
        unsigned long running;
        long lag_s;
        const char *said; /* NULL: does not wait */
    } table[] = {
        {50, 60, 50, 60, NULL},
        {50, 60, 51, 0, "waiting: Threads_running of db1:3306 is 51 (--max-load 50)"},
        {50, 60, 1, 61, "waiting: replica db2:3306 is 61 s behind (--max-lag 60)"},
        {50, 60, 1, -1, NULL},
        {50, 60, 1, -2, NULL},
        {0, 60, 5000, 0, NULL},
        {50, 0, 1, 5000, NULL},
        {0, 60, 5000, 61, "waiting: replica db2:3306 is 61 s behind (--max-lag 60)"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_throttle_opts opts = {.max_load = table[i].max_load,
                                        .max_lag_s = table[i].max_lag_s};
        struct script script = {.running = table[i].running, .lag_s = table[i].lag_s, .bad = 5};
        struct mr_err err;
        capture_begin(&captured, CAPTURE_FILE, 0);
        struct mr_throttle *throttle = make(&opts, &script);
        enum mr_code rc = mr_throttle_wait(throttle, &err);
        int samples = script.samples;
        double waited_s = mr_throttle_waited_s(throttle);
        mr_throttle_free(throttle);
        capture_end(&captured);
        assert_int_equal(rc, MR_OK);
        assert_int_equal(script.ends, 1);
        if (table[i].said == NULL) {
            assert_true(samples >= 1);
            assert_string_equal(captured.text, "");
            assert_true(waited_s <= 0);
        } else {
            assert_true(samples > script.bad);
            assert_non_null(strstr(captured.text, table[i].said));
            assert_int_equal(capture_count(&captured, "\n"), 1);
            assert_true(waited_s > 0);
        }
    }
}

/* Reads of 0.4 ms at first, then as slow as the table says. */
struct slow_script {
    double bad_ms;
    int bad;
    atomic_int samples;
};

static void slow_sample(void *ctx, struct mr_load *load)
{
    struct slow_script *script = ctx;
    usleep(2000);
    int number = atomic_load(&script->samples) + 1;
    load->read_ms = number > 1 && number <= 1 + script->bad ? script->bad_ms : 0.4;
    (void)snprintf(load->read_at, sizeof load->read_at, "db1:3306");
    atomic_store(&script->samples, number);
}

static void slow_end(void *ctx)
{
    (void)ctx;
}

static void await_samples(struct slow_script *script, int number)
{
    for (int i = 0; i < 5000 && atomic_load(&script->samples) < number; i++)
        usleep(1000);
}

/* The first sample says what is usual; a server that stays slow is not slow because of
 * whoever waits. */
static void test_slow(void **state)
{
    (void)state;
    static const struct {
        unsigned factor;
        double bad_ms;
        int bad;
        const char *said, *said_too; /* NULL: does not wait */
    } table[] = {
        {10, 20, 5,
         "waiting: a tiny read on db1:3306 takes 20.0 ms, not 0.4 ms as usual "
         "(--max-slowdown 10)",
         NULL},
        {10, 9.9, 5, NULL, NULL},
        {60, 20, 5, NULL, NULL},
        {0, 20, 5, NULL, NULL},
        {10, 20, 1000000, "waiting: a tiny read on db1:3306",
         "going on: a tiny read on db1:3306 takes 20.0 ms"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct mr_throttle_opts opts = {.max_slowdown = table[i].factor};
        struct slow_script script = {.bad_ms = table[i].bad_ms, .bad = table[i].bad};
        const struct mr_load_probe probe = {&script, slow_sample, slow_end};
        struct mr_throttle *throttle = NULL;
        struct mr_err err;
        capture_begin(&captured, CAPTURE_FILE, 0);
        assert_int_equal(mr_throttle_new_with(&opts, &probe, INTERVAL_MS, &throttle, &err), MR_OK);
        assert_int_equal(mr_throttle_wait(throttle, &err), MR_OK);
        await_samples(&script, 3);
        assert_int_equal(mr_throttle_wait(throttle, &err), MR_OK);
        int samples = script.samples;
        if (table[i].said_too != NULL) {
            await_samples(&script, samples + 20);
            assert_int_equal(mr_throttle_wait(throttle, &err), MR_OK);
        }
        double waited_s = mr_throttle_waited_s(throttle);
        mr_throttle_free(throttle);
        capture_end(&captured);
        if (table[i].said == NULL) {
            assert_string_equal(captured.text, "");
            assert_true(waited_s <= 0);
            continue;
        }
        assert_non_null(strstr(captured.text, table[i].said));
        assert_true(waited_s > 0);
        if (table[i].said_too != NULL)
            assert_non_null(strstr(captured.text, table[i].said_too));
        assert_true(samples >
                    (table[i].said_too != NULL ? MR_THROTTLE_SLOW_SAMPLES : table[i].bad));
        assert_int_equal(capture_count(&captured, "\n"), table[i].said_too != NULL ? 2 : 1);
    }
}

/* Above that limit there is no waiting. */
static void test_stop(void **state)
{
    (void)state;
    struct mr_throttle_opts opts = {.max_load = 50, .max_lag_s = 60, .max_load_stop = 100};
    struct script script = {.running = 101, .lag_s = -1, .bad = 5};
    struct mr_err err = {0};
    struct mr_throttle *throttle = make(&opts, &script);
    assert_int_equal(mr_throttle_wait(throttle, &err), MR_E_CANCELLED);
    assert_non_null(strstr(err.message, "Threads_running of db1:3306 is 101"));
    mr_throttle_free(throttle);
}

static void test_pause_file(void **state)
{
    (void)state;
    char path[] = "/tmp/myrecon-test-pause-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    struct mr_throttle_opts opts = {.pause_file = path};
    struct script script = {.running = 1, .lag_s = -1, .bad = 5, .remove = path};
    struct mr_err err;
    capture_begin(&captured, CAPTURE_FILE, 0);
    struct mr_throttle *throttle = make(&opts, &script);
    enum mr_code rc = mr_throttle_wait(throttle, &err);
    mr_throttle_free(throttle);
    capture_end(&captured);
    assert_int_equal(rc, MR_OK);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_true(script.samples >= script.bad - 1);
    char said[128];
    (void)snprintf(said, sizeof said, "myrecon: waiting: file \"%s\" exists\n", path);
    assert_string_equal(captured.text, said);
}

static enum mr_code count_call(void *ctx, struct mr_err *err)
{
    (void)err;
    return ++*(int *)ctx > 5 ? MR_E_CANCELLED : MR_OK;
}

/* Who holds locks lets go of them before a wait, and only then. */
static void test_lets_go(void **state)
{
    (void)state;
    const struct mr_throttle_opts opts = {.max_load = 50};
    int calls = 0;
    const struct mr_throttle_held held = {.let_go = count_call, .ctx = &calls};
    struct script script = {.running = 51, .lag_s = -1, .bad = 20};
    struct mr_err err = {0};
    struct mr_throttle *throttle = make(&opts, &script);
    assert_int_equal(mr_throttle_wait_holding(throttle, &held, &err), MR_OK);
    assert_int_equal(calls, 1);
    assert_true(script.samples >= script.bad);
    assert_int_equal(mr_throttle_wait_holding(throttle, &held, &err), MR_OK);
    assert_int_equal(calls, 1);
    mr_throttle_free(throttle);
    /* its failure is the wait's */
    script = (struct script){.running = 51, .lag_s = -1, .bad = 20};
    calls = 5;
    throttle = make(&opts, &script);
    assert_int_equal(mr_throttle_wait_holding(throttle, &held, &err), MR_E_CANCELLED);
    mr_throttle_free(throttle);
}

/* What cannot let go waits so long and no longer; but what a pause file asks for is done. */
static void test_waits_are_limited(void **state)
{
    (void)state;
    const struct mr_throttle_opts opts = {.max_load = 50};
    double left_s = 0.05;
    const struct mr_throttle_held held = {.left_s = &left_s};
    struct script script = {.running = 51, .lag_s = -1, .bad = 1000000};
    struct mr_err err = {0};
    struct mr_throttle *throttle = make(&opts, &script);
    assert_int_equal(mr_throttle_wait_holding(throttle, &held, &err), MR_OK);
    assert_true(mr_throttle_waited_s(throttle) >= 0.05);
    assert_true(left_s <= 0);
    double before_s = mr_throttle_waited_s(throttle);
    assert_int_equal(mr_throttle_wait_holding(throttle, &held, &err), MR_OK);
    assert_true(mr_throttle_waited_s(throttle) <= before_s);
    mr_throttle_free(throttle);

    char path[] = "/tmp/myrecon-test-pause-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    const struct mr_throttle_opts pause = {.pause_file = path};
    script = (struct script){.running = 1, .lag_s = -1, .bad = 20, .remove = path};
    throttle = make(&pause, &script);
    assert_int_equal(mr_throttle_wait_holding(throttle, &held, &err), MR_OK);
    assert_int_not_equal(access(path, F_OK), 0);
    mr_throttle_free(throttle);
}

/* Nothing to watch: no thread, no connection, no wait. */
static void test_no_probe(void **state)
{
    (void)state;
    const struct mr_throttle_opts opts = {.max_load = 50, .pause_file = "/nonexistent/pause"};
    const struct mr_db_opts db_opts = {.run_tag = "test"};
    struct mr_err err;
    struct mr_throttle *throttle = NULL;
    assert_int_equal(mr_throttle_new(&opts, NULL, 0, &db_opts, &throttle, &err), MR_OK);
    assert_int_equal(mr_throttle_wait(throttle, &err), MR_OK);
    assert_true(mr_throttle_waited_s(throttle) <= 0);
    mr_throttle_free(throttle);
    mr_throttle_free(NULL);
}

/* A cause is reported once; the same cause again only with -v. */
static void test_told_once(void **state)
{
    (void)state;
    const struct mr_throttle_opts opts = {.max_load = 50};
    static const struct {
        enum mr_log_level level;
        size_t waiting, resumed;
    } table[] = {{MR_LOG_INFO, 1, 0}, {MR_LOG_DETAIL, 3, 3}, {MR_LOG_WARNING, 0, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct script script = {.running = 99, .lag_s = -1, .bad = 3};
        struct mr_err err;
        capture_begin(&captured, CAPTURE_FILE, 0);
        mr_log_set_level(table[i].level);
        struct mr_throttle *throttle = make(&opts, &script);
        for (int round = 0; round < 3; round++) {
            /* the script again from its start; the sampler takes it up by itself */
            atomic_store(&script.samples, 0);
            while (round > 0 && atomic_load(&script.samples) == 0)
                usleep(1000);
            while (round > 0 && atomic_load(&script.samples) < 2)
                usleep(1000);
            assert_int_equal(mr_throttle_wait(throttle, &err), MR_OK);
        }
        mr_throttle_free(throttle);
        mr_log_set_level(MR_LOG_INFO);
        capture_end(&captured);
        assert_int_equal(capture_count(&captured, "waiting: "), table[i].waiting);
        assert_int_equal(capture_count(&captured, "resumed after "), table[i].resumed);
    }
}

static void *wait_in_thread(void *arg)
{
    return mr_throttle_wait(arg, NULL) == MR_OK ? arg : NULL;
}

static void test_many_waiters(void **state)
{
    (void)state;
    enum { THREADS = 6 };
    const struct mr_throttle_opts opts = {.max_load = 50};
    struct script script = {.running = 99, .lag_s = -1, .bad = 20};
    pthread_t threads[THREADS];
    capture_begin(&captured, CAPTURE_FILE, 0);
    struct mr_throttle *throttle = make(&opts, &script);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_in_thread, throttle), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        (void)pthread_join(threads[i], &result);
        assert_ptr_equal(result, throttle);
    }
    mr_throttle_free(throttle);
    capture_end(&captured);
    assert_true(script.samples > script.bad);
    assert_int_equal(capture_count(&captured, "waiting: "), 1);
}

/* Who waits for long is told so again, and not at every look. */
static void test_reminds(void **state)
{
    (void)state;
    const struct mr_throttle_opts opts = {.max_lag_s = 60};
    struct script script = {.running = 1, .lag_s = 61, .bad = 100};
    struct mr_err err;
    capture_begin(&captured, CAPTURE_FILE, 0);
    struct mr_throttle *throttle = make(&opts, &script);
    assert_int_equal(mr_throttle_wait(throttle, &err), MR_OK);
    mr_throttle_free(throttle);
    capture_end(&captured);
    assert_int_equal(capture_count(&captured, "waiting: "), 1);
    size_t again =
        capture_count(&captured, " s now: replica db2:3306 is 61 s behind (--max-lag 60)");
    assert_in_range(again, 1, 3);
}

/* In a child: the flag cannot be taken back. */
static void test_cancel_ends_the_wait(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        const struct mr_throttle_opts opts = {.max_load = 50};
        struct script script = {.running = 99, .lag_s = -1, .bad = 1000000};
        struct mr_err err;
        mr_log_set_level(MR_LOG_WARNING);
        struct mr_throttle *throttle = make(&opts, &script);
        pthread_t thread;
        if (pthread_create(&thread, NULL, wait_in_thread, throttle) != 0)
            _exit(2);
        while (atomic_load(&script.samples) < 3)
            usleep(1000);
        mr_cancel();
        void *result = throttle;
        (void)pthread_join(thread, &result);
        bool right = result == NULL && mr_throttle_wait(throttle, &err) == MR_E_CANCELLED;
        mr_throttle_free(throttle);
        _exit(right && script.ends == 1 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_while_it_must),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_pause_file),
        cmocka_unit_test(test_lets_go),
        cmocka_unit_test(test_waits_are_limited),
        cmocka_unit_test(test_no_probe),
        cmocka_unit_test(test_told_once),
        cmocka_unit_test(test_many_waiters),
        cmocka_unit_test(test_reminds),
        cmocka_unit_test(test_cancel_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
