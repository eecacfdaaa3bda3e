/* column_fit.c: numbers, times, bytes; see column_fit.h. */
#include "core/schema/column_fit.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/same_text.h"
#include "core/row/json_norm.h"
#include "core/row/row_class.h"
#include "core/row/when.h"

#define DIGITS_MAX 400 /* more than any number that a column holds */

enum { MYSQL_JSON_DEPTH = 100, MYSQL_JSON_KEY_BYTES = 65535 };

static bool is_type(const struct mr_column *c, const char *name)
{
    return strcmp(c->data_type, name) == 0;
}

uint64_t mr_column_fit_size(const struct mr_column *column)
{
    const char *open = strchr(column->type, '(');
    return open != NULL ? strtoull(open + 1, NULL, 10) : 0;
}

bool mr_column_fit_is_same(const struct mr_column *to, const struct mr_column *from)
{
    return from != NULL && strcmp(to->type, from->type) == 0 && to->is_json == from->is_json &&
           mr_same_text(to->charset, from->charset) &&
           (to->srid == NULL || mr_same_text(to->srid, from->srid));
}

static enum mr_fit no(struct mr_strbuf *why, const char *what, const struct mr_column *to)
{
    mr_strbuf_add_fmt(why, "%s %s", what, to->type);
    return MR_FIT_NO;
}

/* ---- numbers ---- */

/* A number in decimal digits: sign, digits without zeros at either end, and where the point
 * stands in them (value = 0.DIGITS * 10^point). */
struct digits {
    bool minus;
    char text[DIGITS_MAX];
    size_t count;
    long point;
};

/* Digits of text at *at go to d; `whole`: they stand before the point. */
static bool take_digits(struct digits *d, const char *text, size_t len, size_t *at, bool whole)
{
    size_t from = *at;
    for (; *at < len && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
        bool leading = d->count == 0 && text[*at] == '0';
        if (whole && !leading)
            d->point++;
        if (!whole && leading)
            d->point--;
        if (leading)
            continue;
        if (d->count == DIGITS_MAX)
            return false;
        d->text[d->count++] = text[*at];
    }
    return *at > from;
}

/* [-+]digits, all of it, and no more than a column of numbers could ever mean: a text of a
 * few bytes must not stand for a million zeros. */
static bool parse_exponent(const char *text, size_t len, long *out)
{
    bool minus = len > 0 && text[0] == '-';
    size_t at = len > 0 && (text[0] == '-' || text[0] == '+'), from = at;
    long value = 0;
    for (; at < len && text[at] >= '0' && text[at] <= '9' && value <= DIGITS_MAX; at++)
        value = value * 10 + (text[at] - '0');
    *out = minus ? -value : value;
    return at == len && at > from && value <= DIGITS_MAX;
}

/* [-+]digits[.digits][e[-+]digits], all of it. */
static bool parse_digits(const char *text, size_t len, struct digits *d)
{
    size_t at = 0;
    *d = (struct digits){.minus = len > 0 && text[0] == '-'};
    at += len > 0 && (text[0] == '-' || text[0] == '+');
    bool any = take_digits(d, text, len, &at, true);
    if (at < len && text[at] == '.') {
        at++;
        any = take_digits(d, text, len, &at, false) || any;
    }
    if (any && at < len && (text[at] == 'e' || text[at] == 'E')) {
        long exponent = 0;
        if (!parse_exponent(text + at + 1, len - at - 1, &exponent))
            return false;
        d->point += exponent;
        at = len;
    }
    while (d->count > 0 && d->text[d->count - 1] == '0')
        d->count--;
    if (d->count == 0)
        d->point = 0;
    d->minus = d->minus && d->count > 0;
    return any && at == len;
}

