/*
 * parts: one output as one file, or as numbered files that get their names together.
 *
 *   mr_parts_open → mr_parts_write … (→ mr_parts_next → mr_parts_write …)
 *     → mr_parts_commit → mr_parts_free
 *
 * Mode 0600.  What is written lies under temporary names beside PATH until the commit.
 * One part is PATH; several are PATH.001, PATH.002, …  Freed without commit, or after a
 * failed one, it leaves what was there before, and no trace.
 *
 * Without force nothing that is there is replaced or removed: MR_E_EXISTS at the start,
 * and again at the commit if it came meanwhile.  With numbered, whatever is named
 * PATH.NNN (three digits) counts as there.  With force, what is there of PATH and of the
 * numbers now written is replaced, and numbered files beyond are removed if they are
 * messages of cms.h: PATH.* never mixes two exports, and no other file is touched.  A SQLite
 * database is not replaced even so (MR_E_EXISTS): a slip must not cost a case.
 *
 * The commit: one file replaces one by a single rename.  Everything else is set aside
 * first, beginning with PATH and PATH.001, the new files are named from the last to the
 * first, and then the old ones are removed; a failure on the way is undone.  So at any
 * crash: if PATH or PATH.001 is there, it and all that belong to it are.  Old files that
 * a crash leaves aside are named .myrecon-*.tmp.
 *
 * Errors: MR_E_IO and MR_E_EXISTS, with the path.  Limits: 999 parts.  Memory: 64 KiB.
 * Threads: one at a time.
 */
#ifndef MR_PARTS_H
#define MR_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

struct mr_parts;

/* numbered: there may be more than one part. */
enum mr_code mr_parts_open(const char *path, bool numbered, bool force, struct mr_parts **out,
                           struct mr_err *err);
/* Before the first part ends: nothing is brought to the disk, which the caller does for all files of the
 * directory at once (mr_io_sync_files). */
void mr_parts_leave_unsynced(struct mr_parts *parts);
enum mr_code mr_parts_write(struct mr_parts *parts, const void *ptr, size_t len,
                            struct mr_err *err);
/* What is written from here on belongs to the next part. */
enum mr_code mr_parts_next(struct mr_parts *parts, struct mr_err *err);
/* Once. */
enum mr_code mr_parts_commit(struct mr_parts *parts, struct mr_err *err);
void mr_parts_free(struct mr_parts *parts); /* NULL is fine */

/* After the commit: how many files, and what they are called (valid until free). */
size_t mr_parts_count(const struct mr_parts *parts);
const char *mr_parts_name(const struct mr_parts *parts, size_t index);

#endif
