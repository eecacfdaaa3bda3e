/* login_opts.c: see login_opts.h. */
#include "core/db/login_opts.h"

#include <string.h>

static bool is_given(const struct mr_endpoint *ep)
{
    return ep->password != NULL || ep->password_command != NULL;
}

enum mr_code mr_login_complete(struct mr_endpoint *ep, const char *role, const char *label,
                               const struct mr_login_opts *opts, struct mr_err *err)
{
    if (ep->kind != MR_ENDPOINT_MYSQL)
        return MR_OK;
    if (!is_given(ep) && opts->password_command != NULL) {
        ep->password_command = strdup(opts->password_command);
        if (ep->password_command == NULL)
            return mr_err_nomem(err, "reading an endpoint");
    }
    MR_TRY(mr_endpoint_from_env(ep, role, err));
    return opts->ask_password && !is_given(ep) ? mr_endpoint_ask_password(ep, label, err) : MR_OK;
}
