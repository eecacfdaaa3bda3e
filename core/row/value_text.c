/* value_text.c: values as text, JSON and on a screen; see value_text.h. */
#include "core/row/value_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "core/row/row_class.h"

enum {
    DOUBLE_DIGITS = 17,   /* enough for every double to read back */
    DOUBLE_TRY_FROM = 15, /* what a normal double always holds; fewer lose no time */
    FLOAT_DIGITS = 9,
    FLOAT_TRY_FROM = 6,
    FIXED_MAX = 15, /* point positions that servers, too, write without exponent */
    FIXED_MIN = -14
};

/* Digits and exponent of a double, as 0.d1d2d3… * 10^point. */
struct digits {
    char d[DOUBLE_DIGITS + 1];
    int count;
    int point;
};

static bool reads_back(const char *text, double d, bool is_float)
{
    double back = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
    return memcmp(&back, &d, sizeof d) == 0;
}

/* Below a power of two doubles stand closer than above it: what is rounded up to fewer digits may read
 * back where the nearest text of as many, which is below, does not. */
static bool is_power_of_two(double d)
{
    int exponent;
    return frexp(d, &exponent) == 0.5;
}

/* To the last digit of "1.23e4"; false: it would have one more. */
static bool add_one(char *text)
{
    for (char *p = strchr(text, 'e'); p-- != text;) {
        if (*p >= '0' && *p < '9') {
            (*p)++;
            return true;
        }
        if (*p == '9')
            *p = '0';
    }
    return false;
}

/* d > 0: the fewest digits that read back as d. */
static void shortest_digits(double d, bool is_float, struct digits *out)
{
    char text[DOUBLE_DIGITS + 16];
    int last = is_float ? FLOAT_DIGITS : DOUBLE_DIGITS;
    int n = is_float ? FLOAT_TRY_FROM : DOUBLE_TRY_FROM;
    if (is_float ? !isnormal((float)d) : !isnormal(d))
        n = 1; /* a denormal holds fewer digits than a normal number */
    for (;; n++) {
        (void)snprintf(text, sizeof text, "%.*e", n - 1, d);
        if (n >= last || reads_back(text, d, is_float))
            break;
        if (is_power_of_two(d) && add_one(text) && reads_back(text, d, is_float))
            break;
    }

    const char *p = text;
    out->count = 0;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            out->d[out->count++] = *p;
    while (out->count > 1 && out->d[out->count - 1] == '0')
        out->count--;
    out->point = (int)strtol(p + 1, NULL, 10) + 1;
}

static void add_zeros(struct mr_strbuf *out, int count)
{
    for (; count > 0; count--)
        mr_strbuf_add_char(out, '0');
}

static void add_fixed(struct mr_strbuf *out, const struct digits *n)
{
    size_t count = (size_t)n->count;
    if (n->point <= 0) {
        mr_strbuf_add_str(out, "0.");
        add_zeros(out, -n->point);
        mr_strbuf_add(out, n->d, count);
    } else if (n->point >= n->count) {
        mr_strbuf_add(out, n->d, count);
        add_zeros(out, n->point - n->count);
    } else {
        size_t whole = (size_t)n->point;
        mr_strbuf_add(out, n->d, whole);
        mr_strbuf_add_char(out, '.');
        mr_strbuf_add(out, n->d + whole, count - whole);
    }
}

static void add_nonzero(struct mr_strbuf *out, double d, const struct digits *n, bool is_fixed)
{
    if (d < 0)
        mr_strbuf_add_char(out, '-');
    if (is_fixed) {
        add_fixed(out, n);
        return;
    }
    mr_strbuf_add_char(out, n->d[0]);
    if (n->count > 1) {
        mr_strbuf_add_char(out, '.');
        mr_strbuf_add(out, n->d + 1, (size_t)n->count - 1);
    }
    mr_strbuf_add_fmt(out, "e%d", n->point - 1);
}

