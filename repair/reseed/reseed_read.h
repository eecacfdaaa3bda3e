/*
 * reseed_read: where a counter stands on both servers, and what bounds it there.
 *
 * Errors: of db.h.  Threads: one.
 */
#ifndef MR_RESEED_READ_H
#define MR_RESEED_READ_H

#include "core/source/sides.h"

/* Two tables and the column whose counter is meant, as each side calls them; table NULL:
 * that side has none. */
struct mr_reseed_pair {
    const struct mr_table *table[MR_SIDES];
    const struct mr_column *column[MR_SIDES];
};

/* greatest: 0 where empty or negative; next: 0 where the side's column is no counter, else
 * at least 1.  The keys are read first: what is inserted meanwhile moves the counter. */
enum mr_code mr_reseed_read(const struct mr_server_side side[MR_SIDES],
                            const struct mr_reseed_pair *pair, uint64_t next[MR_SIDES],
                            uint64_t greatest[MR_SIDES], struct mr_err *err);

/* The next value of an AUTO_INCREMENT column known by name; 0: it is none. */
enum mr_code mr_reseed_next(struct mr_db *db, const char *dbname, const char *table,
                            const char *column, uint64_t *next, struct mr_err *err);

/* Does a row hold an id of [from, to)? */
enum mr_code mr_reseed_is_used(struct mr_db *db, const struct mr_table *table, const char *column,
                               uint64_t from, uint64_t to, bool *used, struct mr_err *err);

/* The last id that a partition takes, where the table is partitioned by ranges of the
 * column alone; else UINT64_MAX.  *unclear: it is partitioned by something else that is
 * made from the column, which may have an end of its own. */
enum mr_code mr_reseed_partition_limit(struct mr_db *db, const struct mr_table *table,
                                       const char *column, uint64_t *limit, bool *unclear,
                                       struct mr_err *err);

#endif
