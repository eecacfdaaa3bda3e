/*
 * merge_out: rows of a table into files, each of about the wanted size.
 *
 *   mr_snap_merge_out_init → mr_snap_merge_out_row … → mr_snap_merge_out_end → chunks → mr_snap_merge_out_release
 *
 * Ownership: chunks' texts live in the merge's arena.  Errors: those of snap_dir.h.  Threads: one.
 */
#ifndef MR_MERGE_OUT_H
#define MR_MERGE_OUT_H

#include "snapshot/format/tsv.h"
#include "snapshot/merge/snap_merge.h"

struct mr_snap_merge_out {
    struct mr_snap_merge *merge;
    const struct mr_snap_table *table;
    bool has_ranges;      /* rows come in the order of keys, and files say which they hold */
    struct mr_vec chunks; /* struct mr_snap_chunk */
    /* private */
    struct mr_snap_out *file;
    struct mr_snap_chunk chunk;
    struct mr_tsv tsv;
    struct mr_hasher *hasher;
    struct mr_key above; /* up to which the file before reaches */
    struct mr_strbuf last;
    unsigned number;
};

enum mr_code mr_snap_merge_out_init(struct mr_snap_merge_out *out, struct mr_snap_merge *merge,
                                    const struct mr_snap_table *table, struct mr_err *err);
void mr_snap_merge_out_release(struct mr_snap_merge_out *out);
/* values: one a column; key: encoded, of a table that has one. */
enum mr_code mr_snap_merge_out_row(struct mr_snap_merge_out *out, const struct mr_value *values,
                                   struct mr_key key, struct mr_err *err);
/* Behind the last row: the chunks are all there. */
enum mr_code mr_snap_merge_out_end(struct mr_snap_merge_out *out, struct mr_err *err);

#endif
