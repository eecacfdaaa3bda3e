/*
 * fleet_snap_list: DIR/fleet.json of a fleet of snapshots as the list of what was made.
 *
 * Each part tells the digest of the manifest of each snapshot that it has made (parts/I.json).  Whoever
 * ends a part when no other is left to end puts them all into fleet.json, which is written anew, sealed,
 * by one rename; so does whoever runs a part that is done, should the last one have been killed before.
 * A digest that stands there is only replaced by what the part tells that makes it.
 *
 * Errors: MR_E_IO, MR_E_NOMEM; MR_E_REFUSED for a fleet.json that was changed; MR_E_CANCELLED.
 */
#ifndef MR_FLEET_SNAP_LIST_H
#define MR_FLEET_SNAP_LIST_H

#include "recon/fleet/fleet_file.h"

/* Nothing while a part has not ended, or where the list is as it would be. */
enum mr_code mr_fleet_snap_list_write(const struct mr_fleet_file *file, struct mr_arena *arena,
                                      struct mr_err *err);

#endif
