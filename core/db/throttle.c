/* throttle.c: holds workers back while the servers have better things to do. */
#include "core/db/throttle.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/throttle_sample.h"

#define SAMPLE_EVERY_MS 1000
#define LOOK_EVERY_MS 100    /* pause file and cancel flag, while waiting */
#define FIRST_SAMPLE_MS 3000 /* how long the first chunk waits for the first sample */
#define REMIND_EVERY 30      /* ticks */
#define PROBE_END_SECONDS 5  /* how long the end waits for a probe that hangs */

enum cause { CAUSE_NONE = 1, CAUSE_PAUSE_FILE, CAUSE_LOAD, CAUSE_LAG, CAUSE_SLOW };

struct mr_throttle {
    /* set before the threads */
    unsigned long max_load, max_load_stop;
    long max_lag_s;
    double max_slowdown;
    char *pause_file; /* or NULL */
    struct mr_load_probe probe;
    unsigned interval_ms;

    /* any thread */
    atomic_uint_fast64_t waited_us;

    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a new sample, or the end */
    bool has_thread;        /* since the first wait */
    pthread_t thread;
    bool sampled, end, ended; /* end is asked for; the thread has ended */
    struct mr_load load;
    double samples;
    double usual_ms;                /* of a tiny read; 0: not known yet */
    unsigned slow_samples;          /* one after the other */
    enum cause cause;               /* why workers are waiting now */
    double cause_since_s, named_at; /* named_at: ticks */
    unsigned announced;             /* bit 1 << cause: already told */
};

/* Lock held.  What stays slow although nobody works is not our doing, and waiting for it
 * would never end. */
static void judge_reads(struct mr_throttle *throttle)
{
    double now_ms = throttle->load.read_ms, usual_ms = throttle->usual_ms;
    if (throttle->max_slowdown <= 0 || now_ms <= 0)
        return;
    if (usual_ms <= 0) {
        throttle->usual_ms = now_ms;
        mr_log_detail("a tiny read on %s takes %.2f ms", throttle->load.read_at, now_ms);
        return;
    }
    if (now_ms <= usual_ms * throttle->max_slowdown || now_ms <= MR_THROTTLE_READ_MS) {
        throttle->slow_samples = 0;
        return;
    }
    if (++throttle->slow_samples <= MR_THROTTLE_SLOW_SAMPLES)
        return;
    mr_log_info("going on: a tiny read on %s takes %.1f ms also while nothing is read "
                "by this run",
                throttle->load.read_at, now_ms);
    throttle->usual_ms = now_ms;
    throttle->slow_samples = 0;
}

/* Sleeps without the lock only inside the wait, so an end is never missed. */
static void *sampler_main(void *arg)
{
    struct mr_throttle *throttle = arg;
    pthread_mutex_lock(&throttle->lock);
    while (!throttle->end) {
        pthread_mutex_unlock(&throttle->lock);
        struct mr_load load = {.lag_s = -1};
        throttle->probe.sample(throttle->probe.ctx, &load);
        pthread_mutex_lock(&throttle->lock);
        throttle->load = load;
        judge_reads(throttle);
        throttle->sampled = true;
        throttle->samples++;
        pthread_cond_broadcast(&throttle->changed);
        double until_s = mr_clock_now_s() + throttle->interval_ms / 1e3;
        double left_s;
        while (!throttle->end && (left_s = until_s - mr_clock_now_s()) > 0)
            mr_clock_cond_wait(&throttle->changed, &throttle->lock, (unsigned)(left_s * 1e3) + 1);
    }
    pthread_mutex_unlock(&throttle->lock);
    throttle->probe.end(throttle->probe.ctx);
    mr_db_thread_end();
    pthread_mutex_lock(&throttle->lock);
    throttle->ended = true;
    pthread_cond_broadcast(&throttle->changed);
    pthread_mutex_unlock(&throttle->lock);
    return NULL;
}

/* Lock held.  Signals belong to the coordinator. */
static enum mr_code start_sampler(struct mr_throttle *throttle, struct mr_err *err)
{
    sigset_t all, old;
    if (throttle->has_thread || throttle->probe.sample == NULL)
        return MR_OK;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&throttle->thread, NULL, sampler_main, throttle);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    throttle->has_thread = rc == 0;
    return rc == 0 ? MR_OK : mr_err_set_sys(err, MR_E_NOMEM, rc, "could not start a thread");
}

static void release(struct mr_throttle *throttle)
{
    (void)pthread_cond_destroy(&throttle->changed);
    (void)pthread_mutex_destroy(&throttle->lock);
    free(throttle->pause_file);
    free(throttle);
}

