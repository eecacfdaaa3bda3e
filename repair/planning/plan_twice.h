/*
 * plan_twice: may triggers that fire when a plan is applied, or undone, do what the plan itself does?
 *
 * Logs and rows show what triggers did like anything else, so a plan has it: orders that come back, and the
 * counter that their trigger had changed.  If the trigger then fires for each order, the counter is
 * changed twice.  Asked only where triggers may fire.
 *
 * Looked at are the texts of the triggers, and of those of the tables that they write to, and so on.  Not seen: what a
 * function writes, a view, or a statement with several tables beside the first.
 *
 * Errors: MR_E_REFUSED with both names; MR_E_NOMEM.  Threads: none.
 */
#ifndef MR_PLAN_TWICE_H
#define MR_PLAN_TWICE_H

#include "repair/plan/plan_tables.h"
#include "repair/plan/planned.h"

/* rewinds: rows that triggers inserted are the plan's, too, and a routine that is called may write any of
 * them.  Else only rows of tables in which the plan updates or deletes some count: beside rows that it
 * inserts, those of triggers are others, of which a note tells (plan_keeps.h). */
enum mr_code mr_plan_refuse_twice(const struct mr_plan_tables *plan,
                                  const struct mr_planned *planned, bool rewinds,
                                  struct mr_err *err);
/* The same of the triggers that undo fires for planned table `at`, whether they may or not: *is. */
enum mr_code mr_plan_undo_twice(const struct mr_plan_tables *plan, const struct mr_planned *planned,
                                size_t at, bool rewinds, bool *is, struct mr_err *err);

#endif
