/*
 * binlog_file: a binary or relay log that is a file, plain or packed by gzip or zstd.
 *
 *   mr_binlog_file_open → input for binlog_stream.h → … → mr_binlog_file_close
 *
 * How it is packed is judged by its bytes, not by its name; a pipe is fine.  A file that is
 * written while it is read ends where it ended when the reader came there; behind the end of
 * packing nothing may be missing.  Zeros up to the end, as a crash may leave them, are an event
 * that is cut off.
 *
 * Encrypted files are refused by name, with the way round: MySQL's by their first bytes here,
 * MariaDB's by the stream.
 *
 * mr_binlog_files_list finds the logs of a directory, and mr_binlog_files_sort puts several files
 * of one server in the order in which it wrote them.
 *
 * Memory: 256 KiB, or the largest event.  Ownership: a file's events are its own until the next;
 * it must outlive who reads it.  Errors: MR_E_IO, MR_E_BINLOG, MR_E_UNSUPPORTED, MR_E_NOMEM,
 * MR_E_CANCELLED.  Threads: one at a time.
 */
#ifndef MR_BINLOG_FILE_H
#define MR_BINLOG_FILE_H

#include "core/base/arena.h"
#include "core/binlog/binlog_input.h"

struct mr_binlog_file;

enum mr_code mr_binlog_file_open(const char *path, struct mr_binlog_file **out, struct mr_err *err);
/* For a stream; its log is the path. */
struct mr_binlog_input mr_binlog_file_input(struct mr_binlog_file *file);
void mr_binlog_file_close(struct mr_binlog_file *file); /* NULL is fine */

/*
 * The logs among the regular files of a directory, as "dir/name" in no order; what does not begin
 * as a log is passed over, as the index is and all else that stands in a data directory, and so are
 * names that begin with a dot: who copies a log there may not have come to its end.  More than
 * 65,536 files are refused.  The paths live in the arena.
 */
enum mr_code mr_binlog_files_list(const char *dir, struct mr_arena *arena, const char ***paths,
                                  size_t *npaths, struct mr_err *err);

/* By what files were put in order. */
enum mr_binlog_order {
    MR_BINLOG_BY_NONE = 0, /* there was nothing to order: fewer than two */
    MR_BINLOG_BY_GTID,     /* each begins with what those before it hold */
    MR_BINLOG_BY_NAME,     /* by the number that their names end in */
};

/*
 * Sorts the paths in place.  By GTIDs where every file begins with a set of them and no two sets
 * are alike; where they are, and where there are none, by the numbers in their names, "bin.000042"
 * and "bin.000042.gz", which must differ while what stands before them is the same.  By names, too,
 * where a MariaDB has forgotten a domain, so that its sets have no order, but all others agree.
 * MR_E_BINLOG where neither can be, or both contradict each other: the two files are named.
 */
enum mr_code mr_binlog_files_sort(const char **paths, size_t npaths, enum mr_binlog_order *by,
                                  struct mr_err *err);

#endif
