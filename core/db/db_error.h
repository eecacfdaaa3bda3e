/*
 * db_error: which of our codes an error number of a server or client library stands
 * for, and what helps against a login that is refused.
 *
 * Pure tables, without the client library, so that tests can walk them.
 */
#ifndef MR_DB_ERROR_H
#define MR_DB_ERROR_H

#include <stdbool.h>

#include "core/base/err.h"

/* For a statement on an open connection.  0 (a stream that broke without a number) is
 * MR_E_LOST. */
enum mr_code mr_db_error_classify(unsigned sql_errno);
/* For a failed attempt to connect: MR_E_AUTH, MR_E_TLS or MR_E_CONNECT. */
enum mr_code mr_db_error_classify_connect(unsigned sql_errno);
/* What to do about that attempt, where the number alone tells more than its code; or NULL. */
const char *mr_db_error_connect_hint(unsigned sql_errno);
/* A transaction that was taken back for what may be otherwise a moment later. */
enum mr_passing_error {
    MR_ER_NODE_NOT_READY = 1047, /* a node of Galera without its cluster */
    MR_ER_COMMIT_FAILED = 1180,  /* of Galera: by a node that loses its quorum meanwhile */
    MR_ER_DEADLOCK = 1213        /* of Galera, too: another node has committed to the same rows */
};
/* Is it one of those?  Behind a COMMIT it does not prove that nothing was committed. */
bool mr_db_error_is_passing(unsigned sql_errno);
/* Has the connection ended with this error, so that nothing more can be asked on it? */
bool mr_db_error_is_fatal(unsigned sql_errno);

#endif
