/*
 * trigger_option: --allow-triggers of `repair plan` and `repair undo`.
 *
 * Errors: MR_E_USAGE.  Threads: no state.
 */
#ifndef MR_TRIGGER_OPTION_H
#define MR_TRIGGER_OPTION_H

#include "core/base/err.h"

/* word: what was given, or NULL; "fire" is the only one there is. */
enum mr_code mr_trigger_option_check(const char *word, struct mr_err *err);

#endif
