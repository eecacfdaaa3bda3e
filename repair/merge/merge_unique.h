/*
 * merge_unique: who holds the unique values of the rows that are to be inserted.
 */
#ifndef MR_MERGE_UNIQUE_H
#define MR_MERGE_UNIQUE_H

#include "repair/merge/merge_internal.h"

/* Sets m.rival, m.other to the key of whoever holds the value on TARGET and
 * m.detail to the index, for rows without a reason of their own to wait. */
enum mr_code mr_merge_unique(struct mr_merge *m, const struct mr_plan_table *table,
                             struct mr_err *err);

/* Columns of a row's unique indexes that hold somebody else's value on TARGET and may be
 * empty: appended to out as edits (plan_fit.h). */
enum mr_code mr_merge_columns_to_empty(struct mr_merge *m, const struct mr_plan_table *table,
                                       int64_t id, struct mr_strbuf *out, struct mr_err *err);

#endif
