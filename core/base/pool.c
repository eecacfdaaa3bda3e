/* pool.c: see pool.h. */
#include "core/base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"

#define TICK_MS 100

struct entry {
    struct entry *next;
    void *item;
};

struct worker {
    struct mr_pool *pool;
    unsigned number;
    pthread_t thread;
};

struct mr_pool {
    /* set before the run */
    struct mr_pool_hooks hooks;
    unsigned threads;
    struct worker *workers;

    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* wakes workers: a task, the last one's end, stop */
    pthread_cond_t ended;   /* wakes the coordinator: no thread is running */
    struct entry *first, **last;
    size_t pending;   /* tasks queued or under way */
    unsigned running; /* threads that were started and have not ended */
    unsigned ready;   /* workers whose setup succeeded */
    bool stop;
    bool setup_failed;
    enum mr_code result; /* why stop */
    struct mr_err error, setup_error;
};

enum mr_code mr_pool_new(const struct mr_pool_hooks *hooks, unsigned threads, struct mr_pool **out,
                         struct mr_err *err)
{
    if (threads == 0)
        threads = 1;
    struct mr_pool *pool = calloc(1, sizeof *pool);
    struct worker *workers = calloc(threads, sizeof *workers);
    if (pool == NULL || workers == NULL) {
        free(workers);
        free(pool);
        return mr_err_nomem(err, "setting up worker threads");
    }
    (void)pthread_mutex_init(&pool->lock, NULL);
    mr_clock_cond_init(&pool->changed);
    mr_clock_cond_init(&pool->ended);
    pool->hooks = *hooks;
    pool->threads = threads;
    pool->workers = workers;
    pool->last = &pool->first;
    *out = pool;
    return MR_OK;
}

void mr_pool_free(struct mr_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->first != NULL) {
        struct entry *next = pool->first->next;
        free(pool->first);
        pool->first = next;
    }
    (void)pthread_cond_destroy(&pool->changed);
    (void)pthread_cond_destroy(&pool->ended);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

enum mr_code mr_pool_add(struct mr_pool *pool, void *item, struct mr_err *err)
{
    struct entry *entry = malloc(sizeof *entry);
    if (entry == NULL)
        return mr_err_nomem(err, "queueing a task");
    entry->item = item;
    entry->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->last = entry;
    pool->last = &entry->next;
    pool->pending++;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return MR_OK;
}

/* Lock held.  The first reason to stop is the run's. */
static void stop_with(struct mr_pool *pool, enum mr_code code, const struct mr_err *err)
{
    if (!pool->stop) {
        pool->stop = true;
        pool->result = code;
        pool->error = *err;
    }
    pthread_cond_broadcast(&pool->changed);
}

/* Lock held, but not while it rests.  Once until the next task. */
static void rest(struct mr_pool *pool, void *state, bool *rested)
{
    if (*rested || pool->stop || pool->hooks.idle == NULL)
        return;
    struct mr_err err = {.code = MR_OK};
    pthread_mutex_unlock(&pool->lock);
    enum mr_code rc = pool->hooks.idle(pool->hooks.ctx, state, &err);
    pthread_mutex_lock(&pool->lock);
    if (rc != MR_OK)
        stop_with(pool, rc, &err);
    *rested = true;
}

/* Lock held.  The next task, or NULL when there is nothing left to do. */
static struct entry *take(struct mr_pool *pool, void *state)
{
    bool rested = false;
    while (!pool->stop && pool->pending > 0) {
        if (mr_is_cancelled()) {
            struct mr_err err;
            stop_with(pool, mr_cancelled_err(&err), &err);
            break;
        }
        struct entry *entry = pool->first;
        if (entry != NULL) {
            pool->first = entry->next;
            if (pool->first == NULL)
                pool->last = &pool->first;
            return entry;
        }
        rest(pool, state, &rested);
        /* a task under way may add more; wakes up to look at the cancel flag */
        if (pool->first == NULL && pool->pending > 0 && !pool->stop)
            mr_clock_cond_wait(&pool->changed, &pool->lock, TICK_MS);
    }
    rest(pool, state, &rested);
    return NULL;
}

