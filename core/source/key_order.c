/* key_order.c: see key_order.h. */
#include "core/source/key_order.h"

#include <string.h>

bool mr_key_order_has(enum mr_class cls)
{
    switch (cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
    case MR_CLASS_DECIMAL:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME:
    case MR_CLASS_BINARY: return true;
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

bool mr_key_order_is_known(const struct mr_readspec *spec)
{
    for (size_t k = 0; k < spec->nkey; k++) {
        const struct mr_readcol *col = &spec->cols[spec->key[k]];
        if (!mr_key_order_has(col->cls) ||
            (col->cls == MR_CLASS_BINARY && col->expr != MR_EXPR_COLUMN))
            return false;
    }
    return spec->nkey > 0;
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

int mr_key_order_compare(size_t nparts, struct mr_key a, struct mr_key b)
{
    size_t i = 0, j = 0;
    for (size_t k = 0; k < nparts; k++) {
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
