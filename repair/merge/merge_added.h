/*
 * merge_added: has an earlier plan of the case added to a column what SOURCE added (merge = COLUMN
 * add)?  Every other change is the same when it is made twice; a sum is not.
 *
 * What a plan would add is kept in the case, and what became of it as apply and undo tell it
 * (apply_case.h).  Of a plan that the case knows nothing of (apply.sql by the stock client) TARGET's
 * value tells: it is the sum, or what it was before; anything else is no answer.
 *
 * Kept in the case:
 *   plan_added (plan, tbl "db.t", key: SOURCE's, source, target, after: images of the row as the plan saw
 *               them and as it made it, state 'proposed' · 'applied' · 'undone')
 *
 * Calling sequence: open → find of each column → close; keep of each row that a plan is to write.
 * Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_MERGE_ADDED_H
#define MR_MERGE_ADDED_H

#include "repair/merge/merge_internal.h"

enum mr_added {
    MR_ADDED_NOT = 0,
    MR_ADDED_DONE,
    MR_ADDED_UNSURE /* by what the case and TARGET tell it may have been */
};

struct mr_merge_added;

enum mr_code mr_merge_added_open(struct mr_merge *m, struct mr_merge_added **out,
                                 struct mr_err *err);
void mr_merge_added_close(struct mr_merge_added *added); /* NULL is fine */

/* key: SOURCE's; rows: images as they are now. */
enum mr_code mr_merge_added_find(struct mr_merge_added *added, const struct mr_plan_table *table,
                                 struct mr_key key, size_t column,
                                 const struct mr_key rows[MR_SIDES], enum mr_added *is,
                                 struct mr_err *err);

/* Of a row that this plan updates, with all of its images. */
enum mr_code mr_merge_added_keep(struct mr_merge_added *added, const struct mr_plan_table *table,
                                 const struct mr_entity *entity, struct mr_err *err);

#endif
