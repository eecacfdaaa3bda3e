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

/* Why TIME cannot say where the past of a table with a counter ends, as a sentence; NULL: it
 * can. */
const char *mr_merge_split_misses(const struct mr_plan_table *table,
                                  const struct mr_when *split_at);

/* TIME as the column's values are read. */
enum mr_code mr_merge_split_time(struct mr_merge *m, const struct mr_plan_table *table,
                                 size_t column, struct mr_time *time, struct mr_err *err);

/* Where a row's time stands: 0 it has none (NULL or zero), or is a DATE on the day of a TIME
 * within it; -1 before TIME, 1 at or after it. */
enum mr_code mr_merge_split_side(struct mr_merge *m, const struct mr_plan_table *table,
                                 size_t column, struct mr_key image, int *side, struct mr_err *err);

#endif