/* Of any value that is a number, or a text that reads as one. */
static bool digits_of(const struct mr_value *v, struct digits *d)
{
    char text[40];
    switch (v->cls) {
    case MR_CLASS_INT: (void)snprintf(text, sizeof text, "%" PRId64, v->i); break;
    case MR_CLASS_UINT: (void)snprintf(text, sizeof text, "%" PRIu64, v->u); break;
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: (void)snprintf(text, sizeof text, "%.17g", v->d); break;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_DECIMAL:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: return v->len > 0 && parse_digits(v->ptr, v->len, d);
    }
    return parse_digits(text, strlen(text), d);
}

static void add_digits(struct mr_strbuf *out, const struct digits *d)
{
    mr_strbuf_add_str(out, d->minus ? "-" : "");
    if (d->point <= 0)
        mr_strbuf_add_str(out, "0.");
    for (long i = d->point; i < 0; i++)
        mr_strbuf_add_char(out, '0');
    for (size_t i = 0; i < d->count; i++) {
        if (i > 0 && (long)i == d->point)
            mr_strbuf_add_char(out, '.');
        mr_strbuf_add_char(out, d->text[i]);
    }
    for (long i = (long)d->count; i < d->point; i++)
        mr_strbuf_add_char(out, '0');
}

/* Is |d| at most the number in these digits? */
static bool is_at_most(const struct digits *d, uint64_t most)
{
    struct digits limit;
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, most);
    (void)parse_digits(text, strlen(text), &limit);
    if (d->count == 0 || d->point != limit.point)
        return d->count == 0 || d->point < limit.point;
    size_t n = d->count < limit.count ? d->count : limit.count;
    int c = memcmp(d->text, limit.text, n);
    return c != 0 ? c < 0 : d->count <= limit.count;
}

static bool has_fraction(const struct digits *d)
{
    return d->count > 0 && d->point < (long)d->count;
}

/* What an integer type holds, as magnitudes. */
struct limits {
    const char *type;
    uint64_t low, high, high_unsigned;
};

static const struct limits integers[] = {
    {"tinyint", 128, 127, UINT8_MAX},
    {"smallint", 32768, 32767, UINT16_MAX},
    {"mediumint", 8388608, 8388607, 16777215},
    {"int", (uint64_t)1 << 31, INT32_MAX, UINT32_MAX},
    {"bigint", (uint64_t)1 << 63, INT64_MAX, UINT64_MAX},
};

static bool is_year(const struct digits *d)
{
    return d->count == 0 || (!d->minus && is_at_most(d, 2155) && !is_at_most(d, 1900));
}

/* The range is that of the type itself: without strict mode a server cuts a value to the nearest
 * end, in silence. */
static enum mr_fit fit_integer(const struct mr_column *to, const struct digits *d,
                               struct mr_strbuf *why)
{
    uint64_t low = 0, high = UINT64_MAX;
    bool is_bit = is_type(to, "bit");
    if (is_bit) {
        uint64_t width = mr_column_fit_size(to);
        high = width == 0 ? 1 : width >= 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    }
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        if (is_type(to, integers[i].type)) {
            low = to->is_unsigned ? 0 : integers[i].low;
            high = to->is_unsigned ? integers[i].high_unsigned : integers[i].high;
        }
    bool fits = is_type(to, "year") ? is_year(d) : is_at_most(d, d->minus ? low : high);
    if (fits && !has_fraction(d))
        return MR_FIT_YES;
    add_digits(why, d);
    return no(why, fits ? " is no whole number for" : " is out of range of", to);
}

/* Of "decimal(10,2)" and "double(10,2)": digits in all, and behind the point; false: none
 * are said. */
static bool said_digits(const struct mr_column *to, long *all, long *behind)
{
    const char *open = strchr(to->type, '('), *comma;
    if (open == NULL)
        return false;
    *all = (long)mr_column_fit_size(to);
    comma = strchr(open, ',');
    *behind = comma != NULL ? strtol(comma + 1, NULL, 10) : 0;
    return true;
}

