/*
 * sum_log: where the target's log ends, and whether a transaction with a savepoint of that name was
 * committed behind a place of it (apply_sums.h).
 *
 * Both families write SAVEPOINT into the row log, within its transaction, and a transaction that was
 * rolled back is not there, or ends in ROLLBACK.  Read by a connection of its own, from the place to
 * where the log ends now.  The account needs REPLICATION SLAVE.
 *
 * Errors: those of db.h, binlog_dump.h, binlog_stream.h.  Threads: one.
 */
#ifndef MR_SUM_LOG_H
#define MR_SUM_LOG_H

#include "repair/apply/apply_units.h"

#define MR_SUM_LOG_NAME 512

struct mr_sum_place {
    char log[MR_SUM_LOG_NAME]; /* "": there is no log that would have the unit, or it is not told */
    uint64_t position;
};

enum mr_sum_found { MR_SUM_UNREAD = 0, MR_SUM_FOUND, MR_SUM_NOT_FOUND };

/* Where the log ends.  A right that lacks is no error. */
enum mr_code mr_sum_log_place(const struct mr_apply_units *run, struct mr_sum_place *place,
                              struct mr_err *err);
enum mr_code mr_sum_log_find(const struct mr_apply_units *run, const char *log, uint64_t position,
                             const char *marker, enum mr_sum_found *found, struct mr_err *err);

#endif
