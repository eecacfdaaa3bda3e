/*
 * counter_read: where a planned counter stands on one server.
 *
 * Errors: of db.h.  *next is 0 where the column is no counter (any more).
 */
#ifndef MR_COUNTER_READ_H
#define MR_COUNTER_READ_H

#include "repair/plan/manifest.h"

enum mr_code mr_counter_read(struct mr_db *db, const struct mr_counter *counter, uint64_t *next,
                             struct mr_err *err);

#endif
