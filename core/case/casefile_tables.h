/*
 * casefile_tables: is what a case file defines what myrecon defines?  Whoever can write to
 * the file can put a view in the place of a table, whose reading need not end, or a trigger
 * that writes what nobody has asked for.
 *
 * Errors: MR_E_CASE for what is not ours, SQLite's own as MR_E_CASE, MR_E_NOMEM.
 * Threads: those of the connection.
 */
#ifndef MR_CASEFILE_TABLES_H
#define MR_CASEFILE_TABLES_H

#include "core/base/err.h"

struct sqlite3;

/* Nothing but tables and indexes, and those that schema_sql makes as it makes them.  Reads
 * the file's schema, and no row. */
enum mr_code mr_case_check_tables(struct sqlite3 *db, const char *path, const char *schema_sql,
                                  struct mr_err *err);

#endif
