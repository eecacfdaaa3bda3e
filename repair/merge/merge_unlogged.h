/*
 * merge_unlogged: what may have become of the columns of a plan's tables without an event of their own
 * (enum mr_unlogged of core/case/explain.h).
 *
 * A foreign key that acts changes rows of which the log has no event (core/logs/cascades.h): a parent that was
 * deleted makes NULL of what referred to it, one whose key was changed takes the new one along.  Such a value of a
 * row that no event names is not that of the split.  Whether a parent was, its marks say; where its log was
 * not read as far as its rows, or is not to be relied upon, it may have been.
 *
 * Ownership: the plan's.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_MERGE_UNLOGGED_H
#define MR_MERGE_UNLOGGED_H

#include "repair/merge/merge_internal.h"

/* Fills mr_merge_table.unlogged of all tables, once it is known which logs count. */
enum mr_code mr_merge_unlogged_find(struct mr_merge *m, struct mr_err *err);

#endif
