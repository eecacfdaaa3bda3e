/*
 * create_unlock: tables that a worker has read are free again.
 *
 *   mr_create_hold(table) before each statement → … → mr_create_unlock when there is no task
 *
 * A view keeps the metadata lock of what it has read until it ends: an ALTER of a table that was
 * read an hour ago would wait, and behind it every writer.  So a worker lets go of its tables
 * when it comes to another one (mr_reader_unlock), and of small ones several at a time, since
 * each time costs the server a look at its tables: they are held for a tenth of a second, or ten
 * times as long as the look takes.  A look waits for no lock: an ALTER that waits for ours would
 * wait for ever.
 *
 * While a table is held it cannot be exchanged for another, so each worker looks at its tables
 * before it lets go: is this still the table that was planned (create_identity.h)?  Else what it
 * has read may be another table's rows, and the table is read again in the end.  What happens
 * to a table after that is nothing to the snapshot.
 *
 * Threads: each worker for itself; looking is one at a time (the run's `asking`).
 */
#ifndef MR_CREATE_UNLOCK_H
#define MR_CREATE_UNLOCK_H

#include "snapshot/create/create_scan.h"

enum mr_code mr_create_hold(struct mr_create_scan *scan, struct mr_create_table *table,
                            struct mr_err *err);
enum mr_code mr_create_unlock(struct mr_create_scan *scan, struct mr_err *err);
/* mr_throttle_wait before a statement: whoever waits lets go of all tables. */
enum mr_code mr_create_wait(struct mr_create_scan *scan, struct mr_err *err);

#endif
