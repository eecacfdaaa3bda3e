/*
 * report_rank: what stands on top of a list of tables, or of pairs: the graver, then those with more
 * collisions, then those with more rows that differ, then as they came.
 *
 * Errors: none.  Threads: no state.
 */
#ifndef MR_REPORT_RANK_H
#define MR_REPORT_RANK_H

#include "core/case/findings.h"

struct mr_report_rank {
    size_t at;   /* in the list */
    int gravity; /* 0: the gravest */
    uint64_t collisions, rows;
};

struct mr_report_rank mr_report_rank_of(size_t at, int gravity,
                                        const struct mr_find_counts *counts);
/* ranks is sorted; order: the place in the list of each. */
void mr_report_rank_sort(struct mr_report_rank *ranks, size_t count, size_t *order);

#endif
