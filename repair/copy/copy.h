/*
 * copy: decides `repair plan` for the policies that take SOURCE's rows as they are, under
 * the keys that they have: mirror, backfill and newest:COLUMN.
 *
 *   mirror    TARGET becomes SOURCE: missing rows are inserted, extra ones deleted, rows
 *             that differ updated
 *   backfill  only what TARGET lacks is inserted
 *   newest    as backfill; and rows that are the same by key and identity are updated where
 *             SOURCE's COLUMN is the newer one, by the column's type (NULL is older than
 *             anything)
 *
 * Rows are those that check found, read again from both servers in their consistent views.
 * Each becomes an entity of the plan's store; what cannot be written without hurting
 * another row is a conflict, and what hangs on it, too.  KINDS of open conflicts:
 *
 *   key-taken            the key is another identity's on TARGET (backfill, newest)
 *   unique               a unique value is held by a row that keeps it (detail: the index);
 *                        or the row would go, and what was to have its value is a conflict
 *   duplicate            several rows of SOURCE are one by TARGET's collations
 *   parent-differs       a reference would lead to somebody else than on SOURCE
 *   parent-absent        a reference would lead to nobody; of rows that are filled in also one by
 *                        a foreign key to nobody on either side
 *   orphan-would-attach  a reference that leads to nobody on SOURCE would lead to somebody
 *   referenced           rows that stay refer to what would go
 *   differs              newest: the rows differ, their times do not, or there is no such
 *                        column
 *   not-null-cycle       rows wait for each other, and none can make way
 *   does-not-fit         a value that TARGET's column cannot hold: the only kind that is
 *                        decided about (plan_fit.h)
 *
 * Closed from the start: `changed`, rows that differ and that the policy leaves alone.
 * Rows that only TARGET has are counted by backfill and newest, and are no entities.
 *
 * Without `identity`, a key that a counter makes names a row here only for newest: to have
 * a column that tells the newer version says that its rows have versions.
 *
 * ORDER: a value is free before it is taken, a parent there before its children and gone
 * after them.  Rows that wait for each other are brought out of it by an extra step: PARKING
 * a unique value or a reference (NULL, or a value that no row of both sides has), at the
 * lowest level, or leaving a reference open that a last step closes.  The images of a row's
 * steps chain.  Rows that wait for each other in any way are one tree.
 *
 * Calling sequence: fill the task, mr_copy_plan.  Ownership: the caller's; nothing is kept.
 * Threads: one.  Limits: some 40 bytes of memory a planned row, and 2^31 rows.  Errors:
 * MR_E_REFUSED and MR_E_CONFIG (nothing can be planned; the message names table and
 * column), those of the servers and of the case.
 */
#ifndef MR_COPY_H
#define MR_COPY_H

#include "repair/decide/decide_copy.h"
#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

struct mr_copy;

/* Who knows both states of the rows that are planned (repair/rewind), TARGET and what it is to become,
 * fills the slots, and says which rows are asked about: kind, why, choices, choice.  The policy is mirror;
 * every row is who it is by its key, and SOURCE is TARGET itself but for these rows. */
typedef enum mr_code mr_copy_fill_fn(void *ctx, struct mr_copy *copy, struct mr_err *err);

struct mr_copy_task {
    struct mr_plan_tables *tables; /* of sides that were opened `consistent` */
    struct mr_findings *fd;        /* the chosen run is the current one */
    struct mr_plan_store *store;   /* begun */
    enum mr_copy_policy policy;
    const char *newest;     /* the column of MR_COPY_NEWEST */
    const bool *selected;   /* per table: is it written?  NULL: all are */
    bool allow_all_deletes; /* who asks has been asked otherwise */
    bool has_allow_deletes;
    uint64_t allow_deletes;                     /* rows of subject tables that may go */
    const struct mr_conflict_rule *on_conflict; /* of does-not-fit; others are not asked */
    size_t non_conflict;
    mr_decision_fn *decision; /* what a person decided about a row; may be NULL */
    void *decision_ctx;
    mr_copy_fill_fn *fill; /* NULL: slots are what check found */
    void *fill_ctx;
};

struct mr_copy_result {
    uint64_t inserts, updates, deletes; /* rows */
    uint64_t subject_deletes;           /* of the deletes, set also when refused */
    uint64_t subject_replaced;          /* updates that make a person's row another's */
    uint64_t open;                      /* conflicts */
    uint64_t kept;                      /* rows that differ and stay as they are */
    uint64_t extra;                     /* rows that only TARGET has, and that stay */
};

enum mr_code mr_copy_plan(const struct mr_copy_task *task, struct mr_copy_result *result,
                          struct mr_err *err);

#endif
