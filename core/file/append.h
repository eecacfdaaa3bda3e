/*
 * append: a file that lines are added to at its end, by this run and by others: a log.
 *
 * It is made with mode 0600 where it is not there; one that is there keeps its mode.  It has to be
 * a regular file, not a symbolic link, and in a directory that everybody may write (/tmp) this
 * user's own or root's (owner.h).
 *
 * Errors: MR_E_IO with the path and the reason.  Threads: no state.
 */
#ifndef MR_APPEND_H
#define MR_APPEND_H

#include "core/base/err.h"

/* *fd is the caller's to close.  Every write goes to the end, whoever else writes; it may be read,
 * too.  what: "log file", for messages. */
enum mr_code mr_append_open(const char *path, const char *what, int *fd, struct mr_err *err);

#endif
