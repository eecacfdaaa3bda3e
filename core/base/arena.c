/* arena.c: see arena.h. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK ((size_t)4096)
#define MAX_BLOCK ((size_t)256 * 1024)
#define OWN_BLOCK ((size_t)64 * 1024)

struct mr_arena_block {
    struct mr_arena_block *next;
    size_t cap;
    alignas(max_align_t) unsigned char data[];
};

void mr_arena_init(struct mr_arena *arena)
{
    *arena = (struct mr_arena)MR_ARENA_INIT;
}

void mr_arena_release(struct mr_arena *arena)
{
    struct mr_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct mr_arena_block *next = block->next;
        free(block);
        block = next;
    }
    mr_arena_init(arena);
}

void mr_arena_reset(struct mr_arena *arena)
{
    struct mr_arena_block *keep = NULL;
    struct mr_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct mr_arena_block *next = block->next;
        if (keep == NULL && block->cap <= MAX_BLOCK)
            keep = block;
        else
            free(block);
        block = next;
    }
    mr_arena_init(arena);
    if (keep != NULL) {
        keep->next = NULL;
        arena->blocks = keep;
        arena->cap = keep->cap;
        arena->total_bytes = keep->cap;
    }
}

static struct mr_arena_block *block_new(struct mr_arena *arena, size_t cap)
{
    struct mr_arena_block *block = malloc(sizeof *block + cap);
    if (block == NULL)
        return NULL;
    block->cap = cap;
    arena->total_bytes += cap;
    return block;
}

void *mr_arena_alloc(struct mr_arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    if (arena->blocks != NULL && arena->cap - arena->used >= size) {
        void *ptr = arena->blocks->data + arena->used;
        arena->used += size;
        return ptr;
    }
    if (size > OWN_BLOCK && arena->blocks != NULL) {
        /* behind the newest block, which may still have room for small ones */
        struct mr_arena_block *own = block_new(arena, size);
        if (own == NULL)
            return NULL;
        own->next = arena->blocks->next;
        arena->blocks->next = own;
        return own->data;
    }
    size_t cap = arena->blocks == NULL ? FIRST_BLOCK : 2 * arena->cap;
    if (cap > MAX_BLOCK)
        cap = MAX_BLOCK;
    if (cap < size)
        cap = size;
    struct mr_arena_block *block = block_new(arena, cap);
    if (block == NULL)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->cap = cap;
    arena->used = size;
    return block->data;
}

void *mr_arena_calloc(struct mr_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size)
        return NULL;
    void *ptr = mr_arena_alloc(arena, count * size);
    if (ptr != NULL)
        memset(ptr, 0, count * size);
    return ptr;
}

char *mr_arena_dup(struct mr_arena *arena, const void *ptr, size_t len)
{
    char *copy = len < SIZE_MAX / 2 ? mr_arena_alloc(arena, len + 1) : NULL;
    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}

char *mr_arena_strdup(struct mr_arena *arena, const char *str)
{
    return mr_arena_dup(arena, str, strlen(str));
}

char *mr_arena_fmt(struct mr_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, fmt, args);
    char *text = len >= 0 ? mr_arena_alloc(arena, (size_t)len + 1) : NULL;
    if (text != NULL)
        (void)vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

const char *mr_arena_keep(struct mr_arena *arena, const char *str, bool *nomem)
{
    const char *kept = str != NULL ? mr_arena_strdup(arena, str) : "";
    *nomem |= kept == NULL;
    return kept != NULL ? kept : "";
}
