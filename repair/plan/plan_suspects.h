/*
 * plan_suspects: columns that look like references into a table whose ids change hands, and
 * are declared nowhere.
 *
 * Their rows would go on pointing at whoever has the id now, so that the plan is refused
 * until `reference =` declares or dismisses them: MR_E_REFUSED with the lines to paste.
 * By its name a column is suspected where it is called after the table
 * (core/pair/suspect_names.h), has the type of its key, and at least half of a sample of its
 * values (up to 2000 rows at both ends of the table) are keys there.  Half, since a log keeps
 * the ids of those who left.  By its values: repair/merge/merge_suspects.h.
 *
 * Errors: MR_E_REFUSED, those of the servers.
 */
#ifndef MR_PLAN_SUSPECTS_H
#define MR_PLAN_SUSPECTS_H

#include "core/pair/suspect_look.h"
#include "repair/plan/plan_tables.h"

/* Pushes struct mr_suspect for columns whose names say so.  is_mapped: per plan table, does
 * a key of it change hands?  Reads by the sides' own connections. */
enum mr_code mr_plan_suspects_by_name(const struct mr_plan_tables *plan, const bool *is_mapped,
                                      struct mr_vec *suspects, struct mr_err *err);

/* MR_OK where there is none (struct mr_suspect, sorted by this); else prints the lines to
 * be pasted, and refuses. */
enum mr_code mr_plan_suspects_refuse(struct mr_vec *suspects, struct mr_err *err);

#endif
