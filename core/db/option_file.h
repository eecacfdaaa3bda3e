/*
 * option_file: what the MySQL option files say about connecting.
 *
 * Read are the groups [client], [client-server], [client-mariadb] and [myrecon] (or the
 * endpoint's defaults-group instead of it) of the endpoint's defaults-file, or else of
 * /etc/my.cnf, /etc/mysql/my.cnf and ~/.my.cnf in that order; a later line wins.
 * Understood is the servers' own syntax: comments, quotes, \-escapes, - and _ alike in
 * names, the loose- prefix, !include and !includedir.
 *
 * Of what stands there only this is used, each only where the endpoint does not say it:
 * user, password or password-command, ssl-ca, ssl-cert, ssl-key; host, and with it port and socket (a
 * socket also for "localhost" without a port).  ssl-mode, ssl and
 * ssl-verify-server-cert may raise the mode "preferred", nothing lowers a mode, and an
 * ssl-mode that is none is refused; enable-cleartext-plugin allows it.  The client library's own reader is not used, because
 * it applies a file's local-infile, init-command and TLS settings over those of the
 * program.
 *
 * Errors: MR_E_CONFIG for a port or ssl-mode that is none, for a password-command in a file that
 * others own or may write (neither this user nor root), and (file and line) for a
 * defaults-file that is missing, not readable, writable by everybody, or malformed; so for
 * what it includes, but for what is missing.
 * Standard files that are absent or not readable are passed over, and, as the servers'
 * clients do, those that everybody may write.
 */
#ifndef MR_OPTION_FILE_H
#define MR_OPTION_FILE_H

#include "core/db/endpoint.h"

/* Fills what the endpoint does not say.  MR_E_CONFIG for a defaults-file that was named and
 * cannot be read. */
enum mr_code mr_option_file_apply(struct mr_endpoint *ep, struct mr_err *err);

#endif
