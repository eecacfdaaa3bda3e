/*
 * snap_place: each statement of a snapshot makes one object, in one database.
 *
 * Servers keep the text of a trigger as it was typed, so that it may name a database; and a
 * file may hold anything.  mr_snap_place reads a statement as far as it is run at once: of
 * tables and foreign keys all of it, else up to the name of what it makes, of a trigger its
 * table, of an event its schedule.  It takes the own database out of names, so that all is
 * made in the database that is in use; whatever else it is, it is refused.  Bodies are not
 * judged: they run later, if ever.
 *
 * Text is read as servers read it, under the sql_mode that it is run under, and what stands
 * in comments that only some of them run is judged as if all did.
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
    const char *name;     /* as the server has it */
    const char *table;    /* of a trigger; NULL: any of the database */
    const char *db;       /* of the snapshot: the only one that may be named */
    const char *sql_mode; /* that it is run under; NULL: none that changes what is read */
};

/* Appends the statement as it may be run.  MR_E_SNAPSHOT: it is another one. */
enum mr_code mr_snap_place(const struct mr_snap_place *place, const char *sql, size_t len,
                           struct mr_strbuf *out, struct mr_err *err);

/* Does the text name its place's database (`db`.x, DROP DATABASE db), or a literal of a text that
 * has others executed?  It may be an alias, too. */
bool mr_snap_names_db(const struct mr_snap_place *place, const char *sql, size_t len);
/* Does a table's text have DATA DIRECTORY or INDEX DIRECTORY?  A restore ignores both. */
bool mr_snap_names_directory(const char *sql, size_t len);

/* Where the statement of its file belongs. */
struct mr_snap_place mr_snap_object_place(const struct mr_snap_object *object);
struct mr_snap_place mr_snap_table_place(const struct mr_snap_table *table);
struct mr_snap_place mr_snap_keys_place(const struct mr_snap_table *table);

#endif
