/*
 * fleet_work: the files work/I.jsonl of a fleet, out of units that are dealt.
 *
 * A part has a line for each pair of which it has a unit (recon/check/check_scope.h), in the order of
 * the pairs, with the tables and ranges of all its units of that pair.
 *
 * Ownership: texts are the caller's.  Errors: MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_FLEET_WORK_H
#define MR_FLEET_WORK_H

#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_units.h"

/* Appends the work of a part, and counts it into file->parts[part] (but for its path); pairs of the
 * units are places in file->pairs. */
enum mr_code mr_fleet_work_text(const struct mr_fleet_file *file,
                                const struct mr_fleet_units *units, size_t part,
                                struct mr_strbuf *out, struct mr_err *err);

#endif
