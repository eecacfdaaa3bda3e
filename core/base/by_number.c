/* by_number.c: see by_number.h. */
#include "core/base/by_number.h"

static uint32_t *place_of(const struct mr_by_number *by, uint64_t number)
{
    return (uint32_t *)by->places.items + number;
}

void mr_by_number_init(struct mr_by_number *by, size_t item_size)
{
    by->items = (struct mr_vec){.item_size = item_size};
    by->numbers = by->places = (struct mr_vec)MR_VEC_INIT(uint32_t);
}

void *mr_by_number_get(const struct mr_by_number *by, uint64_t number)
{
    const uint32_t place = number < by->places.count ? *place_of(by, number) : 0;
    return place > 0 ? mr_vec_at(&by->items, place - 1) : NULL;
}

void *mr_by_number_put(struct mr_by_number *by, uint64_t number)
{
    void *item = mr_by_number_get(by, number);
    if (item != NULL)
        return item;
    while (by->places.count <= number)
        if (mr_vec_push(&by->places) == NULL)
            return NULL;
    uint32_t *slot = mr_vec_push(&by->numbers);
    item = slot != NULL ? mr_vec_push(&by->items) : NULL;
    if (item == NULL)
        return NULL;
    *slot = (uint32_t)number;
    *place_of(by, number) = (uint32_t)by->items.count;
    return item;
}

void mr_by_number_clear(struct mr_by_number *by)
{
    for (size_t i = 0; i < by->numbers.count; i++)
        *place_of(by, *(const uint32_t *)mr_vec_at(&by->numbers, i)) = 0;
    mr_vec_clear(&by->numbers);
    mr_vec_clear(&by->items);
}

void mr_by_number_release(struct mr_by_number *by)
{
    mr_vec_release(&by->items);
    mr_vec_release(&by->numbers);
    mr_vec_release(&by->places);
}
