/*
 * casefile_lock: the lock by which a case has one writer at a time.
 *
 * flock() on FILE: the kernel drops it when the process dies, however it dies.  One that was killed
 * dies a moment later, when the system call is over in which it was met, and its memory is given back:
 * so whoever wants the lock waits for it for MR_CASE_LOCK_WAIT_MS, and not any longer for one that lives.
 *
 * Threads: any.
 */
#ifndef MR_CASEFILE_LOCK_H
#define MR_CASEFILE_LOCK_H

#define MR_CASE_LOCK_WAIT_MS 2000

/* 0; EWOULDBLOCK: somebody else has it and goes on having it, or a signal says to end; else errno. */
int mr_case_take_lock(int fd);

#endif
