/*
 * history_close: the closing equation: do the images of a side's log lead to the rows that are there?
 *
 * Each key that was changed is read again, and is what its last image says; where the server goes on
 * writing, what it has written since is read from its log until both agree, a few times.  A key that
 * still moves then is flagged; one that differs although nothing has changed it breaks its table, by name:
 * the log is not all that has happened.
 *
 * Rows are read in small batches by their key, without a view and without a lock.
 *
 * Errors: those of the source, the scan, the case.  Threads: one.
 */
#ifndef MR_HISTORY_CLOSE_H
#define MR_HISTORY_CLOSE_H

#include "core/db/throttle.h"
#include "recon/history/history_logs.h"

struct mr_history_close {
    struct mr_history_scan *scan; /* of the side, behind its last stream */
    struct mr_history_logs *logs;
    struct mr_reader *reader;
    struct mr_throttle *throttle; /* NULL: none */
    struct mr_progress *progress; /* NULL: none */
};

/* Sets keys, moving, and where it does not hold witness and reason of each table's evidence. */
enum mr_code mr_history_close_side(struct mr_history_close *close, struct mr_err *err);

#endif
