/*
 * snap_rename: statements of a snapshot for tables under another name.
 *
 * The statements are those that snap_place.h has passed: of tables and foreign keys all names are
 * in backticks.  Texts of views and bodies are not rewritten: what a name in them means only a server
 * can say.
 *
 * Threads: no state.
 */
#ifndef MR_SNAP_RENAME_H
#define MR_SNAP_RENAME_H

#include <stdbool.h>

#include "core/base/strbuf.h"

/* What a table is called now; NULL: as ever.  db: as the statement names it; "": the statement's
 * own. */
typedef const char *mr_snap_table_renamed_fn(const void *ctx, const char *db, const char *table);

/* CREATE TABLE or ALTER TABLE with it, its parents, and the tables that a MERGE table is of, under
 * their names of now.  Appends to out. */
void mr_snap_rename_tables(struct mr_strbuf *out, const char *sql, size_t len,
                           mr_snap_table_renamed_fn *renamed, const void *ctx);

/* CREATE TRIGGER on a table of another name.  Appends to out. */
void mr_snap_rename_trigger(struct mr_strbuf *out, const char *sql, size_t len,
                            const char *sql_mode, const char *to);

/* CREATE TABLE or ALTER TABLE without names of CHECKs, of foreign keys: where a name is of a whole
 * database, the table that it was made from may have it.  The server gives others.  Appends to
 * out. */
void mr_snap_drop_constraint_names(struct mr_strbuf *out, const char *sql, size_t len, bool checks,
                                   bool keys);

#endif
