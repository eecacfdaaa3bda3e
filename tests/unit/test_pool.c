/* test_pool.c: every task once, errors stop the run, workers come and go in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/pool.h"
#include "core/base/signals.h"
#include "tests/unit/capture.h"

enum { MAX_TASKS = 5000 };

/* What a run is to do, and what it did. */
struct run {
    unsigned broken_setups; /* workers with a lower number fail in setup */
    size_t fail_at;         /* the task that fails; MAX_TASKS: none */
    size_t splits;          /* tasks below this number add one more */
    bool cancel;            /* the first task raises the cancel flag */
    struct mr_pool *pool;
    size_t numbers[MAX_TASKS];
    atomic_int done[MAX_TASKS];
    atomic_size_t total;
    bool idle_fails;
    atomic_int setups, teardowns, ticks, strangers, idles;
};

static enum mr_code setup(void *ctx, unsigned worker, void **state, struct mr_err *err)
{
    struct run *run = ctx;
    if (worker < run->broken_setups)
        return mr_err_set(err, MR_E_CONNECT, "worker %u has no connection", worker);
    pthread_t *mine = malloc(sizeof *mine);
    *mine = pthread_self();
    *state = mine;
    atomic_fetch_add(&run->setups, 1);
    return MR_OK;
}

/* A worker's state is its own.  No asserts here: they belong to the main thread. */
static void note_thread(struct run *run, const void *state)
{
    if (!pthread_equal(*(const pthread_t *)state, pthread_self()))
        atomic_fetch_add(&run->strangers, 1);
}

static enum mr_code task(void *ctx, void *state, void *item, struct mr_err *err)
{
    struct run *run = ctx;
    size_t number = *(size_t *)item;
    note_thread(run, state);
    atomic_fetch_add(&run->done[number], 1);
    atomic_fetch_add(&run->total, 1);
    if (run->cancel)
        mr_cancel();
    if (number == run->fail_at)
        return mr_err_set(err, MR_E_LOST, "task %zu failed", number);
    if (number < run->splits) {
        size_t more = MAX_TASKS / 2 + number;
        return mr_pool_add(run->pool, &run->numbers[more], err);
    }
    return MR_OK;
}

static enum mr_code idle(void *ctx, void *state, struct mr_err *err)
{
    struct run *run = ctx;
    note_thread(run, state);
    atomic_fetch_add(&run->idles, 1);
    return run->idle_fails ? mr_err_set(err, MR_E_LOST, "nothing was given back") : MR_OK;
}

static void teardown(void *ctx, void *state)
{
    struct run *run = ctx;
    note_thread(run, state);
    free(state);
    atomic_fetch_add(&run->teardowns, 1);
}

static void tick(void *ctx)
{
    struct run *run = ctx;
    atomic_fetch_add(&run->ticks, 1);
}

static struct run *run_new(void)
{
    struct run *run = calloc(1, sizeof *run);
    run->fail_at = MAX_TASKS;
    for (size_t i = 0; i < MAX_TASKS; i++)
        run->numbers[i] = i;
    return run;
}

static enum mr_code run_it(struct run *run, unsigned threads, size_t tasks, struct mr_err *err)
{
    const struct mr_pool_hooks hooks = {
        .setup = setup, .task = task, .idle = idle, .teardown = teardown, .tick = tick, .ctx = run};
    assert_int_equal(mr_pool_new(&hooks, threads, &run->pool, err), MR_OK);
    for (size_t i = 0; i < tasks; i++)
        assert_int_equal(mr_pool_add(run->pool, &run->numbers[i], err), MR_OK);
    enum mr_code rc = mr_pool_run(run->pool, err);
    mr_pool_free(run->pool);
    assert_int_equal(run->setups, run->teardowns);
    assert_int_equal(run->strangers, 0);
    return rc;
}

static void test_every_task_once(void **state)
{
    (void)state;
    static const struct {
        unsigned threads;
        size_t tasks, splits;
    } table[] = {{1, 0, 0}, {1, 1, 0},       {1, 100, 50},    {4, 1, 1},
                 {4, 3, 0}, {4, 2000, 2000}, {16, 2000, 100}, {0, 5, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run *run = run_new();
        struct mr_err err;
        run->splits = table[i].splits;
        assert_int_equal(run_it(run, table[i].threads, table[i].tasks, &err), MR_OK);
        for (size_t n = 0; n < MAX_TASKS; n++) {
            bool due =
                n < table[i].tasks || (n >= MAX_TASKS / 2 && n < MAX_TASKS / 2 + table[i].splits);
            assert_int_equal(run->done[n], due ? 1 : 0);
        }
        free(run);
    }
}

static void test_first_error_stops(void **state)
{
    (void)state;
    static const unsigned threads[] = {1, 4};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct run *run = run_new();
        struct mr_err err;
        run->fail_at = 10;
        assert_int_equal(run_it(run, threads[i], 2000, &err), MR_E_LOST);
        assert_string_equal(err.message, "task 10 failed");
        if (threads[i] == 1)
            assert_int_equal(run->total, 11); /* in the order they were added */
        free(run);
    }
}

