/*
 * reseed_refs: which columns have to hold an id besides the key that it is made for.
 *
 * Edges are the foreign keys of either side and the `reference =` lines of the
 * configuration, between tables of TARGET, also those that are not planned themselves.
 * They are followed to their end: a column that refers to a column that refers to the key
 * has to hold the id, too.
 *
 * Ownership: everything lives in the arena given.  Errors: MR_E_CONFIG for a configured
 * reference whose column or table does not exist.  Threads: one.
 */
#ifndef MR_RESEED_REFS_H
#define MR_RESEED_REFS_H

#include "core/base/vec.h"
#include "core/cli/config.h"
#include "core/source/sides.h"

struct mr_reseed_refs {
    struct mr_arena *arena;
    const struct mr_catalogue *target;
    struct mr_vec edges; /* struct mr_reseed_edge, private */
};

/* pairs: struct mr_db_pair. */
enum mr_code mr_reseed_refs_load(struct mr_reseed_refs *refs,
                                 const struct mr_server_side side[MR_SIDES],
                                 const struct mr_vec *pairs, const struct mr_config *config,
                                 struct mr_arena *arena, struct mr_err *err);
void mr_reseed_refs_release(struct mr_reseed_refs *refs);

/* The least of the limits of the column (of TARGET) and of all columns that refer to it;
 * *narrowest is the one that sets it, as "db.table.column". */
enum mr_code mr_reseed_refs_limit(const struct mr_reseed_refs *refs, const struct mr_table *table,
                                  const char *column, uint64_t *limit, const char **narrowest,
                                  struct mr_err *err);

#endif
