/* db_wire.c: see db_wire.h. */
#include "core/db/db_wire.h"

#include <string.h>

#include "core/row/row_class.h"

/* What is left of the row. */
struct cursor {
    const unsigned char *at, *end;
};

static bool has(const struct cursor *c, uint64_t size)
{
    return size <= (uint64_t)(c->end - c->at);
}

static uint64_t get_le(const unsigned char *at, size_t size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)at[i] << (8 * i);
    return v;
}

/* A length of 1 byte, or of 2, 3 or 8 behind a marker. */
static bool take_len(struct cursor *c, uint64_t *len)
{
    if (!has(c, 1))
        return false;
    unsigned char first = *c->at++;
    size_t size = 0;
    switch (first) {
    case 0xfb: /* NULL, in the text protocol */
    case 0xff: return false;
    case 0xfc: size = 2; break;
    case 0xfd: size = 3; break;
    case 0xfe: size = 8; break;
    default: *len = first; return true;
    }
    if (!has(c, size))
        return false;
    *len = get_le(c->at, size);
    c->at += size;
    return true;
}

/* Width of the kinds that have one; 0: a length is in front. */
static size_t width_of(enum mr_wire_kind kind)
{
    switch (kind) {
    case MR_WIRE_INT1: return 1;
    case MR_WIRE_INT2: return 2;
    case MR_WIRE_INT4:
    case MR_WIRE_FLOAT: return 4;
    case MR_WIRE_INT8:
    case MR_WIRE_DOUBLE: return 8;
    case MR_WIRE_UNKNOWN:
    case MR_WIRE_NULL:
    case MR_WIRE_DATETIME:
    case MR_WIRE_TIME:
    case MR_WIRE_BIT:
    case MR_WIRE_DECIMAL:
    case MR_WIRE_BYTES: break;
    }
    return 0;
}

/* Only pairs that need no conversion: for any other the client library would have to be asked,
 * whose work this saves. */
bool mr_wire_gives(enum mr_wire_kind kind, enum mr_class cls)
{
    switch (kind) {
    case MR_WIRE_INT1:
    case MR_WIRE_INT2:
    case MR_WIRE_INT4:
    case MR_WIRE_INT8: return mr_class_is_integer(cls);
    case MR_WIRE_FLOAT:
    case MR_WIRE_DOUBLE: return cls == MR_CLASS_FLOAT || cls == MR_CLASS_DOUBLE;
    case MR_WIRE_DATETIME: return mr_class_is_moment(cls);
    case MR_WIRE_TIME: return cls == MR_CLASS_TIME;
    case MR_WIRE_BIT: return cls == MR_CLASS_UINT;
    case MR_WIRE_DECIMAL: return cls == MR_CLASS_DECIMAL;
    case MR_WIRE_BYTES: return mr_class_is_text(cls) || mr_class_is_bytes(cls);
    case MR_WIRE_UNKNOWN:
    case MR_WIRE_NULL: break;
    }
    return false;
}

/* Integers keep their value whatever the class: beyond the class's own range they take
 * the other one. */
static void put_integer(const struct mr_wire_column *col, const unsigned char *at, size_t size,
                        struct mr_value *value)
{
    uint64_t bits = get_le(at, size);
    unsigned unused = 64 - 8 * (unsigned)size;
    value->cls = col->cls;
    value->u = bits;
    if (!col->is_unsigned)
        value->i = (int64_t)(bits << unused) >> unused;
    if (!col->is_unsigned && value->i < 0)
        value->cls = MR_CLASS_INT;
    else if (value->u > INT64_MAX)
        value->cls = MR_CLASS_UINT;
}

static void put_real(enum mr_wire_kind kind, const unsigned char *at, struct mr_value *value)
{
    uint64_t bits = get_le(at, width_of(kind));
    uint32_t low = (uint32_t)bits;
    float f;
    if (kind == MR_WIRE_DOUBLE) {
        memcpy(&value->d, &bits, sizeof value->d);
        return;
    }
    memcpy(&f, &low, sizeof f);
    value->d = (double)f;
}

/* What no server has stored, and no row can hold. */
static bool is_time_of_day(const struct mr_time *t)
{
    return t->minute <= 59 && t->second <= 59 && t->micros <= 999999;
}

bool mr_wire_is_moment(const struct mr_time *t)
{
    return t->year <= 9999 && t->month <= 12 && t->day <= 31 && t->hour <= 23 && is_time_of_day(t);
}

/* The server leaves out what is zero at the end: four lengths are possible, and any other is a
 * broken packet. */
