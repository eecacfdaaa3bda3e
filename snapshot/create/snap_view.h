/*
 * snap_view: several connections that see one and the same moment of a server.
 *
 * START TRANSACTION WITH CONSISTENT SNAPSHOT is sent on all connections before any answer
 * is read.  The views are taken as one when nothing was committed between the first and
 * the last: MariaDB tells the binlog position of each view; on MySQL the executed GTIDs
 * (and the binlog position, where it may be seen) are the same before and after, and still
 * are a moment later.  Else it is tried again, for at most wait_ms, then with half as many
 * connections.  One connection is always consistent.  No lock is taken, and no right is
 * needed beyond SELECT.
 *
 * Positions prove nothing about writes that are not logged (sql_log_bin = 0, filters);
 * where the server shows no position at all, one connection is used.  The note says so.
 *
 * Ownership: readers are the caller's to free (mr_snap_views_close); texts live in arena.
 */
#ifndef MR_SNAP_VIEW_H
#define MR_SNAP_VIEW_H

#include "snapshot/format/snap_manifest.h"

struct mr_snap_views {
    struct mr_reader **readers;
    unsigned count;
    struct mr_snap_consistency consistency;
};

struct mr_snap_view_task {
    struct mr_source *source; /* one with `consistent` */
    struct mr_db *other;      /* a connection that positions are asked on */
    unsigned wanted;          /* connections */
    unsigned wait_ms;
    struct mr_arena *arena;
};

enum mr_code mr_snap_views_open(const struct mr_snap_view_task *task,
                                struct mr_snap_views *out, struct mr_err *err);
/* Zeroed is fine. */
void mr_snap_views_close(struct mr_snap_views *views);

#endif
