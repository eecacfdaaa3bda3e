/*
 * plan_idmap: idmap.csv of a plan that was applied and that the case does not know
 * (--idmap FILE): what it says of who is who stands in for what the case would have kept
 * (merge_again.h).
 *
 * Columns are found by their names; `table`, `source_key` and `target_key` are needed.
 * Keys are read as plan_text.h prints them.
 *
 * Errors: MR_E_REFUSED with file and line; MR_E_IO.  Threads: one.
 */
#ifndef MR_PLAN_IDMAP_H
#define MR_PLAN_IDMAP_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* Within the store's transaction, before anything is decided. */
enum mr_code mr_plan_idmap_read(const char *path, struct mr_findings *fd,
                                const struct mr_plan_store *store,
                                const struct mr_plan_tables *tables, struct mr_err *err);

#endif
