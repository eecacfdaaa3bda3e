/* column_default.c: see column_default.h. */
#include "core/schema/column_default.h"

#include <stdlib.h>
#include <string.h>

#include "core/row/value_text.h"

bool mr_column_default_literal(const struct mr_column *column, struct mr_strbuf *out)
{
    const char *text = column->default_text;
    mr_strbuf_reset(out);
    if (text == NULL)
        return false;
    size_t len = strlen(text);
    if (text[0] != '\'') {
        mr_strbuf_add_str(out, text);
        return text[strspn(text, "+-.0123456789eE")] == '\0';
    }
    for (size_t i = 1; i + 1 < len; i++) {
        mr_strbuf_add_char(out, text[i]);
        i += text[i] == '\'' && text[i + 1] == '\'';
    }
    return len > 1;
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
    return fixed && !column->auto_increment && column->on_update == NULL &&
           !column->generated;
}

/* 1.50 and 1.5 are one number; of exact types the servers state a default as its values. */
static bool is_same_number(enum mr_class cls, const char *a, const char *b)
{
    return (cls == MR_CLASS_FLOAT || cls == MR_CLASS_DOUBLE) &&
           strtod(a, NULL) == strtod(b, NULL);
}

/* b'101', and a BIT as number or as bytes. */
static bool holds_bits(const struct mr_column *column, const struct mr_value *value)
{
    const unsigned char *bytes = value->ptr;
    const bool is_number = value->cls == MR_CLASS_UINT;
    uint64_t held = is_number ? value->u : 0;
    for (size_t i = 0; !is_number && bytes != NULL && i < value->len; i++)
        held = held << 8 | bytes[i];
    return (is_number || bytes != NULL) &&
           held == strtoull(column->default_text + 2, NULL, 2);
}

bool mr_column_holds_default(const struct mr_column *column, const struct mr_value *value)
{
    struct mr_strbuf literal = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    if (value->cls == MR_CLASS_NULL)
        return true;
    if (is_bits(column))
        return holds_bits(column, value);
    bool holds = (value->ptr != NULL || value->len == 0) &&
                 mr_column_default_literal(column, &literal);
    if (holds) {
        mr_value_to_text(&text, value,
                         (struct mr_value_style){column->cls, column->decimals});
        holds = text.len == literal.len &&
                (text.len == 0 || memcmp(text.ptr, literal.ptr, text.len) == 0);
        if (!holds && text.len > 0 && literal.len > 0)
            holds = is_same_number(column->cls, text.ptr, literal.ptr);
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&literal);
    return holds;
}
