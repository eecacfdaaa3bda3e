/*
 * ask_secret: a password or pass phrase that a person types, on the terminal and without echo.
 *
 * Errors: MR_E_USAGE where there is no terminal, or the answer has no room (the hint is the
 * caller's); MR_E_IO; MR_E_CANCELLED as soon as a signal asks for the end, whatever was typed.
 * Threads: one at a time.  Limits: size.
 */
#ifndef MR_ASK_SECRET_H
#define MR_ASK_SECRET_H

#include <stddef.h>

#include "core/base/err.h"

/* Into buf, which is the caller's to wipe; a longer answer than size - 1 is refused, not cut. */
enum mr_code mr_ask_secret(const char *prompt, char *buf, size_t size, struct mr_err *err);

#endif
