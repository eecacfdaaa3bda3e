/*
 * verify_fleet: the proof of all snapshots of a fleet: `snapshot verify DIR` of a directory that
 * `fleet snapshot` has planned.
 *
 * Each is the one that fleet.json lists, by the digest of its manifest; then it is proved as any other.
 * What stands in DIR and belongs to none of them is damage, since nobody would look at it again.  One
 * that is not made, or not listed yet, leaves the whole incomplete.
 *
 * Errors: those of verify_one.h and fleet_list.h.  Threads: as verify.h.
 */
#ifndef MR_VERIFY_FLEET_H
#define MR_VERIFY_FLEET_H

#include "snapshot/read/snap_options.h"

/* Prints the result; exit status 1 damage, then 4 not all is there or was read, else 0. */
enum mr_code mr_verify_fleet(const char *dir, const struct mr_snap_options *opts, int *exit_code,
                             struct mr_err *err);

#endif
