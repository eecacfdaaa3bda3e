/*
 * check_ranges: diverged keys joined into contiguous runs.
 *
 * Two diverged keys are contiguous if no equal row lies between them.  Every finding knows
 * how many equal rows its chunk holds before it, every chunk how many it holds at all;
 * so two findings touch exactly if the number of equal rows before them in the whole
 * table is the same.  A suspect that settled is an equal row in between.
 */
#ifndef MR_CHECK_RANGES_H
#define MR_CHECK_RANGES_H

#include "core/case/findings.h"

/* from and to are findings with images (to == from for a run of one); valid during the
 * call.  A keyless table has one range; its from is NULL. */
struct mr_check_range {
    const struct mr_finding *from, *to;
    uint64_t rows;
};
typedef enum mr_code mr_range_fn(void *ctx, const struct mr_check_range *range, struct mr_err *err);

enum mr_code mr_check_ranges(struct mr_findings *fd, const struct mr_find_table *table,
                             mr_range_fn *fn, void *ctx, struct mr_err *err);

#endif
