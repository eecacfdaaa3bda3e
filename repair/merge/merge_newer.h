/*
 * merge_newer: which of two rows is the newer one, by a column: `newest:COLUMN`.
 *
 * Values compare as the column's type orders: times as times, numbers as numbers, an ENUM
 * by the number of its member.  NULL is older than anything; a zero date is older than any
 * other.  What has no order that says anything is refused by name: types that differ
 * between the sides; SET, JSON, binary and spatial values; text, unless every value that
 * was compared in the plan is of one form (text_form.h).
 */
#ifndef MR_MERGE_NEWER_H
#define MR_MERGE_NEWER_H

#include "repair/merge/merge_internal.h"

/* *by: above 0, SOURCE's row is the newer one; below, TARGET's.  MR_E_CONFIG where the
 * table has no such column, MR_E_REFUSED where it does not tell. */
enum mr_code mr_merge_newer(struct mr_merge *m, const struct mr_plan_table *table,
                            const char *column, const struct mr_key rows[MR_SIDES], int *by,
                            struct mr_err *err);

#endif
