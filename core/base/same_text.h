/*
 * same_text: are two texts, or the end of one, the same?
 *
 * Threads: no state.  Errors: none.
 */
#ifndef MR_SAME_TEXT_H
#define MR_SAME_TEXT_H

#include <stdbool.h>

/* Of the same bytes, or both NULL, which is not "". */
bool mr_same_text(const char *a, const char *b);

/* By bytes; neither is NULL. */
bool mr_ends_with(const char *text, const char *end);

#endif
