/*
 * apply_units: carries out a script of a plan, unit by unit, in the very text of the file.
 *
 * Calling sequence: fill a struct mr_apply_units, mr_apply_units_run, read .counts.
 *
 * A UNIT is one transaction: its sections are sent one after the other, and the script
 * itself decides between COMMIT and ROLLBACK.  It is announced in the journal before, and
 * reported after.  One that the journal knows as done is compared first, and passed over
 * where the target shows all of it.  Where it shows nothing, the unit is carried out; where
 * some rows of an apply are gone, they are refused (`recheck`: written again).
 * Rows that a guard has left out are handed to on_refusal and counted; so is a unit that
 * ended in an error, as a whole.  Units that follow are carried out all the same.
 *
 * A row that the server refuses (a foreign key, a trigger, a constraint) is searched for
 * (apply_aside.h), set aside with what hangs on it and handed to on_refusal; the rest of its unit is written.
 *
 * Deadlocks, lock waits, statement time-outs and killed statements: the unit is rolled back
 * and tried again, after a pause with jitter, up to MR_APPLY_TRIES times in all.  A lost
 * connection is opened anew, to the same server only, and the unit run again: rows that
 * had been committed are found as planned.  Where the server was restarted meanwhile, it may
 * have lost commits: all units come again from the first, as in another run, and what is
 * refused in them may be handed on twice.
 *
 * A dry run sends stage and guards, asks what would be refused, and rolls back.  A rehearsal
 * writes, too, and rolls back: each unit alone; those of which something is refused, once
 * more behind all units before them, whose rows they may lack, in one transaction.  Neither
 * sends a statement that could commit.
 *
 * Between units it waits for the throttle, and ends where the cancel flag is up.
 *
 * Errors: MR_E_LOST where the server does not come back, MR_E_MOVED where another one
 * answers or it has become read-only, MR_E_IO for the journal and the script, MR_E_CANCELLED, those of on_refusal.
 * What is done by then stays done.  Memory: one statement and the refusals of one unit,
 * of which 100,000 are listed and the others counted.
 * Threads: one.
 */
#ifndef MR_APPLY_UNITS_H
#define MR_APPLY_UNITS_H

#include "core/cli/progress.h"
#include "core/db/throttle.h"
#include "repair/apply/fired_back.h"
#include "repair/apply/journal.h"
#include "repair/apply/target.h"
#include "repair/script/script_read.h"

#define MR_APPLY_TRIES 10

/* A row that a guard has left out, or a unit that could not be carried out (table and key
 * ""). */
struct mr_refusal {
    uint64_t unit;
    const char *table, *key, *reason;
    bool unsure; /* a rehearsal: it may be but for a unit before it that is not sent */
    bool along;  /* for no reason of its own, but with another one */
};

struct mr_apply_counts {
    uint64_t units;                   /* of the script */
    uint64_t done;                    /* carried out now, every row */
    uint64_t passed;                  /* passed over: an earlier run's, and seen to be there */
    uint64_t partial, failed;         /* some rows left out; nothing of it written */
    uint64_t written, there, refused; /* rows */
    uint64_t stood;                   /* undo: rows that apply never wrote, and that stay */
    uint64_t skipped, skipped_rows;   /* a rehearsal: units that are not sent */
    uint64_t retries;
};

struct mr_apply_units {
    struct mr_target *target;
    const char *run_tag;
    const struct mr_manifest *manifest;
    struct mr_script_read *script;
    const struct mr_vec *units;   /* struct mr_script_read_unit */
    const struct mr_vec *dropped; /* tables that guards need not ask (dropped.h); or NULL */
    enum mr_journal_script which;
    struct mr_journal *journal;   /* or NULL; of a dry run and a rehearsal only to be read */
    struct mr_throttle *throttle; /* or NULL */
    struct mr_progress *progress; /* or NULL */
    bool dry_run, recheck, no_binlog;
    bool rehearse;     /* everything but COMMIT */
    const bool *skip;  /* or NULL; by unit: a rehearsal does not send it */
    unsigned pause_ms; /* the first between tries, doubled each time; 0: 100 */
    enum mr_code (*on_refusal)(void *ctx, const struct mr_refusal *refusal, struct mr_err *err);
    /* undo: of a table, what has become of rows that triggers wrote; or NULL */
    enum mr_code (*on_fired)(void *ctx, const struct mr_fired_sum *sum, struct mr_err *err);
    void *ctx;
    struct mr_apply_counts counts;
};

enum mr_code mr_apply_units_run(struct mr_apply_units *run, struct mr_err *err);

#endif
