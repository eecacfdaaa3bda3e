/*
 * merge_choice: what was chosen for the conflicts of a component: by a person for the row,
 * on the command line for the kind, by an earlier plan that merged the row into one that is
 * still the same, or in the configuration for kind and table.
 *
 * restore, skip, merge-into and without-value change what rows become, so that the
 * component is decided again with them (table mark); target, source and newest say what is
 * written of a row whose place is known.  A row below one that waits takes the choice of
 * what is above it, unless a person skips it by itself.
 */
#ifndef MR_MERGE_CHOICE_H
#define MR_MERGE_CHOICE_H

#include "repair/merge/merge_internal.h"

/* May it be chosen for a conflict of that kind, or, NULL, of any?  Beside what is offered, a
 * value that fits. */
bool mr_merge_is_choice(const char *kind, const char *choice);

/* What a person says of a kind, on the command line or in the table's configuration: a side; NULL:
 * nothing. */
const char *mr_merge_choice_rule(const struct mr_merge *m, const struct mr_plan_table *table,
                                 const char *kind);

/* Takes up choices that are new; *again: decide the component anew.  MR_E_REFUSED where
 * one is `stop`. */
enum mr_code mr_merge_choose(struct mr_merge *m, size_t first, size_t count, bool *again,
                             struct mr_err *err);

#endif
