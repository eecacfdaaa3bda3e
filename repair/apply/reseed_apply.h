/*
 * reseed_apply: raising the counters of a plan on its target, and proving it.
 *
 * Rounds: each counter that stands too low is raised by ALTER TABLE with a short lock
 * wait; those whose table is in use are tried again in the next round, after a pause in
 * which what queued behind the ALTER gets its turn.  Where the last round is blocked, too,
 * an inserted and deleted row raises the counter (reseed_insert.h).  A counter that stands
 * high enough is left as it is: none is ever lowered.
 *
 * Every step is announced in the journal before it begins.  After a kill, the same apply
 * takes up steps that may have been cut short, also where the counter stands high here:
 * the replicas may not have heard of it.
 *
 * A counter that could not be raised is a result, not an error.  Errors: MR_E_LOST where
 * the target is lost and does not come back, MR_E_IO for the journal, MR_E_CANCELLED.
 * Threads: one.
 */
#ifndef MR_RESEED_APPLY_H
#define MR_RESEED_APPLY_H

#include "core/db/blockers.h"
#include "repair/apply/journal.h"
#include "repair/apply/peers.h"
#include "repair/apply/target.h"

enum mr_raise {
    MR_RAISE_UNDECIDED = 0,
    MR_RAISE_ALREADY, /* stands high enough, nothing to do */
    MR_RAISE_WOULD,   /* dry run: it would be raised */
    MR_RAISE_DONE,
    MR_RAISE_FAILED,
    MR_RAISE_UNPROVEN /* raised here; a replica has not caught up */
};

/* "already-high", "too-low" …: as outputs have it. */
const char *mr_raise_name(enum mr_raise raise);

struct mr_raise_result {
    const struct mr_counter *counter;
    enum mr_raise raise;
    const char *how;        /* "alter", "insert", "setval"; NULL: nothing was done */
    uint64_t before, after; /* next value on the target */
    const char *reason;     /* of a failure, else NULL */
    struct mr_blockers blockers;
};

struct mr_reseed_run {
    const struct mr_manifest *manifest;
    struct mr_target *target;
    struct mr_peers *peers;
    struct mr_journal *journal; /* NULL: of a dry run, and of verify */
    bool unlogged;              /* nothing of it comes into the target's log */
    unsigned lock_timeout_s;
    unsigned retries; /* rounds after the first */
    unsigned peer_timeout_s;
    struct mr_arena *arena;
    struct mr_raise_result *results; /* one a counter, in the order of the manifest */
};

/* Fills results: before, and ALREADY or WOULD. */
enum mr_code mr_reseed_survey(struct mr_reseed_run *run, struct mr_err *err);
/* Raises what the survey found too low, then reads all back. */
enum mr_code mr_reseed_apply(struct mr_reseed_run *run, struct mr_err *err);
/* Only reads back: results are DONE, FAILED or UNPROVEN. */
enum mr_code mr_reseed_verify(struct mr_reseed_run *run, struct mr_err *err);

/* How many results are of that kind. */
size_t mr_reseed_count(const struct mr_reseed_run *run, enum mr_raise raise);

#endif
