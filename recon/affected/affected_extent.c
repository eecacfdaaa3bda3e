/* affected_extent.c: see affected_extent.h. */
#include "recon/affected/affected_extent.h"

#include <string.h>

#include "core/base/utf8.h"

static void add_unsigned(struct mr_affected_extent *e, uint64_t u)
{
    if (u > e->most)
        e->most = u;
    if (u > 0 && (e->positive == 0 || u < e->positive))
        e->positive = u;
}

static void add_signed(struct mr_affected_extent *e, int64_t i)
{
    if (i >= 0)
        add_unsigned(e, (uint64_t)i);
    else if (i < e->least)
        e->least = i;
}

/* Digits are counted before and behind the point apart, since a column that holds all values
 * needs the most of each, which no single value may have. */
static void add_decimal(struct mr_affected_extent *e, const char *text, size_t len)
{
    if (len > 0 && *text == '-') {
        text++;
        len--;
    }
    const char *point = memchr(text, '.', len);
    size_t whole = point != NULL ? (size_t)(point - text) : len;
    size_t fraction = point != NULL ? len - whole - 1 : 0;
    if (whole == 1 && *text == '0')
        whole = 0; /* a scale may take all digits */
    if (whole > e->whole)
        e->whole = (unsigned)whole;
    if (fraction > e->fraction)
        e->fraction = (unsigned)fraction;
}

static void add_date(struct mr_affected_extent *e, const struct mr_time *time)
{
    uint32_t year = time->year;
    if (year == 0)
        return;
    e->no_day = e->no_day || time->month == 0 || time->day == 0;
    if (e->first_year == 0 || year < e->first_year)
        e->first_year = year;
    if (year > e->last_year)
        e->last_year = year;
}

static void add_text(struct mr_affected_extent *e, const char *text, size_t len)
{
    size_t chars = 0;
    for (size_t i = 0; i < len; i++)
        chars += ((unsigned char)text[i] & 0xc0) != 0x80;
    if (chars > e->chars)
        e->chars = chars;
    if (len > e->bytes)
        e->bytes = len;
    e->no_text = e->no_text || !mr_utf8_is_valid(text, len);
}

/* Only what may outgrow its declared type is measured: floats and times have one size, and NULL
 * fits everywhere. */
void mr_affected_extent_add(struct mr_affected_extent *e, const struct mr_value *value)
{
    switch (value->cls) {
    case MR_CLASS_INT: add_signed(e, value->i); break;
    case MR_CLASS_UINT: add_unsigned(e, value->u); break;
    case MR_CLASS_DECIMAL: add_decimal(e, value->ptr, value->len); break;
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_JSON: add_text(e, value->ptr, value->len); break;
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
        if (value->len > e->bytes)
            e->bytes = value->len;
        break;
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME: add_date(e, &value->t); break;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_TIME: break;
    }
}
