/*
 * check_known: tables of which a snapshot knows sums of row digests (struct mr_kept).
 *
 * Of each range of keys that the manifest names, the other side's rows are read and summed
 * up as the snapshot's were when it was made; of another snapshot the sum is known, too.
 * Where number and sum agree, the rows are equal, if the snapshot's file is as it was
 * written: its SHA-256 says so, and it is not unpacked (--trust-manifest: not even read).
 * Any other range is read the ordinary way (check_scan.h, check_spill.h).
 *
 * A sum of 128-bit digests does not cancel what occurs twice, and does not depend on where
 * ranges begin; equal sums of different rows happen with probability 2^-128 by chance.
 *
 * Threads: as check_scan.h.
 */
#ifndef MR_CHECK_KNOWN_H
#define MR_CHECK_KNOWN_H

#include "recon/check/check_scan.h"

/* Do equal sums mean equal rows?  Then *side is the snapshot whose ranges are gone by. */
bool mr_check_known_is_possible(const struct mr_check_run *check, const struct mr_pair *table,
                                enum mr_side *side);

/* As mr_check_scan(). */
enum mr_code mr_check_known_scan(struct mr_check_worker *worker, struct mr_scan_task *task,
                                 struct mr_err *err);

/* Of a table without a common key order: are all of its rows equal?  Fills its counts if
 * they are. */
enum mr_code mr_check_known_whole(struct mr_check_worker *worker, struct mr_pair *table,
                                  bool *equal, struct mr_err *err);

#endif
