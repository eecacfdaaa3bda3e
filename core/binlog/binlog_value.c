/* binlog_value.c: values of row images; see binlog_value.h. */
#include "core/binlog/binlog_value.h"

#include <stdio.h>
#include <string.h>

#include "core/binlog/binlog_column_type.h"
#include "core/binlog/binlog_decimal.h"
#include "core/binlog/binlog_json.h"
#include "core/binlog/binlog_json_diff.h"
#include "core/binlog/binlog_shape.h"
#include "core/binlog/binlog_when.h"

/* A value that is made, and of what. */
struct making {
    const struct mr_binlog_part *part;
    const uint8_t *at; /* behind its length, if it has one */
    size_t len;
    struct mr_strbuf *scratch;
    struct mr_value *value;
    struct mr_err *err;
};

static enum mr_code damaged(const struct making *m)
{
    return mr_err_set(m->err, MR_E_BINLOG,
                      "column \"%s\": the log holds bytes that are no value of its type",
                      m->part->name);
}

static uint64_t little(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

/* Into the scratch buffer. */
static enum mr_code take_scratch(const struct making *m)
{
    m->value->ptr = m->scratch->ptr;
    m->value->len = m->scratch->len;
    return mr_strbuf_check(m->scratch, "reading a value of a binary log", m->err);
}

/* ---- numbers ---- */

static void take_integer(const struct making *m)
{
    const unsigned unused = 64 - 8 * (unsigned)m->len;
    m->value->u = little(m->at, m->len);
    if (!m->part->is_unsigned)
        m->value->i = (int64_t)(m->value->u << unused) >> unused;
}

static void take_year(const struct making *m)
{
    m->value->u = m->part->width == 2 ? *m->at % 100U : *m->at == 0 ? 0 : 1900U + *m->at;
}

static void take_float(const struct making *m)
{
    const uint32_t bits = (uint32_t)little(m->at, 4);
    float f;
    memcpy(&f, &bits, sizeof f);
    m->value->d = m->part->plain_zero && f == 0 ? 0 : (double)f;
}

static void take_double(const struct making *m)
{
    const uint64_t bits = little(m->at, 8);
    memcpy(&m->value->d, &bits, sizeof bits);
}

static enum mr_code take_decimal(const struct making *m)
{
    if (!mr_binlog_decimal_text(m->scratch, m->at, m->part->meta >> 8, m->part->meta & 0xff))
        return damaged(m);
    return take_scratch(m);
}

static enum mr_code take_bit(const struct making *m)
{
    if (m->len > 8)
        return damaged(m);
    m->value->u = 0;
    for (size_t i = 0; i < m->len; i++)
        m->value->u = m->value->u << 8 | m->at[i];
    return MR_OK;
}

/* ---- bytes ---- */

static enum mr_code take_padded(const struct making *m)
{
    const size_t width = m->part->width;
    m->value->ptr = m->at;
    m->value->len = width;
    if (m->len > width)
        return damaged(m);
    if (m->len == width)
        return MR_OK;
    if (!mr_strbuf_reserve(m->scratch, width))
        return take_scratch(m);
    memcpy(m->scratch->ptr, m->at, m->len);
    memset(m->scratch->ptr + m->len, 0, width - m->len);
    m->scratch->len = width;
    return take_scratch(m);
}

static enum mr_code take_inet4(const struct making *m)
{
    MR_TRY(take_padded(m));
    const uint8_t *at = m->value->ptr;
    char text[16];
    (void)snprintf(text, sizeof text, "%u.%u.%u.%u", at[0], at[1], at[2], at[3]);
    mr_strbuf_reset(m->scratch);
    mr_strbuf_add_str(m->scratch, text);
    return take_scratch(m);
}

#define WORDS 8 /* of an IPv6 address */

/* The longest run of zeros, of one word too, and the first of such; *len 0: there is none. */
static size_t find_gap(const unsigned words[WORDS], size_t *len)
{
    size_t at = 0;
    *len = 0;
    for (size_t i = 0, run = 0; i < WORDS; i++) {
        run = words[i] == 0 ? run + 1 : 0;
        if (run > *len) {
            *len = run;
            at = i + 1 - run;
        }
    }
    return at;
}

/* As MariaDB writes it: the C library leaves a single word of zeros as it is. */
static enum mr_code take_inet6(const struct making *m)
{
    unsigned words[WORDS];
    size_t gap_len = 0;
    MR_TRY(take_padded(m));
    for (size_t i = 0; i < WORDS; i++) {
        const uint8_t *at = (const uint8_t *)m->value->ptr + 2 * i;
        words[i] = (unsigned)at[0] << 8 | at[1];
    }
    const size_t gap = find_gap(words, &gap_len), behind = gap + gap_len;
    const bool is_inet4 =
        gap == 0 &&
        (gap_len == 6 || (gap_len == 5 && words[5] == 0xffff)); /* within it, or mapped */
    struct mr_strbuf *out = m->scratch;
    mr_strbuf_reset(out);
    for (size_t i = 0; i < WORDS; i++) {
        if (gap_len > 0 && i >= gap && i < behind) {
            mr_strbuf_add_str(out, i > gap ? "" : i == 0 ? "::" : ":");
        } else if (is_inet4 && i == 6) {
            mr_strbuf_add_fmt(out, "%u.%u.%u.%u", words[6] >> 8, words[6] & 255, words[7] >> 8,
                              words[7] & 255);
            break;
        } else {
            mr_strbuf_add_fmt(out, i + 1 < WORDS ? "%x:" : "%x", words[i]);
        }
    }
    return take_scratch(m);
}

static enum mr_code take_uuid(const struct making *m)
{
    uint8_t bytes[16];
    MR_TRY(take_padded(m));
    memcpy(bytes, m->value->ptr, sizeof bytes);
    mr_strbuf_reset(m->scratch);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            mr_strbuf_add_char(m->scratch, '-');
        mr_strbuf_add_hex(m->scratch, &bytes[i], 1);
    }
    return take_scratch(m);
}

