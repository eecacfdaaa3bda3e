/*
 * check_slots: how many connections of a fleet read rows of a server at a time.
 *
 * A slot is a lock of that name on the server itself (GET_LOCK), held by the connection that
 * reads: whoever dies loses its connection, and with it the slot.  A worker takes one on each
 * server, both or none, so that no two wait for what the other has.  A connection that was lost
 * takes a slot again before it is used.
 *
 * The coordinator's own connection, the throttle's and those that look at objects have none:
 * they ask for little.
 */
#ifndef MR_CHECK_SLOTS_H
#define MR_CHECK_SLOTS_H

#include "recon/check/check_scan.h"

/* Does the run's scope name slots? */
bool mr_check_has_slots(const struct mr_check_run *check);

/* Before the worker's first read; waits as long as it takes, or, unless `waits`, not at all:
 * MR_E_CONNECT then.  Of a worker that has them already: nothing.  MR_E_CANCELLED; MR_E_REFUSED
 * where both sides are one server that gives one slot only; errors of the server. */
enum mr_code mr_check_slots_take(struct mr_check_worker *worker, bool waits, struct mr_err *err);

#endif
