/* binlog_json.c: see binlog_json.h. */
#include "core/binlog/binlog_json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/binlog/binlog_column_type.h"
#include "core/binlog/binlog_cursor.h"
#include "core/binlog/binlog_decimal.h"
#include "core/binlog/binlog_when.h"
#include "core/row/value_text.h"

/* The longest text for its bytes: a literal of three bytes in an array, "false, ", has less than
 * three for each; a control character six. */
#define TEXT_TIMES 8
#define TEXT_LEAST 64
#define LINE_BYTES 57 /* of base64: 76 letters */

enum json_type {
    SMALL_OBJECT,
    LARGE_OBJECT,
    SMALL_ARRAY,
    LARGE_ARRAY,
    LITERAL,
    INT16,
    UINT16,
    INT32,
    UINT32,
    INT64,
    UINT64,
    DOUBLE,
    STRING,
    OPAQUE = 15
};

void mr_binlog_json_open(const uint8_t *doc, size_t len, struct mr_binlog_json *out)
{
    static const uint8_t null[] = {0};
    if (len == 0) {
        *out = (struct mr_binlog_json){LITERAL, null, sizeof null};
        return;
    }
    *out = (struct mr_binlog_json){doc[0], doc + 1, len - 1};
}

static size_t offset_bytes(bool is_large)
{
    return is_large ? 4 : 2;
}

