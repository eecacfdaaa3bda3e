/*
 * affected_extent: what a column of a list has to hold, gathered value by value.
 */
#ifndef MR_AFFECTED_EXTENT_H
#define MR_AFFECTED_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/row/row.h"

/* Zero-initialised: no value yet.  NULL extends nothing. */
struct mr_affected_extent {
    int64_t least;                  /* of integers, at most 0 */
    uint64_t most;                  /* of integers, at least 0 */
    uint64_t positive;              /* the least integer above 0; 0: none */
    unsigned whole, fraction;       /* most digits of decimals */
    bool no_day;                    /* some date has a year, and a month or day 0 */
    uint32_t first_year, last_year; /* of dates; zero dates do not count */
    size_t chars, bytes;            /* of the longest text */
    bool no_text;                   /* some text is not valid UTF-8 */
};

/* Widens what is known so far by one value; NULL is passed over. */
void mr_affected_extent_add(struct mr_affected_extent *extent, const struct mr_value *value);

#endif
