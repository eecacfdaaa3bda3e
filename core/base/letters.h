/*
 * letters: do two names differ in no more than capital and small letters, as database servers
 * see it?  Names are UTF-8, and letters beyond ASCII have capitals, too: where a server writes
 * names of tables in small letters, `ÖFFNUNG` is `öffnung`.
 *
 * Threads: no state.
 */
#ifndef MR_LETTERS_H
#define MR_LETTERS_H

#include <stdbool.h>

#include "core/base/strbuf.h"

/* As said above; both end with a zero. */
bool mr_letters_same(const char *a, const char *b);
/* Appends a text that is one for all such names. */
void mr_letters_add_key(struct mr_strbuf *out, const char *name);

#endif
