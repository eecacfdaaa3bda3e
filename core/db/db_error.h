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
/* Has the connection ended with this error, so that nothing more can be asked on it? */
bool mr_db_error_is_fatal(unsigned sql_errno);

#endif
