/*
 * check_relate: which of the two servers follows the other, and which may lack what the
 * other one wrote.
 *
 * A side is behind only if something applies changes on it.  Where its account sees that
 * nothing does, differences are what they are.  Where it follows the other side, they wait
 * for that side's position.  Where it follows others, or hides whom it follows, it is tried
 * whether it reaches the other's GTIDs; if not, nothing that differs is called a difference.
 */
#ifndef MR_CHECK_RELATE_H
#define MR_CHECK_RELATE_H

#include "recon/check/check.h"

/* Sets upstream, lag, settle.by_history, settle.why and run.replication. */
enum mr_code mr_check_relate(struct mr_check_run *check, struct mr_err *err);

#endif
