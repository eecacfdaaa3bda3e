/*
 * plan_one_sided: tables of a plan's scope that its run found on one side only.  No row of them was compared, and
 * nothing of them is planned: that is no "nothing to do".
 *
 * Where SOURCE alone has one, and for a mirror wherever it is, the plan does not do what was asked for: it is
 * incomplete.  One that TARGET alone has is left as it is by every other policy, as its rows would be.
 *
 * Errors: those of the case; MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_PLAN_ONE_SIDED_H
#define MR_PLAN_ONE_SIDED_H

#include "core/case/findings.h"
#include "core/source/sides.h"
#include "repair/plan/manifest.h"

struct mr_plan_one_sided_task {
    struct mr_findings *fd; /* its run is chosen */
    const struct mr_plan_patterns *patterns;
    const struct mr_server_side *source; /* its databases are those meant; ndbs 0: all */
    bool is_mirror;
    struct mr_arena *arena;
};

/* Warns of them, and adds them to what the manifest says it has skipped, whose texts then live in the arena. */
enum mr_code mr_plan_one_sided(const struct mr_plan_one_sided_task *task,
                               struct mr_manifest *manifest, struct mr_err *err);

#endif
