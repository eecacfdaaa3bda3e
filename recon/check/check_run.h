/*
 * check_run: one run of check, from two open sources to a recorded result.
 *
 *   plan → segments → scan (workers) → confirm (rounds) → classify → objects → lineage
 *   → suspects
 *
 * The coordinator is the thread that calls mr_check_execute; workers keep their
 * connections over all phases.  What only concerns one table ends in that table's verdict;
 * an error is returned only for what ends the run.
 */
#ifndef MR_CHECK_RUN_H
#define MR_CHECK_RUN_H

#include "recon/check/check.h"

struct mr_vec;

/* Everything after the plan.  pairs: struct mr_db_pair.  check->run.finished tells
 * whether the run may be resumed. */
enum mr_code mr_check_execute(struct mr_check_run *check, const struct mr_vec *pairs,
                              struct mr_err *err);

#endif
