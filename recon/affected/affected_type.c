/* affected_type.c: see affected_type.h. */
#include "recon/affected/affected_type.h"

#include <stdlib.h>
#include <string.h>

#define ROW_BYTES 60000U    /* the servers' limit is 65,535, for all columns together */
#define VARCHAR_CHARS 1000U /* more than that is stored apart */
#define DECIMAL_DIGITS 65U
#define DECIMAL_FRACTION 30U
#define FIRST_YEAR 1901U /* of a YEAR */
#define LAST_YEAR 2155U
#define FIRST_STAMP 1971U /* years that a TIMESTAMP holds whole */
#define LAST_STAMP 2037U

/* Is that the type's name, whatever stands behind it? */
static bool is_named(const char *declared, const char *name)
{
    size_t len = strlen(name);
    return declared != NULL && strncmp(declared, name, len) == 0 &&
           (declared[len] == '\0' || declared[len] == '(' || declared[len] == ' ');
}

/* The n-th number in parentheses, "decimal(10,2)"; 0: none. */
static unsigned number_in(const char *declared, unsigned n)
{
    const char *at = declared != NULL ? strchr(declared, '(') : NULL;
    for (; at != NULL && n > 0; n--)
        at = strchr(at + 1, ',');
    return at != NULL ? (unsigned)strtoul(at + 1, NULL, 10) : 0;
}

/* ---- numbers ---- */

static bool fits(const struct mr_affected_extent *e, unsigned bits, bool is_unsigned)
{
    if (is_unsigned)
        return e->least == 0 && (bits == 64 || e->most >> bits == 0);
    uint64_t most = UINT64_MAX >> (65 - bits);
    return e->most <= most && e->least >= -(int64_t)most - 1;
}

/* The declared type is kept where all values fit it, so that the table looks like the one it
 * came from; else the narrowest of eight bytes or more that holds them. */
