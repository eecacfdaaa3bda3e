/*
 * throttle_sample: what throttle.c waits for, and where it comes from.  Private to the
 * two files throttle*.c and their test, which puts a probe of its own in.
 */
#ifndef MR_THROTTLE_SAMPLE_H
#define MR_THROTTLE_SAMPLE_H

#include <stdbool.h>

#include "core/db/throttle.h"

#define MR_LOAD_LABEL_MAX 128

/* The worst of all watched servers; labels say which. */
struct mr_load {
    unsigned long running; /* Threads_running, our own statement and threads included */
    long lag_s;            /* -1: no replica whose lag can be seen */
    char running_at[MR_LOAD_LABEL_MAX];
    char lag_at[MR_LOAD_LABEL_MAX];
    double read_ms; /* what a tiny read takes, the middle one of several; 0: not known */
    char read_at[MR_LOAD_LABEL_MAX];
};

/* Called by the sampling thread only. */
struct mr_load_probe {
    void *ctx;
    /* Fills a zeroed load whose lag_s is -1.  Tells about its own failures. */
    void (*sample)(void *ctx, struct mr_load *load);
    void (*end)(void *ctx); /* closes and frees ctx */
};

/* A probe that connects to the endpoints and to the replicas it finds below them. */
enum mr_code mr_throttle_probe_new(const struct mr_throttle_opts *opts,
                                   const struct mr_endpoint *const *endpoints, size_t count,
                                   const struct mr_db_opts *db_opts, struct mr_load_probe *out,
                                   struct mr_err *err);

/* Takes the probe over, also when it fails.  probe NULL: only the pause file counts. */
enum mr_code mr_throttle_new_with(const struct mr_throttle_opts *opts,
                                  const struct mr_load_probe *probe, unsigned interval_ms,
                                  struct mr_throttle **out, struct mr_err *err);

#endif
