/* endpoint_ask.c: who is asked for a password on the terminal; see endpoint.h. */
#include "core/db/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ask_secret.h"

#define PASSWORD_MAX 512

/* Every copy of it is overwritten, the one on the stack, too. */
enum mr_code mr_endpoint_ask_password(struct mr_endpoint *ep, const char *label, struct mr_err *err)
{
    char buf[PASSWORD_MAX] = "";
    struct mr_strbuf prompt = MR_STRBUF_INIT;
    char *password = NULL;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&prompt, "Password for %s: ", label);
    MR_TRY_OUT(mr_strbuf_check(&prompt, "asking for a password", err));
    MR_TRY_OUT(mr_ask_secret(prompt.ptr, buf, sizeof buf, err));
    if ((password = strdup(buf)) == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading a password"));
    if (ep->password != NULL)
        explicit_bzero(ep->password, strlen(ep->password));
    free(ep->password);
    ep->password = password;
out:
    if (code == MR_E_USAGE)
        mr_err_hint(err, "Give the password by MYRECON_SOURCE_PASSWORD, "
                         "MYRECON_TARGET_PASSWORD or an option file.");
    explicit_bzero(buf, sizeof buf);
    mr_strbuf_release(&prompt);
    return code;
}
