/*
 * fleet_record: what `gate record` of all servers of a fleet has come to.
 *
 * Ownership: texts live in the arena, lines in the tasks.  Errors: MR_E_NOMEM, MR_E_IO.
 */
#ifndef MR_FLEET_RECORD_H
#define MR_FLEET_RECORD_H

#include "recon/fleet/fleet_gate.h"

/* One result each of the gate's servers and tasks, in their order; exit status 0 where all are
 * recorded, else 4. */
enum mr_code mr_fleet_record_print(const struct mr_fleet_gate *gate,
                                   const struct mr_fleet_task *tasks, bool json, int *exit_code,
                                   struct mr_err *err);

#endif
