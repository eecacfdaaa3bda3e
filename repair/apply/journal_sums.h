/*
 * journal_sums: what a plan's journal knows of columns that are added to (script_sums.c).
 *
 * Each try that is about to be committed is a BATCH: which columns of which rows, their values before and
 * behind it, where the server's log ended then, and the savepoint that tells its transaction there.  It
 * is DONE when its unit was reported, GONE when it is certain that it was rolled back, and OPEN as long as
 * nobody knows: a run was killed, or a connection lost, between its announcement and its end.
 *
 * Ownership: batches and their texts live in the arena.  Threads: plain data.
 */
#ifndef MR_JOURNAL_SUMS_H
#define MR_JOURNAL_SUMS_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"
#include "core/json/journal_line.h"

enum mr_batch_status { MR_BATCH_OPEN = 1, MR_BATCH_DONE, MR_BATCH_GONE };

struct mr_journal_batch {
    enum mr_journal_script script;
    uint64_t unit;
    const char *marker;
    const char *rows; /* as struct mr_journal_unit has them */
    const char *log;  /* NULL: not known */
    uint64_t position;
    enum mr_batch_status status;
    bool is_older; /* its unit was begun once more since */
};

struct mr_journal_sums {
    struct mr_vec batches; /* struct mr_journal_batch, in the order of the journal */
};

/* No batches; release gives their vector back, not their texts. */
void mr_journal_sums_init(struct mr_journal_sums *sums);
void mr_journal_sums_release(struct mr_journal_sums *sums);
/* Takes a line of a unit, of whatever event. */
enum mr_code mr_journal_sums_note(struct mr_journal_sums *sums, enum mr_journal_event event,
                                  const struct mr_journal_unit *unit, struct mr_arena *arena,
                                  struct mr_err *err);

#endif
