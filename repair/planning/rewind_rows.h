/*
 * rewind_rows: `repair plan --policy rewind`: what the planner of rows needs of a case where nothing was
 * compared, and which transactions are undone.
 *
 * A run of the case stands for the check: TARGET's tables as they are, with nothing that differs.
 *
 * Errors: MR_E_USAGE, MR_E_REFUSED, those of repair/rewind.  Threads: one.
 */
#ifndef MR_REWIND_ROWS_H
#define MR_REWIND_ROWS_H

#include "repair/planning/planning.h"
#include "repair/rewind/rewind.h"

/* Is that the policy, or rejoin, which takes rows back in the same way? */
bool mr_rewind_is_asked(const struct mr_plan_options *options);
/* What of the options belongs together. */
enum mr_code mr_rewind_check_options(const struct mr_plan_options *options, struct mr_err *err);
/* Case and sides are open; the run becomes the current one, and p->run. */
enum mr_code mr_rewind_make_run(struct mr_planning *p, struct mr_err *err);

#endif
