/*
 * plan_witness: which tables of a merge the binary logs of its case do not tell all of, and why, for
 * people (docs/design/history.md).
 *
 * A plan whose case has no logs has nothing to say of them.  Tables of which no row is decided are
 * passed over: plan.json has them all.
 *
 * Errors: MR_E_NOMEM, what note() returns.  Threads: one.
 */
#ifndef MR_PLAN_WITNESS_H
#define MR_PLAN_WITNESS_H

#include "repair/plan/planned.h"

/* So many tables are named, the others counted. */
#define MR_PLAN_WITNESS_NAMED 5

/* Takes a sentence about a table; NULL: about those that are not named.  text is gone afterwards. */
typedef enum mr_code mr_plan_witness_fn(void *ctx, const char *table, const char *text,
                                        struct mr_err *err);

enum mr_code mr_plan_witness(const struct mr_plan_tables *tables, const struct mr_planned *planned,
                             mr_plan_witness_fn *note, void *ctx, struct mr_err *err);

#endif
