/*
 * plan_gone: tables that the chosen run compared and that cannot be planned any more: a side
 * has renamed, dropped or hidden them, holds a view under their name, or the two cannot be
 * compared any more.  What the run found in them would be passed over.
 *
 * Tables that the run itself saw on one side only, did not check, or checked in part are not
 * looked at: the run says so of them.  Tables of databases that the plan's URIs do not name
 * are left out, which is warned of.
 *
 * Errors: MR_E_REFUSED with their names; those of the servers; MR_E_NOMEM.  Threads: any.
 */
#ifndef MR_PLAN_GONE_H
#define MR_PLAN_GONE_H

#include "repair/plan/plan_tables.h"

/* What became of a table of the run. */
struct mr_plan_fate {
    bool planned;
    const char *why; /* both sides have it, and it cannot be planned; or NULL */
};

struct mr_plan_gone_task {
    struct mr_sides *sides;
    const struct mr_plan_patterns *patterns; /* NULL: all tables are meant */
    const struct mr_find_table *known;       /* of the run */
    const struct mr_plan_fate *fates;        /* as many */
    size_t nknown;
    struct mr_arena *arena;
};

/* MR_OK: what is meant is planned. */
enum mr_code mr_plan_gone_check(const struct mr_plan_gone_task *task, struct mr_err *err);

#endif
