/* text_form.c: see text_form.h. */
#include "repair/merge/text_form.h"

#include <stdio.h>
#include <string.h>

enum { SECONDS_AT = 16, FRACTION_AT = 19, FRACTION_MAX = 9 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool are_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_digit(text[i]))
            return false;
    return len > 0;
}

/* ---- dates ---- */

/* Does the text look so?  '9': a digit; anything else is itself. */
static bool is_like(const char *text, size_t len, const char *shape)
{
    if (len < strlen(shape))
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == '9' ? !is_digit(text[i]) : text[i] != shape[i])
            return false;
    return true;
}

static int two(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* "+02:00", "+0200", "Z", or nothing. */
static bool is_zone(const char *text, size_t len)
{
    if (len == 0 || (len == 1 && *text == 'Z'))
        return true;
    if (*text != '+' && *text != '-')
        return false;
    return (len == 6 && is_like(text + 1, len - 1, "99:99")) ||
           (len == 5 && is_like(text + 1, len - 1, "9999"));
}

static bool is_day(const char *text, size_t len)
{
    return is_like(text, len, "9999-99-99") && two(text + 5) <= 12 && two(text + 8) <= 31;
}

/* Where the zone of a date and time begins; 0: it is none. */
static size_t zone_at(const char *text, size_t len)
{
    size_t at = SECONDS_AT;
    if (!is_day(text, len) || len < SECONDS_AT || (text[10] != ' ' && text[10] != 'T') ||
        !is_like(text + 11, len - 11, "99:99") || two(text + 11) > 24 || two(text + 14) > 59)
        return 0;
    if (!is_like(text + at, len - at, ":99"))
        return at;
    if (two(text + at + 1) > 60)
        return 0;
    at = FRACTION_AT;
    if (at == len || text[at] != '.')
        return at;
    while (at + 1 < len && is_digit(text[at + 1]))
        at++;
    return at > FRACTION_AT && at <= FRACTION_AT + FRACTION_MAX ? at + 1 : 0;
}

static bool is_moment(const char *text, size_t len, size_t *zone)
{
    *zone = zone_at(text, len);
    return *zone > 0 && is_zone(text + *zone, len - *zone);
}

/* The zone stays as it is: two zones are two forms. */
bool mr_text_form(const char *text, size_t len, char form[MR_TEXT_FORM_MAX])
{
    size_t zone = len;
    if (are_digits(text, len)) {
        (void)snprintf(form, MR_TEXT_FORM_MAX, "%zu digits", len);
        return true;
    }
    if (len >= MR_TEXT_FORM_MAX ||
        !((len == 10 && is_day(text, len)) || is_moment(text, len, &zone)))
        return false;
    memcpy(form, text, len);
    form[len] = '\0';
    for (size_t i = 0; i < zone; i++)
        if (is_digit(form[i]))
            form[i] = '9';
    return true;
}

/* ---- what to read it as ---- */

enum reading { READ_NATURAL = 1, READ_INTEGER, READ_DECIMAL, READ_TIME, READ_NONE };

static enum reading number(const char *text, size_t len)
{
    size_t from = len > 0 && (*text == '-' || *text == '+');
    const char *point = memchr(text, '.', len);
    if (are_digits(text + from, len - from))
        return from > 0 ? READ_INTEGER : READ_NATURAL;
    if (point == NULL || !are_digits(point + 1, (size_t)(text + len - point) - 1))
        return READ_NONE;
    return are_digits(text + from, (size_t)(point - text) - from) ? READ_DECIMAL : READ_NONE;
}

/* A zone is lost by CAST, so that what has one cannot be read. */
static enum reading reading_of(const char *text, size_t len)
{
    size_t zone = len;
    if ((len == 10 && is_day(text, len)) || (is_moment(text, len, &zone) && zone == len))
        return READ_TIME;
    return number(text, len);
}

const char *mr_text_cast(const char *a, size_t a_len, const char *b, size_t b_len)
{
    enum reading x = reading_of(a, a_len), y = reading_of(b, b_len);
    enum reading both = x > y ? x : y;
    if ((x == READ_TIME) != (y == READ_TIME))
        return NULL;
    switch (both) {
    case READ_NATURAL: return "UNSIGNED";
    case READ_INTEGER: return "SIGNED";
    case READ_DECIMAL: return "DECIMAL(65,20)";
    case READ_TIME: return "DATETIME(6)";
    case READ_NONE: break;
    }
    return NULL;
}
