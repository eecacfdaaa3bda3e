/*
 * by_number: items that are known by a number which somebody else gives them, as the units of
 * a script by those of a journal, which may lie.
 *
 *   mr_by_number_init → mr_by_number_put, mr_by_number_get … → mr_by_number_release
 *
 * Time and memory go by how many items there are, also where they are cleared and come again,
 * and memory by 4 bytes for each number up to the greatest: so the caller bounds it.
 * items is for whoever looks at all of them, in the order in which they first came.
 *
 * Errors: NULL when memory is out.  A put may move the items.  Threads: one at a time.
 */
#ifndef MR_BY_NUMBER_H
#define MR_BY_NUMBER_H

#include <stdint.h>

#include "core/base/vec.h"

struct mr_by_number {
    struct mr_vec items;
    struct mr_vec numbers; /* uint32_t: that of each item */
    struct mr_vec places;  /* uint32_t, by number: 1 + where its item is, or 0 */
};

void mr_by_number_init(struct mr_by_number *by, size_t item_size);
/* The item of that number, a zeroed new one where there was none.  number < UINT32_MAX. */
void *mr_by_number_put(struct mr_by_number *by, uint64_t number);
/* NULL where there is none. */
void *mr_by_number_get(const struct mr_by_number *by, uint64_t number);
void mr_by_number_clear(struct mr_by_number *by);
void mr_by_number_release(struct mr_by_number *by);

#endif
