/* reseed_value.c: see reseed_value.h. */
#include "repair/reseed/reseed_value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FLOAT_EXACT (UINT64_C(1) << 24)
#define DOUBLE_EXACT (UINT64_C(1) << 53)
#define MAX_DIGITS 20

uint64_t mr_reseed_round(uint64_t from, struct mr_reseed_step step)
{
    if (step.increment <= 1 || step.offset > step.increment)
        return from;
    if (from <= step.offset)
        return step.offset;
    uint64_t over = (from - step.offset) % step.increment;
    uint64_t add = over == 0 ? 0 : step.increment - over;
    return add <= UINT64_MAX - from ? from + add : 0;
}

/* The last value up to `limit` that the server hands out; 0: none. */
static uint64_t last_of(uint64_t limit, struct mr_reseed_step step)
{
    if (step.increment <= 1 || step.offset > step.increment)
        return limit;
    return limit < step.offset ? 0 : limit - (limit - step.offset) % step.increment;
}

struct mr_reseed_value mr_reseed_value(uint64_t next, uint64_t margin, uint64_t limit,
                                       struct mr_reseed_step step)
{
    struct mr_reseed_value value = {0};
    uint64_t last = last_of(limit, step);
    if (next == 0 || next > last)
        return value;
    /* limit - next + 1 would overflow for a type without an end */
    uint64_t left = limit - next < UINT64_MAX ? limit - next + 1 : UINT64_MAX;
    value.greatest_margin = last - next;
    value.cut = left / 4 < margin;
    value.margin = value.cut ? left / 4 : margin;
    if (value.margin == 0) {
        value.margin = margin;
        value.cut = false;
    }
    if (value.margin > value.greatest_margin)
        return value;
    value.to = next + value.margin;
    value.reseed_to = mr_reseed_round(value.to, step);
    value.fits = true;
    return value;
}

static uint64_t power_of_ten(unsigned digits)
{
    uint64_t power = 1;
    for (; digits > 0; digits--)
        power *= 10;
    return power;
}

/* The greatest number of so many digits. */
static uint64_t limit_of_digits(unsigned long digits)
{
    return digits >= MAX_DIGITS ? UINT64_MAX - 1 : power_of_ten((unsigned)digits) - 1;
}

/* "decimal(10,2)": eight digits in front of the point; "varchar(8)": eight. */
static uint64_t limit_of_length(const struct mr_column *column)
{
    const char *open = strchr(column->type, '(');
    if (open == NULL)
        return UINT64_MAX;
    char *end = NULL;
    unsigned long digits = strtoul(open + 1, &end, 10);
    unsigned long scale = *end == ',' ? strtoul(end + 1, NULL, 10) : 0;
    return limit_of_digits(digits > scale ? digits - scale : 0);
}

uint64_t mr_reseed_column_limit(const struct mr_column *column)
{
    static const struct {
        const char *type;
        unsigned bits;
    } integers[] = {
        {"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        if (strcasecmp(column->data_type, integers[i].type) != 0)
            continue;
        unsigned bits = integers[i].bits - (column->is_unsigned ? 0 : 1);
        /* both servers use up 2^64-1 as the mark of an exhausted counter */
        return bits == 64 ? UINT64_MAX - 1 : (UINT64_C(1) << bits) - 1;
    }
    if (column->cls == MR_CLASS_FLOAT)
        return FLOAT_EXACT;
    if (column->cls == MR_CLASS_DOUBLE)
        return DOUBLE_EXACT;
    if (column->cls == MR_CLASS_DECIMAL || strcasecmp(column->data_type, "varchar") == 0 ||
        strcasecmp(column->data_type, "char") == 0)
        return limit_of_length(column);
    return UINT64_MAX;
}
