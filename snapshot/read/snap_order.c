/* snap_order.c: see snap_order.h. */
#include "snapshot/read/snap_order.h"

#include <string.h>

#include "core/source/key_order.h"

static bool is_bytes(const struct mr_snap_column *col)
{
    return strncmp(col->type, "binary", 6) == 0 || strncmp(col->type, "varbinary", 9) == 0 ||
           strstr(col->type, "blob") != NULL;
}

static bool has_order(const struct mr_snap_column *col)
{
    return mr_key_order_has(col->cls) &&
           (col->cls != MR_CLASS_BINARY ||
            is_bytes(col)); /* not types without a class of their own */
}

bool mr_snap_order_has(const struct mr_snap_table *table)
{
    for (size_t k = 0; k < table->nkey; k++)
        if (!has_order(&table->columns[table->key[k]]))
            return false;
    return table->nkey > 0;
}

bool mr_snap_order_is_known(const struct mr_snap_table *table)
{
    return mr_snap_order_has(table) && !table->keys_hidden;
}

int mr_snap_order_compare(const struct mr_snap_table *table, struct mr_key a, struct mr_key b)
{
    return mr_key_order_compare(table->nkey, a, b);
}

/* By the ranges and not by first and last keys: an empty stretch belongs to a chunk, too. */
size_t mr_snap_order_chunk(const struct mr_snap_table *table, struct mr_key key, bool beyond)
{
    size_t lo = 0, hi = table->nchunks;
    while (lo < hi && key.ptr != NULL) {
        size_t mid = lo + (hi - lo) / 2;
        struct mr_key end = table->chunks[mid].range.hi;
        int order = end.ptr != NULL ? mr_snap_order_compare(table, end, key) : 1;
        if (order < 0 || (order == 0 && beyond))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}
