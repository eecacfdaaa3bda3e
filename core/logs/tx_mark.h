/*
 * tx_mark: by what the logs of two servers tell whether a transaction is one and the same on both.
 *
 *   mr_tx_mark_begin (MR_STEP_BEGIN) → mr_tx_mark_take of each _ROWS and _STATEMENT → mr_tx_marks_differ
 *
 * A replica keeps of a transaction: MySQL 8 and later, when it was committed at first, to the microsecond
 * (where both logs say that it was there, as nodes of a cluster may, this tells nothing); all,
 * the second of each statement, whichever format it is logged in (measured: MariaDB 10.11, also with optimistic
 * parallel appliers; MySQL 5.6.  Of MariaDB's GTID and XID events, and of what a transaction begins with, it does
 * not; nor a MariaDB with secure_timestamp = YES, whose appliers take its own clock); and the names of tables, but not
 * their case (lower_case_table_names), nor those of databases (replicate-rewrite-db).  Filters leave some of
 * it out, so that one of two has less; one without a change was emptied by a filter, or skipped by hand, and tells nothing.
 *
 * Threads: no state.
 */
#ifndef MR_TX_MARK_H
#define MR_TX_MARK_H

#include "core/binlog/binlog_walk.h"

struct mr_tx_mark {
    uint64_t originally_us; /* 0: not said */
    bool is_first;          /* by its log it was committed there at first */
    /* set by the caller: its seconds may be those of applying it, and tell nothing */
    bool own_clock;
    uint32_t first, last; /* seconds of its changes */
    uint64_t
        tables; /* a bit per name; all: a statement may be of any; 0: no change, it tells nothing */
};

void mr_tx_mark_begin(struct mr_tx_mark *mark, const struct mr_binlog_step *step);
void mr_tx_mark_take(struct mr_tx_mark *mark, const struct mr_binlog_step *step);
/* Of two that tell something: are they two transactions? */
bool mr_tx_marks_differ(const struct mr_tx_mark *a, const struct mr_tx_mark *b);

#endif
