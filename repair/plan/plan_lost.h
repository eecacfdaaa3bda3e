/*
 * plan_lost: columns that the two sides of a planned table do not share.
 *
 * A column that only SOURCE has (dropped or renamed on TARGET, or computed there) with values
 * in rows that the plan writes would be lost without a word: refused with the number of its
 * values, other than NULL and its default, until `ignore-columns` dismisses it or
 * `column = OLD -> NEW` names its twin.  A column that only TARGET has takes its default; where
 * it has none and is NOT NULL, no row can be inserted: refused, too.  So are rows to be deleted
 * that hold something else there, since undo could not bring that back, until `ignore-columns`
 * dismisses it.  In a table without a key a row is known by its other columns: rows that are
 * equal there are counted, too, since any of them may go.
 *
 * Errors: MR_E_REFUSED naming tables and columns, those of SOURCE and of the case.
 */
#ifndef MR_PLAN_LOST_H
#define MR_PLAN_LOST_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* The plan is decided. */
enum mr_code mr_plan_lost_check(const struct mr_plan_tables *plan, struct mr_plan_store *store,
                                struct mr_err *err);

#endif
