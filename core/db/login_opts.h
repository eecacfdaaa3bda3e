/*
 * login_opts: what the options of a command say of accounts.
 *
 *   mr_endpoint_parse → mr_login_complete → mr_db_open
 *
 * Of a password that several places give, the first counts: the URI (password or
 * password-command), the command of the options, the environment, the option files (when
 * connecting), and who is asked on the terminal.
 *
 * Ownership: texts of the options belong to the invocation.  Threads: one.
 */
#ifndef MR_LOGIN_OPTS_H
#define MR_LOGIN_OPTS_H

#include <stdbool.h>

#include "core/db/endpoint.h"

struct mr_login_opts {
    bool ask_password;
    const char *password_command; /* NULL: none */
};

/* Fills in what the URI did not give.  role as of mr_endpoint_from_env(); label says whose password
 * a person is asked for.  Nothing for a snapshot. */
enum mr_code mr_login_complete(struct mr_endpoint *ep, const char *role, const char *label,
                               const struct mr_login_opts *opts, struct mr_err *err);

#endif
