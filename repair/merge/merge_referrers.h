/*
 * merge_referrers: whose values on TARGET others refer to, when a row lets go of them.
 *
 * A row lets go of its values when it is deleted, or when it is updated so that columns by
 * which others refer to it change, to the byte: ON UPDATE would fire then, and a reference
 * that is declared to us alone would lead to nobody.
 *
 * Both planners ask: the copying policies of what they would write (copy_links.c), merge of
 * what a choice could write (mr_merge_referenced).  Errors: those of the servers and the case.
 */
#ifndef MR_MERGE_REFERRERS_H
#define MR_MERGE_REFERRERS_H

#include "repair/merge/merge_lookup.h"

/* A row of TARGET that would be written. */
struct mr_merge_leaver {
    int64_t tag;               /* the caller's */
    struct mr_key live, after; /* images; after.ptr NULL: it would be deleted */
};

/* Calls fn for each row of TARGET's child that has the values by r of a leaver; the
 * question's tag is the leaver's.  (Whether the row refers by r at all, fn asks.)  Leavers
 * are struct mr_merge_leaver; those that let go of nothing are passed over. */
enum mr_code mr_merge_referrers(struct mr_merge *m, const struct mr_plan_reference *r,
                                const struct mr_vec *leavers, mr_merge_answer_fn *fn, void *ctx,
                                struct mr_err *err);

/* The same of foreign keys that the plan does not know, such as those of tables, or over
 * columns, that only TARGET has: fn is called once for a leaver and a table. */
typedef enum mr_code mr_merge_outside_fn(void *ctx, int64_t tag, const struct mr_table *child,
                                         struct mr_err *err);
enum mr_code mr_merge_referrers_outside(struct mr_merge *m, const struct mr_plan_table *parent,
                                        const struct mr_vec *leavers, mr_merge_outside_fn *fn,
                                        void *ctx, struct mr_err *err);

/* m.referenced of rows that stand with other values than SOURCE's: a table whose rows refer,
 * or would as the plan writes them, to what the row lets go of if SOURCE's values are chosen.
 * When everything else is decided. */
enum mr_code mr_merge_referenced(struct mr_merge *m, struct mr_err *err);

#endif
