/*
 * merge_fit: which rows have values that TARGET's columns cannot hold (plan_fit.h), as they
 * would stand there, references mapped.
 */
#ifndef MR_MERGE_FIT_H
#define MR_MERGE_FIT_H

#include "repair/merge/merge_internal.h"

/* Of the table's rows that TARGET lacks and that have no reason of their own to wait: m.misfit,
 * m.detail (which column and why), m.choices. */
enum mr_code mr_merge_fit_absent(struct mr_merge *m, const struct mr_plan_table *table,
                                 struct mr_err *err);

/* Of rows of a component that stand there with other values, and that are not decided by their
 * columns: m.unfit and m.detail where SOURCE's values cannot be chosen. */
enum mr_code mr_merge_fit_standing(struct mr_merge *m, size_t first, size_t count,
                                   struct mr_err *err);

/* Appends the edits that a choice makes of a row of w.  *possible false: it is none that can
 * be carried out, and m.detail says why. */
enum mr_code mr_merge_fit_choose(struct mr_merge *m, const struct mr_plan_table *table, int64_t id,
                                 const char *choice, struct mr_strbuf *edits, bool *possible,
                                 struct mr_err *err);

#endif
