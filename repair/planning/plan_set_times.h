/*
 * plan_set_times: which rows of a merge are asked about for nothing but times that the server sets.
 *
 * Where collected logs tell of both sides' edits, a column that ON UPDATE CURRENT_TIMESTAMP sets is one
 * that both have changed, each otherwise, whatever the edits were of: the row is asked about, and rules of its
 * other columns come to nothing.  Only the table's owner may say that the later time will do, by a rule of the
 * configuration; that there is one, people are told.
 *
 * Errors: MR_E_NOMEM, those of the store.  Threads: none.
 */
#ifndef MR_PLAN_SET_TIMES_H
#define MR_PLAN_SET_TIMES_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* A sentence about the table into `out`, which is left empty where there is nothing to be said. */
enum mr_code mr_plan_set_times(struct mr_plan_store *store, const struct mr_plan_table *table,
                               struct mr_strbuf *out, struct mr_err *err);

#endif
