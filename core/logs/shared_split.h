/*
 * shared_split: where two histories part that give the same numbers to other transactions (shared_gtids.h).
 *
 * Up to there each number is one transaction in both logs, from there on two.  A sample of numbers is compared,
 * wider and wider until one is met that is the same, then closer and closer between that one and the first that is
 * two: a few passes over the logs since the split, and not one over all that the servers keep.  On each side the place is
 * behind the last number that is the same, whatever stands there, since numbers that tell nothing may be two.
 *
 * Memory: 65,536 numbers a side, some 9 MiB.  Ownership: texts in the arena.  Errors: those of gtid_logs.h.
 * Threads: one.
 */
#ifndef MR_SHARED_SPLIT_H
#define MR_SHARED_SPLIT_H

#include "core/logs/gtid_logs.h"

struct mr_shared_split {
    struct mr_gtid first; /* that is two transactions */
    const char *log[2];   /* NULL: the logs do not go back to one that is the same */
    /* of the first event behind the last number that is the same; of what stands there, and tells nothing, too */
    uint64_t at[2];
};

/* two: a number that both have given to other transactions.  logs: of both sides, closed; they are opened and closed.
 * own_clock: of each side, as tx_mark.h has it. */
enum mr_code mr_shared_split_find(struct mr_gtid_logs logs[2], const bool own_clock[2],
                                  const struct mr_gtid *two, struct mr_arena *arena,
                                  struct mr_shared_split *split, struct mr_err *err);

#endif
