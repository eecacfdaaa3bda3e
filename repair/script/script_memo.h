/*
 * script_memo: statements of a script that were judged and are right, so that the next one that
 * differs from one of them in whole numbers alone need not be walked through again.
 *
 * A plan writes a statement or two for each row, or for each level of rows that wait for each
 * other: the same ones but for line numbers, most of the script.  Where all other bytes are the
 * same, so are all other tokens; so this is for statements whose judge does not look at the value of
 * a whole number (script_shape.c says which).
 *
 * Only some of the last ones are kept, and none that is long.
 *
 * Ownership: a memo lives in the arena.  Threads: it belongs to one.
 */
#ifndef MR_SCRIPT_MEMO_H
#define MR_SCRIPT_MEMO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"

struct mr_script_memo;

/* NULL: no memory. */
struct mr_script_memo *mr_script_memo_new(struct mr_arena *arena);

/* Was such a statement kept?  kind: what else it has to have in common with it. */
bool mr_script_memo_has(const struct mr_script_memo *memo, unsigned kind, const char *text,
                        size_t len);
/* Keeps one that is right; in place of the oldest, and not at all where it is too long. */
void mr_script_memo_keep(struct mr_script_memo *memo, unsigned kind, const char *text, size_t len);

#endif
