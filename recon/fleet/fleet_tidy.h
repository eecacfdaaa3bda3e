/*
 * fleet_tidy: half-written files that killed processes have left among the parts of a fleet.
 *
 * A copy of a part may be large, and rows of people are in it; a process that is killed while it writes
 * one cannot take it back, and the next process has another number, or is on another machine.  Files
 * that are being written, of whichever part, are told from those by their age, which is that of the file
 * server alone: clocks of machines may differ.
 *
 * Errors: none; what cannot be removed stays.  Threads: no state.
 */
#ifndef MR_FLEET_TIDY_H
#define MR_FLEET_TIDY_H

#include "recon/fleet/fleet_file.h"

#define MR_FLEET_LEFT_S 3600 /* since the last byte */

/* fresh: a file in DIR/parts that was written a moment ago. */
void mr_fleet_tidy(const struct mr_fleet_file *file, const char *fresh);

#endif
