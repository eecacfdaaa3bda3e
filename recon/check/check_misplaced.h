/*
 * check_misplaced: rows that a scan meets and their key does not find.
 *
 * In a partitioned table a row can stand where it does not belong (EXCHANGE PARTITION …
 * WITHOUT VALIDATION, a function of partitioning that has changed): whoever asks for its key
 * is sent to another partition.  A suspect of such a row is read anew by its key, found by
 * nobody, and would pass for a row that went.  So what is settled of a partitioned table is
 * looked for in its chunk once more, by a scan, and then by its key.
 *
 * A row that is met neither by a range of keys nor by its key is not seen: of a table that
 * is partitioned by ranges of its key, all but those of the first chunk.
 *
 * One scan a side of each chunk that the settled suspects of a batch are of, with all columns;
 * two more of those where a key has found less.  Threads: the reader's owner.
 */
#ifndef MR_CHECK_MISPLACED_H
#define MR_CHECK_MISPLACED_H

#include "core/pair/rowset.h"
#include "recon/check/check_scan.h"

/* Of those findings that are settled, misplaced ones become unsettled, and the table says so.
 * hash: over the full specs of both sides. */
enum mr_code mr_misplaced_find(struct mr_check_worker *worker, struct mr_pair *table,
                               struct mr_rowhash hash[MR_SIDES], struct mr_finding *findings,
                               size_t count, struct mr_err *err);

#endif