static bool put_datetime(const unsigned char *at, size_t len, struct mr_value *value)
{
    struct mr_time *t = &value->t;
    memset(t, 0, sizeof *t);
    if (len != 0 && len != 4 && len != 7 && len != 11)
        return false;
    if (len >= 4) {
        t->year = (uint32_t)get_le(at, 2);
        t->month = at[2];
        t->day = at[3];
    }
    if (len >= 7) {
        t->hour = at[4];
        t->minute = at[5];
        t->second = at[6];
    }
    if (len == 11)
        t->micros = (uint32_t)get_le(at + 7, 4);
    if (!mr_wire_is_moment(t))
        return false;
    return value->cls != MR_CLASS_DATE || (t->hour | t->minute | t->second | t->micros) == 0;
}

static bool put_time(const unsigned char *at, size_t len, struct mr_value *value)
{
    struct mr_time *t = &value->t;
    memset(t, 0, sizeof *t);
    if (len != 0 && len != 8 && len != 12)
        return false;
    if (len >= 8) {
        uint64_t hours = get_le(at + 1, 4) * 24 + at[5];
        if (at[0] > 1 || hours > UINT16_MAX) /* no TIME is as long as that */
            return false;
        t->negative = at[0] == 1;
        t->hour = (uint32_t)hours;
        t->minute = at[6];
        t->second = at[7];
    }
    if (len == 12)
        t->micros = (uint32_t)get_le(at + 8, 4);
    return is_time_of_day(t);
}

static bool put_bit(const unsigned char *at, size_t len, struct mr_value *value)
{
    if (len > 8)
        return false;
    value->u = 0;
    for (size_t i = 0; i < len; i++)
        value->u = value->u << 8 | at[i];
    return true;
}

static bool put_value(const struct mr_wire_column *col, const unsigned char *at, size_t len,
                      struct mr_value *value)
{
    value->cls = col->cls;
    value->ptr = NULL;
    value->len = 0;
    value->lob = NULL;
    switch (col->kind) {
    case MR_WIRE_INT1:
    case MR_WIRE_INT2:
    case MR_WIRE_INT4:
    case MR_WIRE_INT8: put_integer(col, at, len, value); return true;
    case MR_WIRE_FLOAT:
    case MR_WIRE_DOUBLE: put_real(col->kind, at, value); return true;
    case MR_WIRE_DATETIME: return put_datetime(at, len, value);
    case MR_WIRE_TIME: return put_time(at, len, value);
    case MR_WIRE_BIT: return put_bit(at, len, value);
    case MR_WIRE_DECIMAL:
    case MR_WIRE_BYTES:
        value->ptr = at;
        value->len = len;
        return true;
    case MR_WIRE_UNKNOWN:
    case MR_WIRE_NULL: break;
    }
    return false;
}

/* The bytes of the next column's value, stepped over.  NULL: they end too early. */
static const unsigned char *take_value(struct cursor *c, enum mr_wire_kind kind, size_t *len)
{
    uint64_t size = width_of(kind);
    if ((size == 0 && !take_len(c, &size)) || !has(c, size))
        return NULL;
    const unsigned char *at = c->at;
    c->at += size;
    *len = (size_t)size;
    return at;
}

/* Behind the zero byte and the NULLs; false: there is no such row. */
static bool begin_row(struct cursor *c, size_t ncolumns)
{
    size_t before = 1 + (ncolumns + 9) / 8;
    if (!has(c, before) || *c->at != 0)
        return false;
    c->at += before;
    return true;
}

static bool is_null(const void *row, size_t i)
{
    const unsigned char *nulls = (const unsigned char *)row + 1;
    return (nulls[(i + 2) / 8] >> ((i + 2) % 8) & 1) != 0;
}

/* Columns that nobody wants are passed over, but their length has to be read; those behind the last
 * that is wanted are not looked at. */
bool mr_wire_decode(const struct mr_wire_column *columns, size_t count, size_t ncolumns,
                    const void *row, size_t len, struct mr_value *values)
{
    struct cursor c = {row, (const unsigned char *)row + len};
    if (!begin_row(&c, ncolumns))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct mr_wire_column *col = &columns[i];
        size_t size = 0;
        if (is_null(row, i)) {
            if (col->wanted)
                values[i] = (struct mr_value){.cls = MR_CLASS_NULL};
            continue;
        }
        const unsigned char *at = take_value(&c, col->kind, &size);
        if (at == NULL || (col->wanted && !put_value(col, at, size, &values[i])))
            return false;
    }
    return true;
}

bool mr_wire_is_sound(const struct mr_wire_column *columns, size_t count, const void *row,
                      size_t len)
{
    struct cursor c = {row, (const unsigned char *)row + len};
    if (!begin_row(&c, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        /* no class: what the caller makes of the value is not asked here */
        const struct mr_wire_column col = {.kind = columns[i].kind};
        struct mr_value unused;
        size_t size = 0;
        if (is_null(row, i))
            continue;
        const unsigned char *at = take_value(&c, col.kind, &size);
        if (at == NULL || !put_value(&col, at, size, &unused))
            return false;
    }
    return c.at == c.end;
}
