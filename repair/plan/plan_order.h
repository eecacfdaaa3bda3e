/*
 * plan_order: in what order the tables of a plan are decided (see plan_tables.h): fills
 * its references, sorts its tables, and refuses what has no order.
 */
#ifndef MR_PLAN_ORDER_H
#define MR_PLAN_ORDER_H

#include "repair/plan/plan_tables.h"

/* pairing.references are known.  MR_E_REFUSED for identities that contain each other, and
 * for an identity or reference that a server computes from a column that is mapped. */
enum mr_code mr_plan_order(struct mr_plan_tables *plan, struct mr_arena *arena, struct mr_err *err);

/* Is a reference from these columns hard (plan_tables.h)? */
bool mr_plan_is_hard(const struct mr_plan_table *child, const struct mr_plan_columns *from);

#endif
