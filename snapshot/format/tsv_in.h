/*
 * tsv_in: the text of tsv.h back into rows.
 *
 *   mr_tsv_in_open → mr_tsv_in_next … (until there are none) → mr_tsv_in_close
 *
 * Strict: what tsv.h does not write is damage (MR_E_IO, with the row's number): an unknown
 * escape, too few or too many fields, a number that is none, a last row without its end.
 *
 * Ownership: the feed and the table are the caller's; values live until the next call.
 * Limits: a row is at most max_row_bytes long, which bounds the memory.  Threads: one.
 */
#ifndef MR_TSV_IN_H
#define MR_TSV_IN_H

#include "core/file/feed.h"
#include "snapshot/format/snap_table.h"

struct mr_tsv_in;

enum mr_code mr_tsv_in_open(struct mr_feed from, const struct mr_snap_table *table,
                            uint64_t max_row_bytes, struct mr_tsv_in **out, struct mr_err *err);
/* *values: one a column, NULL at the end. */
enum mr_code mr_tsv_in_next(struct mr_tsv_in *in, const struct mr_value **values,
                            struct mr_err *err);
/* Bytes of text taken in so far. */
uint64_t mr_tsv_in_bytes(const struct mr_tsv_in *in);
void mr_tsv_in_close(struct mr_tsv_in *in); /* NULL is fine */

#endif
