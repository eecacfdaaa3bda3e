/* snap_order.c: see snap_order.h. */
#include "snapshot/read/snap_order.h"

#include <string.h>

static bool is_bytes(const struct mr_snap_column *col)
{
    return strncmp(col->type, "binary", 6) == 0 || strncmp(col->type, "varbinary", 9) == 0 ||
           strstr(col->type, "blob") != NULL;
}

static bool has_order(const struct mr_snap_column *col)
{
    switch (col->cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
    case MR_CLASS_DECIMAL:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: return true;
    case MR_CLASS_BINARY: return is_bytes(col); /* not types without a class of their own */
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_JSON:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_NULL:
    case MR_CLASS_UNDECIDED: break;
    }
    return false;
}

bool mr_snap_order_is_known(const struct mr_snap_table *table)
{
    for (size_t k = 0; k < table->nkey; k++)
        if (!has_order(&table->columns[table->key[k]]))
            return false;
    return table->nkey > 0 && !table->keys_hidden;
}

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t n = a_len < b_len ? a_len : b_len;
    int order = n > 0 ? memcmp(a, b, n) : 0;
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static size_t digits_of(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] != '.')
        n++;
    return n;
}

/* Two decimals of the same sign, without it; neither has redundant zeros. */
static int compare_magnitudes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t m = digits_of(a, a_len), n = digits_of(b, b_len);
    if (m != n)
        return m < n ? -1 : 1;
    return compare_bytes(a, a_len, b, b_len);
}

static int compare_decimals(const struct mr_value *a, const struct mr_value *b)
{
    const char *x = a->ptr, *y = b->ptr;
    bool below = a->len > 0 && x[0] == '-', other = b->len > 0 && y[0] == '-';
    if (below != other)
        return below ? -1 : 1;
    int order = compare_magnitudes(x + below, a->len - below, y + other, b->len - other);
    return below ? -order : order;
}

static int compare_parts(const struct mr_value *a, const char *a_bytes, const struct mr_value *b,
                         const char *b_bytes, size_t len)
{
    if (a->cls == MR_CLASS_DECIMAL && b->cls == MR_CLASS_DECIMAL)
        return compare_decimals(a, b);
    if (a->cls == MR_CLASS_BINARY && b->cls == MR_CLASS_BINARY)
        return compare_bytes(a->ptr, a->len, b->ptr, b->len);
    int order = memcmp(a_bytes, b_bytes, len);
    if (a->cls != MR_CLASS_TIME || b->cls != MR_CLASS_TIME)
        return order;
    if (a->t.negative != b->t.negative)
        return a->t.negative ? -1 : 1;
    return a->t.negative ? -order : order;
}

/* Value by value, since bytes of a whole key would let a short first part run into the second. */
int mr_snap_order_compare(const struct mr_snap_table *table, struct mr_key a, struct mr_key b)
{
    size_t i = 0, j = 0;
    for (size_t k = 0; k < table->nkey; k++) {
        size_t from = i, other = j;
        struct mr_value x, y;
        if (mr_row_decode(a.ptr, a.len, &i, &x, NULL) != MR_OK ||
            mr_row_decode(b.ptr, b.len, &j, &y, NULL) != MR_OK)
            break;
        size_t len = i - from < j - other ? i - from : j - other;
        int order =
            compare_parts(&x, (const char *)a.ptr + from, &y, (const char *)b.ptr + other, len);
        if (order != 0)
            return order;
    }
    return 0;
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
