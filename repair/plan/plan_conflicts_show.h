/*
 * plan_conflicts_show: what a plan asks people, from conflicts.csv of its directory, as it stands
 * now: `repair show --conflicts`.
 *
 * The file is streamed; memory is bounded by a record.  It may have been through a spreadsheet.
 *
 * Errors: MR_E_USAGE for a kind or table that is not known; MR_E_REFUSED for a file that no planner
 * wrote; MR_E_IO.  Threads: one.
 */
#ifndef MR_PLAN_CONFLICTS_SHOW_H
#define MR_PLAN_CONFLICTS_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "repair/plan/plan_dir.h"

struct mr_plan_conflicts_task {
    struct mr_plan_dir *plan;
    const char *kind, *table; /* only these; NULL: all */
    bool json;
    FILE *out;
};

enum mr_code mr_plan_conflicts_show(const struct mr_plan_conflicts_task *task, struct mr_err *err);

#endif
