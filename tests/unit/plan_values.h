/*
 * plan_values: types of columns and values of rows as the tables of merge_world.h and of
 * script_world.h write them: "id:int# name:text", "7|ann".
 */
#ifndef MR_TESTS_PLAN_VALUES_H
#define MR_TESTS_PLAN_VALUES_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/row/row.h"
#include "core/schema/schema.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

#define PLAN_TEXT(word, set, order)                                                                \
    {                                                                                              \
        word,                                                                                      \
        {                                                                                          \
            .type = "varchar(20)", .data_type = "varchar", .cls = MR_CLASS_TEXT, .charset = (set), \
            .collation = (order)                                                                   \
        }                                                                                          \
    }
static const struct plan_type {
    const char *word;
    struct mr_column column;
} plan_types[] = {
    {"int", {.type = "int", .data_type = "int", .cls = MR_CLASS_INT}},
    {"uint",
     {.type = "bigint unsigned", .data_type = "bigint", .cls = MR_CLASS_UINT, .is_unsigned = true}},
    PLAN_TEXT("text", "utf8mb4", "utf8mb4_general_ci"),
    PLAN_TEXT("exact", "utf8mb4", "utf8mb4_nopad_bin"),
    PLAN_TEXT("latin", "latin1", "latin1_swedish_ci"),
    PLAN_TEXT("wide", "utf16", "utf16_general_ci"),
    {"bytes", {.type = "varbinary(20)", .data_type = "varbinary", .cls = MR_CLASS_BINARY}},
    {"json", {.type = "json", .data_type = "json", .cls = MR_CLASS_JSON}},
    {"real", {.type = "double", .data_type = "double", .cls = MR_CLASS_DOUBLE}},
    {"money", {.type = "decimal(9,2)", .data_type = "decimal", .cls = MR_CLASS_DECIMAL}},
    {"date", {.type = "date", .data_type = "date", .cls = MR_CLASS_DATE}},
    {"datetime", {.type = "datetime", .data_type = "datetime", .cls = MR_CLASS_DATETIME}},
    {"stamp", {.type = "timestamp", .data_type = "timestamp", .cls = MR_CLASS_DATETIME}},
    {"edited",
     {.type = "timestamp",
      .data_type = "timestamp",
      .cls = MR_CLASS_DATETIME,
      .on_update = "current_timestamp()"}},
    {"kind",
     {.type = "enum('x','y')",
      .data_type = "enum",
      .cls = MR_CLASS_ENUM,
      .charset = "utf8mb4",
      .collation = "utf8mb4_general_ci"}},
    {"size", /* its collation takes members for one another */
     {.type = "enum('a','A','it''s','')",
      .data_type = "enum",
      .cls = MR_CLASS_ENUM,
      .charset = "utf8mb4",
      .collation = "utf8mb4_bin",
      .empty_member = true}},
    {"wsize",
     {.type = "enum('a','\xc3\xa4')",
      .data_type = "enum",
      .cls = MR_CLASS_ENUM,
      .charset = "utf16",
      .collation = "utf16_bin"}},
    {"tags",
     {.type = "set('a','A','b')",
      .data_type = "set",
      .cls = MR_CLASS_ENUM,
      .is_set = true,
      .charset = "utf8mb4",
      .collation = "utf8mb4_bin"}},
    {"flags",
     {.type = "set('','b')",
      .data_type = "set",
      .cls = MR_CLASS_ENUM,
      .is_set = true,
      .empty_member = true,
      .charset = "utf8mb4",
      .collation = "utf8mb4_bin"}},
};

/* The type of a word "text!?", and how long its name is. */
static inline const struct mr_column *plan_type(const char *word, size_t *len)
{
    *len = strspn(word, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; i < LEN(plan_types); i++)
        if (strlen(plan_types[i].word) == *len && memcmp(plan_types[i].word, word, *len) == 0)
            return &plan_types[i].column;
    (void)fprintf(stderr, "no type %s\n", word);
    abort();
}

/* Takes escapes (\0 \n \p for a bar, \\ for itself) out of a text, in place; its length. */
static inline size_t plan_unescape(char *text)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        char c = *p;
        if (c == '\\' && *++p == '\0')
            abort(); /* what stands behind it is none of the text's */
        if (c == '\\')
            c = (char)(*p == '0' ? '\0' : *p == 'n' ? '\n' : *p == 'p' ? '|' : *p);
        text[n++] = c;
    }
    return n;
}

static inline struct mr_time plan_time(const char *text)
{
    struct mr_time t = {0};
    if (sscanf(text, "%u-%u-%u %u:%u:%u", &t.year, &t.month, &t.day, &t.hour, &t.minute,
               &t.second) < 3)
        abort();
    return t;
}

/* A value of that class out of its text, which is changed, and must stay. */
static inline struct mr_value plan_value(enum mr_class cls, char *text)
{
    struct mr_value v = {.cls = cls};
    if (strcmp(text, "NULL") == 0)
        v.cls = MR_CLASS_NULL;
    else if (cls == MR_CLASS_INT)
        v.i = strtoll(text, NULL, 10);
    else if (cls == MR_CLASS_UINT)
        v.u = strtoull(text, NULL, 10);
    else if (cls == MR_CLASS_DOUBLE)
        v.d = strtod(text, NULL);
    else if (cls == MR_CLASS_DATE || cls == MR_CLASS_DATETIME)
        v.t = plan_time(text);
    else {
        v.len = plan_unescape(text);
        v.ptr = text;
    }
    return v;
}

#endif
