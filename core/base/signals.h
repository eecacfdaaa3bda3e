/*
 * signals: SIGINT, SIGTERM and SIGHUP raise one flag; a second SIGINT ends the process
 * at once (default action), for the impatient; one within a quarter of a second of the first is the
 * same press, told to the process and to its group.  SIGPIPE and SIGXFSZ are ignored: a closed
 * stdout and a file at its limit (ulimit -f) are ordinary write errors.
 */
#ifndef MR_SIGNALS_H
#define MR_SIGNALS_H

#include <stdbool.h>

#include "core/base/err.h"

/* Once, in main, before threads.  SIGHUP stays ignored where nohup has it so. */
void mr_signals_install(void);
/* Is the flag up?  Costs no more than reading a number: ask it in every loop that waits. */
bool mr_is_cancelled(void);
/* What is done before the second SIGINT ends the process; NULL: nothing.  A handler calls it, so that it
 * may do only what a handler may. */
void mr_signals_before_end(void (*leave)(void));
void mr_cancel(void); /* raises the flag (tests; a failing worker does not) */
/* MR_E_CANCELLED with its message. */
enum mr_code mr_cancelled_err(struct mr_err *err);

#endif
