/*
 * merge_bounds: where the common past of each table with a counter ends.
 *
 * BASE BOUND (L): what the command or the configuration says (split-key); else with a time
 * of the split, the greatest key of any row of either side created before it; else what the
 * binary logs say (merge_evidence.h); else what the
 * case has kept from its first plan; else the greatest key whose rows are byte-equal on
 * both sides and lead to base rows only.
 * FRESH BOUND (U): the smaller of the first key above L that two different identities hold
 * (found while deciding: mr_merge_bounds_fresh) and TARGET's next AUTO_INCREMENT as the
 * case first recorded it.
 *
 * Kept in the case, so that a merge, which makes new equal rows, does not move them:
 *   plan_bound (tbl "db.t", base, base_origin, fresh, fresh_origin, first_next), base and
 *   fresh being the 64 bits of the number
 *
 * Errors: MR_E_REFUSED, those of the servers and of the case.
 */
#ifndef MR_MERGE_BOUNDS_H
#define MR_MERGE_BOUNDS_H

#include "repair/merge/merge_internal.h"

/* "split-key", "split-at", "logs", "equal rows"; of U: "collision", "counter". */
#define MR_BOUND_SPLIT_KEY "split-key"
#define MR_BOUND_AT "split-at"
#define MR_BOUND_LOGS "logs"
#define MR_BOUND_EQUAL "equal rows"
#define MR_BOUND_COLLISION "collision"

/* Base bounds of all tables; findings are collected (merge_collect.h). */
enum mr_code mr_merge_bounds_find(struct mr_merge *m, struct mr_err *err);

/* The fresh bound of a table whose identities are known (table m). */
enum mr_code mr_merge_bounds_fresh(struct mr_merge *m, struct mr_merge_table *table,
                                   struct mr_err *err);
/* Writes both to the case. */
enum mr_code mr_merge_bounds_keep(struct mr_merge *m, const struct mr_merge_table *table,
                                  struct mr_err *err);

/* What a case has kept of a table's bounds; strings in arena.  *known: it has. */
enum mr_code mr_merge_bounds_load(struct mr_case *cf, const struct mr_plan_table *table,
                                  struct mr_merge_bound *bound, struct mr_arena *arena, bool *known,
                                  struct mr_err *err);

#endif
