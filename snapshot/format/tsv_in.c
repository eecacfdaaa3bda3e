/* tsv_in.c: see tsv_in.h. */
#include "snapshot/format/tsv_in.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES ((size_t)128 * 1024)
#define HOURS_MAX 838 /* of a TIME */

struct mr_tsv_in {
    struct mr_feed from;
    const struct mr_snap_table *table;
    uint64_t max_row_bytes;
    struct mr_strbuf text; /* read, from `at` on not yet given */
    size_t at;
    uint64_t rows, bytes;
    bool is_over; /* the feed has ended */
    struct mr_value *values;
};

enum mr_code mr_tsv_in_open(struct mr_feed from, const struct mr_snap_table *table,
                            uint64_t max_row_bytes, struct mr_tsv_in **out, struct mr_err *err)
{
    struct mr_tsv_in *in = calloc(1, sizeof *in);
    *out = NULL;
    if (in == NULL)
        return mr_err_nomem(err, "reading rows");
    in->from = from;
    in->table = table;
    in->max_row_bytes = max_row_bytes;
    mr_strbuf_init(&in->text);
    in->values = calloc(table->ncolumns, sizeof *in->values);
    if (in->values == NULL) {
        mr_tsv_in_close(in);
        return mr_err_nomem(err, "reading rows");
    }
    *out = in;
    return MR_OK;
}

void mr_tsv_in_close(struct mr_tsv_in *in)
{
    if (in == NULL)
        return;
    mr_strbuf_release(&in->text);
    free(in->values);
    free(in);
}

uint64_t mr_tsv_in_bytes(const struct mr_tsv_in *in)
{
    return in->bytes;
}

static enum mr_code damaged(const struct mr_tsv_in *in, const char *what, struct mr_err *err)
{
    return mr_err_set(err, MR_E_IO, "row %" PRIu64 ": %s", in->rows + 1, what);
}

/* ---- lines ---- */

static enum mr_code read_more(struct mr_tsv_in *in, struct mr_err *err)
{
    size_t got = 0;
    if (in->at > 0) { /* what was given makes room */
        memmove(in->text.ptr, in->text.ptr + in->at, in->text.len - in->at);
        in->text.len -= in->at;
        in->at = 0;
    }
    if (in->text.len > in->max_row_bytes)
        return damaged(in, "it is longer than its chunk", err);
    if (!mr_strbuf_reserve(&in->text, READ_BYTES))
        return mr_err_nomem(err, "reading rows");
    enum mr_code code =
        in->from.read(in->from.arg, in->text.ptr + in->text.len, READ_BYTES, &got, err);
    if (code != MR_OK)
        return code;
    in->text.len += got;
    in->is_over = got == 0;
    return MR_OK;
}

/* The next line without its end, *len SIZE_MAX at the end of the text. */
static enum mr_code next_line(struct mr_tsv_in *in, char **line, size_t *len, struct mr_err *err)
{
    size_t seen = 0; /* of the line, without an end in it */
    for (;;) {
        char *from = in->text.ptr + in->at;
        size_t have = in->text.len - in->at;
        char *end = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;
        if (end != NULL) {
            *line = from;
            *len = (size_t)(end - from);
            in->at += *len + 1;
            in->bytes += *len + 1;
            return MR_OK;
        }
        seen = have;
        if (in->is_over) {
            *len = SIZE_MAX;
            return have == 0 ? MR_OK : damaged(in, "it has no end", err);
        }
        enum mr_code code = read_more(in, err);
        if (code != MR_OK)
            return code;
    }
}

/* ---- fields ---- */

/* Undoes the escapes in place; false for one that is not written. */
static bool unescape(char *field, size_t *len)
{
    char *from = memchr(field, '\\', *len), *to = from;
    const char *end = field + *len;
    if (from == NULL)
        return true;
    for (; from < end; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        if (++from == end)
            return false;
        switch (*from) {
        case '0': *to++ = '\0'; break;
        case 't': *to++ = '\t'; break;
        case 'n': *to++ = '\n'; break;
        case '\\': *to++ = '\\'; break;
        default: return false;
        }
    }
    *len = (size_t)(to - field);
    return true;
}

