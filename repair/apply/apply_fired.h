/*
 * apply_fired: rows that triggers write while a unit is applied, so that undo can take them
 * back with the rows that they refer to.
 *
 * What a trigger has inserted is told by its reference to a row that the unit has just
 * inserted: in the unit's transaction, in front of COMMIT, nobody else can refer to that row
 * (a foreign key would wait; without one he would have to know the key).  What referred to
 * the key before the unit wrote is not the triggers'.  Each such row is kept in the journal
 * as a digest of its table and all of its columns.
 *
 * Undo deletes rows that refer to what it takes back and whose digest is known, in the unit's
 * transaction, in front of the guards.  If what one refers to stays after all, the unit is
 * tried again, and the row left where it is: it keeps what it refers to.
 *
 * Looked at: tables of the plan with a primary key, by references without a condition, to
 * another table; not those whose own triggers would fire.
 *
 * Calling sequence: open (once a run), begin (a unit), then in each try: see, before, after
 * or take_back, check.  Errors: those of db.h.  Memory: 65 bytes a row.  Threads: one.
 */
#ifndef MR_APPLY_FIRED_H
#define MR_APPLY_FIRED_H

#include "repair/apply/journal.h"

struct mr_fired {
    struct mr_arena arena;
    struct mr_vec watches; /* private, as are these: references; digests */
    struct mr_vec before, rows, known, spared;
    struct mr_vec staged; /* size_t: 2 N of myrecon_iN, 2 N + 1 of myrecon_dN */
    struct mr_vec taken;  /* digests of the try, each with the row it refers to */
    const struct mr_planned *planned;
};

void mr_fired_init(struct mr_fired *fired);
void mr_fired_release(struct mr_fired *fired);
/* Nothing is looked at where the plan fires no triggers. journal: what undo knows. */
enum mr_code mr_fired_open(struct mr_fired *fired, struct mr_db *db,
                           const struct mr_planned *planned,
                           const struct mr_journal *journal, struct mr_err *err);
bool mr_fired_is_on(const struct mr_fired *fired);

void mr_fired_begin(struct mr_fired *fired);
/* A statement of the stage, which makes the unit's tables. */
enum mr_code mr_fired_see(struct mr_fired *fired, const char *sql, size_t len,
                          struct mr_err *err);

/* apply: in front of the write, and of COMMIT.  list: digests joined by ','. */
enum mr_code mr_fired_before(struct mr_fired *fired, struct mr_db *db,
                             struct mr_err *err);
enum mr_code mr_fired_after(struct mr_fired *fired, struct mr_db *db, struct mr_err *err);
void mr_fired_list(const struct mr_fired *fired, struct mr_strbuf *list);

/* undo: when the transaction has begun; in front of COMMIT.  *again: try again. */
enum mr_code mr_fired_take_back(struct mr_fired *fired, struct mr_db *db,
                                struct mr_err *err);
enum mr_code mr_fired_check(struct mr_fired *fired, struct mr_db *db, bool *again,
                            struct mr_err *err);
/* Rows that were deleted in the last try. */
size_t mr_fired_taken(const struct mr_fired *fired);

#endif
