/*
 * fleet_list: which snapshots the directory of a fleet has, as DIR/fleet.json lists them.
 *
 * The file is that of `fleet snapshot` (docs/formats/fleet-plan-v1.md), whose writer is recon's; here
 * only the names and digests are read.  It is sealed: one that was changed is refused.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_REFUSED for a file that was changed, or that is of
 * a plan of checks; MR_E_IO, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_FLEET_LIST_H
#define MR_FLEET_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/err.h"

#define MR_FLEET_LIST_FILE "fleet.json"

struct mr_fleet_listed {
    const char *name;     /* of the pair, and of its snapshot in DIR */
    size_t part;          /* that makes it */
    const char *manifest; /* SHA-256 of its manifest; NULL: not made, or not listed yet */
};

/* Has DIR a fleet.json? */
bool mr_fleet_list_is_there(const char *dir);
enum mr_code mr_fleet_list_read(const char *dir, struct mr_arena *arena,
                                struct mr_fleet_listed **out, size_t *count, struct mr_err *err);

#endif
