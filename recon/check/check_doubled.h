/*
 * check_doubled: of a source that is many servers, in which of them a key stands that stands in several.
 *
 * Rows of such keys are findings already (check_confirm.h, spill.h); here they are looked up once
 * more, by the key of each finding, and each is kept with its place.  Keys are one where TARGET's
 * collation says so.  A key that stands in one place by now has moved, and is no duplicate.
 *
 * Threads: a worker's.  Memory: some MiB of rows.
 */
#ifndef MR_CHECK_DOUBLED_H
#define MR_CHECK_DOUBLED_H

#include "recon/check/check_scan.h"

/* Nothing for any other source, and of a table without a key. */
enum mr_code mr_check_doubled(struct mr_check_worker *worker, struct mr_pair *table,
                              struct mr_err *err);

#endif
