/*
 * plan_select: which of the tables of a run are planned, by --tables and --exclude.
 *
 * Errors: MR_E_NO_SUCH for patterns that match no table, MR_E_REFUSED, MR_E_NOMEM.
 * Threads: no state.
 */
#ifndef MR_PLAN_SELECT_H
#define MR_PLAN_SELECT_H

#include "repair/plan/plan_tables.h"

/* Whether each table is meant, in arena; *selected NULL where all are. */
enum mr_code mr_plan_select(const struct mr_plan_tables *plan,
                            const struct mr_plan_patterns *patterns, struct mr_arena *arena,
                            bool **selected, struct mr_err *err);

/* Leaves of the plan what is meant and what is tied to that by references, over any number
 * of tables: ids are mapped through all of them.  A tied table that --exclude names is
 * refused. */
enum mr_code mr_plan_select_tied(struct mr_plan_tables *plan,
                                 const struct mr_plan_patterns *patterns, struct mr_arena *arena,
                                 struct mr_err *err);

#endif
