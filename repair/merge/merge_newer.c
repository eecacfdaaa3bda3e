/* merge_newer.c: see merge_newer.h. */
#include "repair/merge/merge_newer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "repair/merge/merge_row.h"

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_integers(const struct mr_value *a, const struct mr_value *b)
{
    if (a->cls == b->cls && a->cls == MR_CLASS_INT)
        return order(a->i, b->i);
    if (a->cls == MR_CLASS_UINT && b->cls == MR_CLASS_UINT)
        return a->u < b->u ? -1 : a->u > b->u;
    return a->cls == MR_CLASS_UINT ? 1 : -1; /* UINT begins where INT ends */
}

/* Of decimals as the encoding has them: no zeros in front or at the end. */
static int compare_decimals(const struct mr_value *a, const struct mr_value *b)
{
    const char *x = a->ptr, *y = b->ptr;
    bool minus = a->len > 0 && x[0] == '-', other = b->len > 0 && y[0] == '-';
    if (minus != other)
        return minus ? -1 : 1;
    size_t from = minus, n = a->len, m = b->len, whole = from, whole_other = from;
    while (whole < n && x[whole] != '.')
        whole++;
    while (whole_other < m && y[whole_other] != '.')
        whole_other++;
    int sign = minus ? -1 : 1;
    if (whole != whole_other)
        return whole < whole_other ? -sign : sign;
    int c = memcmp(x + from, y + from, (n < m ? n : m) - from);
    return c != 0 ? (c < 0 ? -sign : sign) : n == m ? 0 : n < m ? -sign : sign;
}

static int compare_times(const struct mr_time *a, const struct mr_time *b)
{
    const int64_t x[] = {a->year,   a->month,  a->day,   a->hour,
                         a->minute, a->second, a->micros};
    const int64_t y[] = {b->year,   b->month,  b->day,   b->hour,
                         b->minute, b->second, b->micros};
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        if (x[i] != y[i])
            return a->negative ? order(y[i], x[i]) : order(x[i], y[i]);
    return 0;
}

static bool is_integer(const struct mr_value *v)
{
    return v->cls == MR_CLASS_INT || v->cls == MR_CLASS_UINT;
}

static int compare_values(const struct mr_value *a, const struct mr_value *b)
{
    if (is_integer(a) && is_integer(b))
        return compare_integers(a, b);
    if (a->cls == MR_CLASS_DOUBLE && b->cls == MR_CLASS_DOUBLE)
        return a->d < b->d ? -1 : a->d > b->d;
    if (a->cls == MR_CLASS_DECIMAL && b->cls == MR_CLASS_DECIMAL)
        return compare_decimals(a, b);
    if (a->cls == MR_CLASS_DATE || a->cls == MR_CLASS_DATETIME || a->cls == MR_CLASS_TIME)
        return compare_times(&a->t, &b->t);
    size_t n = a->len < b->len ? a->len : b->len;
    int c = n > 0 ? memcmp(a->ptr, b->ptr, n) : 0;
    return c != 0 ? c : order((int64_t)a->len, (int64_t)b->len);
}

static enum mr_code read_value(struct mr_key image, size_t at, struct mr_value *value,
                               struct mr_err *err)
{
    struct mr_key bytes = {0};
    size_t pos = 0;
    enum mr_code code = mr_merge_row_value(image, at, &bytes, err);
    return code == MR_OK ? mr_row_decode(bytes.ptr, bytes.len, &pos, value, err) : code;
}

enum mr_code mr_merge_is_newer(const struct mr_plan_table *table, const char *column,
                               struct mr_key source, struct mr_key target, bool *newer,
                               struct mr_err *err)
{
    size_t at = 0, n = table->pair->find.ncolumns;
    struct mr_value own, live;
    while (at < n && strcasecmp(mr_plan_column_name(table, at), column) != 0)
        at++;
    if (at == n)
        return mr_err_set(err, MR_E_CONFIG, "newest:%s: table \"%s\" has no such column",
                          column, mr_plan_table_name(table));
    enum mr_code code = read_value(source, at, &own, err);
    if (code == MR_OK)
        code = read_value(target, at, &live, err);
    if (code != MR_OK)
        return code;
    *newer = own.cls != MR_CLASS_NULL &&
             (live.cls == MR_CLASS_NULL || compare_values(&own, &live) > 0);
    return MR_OK;
}
