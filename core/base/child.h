/*
 * child: a program that was started, until it has ended.
 *
 *   started (core/db/password_command, snapshot/rehearse/rehearse_child) with a group of its own
 *     → mr_child_await, or mr_child_has_ended … → mr_child_kill
 *
 * It is waited for in steps, so that signals are heard, and reaped once.
 *
 * Errors: as said at each function.  Threads: one at a child.
 */
#ifndef MR_CHILD_H
#define MR_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"

struct mr_child {
    pid_t pid;      /* 0: none */
    int status;     /* as waitpid() has it, of one that has ended */
    bool has_ended; /* by itself or not */
};

/* Looks, without waiting; none has ended. */
bool mr_child_has_ended(struct mr_child *child);
/* Until it has ended, until_s (core/base/clock.h) at the latest: MR_E_TIMEOUT; MR_E_CANCELLED. */
enum mr_code mr_child_await(struct mr_child *child, double until_s, struct mr_err *err);
/* Did it end by itself, and well? */
bool mr_child_is_good(const struct mr_child *child);
/* Its whole group; one that has ended is fine.  Waits at most within_s for its end: asleep in the
 * kernel it may not end at once, and is left to init. */
void mr_child_kill(struct mr_child *child, double within_s);
/* "exit status 1", "SIGSEGV". */
void mr_child_describe(const struct mr_child *child, char *out, size_t size);

#endif
