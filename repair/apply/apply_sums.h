/*
 * apply_sums: columns that a unit adds to: never twice, and never by a guess.
 *
 * A row does not tell whether something was added to it: somebody else may have written to it since.
 * So the journal does.  In front of COMMIT it gets each column with its value before and behind, and where
 * the server's log ends (journal_sums.h); the transaction gets a savepoint of a name of its own, which
 * servers write into their row log.  A try that nobody knows the end of is looked for there, while the
 * unit holds its rows, so that whatever was under way has ended.  Where the log cannot be read (no right,
 * removed, not written), a value that stands as before, or as behind, tells; any other is uncertain, and
 * so is a row that stands as behind it though the log has nothing of it.
 *
 * Calling sequence, in each try of a unit with sums: tell in front of its guards; announce in front of its
 * end; marker when it is done, forget when it was rolled back for certain.  Errors: those of db.h and the journal.  Memory: the rows of one unit.
 * Threads: one.
 */
#ifndef MR_APPLY_SUMS_H
#define MR_APPLY_SUMS_H

#include "repair/apply/apply_internal.h"

/* Tells the script of each row whether it may be added to. */
enum mr_code mr_attempt_tell_sums(struct mr_attempt *attempt, struct mr_err *err);
/* The journal has it, and the log will. */
enum mr_code mr_attempt_announce_sums(struct mr_attempt *attempt, struct mr_err *err);
/* Nothing of the try was committed: the journal has that, so that nobody need find it out once rows have
 * moved on. */
enum mr_code mr_attempt_forget_sums(struct mr_attempt *attempt, struct mr_err *err);

#endif
