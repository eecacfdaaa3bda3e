/*
 * report_lane: the kinds of differences that a report tells apart: those of a finding, and
 * moved identities, each with a colour, a pattern and a lane of the map.
 *
 * Threads: no state.
 */
#ifndef MR_REPORT_LANE_H
#define MR_REPORT_LANE_H

#include "core/case/findings.h"

enum mr_lane {
    MR_LANE_MISSING,
    MR_LANE_EXTRA,
    MR_LANE_CHANGED,
    MR_LANE_COLLISION,
    MR_LANE_MOVED, /* both places of an identity */
    MR_LANES
};

/* The lanes as people read them, gravest first. */
extern const enum mr_lane mr_lane_order[MR_LANES];

/* kind is decided. */
enum mr_lane mr_lane_of(enum mr_find_kind kind);
/* As classes of the page, and words, have it. */
const char *mr_lane_name(enum mr_lane lane);
/* How many the counts have of it. */
uint64_t mr_lane_rows(const struct mr_find_counts *counts, enum mr_lane lane);

#endif
