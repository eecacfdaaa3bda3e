/*
 * check_confirm: a difference seen while scanning is a suspicion; here it becomes true or
 * goes away.
 *
 * A suspect is read again by its key: upstream (u1), downstream (d) after it has applied
 * what the upstream had written by then, upstream once more (u2).
 *
 *      d = u1 or d = u2        equal: settled
 *      u1 = u2, d differs      seen; seen twice: diverged
 *      otherwise               the row moves: again, at the end unsettled
 *
 * Where a side applies what the other writes, each round begins with a wait for the other's
 * position (check_settle.h).  While that is short, a batch waits once more between u1 and d.
 * Else, and where nothing can be waited for although a side may be behind, "seen twice" means
 * with the same upstream row: what it was in the round before is on the other side by now.  A
 * round for which the wait came to no end is not read.  Without replication rounds are
 * --settle seconds apart.
 *
 * A side that applies what the other writes may have it before the other shows it: what has
 * been seen twice is looked for uncommitted, too (check_inflight.h), and moves while it is
 * found there.
 *
 * So moving data never raises a false alarm (but see docs/design/assumptions.md of rows that
 * go to and fro), and a true difference that stands still for three reads is never hidden.
 *
 * Rows are paired by the bytes of their keys, then, for text keys, as TARGET's collation
 * pairs them: 'a' here and 'A' there are one row, under the source's key.
 *
 * A true finding is classified and stored with both images at once.
 *
 * Memory: suspects are read in batches of about 4 MiB of rows (each of both sides); a batch
 * of rows that turn out wider is cut.
 */
#ifndef MR_CHECK_CONFIRM_H
#define MR_CHECK_CONFIRM_H

#include "recon/check/check_scan.h"

/* Rounds before a moving row is unsettled. */
#define MR_CONFIRM_ROUNDS 8

/* One round over a table's open suspects, or over those of an id range: several workers
 * may share a table, each with a range of its own. */
struct mr_confirm_task {
    struct mr_pair *table;
    unsigned round;            /* from 1 on */
    int64_t after_id, last_id; /* (after_id, last_id]; last_id 0: to the end */
    bool rests;                /* mr_check_settle_rests(), the same for a whole round */
};
enum mr_code mr_check_confirm(struct mr_check_worker *worker, const struct mr_confirm_task *task,
                              struct mr_err *err);

#endif