static void add_double(struct mr_strbuf *out, double d, bool is_float)
{
    struct digits n;
    if (d == 0) {
        mr_strbuf_add_char(out, '0');
        return;
    }
    if (!isfinite(d)) { /* no server stores one */
        mr_strbuf_add_str(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
        return;
    }
    /* A value that is no float cannot read back as one. */
    shortest_digits(fabs(d), is_float && (double)(float)d == d, &n);
    add_nonzero(out, d, &n, n.point >= FIXED_MIN && n.point <= FIXED_MAX);
}

void mr_value_add_double(struct mr_strbuf *out, double d)
{
    struct digits n;
    if (d == 0 || !isfinite(d)) {
        mr_strbuf_add_str(out, d == 0 && signbit(d) ? "-0" : "0");
        return;
    }
    shortest_digits(fabs(d), false, &n);
    add_nonzero(out, d, &n, n.point >= FIXED_MIN && (n.point <= FIXED_MAX || n.count > n.point));
}

#define DIGITS 10 /* of the greatest number */

/* At least so many digits, at the end of text; from where on.  Plans write millions of dates, and a format
 * is read anew for each. */
static const char *digits_of(char text[DIGITS], uint32_t number, unsigned digits)
{
    char *at = text + DIGITS;
    for (; number > 0 || (size_t)(text + DIGITS - at) < digits; number /= 10)
        *--at = (char)('0' + number % 10);
    return at;
}

static void add_digits(struct mr_strbuf *out, uint32_t number, unsigned digits)
{
    char text[DIGITS];
    const char *from = digits_of(text, number, digits);
    mr_strbuf_add(out, from, (size_t)(text + DIGITS - from));
}

/* Never hides a fraction that the column should not have. */
static void add_fraction(struct mr_strbuf *out, uint32_t micros, unsigned decimals)
{
    char text[DIGITS];
    static const uint32_t unit[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (decimals > 6 || micros % unit[decimals] != 0)
        decimals = 6;
    if (decimals == 0)
        return;
    mr_strbuf_add_char(out, '.');
    mr_strbuf_add(out, digits_of(text, micros, 6), decimals);
}

static void add_date(struct mr_strbuf *out, const struct mr_time *t)
{
    add_digits(out, t->year, 4);
    mr_strbuf_add_char(out, '-');
    add_digits(out, t->month, 2);
    mr_strbuf_add_char(out, '-');
    add_digits(out, t->day, 2);
}

static void add_temporal(struct mr_strbuf *out, const struct mr_value *value, unsigned decimals)
{
    const struct mr_time *t = &value->t;
    if (value->cls == MR_CLASS_TIME)
        mr_strbuf_add_str(out, t->negative ? "-" : "");
    else
        add_date(out, t);
    if (value->cls == MR_CLASS_DATE)
        return;
    if (value->cls == MR_CLASS_DATETIME)
        mr_strbuf_add_char(out, ' ');
    add_digits(out, t->hour, 2);
    mr_strbuf_add_char(out, ':');
    add_digits(out, t->minute, 2);
    mr_strbuf_add_char(out, ':');
    add_digits(out, t->second, 2);
    add_fraction(out, t->micros, decimals);
}

/* A YEAR has four digits, 0000 too. */
static void add_unsigned(struct mr_strbuf *out, uint64_t number, struct mr_value_style style)
{
    int digits = style.cls == MR_CLASS_UINT && style.decimals < 10 ? (int)style.decimals : 0;
    mr_strbuf_add_fmt(out, "%0*" PRIu64, digits, number);
}

/* With the digits of its column's scale: the encoding has no trailing zeros. */
static void add_decimal(struct mr_strbuf *out, const struct mr_value *value,
                        struct mr_value_style style)
{
    const char *text = value->ptr;
    const char *point = memchr(text, '.', value->len);
    size_t have = point != NULL ? value->len - (size_t)(point - text) - 1 : 0;
    mr_strbuf_add(out, text, value->len);
    if (style.cls != MR_CLASS_DECIMAL || have >= style.decimals)
        return;
    if (point == NULL)
        mr_strbuf_add_char(out, '.');
    for (; have < style.decimals; have++)
        mr_strbuf_add_char(out, '0');
}

static bool is_long(const struct mr_value *value)
{
    switch (value->cls) {
    case MR_CLASS_DECIMAL:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON: return value->ptr == NULL && value->len > 0;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: break;
    }
    return false;
}

void mr_value_to_text(struct mr_strbuf *out, const struct mr_value *value,
                      struct mr_value_style style)
{
    if (is_long(value)) {
        out->failed = true;
        return;
    }
    switch (value->cls) {
    case MR_CLASS_NULL: mr_strbuf_add_str(out, "NULL"); break;
    case MR_CLASS_INT:
        if (value->i >= 0)
            add_unsigned(out, (uint64_t)value->i, style);
        else
            mr_strbuf_add_fmt(out, "%" PRId64, value->i);
        break;
    case MR_CLASS_UINT: add_unsigned(out, value->u, style); break;
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: add_double(out, value->d, style.cls == MR_CLASS_FLOAT); break;
    case MR_CLASS_DECIMAL: add_decimal(out, value, style); break;
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_JSON: mr_strbuf_add(out, value->ptr, value->len); break;
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY: mr_strbuf_add_hex(out, value->ptr, value->len); break;
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: add_temporal(out, value, style.decimals); break;
    case MR_CLASS_UNDECIDED: out->failed = true; break;
    }
}

void mr_value_to_json(struct mr_strbuf *out, const struct mr_value *value,
                      struct mr_value_style style)
{
    struct mr_jsonw w;
    if (is_long(value)) {
        out->failed = true;
        return;
    }
    mr_jsonw_init_buf(&w, out);
    if (value->cls == MR_CLASS_NULL) {
        mr_jsonw_null(&w);
    } else if (mr_class_is_bytes(value->cls) ||
               (mr_class_is_text(value->cls) && !mr_utf8_is_valid(value->ptr, value->len))) {
        mr_jsonw_hex(&w, value->ptr, value->len);
    } else if (mr_class_is_text(value->cls)) {
        mr_jsonw_string(&w, value->ptr, value->len);
    } else {
        /* Digits and punctuation only: nothing to escape. */
        mr_strbuf_add_char(out, '"');
        mr_value_to_text(out, value, style);
        mr_strbuf_add_char(out, '"');
    }
    mr_jsonw_release(&w);
}

/* One character of a value as the screen shows it. */
struct glyph {
    char text[MR_UTF8_SHOWN_MAX];
    size_t len;   /* bytes of text */
    size_t width; /* columns */
    size_t eaten; /* bytes of the value */
};

static struct glyph text_glyph(const char *ptr, size_t len)
{
    struct glyph g;
    if (*ptr == '\'' || *ptr == '\0') {
        g = (struct glyph){.text = {'\\', *ptr == '\'' ? '\'' : '0'}, .len = 2};
        g.eaten = 1;
    } else {
        g.eaten = mr_utf8_show_one(ptr, len, true, g.text, &g.len);
    }
    g.width = mr_utf8_width(g.text, g.len);
    return g;
}

static struct glyph hex_glyph(const char *ptr, size_t len)
{
    struct glyph g = {.len = 2, .width = 2, .eaten = 1};
    (void)len;
    (void)snprintf(g.text, sizeof g.text, "%02x", (unsigned)(unsigned char)*ptr);
    return g;
}

static struct glyph plain_glyph(const char *ptr, size_t len)
{
    (void)len;
    return (struct glyph){.text = {*ptr}, .len = 1, .width = 1, .eaten = 1};
}

typedef struct glyph glyph_fn(const char *ptr, size_t len);

/* Where the last character of ptr[0..len) begins: the longest one that ends there. */
static size_t last_char(glyph_fn *show, const char *ptr, size_t len)
{
    for (size_t back = len < 4 ? len : 4; back > 1; back--)
        if (show(ptr + len - back, back).eaten == back)
            return len - back;
    return len - 1;
}

static void add_glyphs(struct mr_strbuf *out, glyph_fn *show, const char *ptr, size_t len)
{
    for (size_t pos = 0; pos < len;) {
        struct glyph g = show(ptr + pos, len - pos);
        mr_strbuf_add(out, g.text, g.len);
        pos += g.eaten;
    }
}

/* Appends as much of the value as fits; the middle gives way to "…". */
static void add_cut(struct mr_strbuf *out, glyph_fn *show, const char *ptr, size_t len,
                    size_t max_width)
{
    size_t head_room = (max_width - 1) / 2, tail_room = max_width - 1 - head_room;
    size_t head = 0, tail = len, width = 0, pos = 0;
    while (pos < len && width <= max_width) {
        struct glyph g = show(ptr + pos, len - pos);
        width += g.width;
        pos += g.eaten;
        if (width <= head_room)
            head = pos;
    }
    if (width <= max_width) {
        add_glyphs(out, show, ptr, len);
        return;
    }
    for (width = 0; tail > head; tail = pos) {
        pos = last_char(show, ptr, tail);
        width += show(ptr + pos, tail - pos).width;
        if (width > tail_room)
            break;
    }
    add_glyphs(out, show, ptr, head);
    mr_strbuf_add_str(out, "…");
    add_glyphs(out, show, ptr + tail, len - tail);
}

void mr_value_to_screen(struct mr_strbuf *out, const struct mr_value *value,
                        struct mr_value_style style, size_t max_width)
{
    if (is_long(value)) {
        out->failed = true;
        return;
    }
    if (max_width < MR_VALUE_MIN_WIDTH)
        max_width = MR_VALUE_MIN_WIDTH;
    if (mr_class_is_text(value->cls)) {
        mr_strbuf_add_char(out, '\'');
        add_cut(out, text_glyph, value->ptr, value->len, max_width - 2);
        mr_strbuf_add_char(out, '\'');
    } else if (mr_class_is_bytes(value->cls)) {
        mr_strbuf_add_str(out, "0x");
        add_cut(out, hex_glyph, value->ptr, value->len, max_width - 2);
    } else {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_value_to_text(&text, value, style);
        out->failed |= text.failed;
        add_cut(out, plain_glyph, text.ptr, text.len, max_width);
        mr_strbuf_release(&text);
    }
}

/* ---- two of them ---- */

#define CONTEXT 8 /* bytes before the first that differs */

static bool has_bytes(const struct mr_value *value)
{
    return (mr_class_is_text(value->cls) || mr_class_is_bytes(value->cls)) && !is_long(value);
}

/* Where to begin, so that the first byte that differs is seen. */
static size_t shortly_before(const struct mr_value *a, const struct mr_value *b)
{
    const unsigned char *x = a->ptr, *y = b->ptr;
    size_t at = 0;
    while (at < a->len && at < b->len && x[at] == y[at])
        at++;
    at = at > CONTEXT ? at - CONTEXT : 0;
    while (at > 0 && mr_class_is_text(a->cls) && (x[at] & 0xC0) == 0x80) /* within a character */
        at--;
    return at;
}

static void from_there(struct mr_strbuf *out, const struct mr_value *value, size_t at,
                       struct mr_value_style style, size_t max_width)
{
    struct mr_value rest = *value;
    if (at > 0) {
        rest.ptr = (const char *)value->ptr + at;
        rest.len = value->len - at;
        mr_strbuf_add_str(out, "…");
        max_width = max_width > MR_VALUE_MIN_WIDTH ? max_width - 1 : MR_VALUE_MIN_WIDTH;
    }
    mr_value_to_screen(out, &rest, style, max_width);
}

void mr_value_pair_to_screen(struct mr_strbuf *a_out, struct mr_strbuf *b_out,
                             const struct mr_value *a, const struct mr_value *b,
                             struct mr_value_style style, size_t max_width)
{
    size_t at = 0;
    if (a->cls == b->cls && has_bytes(a) && has_bytes(b)) {
        struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
        mr_value_to_screen(&x, a, style, max_width);
        mr_value_to_screen(&y, b, style, max_width);
        if (!x.failed && !y.failed && strcmp(x.ptr, y.ptr) == 0)
            at = shortly_before(a, b);
        mr_strbuf_release(&x);
        mr_strbuf_release(&y);
    }
    from_there(a_out, a, at, style, max_width);
    from_there(b_out, b, at, style, max_width);
}
