/*
 * no_memory: the n-th time that memory is asked for there is none, for unit tests of what then
 * comes.
 *
 *   no_memory_stop() … no_memory_go_on(): what the test itself asks for in between is not counted.
 *   no_memory_each(work, ctx): calls work(ctx) again and again, each time with the next question
 *   left without an answer, until all of them are answered; work says what came of it, and
 *   releases what it has.
 *
 * Out of memory is MR_E_NOMEM, and nothing else: a run that has missed some and says MR_OK has
 * lost something.  Questions are arenas', vectors' and texts'.  Link with NO_MEMORY of module.mk.
 */
#ifndef MR_TESTS_NO_MEMORY_H
#define MR_TESTS_NO_MEMORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"

/* on: questions are counted; at: this one is not answered, 0: all are. */
static struct {
    bool on;
    unsigned stopped; /* so many times */
    size_t at, asked;
} no_memory;

static inline bool no_memory_now(void)
{
    return no_memory.on && no_memory.stopped == 0 && ++no_memory.asked == no_memory.at;
}

static inline void no_memory_stop(void)
{
    no_memory.stopped++;
}

static inline void no_memory_go_on(void)
{
    no_memory.stopped--;
}

void *__real_mr_arena_calloc(struct mr_arena *arena, size_t count, size_t size);
void *__wrap_mr_arena_calloc(struct mr_arena *arena, size_t count, size_t size);
void *__wrap_mr_arena_calloc(struct mr_arena *arena, size_t count, size_t size)
{
    return no_memory_now() ? NULL : __real_mr_arena_calloc(arena, count, size);
}

char *__real_mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len);
char *__wrap_mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len);
char *__wrap_mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len)
{
    return no_memory_now() ? NULL : __real_mr_arena_dup(arena, ptr, len);
}

char *__real_mr_arena_strdup(struct mr_arena *arena, const char *str);
char *__wrap_mr_arena_strdup(struct mr_arena *arena, const char *str);
char *__wrap_mr_arena_strdup(struct mr_arena *arena, const char *str)
{
    return no_memory_now() ? NULL : __real_mr_arena_strdup(arena, str);
}

void *__real_mr_vec_push(struct mr_vec *vec);
void *__wrap_mr_vec_push(struct mr_vec *vec);
void *__wrap_mr_vec_push(struct mr_vec *vec)
{
    return no_memory_now() ? NULL : __real_mr_vec_push(vec);
}

void *__real_realloc(void *ptr, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_realloc(void *ptr, size_t size)
{
    return no_memory_now() ? NULL : __real_realloc(ptr, size);
}

typedef enum mr_code no_memory_fn(void *ctx, struct mr_err *err);

/* How many questions a run has that gets all that it asks for. */
static inline size_t no_memory_each(no_memory_fn *work, void *ctx)
{
    for (size_t at = 1;; at++) {
        struct mr_err err = {0};
        no_memory.at = at;
        no_memory.asked = 0;
        no_memory.on = true;
        const enum mr_code code = work(ctx, &err);
        no_memory.on = false;
        const size_t asked = no_memory.asked;
        no_memory.at = no_memory.asked = 0;
        if (code == MR_OK && asked < at)
            return asked;
        if (code != MR_E_NOMEM)
            fail_msg("question %zu of %zu: %d: %s", at, asked, (int)code, err.message);
    }
}

#endif
