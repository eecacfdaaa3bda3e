/*
 * check_wait: a view that waits for load holds no table.
 *
 * With --consistent a view keeps the metadata lock of the table that it reads.  An ALTER that
 * waits for that has writers behind it, whose number may be just what the check waits for.  So
 * whoever waits lets go first; a table that is altered meanwhile is not checked.
 *
 * Threads: a side's reader is used by one thread at a time.
 */
#ifndef MR_CHECK_WAIT_H
#define MR_CHECK_WAIT_H

#include "recon/check/check_scan.h"

/* Lets go of what the worker's view of a side has locked; without a view, nothing.  Only errors
 * that end the run: of others the next read tells. */
enum mr_code mr_check_let_go(struct mr_check_worker *worker, enum mr_side side, struct mr_err *err);
/* Of both sides. */
enum mr_code mr_check_let_go_all(struct mr_check_worker *worker, struct mr_err *err);
/* mr_throttle_wait before a statement of that side. */
enum mr_code mr_check_wait(struct mr_check_worker *worker, enum mr_side side, struct mr_err *err);

#endif
