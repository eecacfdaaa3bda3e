/* name_range.c: see name_range.h. */
#include "core/base/name_range.h"

#include <string.h>

#define DIGITS_MAX 9 /* fits uint32_t */

/* Digits up to `end`; false where something else stands there. */
static bool read_number(const char **at, uint32_t *out, unsigned *digits)
{
    *out = 0;
    *digits = 0;
    for (; **at >= '0' && **at <= '9' && *digits < DIGITS_MAX; (*at)++, (*digits)++)
        *out = *out * 10 + (uint32_t)(**at - '0');
    return *digits > 0;
}

const char *mr_name_range_read(const char *text, struct mr_name_range *out)
{
    const char *open = strchr(text, '{');
    unsigned last_digits;
    *out = (struct mr_name_range){.before = text, .before_len = strlen(text)};
    if (open == NULL)
        return strchr(text, '}') == NULL ? NULL : "a brace } that none opens";
    out->before_len = (size_t)(open - text);
    const char *at = open + 1;
    if (!read_number(&at, &out->first, &out->width) || strncmp(at, "..", 2) != 0)
        return "braces that hold no range of numbers";
    at += 2;
    if (!read_number(&at, &out->last, &last_digits) || *at != '}')
        return "braces that hold no range of numbers";
    out->behind = at + 1;
    if (out->first > out->last)
        return "a range whose first number is above its last";
    return strpbrk(out->behind, "{}") == NULL ? NULL : "more than one pair of braces";
}

uint64_t mr_name_range_count(const struct mr_name_range *range)
{
    return (uint64_t)range->last - range->first + 1;
}

static void add_number(const struct mr_name_range *range, uint32_t at, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "%0*u", (int)range->width, range->first + at);
}

void mr_name_range_name(const struct mr_name_range *range, uint32_t at, struct mr_strbuf *out)
{
    mr_strbuf_add(out, range->before, range->before_len);
    if (range->behind == NULL)
        return;
    add_number(range, at, out);
    mr_strbuf_add_str(out, range->behind);
}

bool mr_name_range_value(const struct mr_name_range *range, uint32_t at, const char *value,
                         struct mr_strbuf *out)
{
    for (const char *next; (next = strstr(value, "{}")) != NULL; value = next + 2) {
        if (range->behind == NULL)
            return false;
        mr_strbuf_add(out, value, (size_t)(next - value));
        add_number(range, at, out);
    }
    mr_strbuf_add_str(out, value);
    return true;
}
