/*
 * check_spill: tables whose sides cannot be read range by range, compared on disk.
 *
 * Both sides are read whole (in chunks where they have a key, in one statement where they
 * have none), each by its own thread, into a spill (spill.h).  What differs then is read
 * again, whole, in the rounds of check_confirm, which wait for a replica between them: until
 * every suspect is diverged, settled, or has moved too often.  Between two rounds the spill
 * stays in check->spills.
 *
 * A pass is the work of one worker; --resume starts such a table anew.
 */
#ifndef MR_CHECK_SPILL_H
#define MR_CHECK_SPILL_H

#include "recon/check/check_scan.h"

/* Passes of the rounds; then what is still open is unsettled. */
#define MR_SPILL_ROUNDS 7

/* The first pass of one table.  Findings are stored, not yet classified, as soon as nothing
 * is open.  Failures that concern only this table make it not-checked; others are returned. */
enum mr_code mr_check_spill(struct mr_check_worker *worker, struct mr_pair *table,
                            struct mr_err *err);
/* A later one (round: from 1 on), and the end of a table of which something is still open. */
enum mr_code mr_check_spill_again(struct mr_check_worker *worker, struct mr_pair *table,
                                  unsigned round, struct mr_err *err);
enum mr_code mr_check_spill_end(struct mr_check_worker *worker, struct mr_pair *table,
                                struct mr_err *err);
/* Closes what an error has left open. */
void mr_check_spill_drop(struct mr_check_run *check);

#endif
