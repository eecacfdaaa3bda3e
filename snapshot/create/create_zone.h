/*
 * create_zone: generated columns, and indexes, that a restore would compute otherwise.
 *
 * What is computed of a TIMESTAMP, as DATE(ts), depends on the time zone of the session that wrote
 * the row.  A snapshot does not hold what is generated, and a restore computes it in UTC: where that
 * is another value the column is named as left out.  What an index has of a column that is not stored
 * is read from it; where it cannot be, and of an index over an expression, any row will do.
 *
 * Errors: those that are fatal to the run.  Threads: the coordinator.
 */
#ifndef MR_CREATE_ZONE_H
#define MR_CREATE_ZONE_H

#include "snapshot/create/create.h"

/* Sets *reason where the column's values, or those in its index, may be others in UTC; it asks the
 * rows for it.  Left as it is for all other columns. */
enum mr_code mr_create_zone_ask(struct mr_create *create, const struct mr_create_table *table,
                                const struct mr_column *column, const char **reason,
                                struct mr_err *err);
/* The same of an index over expressions. */
enum mr_code mr_create_zone_ask_index(struct mr_create *create, const struct mr_create_table *table,
                                      const struct mr_index *index, const char **reason,
                                      struct mr_err *err);

#endif
