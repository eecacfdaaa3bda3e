/*
 * plan_closure: is every table that refers to a planned one planned, too?
 *
 * One that is not would go on pointing at keys that now belong to somebody else, so the
 * plan is refused and names it: MR_E_REFUSED.  Looked at are foreign keys of both
 * servers, of databases that the command does not name, too, and `reference =` lines.
 */
#ifndef MR_PLAN_CLOSURE_H
#define MR_PLAN_CLOSURE_H

#include "repair/plan/plan_tables.h"

/* known: the tables of the chosen run. */
enum mr_code mr_plan_closure_check(const struct mr_plan_tables *plan,
                                   const struct mr_find_table *known, size_t nknown,
                                   struct mr_err *err);

#endif
