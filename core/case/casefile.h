/*
 * casefile: the SQLite file that keeps an incident.  The only module that includes
 * <sqlite3.h>; what is stored in it is defined by the modules above (findings.h).
 *
 * One FILE per incident, mode 0600, created O_EXCL; STRICT tables, WAL while a run is
 * open, journal_mode=DELETE again when it is closed (so that a finished case is one
 * file that a reader without write access to its directory can open: immutable=1).
 * PRAGMA application_id is 'myrc', user_version the schema version.  Without a path the
 * case is an unlinked temporary file in $TMPDIR, else /var/tmp or /tmp.
 *
 * Keys and values are BLOBs in the injective encoding (row.h): STRICT INTEGER refuses
 * 2^64-1.
 *
 * Threads: one connection behind a mutex.  mr_case_lock() … mr_case_unlock() brackets a
 * sequence of statements and a transaction; every function below but open and close
 * expects the lock to be held when more than one thread runs.
 *
 * Errors: MR_E_CASE with SQLite's reason (disk full, read-only, malformed, locked by
 * another run, of a newer version); nothing is ever deleted from a case by opening it.
 * Where SQLite rolls a transaction back by itself (a full disk, a limit on files), all that
 * comes before the caller's rollback fails with that reason, whoever has met it first.
 */
#ifndef MR_CASEFILE_H
#define MR_CASEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct mr_case;

enum mr_case_mode {
    /* Created if absent; one writer at a time (the second: MR_E_CASE). */
    MR_CASE_WRITE = 1,
    /* Must exist; never written; no -wal or -shm left behind where there was none. */
    MR_CASE_READ
};

/* schema_sql: statements that create the tables of `version` in an empty file.  Cases of earlier
 * versions are opened as they are: what they lack is the caller's to know. */
enum mr_code mr_case_open(const char *path, enum mr_case_mode mode, const char *schema_sql,
                          int version, struct mr_case **out, struct mr_err *err);
/* Ends WAL and closes; reports a failing close. */
enum mr_code mr_case_close(struct mr_case *cf, struct mr_err *err);
const char *mr_case_path(const struct mr_case *cf); /* "" for a temporary one */
/* The case as it is at one moment, whoever writes to it: a new file, of mode 0600, without anything
 * beside it.  What a failure leaves of it is removed. */
enum mr_code mr_case_copy(struct mr_case *cf, const char *path, struct mr_err *err);

/*
 * From here on the cancel flag ends every statement, long or short, with MR_E_CANCELLED; one
 * that writes takes its transaction with it.  Readers do so from the start.  A writer says
 * where it is in work that nobody needs half of, and ends that before it tidies up.
 */
void mr_case_heed_signals(struct mr_case *cf, bool heeds);

/*
 * Lets a reader of the case work with TEMP tables: in files of mode 0600 beside the case
 * (or, where its directory cannot be written, in $SQLITE_TMPDIR, $TMPDIR or /var/tmp),
 * unlinked as soon as they are open.  From here to the end every statement sees the case
 * as it is now, whatever a run adds to it, and heeds signals.  One at a time in a process:
 * SQLite has one such directory for all.
 */
enum mr_code mr_case_scratch_begin(struct mr_case *cf, struct mr_err *err);
/* Forgets the TEMP tables.  Closing the case does the same. */
void mr_case_scratch_end(struct mr_case *cf);

void mr_case_lock(struct mr_case *cf);
void mr_case_unlock(struct mr_case *cf);
enum mr_code mr_case_begin(struct mr_case *cf, struct mr_err *err); /* IMMEDIATE */
enum mr_code mr_case_commit(struct mr_case *cf, struct mr_err *err);
void mr_case_rollback(struct mr_case *cf);
enum mr_code mr_case_exec(struct mr_case *cf, const char *sql, struct mr_err *err);
int64_t mr_case_last_id(const struct mr_case *cf);
int64_t mr_case_changes(const struct mr_case *cf); /* rows that the last write changed */

/*
 * Statements.  prepare → bind… → step (until !row) → reset → … → free.  Parameters are
 * numbered from 1, columns from 0; case_args.h and case_fields.h have them by name.  Binding
 * and reading errors are sticky: the next step reports them.  Bound bytes are copied only by
 * bind_blob/bind_text.
 */
struct mr_case_stmt;
enum mr_code mr_case_prepare(struct mr_case *cf, const char *sql, struct mr_case_stmt **out,
                             struct mr_err *err);
/* Several; of those behind one that fails, *out stays as it is. */
struct mr_case_sql {
    struct mr_case_stmt **out;
    const char *sql;
};
enum mr_code mr_case_prepare_all(struct mr_case *cf, const struct mr_case_sql *list, size_t count,
                                 struct mr_err *err);
void mr_case_bind_int(struct mr_case_stmt *stmt, int at, int64_t value);
void mr_case_bind_text(struct mr_case_stmt *stmt, int at, const char *text); /* or NULL */
void mr_case_bind_blob(struct mr_case_stmt *stmt, int at, const void *ptr, size_t len);
/* The same for large ones, without a copy: the bytes must stay until the next reset. */
void mr_case_bind_borrowed(struct mr_case_stmt *stmt, int at, const void *ptr, size_t len);
void mr_case_bind_null(struct mr_case_stmt *stmt, int at);
/* How many parameters it has, and the number of that one (":id"); 0: it has none such.  The name
 * is a literal: the next time it is known by its address, where its number is `guess`. */
size_t mr_case_params(struct mr_case_stmt *stmt);
int mr_case_param(struct mr_case_stmt *stmt, const char *name, int guess);
enum mr_code mr_case_step(struct mr_case_stmt *stmt, bool *row, struct mr_err *err);
void mr_case_reset(struct mr_case_stmt *stmt); /* and clears the bindings */
int64_t mr_case_int(struct mr_case_stmt *stmt, int column);
const char *mr_case_text(struct mr_case_stmt *stmt, int column); /* NULL for NULL */
/* Valid until the next step; ptr NULL for NULL, non-NULL for an empty blob. */
const void *mr_case_blob(struct mr_case_stmt *stmt, int column, size_t *len);
bool mr_case_is_null(struct mr_case_stmt *stmt, int column);
size_t mr_case_columns(struct mr_case_stmt *stmt);
/* As the statement calls it (AS name); the statement's. */
const char *mr_case_column_name(struct mr_case_stmt *stmt, int column);
/* Before its case is closed; NULL is fine. */
void mr_case_free(struct mr_case_stmt *stmt);
/* Runs a prepared statement that returns no row, then resets it. */
enum mr_code mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err);
/* Is there a table of that name?  Older versions made some of today's not. */
enum mr_code mr_case_has_table(struct mr_case *cf, const char *name, bool *has, struct mr_err *err);
/* The same of a column; false where there is no such table. */
enum mr_code mr_case_has_column(struct mr_case *cf, const char *table, const char *name, bool *has,
                                struct mr_err *err);

#endif
