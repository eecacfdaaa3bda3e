/*
 * check_proof: until when a run proves what it says, for the outputs.
 *
 * Two words are kept apart: *attested* is what a log says, *proved* is what was read and compared.  A run
 * that has read everything proves all of it, and there is nothing to tell.  One that read what changed
 * (check_changed.h) proves that; of every other row it tells since when it was read and compared at
 * least once, and that the logs name no change of it.
 *
 * Ownership: texts in the result's arena.  Threads: one.
 */
#ifndef MR_CHECK_PROOF_H
#define MR_CHECK_PROOF_H

#include <stdio.h>

#include "core/base/arena.h"
#include "core/case/run_change.h"
#include "core/json/jsonw.h"

struct mr_check_proof {
    bool is_partial; /* --changed; else nothing below is set */
    struct mr_run_change change;
    const struct mr_table_proof *of; /* by place in the tables; how 0: nothing is kept of it */
    uint64_t keys;                   /* that were looked up, of all tables */
    size_t whole, by_keys;           /* tables */
    /* Every row of every table that was compared was proved by a run that began then or later; NULL: no
     * table was compared. */
    const char *until;
};

/* tables: of the current run. */
enum mr_code mr_check_proof_load(struct mr_check_proof *proof, struct mr_findings *fd,
                                 const struct mr_find_table *tables, size_t ntables,
                                 struct mr_arena *arena, struct mr_err *err);

/* Fields of a table's line, and of the summary: none where the run has read everything. */
void mr_check_proof_put_table(const struct mr_check_proof *proof, size_t table, struct mr_jsonw *w);
void mr_check_proof_put_summary(const struct mr_check_proof *proof, struct mr_jsonw *w);
/* The same as lines for people; brief: without the tables that were read whole. */
void mr_check_proof_print(const struct mr_check_proof *proof, const struct mr_find_table *tables,
                          size_t ntables, bool brief, FILE *out);

#endif