static enum mr_fit fit_scale(const struct mr_column *to, const struct digits *d, long all,
                             long behind, struct mr_strbuf *why)
{
    long fraction = (long)d->count - d->point;
    if (d->minus && to->is_unsigned) {
        add_digits(why, d);
        return no(why, " is negative, the column is", to);
    }
    if (d->count == 0 || (fraction <= behind && d->point <= all - behind))
        return MR_FIT_YES;
    add_digits(why, d);
    return no(why, fraction > behind ? " would be rounded in" : " is out of range of", to);
}

static enum mr_fit fit_decimal(const struct mr_column *to, const struct digits *d,
                               struct mr_strbuf *why)
{
    long all = 10, behind = 0;
    (void)said_digits(to, &all, &behind);
    return fit_scale(to, d, all, behind, why);
}

static enum mr_fit fit_real(const struct mr_column *to, const struct mr_value *v,
                            const struct digits *d, struct mr_strbuf *why)
{
    long all = 0, behind = 0;
    bool is_float = is_type(to, "float"), was_real = v->cls == MR_CLASS_DOUBLE;
    const char *text = to->type;
    double value = v->d;
    if (said_digits(to, &all, &behind) && strchr(text, ',') != NULL) {
        /* the digits that people see of it, not those of its bits */
        struct digits shown = *d;
        char shortest[40];
        for (int n = is_float ? FLT_DIG : DBL_DIG; was_real && n <= 17; n++) {
            (void)snprintf(shortest, sizeof shortest, "%.*g", n, value);
            if (strtod(shortest, NULL) == value ||
                (is_float && (float)strtod(shortest, NULL) == (float)value))
                break;
        }
        if (was_real)
            (void)parse_digits(shortest, strlen(shortest), &shown);
        enum mr_fit fit = fit_scale(to, &shown, all, behind, why);
        if (fit != MR_FIT_YES)
            return fit;
    }
    if (d->minus && to->is_unsigned) {
        add_digits(why, d);
        return no(why, " is negative, the column is", to);
    }
    bool fits = was_real ? !is_float || (double)(float)value == value
                         : (long)d->count <= (is_float ? FLT_DIG : DBL_DIG) &&
                               labs(d->point) < (is_float ? FLT_MAX_10_EXP : DBL_MAX_10_EXP);
    if (fits)
        return MR_FIT_YES;
    add_digits(why, d);
    return no(why, " loses digits in", to);
}

/* Would the text be another one if a column of numbers gave it back? */
static bool is_spelled_oddly(const struct mr_fit_value *v, const struct digits *d)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool was_text = v->from != NULL && mr_class_has_charset(v->from->cls);
    if (!was_text || v->value->cls != MR_CLASS_TEXT)
        return false;
    if (d->count == 0)
        mr_strbuf_add_char(&text, '0');
    else
        add_digits(&text, d);
    bool odd =
        text.failed || text.len != v->value->len || memcmp(text.ptr, v->value->ptr, text.len) != 0;
    mr_strbuf_release(&text);
    return odd;
}

/* YEAR takes the text '0' for 2000, '0000' for no year. */
static bool is_short_zero(const struct mr_value *v)
{
    return v->cls == MR_CLASS_TEXT && v->len > 0 && v->len < 4 &&
           memcmp(v->ptr, "000", v->len) == 0;
}

static enum mr_fit fit_number(const struct mr_column *to, const struct mr_fit_value *v,
                              struct mr_strbuf *why)
{
    struct digits d;
    if (!digits_of(v->value, &d) || is_spelled_oddly(v, &d) ||
        (is_type(to, "year") && is_short_zero(v->value)))
        return no(why, "the text is no number as it would be written by", to);
    if (to->cls == MR_CLASS_DECIMAL)
        return fit_decimal(to, &d, why);
    if (to->cls == MR_CLASS_FLOAT || to->cls == MR_CLASS_DOUBLE)
        return fit_real(to, v->value, &d, why);
    return fit_integer(to, &d, why);
}

