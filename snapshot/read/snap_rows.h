/*
 * snap_rows: the rows of one chunk, as text or as values.
 *
 *   mr_snap_text_open → mr_snap_text_feed → … → mr_snap_text_close
 *   mr_snap_rows_open → mr_snap_rows_next … (until there are none) → mr_snap_rows_close
 *
 * Errors: MR_E_IO with the file, also for damage.  Rows are given while the file is read,
 * and it is proved at its end: whoever does not read so far, or cannot take back what it
 * has done, proves the file first (snap_open.h).  Memory is bounded whatever the
 * file says: 8 MiB of zstd's window, and one row, at most as long as the chunk's text and
 * 2 GiB; of an encrypted chunk about five times its size on disk, too.
 *
 * Ownership: snap, table and chunk must outlive it.  Threads: one at a time.
 */
#ifndef MR_SNAP_ROWS_H
#define MR_SNAP_ROWS_H

#include "core/file/feed.h"
#include "snapshot/read/snap_open.h"

struct mr_snap_text;
enum mr_code mr_snap_text_open(const struct mr_snap *snap, const struct mr_snap_chunk *chunk,
                               struct mr_snap_text **out, struct mr_err *err);
/* Gives the chunk's text, and no more than its plain_bytes. */
struct mr_feed mr_snap_text_feed(struct mr_snap_text *text);
void mr_snap_text_close(struct mr_snap_text *text); /* NULL is fine */

struct mr_snap_rows;
enum mr_code mr_snap_rows_open(const struct mr_snap *snap, const struct mr_snap_table *table,
                               const struct mr_snap_chunk *chunk, struct mr_snap_rows **out,
                               struct mr_err *err);
/* *values: one a column, valid until the next call; NULL at the end. */
enum mr_code mr_snap_rows_next(struct mr_snap_rows *rows, const struct mr_value **values,
                               struct mr_err *err);
/* Bytes of text taken in so far. */
uint64_t mr_snap_rows_bytes(const struct mr_snap_rows *rows);
void mr_snap_rows_close(struct mr_snap_rows *rows); /* NULL is fine */

/*
 * Reads all rows of a chunk and compares them with what the manifest says: their number,
 * bytes, digest, and keys.  Appends to reason what is wrong.
 */
enum mr_code mr_snap_check_chunk(const struct mr_snap *snap, const struct mr_snap_table *table,
                                 const struct mr_snap_chunk *chunk, struct mr_strbuf *reason,
                                 struct mr_err *err);
/* Do the chunks of a table tile its key space, and do their sums make the table's?
 * *reason: what is wrong, or NULL. */
void mr_snap_check_table(const struct mr_snap_table *table, const char **reason);
/* The same of all tables, their names and the totals; what is wrong becomes damage. */
enum mr_code mr_snap_check_manifest(struct mr_snap *snap, struct mr_err *err);

#endif
