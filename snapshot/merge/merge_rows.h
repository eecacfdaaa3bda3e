/*
 * merge_rows: all rows of a table in one link, file after file, with their keys.
 *
 *   mr_snap_merge_rows_open → mr_snap_merge_rows_next … (until .values is NULL) → mr_snap_merge_rows_close
 *
 * Files are proved while they are read (snap_rows.h): what comes of them counts only when the end was
 * reached.  Ownership: values and key are good until the next call.  Errors: MR_E_REFUSED for damage, with the
 * link.  Threads: one.
 */
#ifndef MR_MERGE_ROWS_H
#define MR_MERGE_ROWS_H

#include "snapshot/read/snap_rows.h"

struct mr_snap_merge_rows {
    const struct mr_snap *snap;
    const struct mr_snap_table *table;
    const struct mr_value *values; /* of the row; NULL: the end */
    struct mr_strbuf key;          /* of the row */
    /* private */
    size_t chunk;
    struct mr_snap_rows *rows;
    uint64_t taken; /* rows of the chunk so far */
};

/* At no row yet.  To be closed also after a failure. */
void mr_snap_merge_rows_open(struct mr_snap_merge_rows *rows, const struct mr_snap *snap,
                             const struct mr_snap_table *table);
enum mr_code mr_snap_merge_rows_next(struct mr_snap_merge_rows *rows, struct mr_err *err);
void mr_snap_merge_rows_close(struct mr_snap_merge_rows *rows);

#endif
