/* schema_words.c: see schema_words.h. */
#include "core/schema/schema_words.h"

#include <string.h>
#include <strings.h>

/* End an expression wherever they stand. */
static const char *const clause_words[] = {
    "select",    "from",      "where",     "group",         "by",        "having",    "order",
    "limit",     "offset",    "union",     "except",        "intersect", "distinct",  "join",
    "inner",     "cross",     "natural",   "straight_join", "on",        "using",     "as",
    "asc",       "desc",      "with",      "check",         "over",      "partition", "unbounded",
    "preceding", "following", "separator", "when",          "then",      "else",      "end",
    "leading",   "trailing",  "both",      "escape",        "outer",     "recursive", "window",
    "for"};
/* The same, unless a parenthesis follows: then they are functions. */
static const char *const clause_or_function[] = {"left", "right", "all",   "current",
                                                 "row",  "rows",  "range", "charset"};
/* Functions that stand without parentheses. */
static const char *const niladic[] = {"current_timestamp", "curdate",     "curtime",
                                      "current_user",      "utc_date",    "utc_time",
                                      "utc_timestamp",     "current_role"};
static const char *const operator_words[] = {
    "and", "or",  "xor",  "not",      "is",     "like",    "in",   "between", "regexp", "rlike",
    "div", "mod", "case", "interval", "exists", "collate", "null", "true",    "false"};
static const char *const units[] = {"microsecond",
                                    "second",
                                    "minute",
                                    "hour",
                                    "day",
                                    "week",
                                    "month",
                                    "quarter",
                                    "year",
                                    "second_microsecond",
                                    "minute_microsecond",
                                    "minute_second",
                                    "hour_microsecond",
                                    "hour_second",
                                    "hour_minute",
                                    "day_microsecond",
                                    "day_second",
                                    "day_minute",
                                    "day_hour",
                                    "year_month"};

static const struct {
    const char *from, *to;
} aliases[] = {
    {"lcase", "lower"},
    {"ucase", "upper"},
    {"now", "current_timestamp"},
    {"localtime", "current_timestamp"},
    {"localtimestamp", "current_timestamp"},
    {"current_date", "curdate"},
    {"current_time", "curtime"},
    {"substring", "substr"},
    {"mid", "substr"},
    {"character_length", "char_length"},
    {"octet_length", "length"},
    {"day", "dayofmonth"},
    {"ceil", "ceiling"},
    {"power", "pow"},
    {"schema", "database"},
    {"sha", "sha1"},
    {"stddev", "std"},
    {"stddev_pop", "std"},
    {"var_pop", "variance"},
};

static bool in_list(const char *const *list, size_t n, const char *ptr, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == len && strncasecmp(list[i], ptr, len) == 0)
            return true;
    return false;
}
#define IN_LIST(list, ptr, len) in_list(list, sizeof(list) / sizeof *(list), ptr, len)

bool mr_word_is_clause(const char *ptr, size_t len)
{
    return IN_LIST(clause_words, ptr, len);
}

bool mr_word_is_clause_or_function(const char *ptr, size_t len)
{
    return IN_LIST(clause_or_function, ptr, len);
}

bool mr_word_is_niladic(const char *name)
{
    return IN_LIST(niladic, name, strlen(name));
}

bool mr_word_is_unit(const char *ptr, size_t len)
{
    return IN_LIST(units, ptr, len);
}

bool mr_word_is_telling(const char *ptr, size_t len)
{
    static const char *const telling[] = {"_binary", "_ucs2", "_utf16", "_utf16le", "_utf32"};
    return IN_LIST(telling, ptr, len);
}

const char *mr_word_alias(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].from, name) == 0)
            return aliases[i].to;
    return name;
}

static bool is_alias(const char *ptr, size_t len)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strlen(aliases[i].from) == len && strncasecmp(aliases[i].from, ptr, len) == 0)
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool mr_word_is_plain(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_letter(ptr[i]) && (i == 0 || ptr[i] < '0' || ptr[i] > '9'))
            return false;
    return len > 0 && !is_alias(ptr, len) && !IN_LIST(clause_words, ptr, len) &&
           !IN_LIST(clause_or_function, ptr, len) && !IN_LIST(niladic, ptr, len) &&
           !IN_LIST(operator_words, ptr, len);
}
