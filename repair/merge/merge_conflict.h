/*
 * merge_conflict: which rows of a component wait, and what their conflict is called.
 *
 * A row that TARGET lacks can wait for a reason of its own (m.own: the first that holds),
 * or because something above it waits.  m.kind is then what conflicts.csv calls it: the
 * reason of its own where nothing above it waits, else parent-absent or parent-differs;
 * m.root is the row whose decision decides the tree.  In a circle of rows that wait for
 * each other, the one with the least key that has a reason is the root.
 */
#ifndef MR_MERGE_CONFLICT_H
#define MR_MERGE_CONFLICT_H

#include "repair/merge/merge_internal.h"

/* The component is grouped (merge_group.h). */
enum mr_code mr_merge_conflict(struct mr_merge *m, size_t first, size_t count, struct mr_err *err);

#endif
