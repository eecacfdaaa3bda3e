/*
 * casefile_header: what a file is that is to be a case, before SQLite sees it.
 *
 * Errors: MR_E_CASE, with what to do.  Threads: any.
 */
#ifndef MR_CASEFILE_HEADER_H
#define MR_CASEFILE_HEADER_H

#include <stdbool.h>

#include "core/base/err.h"

#define MR_CASE_APPLICATION_ID 0x6d797263 /* 'myrc' */
#define MR_CASE_OLDEST 1                  /* version of the format */

/* What the first bytes of a file say. */
struct mr_case_header {
    bool empty;
    bool wal;
    bool cut; /* it says that the file is longer than it is */
};

/* An empty file has a header, too; one of another program or version has none. */
enum mr_code mr_case_read_header(int fd, const char *path, int version, struct mr_case_header *out,
                                 struct mr_err *err);
/* real: the path as the system resolves it. */
enum mr_code mr_case_check_whole(const char *path, const char *real,
                                 const struct mr_case_header *header, struct mr_err *err);
/* Are the files that SQLite has beside it, if there are any, regular ones, and its owner's or
 * ours?  It reads and writes them as they are.  MR_E_IO where another user may have put one
 * there, in a directory that everybody may write. */
enum mr_code mr_case_check_sides(const char *real, struct mr_err *err);
/* Is the version of a case the one that is known, or an earlier one, which is read as well? */
enum mr_code mr_case_check_version(const char *path, int found, int known, struct mr_err *err);
/* Size of path + suffix; -1 if there is none. */
long long mr_case_side_file_size(const char *path, const char *suffix);

/* Set the error: what could not be done ("open"), and why it is no case. */
enum mr_code mr_case_fail_open(const char *path, const char *verb, int errno_value,
                               struct mr_err *err);
enum mr_code mr_case_fail_foreign(const char *path, const char *reason, struct mr_err *err);

#endif
