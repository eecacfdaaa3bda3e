/*
 * writable: does a server take writes, before the first one?
 *
 * innodb_read_only (a reader of Aurora has it, and read_only off), super_read_only and read_only
 * refuse, by name and with the statement that would change it.  offline_mode refuses nothing to who
 * has come in; it is warned of.  So is being a node of Galera, for which the session then waits before
 * each statement until the node has what the others have committed (wsrep_sync_wait); a node that
 * takes no statements is refused.
 *
 * Threads: as the connection.
 */
#ifndef MR_WRITABLE_H
#define MR_WRITABLE_H

#include "core/db/db.h"
#include "core/db/grants.h"

/* MR_E_REFUSED where the server does not take writes.  With may_pass the account's right to write
 * in spite of read_only counts (and is told of in the log); else read_only always refuses. */
enum mr_code mr_writable_require(struct mr_db *db, bool may_pass, struct mr_err *err);

#endif
