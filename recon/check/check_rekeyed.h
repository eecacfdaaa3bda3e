/*
 * check_rekeyed: rows whose key was changed while their table was read.
 *
 * From a range that is still to be read to one that was: no chunk meets such a row.  Nor is one met that was
 * suspected under its old key, and is gone there when it is read again, which happens with --consistent, too: the
 * views are closed by then.  The logs of both sides name
 * both keys of each UPDATE; so those that they name since the place that the run kept before its first
 * read (check_changed.h) are looked up, once all else is confirmed.
 *
 * Not where a run keeps no place (without --case), or reads a part of a fleet's plan, or where a side is no server.  What logs do not tell, and what the account may not read,
 * leaves that as it is: the log (-v) says why.  A log is read where it is not much beside what was read of tables.
 *
 * Threads: the coordinator's; keys are read by all.
 */
#ifndef MR_CHECK_REKEYED_H
#define MR_CHECK_REKEYED_H

#include "core/pair/changes.h"
#include "recon/check/check.h"

/* Once all tables were read and confirmed.  Only what ends a run is an error.  check->rekeyed NULL: there are none. */
enum mr_code mr_check_rekeyed_find(struct mr_check_run *check, struct mr_err *err);
/* Those of a table that are to be looked up; NULL: there are none. */
const struct mr_key_set *mr_check_rekeyed_keys(const struct mr_check_run *check,
                                               const struct mr_pair *table);
void mr_check_rekeyed_end(struct mr_check_run *check);

#endif
