/*
 * plan_restored: which columns of a row a restored change writes (mr_plan_store_is_restored).
 *
 * The scripts write and compare these, entities.csv has their digest: both ask here, so that what is
 * proved is what was written.  Errors: MR_E_CASE for bytes that no encoder wrote.  Threads: no state.
 */
#ifndef MR_PLAN_RESTORED_H
#define MR_PLAN_RESTORED_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* Sets of[i] of each column, of as many as the table has, in which the images differ to the byte, and
 * clears the others; *any: there are such.  What the server computes is never among them. */
enum mr_code mr_plan_restored_columns(const struct mr_plan_table *table, struct mr_key before,
                                      struct mr_key after, bool *of, bool *any, struct mr_err *err);

#endif
