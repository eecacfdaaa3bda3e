/*
 * apply_case: what a case is told when one of its plans is applied or undone.
 *
 * Calling sequence: open → (check_later, check_sums) → begin → end → close.
 *
 * plan.state becomes `applied` before the first unit of an apply, `undone` after an undo
 * that has left nothing.  plan_map (merge_earlier.h): rows of units that were applied with
 * nothing refused become `applied`; after an undo that has left nothing all are `undone`.
 * Any others are `proposed`: which of them are there the next plan looks up on TARGET.
 * plan_restored (merge_restored.h): the same of rows that stood, and were updated; but from begin on they are
 * `begun`, and stay so where rows of the unit were refused, or nobody knows its end, and after an undo that has
 * left something of the unit, or of another where undo.sql takes some together; but not those that the journal has
 * as left out, if their key is one number.  `since` is the last plan of the case by then: those after it know of
 * this one.
 * explained (check_explained.h): of the plan nothing is left as soon as an undo of it begins.
 * plan_journal (plan, n, line) gets the lines of journal.jsonl.
 *
 * Errors: MR_E_REFUSED for a plan that is not of the case, or with later ones to be undone
 * first; MR_E_CASE, MR_E_NOMEM, MR_E_IO.  Threads: one.
 */
#ifndef MR_APPLY_CASE_H
#define MR_APPLY_CASE_H

#include "core/case/findings.h"
#include "repair/apply/journal.h"

struct mr_apply_case;

/* path: of a case that exists. */
enum mr_code mr_apply_case_open(const char *path, const struct mr_manifest *manifest,
                                struct mr_apply_case **out, struct mr_err *err);
enum mr_code mr_apply_case_close(struct mr_apply_case *ac, struct mr_err *err);

/* Before an undo: is any later plan of the case applied? */
enum mr_code mr_apply_case_check_later(struct mr_apply_case *ac, struct mr_err *err);
/* Before an apply: has another plan, that this one could not know of, added to a column that it adds to? */
enum mr_code mr_apply_case_check_sums(struct mr_apply_case *ac, struct mr_err *err);
/* Before the first unit. */
enum mr_code mr_apply_case_begin(struct mr_apply_case *ac, enum mr_journal_script which,
                                 struct mr_err *err);
/* Units of the script were carried out or refused, or the run has ended before; the journal knows which
 * ones are done.  clean: all were carried out, and nothing was refused. */
enum mr_code mr_apply_case_end(struct mr_apply_case *ac, struct mr_journal *journal,
                               enum mr_journal_script which, bool clean, struct mr_err *err);
/* Copies the journal of the plan in dir; also after a run that did not come to its end. */
enum mr_code mr_apply_case_journal(struct mr_apply_case *ac, const char *dir, struct mr_err *err);

#endif
