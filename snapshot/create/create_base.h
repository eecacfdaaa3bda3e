/*
 * create_base: what an incremental snapshot goes on from.
 *
 *   mr_create_base_open, before anything is asked of the server → mr_create_base_judge, when it is known →
 *   mr_create_base_read, under the views: of each table the keys to be read, or why all of it is
 *   → mr_create_base_close
 *
 * The log is read from where the base's view surely stood to where it ends once our own views are open: what is
 * in our view and not in the base's is among its keys, since a transaction is in the log before a view
 * sees it.  Too many keys cost reads, and no truth: each is read as the view has it.
 *
 * Refused by name (MR_E_REFUSED), with the way out: a base of another server, of chosen rows, or without a
 * position; a log that does not go back so far, was begun anew, or does not have all that was written.
 *
 * Ownership: texts live in the run's arena.  Errors: those of snap_open.h and changed_keys.h, too.
 * Threads: the coordinator.
 */
#ifndef MR_CREATE_BASE_H
#define MR_CREATE_BASE_H

#include "snapshot/create/create.h"

/* All of them do nothing where no base is named. */
enum mr_code mr_create_base_open(struct mr_create *create, struct mr_err *err);
enum mr_code mr_create_base_judge(struct mr_create *create, struct mr_err *err);
/* The tables are planned, and the views open. */
enum mr_code mr_create_base_read(struct mr_create *create, struct mr_err *err);
void mr_create_base_close(struct mr_create *create);
/* The SHA-256 of the base's manifest. */
const char *mr_create_base_sha256(const struct mr_create *create);
/* All of the table is read, for a reason that lives. */
void mr_create_base_copy(struct mr_create_table *table, const char *why);

#endif
