/*
 * pace: no more than so many bytes a second, all workers together.
 *
 * mr_pace_init, mr_pace_add for what was read, mr_pace_release.  An add waits until what
 * was added before it is due, in steps of at most a tenth of a second, so that a cancel is
 * heard (MR_E_CANCELLED) and the server's stream is never kept waiting long.
 *
 * Threads: any.
 */
#ifndef MR_PACE_H
#define MR_PACE_H

#include <pthread.h>
#include <stdint.h>

#include "core/base/err.h"

struct mr_pace {
    pthread_mutex_t lock;
    double bytes_per_s; /* 0: no limit */
    double due_s;       /* when all that was added would have been read */
};

void mr_pace_init(struct mr_pace *pace, uint64_t bytes_per_s);
void mr_pace_release(struct mr_pace *pace);
enum mr_code mr_pace_add(struct mr_pace *pace, uint64_t bytes, struct mr_err *err);

#endif