/* ---- members ---- */

/* 0 is what a server stores for a text that is no member: ''. */
static enum mr_code take_enum(const struct making *m)
{
    const uint64_t index = little(m->at, m->len);
    if (index > m->part->nmembers)
        return damaged(m);
    m->value->ptr = index == 0 ? "" : m->part->members[index - 1].ptr;
    m->value->len = index == 0 ? 0 : m->part->members[index - 1].len;
    return MR_OK;
}

static enum mr_code take_set(const struct making *m)
{
    const uint64_t bits = little(m->at, m->len);
    if (m->part->nmembers < 64 && bits >> m->part->nmembers != 0)
        return damaged(m);
    for (size_t i = 0; i < 64 && bits >> i != 0; i++) {
        if ((bits >> i & 1) == 0)
            continue;
        if ((bits & ((UINT64_C(1) << i) - 1)) != 0)
            mr_strbuf_add(m->scratch, m->part->comma.ptr, m->part->comma.len);
        mr_strbuf_add(m->scratch, m->part->members[i].ptr, m->part->members[i].len);
    }
    return take_scratch(m);
}

/* ---- times ---- */

static bool is_new(const struct mr_binlog_part *part)
{
    return part->type == MR_FIELD_TIME2 || part->type == MR_FIELD_DATETIME2 ||
           part->type == MR_FIELD_TIMESTAMP2;
}

static enum mr_code take_time(const struct making *m)
{
    struct mr_time *t = &m->value->t;
    const struct mr_binlog_part *part = m->part;
    bool good = false;
    if (part->how == MR_BINLOG_AS_DATE)
        good = mr_binlog_date(m->at, t);
    else if (part->how == MR_BINLOG_AS_TIME)
        good =
            is_new(part) ? mr_binlog_time(m->at, part->meta, t) : mr_binlog_time_of_old(m->at, t);
    else if (part->how == MR_BINLOG_AS_DATETIME)
        good = is_new(part) ? mr_binlog_datetime(m->at, part->meta, t)
                            : mr_binlog_datetime_of_old(m->at, t);
    else
        good = is_new(part) ? mr_binlog_timestamp(m->at, part->meta, t)
                            : mr_binlog_timestamp_of_old(m->at, t);
    return good ? MR_OK : damaged(m);
}

/* ---- JSON ---- */

