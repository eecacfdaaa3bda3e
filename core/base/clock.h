/*
 * clock: monotonic time, and condition variables that wait by it.
 *
 * Wall-clock time jumps (NTP, an operator); waits and rates must not.  A condition
 * variable set up by mr_clock_cond_init() is waited on by mr_clock_cond_wait() only.
 * Threads: all functions may be called from any.
 */
#ifndef MR_CLOCK_H
#define MR_CLOCK_H

#include <pthread.h>

/* Seconds since some fixed point in the past. */
double mr_clock_now_s(void);

void mr_clock_cond_init(pthread_cond_t *cond);
/* Waits for a signal, at most timeout_ms.  May return early; the caller looks again. */
void mr_clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, unsigned timeout_ms);

#endif
