/* counted.c: see counted.h. */
#include "repair/side/counted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TOP_BIT (UINT64_C(1) << 63)

/* The one place where the bit is flipped, in both directions. */
static uint64_t flip(uint64_t bits, bool is_unsigned)
{
    return is_unsigned ? bits ^ TOP_BIT : bits;
}

int64_t mr_counted_of(uint64_t number, bool is_unsigned)
{
    if (!is_unsigned && number > INT64_MAX)
        return INT64_MAX;
    return (int64_t)flip(number, is_unsigned);
}

static int64_t of_signed(int64_t number, bool is_unsigned)
{
    return is_unsigned ? mr_counted_of(number > 0 ? (uint64_t)number : 0, true) : number;
}

int64_t mr_counted_of_value(const struct mr_value *value, bool is_unsigned)
{
    if (value->cls == MR_CLASS_INT)
        return of_signed(value->i, is_unsigned);
    return mr_counted_of(value->cls == MR_CLASS_UINT ? value->u : 0, is_unsigned);
}

int64_t mr_counted_of_text(const char *text, bool is_unsigned, char **end)
{
    return text[0] == '-' ? of_signed(strtoll(text, end, 10), is_unsigned)
                          : mr_counted_of(strtoull(text, end, 10), is_unsigned);
}

struct mr_value mr_counted_value(int64_t order, bool is_unsigned)
{
    uint64_t bits = flip((uint64_t)order, is_unsigned);
    if (is_unsigned)
        return (struct mr_value){.cls = MR_CLASS_UINT, .u = bits};
    return (struct mr_value){.cls = MR_CLASS_INT, .i = (int64_t)bits};
}

uint64_t mr_counted_number(int64_t order, bool is_unsigned)
{
    return is_unsigned || order > 0 ? flip((uint64_t)order, is_unsigned) : 0;
}

const char *mr_counted_text(int64_t order, bool is_unsigned, char text[MR_COUNTED_TEXT])
{
    if (is_unsigned)
        (void)snprintf(text, MR_COUNTED_TEXT, "%" PRIu64, mr_counted_number(order, true));
    else
        (void)snprintf(text, MR_COUNTED_TEXT, "%" PRId64, order);
    return text;
}
