/*
 * journal: what apply and undo are about to do and have done, in DIR/journal.jsonl.
 *
 * A line is on disk before the step that it announces begins, and after one that it
 * reports: who reads it after a kill knows which step may have been cut short.  That
 * matters, because a counter alone does not tell: an insert that a kill rolled back has
 * raised the counter here and on no replica.
 *
 * Units of a script: one that is done is passed over by the next run of that script.  The
 * other script takes that away: whoever has begun to undo may apply anew, and the other way
 * round.  A unit that was begun and not reported may have been committed; running it again
 * finds its rows there.
 *
 * A dry run and a rehearsal only read it, and judge by it what an apply would: `read`
 * makes no file and takes no lock, and what is written to it goes nowhere.
 *
 * Held by a lock that ends with the process: one apply of a plan at a time, the second is
 * MR_E_REFUSED.  A torn last line announces a step that was never begun and is passed
 * over.  Errors: MR_E_IO, also for one that another user has put where everybody may write
 * (owner.h).  Threads: one.
 */
#ifndef MR_JOURNAL_H
#define MR_JOURNAL_H

#include "core/json/journal_line.h"
#include "repair/apply/journal_rows.h"
#include "repair/apply/journal_sums.h"
#include "repair/plan/manifest.h"

struct mr_journal;

/* dir: of the plan. */
enum mr_code mr_journal_open(const char *dir, const char *run_id, struct mr_journal **out,
                             struct mr_err *err);
/* Only to be read; one that is not there is empty, and one of the plan's own owner is believed. */
enum mr_code mr_journal_read(const char *dir, struct mr_journal **out, struct mr_err *err);
void mr_journal_close(struct mr_journal *journal); /* NULL is fine */

/* Was a step for that counter announced by an earlier run, and never reported; or a row tried
 * and rolled back, and the counter not raised since? */
bool mr_journal_is_open(const struct mr_journal *journal, const struct mr_counter *counter);

struct mr_journal_step {
    const struct mr_counter *counter;
    const char *how; /* "alter", "insert", "setval" */
    uint64_t to;
};

/* detail: for people, or NULL. */
enum mr_code mr_journal_write(struct mr_journal *journal, enum mr_journal_event event,
                              const struct mr_journal_step *step, const char *detail,
                              struct mr_err *err);

/* A step that is neither on a counter nor of a script (rejoin_apply.h), by its name. */
enum mr_code mr_journal_write_step(struct mr_journal *journal, enum mr_journal_event event,
                                   const char *step, struct mr_err *err);

/* Was it begun, whatever came of it? */
bool mr_journal_has_step(const struct mr_journal *journal, const char *step);

/* detail: of MR_JOURNAL_FAILED, or NULL. */
enum mr_code mr_journal_write_unit(struct mr_journal *journal, enum mr_journal_event event,
                                   const struct mr_journal_unit *unit, const char *detail,
                                   struct mr_err *err);
/* Was it carried out, with no row left out, and not taken back since? */
bool mr_journal_unit_is_done(const struct mr_journal *journal, enum mr_journal_script script,
                             uint64_t number);
/* Of apply: may rows of it have been committed?  All, some, or nobody knows. */
bool mr_journal_unit_may_be_written(const struct mr_journal *journal, uint64_t number);
/* Has apply begun others, or this one, and written none of its rows?  What stands there as planned
 * is somebody else's. */
bool mr_journal_unit_is_unwritten(const struct mr_journal *journal, uint64_t number);
/* How many are, of the first so many. */
uint64_t mr_journal_units_unwritten(const struct mr_journal *journal, uint64_t units);
/* How many units undo.sql has, as the last undo had it; 0: none was done, or an older version wrote the line. */
uint64_t mr_journal_undo_units(const struct mr_journal *journal);
/* Rows that the server refused when it was last carried out, as struct mr_journal_unit has
 * them, or NULL. */
const char *mr_journal_unit_aside(const struct mr_journal *journal, enum mr_journal_script script,
                                  uint64_t number);
/* Was the row refused whenever apply carried out its unit, so that the plan never wrote it?
 * False where that is not certain: a run was killed, or an older version wrote the line. */
enum mr_code mr_journal_is_left_out(struct mr_journal *journal, const char *table, const char *key,
                                    bool *left_out, struct mr_err *err);
/* Is any row? */
bool mr_journal_has_left_out(const struct mr_journal *journal);
/* Was any unit begun by apply, ever?  Not where apply.sql was run by a client. */
bool mr_journal_has_applied(const struct mr_journal *journal);
/* FOUND are rows that stood as planned before apply first tried their unit, so that somebody
 * else wrote, or deleted, them.  After an undo that took all of it back, apply comes first
 * again.  op: how the row was planned, 'i', 'u' or 'd'. */
uint64_t mr_journal_rows_found(const struct mr_journal *journal);
bool mr_journal_has_found(const struct mr_journal *journal);
/* Rows that stood so, too, and that may be found: an older version did not list them, they
 * are too many, a run was killed before it could, or others of their unit were gone when
 * apply came again. */
uint64_t mr_journal_rows_unclear(const struct mr_journal *journal);
/* Units of apply that were begun, and nobody knows how they ended. */
uint64_t mr_journal_units_open(const struct mr_journal *journal);
enum mr_code mr_journal_is_found(struct mr_journal *journal, const char *table, char op,
                                 const char *key, bool *found, struct mr_err *err);
/* Of a row that stands as planned when apply is about to carry out a unit, after its `try`:
 * is it found, and not what an earlier run has written, or may have? */
bool mr_journal_may_be_found(const struct mr_journal *journal, uint64_t unit, const char *table,
                             char op, const char *key);

/* A row that a trigger wrote while apply ran: TARGET's "db.t", key, digest (fired.h). */
struct mr_journal_fired {
    struct mr_journal_text table, key, digest;
};
typedef enum mr_code mr_journal_fired_fn(void *ctx, const struct mr_journal_fired *row,
                                         struct mr_err *err);
enum mr_code mr_journal_each_fired(const struct mr_journal *journal, mr_journal_fired_fn *fn,
                                   void *ctx, struct mr_err *err);

/* A row whose columns were looked at when triggers had fired (fired_beside.h); in the order of the
 * journal, so that of several of a row the last counts. */
struct mr_journal_beside {
    struct mr_journal_text table, key, columns;
};
typedef enum mr_code mr_journal_beside_fn(void *ctx, const struct mr_journal_beside *row,
                                          struct mr_err *err);
enum mr_code mr_journal_each_beside(const struct mr_journal *journal, mr_journal_beside_fn *fn,
                                    void *ctx, struct mr_err *err);

/* What is known of columns that are added to; it grows with what is written. */
const struct mr_journal_sums *mr_journal_sums(const struct mr_journal *journal);

/* How many units are done. */
uint64_t mr_journal_units_done(const struct mr_journal *journal, enum mr_journal_script script);

#endif
