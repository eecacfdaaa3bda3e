/*
 * plan_summary: what plan.json says of the rows of a plan (planned.h), from the plan's
 * store and what the case keeps with the plan.
 *
 * Ownership: everything lives in the arena, or in the tables that are summed up.
 * Errors: those of the case, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_PLAN_SUMMARY_H
#define MR_PLAN_SUMMARY_H

#include "repair/plan/manifest.h"

struct mr_plan_summary_task {
    const struct mr_plan_tables *tables;
    struct mr_plan_store *store; /* filled */
    struct mr_findings *fd;
    struct mr_arena *arena;
};

/* Fills tables, units, rows, open and decided. */
enum mr_code mr_plan_summary(const struct mr_plan_summary_task *task, struct mr_planned *planned,
                             struct mr_err *err);

#endif
