/*
 * merge_collect: the rows of SOURCE that the merge planner looks at, each read again from
 * both servers: what check found in a table, what plans of the case have written, and (mr_merge_collect_children) every row that
 * refers to one whose place on TARGET may be another, recursively; and what such rows refer
 * to themselves, where TARGET has changed or lost it since check (merge_parents.h).
 *
 * A table without a key is collected whole as soon as one row of it is looked at.
 */
#ifndef MR_MERGE_COLLECT_H
#define MR_MERGE_COLLECT_H

#include "repair/merge/merge_internal.h"

/* What check found and what plans have written, into w. */
enum mr_code mr_merge_collect_findings(struct mr_merge *m, struct mr_err *err);
/* And parents.  The bounds are known by then, and set in w (column above). */
enum mr_code mr_merge_collect_children(struct mr_merge *m, struct mr_err *err);

#endif
