/* plan_fit_internal.h: what the files of plan_fit share; see plan_fit.h. */
#ifndef MR_PLAN_FIT_INTERNAL_H
#define MR_PLAN_FIT_INTERNAL_H

#include "repair/plan/plan_fit.h"

/* A question has a value up to four times, in two digits a byte: of TARGET's packet it may
 * be one part of so many. */
#define MR_FIT_ASKED_SHARE 10

/* The next value of an image; ptr NULL where there is no image. */
enum mr_code mr_plan_fit_next(struct mr_key image, size_t *pos, struct mr_key *value,
                              struct mr_err *err);
bool mr_plan_fit_is_same(struct mr_key a, struct mr_key b);

/* Judges a row all of whose values fit; neither image has ptr NULL.  In fit->columns and
 * fit->why what an UPDATE would not change, where it would change nothing at all. */
enum mr_code mr_plan_fit_json(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                              struct mr_key image, struct mr_key live, struct mr_err *err);

#endif
