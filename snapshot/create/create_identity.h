/*
 * create_identity: is the table of a name still the table that it was?
 *
 *   mr_create_numbers_read        what InnoDB calls its tables now
 *   mr_create_identify            of each table, before the view: its definition, and who it is
 *   mr_create_is_unchanged        again, when rows of it were read
 *
 * A table that another one has changed places with (RENAME TABLE, as tools that rebuild online
 * end; EXCHANGE PARTITION) has the definition that it had, and the other one's rows.  What
 * tells them apart is InnoDB's numbers of them, which need PROCESS (MySQL 8 and later: of their
 * tablespaces, which tables that share one do not have); else when the server made
 * or last renamed them: an exchanged partition is not seen then, and a table of which only the
 * counter was raised is taken for another one.
 *
 * Ownership: texts are of the run's arena.  Threads: the coordinator; while workers read,
 * whoever holds the run's asking.
 */
#ifndef MR_CREATE_IDENTITY_H
#define MR_CREATE_IDENTITY_H

#include "snapshot/create/create.h"

/* Before a row of identities, so that they are of now. */
enum mr_code mr_create_numbers_read(struct mr_create *create, struct mr_err *err);

/* Sets the table's `create` and `identity`. */
enum mr_code mr_create_identify(struct mr_create *create, struct mr_create_table *table,
                                struct mr_err *err);
/* *same: it is still the table that it was.  Then `create` has the counter as it is now. */
enum mr_code mr_create_is_unchanged(struct mr_create *create, struct mr_create_table *table,
                                    bool *same, struct mr_err *err);

#endif
