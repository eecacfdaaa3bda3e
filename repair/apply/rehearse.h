/*
 * rehearse: what must hold before a plan is rehearsed, and what a rehearsal leaves.
 *
 * A rolled-back write leaves nothing in tables with transactions but counters: an insert
 * takes its id for good.  So a rehearsal is refused where a trigger may write to a table
 * without transactions, and where the plan's own counters are not raised yet: its inserts
 * would raise them to among its new ids.  Units that write a planned table without
 * transactions are not sent.
 *
 *   mr_rehearse_check; mr_rehearse_skip; mr_rehearse_counters; (rehearse);
 *   mr_rehearse_counters; compare
 *
 * Errors: MR_E_REFUSED by name; those of db.h.  Nothing is written.  Threads: one.
 */
#ifndef MR_REHEARSE_H
#define MR_REHEARSE_H

#include "repair/apply/reseed_apply.h"
#include "repair/script/script_read.h"

/* A planned table without transactions, into which the plan writes. */
struct mr_rehearse_nontransactional {
    const struct mr_planned_table *table;
    const char *engine;
    uint64_t rows;
    bool found; /* a unit writes it */
};

/* Appends such tables (struct mr_rehearse_nontransactional), texts in the arena. */
enum mr_code mr_rehearse_check(const struct mr_reseed_run *run, struct mr_vec *nontransactional,
                               struct mr_err *err);
/* skip: one a unit of the script, set where it writes one of them. */
enum mr_code mr_rehearse_skip(struct mr_script_read *script, const struct mr_vec *units,
                              const struct mr_vec *nontransactional, bool *skip,
                              struct mr_err *err);

struct mr_rehearse_counter {
    const char *table; /* "db.t" */
    uint64_t next;
};

/* The counters of all tables of the plan's databases (struct mr_rehearse_counter), texts in
 * the arena. */
enum mr_code mr_rehearse_counters(const struct mr_reseed_run *run, struct mr_vec *out,
                                  struct mr_err *err);
/* Says which have moved, by how much; json: a line of type "counter_moved" each. */
enum mr_code mr_rehearse_moved(const struct mr_vec *before, const struct mr_vec *after, bool json,
                               FILE *out, struct mr_err *err);

#endif
