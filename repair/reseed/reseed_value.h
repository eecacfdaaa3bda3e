/*
 * reseed_value: how far a counter is raised, as arithmetic alone.
 *
 * next is the first id that neither history has handed out.  [next, next + margin) is
 * reserved, and the counter is raised to the first value at or behind it that the server
 * can hand out: offset + k * increment.  Everything must fit below `limit`, the greatest
 * value that the key and all columns that refer to it can hold.
 *
 * Where less than four times the margin is left, a quarter of what is left is taken; where
 * that is nothing, the margin asked for, if it fits.
 */
#ifndef MR_RESEED_VALUE_H
#define MR_RESEED_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/schema/schema.h"

struct mr_reseed_step {
    uint64_t increment, offset; /* of the server; 1 and 1 as a rule */
};

struct mr_reseed_value {
    uint64_t margin, to, reseed_to;
    bool cut;                 /* margin is not the one asked for */
    bool fits;                /* else nothing above is set */
    uint64_t greatest_margin; /* that would fit; 0: none does */
};

/* The first value at or above `from` that the server hands out; 0: there is none below
 * 2^64.  With an offset above the increment servers have rules of their own: then it is
 * `from`. */
uint64_t mr_reseed_round(uint64_t from, struct mr_reseed_step step);

/* next 0: above everything that 64 bits hold. */
struct mr_reseed_value mr_reseed_value(uint64_t next, uint64_t margin, uint64_t limit,
                                       struct mr_reseed_step step);

/* The greatest id that the column can hold and a server still hands out (of BIGINT
 * UNSIGNED one less than it holds: 2^64-2); UINT64_MAX for a type without such an end. */
uint64_t mr_reseed_column_limit(const struct mr_column *column);

#endif
