/*
 * fleet_snap_part: the work on one part of a fleet of snapshots.
 *
 *   lease → of each of its pairs `snapshot create SOURCE DIR/NAME`, in a process of its own → the list
 *
 * A snapshot is built in place, as DIR/NAME.partial, and takes its name when it is whole; one that was
 * killed goes on as `snapshot create` does.  One that is there is not made again: where nobody has told
 * of it, it is asked what it is of, and one of another source is a failure of its pair.
 *
 * Ownership, errors: as mr_fleet_run (fleet_run.h).
 */
#ifndef MR_FLEET_SNAP_PART_H
#define MR_FLEET_SNAP_PART_H

#include "recon/fleet/fleet_run.h"

/* run->save_s is not used. */
enum mr_code mr_fleet_snap_part(struct mr_fleet_run *run, struct mr_err *err);

/* Are the two one place, and the same databases?  What one of them leaves to option files is the
 * other's. */
bool mr_fleet_snap_is_of(const char *source, const char *uri);

#endif
