/*
 * rehearse_child: a program that runs for us, and never longer than we do.
 *
 *   mr_child_start → mr_child_await, or mr_child_has_ended … → mr_child_kill
 *
 * It has a session of its own, so that what a terminal sends reaches us first, and takes its group
 * with it when it is killed.  The kernel kills it where we are killed ourselves.  Its standard
 * input is empty, its output goes to one descriptor, and it has no other of ours; of our
 * environment it has what programs are found and loaded by, and none of our passwords.
 *
 * Where this process is root it can be another account's.
 *
 * Errors: MR_E_IO where it cannot be run, saying why.  Threads: none while one is started
 * (it forks).
 */
#ifndef MR_REHEARSE_CHILD_H
#define MR_REHEARSE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"

/* Whose it is; name NULL: ours. */
struct mr_child_account {
    const char *name;
    uid_t uid;
    gid_t gid;
};

struct mr_child {
    pid_t pid;      /* 0: none */
    int status;     /* as waitpid() has it, of one that has ended */
    bool has_ended; /* by itself or not */
};

/* argv[0] is its path; dir: where it is to stand, "/" for nowhere; out_fd stays the caller's. */
enum mr_code mr_child_start(const char *const *argv, const struct mr_child_account *account,
                            const char *dir, int out_fd, struct mr_child *child,
                            struct mr_err *err);
/* Looks, without waiting. */
bool mr_child_has_ended(struct mr_child *child);
/* Until it has ended, until_s (core/base/clock.h) at the latest: MR_E_TIMEOUT; MR_E_CANCELLED. */
enum mr_code mr_child_await(struct mr_child *child, double until_s, struct mr_err *err);
/* Did it end by itself, and well? */
bool mr_child_is_good(const struct mr_child *child);
/* Its whole group; one that has ended is fine. */
void mr_child_kill(struct mr_child *child);
/* "exit status 1", "SIGSEGV". */
void mr_child_describe(const struct mr_child *child, char *out, size_t size);

#endif
