/*
 * vec: a growing array of equal items.
 *
 * Calling sequence: zero-initialise with MR_VEC_INIT(type), push, read items by cast,
 * release.  A push may move the array: keep indexes, not pointers.
 * Errors: push returns NULL when memory is out.  Threads: one at a time.
 */
#ifndef MR_VEC_H
#define MR_VEC_H

#include <stddef.h>

struct mr_vec {
    void *items; /* NULL while empty */
    size_t count, cap;
    size_t item_size;
};

#define MR_VEC_INIT(type)                                                                          \
    {                                                                                              \
        .item_size = sizeof(type)                                                                  \
    }

/* A zeroed new last item, or NULL. */
void *mr_vec_push(struct mr_vec *vec);
void *mr_vec_at(const struct mr_vec *vec, size_t index);
/* Gives back the memory that no item needs, where there is an item. */
void mr_vec_trim(struct mr_vec *vec);
/* Forgets the items, keeps the memory. */
void mr_vec_clear(struct mr_vec *vec);
void mr_vec_release(struct mr_vec *vec);

#endif
