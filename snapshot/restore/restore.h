/*
 * restore: from a snapshot to a server.
 *
 *   mr_restore_run, which does all of
 *     prove the files → look at the target (restore_target.c), make room (restore_clash.c) →
 *     databases, sequences, routines, tables → rows (restore_load.c) → foreign keys, views, triggers, events
 *     (restore_schema.c) → compare the digests of all tables (restore_check.c)
 *
 * RESUMING.  A table myrecon_restore in the first database says which chunks are loaded; a
 * chunk and its line there are one transaction.  It is dropped at the end, whatever the
 * comparison says.  While it is there with the snapshot's uuid, the next run goes on; a line
 * "made N" stands for each database that was not there before, or was empty, and a line "making
 * table N" or "making object N" for whatever this restore makes, before it is made: without it what
 * is there is somebody else's (restore_own.c).  Chunks of tables without transactions cannot be
 * trusted: such a table is dropped, and loaded from the start.  Of two runs at once the second
 * would go on with the first: it is refused (restore_lock.c).
 *
 * SET ASIDE.  A table that the server does not take, for a reason of that table, does not end the
 * run: what was loaded of it is dropped, so that it does not look whole, and the rest goes on.
 * The progress table then stays, with a line "ended", and the next run tries that table again;
 * of the others it makes nothing anew but triggers, events, routines and views.
 *
 * INDEXES BEHIND THE ROWS (restore_index.c).  Which of a table's indexes are missing the target
 * itself tells, to the run that has taken them off as to one that goes on with it.
 *
 * Threads: the fields under `lock` belong to whoever holds it; the rest is the
 * coordinator's, and read by workers.
 */
#ifndef MR_RESTORE_H
#define MR_RESTORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/run_id.h"
#include "core/cli/progress.h"
#include "core/db/db_bulk.h"
#include "core/db/redo_log.h"
#include "core/db/server_disk.h"
#include "core/db/throttle.h"
#include "snapshot/format/loss.h"
#include "snapshot/format/snap_place.h"
#include "snapshot/format/snap_table.h"
#include "snapshot/merge/whole.h"
#include "snapshot/read/snap_open.h"
#include "snapshot/read/snap_options.h"

/* A database of the snapshot, and what it is called on the target. */
struct mr_restore_db {
    const struct mr_snap_object *object;
    const char *from, *to;
    const struct mr_database *there; /* on the target, before; or NULL */
    const char *collation;           /* that it has for a moment; NULL: its own */
    bool lacks_collation;            /* the target does not know its own */
};

/* What there is of a table that is set aside. */
enum mr_restore_aside {
    MR_ASIDE_NOT_MADE = 1, /* nothing */
    MR_ASIDE_LEFT,         /* some of its rows, or none: it could not be dropped */
    MR_ASIDE_DROPPED,      /* nothing any more */
    MR_ASIDE_PART,         /* as MR_ASIDE_LEFT; the table is not the restore's own */
    MR_ASIDE_UNREAD        /* it was loaded, and cannot be read back */
};

/* How a table's rows go to the server in bulk. */
struct mr_restore_bulk {
    struct mr_snap_table table; /* its columns in the classes in which they are read */
    const enum mr_bulk_kind *kinds;
};

/* An index that is made behind the rows. */
struct mr_restore_index {
    const char *name;       /* as the server has it */
    const char *definition; /* behind ADD */
};

struct mr_restore_table {
    const struct mr_snap_table *snap; /* with its name on the target */
    const struct mr_snap_table *from; /* with that in the snapshot */
    const char *db;                   /* on the target */
    bool is_there;                    /* made by an earlier run */
    bool has_keys;                    /* foreign keys of it were made by an earlier run */
    const char *key; /* that alone is made at the moment; NULL: all that are missing */
    bool joins;      /* one of them leads to a table that was there before */
    const struct mr_restore_bulk *bulk; /* NULL: as a text */

    const struct mr_restore_index *late; /* made behind the rows; NULL: none is */
    size_t nlate;