static void add_integer(struct mr_strbuf *sql, const struct mr_affected_type *type)
{
    static const struct {
        const char *name;
        unsigned bits;
    } sizes[] = {{"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}};
    const struct mr_affected_extent *e = type->extent;
    bool is_unsigned = type->declared != NULL && strstr(type->declared, " unsigned") != NULL;
    unsigned bits = number_in(type->declared, 0);
    if (is_named(type->declared, "year") && e->least == 0 && e->most <= LAST_YEAR &&
        (e->positive == 0 || e->positive >= FIRST_YEAR)) {
        mr_strbuf_add_str(sql, "year");
        return;
    }
    if (is_named(type->declared, "bit") && bits > 0 && bits <= 64 && fits(e, bits, true)) {
        mr_strbuf_add_fmt(sql, "bit(%u)", bits);
        return;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (is_named(type->declared, sizes[i].name) && fits(e, sizes[i].bits, is_unsigned)) {
            mr_strbuf_add_fmt(sql, "%s%s", sizes[i].name, is_unsigned ? " unsigned" : "");
            return;
        }
    mr_strbuf_add_str(sql, fits(e, 64, false)  ? "bigint"
                           : fits(e, 64, true) ? "bigint unsigned"
                                               : "decimal(20,0)");
}

/* Both sides may have declared it differently: the values decide beyond what one declaration
 * allows. */
static void add_decimal(struct mr_strbuf *sql, const struct mr_affected_type *type)
{
    unsigned digits = number_in(type->declared, 0), scale = number_in(type->declared, 1);
    unsigned whole = digits >= scale ? digits - scale : 0;
    if (type->extent->whole > whole)
        whole = type->extent->whole;
    if (type->extent->fraction > scale)
        scale = type->extent->fraction;
    if (whole + scale == 0)
        whole = 1;
    if (scale <= DECIMAL_FRACTION && whole + scale <= DECIMAL_DIGITS)
        mr_strbuf_add_fmt(sql, "decimal(%u,%u)", whole + scale, scale);
    else
        mr_strbuf_add_str(sql, "longtext");
}

/* ---- times ---- */

static void add_temporal(struct mr_strbuf *sql, const char *name, unsigned decimals)
{
    mr_strbuf_add_str(sql, name);
    if (decimals > 0)
        mr_strbuf_add_fmt(sql, "(%u)", decimals > 6 ? 6 : decimals);
}

static bool is_stamp(const struct mr_affected_type *type)
{
    const struct mr_affected_extent *e = type->extent;
    return is_named(type->declared, "timestamp") && !e->no_day &&
           (e->last_year == 0 || (e->first_year >= FIRST_STAMP && e->last_year <= LAST_STAMP));
}

/* ---- texts and bytes ---- */

void mr_affected_add_text_type(struct mr_strbuf *sql, size_t chars, size_t *row_bytes)
{
    size_t bytes = 4 * chars + 2;
    if (chars > VARCHAR_CHARS || *row_bytes + bytes > ROW_BYTES) {
        mr_strbuf_add_str(sql, "longtext");
        return;
    }
    *row_bytes += bytes;
    mr_strbuf_add_fmt(sql, "varchar(%zu)", chars > 0 ? chars : 1);
}

static void add_text(struct mr_strbuf *sql, const struct mr_affected_type *type, size_t *row_bytes)
{
    size_t chars = type->extent->chars;
    bool sized = is_named(type->declared, "char") || is_named(type->declared, "varchar");
    if (type->extent->no_text) {
        mr_strbuf_add_str(sql, "longblob");
    } else if (type->declared == NULL || strstr(type->declared, "text") != NULL) {
        mr_strbuf_add_str(sql, "longtext");
    } else {
        if (sized && number_in(type->declared, 0) > chars)
            chars = number_in(type->declared, 0);
        mr_affected_add_text_type(sql, chars, row_bytes);
    }
}

static void add_bytes(struct mr_strbuf *sql, const struct mr_affected_type *type, size_t *row_bytes)
{
    size_t bytes = number_in(type->declared, 0);
    bool sized = is_named(type->declared, "binary") || is_named(type->declared, "varbinary");
    if (bytes < type->extent->bytes)
        bytes = type->extent->bytes;
    if (!sized || bytes > 4 * VARCHAR_CHARS || *row_bytes + bytes + 2 > ROW_BYTES) {
        mr_strbuf_add_str(sql, "longblob");
        return;
    }
    *row_bytes += bytes + 2;
    mr_strbuf_add_fmt(sql, "varbinary(%zu)", bytes > 0 ? bytes : 1);
}

void mr_affected_add_type(struct mr_strbuf *sql, const struct mr_affected_type *type,
                          size_t *row_bytes)
{
    *row_bytes += 32; /* more than any type without a length of its own */
    switch (type->style.cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT: add_integer(sql, type); break;
    case MR_CLASS_FLOAT: mr_strbuf_add_str(sql, "float"); break;
    case MR_CLASS_DOUBLE: mr_strbuf_add_str(sql, "double"); break;
    case MR_CLASS_DECIMAL: add_decimal(sql, type); break;
    case MR_CLASS_DATE: mr_strbuf_add_str(sql, "date"); break;
    case MR_CLASS_DATETIME:
        add_temporal(sql, is_stamp(type) ? "timestamp" : "datetime", type->style.decimals);
        break;
    case MR_CLASS_TIME: add_temporal(sql, "time", type->style.decimals); break;
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM: add_text(sql, type, row_bytes); break;
    case MR_CLASS_BINARY: add_bytes(sql, type, row_bytes); break;
    case MR_CLASS_GEOMETRY: mr_strbuf_add_str(sql, "longblob"); break;
    case MR_CLASS_JSON:
    case MR_CLASS_NULL:
    case MR_CLASS_UNDECIDED: mr_strbuf_add_str(sql, "longtext"); break;
    }
}
