/*
 * history_left_out: databases that a server leaves out of its binary log (binlog_do_db,
 * binlog_ignore_db): its log is complete, and says nothing of their tables.
 *
 * A log of another server than the side's has what that server has applied: less, where it filters.
 *
 * By rows, as logs are read here, the database of the table counts, and not the one that the session
 * was in.  Where statements are logged it is that of the session, so that any table may lack changes.
 *
 * Errors: those of the server; MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_HISTORY_LEFT_OUT_H
#define MR_HISTORY_LEFT_OUT_H

#include "core/db/db.h"
#include "recon/history/history_table.h"

/* The tables that the side's server leaves out are blind there, from the beginning.  An account that is
 * not shown what is left out is told so, once. */
enum mr_code mr_history_left_out(struct mr_db *db, enum mr_side side,
                                 struct mr_history_table *tables, size_t ntables,
                                 struct mr_arena *arena, struct mr_err *err);

/* What a server that applies others' transactions leaves out of them, or gives another name, by any of its
 * channels: "Replicate_Do_DB club", text in arena; NULL: nothing, or the account is not shown, which is told. */
enum mr_code mr_history_left_out_applied(struct mr_db *db, enum mr_side side,
                                         struct mr_arena *arena, const char **what,
                                         struct mr_err *err);

#endif
