/*
 * merge_ids: the block of new ids of each table that needs some, or gets rows.
 *
 * next is the greatest, over both servers, of the counter and the greatest key + 1; the
 * block begins a margin above it, on TARGET's next step, and the counter becomes the first
 * value behind it.  The block must fit the key and every column that holds the key's
 * values, also by way of another table: else MR_E_REFUSED, naming the column and the
 * greatest margin that fits.
 *
 * Kept with the plan, in the case:
 *   plan_table (plan, tbl "db.t", base, base_origin, fresh, fresh_origin, next, margin,
 *               start, step, ids, counter): numbers as text; NULL where there is none
 */
#ifndef MR_MERGE_IDS_H
#define MR_MERGE_IDS_H

#include "repair/merge/merge_internal.h"

/* Hands out ids for the rows that are to be inserted (m.newid, and neither waiting nor
 * skipped): temporary table fresh_id (id, value). */
enum mr_code mr_merge_ids(struct mr_merge *m, struct mr_err *err);

#endif