static void test_fewer_workers_go_on(void **state)
{
    (void)state;
    static struct capture captured;
    struct run *run = run_new();
    struct mr_err err;
    run->broken_setups = 3;
    capture_begin(&captured, CAPTURE_FILE, 0);
    enum mr_code rc = run_it(run, 4, 500, &err);
    capture_end(&captured);
    assert_int_equal(rc, MR_OK);
    assert_int_equal(run->total, 500);
    assert_int_equal(run->setups, 1);
    assert_int_equal(capture_count(&captured, "\n"), 1);
    assert_non_null(strstr(captured.text, "going on with fewer workers: worker "));
    free(run);
}

static void test_no_worker_fails(void **state)
{
    (void)state;
    struct run *run = run_new();
    struct mr_err err;
    run->broken_setups = 4;
    assert_int_equal(run_it(run, 4, 10, &err), MR_E_CONNECT);
    assert_non_null(strstr(err.message, "has no connection"));
    assert_int_equal(run->total, 0);
    free(run);
}

/* In a child: the flag cannot be taken back. */
static void test_cancel_stops_between_tasks(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct run *run = run_new();
        struct mr_err err;
        run->cancel = true;
        enum mr_code rc = run_it(run, 2, 2000, &err);
        bool right = rc == MR_E_CANCELLED && run->total >= 1 && run->total <= 2 &&
                     strcmp(err.message, "interrupted") == 0;
        free(run);
        _exit(right ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static atomic_int gate;

static enum mr_code wait_for_ticks(void *ctx, void *state, void *item, struct mr_err *err)
{
    (void)ctx;
    (void)state;
    (void)item;
    (void)err;
    while (atomic_load(&gate) < 3)
        usleep(1000);
    return MR_OK;
}

static void open_gate(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&gate, 1);
}

/* The task ends only because the coordinator ticks while it runs. */
static void test_coordinator_ticks(void **state)
{
    (void)state;
    struct run *run = run_new();
    struct mr_err err;
    const struct mr_pool_hooks hooks = {.setup = setup,
                                        .task = wait_for_ticks,
                                        .teardown = teardown,
                                        .tick = open_gate,
                                        .ctx = run};
    assert_int_equal(mr_pool_new(&hooks, 1, &run->pool, &err), MR_OK);
    assert_int_equal(mr_pool_add(run->pool, run, &err), MR_OK);
    assert_int_equal(mr_pool_run(run->pool, &err), MR_OK);
    mr_pool_free(run->pool);
    assert_true(gate >= 3);
    free(run);
}

static void test_unrun_tasks_are_freed(void **state)
{
    (void)state;
    struct run *run = run_new();
    const struct mr_pool_hooks hooks = {
        .setup = setup, .task = task, .teardown = teardown, .ctx = run};
    struct mr_err err;
    assert_int_equal(mr_pool_new(&hooks, 2, &run->pool, &err), MR_OK);
    assert_int_equal(mr_pool_add(run->pool, &run->numbers[0], &err), MR_OK);
    mr_pool_free(run->pool); /* a leak checker looks on */
    mr_pool_free(NULL);
    assert_int_equal(run->total, 0);
    free(run);
}

/* Each worker is told that it rests, after its last task. */
static void test_idle_is_told(void **state)
{
    (void)state;
    struct run *run = run_new();
    struct mr_err err;
    assert_int_equal(run_it(run, 4, 100, &err), MR_OK);
    assert_true(run->idles >= run->setups);
    assert_int_equal(run->strangers, 0);
    free(run);
}

static void test_idle_may_fail(void **state)
{
    (void)state;
    struct run *run = run_new();
    struct mr_err err;
    run->idle_fails = true;
    assert_int_equal(run_it(run, 1, 3, &err), MR_E_LOST);
    assert_string_equal(err.message, "nothing was given back");
    assert_int_equal(run->total, 3); /* it never rested before */
    assert_int_equal(run->idles, 1);
    free(run);
}

static void test_stopped_is_not_idle(void **state)
{
    (void)state;
    struct run *run = run_new();
    struct mr_err err;
    run->fail_at = 1;
    assert_int_equal(run_it(run, 1, 3, &err), MR_E_LOST);
    assert_int_equal(run->idles, 0);
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_once),
        cmocka_unit_test(test_first_error_stops),
        cmocka_unit_test(test_idle_is_told),
        cmocka_unit_test(test_idle_may_fail),
        cmocka_unit_test(test_stopped_is_not_idle),
        cmocka_unit_test(test_fewer_workers_go_on),
        cmocka_unit_test(test_no_worker_fails),
        cmocka_unit_test(test_cancel_stops_between_tasks),
        cmocka_unit_test(test_coordinator_ticks),
        cmocka_unit_test(test_unrun_tasks_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
