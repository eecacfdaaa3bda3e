/*
 * plan_decisions: what people decided row by row: conflicts.csv with its column `decision`
 * filled in (--decisions FILE).
 *
 *   mr_plan_decisions_open → mr_plan_decisions_find (of mr_merge_options) …
 *     → mr_plan_decisions_check → mr_plan_decisions_close (NULL is fine)
 *
 * Columns are found by their names; `table`, `source_key` and `decision` are needed, `kind`,
 * `source` and `target` are checked where they are.  A line without a decision says
 * nothing, so that what earlier plans were told still holds, and so does one whose decision is what the
 * plan itself had filled in (column `derived`); MR_CHOICE_OPEN withdraws that: the row is asked about,
 * whatever rules say of its kind.  A key `lo..hi` decides every row from lo to hi.  A row of a
 * table without a key is named by its image.
 *
 * What the file says of a row beats what earlier plans of the case were told (plan_decided):
 * also where the line is about another kind of conflict, a row that was left out is not left
 * out any more.
 *
 * The lines are kept in a temporary table of the case: memory does not grow with the file.
 *
 * Errors: MR_E_REFUSED with file and line: no CSV, a choice that the kind of conflict does
 * not have, a row that SOURCE does not have, a row that has changed since.  MR_E_IO, those
 * of SOURCE.
 * Threads: one.
 */
#ifndef MR_PLAN_DECISIONS_H
#define MR_PLAN_DECISIONS_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"
#include "repair/planning/decision_file.h"
#include "repair/planning/plan_decided.h"

struct mr_plan_decisions;

/* file's texts, decided and tables must outlive it. */
enum mr_code mr_plan_decisions_open(const struct mr_decision_file *file, struct mr_findings *fd,
                                    struct mr_plan_decided *decided,
                                    const struct mr_plan_tables *tables,
                                    struct mr_plan_decisions **out, struct mr_err *err);
void mr_plan_decisions_close(struct mr_plan_decisions *decisions);

/* A mr_decision_fn; decisions is a struct mr_plan_decisions. */
enum mr_code mr_plan_decisions_find(void *decisions, const struct mr_decision_ask *ask,
                                    const char **choice, struct mr_err *err);
/* The plan is made: are all lines of rows that are there, as they were?  Rows that stand
 * equal on both sides by now are fine.  What was decided is kept in the case. */
enum mr_code mr_plan_decisions_check(struct mr_plan_decisions *decisions,
                                     struct mr_plan_store *store, struct mr_err *err);

#endif
