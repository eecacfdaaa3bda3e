/*
 * plan_moved: are the servers of a plan those that its run has read?  An address may lead to another one by now,
 * and a plan may name others on purpose, such as a primary whose replica was compared.
 *
 * The rows that the run found are read again, wherever; those that were equal are not.  Threads: one.
 */
#ifndef MR_PLAN_MOVED_H
#define MR_PLAN_MOVED_H

#include "core/case/findings.h"
#include "core/source/sides.h"

/* Warns of each side that is another server, may be a copy of it, or has executed less than it had.  fd: its run is
 * chosen.  Nothing is known of runs of earlier versions, nor of snapshots.  Errors: those of the case, and of the
 * servers. */
enum mr_code mr_plan_moved_warn(struct mr_findings *fd, const struct mr_find_run *run,
                                const struct mr_server_side side[MR_SIDES], struct mr_err *err);

#endif
