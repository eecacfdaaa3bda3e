/*
 * plan_equal: how many rows of TARGET are equal to one that a plan adds to a table without a
 * key: who proves the plan counts rows, and has to know how many stood there before.
 *
 *   mr_plan_equal_init → mr_plan_equal_add … → mr_plan_equal_count → mr_plan_equal_of …
 *     → mr_plan_equal_release
 *
 * Memory: 24 bytes for each row that is added.  The table is read once, in the view that the
 * plan is made in.  Threads: one.
 */
#ifndef MR_PLAN_EQUAL_H
#define MR_PLAN_EQUAL_H

#include "core/base/vec.h"
#include "repair/plan/plan_image.h"

struct mr_plan_equal {
    struct mr_vec list; /* sorted once it was counted */
};

void mr_plan_equal_init(struct mr_plan_equal *equal);
void mr_plan_equal_release(struct mr_plan_equal *equal);

/* Of a row that is added, by the digester of its table. */
enum mr_code mr_plan_equal_add(struct mr_plan_equal *equal, struct mr_digest digest,
                               struct mr_err *err);
/* reader: TARGET's. */
enum mr_code mr_plan_equal_count(struct mr_plan_equal *equal, const struct mr_plan_table *table,
                                 struct mr_plan_digester *digester, struct mr_reader *reader,
                                 struct mr_err *err);
uint64_t mr_plan_equal_of(const struct mr_plan_equal *equal, struct mr_digest digest);

#endif
