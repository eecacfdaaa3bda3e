/*
 * owner: whose is what already stands where something of ours is to be written?  In a
 * directory that everybody may write (/tmp), anybody can be there first: with a link that
 * leads our output elsewhere, or with a file or directory that stays his to read.
 *
 * Errors: MR_E_IO, with the owner's name.  Threads: no state.
 */
#ifndef MR_OWNER_H
#define MR_OWNER_H

#include <sys/stat.h>

#include "core/base/err.h"

/* Refuses what is there under the name and belongs neither to this user nor to root, in a
 * directory that everybody may write.  Links are looked at, not followed, whatever
 * slashes end the path. */
enum mr_code mr_owner_check(const char *path, struct mr_err *err);
/* The same of what lstat() has just said of it. */
enum mr_code mr_owner_check_stat(const char *path, const struct stat *st, struct mr_err *err);
/* Of what is to be read, and was named by nobody: refuses a file of another user, root aside, and
 * one that everybody may write. */
enum mr_code mr_owner_check_own(const char *path, const struct stat *st, struct mr_err *err);
/* The same as mr_owner_check() of what was opened under that name. */
enum mr_code mr_owner_check_open(const char *path, int fd, struct mr_err *err);

#endif
