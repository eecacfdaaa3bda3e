/*
 * name_range: "shop-{01..63}", a name that stands for many, and what {} becomes in their values.
 *
 * Ownership: none; the range points into the text it was read of.  Threads: no state.
 */
#ifndef MR_NAME_RANGE_H
#define MR_NAME_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/strbuf.h"

struct mr_name_range {
    const char *before, *behind; /* of the braces; behind NULL: there are none */
    size_t before_len;
    uint32_t first, last; /* last >= first */
    unsigned width;       /* least digits */
};

/* NULL, or what is wrong with it, for people.  A text without braces is a range of one. */
const char *mr_name_range_read(const char *text, struct mr_name_range *out);
uint64_t mr_name_range_count(const struct mr_name_range *range);
/* Appends the name of that number (from 0). */
void mr_name_range_name(const struct mr_name_range *range, uint32_t at, struct mr_strbuf *out);
/* Appends a value with {} replaced; false where it has {} and the name no range. */
bool mr_name_range_value(const struct mr_name_range *range, uint32_t at, const char *value,
                         struct mr_strbuf *out);

#endif
