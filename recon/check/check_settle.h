/*
 * check_settle: waiting until a side has applied what the other one had written.
 *
 * The coordinator waits once before each round (mr_check_settle): what was read in the round
 * before is on the other side then, if it comes at all.  The waits of a run together end with
 * --settle-limit; what still differs then is unsettled.
 *
 * While a replica is close behind, a batch of rows also waits between its two readings
 * (mr_check_catch_up), so that rows which are written all the time settle.  Where that takes
 * long, it is left: then rows must rest from one round to the next.
 */
#ifndef MR_CHECK_SETTLE_H
#define MR_CHECK_SETTLE_H

#include "recon/check/check.h"

/* What is left of --settle-limit. */
double mr_check_settle_left_s(const struct mr_check_run *check);
/* Once a round, by the coordinator.  *reached false: the limit is over; settle.why says what
 * it was waited for.  Where no side can be waited for: reached, at once. */
enum mr_code mr_check_settle(struct mr_check_run *check, bool *reached, struct mr_err *err);

/* Must the upstream row be the same in two rounds for a difference to count? */
bool mr_check_settle_rests(const struct mr_check_run *check);
/* Can a difference that was seen twice be called one? */
bool mr_check_settle_is_sure(const struct mr_check_run *check);
/* Does one side follow the other, running? */
bool mr_check_settle_follows(const struct mr_check_run *check);

/* Short, by a worker between two readings: *reached false: the batch is for a later round. */
enum mr_code mr_check_catch_up(struct mr_check_run *check, struct mr_db *up, struct mr_db *down,
                               bool *reached, struct mr_err *err);

/* Notes why a table's rows are unsettled, where it is not that they moved. */
enum mr_code mr_check_settle_note(struct mr_check_run *check, struct mr_pair *table,
                                  struct mr_err *err);

#endif
