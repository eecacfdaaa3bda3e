/*
 * decision_proof: is a line of a decisions file about the conflict whose key it has?
 *
 * Where the line has the row's image, that proves it, and the image is compared elsewhere.  Where it
 * has none (somebody took the column out, or an older myrecon wrote the file) the other columns may not
 * contradict: identity, differs, kind; and without an identity a key that looks as if a spreadsheet had
 * rounded it is not taken.  Where a choice writes to TARGET's row, or merges into it, and the line has no
 * image of that one, target_key and differs may not contradict, either.
 *
 * Errors: MR_E_REFUSED as said, both values named; those of the case; MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_DECISION_PROOF_H
#define MR_DECISION_PROOF_H

#include "repair/planning/plan_decisions_internal.h"

/* key: of the row, as a plan prints it. */
enum mr_code mr_decision_proof_check(struct mr_plan_decisions *d, const struct mr_plan_table *table,
                                     const struct mr_decision_line *line, const char *key,
                                     const struct mr_entity *entity, struct mr_err *err);

/* Of a row about which the plan has nothing to decide: a key that may be what a spreadsheet has left of
 * another one is refused where nothing else in the line tells. */
enum mr_code mr_decision_proof_key(const struct mr_decision_line *line, const char *key,
                                   struct mr_err *err);

/* Does the configuration mask any column of a planned table?  Messages go to logs, and quote no values then. */
bool mr_decision_proof_is_masked(const struct mr_plan_decisions *d);
/* A decision as messages quote it: of one that is a value, no more than that it is one, then. */
const char *mr_decision_proof_shown(const struct mr_plan_decisions *d, const char *choice);

#endif
