/*
 * create_identity: is the table of a name still the table that it was?
 *
 *   mr_create_numbers_read                 what InnoDB calls its tables now
 *   mr_create_identity(…, &before, …)      of each table, before the view
 *   …                                      again, when its rows were read
 *
 * A table that another one has changed places with (RENAME TABLE, as tools that rebuild online
 * end; EXCHANGE PARTITION) has the definition that it had, and the other one's rows.  What
 * tells them apart is InnoDB's numbers of them, which need PROCESS; else when the server made
 * or last renamed them: an exchanged partition is not seen then, and a table of which only the
 * counter was raised is taken for another one.
 *
 * Ownership: numbers are of the run's arena.  Threads: the coordinator's.
 */
#ifndef MR_CREATE_IDENTITY_H
#define MR_CREATE_IDENTITY_H

#include "snapshot/create/create.h"

/* Before a row of identities, so that they are of now. */
enum mr_code mr_create_numbers_read(struct mr_create *create, struct mr_err *err);

/* *out, of the run's arena, equals another one of the same name while it is one table. */
enum mr_code mr_create_identity(struct mr_create *create,
                                const struct mr_snap_table *table, const char **out,
                                struct mr_err *err);

#endif
