/*
 * plan_idmap: idmap.csv of a plan that was applied and that the case does not know
 * (--idmap FILE): what it says of who is who stands in for what the case would have kept
 * (merge_earlier.h), also who was deleted since.
 *
 * Columns are found by their names; `table`, `source_key` and `target_key` are needed.
 * `source_bytes` and `target_bytes` are these keys as they are encoded, in hex, and must say
 * the same; a file of an older version has none, and keys are read as plan_text.h prints them:
 * not where that is not clear.  `decision` (insert, renumber, matched, merge-into),
 * `identity_key` (the canonical identity, in hex) and `digest` (of the row as planned) come
 * together, or not at all: a file of a still older version has none of them, and then a row
 * that is not there counts as one that never was.
 *
 * The file may lie: each row is looked for on TARGET.  What no plan writes is refused by
 * its line: other columns or separators, a table that is not planned, a key twice (but of
 * TARGET, who somebody was merged into by decision), what is
 * no number or not hexadecimal.
 *
 * Errors: MR_E_REFUSED with file and line; MR_E_IO.  Threads: one.
 */
#ifndef MR_PLAN_IDMAP_H
#define MR_PLAN_IDMAP_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* Within the store's transaction, before anything is decided. */
enum mr_code mr_plan_idmap_read(const char *path, struct mr_findings *fd,
                                const struct mr_plan_tables *tables, struct mr_err *err);

#endif
