/*
 * snap_kept: what a manifest says of its tables and databases, as core/source/source.h tells it.
 *
 * Ownership: everything lives in the snapshot's arena.  Threads: read-only once it is made.
 */
#ifndef MR_SNAP_KEPT_H
#define MR_SNAP_KEPT_H

#include "snapshot/read/snap_open.h"

struct mr_snap_kept {
    const struct mr_kept *tables; /* one a table of the manifest */
    const struct mr_left_out *left_out;
    size_t nleft_out;
    const char *const *dbs;
    size_t ndbs;
    bool whole; /* the endpoint that it was made of named no database */
};

/* snap is open, and outlives it.  MR_E_NOMEM. */
enum mr_code mr_snap_kept_init(struct mr_snap_kept *kept, struct mr_snap *snap, struct mr_err *err);

#endif
