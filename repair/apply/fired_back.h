/*
 * fired_back: undo takes back what triggers wrote while apply ran, as the journal knows it
 * (fired.h).
 *
 * A row that triggers wrote and that refers to a row that undo deletes goes with it, in the
 * same transaction, in front of the guards, if it is to the byte as it was written.  If what
 * it refers to stays after all, the unit is tried again without it: it keeps that row, as
 * any other would.
 *
 * Left alone are rows of a table that other tables refer to, whether the account sees them or
 * not, whose own triggers a DELETE would fire, or of which the plan does not know every
 * column, and rows that refer to nothing that undo deletes.  They are counted.
 *
 * Calling sequence: new; for each unit begin; in each try take, check; committed; at the end
 * sums.  Errors: those of db.h.  Memory: 72 bytes a row that the journal knows.  Threads: one.
 */
#ifndef MR_FIRED_BACK_H
#define MR_FIRED_BACK_H

#include "repair/apply/journal.h"
#include "repair/apply/staged.h"
#include "repair/apply/target.h"

struct mr_fired_back;

/* Of a table: rows that triggers wrote, and that undo has deleted, or that stand. */
struct mr_fired_sum {
    const char *table; /* TARGET's "db.t"; the plan's */
    uint64_t taken, stay;
};

/* staged: of the unit at hand; outlives it.  *out NULL: the journal knows of no such row. */
enum mr_code mr_fired_back_new(const struct mr_target *target, const struct mr_planned *planned,
                               const struct mr_journal *journal, const struct mr_staged *staged,
                               struct mr_fired_back **out, struct mr_err *err);
void mr_fired_back_free(struct mr_fired_back *back); /* NULL is fine */

void mr_fired_back_begin(struct mr_fired_back *back);
enum mr_code mr_fired_back_take(struct mr_fired_back *back, struct mr_err *err);
/* Behind the write: *again where a row was deleted whose own row stays. */
enum mr_code mr_fired_back_check(struct mr_fired_back *back, bool *again, struct mr_err *err);
void mr_fired_back_committed(struct mr_fired_back *back);
/* Appends struct mr_fired_sum. */
enum mr_code mr_fired_back_sums(struct mr_fired_back *back, struct mr_vec *sums,
                                struct mr_err *err);

#endif
