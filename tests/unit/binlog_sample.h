/*
 * binlog_sample.h: tables and columns of a log and of today, and values as texts to compare.
 */
#ifndef MR_TESTS_BINLOG_SAMPLE_H
#define MR_TESTS_BINLOG_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/binlog/binlog_column_type.h"
#include "core/binlog/binlog_value.h"
#include "core/row/row_class.h"
#include "core/row/value_text.h"

/* Bytes of hexadecimal digits, blanks between them; as many as were written. */
static inline size_t bytes_of(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = 0;
    for (const char *at = hex; *at != '\0'; at++) {
        unsigned byte;
        if (*at == ' ')
            continue;
        assert_int_equal(sscanf(at, "%2x", &byte), 1);
        assert_true(len < cap);
        out[len++] = (uint8_t)byte;
        at++;
    }
    return len;
}

/* A column of today by what a catalogue says of it: "int(10) unsigned", "varchar(5) latin1". */
static inline struct mr_column column_of(const char *type, const char *charset)
{
    static const struct {
        const char *data_type;
        enum mr_class cls;
    } classes[] = {{"year", MR_CLASS_UINT},          {"bit", MR_CLASS_UINT},
                   {"float", MR_CLASS_FLOAT},        {"double", MR_CLASS_DOUBLE},
                   {"decimal", MR_CLASS_DECIMAL},    {"binary", MR_CLASS_BINARY},
                   {"varbinary", MR_CLASS_BINARY},   {"blob", MR_CLASS_BINARY},
                   {"vector", MR_CLASS_BINARY},      {"char", MR_CLASS_TEXT},
                   {"varchar", MR_CLASS_TEXT},       {"text", MR_CLASS_TEXT},
                   {"longtext", MR_CLASS_TEXT},      {"enum", MR_CLASS_ENUM},
                   {"set", MR_CLASS_ENUM},           {"json", MR_CLASS_JSON},
                   {"date", MR_CLASS_DATE},          {"datetime", MR_CLASS_DATETIME},
                   {"timestamp", MR_CLASS_DATETIME}, {"time", MR_CLASS_TIME},
                   {"geometry", MR_CLASS_GEOMETRY},  {"uuid", MR_CLASS_TEXT},
                   {"inet4", MR_CLASS_TEXT},         {"inet6", MR_CLASS_TEXT}};
    static char words[16][16];
    static size_t next;
    struct mr_column c = {.name = "c", .type = type, .charset = charset, .nullable = true};
    char *word = words[next++ % 16];
    (void)snprintf(word, sizeof words[0], "%.*s", (int)strcspn(type, "( "), type);
    c.data_type = word;
    c.is_unsigned = strstr(type, "unsigned") != NULL;
    c.cls = c.is_unsigned ? MR_CLASS_UINT : MR_CLASS_INT;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (strcmp(classes[i].data_type, word) == 0)
            c.cls = classes[i].cls;
    if (mr_class_is_moment(c.cls) || c.cls == MR_CLASS_TIME) {
        const char *open = strchr(type, '(');
        c.decimals = open != NULL ? (unsigned)(open[1] - '0') : 0;
    }
    return c;
}

/* "int:-5", "text:abc", "null"; times with all their digits. */
static inline const char *text_of(const struct mr_value *value)
{
    static struct mr_strbuf text = MR_STRBUF_INIT;
    const struct mr_value_style style = {.cls = value->cls, .decimals = 0};
    mr_strbuf_reset(&text);
    if (value->cls == MR_CLASS_NULL)
        return "null";
    mr_strbuf_add_fmt(&text, "%s:", mr_row_class_word(value->cls));
    if ((value->cls == MR_CLASS_DOUBLE || value->cls == MR_CLASS_FLOAT) && value->d == 0 &&
        __builtin_signbit(value->d))
        mr_strbuf_add_char(&text, '-');
    mr_value_to_text(&text, value, style);
    return text.ptr;
}

#endif
