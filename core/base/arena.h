/*
 * arena: many small allocations that die together.
 *
 * Ownership: everything handed out lives until reset or release; nothing is freed alone.
 * Errors: NULL when memory is out; the caller reports it.  Threads: one at a time.
 * Blocks grow from 4 KiB to 256 KiB; a request beyond 64 KiB gets a block of its own.
 */
#ifndef MR_ARENA_H
#define MR_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

struct mr_arena_block;

struct mr_arena {
    struct mr_arena_block *blocks; /* newest first */
    size_t used, cap;              /* of the newest block */
    size_t total_bytes;            /* of all blocks */
};

#define MR_ARENA_INIT                                                                              \
    {                                                                                              \
        .blocks = NULL                                                                             \
    }

/* Empty; the same as MR_ARENA_INIT.  Release gives all memory back, and leaves it empty. */
void mr_arena_init(struct mr_arena *arena);
void mr_arena_release(struct mr_arena *arena);
/* Forgets everything but keeps one block for what comes next. */
void mr_arena_reset(struct mr_arena *arena);

/* Aligned for any type, not zeroed; size 0 gives a valid pointer. */
void *mr_arena_alloc(struct mr_arena *arena, size_t size);
void *mr_arena_calloc(struct mr_arena *arena, size_t count, size_t size);
/* Copies len bytes and adds a NUL. */
char *mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len);
char *mr_arena_strdup(struct mr_arena *arena, const char *str);
/* The text that printf would write. */
char *mr_arena_fmt(struct mr_arena *arena, const char *fmt, ...) MR_PRINTF(2, 3);
/* For lists of many texts, whose reader looks once at the end: "" for NULL, and where memory is out,
 * which sets *nomem. */
const char *mr_arena_keep(struct mr_arena *arena, const char *str, bool *nomem);

#endif
