/*
 * snap_literal: literals behind an introducer, as _binary'é', by their bytes.
 *
 * An introducer takes the bytes of a literal as the client has sent them.  A statement of a client
 * of another character set, kept in UTF-8 and run as such, would have other bytes there: these are
 * put back, and are the only ones of the text that need not be UTF-8.  (As X'E9' they would be the
 * same, and the definition another one.)  Literals without an introducer are converted by the
 * server, and stay.
 *
 * Errors: MR_E_SNAPSHOT where the bytes cannot be told from the text.  Threads: no state.
 */
#ifndef MR_SNAP_LITERAL_H
#define MR_SNAP_LITERAL_H

#include "core/base/err.h"
#include "core/base/strbuf.h"

/* Appends the statement.  sql_mode: that it is run under, or NULL; charset: of the client that has
 * made it, or NULL. */
enum mr_code mr_snap_literal_add(struct mr_strbuf *out, const char *sql, const char *sql_mode,
                                 const char *charset, struct mr_err *err);

#endif
