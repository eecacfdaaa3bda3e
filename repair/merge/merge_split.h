/*
 * merge_split: --split-at TIME, as a column has it.
 *
 * TIME with a zone is that instant for TIMESTAMP columns and its wall clock for DATE and
 * DATETIME; without one it is taken as written for DATE and DATETIME, and in TARGET's
 * global time zone for TIMESTAMP.  Zero and NULL times do not count.
 */
#ifndef MR_MERGE_SPLIT_H
#define MR_MERGE_SPLIT_H

#include "repair/merge/merge_internal.h"

/* TIME as the column's values are read. */
enum mr_code mr_merge_split_time(struct mr_merge *m, const struct mr_plan_table *table,
                                 size_t column, struct mr_time *time, struct mr_err *err);

/* Where a row's time stands: 0 it has none (NULL or zero), -1 before TIME, 1 at or after
 * it. */
enum mr_code mr_merge_split_side(struct mr_merge *m, const struct mr_plan_table *table,
                                 size_t column, struct mr_key image, int *side,
                                 struct mr_err *err);

#endif
