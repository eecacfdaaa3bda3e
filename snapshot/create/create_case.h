/*
 * create_case: the evidence: of the tables of a case only the rows that its run found to
 * differ, as the side that SOURCE names has them now.
 *
 *   mr_create_case_open → mr_create_case_take, for each table → mr_create_case_read, where
 *     a whole table would be scanned → mr_create_case_close
 *
 * The rows are found by the key with which that side had them when they were compared; one
 * that is gone since is not kept, and counted.  Rows that only the other side had are not
 * of this one.  Tables without a key, and those that were not compared, are left out and
 * named.
 *
 * Ownership: texts live in the run's arena.  Errors: MR_E_USAGE where SOURCE is neither
 * side of the run, MR_E_CASE, MR_E_NO_SUCH where nothing differs.  Threads:
 * mr_create_case_read by several at once; the rest by one.
 */
#ifndef MR_CREATE_CASE_H
#define MR_CREATE_CASE_H

#include "core/case/findings.h"
#include "snapshot/create/create_scan.h"

/* Nothing where no case is named. */
enum mr_code mr_create_case_open(struct mr_create *create, struct mr_err *err);
void mr_create_case_close(struct mr_create *create);

/* "case RUN_ID" */
const char *mr_create_case_rows_of(const struct mr_create *create);
/* What the run says of a table: taken, left out for a reason (a constant), or neither,
 * since no row of this side differs. */
enum mr_code mr_create_case_take(struct mr_create *create, const struct mr_table *table,
                                 const struct mr_find_table **found, const char **reason,
                                 struct mr_err *err);
/* Names those of its tables that are not on the server any more. */
enum mr_code mr_create_case_name_gone(struct mr_create *create, struct mr_err *err);
/* Sets what is read of a table that was taken, from what is planned of it. */
enum mr_code mr_create_case_plan(struct mr_create *create, struct mr_create_table *table,
                                 struct mr_err *err);
/* All its rows, into chunks. */
enum mr_code mr_create_case_read(struct mr_create_scan *scan, struct mr_err *err);

#endif
