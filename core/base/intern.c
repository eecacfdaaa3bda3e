/* intern.c: see intern.h; open addressing, never more than half full. */
#include "core/base/intern.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_CAP ((size_t)256)

struct mr_interned {
    uint64_t hash;
    size_t len;
    alignas(max_align_t) char bytes[];
};

void mr_intern_init(struct mr_intern *in, struct mr_arena *arena)
{
    *in = (struct mr_intern){.arena = arena};
}

/* The place of the entry, or the free one where it belongs. */
static const struct mr_interned **place_of(const struct mr_intern *in, uint64_t hash,
                                           const void *ptr, size_t len)
{
    size_t at = (size_t)hash & (in->cap - 1);
    for (;; at = (at + 1) & (in->cap - 1)) {
        const struct mr_interned *e = in->slots[at];
        if (e == NULL ||
            (e->hash == hash && e->len == len && (len == 0 || memcmp(e->bytes, ptr, len) == 0)))
            return &in->slots[at];
    }
}

static bool grow(struct mr_intern *in)
{
    struct mr_intern wider = *in;
    wider.cap = in->cap == 0 ? FIRST_CAP : 2 * in->cap;
    wider.slots = calloc(wider.cap, sizeof *wider.slots);
    if (wider.slots == NULL)
        return false;
    for (size_t i = 0; i < in->cap; i++) {
        const struct mr_interned *e = in->slots[i];
        if (e != NULL)
            *place_of(&wider, e->hash, e->bytes, e->len) = e;
    }
    free(in->slots);
    *in = wider;
    return true;
}

const void *mr_intern(struct mr_intern *in, const void *ptr, size_t len)
{
    if (2 * (in->count + 1) > in->cap && !grow(in))
        return NULL;
    uint64_t hash = XXH3_64bits(ptr, len);
    const struct mr_interned **place = place_of(in, hash, ptr, len);
    if (*place != NULL)
        return (*place)->bytes;
    struct mr_interned *e = mr_arena_alloc(in->arena, sizeof *e + len + 1);
    if (e == NULL)
        return NULL;
    e->hash = hash;
    e->len = len;
    if (len > 0)
        memcpy(e->bytes, ptr, len);
    e->bytes[len] = '\0';
    *place = e;
    in->count++;
    return e->bytes;
}

const char *mr_intern_text(struct mr_intern *in, const char *text)
{
    return mr_intern(in, text, strlen(text));
}

void mr_intern_release(struct mr_intern *in)
{
    free(in->slots);
    mr_intern_init(in, in->arena);
}
