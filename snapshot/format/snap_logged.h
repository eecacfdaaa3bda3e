/*
 * snap_logged: does what a snapshot says of its place in the server's log stand for all that was written?
 *
 * Whoever goes on from it by the log alone (create --base, restore --until) asks.  A server that left
 * databases out, or did not log what it applied from another one, when the snapshot was made, may log
 * everything by now, and follow nobody: only the snapshot knows.
 *
 * Threads: no state.
 */
#ifndef MR_SNAP_LOGGED_H
#define MR_SNAP_LOGGED_H

#include "snapshot/format/snap_manifest.h"

/* In notes of manifests, in front of the reason. */
#define MR_SNAP_LOGGED_ONLY "the position tells of logged writes only"

/* Why it does not, as a clause that lives as long as *place; NULL: it does.  That there is a place is not asked. */
const char *mr_snap_logged_why(const struct mr_snap_consistency *place);

#endif
