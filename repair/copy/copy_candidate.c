/* copy_candidate.c: values at the upper end of a type; see copy_park.h. */
#include <stdlib.h>
#include <string.h>

#include "core/row/row_class.h"

#include "repair/copy/copy_park.h"

enum { DIGITS = 36, DECIMAL_DIGITS_MAX = 18, DAYS = 28, MONTHS = 12, SHORT_TEXT = 6 };

/* The number in parentheses of a type, or 0. */
static unsigned long long length_of(const char *type)
{
    const char *open = strchr(type, '(');
    return open != NULL ? strtoull(open + 1, NULL, 10) : 0;
}

static bool is_type(const struct mr_column *col, const char *name)
{
    return strcmp(col->data_type, name) == 0;
}

/* The greatest values of a type, down to 1: people and counters come to these last. */
static bool integer(const struct mr_column *col, uint64_t k, struct mr_value *v)
{
    static const struct {
        const char *name;
        unsigned bits;
    } types[] = {{"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}};
    if (is_type(col, "year")) {
        *v = (struct mr_value){.cls = MR_CLASS_UINT, .u = 2155 - k};
        return k < 250;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!is_type(col, types[i].name))
            continue;
        uint64_t max = UINT64_MAX >> (64 - types[i].bits + !col->is_unsigned);
        *v = (struct mr_value){.cls = MR_CLASS_UINT, .u = max - k};
        return k < max;
    }
    return false;
}

static bool decimal(const struct mr_column *col, uint64_t k, struct mr_strbuf *text)
{
    const char *comma = strchr(col->type, ',');
    unsigned long long scale = comma != NULL ? strtoull(comma + 1, NULL, 10) : 0;
    unsigned long long digits = length_of(col->type);
    uint64_t max = 1;
    if (digits <= scale)
        return false;
    for (unsigned long long i = 0; i < digits - scale && i < DECIMAL_DIGITS_MAX; i++)
        max *= 10;
    mr_strbuf_add_fmt(text, "%llu", (unsigned long long)(max - 1 - k));
    return k + 1 < max;
}

/* Types of MariaDB that are read as text, and take none but their own. */
static bool spelt(const struct mr_column *col, uint64_t k, struct mr_strbuf *out)
{
    if (is_type(col, "uuid"))
        mr_strbuf_add_fmt(out, "ffffffff-ffff-ffff-ffff-%012llx",
                          0xffffffffffffULL - (unsigned long long)k);
    else if (is_type(col, "inet6"))
        mr_strbuf_add_fmt(out, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:%llx",
                          0xffffULL - (unsigned long long)k);
    else if (is_type(col, "inet4"))
        mr_strbuf_add_fmt(out, "255.255.255.%llu", 255ULL - (unsigned long long)k);
    return out->len > 0 && k < (is_type(col, "inet4") ? 256 : 0xffff);
}

/* Wide enough columns say what the value is. */
static bool text(const struct mr_column *col, uint64_t k, struct mr_strbuf *out)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    unsigned long long n = length_of(col->type);
    bool wide = col->charset != NULL &&
                (strncmp(col->charset, "utf16", 5) == 0 || strncmp(col->charset, "utf32", 5) == 0 ||
                 strcmp(col->charset, "ucs2") == 0);
    if (strstr(col->data_type, "char") == NULL && strstr(col->data_type, "text") == NULL)
        return spelt(col, k, out);
    if (wide || col->is_json)
        return false;
    if (n == 0 || n >= 28) {
        mr_strbuf_add_fmt(out, "myrecon %llu", (unsigned long long)k);
        return true;
    }
    n = n < SHORT_TEXT ? n : SHORT_TEXT;
    for (; n > 0; n--, k /= DIGITS)
        mr_strbuf_add_char(out, digits[DIGITS - 1 - k % DIGITS]);
    return k == 0;
}

static bool binary(const struct mr_column *col, uint64_t k, struct mr_strbuf *out)
{
    unsigned long long n = length_of(col->type);
    if (n == 0 || (!is_type(col, "binary") && n > 16))
        n = 16;
    for (unsigned long long i = 0; i < n; i++) {
        unsigned shift = n - 1 - i < 8 ? (unsigned)(n - 1 - i) * 8 : 64;
        mr_strbuf_add_char(out, (char)(0xff - (shift < 64 ? (k >> shift) & 0xff : 0)));
    }
    return n >= 8 || k >> (n * 8) == 0;
}

/* No day beyond the 28th, so that each month has it, and no year in which TIMESTAMP ends. */
static bool when(const struct mr_column *col, enum mr_class cls, uint64_t k, struct mr_value *v)
{
    v->cls = cls;
    if (cls == MR_CLASS_TIME) {
        uint64_t seconds = 838 * 3600 + 3599 - k;
        v->t = (struct mr_time){.hour = (uint32_t)(seconds / 3600),
                                .minute = (uint32_t)(seconds / 60 % 60),
                                .second = (uint32_t)(seconds % 60)};
        return k < 838 * 3600;
    }
    v->t = (struct mr_time){
        .year = (uint32_t)((is_type(col, "timestamp") ? 2037 : 9999) - k / (DAYS * MONTHS)),
        .month = (uint32_t)(MONTHS - k / DAYS % MONTHS),
        .day = (uint32_t)(DAYS - k % DAYS)};
    return k < (uint64_t)DAYS * MONTHS * 60;
}

bool mr_copy_candidate(const struct mr_column *col, enum mr_class cls, uint64_t k,
                       struct mr_strbuf *out)
{
    struct mr_value v = {.cls = cls};
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    bool fits = false;
    mr_strbuf_reset(out);
    if (mr_class_is_integer(cls)) {
        fits = integer(col, k, &v);
    } else if (cls == MR_CLASS_DOUBLE || cls == MR_CLASS_FLOAT) {
        /* whole numbers that both types hold exactly */
        v = (struct mr_value){.cls = MR_CLASS_DOUBLE, .d = (double)(16777216 - k)};
        fits = k < 16777216 && strchr(col->type, '(') == NULL;
    } else if (mr_class_is_moment(cls) || cls == MR_CLASS_TIME) {
        fits = when(col, cls, k, &v);
    } else if (cls == MR_CLASS_DECIMAL) {
        fits = decimal(col, k, &bytes);
    } else if (cls == MR_CLASS_TEXT) {
        fits = text(col, k, &bytes);
    } else if (cls == MR_CLASS_BINARY) {
        fits = binary(col, k, &bytes);
    }
    if (bytes.len > 0) {
        v.ptr = bytes.ptr;
        v.len = bytes.len;
    }
    fits = fits && mr_row_encode(out, &v, NULL) == MR_OK;
    mr_strbuf_release(&bytes);
    return fits;
}
