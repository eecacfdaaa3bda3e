/*
 * same_text: texts that may be missing.
 *
 * Threads: no state.  Errors: none.
 */
#ifndef MR_SAME_TEXT_H
#define MR_SAME_TEXT_H

#include <stdbool.h>

/* Of the same bytes, or both NULL, which is not "". */
bool mr_same_text(const char *a, const char *b);

#endif
