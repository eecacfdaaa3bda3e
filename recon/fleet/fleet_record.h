/*
 * fleet_record: what `gate record` of all servers of a fleet has come to.
 *
 * Ownership: texts live in the arena, lines in the tasks.  Errors: MR_E_NOMEM, MR_E_IO.
 */
#ifndef MR_FLEET_RECORD_H
#define MR_FLEET_RECORD_H

#include "recon/fleet/fleet_gate.h"

/* One result each of the gate's servers and tasks, in their order; as JSON, a line each. */
enum mr_code mr_fleet_record_json(const struct mr_fleet_gate *gate,
                                  const struct mr_fleet_task *tasks, struct mr_err *err);
/* Those that are not as they should be, and how many are; `next`, whole lines of what is to be done next
 * or "", stands behind. */
enum mr_code mr_fleet_record_text(const struct mr_fleet_gate *gate,
                                  const struct mr_fleet_task *tasks, const char *next,
                                  struct mr_err *err);
/* How many of the servers are not recorded at all. */
size_t mr_fleet_record_failed(const struct mr_fleet_gate *gate, const struct mr_fleet_task *tasks);
/* 0 where all are recorded, else 4. */
int mr_fleet_record_exit(const struct mr_fleet_gate *gate, const struct mr_fleet_task *tasks);

#endif
