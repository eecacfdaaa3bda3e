/*
 * plan_suspects: columns that look like references into a mapped table, and are declared
 * nowhere: the check of the chosen run has noted them as advice (name, type, values).
 *
 * Their rows would go on pointing at ids that change hands, so that the plan is refused
 * until `reference =` declares or dismisses them: MR_E_REFUSED naming table and column.
 */
#ifndef MR_PLAN_SUSPECTS_H
#define MR_PLAN_SUSPECTS_H

#include "repair/plan_tables.h"

/* is_mapped: per plan table, does a key of it change hands? */
enum mr_code mr_plan_suspects_check(const struct mr_plan_tables *plan,
                                    struct mr_findings *fd, const bool *is_mapped,
                                    struct mr_err *err);

#endif