static enum mr_code take_json(const struct making *m)
{
    if (!mr_binlog_json_text(m->scratch, m->at, m->len) && !m->scratch->failed)
        return damaged(m);
    return take_scratch(m);
}

static enum mr_code take_json_diff(const struct making *m, const struct mr_binlog_field *before)
{
    const struct mr_binlog_field *was = before != NULL ? &before[m->part->at] : NULL;
    const size_t prefix = m->part->prefix;
    if (was == NULL || was->presence != MR_BINLOG_BYTES || was->len < prefix)
        return mr_err_set(m->err, MR_E_UNSUPPORTED,
                          "column \"%s\": the log has changes to a document that it does not hold",
                          m->part->name);
    enum mr_code code = mr_binlog_json_diff(m->scratch, was->ptr + prefix, was->len - prefix, m->at,
                                            m->len, m->err);
    if (code != MR_OK) {
        mr_err_context(m->err, "column \"%s\"", m->part->name);
        return code;
    }
    return take_scratch(m);
}

/* ---- one value ---- */

static enum mr_code make_value(const struct making *m)
{
    switch (m->part->how) {
    case MR_BINLOG_AS_INTEGER: take_integer(m); return MR_OK;
    case MR_BINLOG_AS_YEAR: take_year(m); return MR_OK;
    case MR_BINLOG_AS_FLOAT: take_float(m); return MR_OK;
    case MR_BINLOG_AS_DOUBLE: take_double(m); return MR_OK;
    case MR_BINLOG_AS_DECIMAL: return take_decimal(m);
    case MR_BINLOG_AS_BIT: return take_bit(m);
    case MR_BINLOG_AS_TEXT:
        m->value->ptr = m->at;
        m->value->len = m->len;
        return MR_OK;
    case MR_BINLOG_AS_PADDED: return take_padded(m);
    case MR_BINLOG_AS_UUID: return take_uuid(m);
    case MR_BINLOG_AS_INET4: return take_inet4(m);
    case MR_BINLOG_AS_INET6: return take_inet6(m);
    case MR_BINLOG_AS_ENUM: return take_enum(m);
    case MR_BINLOG_AS_SET: return take_set(m);
    case MR_BINLOG_AS_DATE:
    case MR_BINLOG_AS_TIME:
    case MR_BINLOG_AS_DATETIME:
    case MR_BINLOG_AS_TIMESTAMP: return take_time(m);
    case MR_BINLOG_AS_JSON: return take_json(m);
    }
    return mr_err_set(m->err, MR_E_BUG, "column \"%s\" of a log has no shape", m->part->name);
}

enum mr_code mr_binlog_value(const struct mr_binlog_shape *shape, size_t today_column,
                             const struct mr_binlog_field *image,
                             const struct mr_binlog_field *before, struct mr_strbuf *scratch,
                             bool *seen, struct mr_value *value, struct mr_err *err)
{
    const struct mr_binlog_part *part = &shape->parts[today_column];
    const struct mr_binlog_field *field = &image[part->at];
    *seen = field->presence != MR_BINLOG_UNSEEN;
    *value = (struct mr_value){.cls = MR_CLASS_NULL};
    if (!*seen || field->presence == MR_BINLOG_NULL)
        return MR_OK;
    struct making m = {.part = part,
                       .at = field->ptr + part->prefix,
                       .len = field->len - part->prefix,
                       .scratch = scratch,
                       .value = value,
                       .err = err};
    mr_strbuf_reset(scratch);
    value->cls = part->cls;
    if (field->len < part->prefix)
        return damaged(&m);
    if (field->presence == MR_BINLOG_JSON_DIFF)
        return take_json_diff(&m, before);
    return make_value(&m);
}

bool mr_binlog_is_number_zero(const struct mr_binlog_shape *shape, size_t today_column,
                              const struct mr_binlog_field *image)
{
    const struct mr_binlog_part *part = &shape->parts[today_column];
    const struct mr_binlog_field *field = &image[part->at];
    return (part->how == MR_BINLOG_AS_ENUM || part->how == MR_BINLOG_AS_SET) &&
           field->presence == MR_BINLOG_BYTES && field->len > part->prefix &&
           little(field->ptr + part->prefix, field->len - part->prefix) == 0;
}
