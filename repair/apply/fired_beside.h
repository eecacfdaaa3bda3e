/*
 * fired_beside: what triggers of TARGET make of the columns that a change does not write.
 *
 * Of a restored change only the written columns are the plan's, and the rest of a busy row may move on.  So
 * a trigger that changes another column of the very row would be taken for a live write, later.
 * It is told from one while the unit holds the row: its columns are read when the row is locked and nothing
 * written, and again when all is written and nothing committed.  What differs then, and was not
 * written, is a trigger's.
 *
 * Calling sequence, of an apply that lets triggers fire: new; for each unit begin; in each try
 * before, after; and list when it is committed.  A row that a list names without columns was looked
 * at, and has none; of one that no list names nothing is known, and verify says so.
 *
 * Not seen: what a trigger on rows of another unit makes of a row.
 *
 * Errors: those of db.h.  Memory: 17 bytes a column and row of the unit.  Threads: one.
 */
#ifndef MR_FIRED_BESIDE_H
#define MR_FIRED_BESIDE_H

#include "repair/apply/staged.h"
#include "repair/apply/target.h"

struct mr_fired_beside;

/* staged: of the unit at hand; outlives it.  *out NULL: no trigger fires. */
enum mr_code mr_fired_beside_new(const struct mr_target *target, const struct mr_planned *planned,
                                 const struct mr_staged *staged, struct mr_fired_beside **out,
                                 struct mr_err *err);
void mr_fired_beside_free(struct mr_fired_beside *beside); /* NULL is fine */

void mr_fired_beside_begin(struct mr_fired_beside *beside);
/* lost: an earlier try of the unit may have been committed; else it was rolled back. */
enum mr_code mr_fired_beside_before(struct mr_fired_beside *beside, bool lost, struct mr_err *err);
enum mr_code mr_fired_beside_after(struct mr_fired_beside *beside, struct mr_err *err);
/* Appends the rows of every try that may have been committed, as struct mr_journal_unit has
 * them. */
void mr_fired_beside_list(const struct mr_fired_beside *beside, struct mr_strbuf *list);

#endif
