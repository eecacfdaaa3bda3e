/*
 * view_mark: a number of InnoDB that moves whenever rows of it change.
 *
 * Two marks that are the same: between them no transaction of InnoDB was committed, whether
 * the binary log has it or not.  MariaDB counts transactions up when they begin to write and
 * when they are committed (Innodb_max_trx_id); MySQL counts writes to the redo log
 * (Innodb_log_write_requests, since 8.0 one for each); elsewhere it is the end of the redo log
 * (SHOW ENGINE INNODB STATUS, where the account may).  All move a moment before a commit can
 * be seen: microseconds, in which the thread may be put to sleep.  Whoever can tell in
 * another way that none is underway need not wait for that.  Not used alone:
 * Innodb_redo_log_current_lsn, which MySQL brings up to date now and then.
 *
 * Threads: no state.
 */
#ifndef MR_VIEW_MARK_H
#define MR_VIEW_MARK_H

#include "core/db/db.h"

struct mr_view_mark {
    char commits[32]; /* "": the server shows none */
    char log_end[32];
};

/* What the server does not show, or the account may not see, is no error. */
enum mr_code mr_view_mark_read(struct mr_db *db, struct mr_view_mark *out, struct mr_err *err);
/* False where one of them is not known. */
bool mr_view_mark_same(const struct mr_view_mark *a, const struct mr_view_mark *b);
/* For a later run, which may meet the server started anew: both numbers; "" not known. */
void mr_view_mark_text(const struct mr_view_mark *mark, struct mr_strbuf *out);

#endif
