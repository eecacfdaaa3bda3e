/* vec.c: see vec.h. */
#include "core/base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The first allocation: eight small items, or one that is large, since most lists of such have no
 * more, and there may be one for each table. */
#define FIRST_BYTES ((size_t)128)

static size_t first_cap(size_t item_size)
{
    const size_t items = FIRST_BYTES / item_size;
    return items < 1 ? 1 : items < 8 ? items : 8;
}

/* Zeroed, since most items are filled member by member. */
void *mr_vec_push(struct mr_vec *vec)
{
    if (vec->count == vec->cap) {
        size_t cap = vec->cap == 0 ? first_cap(vec->item_size) : 2 * vec->cap;
        if (cap > SIZE_MAX / 2 / vec->item_size)
            return NULL;
        void *items = realloc(vec->items, cap * vec->item_size);
        if (items == NULL)
            return NULL;
        vec->items = items;
        vec->cap = cap;
    }
    void *item = mr_vec_at(vec, vec->count);
    memset(item, 0, vec->item_size);
    vec->count++;
    return item;
}

void *mr_vec_at(const struct mr_vec *vec, size_t index)
{
    return (char *)vec->items + index * vec->item_size;
}

void mr_vec_trim(struct mr_vec *vec)
{
    if (vec->count == 0 || vec->count == vec->cap)
        return;
    void *items = realloc(vec->items, vec->count * vec->item_size);
    if (items == NULL)
        return;
    vec->items = items;
    vec->cap = vec->count;
}

void mr_vec_clear(struct mr_vec *vec)
{
    vec->count = 0;
}

void mr_vec_release(struct mr_vec *vec)
{
    free(vec->items);
    vec->items = NULL;
    vec->count = vec->cap = 0;
}
