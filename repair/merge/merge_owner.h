/*
 * merge_owner: do two rows belong to different people?
 *
 * The owners of a row are the first subject rows above it: the nearest, by any reference.
 * Each side is followed by itself; an owner on SOURCE counts as the row of TARGET that it
 * is (its table is decided by then).  Nobody on one of the sides is no difference.
 */
#ifndef MR_MERGE_OWNER_H
#define MR_MERGE_OWNER_H

#include "repair/merge/merge_internal.h"

struct mr_merge_owner_pair {
    struct mr_key row[MR_SIDES]; /* images, of rows of one table */
    bool differs;                /* set */
};

/* Sets `differs` of each pair; all in few queries, level by level. */
enum mr_code mr_merge_owners(struct mr_merge *m, const struct mr_plan_table *table,
                             struct mr_merge_owner_pair *pairs, size_t count, struct mr_err *err);

#endif
