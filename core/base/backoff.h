/*
 * backoff: a pause that a cancel ends; and that before what failed for a passing reason is tried
 * again.
 *
 * Each of these is twice as long as the one before, up to MR_BACKOFF_MAX_MS; half of it for certain, the
 * rest by chance, so that those who waited for each other do not meet again.  A cancel ends it.
 *
 * Threads: any.
 */
#ifndef MR_BACKOFF_H
#define MR_BACKOFF_H

#include "core/base/err.h"

#define MR_BACKOFF_FIRST_MS 100
#define MR_BACKOFF_MAX_MS 5000

/* So long, unless cancelled: MR_E_CANCELLED or MR_OK. */
enum mr_code mr_pause(double seconds, struct mr_err *err);
/* Behind try `tries` (from 1); first_ms 0: MR_BACKOFF_FIRST_MS.  MR_E_CANCELLED or MR_OK. */
enum mr_code mr_backoff_wait(unsigned first_ms, unsigned tries, struct mr_err *err);

#endif
