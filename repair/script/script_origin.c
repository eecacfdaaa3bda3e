/* script_origin.c: see script_origin.h. */
#include "repair/script/script_origin.h"

#include <string.h>

static bool take_text(const char **at, const char *text)
{
    const size_t len = strlen(text);
    if (strncmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool take_number(const char **at, uint64_t *number)
{
    const char *from = *at;
    *number = 0;
    for (; **at >= '0' && **at <= '9' && *at - from < 18; (*at)++)
        *number = *number * 10 + (uint64_t)(**at - '0');
    return *at > from && !(**at >= '0' && **at <= '9');
}

/* "4-6", or "4" */
static bool take_range(const char **at, uint64_t *first, uint64_t *last)
{
    if (!take_number(at, first))
        return false;
    *last = *first;
    return (!take_text(at, "-") || take_number(at, last)) && *first > 0 && *last >= *first;
}

/* Behind the rows. */
static bool take_units(const char **at, struct mr_script_origin_range *origin)
{
    return take_text(at, ": units ") && take_range(at, &origin->first_unit, &origin->last_unit);
}

static bool skip_rows(const char **at)
{
    uint64_t first, last;
    bool good = take_text(at, MR_SCRIPT_ORIGIN_PREFIX) && take_range(at, &first, &last);
    while (good && take_text(at, ","))
        good = take_range(at, &first, &last);
    return good;
}

bool mr_script_origin_is_line(const char *line)
{
    struct mr_script_origin_range origin;
    return skip_rows(&line) && take_units(&line, &origin) && *line == '\0';
}

enum mr_code mr_script_origin_each(const char *text, mr_script_origin_fn *fn, void *ctx,
                                   struct mr_err *err)
{
    struct mr_script_origin_range origin;
    while (text != NULL && *text != '\0') {
        const char *at = text;
        if (!skip_rows(&at) || !take_units(&at, &origin) || !take_text(&at, "\n"))
            return mr_err_set(err, MR_E_BUG, "lines of rows are not what the script had");
        (void)take_text(&text, MR_SCRIPT_ORIGIN_PREFIX);
        do {
            (void)take_range(&text, &origin.first_row, &origin.last_row);
            MR_TRY(fn(ctx, &origin, err));
        } while (take_text(&text, ","));
        text = at;
    }
    return MR_OK;
}
