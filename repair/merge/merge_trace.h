/*
 * merge_trace: keys that TARGET's rows refer to, though no row holds them: somebody of the
 * live side had them.
 */
#ifndef MR_MERGE_TRACE_H
#define MR_MERGE_TRACE_H

#include "repair/merge/merge_lookup.h"

/* asks: keys of the table (struct mr_merge_ask, value encoded).  Sets tag to 0 where a row of
 * TARGET refers to the key.  A reference to a part of the key counts where that part has
 * what the counter gave, or where no counter makes the key. */
enum mr_code mr_merge_traces(struct mr_merge *m, const struct mr_plan_table *table,
                             struct mr_vec *asks, struct mr_err *err);

/* Who has the number on TARGET: nobody; a row that SOURCE has not; one that SOURCE has, too. */
enum mr_merge_part { MR_MERGE_PART_FREE, MR_MERGE_PART_HELD, MR_MERGE_PART_SHARED };
/* asks: values of the table's counter, which is a part of its key (value encoded).  Sets tag to
 * enum mr_merge_part. */
enum mr_code mr_merge_trace_counter(struct mr_merge *m, const struct mr_plan_table *table,
                                    struct mr_vec *asks, struct mr_err *err);

/* Keys that are best asked for at once. */
size_t mr_merge_trace_keys(const struct mr_merge *m, const struct mr_plan_table *table);

#endif
