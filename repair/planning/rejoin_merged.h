/*
 * rejoin_merged: `repair plan --policy rejoin --merged DIR`: that what TARGET did alone is on the live server
 * is proved, merge by merge and row by row (repair/rejoin/merged.h).
 *
 * Errors: MR_E_REFUSED with what is in the way; those of the case, of the live server.  Threads: one.
 */
#ifndef MR_REJOIN_MERGED_H
#define MR_REJOIN_MERGED_H

#include "repair/planning/planning.h"
#include "repair/rewind/rewind.h"

/* Of rewind the log was read.  Sets p->rejoin->plan.merged. */
enum mr_code mr_rejoin_prove_merged(struct mr_planning *p, const struct mr_plan_tables *tables,
                                    struct mr_rewind *rewind, struct mr_err *err);

#endif
