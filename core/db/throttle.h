/*
 * throttle: be kind to production.  Before each chunk a worker calls
 * mr_throttle_wait(), which returns at once while all is well, and waits (never kills
 * anything) while
 *   - Threads_running of either server is above max_load,
 *   - an endpoint that is a replica, or a replica found below one, lags above
 * max_lag_s,
 *   - a tiny read takes more than max_slowdown times as long as before the first chunk,
 * and more than MR_THROTTLE_READ_MS,
 *   - the pause file exists,
 * and resumes by itself.  Above max_load_stop it does not wait, but ends the run with
 * MR_E_CANCELLED.  One thread samples at most once a second over connections of
 * its own; the state is shared.  It begins with the first wait, so that whoever reads has
 * its connections before.  A server that cannot be sampled for want of a right or a connection
 * does not hold the run up: it is logged once, and where an account may have no more
 * connections from the first, it is not tried again: another one may need what becomes free.
 *
 * A server that stays slow for MR_THROTTLE_SLOW_SAMPLES samples while all workers wait is
 * not slow because of them: that is said, and how slow it is then is what later reads are
 * compared with.
 *
 * Threads_running is taken as the server says it: it counts our own workers and the
 * sampling statement too, so max_load must be above the number of threads.  A replica
 * that is stopped is told and not waited for: it does not catch up by our waiting; nor is
 * one that is delayed on purpose (MASTER_DELAY, SOURCE_DELAY).
 *
 * Waiting is announced on stderr (log, once per cause, and every 30 s of one wait) and ends
 * with the cancel flag (MR_E_CANCELLED).
 */
#ifndef MR_THROTTLE_H
#define MR_THROTTLE_H

#include "core/db/db.h"

#define MR_THROTTLE_READ_MS 10.0 /* shorter reads are slow for nobody */
#define MR_THROTTLE_SLOW_SAMPLES 10

/* A tiny read: one row of a table at random, by an indexed integer column. */
struct mr_throttle_read {
    const char *db, *table, *column; /* table NULL: SELECT 1 */
    uint64_t least, greatest;        /* values of the column */
};

struct mr_throttle_opts {
    unsigned max_load;      /* Threads_running; 0: no limit */
    unsigned max_lag_s;     /* 0: no limit */
    const char *pause_file; /* or NULL */
    unsigned max_load_stop; /* above it the run ends; 0: no limit */
    unsigned max_slowdown;  /* factor; 0: no limit */
    struct mr_throttle_read read;
};

struct mr_throttle;
/* endpoints: the servers to watch (MySQL endpoints only); copied pointers, must
 * outlive. */
enum mr_code mr_throttle_new(const struct mr_throttle_opts *opts,
                             const struct mr_endpoint *const *endpoints, size_t count,
                             const struct mr_db_opts *db_opts, struct mr_throttle **out,
                             struct mr_err *err);
enum mr_code mr_throttle_wait(struct mr_throttle *throttle, struct mr_err *err);

/* A wait of one who holds locks: an ALTER may wait for them, writers behind that, and the load or
 * the lag that is waited for be nothing else. */
struct mr_throttle_held {
    /* Lets go of them, once, before the wait; NULL: they cannot be let go of. */
    enum mr_code (*let_go)(void *ctx, struct mr_err *err);
    void *ctx;
    double *left_s; /* without let_go: seconds, counted down, then nothing but the pause
                       file is waited for */
};
enum mr_code mr_throttle_wait_holding(struct mr_throttle *throttle,
                                      const struct mr_throttle_held *held, struct mr_err *err);
/* Seconds spent waiting, over all workers. */
double mr_throttle_waited_s(const struct mr_throttle *throttle);
void mr_throttle_free(struct mr_throttle *throttle);

#endif
