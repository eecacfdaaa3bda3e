/*
 * history_left_out: databases that a server leaves out of its binary log (binlog_do_db,
 * binlog_ignore_db): its log is complete, and says nothing of their tables.
 *
 * A log of another server than the side's has what that server has applied: less, where it filters.  A server's own
 * log has what it has applied of others only where it logs that (log_slave_updates).
 *
 * By rows, as logs are read here, the database of the table counts, and not the one that the session
 * was in.  Where statements are logged it is that of the session, so that any table may lack changes.
 *
 * Errors: those of the server; MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_HISTORY_LEFT_OUT_H
#define MR_HISTORY_LEFT_OUT_H

#include "core/db/db.h"
#include "recon/history/history_scan.h"

/* The tables that the side's server leaves out are blind there, from the beginning.  An account that is
 * not shown what is left out is told so, once. */
enum mr_code mr_history_left_out(struct mr_db *db, enum mr_side side,
                                 struct mr_history_table *tables, size_t ntables,
                                 struct mr_arena *arena, struct mr_err *err);

/* How transactions of the side get into the logs that are read. */
struct mr_history_way {
    struct mr_db *own; /* the side's server, and what it has executed */
    const struct mr_history_executed *executed;
    const struct mr_server *other; /* the other side's: what was replicated from it is shared */
    const struct mr_endpoint
        *logs; /* another server whose logs they are; NULL: its own, or files */
    const struct mr_db_opts *opts;
};
/* What is lost on the way is a gap: what the side applies of third servers and does not log, what the server
 * whose logs are read filters, or leaves out of them. */
enum mr_code mr_history_left_out_on_way(struct mr_history_scan *scan,
                                        const struct mr_history_way *way, struct mr_err *err);

#endif
