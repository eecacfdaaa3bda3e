/*
 * reseed_insert: raising a counter where ALTER TABLE stays blocked: a row with an explicit
 * id is inserted, deleted, and the transaction committed.
 *
 * An open reader or writer does not hold that up, and the commit takes it to the replicas
 * (a rollback would raise the counter here alone).  Nobody ever sees the row.
 *
 * It is only done where it can do no harm: a transactional table without triggers, not
 * system-versioned, whose id fits, is free and referred to by nobody; judged again once the
 * transaction holds the table's definition.  The DELETE must count one row, since an id need
 * not be unique by itself, and is sent without foreign_key_checks, so that no cascade fires.
 * The row is made up of the columns' defaults, an existing parent for each foreign key that
 * must have one, and {} for JSON that must be there; where the table takes no such row, no
 * row is changed, but the counter may have been raised on that server alone: the journal has
 * the counter as open until it was raised otherwise.
 */
#ifndef MR_RESEED_INSERT_H
#define MR_RESEED_INSERT_H

#include "core/db/grants.h"
#include "repair/plan/manifest.h"

struct mr_insert_task {
    struct mr_db *db;
    const struct mr_grants *grants; /* or NULL */
    const struct mr_counter *counter;
    uint64_t to;             /* the next value wanted; the row has to - 1 */
    unsigned lock_timeout_s; /* for table and row locks */
    struct mr_arena *arena;
};

/* NULL in *why_not: it may be tried. */
enum mr_code mr_reseed_insert_check(const struct mr_insert_task *task, const char **why_not,
                                    struct mr_err *err);
/* Errors as the server says them; no row is left of a failed try.  MR_E_LOST: whether it
 * was committed is not known. */
enum mr_code mr_reseed_insert(const struct mr_insert_task *task, struct mr_err *err);

#endif