    /* under the lock */
    size_t left;               /* tasks of loading, before those are made */
    const char *aside;         /* why it is set aside; NULL: it is not */
    enum mr_restore_aside how; /* and what there is of it */
    uint64_t widest_bytes;     /* of a dry run: of its rows' statements, if that is too long */
    const char *differs;       /* of --schema-only: what is not as it was; NULL: nothing */
    uint64_t loaded;           /* rows of this run and earlier ones */
    uint64_t warnings;
    struct mr_snap_sum wanted, sum; /* digests: what it should hold, what it holds */
    uint64_t rows;
};

/* Something that the target cannot express, and is restored without. */
struct mr_restore_loss {
    enum mr_loss_kind kind;
    const char *part, *name; /* as in struct mr_loss */
    const char *of;          /* "db.table" on the target; "": it is no table's */
};

/* A foreign key that leads into nothing. */
struct mr_restore_orphan {
    const struct mr_restore_table *table;
    const char *name, *parent; /* parent: "db.table" on the target */
};

/* What would refuse a restore; hint: "" for none. */
struct mr_restore_obstacle {
    const char *text, *hint;
};

/* What a dry run has found out. */
struct mr_restore_dry_facts {
    uint64_t rows, plain_bytes;       /* that are left to load */
    uint64_t needed_bytes, log_bytes; /* of tables, of the binary log: about */
    struct mr_server_disk disk;       /* bytes 0: not known */
    double least_s, most_s;
    size_t too_wide; /* tables */
};

/* What it has taken. */
struct mr_restore_times {
    double files_s; /* to prove the files */
    double load_s;  /* schema, rows and keys */
    double check_s; /* to read all back, and what is made behind that */
};

/* A collation, an engine …: is it there? */
struct mr_restore_name {
    enum mr_loss_names what;
    const char *text;
    bool has;
};

struct mr_restore {
    const struct mr_snap_options *opts;
    struct mr_run_id id;
    struct mr_arena arena;
    struct mr_snap snap;
    struct mr_whole whole; /* where a chain is put together; else nothing */
    struct mr_endpoint ep;
    struct mr_db_opts db_opts;
    struct mr_db *db; /* the coordinator's */
    struct mr_catalogue *cat;
    struct mr_throttle *throttle;
    struct mr_progress *progress;
    struct mr_restore_db *dbs;
    size_t ndbs;
    struct mr_restore_table *tables;
    size_t ntables;
    struct mr_restore_table *kept_tables; /* that stay as they are on the target */
    size_t nkept;
    const bool *kept; /* so do which objects of the manifest; NULL: none */
    bool *own; /* which of them this restore has made; NULL: as the lines say (restore_own.c) */
    const char *scope; /* digest of names and patterns: a run of others is not gone on with */
    bool resumed;
    bool ended;   /* that run has come to its end, but for tables that it has set aside */
    bool others;  /* an unfinished run was of another scope */
    bool strange; /* or of another snapshot */
    bool asked_stamps, stamps;      /* TIMESTAMP columns have no default but their own */
    bool asked_keyless, gives_keys; /* the server gives tables a primary key */
    const char *naming;    /* file of a routine or trigger that names a database that is renamed */
    unsigned pause_ms;     /* the first between tries of a chunk, as mr_backoff_wait() has it */
    bool insert;           /* rows by INSERT: the server does not take LOAD DATA LOCAL */
    enum mr_redo_log redo; /* of the target, before */
    bool unlogged;         /* it is off, to be switched on again */
    bool late_indexes;     /* those of big tables are made behind the rows */
    bool bulk;             /* those of transactional tables in bulk (restore_bulk.c) */
    struct mr_vec done;    /* const char *: files of chunks that are loaded, sorted */
    struct mr_vec losses;  /* struct mr_restore_loss */
    struct mr_vec obstacles; /* struct mr_restore_obstacle: of a dry run */
    struct mr_restore_dry_facts dry;
    struct mr_restore_times times;
    struct mr_vec orphans; /* struct mr_restore_orphan */
    struct mr_vec names;   /* struct mr_restore_name: what has been asked */