static size_t number_at(const uint8_t *at, size_t bytes)
{
    size_t value = 0;
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

bool mr_binlog_json_list(const struct mr_binlog_json *value, struct mr_binlog_json_list *out,
                         bool *is_list)
{
    *is_list = value->type <= LARGE_ARRAY;
    if (!*is_list)
        return true;
    *out = (struct mr_binlog_json_list){
        .value = *value,
        .is_object = value->type == SMALL_OBJECT || value->type == LARGE_OBJECT,
        .is_large = value->type == LARGE_OBJECT || value->type == LARGE_ARRAY};
    const size_t width = offset_bytes(out->is_large);
    if (value->len < 2 * width)
        return false;
    out->count = number_at(value->at, width);
    const size_t size = number_at(value->at + width, width);
    const size_t entry = 1 + width + (out->is_object ? width + 2 : 0);
    if (size > value->len || size < 2 * width || out->count > (size - 2 * width) / entry)
        return false;
    out->value.len = size;
    return true;
}

static bool is_inlined(uint8_t type, bool is_large)
{
    return type == LITERAL || type == INT16 || type == UINT16 ||
           (is_large && (type == INT32 || type == UINT32));
}

bool mr_binlog_json_item(const struct mr_binlog_json_list *list, size_t i,
                         struct mr_binlog_json *out)
{
    const size_t width = offset_bytes(list->is_large);
    const size_t keys = list->is_object ? list->count * (width + 2) : 0;
    const uint8_t *entry = list->value.at + 2 * width + keys + i * (1 + width);
    *out = (struct mr_binlog_json){entry[0], entry + 1, width};
    if (is_inlined(out->type, list->is_large))
        return true;
    const size_t offset = number_at(entry + 1, width);
    if (offset >= list->value.len)
        return false;
    out->at = list->value.at + offset;
    out->len = list->value.len - offset;
    return true;
}

bool mr_binlog_json_key(const struct mr_binlog_json_list *list, size_t i,
                        struct mr_binlog_json_key *out)
{
    const size_t width = offset_bytes(list->is_large);
    const uint8_t *entry = list->value.at + 2 * width + i * (width + 2);
    const size_t offset = number_at(entry, width), len = number_at(entry + width, 2);
    if (offset > list->value.len || len > list->value.len - offset)
        return false;
    *out = (struct mr_binlog_json_key){(const char *)list->value.at + offset, len};
    return true;
}

/* ---- scalars ---- */

void mr_binlog_json_quote(struct mr_strbuf *out, const char *ptr, size_t len)
{
    static const char named[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    mr_strbuf_add_char(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)ptr[i];
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        mr_strbuf_add(out, ptr + from, i - from);
        from = i + 1;
        const char escape = c >= ' ' ? (char)c : c < sizeof named ? named[c] : '\0';
        if (escape != '\0') {
            mr_strbuf_add_char(out, '\\');
            mr_strbuf_add_char(out, escape);
        } else {
            mr_strbuf_add_fmt(out, "\\u%04x", c);
        }
    }
    mr_strbuf_add(out, ptr + from, len - from);
    mr_strbuf_add_char(out, '"');
}

/* Lengths in seven bits a byte, the lowest first; the eighth says that more follow. */
static uint64_t take_length(struct mr_binlog_cursor *c)
{
    uint64_t len = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const uint64_t byte = mr_binlog_uint(c, 1);
        len |= (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return len;
    }
    c->failed = true;
    return 0;
}

static bool add_literal(struct mr_strbuf *out, uint64_t which)
{
    static const char *const words[] = {"null", "true", "false"};
    if (which >= sizeof words / sizeof words[0])
        return false;
    mr_strbuf_add_str(out, words[which]);
    return true;
}

static bool add_decimal(struct mr_strbuf *out, struct mr_binlog_cursor *c)
{
    const unsigned digits = (unsigned)mr_binlog_uint(c, 1), scale = (unsigned)mr_binlog_uint(c, 1);
    const size_t width = mr_binlog_decimal_width(digits, scale);
    return !c->failed && width == mr_binlog_left(c) &&
           mr_binlog_decimal_text(out, c->at, digits, scale);
}

static bool add_time(struct mr_strbuf *out, unsigned type, struct mr_binlog_cursor *c)
{
    struct mr_time t;
    const int64_t packed = (int64_t)mr_binlog_uint(c, 8);
    if (c->failed || mr_binlog_left(c) > 0)
        return false;
    if (type == MR_FIELD_TIME) {
        if (!mr_binlog_packed_time(packed, &t))
            return false;
        mr_strbuf_add_fmt(out, "\"%s%02" PRIu32 ":%02" PRIu32 ":%02" PRIu32 ".%06" PRIu32 "\"",
                          t.negative ? "-" : "", t.hour, t.minute, t.second, t.micros);
        return true;
    }
    if (!mr_binlog_packed_datetime(packed, &t))
        return false;
    mr_strbuf_add_fmt(out, "\"%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, t.year, t.month, t.day);
    if (type != MR_FIELD_DATE)
        mr_strbuf_add_fmt(out, " %02" PRIu32 ":%02" PRIu32 ":%02" PRIu32 ".%06" PRIu32, t.hour,
                          t.minute, t.second, t.micros);
    mr_strbuf_add_char(out, '"');
    return true;
}

/* MySQL breaks the line before what would be the 77th letter, and writes the break as an escape. */
static void add_base64(struct mr_strbuf *out, const uint8_t *at, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        if (i > 0 && i % LINE_BYTES == 0)
            mr_strbuf_add_str(out, "\\n");
        const size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)at[i] << 16;
        bits |= n > 1 ? (uint32_t)at[i + 1] << 8 : 0;
        bits |= n > 2 ? at[i + 2] : 0;
        mr_strbuf_add_char(out, letters[bits >> 18]);
        mr_strbuf_add_char(out, letters[bits >> 12 & 63]);
        mr_strbuf_add_char(out, n > 1 ? letters[bits >> 6 & 63] : '=');
        mr_strbuf_add_char(out, n > 2 ? letters[bits & 63] : '=');
    }
}

static bool add_opaque(struct mr_strbuf *out, struct mr_binlog_cursor *c)
{
    const unsigned type = (unsigned)mr_binlog_uint(c, 1);
    const uint64_t len = take_length(c);
    const uint8_t *at = mr_binlog_take(c, len);
    if (at == NULL)
        return false;
    struct mr_binlog_cursor bytes = mr_binlog_cursor(at, (size_t)len);
    switch (type) {
    case MR_FIELD_NEWDECIMAL: return add_decimal(out, &bytes);
    case MR_FIELD_DATE:
    case MR_FIELD_TIME:
    case MR_FIELD_DATETIME:
    case MR_FIELD_TIMESTAMP: return add_time(out, type, &bytes);
    default: break;
    }
    mr_strbuf_add_fmt(out, "\"base64:type%u:", type);
    add_base64(out, at, (size_t)len);
    mr_strbuf_add_char(out, '"');
    return true;
}

