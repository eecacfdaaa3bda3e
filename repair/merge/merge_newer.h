/*
 * merge_newer: which of two rows is the newer one, by a column: `newest:COLUMN`.
 *
 * Values compare as the column's type has them: times as times, numbers as numbers, text by
 * its bytes.  NULL is older than anything; equal values are not newer.
 */
#ifndef MR_MERGE_NEWER_H
#define MR_MERGE_NEWER_H

#include "repair/plan/plan_tables.h"

/* Is SOURCE's row the newer one?  MR_E_CONFIG where the table has no such column. */
enum mr_code mr_merge_is_newer(const struct mr_plan_table *table, const char *column,
                               struct mr_key source, struct mr_key target, bool *newer,
                               struct mr_err *err);

#endif
