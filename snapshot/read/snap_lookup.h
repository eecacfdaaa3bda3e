/*
 * snap_lookup: rows of a snapshot by their keys.
 *
 * By the key that the snapshot is in order of: of each file that may hold some of the rows,
 * what stands up to the last of them is read once.  By other columns, or a key with texts:
 * all rows are read.  Texts are then equal as mr_canon_local() has them.
 *
 * Threads: the cursor's.
 */
#ifndef MR_SNAP_LOOKUP_H
#define MR_SNAP_LOOKUP_H

#include "snapshot/read/snap_cursor.h"
#include "snapshot/read/snap_value.h"

struct mr_snap_lookup {
    const struct mr_readspec *spec;
    const struct mr_key *keys;
    size_t nkeys;
    mr_row_fn *fn;
    void *ctx;
};

/* keys: of the table's own key, whose order is known.  fn gets the row's values as the
 * snapshot has them. */
enum mr_code mr_snap_lookup_ordered(struct mr_snap_cursor *c, const struct mr_snap_table *table,
                                    const struct mr_snap_lookup *task, struct mr_err *err);

/* By any columns: keys are of the spec's, whose values `values` makes.  fn gets values of
 * the spec. */
enum mr_code mr_snap_lookup_all(struct mr_snap_cursor *c, const struct mr_snap_table *table,
                                struct mr_snap_values *values, const struct mr_snap_lookup *task,
                                struct mr_err *err);

#endif
