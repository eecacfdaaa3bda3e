/*
 * check_explained: differences that plans of the case account for.
 *
 * After a merge the two servers differ for good: SOURCE's rows stand on TARGET under other
 * ids.  A differing row of SOURCE is explained where a plan of the case put it, or found it,
 * under another key, or restored it with other references under its own, and TARGET's row
 * there is that row: to the byte as planned, or (under another key) with its identity.  A
 * differing row of TARGET is explained where it is such a row, or stands where an explained
 * one of SOURCE stood.  Everything else is a finding like any other: rows that were deleted
 * or edited since, rows that no plan has seen, conflicts that are open, plans that were never
 * applied or were undone.
 *
 * Kept in the case (explained: finding, tbl, how 1 restored · 2 met under another key, plan).
 *
 * Errors: MR_E_CASE, MR_E_NOMEM, MR_E_CANCELLED.  Threads: one, after the workers are gone.
 */
#ifndef MR_CHECK_EXPLAINED_H
#define MR_CHECK_EXPLAINED_H

#include "core/case/findings.h"

/* Finds them out anew, for all tables of the current run. */
enum mr_code mr_check_explain(struct mr_findings *fd, struct mr_err *err);

struct mr_check_explained {
    uint64_t rows;     /* findings */
    uint64_t restored; /* of these, with a row of SOURCE that a plan restored */
    uint64_t met;      /* … that was there already, or was merged */
    uint64_t of_kind[MR_KIND_COLLISION + 1];
};

/* Has it ever been found out for this case?  Asked before the two below. */
enum mr_code mr_check_is_explained(struct mr_findings *fd, bool *any, struct mr_err *err);
/* Of a table of the current run. */
enum mr_code mr_check_explained(struct mr_findings *fd, int64_t table,
                                struct mr_check_explained *out, struct mr_err *err);
/* Directory of the plan, where all of a table's explained rows are one plan's; else NULL.
 * The text is in arena. */
enum mr_code mr_check_explained_plan(struct mr_findings *fd, struct mr_arena *arena,
                                     const char **dir, struct mr_err *err);

#endif