enum mr_code mr_throttle_new_with(const struct mr_throttle_opts *opts,
                                  const struct mr_load_probe *probe, unsigned interval_ms,
                                  struct mr_throttle **out, struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    struct mr_throttle *throttle = calloc(1, sizeof *throttle);
    if (throttle == NULL) {
        rc = mr_err_nomem(err, "setting up the throttle");
        goto out;
    }
    (void)pthread_mutex_init(&throttle->lock, NULL);
    mr_clock_cond_init(&throttle->changed);
    throttle->max_load = opts->max_load;
    throttle->max_load_stop = opts->max_load_stop;
    throttle->max_lag_s = (long)opts->max_lag_s;
    throttle->max_slowdown = opts->max_slowdown;
    throttle->interval_ms = interval_ms;
    throttle->cause = CAUSE_NONE;
    throttle->load.lag_s = -1;
    if (opts->pause_file != NULL) {
        throttle->pause_file = strdup(opts->pause_file);
        if (throttle->pause_file == NULL)
            rc = mr_err_nomem(err, "setting up the throttle");
    }
    if (rc == MR_OK && probe != NULL)
        throttle->probe = *probe;
out:
    if (rc != MR_OK && probe != NULL)
        probe->end(probe->ctx);
    if (rc != MR_OK && throttle != NULL) {
        release(throttle);
        throttle = NULL;
    }
    *out = throttle;
    return rc;
}

enum mr_code mr_throttle_new(const struct mr_throttle_opts *opts,
                             const struct mr_endpoint *const *endpoints, size_t count,
                             const struct mr_db_opts *db_opts, struct mr_throttle **out,
                             struct mr_err *err)
{
    if (count == 0 || (opts->max_load == 0 && opts->max_load_stop == 0 && opts->max_lag_s == 0 &&
                       opts->max_slowdown == 0))
        return mr_throttle_new_with(opts, NULL, 0, out, err);
    struct mr_load_probe probe;
    enum mr_code rc = mr_throttle_probe_new(opts, endpoints, count, db_opts, &probe, err);
    if (rc != MR_OK) {
        *out = NULL;
        return rc;
    }
    return mr_throttle_new_with(opts, &probe, SAMPLE_EVERY_MS, out, err);
}

/* Lock held. */
static enum cause judge(const struct mr_throttle *throttle)
{
    if (throttle->pause_file != NULL && access(throttle->pause_file, F_OK) == 0)
        return CAUSE_PAUSE_FILE;
    if (throttle->max_load > 0 && throttle->load.running > throttle->max_load)
        return CAUSE_LOAD;
    if (throttle->max_lag_s > 0 && throttle->load.lag_s > throttle->max_lag_s)
        return CAUSE_LAG;
    if (throttle->slow_samples > 0)
        return CAUSE_SLOW;
    return CAUSE_NONE;
}

static void describe(const struct mr_throttle *throttle, enum cause cause, char *text, size_t size)
{
    switch (cause) {
    case CAUSE_PAUSE_FILE:
        (void)snprintf(text, size, "file \"%s\" exists", throttle->pause_file);
        break;
    case CAUSE_LOAD:
        (void)snprintf(text, size, "Threads_running of %s is %lu (--max-load %lu)",
                       throttle->load.running_at, throttle->load.running, throttle->max_load);
        break;
    case CAUSE_LAG:
        (void)snprintf(text, size, "replica %s is %ld s behind (--max-lag %ld)",
                       throttle->load.lag_at, throttle->load.lag_s, throttle->max_lag_s);
        break;
    case CAUSE_SLOW:
        (void)snprintf(text, size,
                       "a tiny read on %s takes %.1f ms, not %.1f ms as usual "
                       "(--max-slowdown %.0f)",
                       throttle->load.read_at, throttle->load.read_ms, throttle->usual_ms,
                       throttle->max_slowdown);
        break;
    case CAUSE_NONE: text[0] = '\0'; break;
    }
}

/* Samples, about one a second; where there are none, seconds. */
static double ticks(const struct mr_throttle *throttle, double now_s)
{
    return throttle->has_thread ? throttle->samples : now_s;
}

/* Lock held.  Who waits for long is told so again. */
static void remind(struct mr_throttle *throttle, double now_s)
{
    char text[1024];
    double now = ticks(throttle, now_s);
    if (throttle->cause == CAUSE_NONE || now < throttle->named_at + REMIND_EVERY)
        return;
    describe(throttle, throttle->cause, text, sizeof text);
    mr_log_info("waiting for %.0f s now: %s", now_s - throttle->cause_since_s, text);
    throttle->named_at = now;
}

/* Lock held.  A cause is told to everyone once, later only with -v: load that swings
 * around the limit must not fill the log. */
static void change_cause(struct mr_throttle *throttle, enum cause cause)
{
    double now_s = mr_clock_now_s();
    if (cause == throttle->cause) {
        remind(throttle, now_s);
        return;
    }
    if (cause == CAUSE_NONE) {
        mr_log_detail("resumed after %.1f s", now_s - throttle->cause_since_s);
    } else {
        char text[1024];
        describe(throttle, cause, text, sizeof text);
        if ((throttle->announced & 1U << cause) == 0)
            mr_log_info("waiting: %s", text);
        else
            mr_log_detail("waiting: %s", text);
        throttle->announced |= 1U << cause;
        throttle->named_at = ticks(throttle, now_s);
        if (throttle->cause == CAUSE_NONE)
            throttle->cause_since_s = now_s;
    }
    throttle->cause = cause;
}

