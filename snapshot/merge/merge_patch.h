/*
 * merge_patch: rows of a table on their way into the files of a merge, as the log has changed them
 * (snapshot/until).
 *
 *   mr_snap_patch_init → mr_snap_patch_row for each row of the snapshot → mr_snap_patch_end → release
 *
 * Where rows come in the order of their keys, those that the log brings stand among them; else behind.
 *
 * Ownership: the struct is the caller's.  Errors: those of merge_out.h; MR_E_REFUSED, with the key, where log
 * and snapshot do not fit together.  Threads: one.
 */
#ifndef MR_MERGE_PATCH_H
#define MR_MERGE_PATCH_H

#include "snapshot/merge/merge_out.h"
#include "snapshot/until/until_log.h"

struct mr_snap_patch {
    struct mr_snap_merge_out *out;
    struct mr_until_rows *rows; /* NULL: the log has nothing of the table */
    /* private */
    bool in_order;
    struct mr_key_entry *sorted;
    size_t at;
    struct mr_strbuf image;
    struct mr_value *values;
};

enum mr_code mr_snap_patch_init(struct mr_snap_patch *patch, struct mr_snap_merge_out *out,
                                struct mr_until_rows *rows, bool in_order, struct mr_err *err);
/* Zeroed is fine. */
void mr_snap_patch_release(struct mr_snap_patch *patch);
enum mr_code mr_snap_patch_row(struct mr_snap_patch *patch, const struct mr_value *values,
                               struct mr_key key, struct mr_err *err);
/* Behind the snapshot's last row. */
enum mr_code mr_snap_patch_end(struct mr_snap_patch *patch, struct mr_err *err);

#endif
