/*
 * ssl_error: OpenSSL's queue of errors, as one of ours.
 *
 * OpenSSL keeps errors in a queue per thread until somebody takes them out; one that is
 * left there shows up as the reason of a later, unrelated failure.  So: mr_ssl_error_clear()
 * before calls whose failure is going to be reported, mr_ssl_error_set() after one.
 */
#ifndef MR_SSL_ERROR_H
#define MR_SSL_ERROR_H

#include "core/base/err.h"

void mr_ssl_error_clear(void);
/* "<fmt>: <reason>" with the first error of the queue, which is its cause; empties the
 * queue.  MR_E_NOMEM instead of code where that is the reason.  Returns the code. */
enum mr_code mr_ssl_error_set(struct mr_err *err, enum mr_code code, const char *fmt, ...)
    MR_PRINTF(3, 4);

#endif