/* Lock held on entry and exit, not while a task runs. */
static void work(struct mr_pool *pool, void *state)
{
    struct entry *entry;
    while ((entry = take(pool, state)) != NULL) {
        pthread_mutex_unlock(&pool->lock);
        struct mr_err err = {.code = MR_OK};
        enum mr_code rc = pool->hooks.task(pool->hooks.ctx, state, entry->item, &err);
        free(entry);
        pthread_mutex_lock(&pool->lock);
        if (rc != MR_OK)
            stop_with(pool, rc, &err);
        if (--pool->pending == 0)
            pthread_cond_broadcast(&pool->changed);
    }
}

/* Lock held.  One worker less is a slower run; interrupted is interrupted. */
static void setup_failed(struct mr_pool *pool, enum mr_code code, const struct mr_err *err)
{
    if (code == MR_E_CANCELLED) {
        stop_with(pool, code, err);
    } else if (!pool->setup_failed) {
        pool->setup_failed = true;
        pool->setup_error = *err;
    }
}

/* The last worker that leaves wakes whoever waits for the end; one that could not be set up counts
 * as well. */
static void *worker_main(void *arg)
{
    struct worker *self = arg;
    struct mr_pool *pool = self->pool;
    struct mr_err err = {.code = MR_OK};
    void *state = NULL;
    enum mr_code rc = pool->hooks.setup(pool->hooks.ctx, self->number, &state, &err);

    pthread_mutex_lock(&pool->lock);
    if (rc == MR_OK) {
        pool->ready++;
        work(pool, state);
    } else {
        setup_failed(pool, rc, &err);
    }
    pthread_mutex_unlock(&pool->lock);

    if (rc == MR_OK)
        pool->hooks.teardown(pool->hooks.ctx, state);
    pthread_mutex_lock(&pool->lock);
    if (--pool->running == 0)
        pthread_cond_signal(&pool->ended);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals belong to the coordinator, so workers are started with all blocked.  Returns
 * how many threads there are. */
static unsigned start_workers(struct mr_pool *pool)
{
    sigset_t all, old;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    unsigned started = 0;
    pthread_mutex_lock(&pool->lock);
    for (; started < pool->threads; started++) {
        struct worker *worker = &pool->workers[started];
        *worker = (struct worker){.pool = pool, .number = started};
        int rc = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (rc != 0) {
            pool->setup_failed = true;
            (void)mr_err_set_sys(&pool->setup_error, MR_E_NOMEM, rc,
                                 "could not start a worker thread");
            break;
        }
        pool->running++;
    }
    pthread_mutex_unlock(&pool->lock);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

/* setup_error is settled once setup_failed is seen under the lock. */
static void tell_fewer(struct mr_pool *pool, bool *told)
{
    pthread_mutex_lock(&pool->lock);
    bool fewer = pool->setup_failed && pool->ready > 0;
    pthread_mutex_unlock(&pool->lock);
    if (fewer && !*told) {
        mr_log_warning("going on with fewer workers: %s", pool->setup_error.message);
        *told = true;
    }
}

/* Ticks until every thread is about to end. */
static void coordinate(struct mr_pool *pool)
{
    bool told = false;
    pthread_mutex_lock(&pool->lock);
    while (pool->running > 0) {
        mr_clock_cond_wait(&pool->ended, &pool->lock, TICK_MS);
        pthread_mutex_unlock(&pool->lock);
        tell_fewer(pool, &told);
        if (pool->hooks.tick != NULL)
            pool->hooks.tick(pool->hooks.ctx);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    tell_fewer(pool, &told);
}

enum mr_code mr_pool_run(struct mr_pool *pool, struct mr_err *err)
{
    if (pool->pending == 0)
        return MR_OK;
    unsigned started = start_workers(pool);
    coordinate(pool);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(pool->workers[i].thread, NULL);

    if (!pool->stop && pool->pending > 0) {
        /* tasks are left and nobody took them: no worker's setup succeeded */
        pool->result = pool->setup_error.code;
        pool->error = pool->setup_error;
    }
    if (pool->result != MR_OK && err != NULL)
        *err = pool->error;
    return pool->result;
}