static bool take_digits(const char **at, const char *end, uint64_t *number)
{
    const char *from = *at;
    uint64_t n = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        unsigned digit = (unsigned)(**at - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *number = n;
    return *at > from;
}

static bool take_char(const char **at, const char *end, char c)
{
    if (*at >= end || **at != c)
        return false;
    (*at)++;
    return true;
}

/* A number that does not fit is refused: cut off it would be another value, and nobody would
 * know. */
static bool parse_integer(const char *at, const char *end, struct mr_value *value)
{
    uint64_t number;
    bool negative = take_char(&at, end, '-');
    if (!take_digits(&at, end, &number) || at != end)
        return false;
    if (value->cls == MR_CLASS_UINT) {
        value->u = number;
        return !negative;
    }
    if (number > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    value->i = negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

/* The field is followed by TAB or LF, at which strtod stops. */
static bool parse_double(const char *at, const char *end, bool is_float, struct mr_value *value)
{
    char *stop = NULL;
    if (at == end || strspn(at, "0123456789.e+-") < (size_t)(end - at))
        return false;
    value->d = strtod(at, &stop);
    if (is_float)
        value->d = (double)(float)value->d;
    return stop == end && isfinite(value->d);
}

static bool take_part(const char **at, const char *end, uint32_t most, uint32_t *part)
{
    uint64_t number;
    if (!take_digits(at, end, &number) || number > most)
        return false;
    *part = (uint32_t)number;
    return true;
}

static bool take_date(const char **at, const char *end, struct mr_time *t)
{
    return take_part(at, end, 9999, &t->year) && take_char(at, end, '-') &&
           take_part(at, end, 12, &t->month) && take_char(at, end, '-') &&
           take_part(at, end, 31, &t->day);
}

static bool take_fraction(const char **at, const char *end, struct mr_time *t)
{
    const char *from = *at;
    uint64_t number;
    if (*at == end)
        return true;
    if (!take_char(at, end, '.') || !take_digits(at, end, &number) || *at - from > 7)
        return false;
    for (long digits = *at - from - 1; digits < 6; digits++)
        number *= 10;
    t->micros = (uint32_t)number;
    return true;
}

static bool take_clock(const char **at, const char *end, struct mr_time *t)
{
    return take_part(at, end, HOURS_MAX, &t->hour) && take_char(at, end, ':') &&
           take_part(at, end, 59, &t->minute) && take_char(at, end, ':') &&
           take_part(at, end, 59, &t->second) && take_fraction(at, end, t);
}

/* Zero dates and days that no calendar has are values that servers store; only the shape is
 * checked. */
static bool parse_temporal(const char *at, const char *end, struct mr_value *value)
{
    struct mr_time *t = &value->t;
    *t = (struct mr_time){.year = 0};
    if (value->cls == MR_CLASS_TIME)
        t->negative = take_char(&at, end, '-');
    else if (!take_date(&at, end, t))
        return false;
    if (value->cls == MR_CLASS_DATETIME && !take_char(&at, end, ' '))
        return false;
    if (value->cls != MR_CLASS_DATE && !take_clock(&at, end, t))
        return false;
    return at == end && (value->cls == MR_CLASS_TIME || t->hour < 24);
}

static bool parse_value(const struct mr_snap_column *col, char *field, size_t len,
                        struct mr_value *value)
{
    const char *end = field + len;
    value->cls = col->cls;
    if (len == 2 && field[0] == '\\' && field[1] == 'N') {
        value->cls = MR_CLASS_NULL;
        return true;
    }
    switch (col->cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT: return parse_integer(field, end, value);
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: return parse_double(field, end, col->cls == MR_CLASS_FLOAT, value);
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: return parse_temporal(field, end, value);
    case MR_CLASS_DECIMAL:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON:
        value->ptr = field;
        value->len = len;
        return unescape(field, &value->len);
    case MR_CLASS_NULL:
    case MR_CLASS_UNDECIDED: break;
    }
    return false;
}

/* A line with a field too many or too few is damage: LOAD DATA would fill it up with defaults. */
enum mr_code mr_tsv_in_next(struct mr_tsv_in *in, const struct mr_value **values,
                            struct mr_err *err)
{
    char *line = NULL;
    size_t len = 0;
    *values = NULL;
    enum mr_code code = next_line(in, &line, &len, err);
    if (code != MR_OK || len == SIZE_MAX)
        return code;
    char *end = line + len;
    for (size_t i = 0; i < in->table->ncolumns; i++) {
        char *stop = line <= end ? memchr(line, '\t', (size_t)(end - line)) : NULL;
        bool last = i + 1 == in->table->ncolumns;
        if (line > end || last != (stop == NULL))
            return damaged(in, "it has another number of fields than the table", err);
        size_t size = (size_t)((stop != NULL ? stop : end) - line);
        in->values[i] = (struct mr_value){.cls = MR_CLASS_UNDECIDED};
        if (!parse_value(&in->table->columns[i], line, size, &in->values[i])) {
            (void)damaged(in, "a field is no value of its column", err);
            mr_err_detail(err, "column: %s", in->table->columns[i].name);
            return MR_E_IO;
        }
        line += size + 1;
    }
    in->rows++;
    *values = in->values;
    return MR_OK;
}
