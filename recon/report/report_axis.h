/*
 * report_axis: the axis that a table's keys are drawn on, in MR_AXIS_BINS equal bins.
 *
 * Two kinds.  A single integer key is its own place: the axis goes from the smallest to
 * the greatest key that a row can be thought to have.  A case knows only some of these
 * keys (diverged rows, ends of chunks), each with the number of rows before it, so that
 * the ends of the axis are carried on from what is known.  Any other key has a rank: the
 * first row's place is 1.
 *
 * Threads: plain data.
 */
#ifndef MR_REPORT_AXIS_H
#define MR_REPORT_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/strbuf.h"
#include "core/source/keyrange.h"

#define MR_AXIS_BINS 240
#define MR_AXIS_TICKS_MAX 12

/* Keys reach from -2^63 to 2^64-1. */
__extension__ typedef __int128 mr_place;

struct mr_report_axis {
    bool numeric;    /* places are keys; else ranks */
    mr_place lo, hi; /* both included */
};

/* What is known of a numeric key. */
struct mr_axis_facts {
    mr_place min, max;           /* smallest and greatest key that is known */
    uint64_t min_rank, max_rank; /* rows before them */
    uint64_t rows;               /* of the table, of both sides together */
    mr_place greatest;           /* of the column on either side, where a counter tells */
    bool has_greatest;
};

/* The key as a number; false where it is not a single integer. */
bool mr_axis_key_number(struct mr_key key, mr_place *number);

/* Makes it an axis of keys, as long as the facts say that keys go. */
void mr_axis_fit(struct mr_report_axis *axis, const struct mr_axis_facts *facts);
/* Makes the axis longer if a place lies a little behind its end; false: far away. */
bool mr_axis_reach(struct mr_report_axis *axis, mr_place place);
/* 0 … MR_AXIS_BINS - 1; places beyond an end are in its bin. */
size_t mr_axis_bin(const struct mr_report_axis *axis, mr_place place);
/* The bins that a place takes: one, or on a short axis several, with a gap behind. */
struct mr_axis_cell {
    size_t first, last;
};
struct mr_axis_cell mr_axis_cell(const struct mr_report_axis *axis, mr_place place);

/* Round places at equal distances, at most `max` and at most MR_AXIS_TICKS_MAX. */
size_t mr_axis_ticks(const struct mr_report_axis *axis, size_t max,
                     mr_place ticks[MR_AXIS_TICKS_MAX]);

/* -1,234,567 */
void mr_axis_add_number(struct mr_strbuf *out, mr_place number);

#endif
