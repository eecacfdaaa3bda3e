/*
 * plan_find: what a plan decided about one row, or about whoever has an identity, from the
 * files of its directory: `repair show --row`, `--identity` and `--why`.
 *
 * The files are streamed; what is found is held in memory.  Rows themselves are known of
 * conflicts only, which list them.
 *
 * Errors: MR_E_NO_SUCH where the plan knows nothing of it, unless it is asked why; MR_E_USAGE for a row that is not
 * DB.TABLE=KEY; MR_E_REFUSED for files that no planner wrote; MR_E_IO.  Threads: one.
 */
#ifndef MR_PLAN_FIND_H
#define MR_PLAN_FIND_H

#include <stdbool.h>
#include <stdio.h>

#include "repair/plan/plan_dir.h"

struct mr_plan_find_task {
    struct mr_plan_dir *plan;
    const char *row;      /* "db.t=key", SOURCE's key or TARGET's; or NULL */
    const char *identity; /* as idmap.csv has it; or NULL */
    bool why;             /* by which facts and rules, too (plan_why.h) */
    bool json;
    FILE *out;
};

enum mr_code mr_plan_find(const struct mr_plan_find_task *task, struct mr_err *err);

#endif
