/*
 * merge_parents: parents that TARGET has otherwise than check saw, or has no more.
 *
 * check found such a parent equal on both sides, so that no finding names it.  Whoever is
 * to be written below it was planned as if it still stood.  So the parents of every row
 * that may be written are looked up again, on both sides, in the plan's views: by foreign
 * keys and declared references, of one column or of several.
 *
 * Calling sequence: once for each page of rows of w, until *after stays as it was.
 * Ownership: keys are copied to the arena.  Errors: those of the servers, MR_E_NOMEM.
 */
#ifndef MR_MERGE_PARENTS_H
#define MR_MERGE_PARENTS_H

#include "repair/merge/merge_internal.h"

/* Adds to keys (struct mr_key) the values of r->to of those rows of SOURCE that the next
 * rows of w beyond *after refer to by r, that w does not have under their key, and that
 * TARGET lacks, or has with other bytes. */
enum mr_code mr_merge_parents_moved(struct mr_merge *m, const struct mr_plan_reference *r,
                                    int64_t *after, struct mr_arena *arena, struct mr_vec *keys,
                                    struct mr_err *err);

#endif
