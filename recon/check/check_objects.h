/*
 * check_objects: everything of a schema that is no row: tables and columns on one side
 * only, definitions, rights, AUTO_INCREMENT.
 *
 * Done last, on catalogues read anew after the downstream side has caught up, so that a
 * schema change under way is no finding, and a table that was altered or dropped while it
 * was read is told apart from one that is equal.
 *
 * information_schema hides what an account may not see: what one side alone shows is
 * probed on the other, and object kinds without the right are named with the GRANT.
 */
#ifndef MR_CHECK_OBJECTS_H
#define MR_CHECK_OBJECTS_H

#include "recon/check/check.h"

struct mr_vec;

/* A table line of its own for a table that is not planned, since it cannot be read: not-checked, because
 * of why.  name, target_name: "db.t" of either side, as long as the run. */
enum mr_code mr_check_add_unchecked(struct mr_check_run *check, const char *name,
                                    const char *target_name, const struct mr_err *why,
                                    struct mr_err *err);
/* Records object findings; sets find.schema_differs, gives up tables that changed, and
 * fills check->run.hidden.  pairs: struct mr_db_pair. */
enum mr_code mr_check_objects(struct mr_check_run *check, const struct mr_vec *pairs,
                              struct mr_err *err);

#endif
