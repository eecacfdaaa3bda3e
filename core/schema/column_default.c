/* column_default.c: see column_default.h. */
#include "core/schema/column_default.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqlscan.h"
#include "core/row/value_text.h"
#include "core/schema/schema_norm.h"

/* Only a literal can be compared with a value: what is computed (a function, an expression) has
 * more than one token, and holds something else in each row. */
bool mr_column_default_literal(const struct mr_column *column, struct mr_strbuf *out)
{
    const char *text = column->default_text;
    struct mr_sqlscan scan;
    struct mr_token token, rest;
    mr_strbuf_reset(out);
    if (text == NULL)
        return false;
    if (text[0] != '\'') {
        mr_strbuf_add_str(out, text);
        return text[strspn(text, "+-.0123456789eE")] == '\0';
    }
    mr_sqlscan_init(&scan, text, strlen(text));
    if (!mr_sqlscan_next(&scan, &token) || mr_sqlscan_next(&scan, &rest))
        return false;
    mr_token_unquote(out, &token);
    return token.len > 1;
}

static bool is_bits(const struct mr_column *column)
{
    return column->default_text != NULL && strncmp(column->default_text, "b'", 2) == 0;
}

bool mr_column_default_is_fixed(const struct mr_column *column)
{
    struct mr_strbuf literal = MR_STRBUF_INIT;
    bool fixed = column->default_text == NULL
                     ? column->nullable
                     : is_bits(column) || mr_column_default_literal(column, &literal);
    mr_strbuf_release(&literal);
    return fixed && !column->auto_increment && column->on_update == NULL && !column->generated;
}

/* 1.50 and 1.5 are one number. */
static bool is_same_number(enum mr_class cls, const char *a, const char *b)
{
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    if (cls == MR_CLASS_FLOAT || cls == MR_CLASS_DOUBLE)
        return strtod(a, NULL) == strtod(b, NULL);
    if (cls != MR_CLASS_DECIMAL)
        return false;
    mr_norm_default(&x, a, MR_DEFAULT_RAW, cls, false, NULL);
    mr_norm_default(&y, b, MR_DEFAULT_RAW, cls, false, NULL);
    bool same = !x.failed && !y.failed && strcmp(x.ptr, y.ptr) == 0;
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same;
}

/* BINARY is padded, and stated without. */
static bool holds_bytes(const struct mr_column *column, const struct mr_value *value,
                        const struct mr_strbuf *literal)
{
    const char *bytes = value->ptr;
    size_t len = value->len;
    if (column->data_type != NULL && strcmp(column->data_type, "binary") == 0)
        while (len > literal->len && bytes[len - 1] == '\0')
            len--;
    return len == literal->len && (len == 0 || memcmp(bytes, literal->ptr, len) == 0);
}

/* b'101', and a BIT as number or as bytes. */
static bool holds_bits(const struct mr_column *column, const struct mr_value *value)
{
    const unsigned char *bytes = value->ptr;
    const bool is_number = value->cls == MR_CLASS_UINT;
    uint64_t held = is_number ? value->u : 0;
    for (size_t i = 0; !is_number && bytes != NULL && i < value->len; i++)
        held = held << 8 | bytes[i];
    return (is_number || bytes != NULL) && held == strtoull(column->default_text + 2, NULL, 2);
}

/* Texts first; where they differ the default may be another spelling of the number, such as 1.0 and
 * 1. */
bool mr_column_holds_default(const struct mr_column *column, const struct mr_value *value)
{
    struct mr_strbuf literal = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    if (value->cls == MR_CLASS_NULL)
        return true;
    if (is_bits(column))
        return holds_bits(column, value);
    bool holds =
        (value->ptr != NULL || value->len == 0) && mr_column_default_literal(column, &literal);
    if (holds && value->cls == MR_CLASS_BINARY) {
        holds = holds_bytes(column, value, &literal);
    } else if (holds) {
        mr_value_to_text(&text, value, (struct mr_value_style){column->cls, column->decimals});
        holds = text.len == literal.len &&
                (text.len == 0 || memcmp(text.ptr, literal.ptr, text.len) == 0);
        if (!holds && text.len > 0 && literal.len > 0)
            holds = is_same_number(column->cls, text.ptr, literal.ptr);
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&literal);
    return holds;
}
