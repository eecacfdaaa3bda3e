/* ssl_error.c: see ssl_error.h. */
#include "core/file/ssl_error.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>

void mr_ssl_error_clear(void)
{
    ERR_clear_error();
}

static void describe(unsigned long error, char *text, size_t size)
{
    const char *reason = ERR_reason_error_string(error);
    if (error == 0)
        (void)snprintf(text, size, "OpenSSL gives no reason");
    else if (reason != NULL)
        (void)snprintf(text, size, "%s", reason);
    else
        ERR_error_string_n(error, text, size);
}

/* The oldest error of the queue is the cause; later ones tell through which calls it went. Emptied,
 * so that no later failure is told with this reason. */
enum mr_code mr_ssl_error_set(struct mr_err *err, enum mr_code code, const char *fmt, ...)
{
    char what[512], reason[256];
    unsigned long error = ERR_get_error();
    ERR_clear_error();
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
        code = MR_E_NOMEM;
    describe(error, reason, sizeof reason);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return mr_err_set(err, code, "%s: %s", what, reason);
}
