/* report_lane.c: see report_lane.h. */
#include "recon/report/report_lane.h"

const enum mr_lane mr_lane_order[MR_LANES] = {MR_LANE_COLLISION, MR_LANE_MOVED, MR_LANE_CHANGED,
                                              MR_LANE_MISSING, MR_LANE_EXTRA};

enum mr_lane mr_lane_of(enum mr_find_kind kind)
{
    return (enum mr_lane)(kind - MR_KIND_MISSING);
}

const char *mr_lane_name(enum mr_lane lane)
{
    return lane == MR_LANE_MOVED ? "moved"
                                 : mr_kind_name((enum mr_find_kind)(lane + MR_KIND_MISSING));
}

uint64_t mr_lane_rows(const struct mr_find_counts *c, enum mr_lane lane)
{
    const uint64_t rows[MR_LANES] = {c->missing, c->extra, c->changed, c->collision, c->moved};
    return rows[lane];
}
