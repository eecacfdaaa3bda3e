/*
 * snap_place: each statement of a snapshot makes one object, in one database.
 *
 * Servers keep the text of a trigger as it was typed, so that it may name a database; and a
 * file may hold anything.  mr_snap_place reads a statement as far as the name of what it
 * makes, and of a trigger its table, and takes the database out of both, so that it makes
 * them in the database that is in use; whatever else it is, it is refused.  Bodies are not
 * judged: they run later, if ever.
 *
 * Threads: no state.
 */
#ifndef MR_SNAP_PLACE_H
#define MR_SNAP_PLACE_H

#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "snapshot/format/snap_manifest.h"

struct mr_snap_place {
    /* DATABASE, TABLE, VIEW, TRIGGER, EVENT, SEQUENCE, FUNCTION, PROCEDURE, PACKAGE, PACKAGE
     * BODY; ALTER: adds to a table */
    const char *what;
    const char *name;  /* as the server has it */
    const char *table; /* of a trigger; NULL: any of the database */
    const char *db;    /* of the snapshot: the only one that may be named */
    bool ansi_quotes;  /* "x" is a name, in the sql_mode that makes it */
};

/* Appends the statement as it may be run.  MR_E_SNAPSHOT: it is another one. */
enum mr_code mr_snap_place(const struct mr_snap_place *place, const char *sql, size_t len,
                           struct mr_strbuf *out, struct mr_err *err);

/* Does the text name something of that database (`db`.x)?  It may be an alias, too. */
bool mr_snap_names_db(const char *sql, size_t len, const char *db, bool ansi_quotes);

/* What an object is for SQL ("PACKAGE BODY"), and its name without that: a routine's is
 * "package body p". */
const char *mr_snap_object_what(const struct mr_snap_object *object, const char **name);
const char *mr_snap_routine_what(const char *full, const char **name);
/* Where the statement of its file belongs. */
struct mr_snap_place mr_snap_object_place(const struct mr_snap_object *object);
struct mr_snap_place mr_snap_table_place(const struct mr_snap_table *table);
struct mr_snap_place mr_snap_keys_place(const struct mr_snap_table *table);

#endif
