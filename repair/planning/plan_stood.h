/*
 * plan_stood: a plan is of the tables that were there when it was begun, and still are when it
 * is written.
 *
 * Its views hold no table between two readings (struct mr_source_opts), so that nobody who
 * alters one waits for a plan.  A table that is altered meanwhile has no rows in the view,
 * and the plan ends with error 1412; but one that another has changed places with (RENAME
 * TABLE, as tools that alter online end) is read on, as the other one was at that moment:
 * half copied, perhaps.
 *
 * Calling sequence: begin before the first row is read, end before anything is written.
 * Two statements a server each.  Ownership: marks are of the arena.  Threads: one.
 */
#ifndef MR_PLAN_STOOD_H
#define MR_PLAN_STOOD_H

#include "core/schema/table_marks.h"
#include "repair/plan/plan_tables.h"

struct mr_plan_stood {
    const struct mr_pairing *pairing;
    struct mr_arena *arena;
    struct mr_table_mark *marks[MR_SIDES]; /* per table of the pairing */
};

enum mr_code mr_plan_stood_begin(struct mr_plan_stood *stood, const struct mr_pairing *pairing,
                                 struct mr_arena *arena, struct mr_err *err);
/* MR_E_CHANGED names the first table that is another one now. */
enum mr_code mr_plan_stood_end(const struct mr_plan_stood *stood, struct mr_err *err);

#endif
