/*
 * check_alike: what the differing rows of each table have in common (alike.h), counted as
 * rows become true, and kept in the case as a sentence.
 *
 * Calling sequence: begin once a run; look for each chunk that was scanned, from any worker; add
 * for each batch of findings that have become true; end for each table once its kinds are
 * counted; drop.  What another run of the process, or a spill, has stored is counted in `end`.
 *
 * Threads: any worker, of any table.  Errors: MR_E_NOMEM, MR_E_CASE.
 */
#ifndef MR_CHECK_ALIKE_H
#define MR_CHECK_ALIKE_H

#include "recon/check/check_scan.h"

/* Empty counters for the pairing's tables, in the run's arena.  MR_E_NOMEM. */
enum mr_code mr_check_alikes_begin(struct mr_check_run *check, struct mr_err *err);
void mr_check_alikes_drop(struct mr_check_run *check); /* also where none were begun */

/*
 * Where most rows of a chunk differ, which has `rows` on its larger side, some of them are read
 * from both sides at once, and what they have in common is logged: a run over a wrong copy may
 * take hours.  Once a table; says nothing, and fails nothing, where it cannot read them.
 */
void mr_check_alike_look(struct mr_check_worker *worker, struct mr_pair *table,
                         const struct mr_vec *suspects, uint64_t rows);

/* Findings in state MR_FIND_DIVERGED, with their images. */
enum mr_code mr_check_alike_add(struct mr_check_run *check, const struct mr_pair *table,
                                const struct mr_finding *findings, size_t count,
                                struct mr_err *err);
/* Decides and saves the sentence; table->find.counts are those of the end. */
enum mr_code mr_check_alike_end(struct mr_check_run *check, const struct mr_pair *table,
                                struct mr_err *err);
/* The same of a table that no run has under way, out of what the case keeps of it. */
enum mr_code mr_check_alike_stored(struct mr_findings *fd, const struct mr_find_table *table,
                                   struct mr_err *err);

#endif
