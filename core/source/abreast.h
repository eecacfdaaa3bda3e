/*
 * abreast: two readings at once, each on a connection of its own, so that over a long line they take
 * one round trip and not two.
 *
 * Threads: `aside` runs in a thread that lives for the call, `own` in the caller's; what the two
 * touch must be apart.  Where no thread can be had they run one after the other.
 */
#ifndef MR_ABREAST_H
#define MR_ABREAST_H

#include <stdatomic.h>

#include "core/base/err.h"

typedef enum mr_code mr_abreast_fn(void *ctx, struct mr_err *err);

/* Both have ended when it returns.  The error is own's, else aside's.  abandoned: NULL, or what is set
 * when one of them has failed, for the connections of the other to heed (struct mr_db_opts): it would
 * go on for nothing, and may wait for a lock without an end.  Then the error is that of the first; it
 * is unset at the end. */
enum mr_code mr_abreast(mr_abreast_fn *own, void *own_ctx, mr_abreast_fn *aside, void *aside_ctx,
                        atomic_bool *abandoned, struct mr_err *err);

#endif
