/*
 * intern: equal runs of bytes are kept once.
 *
 * Calling sequence: mr_intern_init over an arena → mr_intern, mr_intern_text … →
 * mr_intern_release.  What was handed out lives in the arena, beyond the release, and is
 * nobody's to change: others have it, too.  So two texts of one table are equal exactly if
 * their pointers are, and structs that hold only such pointers and numbers are equal where
 * their bytes are.
 * Errors: NULL when memory is out.  Threads: one at a time.
 */
#ifndef MR_INTERN_H
#define MR_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

struct mr_interned;

struct mr_intern {
    struct mr_arena *arena;
    const struct mr_interned **slots; /* by hash; NULL: free */
    size_t count, cap;                /* cap: a power of two, or 0 */
};

void mr_intern_init(struct mr_intern *in, struct mr_arena *arena);
/* The one copy of these bytes, aligned for any type, with a NUL behind them. */
const void *mr_intern(struct mr_intern *in, const void *ptr, size_t len);
const char *mr_intern_text(struct mr_intern *in, const char *text);
void mr_intern_release(struct mr_intern *in);

#endif
