/*
 * plan_parents: was every table that a planned table refers to compared in full, in the
 * run that is planned from?
 *
 * Where a row of a parent was given another key by the merge is known of planned tables
 * only.  A parent that was left out, not checked or checked in part, or that stands in a
 * database that the command does not name, would leave its children below strangers: the
 * plan is MR_E_REFUSED, which names the tables and the check that compares them, too.
 * Looked at are foreign keys of both servers and `reference =` lines.
 *
 * Refused, too, is a foreign key whose columns are not of one type on both servers.
 *
 * A parent that only one side has was compared with nothing: `reference = none: column`
 * lets the plan go on without it.
 *
 * Errors: MR_E_REFUSED, MR_E_NOMEM, MR_E_CASE.  Threads: one.
 */
#ifndef MR_PLAN_PARENTS_H
#define MR_PLAN_PARENTS_H

#include "repair/plan/plan_tables.h"

struct mr_plan_parents_task {
    const struct mr_plan_tables *tables;
    struct mr_findings *fd;
    const struct mr_find_run *run;
    const char *case_path, *config; /* config NULL: there is none */
    struct mr_arena *arena;
};

enum mr_code mr_plan_parents_check(const struct mr_plan_parents_task *task, struct mr_err *err);

#endif
