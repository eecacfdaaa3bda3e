/*
 * merge_restored: has an earlier plan of the case written what SOURCE changed into a column of a row that
 * stands on TARGET?  A sum must not be added a second time (merge = COLUMN add); and what TARGET has
 * changed again since is its own doing, also where it has set it back to what it was at the split.
 *
 * What a plan would write is kept in the case, and what became of it as apply and undo tell it
 * (apply_case.h).  Of a plan that the case knows nothing of (apply.sql by the stock client) TARGET's
 * value tells: it is what was planned, or what it was before; anything else is no answer.  Of one that is known
 * to have been at work, what it was before is none either: others may have brought it there since, or undo.sql.
 * Of a sum, TARGET's log, where it is good, says whether the column was written since the plan was made.
 *
 * Kept in the case:
 *   plan_restored (plan, tbl "db.t", key: SOURCE's, source, target, after: images of the row as the plan
 *               saw them and as it made it, state 'proposed' · 'begun' · 'applied' · 'undone', changes:
 *               of TARGET's row until then, by its log; -1: not known; sums: columns that are added to, as
 *               mr_entity_written_add() has them, or NULL; since: of apply_case.h)
 *
 * Calling sequence: open → find of each column → close; keep of each row that a plan is to write.
 * Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_MERGE_RESTORED_H
#define MR_MERGE_RESTORED_H

#include "repair/merge/merge_internal.h"

enum mr_restored {
    MR_RESTORED_NOT = 0,
    MR_RESTORED_DONE,
    MR_RESTORED_UNSURE, /* by what the case and TARGET tell it may have been */
    MR_RESTORED_MAYBE   /* it stands as before, but may have been written, and changed back since */
};

struct mr_merge_restored;

enum mr_code mr_merge_restored_open(struct mr_merge *m, struct mr_merge_restored **out,
                                    struct mr_err *err);
void mr_merge_restored_close(struct mr_merge_restored *restored); /* NULL is fine */

/* key: SOURCE's; rows: images as they are now. */
enum mr_code mr_merge_restored_find(struct mr_merge_restored *restored,
                                    const struct mr_plan_table *table, struct mr_key key,
                                    size_t column, const struct mr_key rows[MR_SIDES],
                                    enum mr_restored *is, struct mr_err *err);

/*
 * Has a plan written the column, and TARGET changed it again since?  Of several plans the last one tells.  Of one that
 * nobody told the case of (proposed) TARGET's log does: whether the row ever had what was planned; where that log is
 * not good, a value that is neither the planned one nor the one before it may be a change since.
 */
struct mr_restored_column {
    const struct mr_plan_table *table;
    struct mr_key key, live_key; /* SOURCE's; TARGET's */
    size_t column;
    struct mr_key live; /* TARGET's image as it is now */
};
enum mr_code mr_merge_restored_is_changed_since(struct mr_merge_restored *restored,
                                                const struct mr_restored_column *column, bool *is,
                                                struct mr_err *err);

/* Of a row that this plan updates, with all of its images; sums: as in the table, NULL is fine. */
enum mr_code mr_merge_restored_keep(struct mr_merge_restored *restored,
                                    const struct mr_plan_table *table,
                                    const struct mr_entity *entity, const char *sums,
                                    struct mr_err *err);

#endif