/* ---- times ---- */

/* `count` digits; moves *at. */
static bool take_number(const char *text, size_t len, size_t *at, size_t count, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++, ++*at) {
        if (*at >= len || text[*at] < '0' || text[*at] > '9')
            return false;
        *out = *out * 10 + (uint32_t)(text[*at] - '0');
    }
    return true;
}

static bool take_char(const char *text, size_t len, size_t *at, char c)
{
    bool is = *at < len && text[*at] == c;
    *at += is;
    return is;
}

/* A fraction has at least one digit, and up to six; missing ones are zeros behind it: .5 is half a
 * second. */
static bool take_clock(const char *text, size_t len, size_t *at, struct mr_time *t)
{
    if (!take_char(text, len, at, ':') || !take_number(text, len, at, 2, &t->minute) ||
        !take_char(text, len, at, ':') || !take_number(text, len, at, 2, &t->second))
        return false;
    if (!take_char(text, len, at, '.'))
        return true;
    size_t count = 0;
    for (uint32_t digit; count < 6 && take_number(text, len, at, 1, &digit); count++)
        t->micros = t->micros * 10 + digit;
    for (size_t i = count; i < 6; i++)
        t->micros *= 10;
    return count > 0;
}

/* YYYY-MM-DD[ HH:MM:SS[.f]] */
static bool parse_date(const char *text, size_t len, struct mr_time *t)
{
    size_t at = 0;
    *t = (struct mr_time){0};
    if (!take_number(text, len, &at, 4, &t->year) || !take_char(text, len, &at, '-') ||
        !take_number(text, len, &at, 2, &t->month) || !take_char(text, len, &at, '-') ||
        !take_number(text, len, &at, 2, &t->day))
        return false;
    return at == len ||
           (take_char(text, len, &at, ' ') && take_number(text, len, &at, 2, &t->hour) &&
            take_clock(text, len, &at, t) && at == len);
}

/* [-]HH[H]:MM:SS[.f] */
static bool parse_clock(const char *text, size_t len, struct mr_time *t)
{
    size_t at = 0;
    *t = (struct mr_time){0};
    t->negative = take_char(text, len, &at, '-');
    size_t hours = len > at + 2 && text[at + 2] == ':' ? 2 : 3;
    return take_number(text, len, &at, hours, &t->hour) && take_clock(text, len, &at, t) &&
           at == len;
}

bool mr_column_fit_read_time(enum mr_class cls, const char *text, size_t len, struct mr_time *time)
{
    return cls == MR_CLASS_TIME ? parse_clock(text, len, time) : parse_date(text, len, time);
}

static bool is_zero(const struct mr_time *t)
{
    return t->year == 0 && t->month == 0 && t->day == 0 && t->hour == 0 && t->minute == 0 &&
           t->second == 0 && t->micros == 0;
}

/* TIMESTAMP counts the seconds of 32 bits from 1970 on. */
static bool is_stamp(const struct mr_time *t)
{
    static const uint32_t last[] = {2038, 1, 19, 3, 14, 7};
    const uint32_t at[] = {t->year, t->month, t->day, t->hour, t->minute, t->second};
    if (is_zero(t))
        return true;
    if (!mr_when_is_day(t) || t->year < 1970 ||
        (t->year == 1970 && t->month == 1 && t->day == 1 && t->hour == 0 && t->minute == 0 &&
         t->second == 0))
        return false;
    for (size_t i = 0; i < 6; i++)
        if (at[i] != last[i])
            return at[i] < last[i];
    return true;
}

static bool cuts_fraction(const struct mr_column *to, const struct mr_time *t)
{
    uint32_t step = 1000000;
    for (unsigned i = 0; i < to->decimals && step > 1; i++)
        step /= 10;
    return t->micros % step != 0;
}

/* What is written as a text may be no day at all; a value that came from a column of times was
 * accepted by a server, also as a day of zeros. */
