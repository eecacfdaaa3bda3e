/*
 * in_file: files that are read, opened so that none of them can hold us, or lead elsewhere.
 *
 * A file that the user names may be a pipe (a configuration out of `<(…)`, decisions out of
 * another program): it is waited for as long as it takes, said after some seconds, and left
 * at once when the run is interrupted.  A file of a directory that myrecon has written is a
 * regular file: a pipe or a symbolic link in its place was put there by somebody else.
 *
 * Errors: MR_E_IO with the path and the reason, of the system where it has one;
 * MR_E_CANCELLED.  Threads: no state.
 */
#ifndef MR_IN_FILE_H
#define MR_IN_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"

enum mr_in_kind {
    MR_IN_NAMED, /* by the user: a regular file, a pipe, a terminal */
    MR_IN_OWN,   /* by nobody, found where this user's files lie (mr_owner_check_own) */
    MR_IN_PART,  /* of a snapshot or plan: a regular file, not by a link */
};

/* Why what has that mode (lstat) is no file of ours: "is a symbolic link"; NULL: it may be. */
const char *mr_in_strange(mode_t mode);

/* *fd is the caller's to close. */
enum mr_code mr_in_open(const char *path, enum mr_in_kind kind, int *fd, struct mr_err *err);
/* Up to size bytes; *got 0: the end. */
enum mr_code mr_in_read(int fd, const char *path, void *buf, size_t size, size_t *got,
                        struct mr_err *err);

#endif
