/*
 * merge_equal: base bounds where nobody has said them: the greatest key whose rows are
 * byte-equal on both sides and lead to base rows only.
 *
 * Bounds begin at the greatest equal key of each table, and go down to the next equal one
 * while the row at the bound refers to anything above its table's bound.  That ends at the
 * greatest bounds under which all of them hold, also where tables refer to each other in a
 * circle.
 */
#ifndef MR_MERGE_EQUAL_H
#define MR_MERGE_EQUAL_H

#include "repair/merge/merge_internal.h"

/* Sets bound.base of the tables marked in infer (as many as the plan has); the others'
 * are set. */
enum mr_code mr_merge_equal_bounds(struct mr_merge *m, const bool *infer, struct mr_err *err);

/* Rows above a table's bound that are equal on both sides, and lead to base rows only: none
 * should be where the histories parted before any of them was made.  Counted up to MOST. */
#define MR_EQUAL_ABOVE_MOST 1000
struct mr_merge_equal_above {
    uint64_t rows;
    int64_t greatest; /* key of the greatest, where there are any */
};
/* Of the tables marked in `of`; above: one a table of the plan, zeroed. */
enum mr_code mr_merge_equal_above(struct mr_merge *m, const bool *of,
                                  struct mr_merge_equal_above *above, struct mr_err *err);

#endif