static enum mr_fit fit_time(const struct mr_column *to, const struct mr_fit_value *v,
                            struct mr_strbuf *why)
{
    struct mr_time t = v->value->t;
    bool known = v->value->cls == to->cls;
    bool is_written = v->value->cls == MR_CLASS_TEXT;
    if (is_written && v->value->ptr != NULL)
        known = mr_column_fit_read_time(to->cls, v->value->ptr, v->value->len, &t);
    if (!known)
        return no(why, "the value is no time for", to);
    if (to->cls == MR_CLASS_TIME && (t.hour > 838 || t.minute > 59 || t.second > 59))
        return no(why, "the time is out of range of", to);
    if (is_written && to->cls != MR_CLASS_TIME &&
        ((!mr_when_is_day(&t) && !(is_zero(&t) && v->from != NULL)) || t.hour > 23 ||
         t.minute > 59 || t.second > 59))
        return no(why, "there is no such day for", to);
    if (to->cls == MR_CLASS_DATE && (t.hour | t.minute | t.second | t.micros) != 0)
        return no(why, "the time of the day is lost in", to);
    if (is_type(to, "timestamp") && !is_stamp(&t))
        return no(why, "the time is out of range of", to);
    return cuts_fraction(to, &t) ? no(why, "fractions of a second are lost in", to) : MR_FIT_YES;
}

/* ---- bytes ---- */

static uint64_t blob_bytes(const struct mr_column *to)
{
    if (is_type(to, "tinyblob"))
        return UINT8_MAX;
    if (is_type(to, "blob"))
        return UINT16_MAX;
    if (is_type(to, "mediumblob"))
        return 0xffffff;
    return is_type(to, "longblob") ? UINT32_MAX : mr_column_fit_size(to);
}

static enum mr_fit fit_binary(const struct mr_column *to, const struct mr_value *v,
                              struct mr_strbuf *why)
{
    uint64_t most = blob_bytes(to);
    if (most > 0 && v->len > most) {
        mr_strbuf_add_fmt(why, "%zu bytes, %s holds %" PRIu64, v->len, to->type, most);
        return MR_FIT_NO;
    }
    if (is_type(to, "binary") && v->len < most) {
        mr_strbuf_add_fmt(why, "%zu bytes would be padded in %s", v->len, to->type);
        return MR_FIT_NO;
    }
    return MR_FIT_YES;
}

/* SRID (4 bytes), byte order, type of the shape (4 bytes). */
static enum mr_fit fit_shape(const struct mr_column *to, const struct mr_value *v,
                             struct mr_strbuf *why)
{
    static const char *const shapes[] = {
        "point",           "linestring",   "polygon",           "multipoint",
        "multilinestring", "multipolygon", "geometrycollection"};
    const unsigned char *bytes = v->ptr;
    if (v->len < 9 || bytes == NULL)
        return MR_FIT_YES;
    unsigned long srid = bytes[0] | (unsigned long)bytes[1] << 8 | (unsigned long)bytes[2] << 16 |
                         (unsigned long)bytes[3] << 24;
    if (to->srid != NULL && strtoul(to->srid, NULL, 10) != srid) {
        mr_strbuf_add_fmt(why, "SRID %lu, the column takes SRID %s only", srid, to->srid);
        return MR_FIT_NO;
    }
    if (is_type(to, "geometry"))
        return MR_FIT_YES;
    unsigned shape = bytes[4] == 1 ? bytes[5] : bytes[8];
    const char *name = is_type(to, "geomcollection") ? shapes[6] : to->data_type;
    if (shape >= 1 && shape <= 7 && strcmp(shapes[shape - 1], name) == 0)
        return MR_FIT_YES;
    return no(why, "the shape is none for", to);
}

