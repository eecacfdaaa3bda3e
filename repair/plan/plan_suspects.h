/*
 * plan_suspects: columns that look like references into a mapped table, and are declared
 * nowhere.
 *
 * Their rows would go on pointing at ids that change hands, so that the plan is refused
 * until `reference =` declares or dismisses them: MR_E_REFUSED naming table and column.
 * A column is suspected where its name means the table (core/pair/suspect_names.h), its type is
 * that of the table's key, and at least half of a sample of its values (up to 2000 rows at
 * both ends of the table) are keys there.  Half, since a log keeps the ids of those who
 * left.
 *
 * Errors: MR_E_REFUSED, those of the servers.
 */
#ifndef MR_PLAN_SUSPECTS_H
#define MR_PLAN_SUSPECTS_H

#include "repair/plan/plan_tables.h"

/* is_mapped: per plan table, does a key of it change hands?  Reads by the sides' own
 * connections. */
enum mr_code mr_plan_suspects_check(const struct mr_plan_tables *plan,
                                    const bool *is_mapped, struct mr_err *err);

#endif
