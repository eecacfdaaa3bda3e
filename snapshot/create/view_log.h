/*
 * view_log: what the binary log of a server tells of the writes of its rows.
 *
 * A log that does not have what the server applies from another one (log_slave_updates), or
 * leaves databases out (filters), stands still while rows change.  What the account may not
 * see counts as such.  Sessions that leave the log (sql_log_bin = 0) show nowhere.
 *
 * Threads: no state.
 */
#ifndef MR_VIEW_LOG_H
#define MR_VIEW_LOG_H

#include "core/db/db.h"

struct mr_view_log {
    const char *lacks; /* what it may lack, of static storage; NULL: nothing */
    bool has_applied;  /* MariaDB: each view tells what was applied, all of it */
};

/* Asks once; errors are those of db.h. */
enum mr_code mr_view_log_look(struct mr_db *db, struct mr_view_log *out, struct mr_err *err);

#endif
