/*
 * plan_recheck: the check that compares what a plan lacks, as a command that can be run.
 *
 * It names every table that the run compared, those that are missing, and whatever
 * references tie to these, up and down; where that is all there is, no table is named.
 * Databases that the servers' URIs do not name are added to both.
 *
 * Errors: MR_E_NOMEM.  Threads: any.
 */
#ifndef MR_PLAN_RECHECK_H
#define MR_PLAN_RECHECK_H

#include "core/base/strbuf.h"
#include "repair/plan/plan_tables.h"

/* SOURCE's names. */
struct mr_recheck_table {
    const char *db, *name;
};

struct mr_plan_recheck {
    const struct mr_plan_tables *tables;
    const struct mr_find_run *run;
    const char *case_path, *config;      /* config NULL: there is none */
    const struct mr_recheck_table *more; /* that are missing */
    size_t nmore;
};

/* Appends the command. */
enum mr_code mr_plan_recheck_command(const struct mr_plan_recheck *recheck, struct mr_strbuf *out,
                                     struct mr_err *err);

#endif
