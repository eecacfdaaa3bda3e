/*
 * history_catch_up: what a case knows of logs, brought up to now for a plan (core/case/catch_up.h).
 *
 * The collection of the case is read on with the options that it was made with.  Of logs that were read from
 * files, or from another server than the side's, nobody knows where what was written since stands.
 *
 * Threads: one.
 */
#ifndef MR_HISTORY_CATCH_UP_H
#define MR_HISTORY_CATCH_UP_H

#include "core/case/catch_up.h"

/* mr_catch_up_fn */
enum mr_code mr_history_catch_up(struct mr_catch_up *catch_up, struct mr_err *err);

#endif
