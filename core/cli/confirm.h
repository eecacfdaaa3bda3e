/*
 * confirm: asking a person before something is changed.
 *
 * Threads: one.
 */
#ifndef MR_CONFIRM_H
#define MR_CONFIRM_H

#include <stdbool.h>

#include "core/base/err.h"

/* MR_OK: go on.  MR_E_REFUSED: the person said no, or there is no terminal to ask on and
 * `yes` (--yes) was not given.  MR_E_CANCELLED: a signal came in place of an answer.
 * question: without the "[y/N]"; a line, shown as terminals may see it (utf8.h). */
enum mr_code mr_confirm(const char *question, bool yes, struct mr_err *err);

#endif
