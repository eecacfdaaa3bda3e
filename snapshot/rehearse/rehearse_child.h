/*
 * rehearse_child: a program that runs for us, and never longer than we do.
 *
 *   mr_child_start → core/base/child.h
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

#include <sys/types.h>

#include "core/base/child.h"

/* Whose it is; name NULL: ours. */
struct mr_child_account {
    const char *name;
    uid_t uid;
    gid_t gid;
};

/* A server may take so long to end when it is killed. */
#define MR_CHILD_ENDS_WITHIN_S 5.0

/* argv[0] is its path; dir: where it is to stand, "/" for nowhere; out_fd stays the caller's. */
enum mr_code mr_child_start(const char *const *argv, const struct mr_child_account *account,
                            const char *dir, int out_fd, struct mr_child *child,
                            struct mr_err *err);

#endif
