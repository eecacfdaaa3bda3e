/*
 * near_db: the database that a misspelt name seems to mean, for hints.
 *
 * Of the names that the account can see.  Errors are none: then nothing is near.  Threads: those of
 * the connection.
 */
#ifndef MR_NEAR_DB_H
#define MR_NEAR_DB_H

#include "core/db/db.h"

/* Appends its name; nothing where none is near enough (suggest.h). */
void mr_near_db(struct mr_db *db, const char *name, struct mr_strbuf *out);
/* The hint of an error that says that there is no such database: the name that is meant, or where
 * to look. */
void mr_near_db_hint(struct mr_db *db, const char *name, struct mr_err *err);

#endif
