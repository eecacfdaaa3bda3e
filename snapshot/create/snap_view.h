/*
 * snap_view: several connections that see one and the same moment of a server.
 *
 * START TRANSACTION WITH CONSISTENT SNAPSHOT is sent on all connections before any answer
 * is read.  The views are taken as one where it is proved that no row was changed between
 * the first and the last:
 *
 *   InnoDB's own count of commits stood still (view_mark.h), which sees writes that the
 *   binary log does not have, too, and
 *   MariaDB: each view tells the same position of the log (and of what it applied); where
 *   the log may lack writes (view_log.h), the count has stood still for a while before;
 *   MySQL: no commit was underway before (view_position.h), or the count has stood still for
 *   a while before.
 *
 * Else it is tried again, for at most wait_ms, then with fewer connections.  One connection
 * is always consistent, and is used at once where nothing proves more: tables of other
 * engines, no count to be seen.  No lock is taken, and no right is needed beyond SELECT.
 *
 * Ownership: readers are the caller's to free (mr_snap_views_close); texts live in arena.
 */
#ifndef MR_SNAP_VIEW_H
#define MR_SNAP_VIEW_H

#include "core/db/slots.h"
#include "snapshot/format/snap_manifest.h"

struct mr_snap_views {
    struct mr_reader **readers;
    unsigned count;
    struct mr_snap_consistency consistency;
    const char *mark; /* two views of one mark see the same rows of InnoDB; NULL: none */
};

struct mr_snap_view_task {
    struct mr_source *source; /* one with `consistent` */
    struct mr_db *other;      /* a connection that positions are asked on */
    unsigned wanted;          /* connections */
    unsigned wait_ms;
    struct mr_slots slots; /* each of them holds one; no name: none do */
    bool other_engines;    /* there are tables of an engine with views other than InnoDB */
    struct mr_arena *arena;
};

/* Opens up to task->wanted; fewer where no proof is had for all, or no slot is free: for the first it
 * waits, before any view is begun.  Nothing is open after an error. */
enum mr_code mr_snap_views_open(const struct mr_snap_view_task *task, struct mr_snap_views *out,
                                struct mr_err *err);
/* Zeroed is fine. */
void mr_snap_views_close(struct mr_snap_views *views);

#endif
