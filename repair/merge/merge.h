/*
 * merge: decides `repair plan --policy merge`: two histories into one.
 *
 * SOURCE is the lost history, TARGET the live one.  Every row of SOURCE that check found to
 * differ, and every row that refers to one whose key may change, becomes an entity of the
 * plan's store with a decision; from the decisions come steps and units.
 *
 * How: rows are collected (merge_collect), then the tables are decided component by
 * component, parents first: references are mapped, identities looked up on TARGET, groups
 * and conflicts settled, until no choice brings up another conflict (merge_decide).  Rows
 * of SOURCE that are not collected stand equal on both sides and refer to such rows only,
 * so they are themselves.
 *
 * All intermediate facts are temporary tables of the case's connection: memory is bounded
 * by a batch of rows, whatever the size of the histories.
 *
 * Calling sequence: fill the struct, mr_merge_plan.  Ownership: the caller's; nothing is
 * kept.  Threads: one.  Errors: MR_E_REFUSED (nothing can be planned; the message names
 * table and column), MR_E_CONFIG, those of the servers and of the case.
 */
#ifndef MR_MERGE_H
#define MR_MERGE_H

#include "core/row/when.h"
#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

struct mr_merge_split_key {
    const char *table; /* "db.t", SOURCE's names */
    uint64_t key;
};

struct mr_merge_options {
    const struct mr_when *split_at; /* or NULL */
    const struct mr_merge_split_key *split_keys;
    size_t nsplit_keys;
    const struct mr_conflict_rule *on_conflict; /* of the command line */
    size_t non_conflict;
    bool has_margin;
    bool has_idmap; /* what the case does not know of earlier plans was told (--idmap) */
    uint64_t margin;
    mr_decision_fn *decision; /* what a person decided about a row; may be NULL */
    void *decision_ctx;
    uint64_t allow_deletes; /* rows that were deleted on SOURCE, and go; 0: none */
    uint64_t clock_skew_us; /* of the two servers: within it, neither of two changes is the newer */
};

struct mr_merge_task {
    struct mr_plan_tables *tables; /* of sides that were opened `consistent` */
    struct mr_findings *fd;        /* the chosen run is the current one */
    struct mr_plan_store *store;   /* begun */
    const struct mr_merge_options *options;
    const char *target;             /* display form, by which the case knows its plans; or NULL */
    const struct mr_catch_up *logs; /* how far the case knows the servers' logs by now; or NULL */
};

/* What a plan comes to, beside entities and steps. */
struct mr_merge_result {
    uint64_t open;              /* conflicts without a choice */
    uint64_t live_only;         /* base rows that only the live side edited */
    uint64_t deleted_in_source; /* base rows that only the live side still has */
    uint64_t erased;            /* of them: those that are deleted */
};

enum mr_code mr_merge_plan(const struct mr_merge_task *task, struct mr_merge_result *result,
                           struct mr_err *err);

#endif