/* Lock held.  Without it the first chunks would hit a server that is already busy. */
static void await_first_sample(struct mr_throttle *throttle)
{
    double until_s = mr_clock_now_s() + FIRST_SAMPLE_MS / 1e3;
    while (throttle->has_thread && !throttle->sampled && !mr_is_cancelled() &&
           mr_clock_now_s() < until_s)
        mr_clock_cond_wait(&throttle->changed, &throttle->lock, LOOK_EVERY_MS);
}

/* Lock held. */
static bool is_too_much(const struct mr_throttle *throttle)
{
    return throttle->max_load_stop > 0 && throttle->load.running > throttle->max_load_stop;
}

/* Lock held. */
static enum mr_code stop_for_load(const struct mr_throttle *throttle, struct mr_err *err)
{
    return mr_err_set(err, MR_E_CANCELLED,
                      "stopped: Threads_running of %s is %lu (--max-load-stop %lu)",
                      throttle->load.running_at, throttle->load.running, throttle->max_load_stop);
}

/* Lock held, and given up meanwhile. */
static enum mr_code let_go(struct mr_throttle *throttle, const struct mr_throttle_held *held,
                           struct mr_err *err)
{
    pthread_mutex_unlock(&throttle->lock);
    enum mr_code rc = held->let_go(held->ctx, err);
    pthread_mutex_lock(&throttle->lock);
    return rc;
}

/* Has it waited long enough for what its own locks may have brought about? */
static bool is_over(const struct mr_throttle_held *held, enum cause cause, double waited_s)
{
    return held != NULL && held->let_go == NULL && cause != CAUSE_PAUSE_FILE &&
           waited_s >= *held->left_s;
}

enum mr_code mr_throttle_wait(struct mr_throttle *throttle, struct mr_err *err)
{
    return mr_throttle_wait_holding(throttle, NULL, err);
}

enum mr_code mr_throttle_wait_holding(struct mr_throttle *throttle,
                                      const struct mr_throttle_held *held, struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    double from_s = mr_clock_now_s();
    bool waited = false, holds = held != NULL && held->let_go != NULL;
    pthread_mutex_lock(&throttle->lock);
    rc = start_sampler(throttle, err);
    if (rc == MR_OK)
        await_first_sample(throttle);
    while (rc == MR_OK) {
        if (mr_is_cancelled()) {
            rc = mr_cancelled_err(err);
            break;
        }
        if (is_too_much(throttle)) {
            rc = stop_for_load(throttle, err);
            break;
        }
        enum cause cause = judge(throttle);
        if (is_over(held, cause, mr_clock_now_s() - from_s))
            break;
        change_cause(throttle, cause);
        if (cause == CAUSE_NONE)
            break;
        waited = true;
        if (holds) {
            holds = false;
            rc = let_go(throttle, held, err);
            continue;
        }
        mr_clock_cond_wait(&throttle->changed, &throttle->lock, LOOK_EVERY_MS);
    }
    pthread_mutex_unlock(&throttle->lock);
    if (waited) {
        double waited_s = mr_clock_now_s() - from_s;
        atomic_fetch_add(&throttle->waited_us, (uint_fast64_t)(waited_s * 1e6));
        if (held != NULL && held->left_s != NULL)
            *held->left_s -= waited_s;
    }
    return rc;
}

double mr_throttle_waited_s(const struct mr_throttle *throttle)
{
    return (double)atomic_load(&throttle->waited_us) / 1e6;
}

/* False when the thread hangs in a server that does not answer. */
static bool end_sampler(struct mr_throttle *throttle)
{
    double until_s = mr_clock_now_s() + PROBE_END_SECONDS;
    pthread_mutex_lock(&throttle->lock);
    throttle->end = true;
    pthread_cond_broadcast(&throttle->changed);
    while (!throttle->ended && mr_clock_now_s() < until_s)
        mr_clock_cond_wait(&throttle->changed, &throttle->lock, LOOK_EVERY_MS);
    bool ended = throttle->ended;
    pthread_mutex_unlock(&throttle->lock);
    if (ended)
        (void)pthread_join(throttle->thread, NULL);
    else
        (void)pthread_detach(throttle->thread);
    return ended;
}

void mr_throttle_free(struct mr_throttle *throttle)
{
    if (throttle == NULL)
        return;
    if (!throttle->has_thread && throttle->probe.end != NULL)
        throttle->probe.end(throttle->probe.ctx);
    /* A hanging server must not keep the process from ending: the thread and what it
     * uses are then left to the system. */
    if (!throttle->has_thread || end_sampler(throttle))
        release(throttle);
}