    pthread_mutex_t lock;
    struct mr_vec notes; /* const char *: what was not made as it was, for the summary */
    size_t different;    /* tables */
    size_t naside;       /* tables that are set aside */
};

/* opts is set.  What it has found stays for the summary; to be released also after an error. */
enum mr_code mr_restore_run(struct mr_restore *restore, const char *dir, const char *uri,
                            struct mr_err *err);
void mr_restore_release(struct mr_restore *restore);
/* Closes what leads to the server, which is to be stopped; what it has found stays. */
void mr_restore_hang_up(struct mr_restore *restore);
/* Of all tables, from the target. */
uint64_t mr_restore_rows_read(const struct mr_restore *restore);

/* restore_target.c: what goes where, and whether it may.  mr_restore_look reads what is there. */
enum mr_code mr_restore_target(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_look(struct mr_restore *restore, struct mr_err *err);

/* Does the progress table say that a file is loaded? */
bool mr_restore_is_done(const struct mr_restore *restore, const char *file);
/* Does what fails leave no trace in it, by the engine that it has on the target? */
bool mr_restore_is_undone(const struct mr_restore *restore, const struct mr_restore_table *table);
/* Does a table of an earlier run hold what the progress table says?  One without transactions
 * may hold half a file, unless the run that has loaded it came to its end. */
bool mr_restore_is_trusted(const struct mr_restore *restore, const struct mr_restore_table *table);

/* restore_lock.c: refuses (MR_E_REFUSED) while another restore is at work there. */
enum mr_code mr_restore_lock(struct mr_restore *restore, struct mr_err *err);

/* restore_loss.c: what the target cannot express, before anything is done.  MR_E_REFUSED, all of it
 * named, without the --allow-lossy that it needs. */
enum mr_code mr_restore_find_losses(struct mr_restore *restore, struct mr_err *err);
/* A CREATE TABLE without what the target does not take, and can be left out.  MR_E_SNAPSHOT: it is
 * none any more. */
enum mr_code mr_restore_express(struct mr_restore *restore, const struct mr_snap_place *place,
                                struct mr_strbuf *sql, struct mr_err *err);
/* "column "x" of table "club.t": INVISIBLE has … (invisible-column)". */
void mr_restore_loss_text(struct mr_strbuf *out, const struct mr_restore_loss *loss);

/* restore_keys.c: foreign keys whose parents neither the restore makes nor the target has, before
 * anything is made; and those that are made, behind the rows. */
enum mr_code mr_restore_find_orphans(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_make_keys(struct mr_restore *restore, struct mr_err *err);
/* Notes the tables that were there and refer to rows that are not restored. */
enum mr_code mr_restore_check_children(struct mr_restore *restore, struct mr_err *err);
/* Of a file's statement, if it adds keys: leaves out what is not wanted; it may then be empty. */
enum mr_code mr_restore_keep_keys(struct mr_restore *restore, const struct mr_snap_place *place,
                                  struct mr_strbuf *sql, struct mr_err *err);
/* "foreign key "f" of table "club.orders": …". */
void mr_restore_orphan_text(struct mr_strbuf *out, const struct mr_restore *restore,
                            const struct mr_restore_orphan *orphan);

/* restore_clash.c: is there room, as --into-existing says?  Refuses (MR_E_REFUSED).  Then: makes
 * it, where that is asked for, and confirmed. */
enum mr_code mr_restore_require_room(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_clear(struct mr_restore *restore, struct mr_err *err);

/* restore_schema.c */
enum mr_code mr_restore_before(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_after(struct mr_restore *restore, struct mr_err *err);
/* When all rows have been compared: a server that runs events changes them from then on. */
enum mr_code mr_restore_events(struct mr_restore *restore, struct mr_err *err);
/* Removes the traces of a restore that has come to its end, equal or not: what stands there from
 * now on is the server's, and no later run goes on with it.  Where a table is set aside they stay,
 * for the run that tries it again. */
enum mr_code mr_restore_end(struct mr_restore *restore, struct mr_err *err);

/* restore_fit.c: refuses (MR_E_REFUSED) tables that the target's settings will not take, and warns
 * of events; and whether the server demands primary keys. */
enum mr_code mr_restore_fit(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_requires_keys(struct mr_restore *restore, bool *requires,
                                      struct mr_err *err);

/* restore_keyless.c: before a table is made; and behind that, if it has got a key. */
enum mr_code mr_restore_keep_keyless(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_note_keyless(struct mr_restore *restore, const char *file,
                                     const struct mr_snap_place *place,
                                     const struct mr_strbuf *create, struct mr_err *err);

/* restore_collation.c: the line of the progress table for a database that this restore makes. */
struct mr_restore_made {
    char text[32];
};
void mr_restore_made(struct mr_restore_made *out, const struct mr_restore *restore,
                     const struct mr_restore_db *db);
/* Is the database this restore's, so that its charset is the snapshot's? */
bool mr_restore_makes_db(const struct mr_restore *restore, const struct mr_restore_db *db);
/* Before an object is made: gives its database the collation that it had when the object was made,
 * or notes that it has another one.  Behind them: gives back what the databases should have. */
enum mr_code mr_restore_collate(struct mr_restore *restore, const struct mr_snap_object *object,
                                struct mr_err *err);
enum mr_code mr_restore_collate_back(struct mr_restore *restore, struct mr_err *err);

/* restore_own.c: before a CREATE, the line that what it makes is this restore's own; and it goes again,
 * where the server has made nothing, or the table is dropped. */
enum mr_code mr_restore_own_table(struct mr_restore *restore, const struct mr_restore_table *table,
                                  struct mr_err *err);
enum mr_code mr_restore_disown_table(struct mr_restore *restore,
                                     const struct mr_restore_table *table, struct mr_err *err);
enum mr_code mr_restore_own(struct mr_restore *restore, const struct mr_snap_object *object,
                            struct mr_err *err);
enum mr_code mr_restore_disown(struct mr_restore *restore, const struct mr_snap_object *object,
                               struct mr_err *err);
/* Did this restore, or the run that it goes on with, make it?  Does one of that very name stand there?
 * (By DROP PROCEDURE `pé` servers drop `pe`, and that is somebody else's.) */
bool mr_restore_owns(const struct mr_restore *restore, const struct mr_snap_object *object);
bool mr_restore_stands(const struct mr_restore *restore, const struct mr_snap_object *object);
/* Of a run that is gone on with: MR_E_REFUSED where something stands there that it has not made. */
enum mr_code mr_restore_refuse_others(const struct mr_restore *restore, struct mr_err *err);

/* restore_aside.c: is that error a reason of the table, so that others may be taken? */
bool mr_restore_is_of_table(enum mr_code code, const struct mr_err *why);
/* Had the server, or the engine of a table that has transactions, no room left on its disk?  To one
 * without (MEMORY) 1114 says that a limit of its own is reached. */
bool mr_restore_is_disk_full(const struct mr_err *why);
/* Names the table, and counts it; of several reasons the first is reported. */
enum mr_code mr_restore_set_aside(struct mr_restore *restore, struct mr_restore_table *table,
                                  enum mr_restore_aside how, const struct mr_err *why,
                                  struct mr_err *err);
bool mr_restore_is_aside(struct mr_restore *restore, const struct mr_restore_table *table);
/* Behind the rows: drops what was loaded of such tables. */
enum mr_code mr_restore_drop_aside(struct mr_restore *restore, struct mr_err *err);
/* None of its files counts as loaded any more. */
enum mr_code mr_restore_forget(struct mr_restore *restore, const struct mr_restore_table *table,
                               struct mr_err *err);
/* "could not be made", for people. */
const char *mr_restore_aside_text(enum mr_restore_aside how);

/* restore_load.c */
enum mr_code mr_restore_load(struct mr_restore *restore, struct mr_err *err);

/* restore_bulk.c: does the target take rows in bulk?  Sets the restore's bulk; then that of a table.
 * The statement for it, and how many bytes of a packet a row is. */
enum mr_code mr_restore_learn_bulk(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_plan_bulk(struct mr_restore *restore, struct mr_restore_table *table,
                                  struct mr_err *err);
void mr_restore_bulk_sql(struct mr_strbuf *sql, const struct mr_restore_table *table);
uint64_t mr_restore_bulk_width(const struct mr_restore_bulk *bulk, const struct mr_value *values);

/* restore_index.c: are indexes made behind the rows on this target?  Then, of a table that was made
 * just now: takes them off again, so that what the server does not take of them is known before the
 * first row; of one that an earlier run has made: which of them it may have taken off. */
enum mr_code mr_restore_learn_late(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_take_indexes(struct mr_restore *restore, struct mr_restore_table *table,
                                     struct mr_err *err);
enum mr_code mr_restore_missing_indexes(struct mr_restore *restore, struct mr_restore_table *table,
                                        struct mr_err *err);
/* Behind the last row, over a connection of a worker: makes what is missing of them.  A table that
 * the server does not take them of, for a reason of the table, is set aside. */
enum mr_code mr_restore_make_indexes(struct mr_restore *restore, struct mr_restore_table *table,
                                     struct mr_db *db, struct mr_err *err);

/* restore_fast.c: --unsafe-fast: refuses (MR_E_REFUSED) where a crash would cost more than what is
 * restored; else sees whether a killed run has left the redo log off.  Then, before the first write:
 * off, or what that run has left on again.  On again, behind the rows and after any error: what does
 * not succeed is noted. */
enum mr_code mr_restore_find_fast(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_begin_fast(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_end_fast(struct mr_restore *restore, struct mr_err *err);

/* restore_check.c */
enum mr_code mr_restore_check(struct mr_restore *restore, struct mr_err *err);
/* Does it hold what it should? */
bool mr_restore_is_same(const struct mr_restore *restore, const struct mr_restore_table *table);

/* restore_data.c: --data-only: refuses (MR_E_REFUSED) what is not there, not empty, or would not hold
 * the rows.  Has a table any? */
enum mr_code mr_restore_require_tables(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_has_rows(struct mr_restore *restore, const struct mr_restore_table *table,
                                 bool *has, struct mr_err *err);
/* restore_proof.c: --schema-only: sets differs of the tables. */
enum mr_code mr_restore_prove_schema(struct mr_restore *restore, struct mr_err *err);

/* restore_dry.c: of a dry run a refusal becomes an obstacle, and *err is empty; else it is passed on.
 * Then, behind all that looks: what is left to do.  Has the server's disk room for it, as far as is
 * known? */
enum mr_code mr_restore_pass(struct mr_restore *restore, enum mr_code code, struct mr_err *err);
enum mr_code mr_restore_dry(struct mr_restore *restore, struct mr_err *err);
bool mr_restore_has_room(const struct mr_restore *restore);
/* restore_load.c: the longest statement that a row of the table needs, if one is longer than max_bytes;
 * else 0. */
enum mr_code mr_restore_measure(struct mr_restore *restore, const struct mr_restore_table *table,
                                uint64_t max_bytes, uint64_t *bytes, struct mr_err *err);

/* restore_kept.c: what the target has by these names stays: it goes from tables to kept_tables, and
 * is marked in kept.  As the target is, or as the run that is gone on with has written down. */
enum mr_code mr_restore_keep(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_keep_again(struct mr_restore *restore, struct mr_err *err);
bool mr_restore_is_kept(const struct mr_restore *restore, const struct mr_snap_object *object);
/* The lines of the progress table that say so. */
typedef void mr_restore_line_fn(void *ctx, const char *line);
void mr_restore_kept_lines(struct mr_restore *restore, mr_restore_line_fn *line, void *ctx);

/* restore_rename.c: --rename and --rename-db, of databases before tables are listed, of tables
 * behind that.  MR_E_USAGE where a name is none, or two become one. */
enum mr_code mr_restore_rename_dbs(struct mr_restore *restore, struct mr_err *err);
enum mr_code mr_restore_rename_tables(struct mr_restore *restore, struct mr_err *err);
bool mr_restore_is_renamed(const struct mr_restore_table *table);
/* The table that names of the snapshot mean, if it is restored; if it is kept; else NULL. */
const struct mr_restore_table *mr_restore_table_of(const struct mr_restore *restore, const char *db,
                                                   const char *name);
const struct mr_restore_table *mr_restore_kept_of(const struct mr_restore *restore, const char *db,
                                                  const char *name);
/* Of a file's statement, with tables under their new names.  Then, of a renamed one: without the names
 * of its constraints, which the table of the old name may have. */
void mr_restore_rename_in(const struct mr_restore *restore, const struct mr_snap_place *place,
                          const char *sql, size_t len, struct mr_strbuf *out);
enum mr_code mr_restore_drop_names(const struct mr_restore *restore,
                                   const struct mr_snap_place *place, struct mr_strbuf *sql,
                                   struct mr_err *err);
/* The next renamed table, from *i on, whose old name the text holds; NULL at the end. */
const struct mr_restore_table *mr_restore_next_renamed(const struct mr_restore *restore,
                                                       const struct mr_strbuf *sql, size_t *i);

/* Shared: the statement of a file, in the database that is in use; what is used; may the rest go on
 * where a server says this of an object? */
enum mr_code mr_restore_exec_file(struct mr_restore *restore, const char *file,
                                  const struct mr_snap_place *place, struct mr_err *err);
enum mr_code mr_restore_use(struct mr_restore *restore, const char *db, struct mr_err *err);
/* Of a table that is there already, or would be made: notes what making it notes. */
enum mr_code mr_restore_note_table(struct mr_restore *restore, const struct mr_restore_table *table,
                                   struct mr_err *err);
/* Appends the CREATE TABLE of a table as it is run on the target. */
enum mr_code mr_restore_table_sql(struct mr_restore *restore, const struct mr_restore_table *table,
                                  struct mr_strbuf *sql, struct mr_err *err);
bool mr_restore_is_refusal(enum mr_code code);
/* As mr_restore_db_name, also in other letters where they are alike to the snapshot's server. */
const char *mr_restore_renamed(const struct mr_restore *restore, const char *db);

/* Shared: a statement; a text that becomes a note; what a database is called now (NULL:
 * it is not restored); is that object or table wanted? */
enum mr_code mr_restore_exec(struct mr_db *db, const struct mr_strbuf *sql, struct mr_err *err);
enum mr_code mr_restore_note(struct mr_restore *restore, const char *text, struct mr_err *err);
enum mr_code mr_restore_note_fmt(struct mr_restore *restore, struct mr_err *err, const char *fmt,
                                 ...) MR_PRINTF(3, 4);
const char *mr_restore_db_name(const struct mr_restore *restore, const char *db);
/* Is the table of the target, by its name there, among those that are restored? */
bool mr_restore_has_table(const struct mr_restore *restore, const char *db, const char *table);
bool mr_restore_wants(const struct mr_restore *restore, const char *db, const char *name);
/* MR_E_NO_SUCH: --tables chooses none. */
enum mr_code mr_restore_no_match(const struct mr_snap_options *opts, struct mr_err *err);
bool mr_restore_wants_object(const struct mr_restore *restore, const struct mr_snap_object *object);
/* The view or sequence of the snapshot that the target takes for this one (`Vw` and `vw`, with
 * lower_case_table_names): it is made first, and what is made behind it would be in its place;
 * NULL: there is none. */
const struct mr_snap_object *mr_restore_namesake(const struct mr_restore *restore,
                                                 const struct mr_snap_object *object);
/* The line of the progress table that a run has ended, but for tables that are set aside. */
#define MR_RESTORE_ENDED "ended"

/* Appends the note of the progress table that a run of this scope has begun. */
void mr_restore_begun(struct mr_strbuf *out, const struct mr_restore *restore);
/* The progress table, as `db`.`name`. */
void mr_restore_progress_table(struct mr_strbuf *sql, const struct mr_restore *restore);

#endif