/* A number without a fraction shows that it is a double by ".0". */
static bool add_double(struct mr_strbuf *out, uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    if (!isfinite(d))
        return false;
    const size_t from = out->len;
    mr_value_add_double(out, d);
    if (!out->failed && strpbrk(out->ptr + from, ".e") == NULL)
        mr_strbuf_add_str(out, ".0");
    return true;
}

static bool add_scalar(struct mr_strbuf *out, const struct mr_binlog_json *value)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(value->at, value->len);
    uint64_t n = 0;
    switch (value->type) {
    case LITERAL: n = mr_binlog_uint(&c, 1); return !c.failed && add_literal(out, n);
    case INT16: mr_strbuf_add_fmt(out, "%d", (int16_t)mr_binlog_uint(&c, 2)); break;
    case UINT16: mr_strbuf_add_uint(out, mr_binlog_uint(&c, 2)); break;
    case INT32: mr_strbuf_add_fmt(out, "%" PRId32, (int32_t)mr_binlog_uint(&c, 4)); break;
    case UINT32: mr_strbuf_add_uint(out, mr_binlog_uint(&c, 4)); break;
    case INT64: mr_strbuf_add_fmt(out, "%" PRId64, (int64_t)mr_binlog_uint(&c, 8)); break;
    case UINT64: mr_strbuf_add_uint(out, mr_binlog_uint(&c, 8)); break;
    case DOUBLE: n = mr_binlog_uint(&c, 8); return !c.failed && add_double(out, n);
    case STRING: {
        const uint64_t len = take_length(&c);
        const uint8_t *at = mr_binlog_take(&c, len);
        if (at != NULL)
            mr_binlog_json_quote(out, (const char *)at, (size_t)len);
        break;
    }
    case OPAQUE: return add_opaque(out, &c);
    default: return false;
    }
    return !c.failed;
}

/* ---- documents ---- */

bool mr_binlog_json_add(struct mr_strbuf *out, const struct mr_binlog_json *value, unsigned depth,
                        size_t limit)
{
    struct mr_binlog_json_list list;
    bool is_list;
    if (out->failed || !mr_binlog_json_list(value, &list, &is_list))
        return false;
    if (!is_list)
        return add_scalar(out, value) && out->len <= limit;
    if (depth >= MR_BINLOG_JSON_DEPTH_MAX)
        return false;
    mr_strbuf_add_char(out, list.is_object ? '{' : '[');
    for (size_t i = 0; i < list.count; i++) {
        struct mr_binlog_json item;
        if (i > 0)
            mr_strbuf_add_str(out, ", ");
        if (list.is_object) {
            struct mr_binlog_json_key key;
            if (!mr_binlog_json_key(&list, i, &key))
                return false;
            mr_binlog_json_quote(out, key.ptr, key.len);
            mr_strbuf_add_str(out, ": ");
        }
        if (!mr_binlog_json_item(&list, i, &item) ||
            !mr_binlog_json_add(out, &item, depth + 1, limit))
            return false;
    }
    mr_strbuf_add_char(out, list.is_object ? '}' : ']');
    return out->len <= limit;
}

size_t mr_binlog_json_limit(const struct mr_strbuf *out, size_t bytes)
{
    const size_t room = SIZE_MAX - out->len - TEXT_LEAST;
    return out->len + TEXT_LEAST + (bytes > room / TEXT_TIMES ? room : bytes * TEXT_TIMES);
}

bool mr_binlog_json_text(struct mr_strbuf *out, const uint8_t *doc, size_t len)
{
    struct mr_binlog_json value;
    mr_binlog_json_open(doc, len, &value);
    return mr_binlog_json_add(out, &value, 0, mr_binlog_json_limit(out, len)) && !out->failed;
}