/* What MySQL does not store; at is just behind the quote that opens a string. */
static const char *end_of_string(const char *at, bool *stored)
{
    const char *from = at;
    for (; *at != '\0' && *at != '"'; at += *at == '\\' && at[1] != '\0' ? 2 : 1)
        if (at[0] == '\\' && at[1] == 'u' && at[2] == 'd')
            *stored = false; /* a surrogate that stands alone */
    if (*at == '"' && at[1] == ':' && at - from > MYSQL_JSON_KEY_BYTES)
        *stored = false;
    return *at == '"' ? at + 1 : at;
}

/* A document in its normal form (json_norm.h). */
static bool is_stored(const char *normal)
{
    unsigned depth = 0;
    bool stored = true;
    for (const char *at = normal; stored && *at != '\0';) {
        char *end = NULL;
        if (*at == '"') {
            at = end_of_string(at + 1, &stored);
        } else if (*at == '-' || (*at >= '0' && *at <= '9')) {
            stored = isfinite(strtod(at, &end)) != 0;
            at = end;
        } else {
            depth += *at == '[' || *at == '{';
            depth -= *at == ']' || *at == '}';
            stored = depth <= MYSQL_JSON_DEPTH;
            at++;
        }
    }
    return stored;
}

/* MariaDB's JSON is a text of which a CHECK says so; MySQL has a type of its own. */
static enum mr_fit fit_json(const struct mr_column *to, const struct mr_fit_value *v,
                            struct mr_strbuf *why)
{
    const bool native = strcmp(to->type, "json") == 0;
    struct mr_strbuf normal = MR_STRBUF_INIT;
    if (v->from != NULL && v->from->cls == MR_CLASS_JSON &&
        (!native || strcmp(v->from->type, "json") == 0))
        return MR_FIT_YES;
    bool is_json = v->value->ptr != NULL && mr_json_norm(v->value->ptr, v->value->len, &normal);
    bool stored = !is_json || !native || normal.failed || is_stored(normal.ptr);
    mr_strbuf_release(&normal);
    if (!is_json)
        return no(why, "the text is no JSON for", to);
    return stored ? MR_FIT_YES
                  : no(why,
                       "a number beyond DOUBLE, nesting beyond 100, a key beyond 64 KiB "
                       "or half a character, which MySQL refuses in",
                       to);
}

/* ---- all of them ---- */

static bool has_bytes(const struct mr_value *v)
{
    return mr_class_has_charset(v->cls) || mr_class_is_bytes(v->cls) || v->cls == MR_CLASS_JSON;
}

static enum mr_fit by_class(const struct mr_column *to, const struct mr_fit_value *v,
                            struct mr_strbuf *why)
{
    switch (to->cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_DECIMAL: return fit_number(to, v, why);
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM: return mr_column_fit_text(to, v, why);
    case MR_CLASS_BINARY: return fit_binary(to, v->value, why);
    case MR_CLASS_GEOMETRY: return fit_shape(to, v->value, why);
    case MR_CLASS_JSON: return fit_json(to, v, why);
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: return fit_time(to, v, why);
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL: break;
    }
    return MR_FIT_YES;
}

enum mr_fit mr_column_fit(const struct mr_column *to, const struct mr_fit_value *v,
                          struct mr_strbuf *why)
{
    if (to->generated)
        return MR_FIT_YES;
    if (v->value->cls == MR_CLASS_NULL) {
        if (to->nullable)
            return MR_FIT_YES;
        mr_strbuf_add_str(why, "NULL, the column is NOT NULL");
        return MR_FIT_NO;
    }
    if (has_bytes(v->value) && v->most_bytes > 0 && v->value->len > v->most_bytes) {
        mr_strbuf_add_fmt(why, "%zu bytes, max_allowed_packet of the target is %" PRIu64,
                          v->value->len, v->most_bytes);
        return MR_FIT_NO;
    }
    /* an id may have been mapped to one that its own column never held */
    if (mr_column_fit_is_same(to, v->from) && !mr_class_is_integer(to->cls))
        return MR_FIT_YES;
    return by_class(to, v, why);
}
