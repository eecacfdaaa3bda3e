/*
 * redo_log: InnoDB's redo log as a whole, which MySQL 8.0.21 and later switch off and on.
 *
 * Off, a server that crashes does not start again: its data is lost, all of it.  The switch outlives
 * the session, and a clean restart.
 *
 * Threads: as the connection.
 */
#ifndef MR_REDO_LOG_H
#define MR_REDO_LOG_H

#include "core/db/db.h"

enum mr_redo_log {
    MR_REDO_FIXED = 1, /* on; the server has no such switch */
    MR_REDO_ON,
    MR_REDO_OFF
};

/* The right that it needs, a literal, as GRANT takes it; and the statement that switches it on. */
#define MR_REDO_RIGHT "INNODB_REDO_LOG_ENABLE"
#define MR_REDO_ENABLE "ALTER INSTANCE ENABLE INNODB REDO_LOG"

/* Needs no right. */
enum mr_code mr_redo_log_look(struct mr_db *db, enum mr_redo_log *state, struct mr_err *err);
enum mr_code mr_redo_log_switch(struct mr_db *db, bool on, struct mr_err *err);

#endif
