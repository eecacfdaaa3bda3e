/*
 * plan_counters: the counters that a plan of rows raises, from what was decided about new
 * ids (the case's plan_table, merge_ids.h), in the form in which reseed.sql and `repair
 * apply` raise them.
 *
 * Ownership: everything lives in the arena, or in the tables.  Errors: those of the
 * servers and of the case.  Threads: one.
 */
#ifndef MR_PLAN_COUNTERS_H
#define MR_PLAN_COUNTERS_H

#include "repair/plan/manifest.h"

struct mr_plan_counters_task {
    const struct mr_plan_tables *tables;
    struct mr_findings *fd;
    int64_t plan;
    const char *target; /* display form, as the case knows it */
    struct mr_arena *arena;
};

/* Makes room in the case for what is decided about counters (table plan_table), and forgets
 * what was decided for this plan before. */
enum mr_code mr_plan_counters_open(struct mr_case *cf, int64_t plan, struct mr_err *err);

/* Sets the manifest's counters.  *reserved, one a counter: its ids are of the block that an
 * earlier plan of the case has reserved, which stays as it is. */
enum mr_code mr_plan_counters(const struct mr_plan_counters_task *task,
                              struct mr_manifest *manifest, bool **reserved, struct mr_err *err);

#endif
