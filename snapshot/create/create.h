/*
 * create: making a snapshot of a live server.
 *
 *   mr_create_run, which does all of
 *     open the server and the directory → plan the tables (create_plan.c)
 *     → one view on several connections (snap_view.h) → read the rows, chunk by chunk
 *     (create_scan.c) → compare the definitions again → objects, scripts, manifest
 *
 * struct mr_create is what one run knows.  Threads: the fields under `lock` belong to
 * whoever holds it; tables and options are read by all; the rest is the coordinator's.
 */
#ifndef MR_CREATE_H
#define MR_CREATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/run_id.h"
#include "core/case/findings.h"
#include "core/cli/progress.h"
#include "core/db/throttle.h"
#include "snapshot/create/create_options.h"
#include "snapshot/create/journal_file.h"
#include "snapshot/create/pace.h"
#include "snapshot/create/snap_view.h"
#include "snapshot/format/snap_schema.h"
#include "snapshot/format/snap_true.h"

/* What InnoDB calls a table or a partition, or its tablespace: "club/orders#p#hi", 1066. */
struct mr_create_number {
    const char *name, *id;
};

struct mr_create_numbers {
    struct mr_vec items; /* struct mr_create_number, by name */
    struct mr_arena arena;
};

/* A column, or an index, that SHOW CREATE TABLE does not tell as it is (create_true.h). */
struct mr_create_true {
    const char *kind; /* "column", "index" */
    struct mr_snap_true column;
    const char *unknown; /* why it stays so, or NULL */
};

struct mr_create_table {
    struct mr_snap_table snap;
    const struct mr_table *table; /* of the catalogue */
    struct mr_readspec spec;
    const char *create;           /* as it was before the first row was read */
    const char *identity;         /* of that table, whatever its name (create_identity.h) */
    struct mr_create_true *trues; /* what that does not tell */
    size_t ntrues;
    struct mr_vec bounds; /* struct mr_key: cuts between its segments */
    atomic_uint files;    /* numbers given to its files */
    atomic_bool failed;   /* not all of it was read */
    bool left_out;        /* for good */
    bool borrowed;        /* bounds are the journal's */
    bool has_greatest;    /* snap's is of the view; the run's asking */
    uint64_t est_rows;
    const struct mr_find_table *found; /* rows of a case; NULL: all */
    struct mr_changed_keys_of *delta;  /* only rows of its keys; NULL: all */
    struct mr_readspec by_key;         /* with found: how they are asked for; */
    uint64_t asked;                    /* how many */

    /* under the run's lock */
    struct mr_vec chunks;     /* struct mr_journal_chunk */
    const struct mr_err *why; /* of failed; NULL: not known */
};

struct mr_create {
    const struct mr_create_options *opts;
    struct mr_run_id id;
    struct mr_arena arena; /* the coordinator's, and under the lock the workers' */
    struct mr_endpoint ep;
    struct mr_source_opts source_opts;
    struct mr_source *source; /* its readers are consistent views */
    struct mr_db *db;         /* for everything that is not of the view; schema's, too */
    struct mr_catalogue *cat;
    struct mr_grants *grants;
    struct mr_snap_dir *dir;
    struct mr_snap_schema schema;
    struct mr_snap_views views;
    struct mr_throttle *throttle;
    struct mr_progress *progress;
    struct mr_pace pace;
    struct mr_vec tables; /* struct mr_create_table * */
    struct mr_create_numbers numbers;
    struct mr_journal_file *journal;
    struct mr_snap_manifest manifest;
    struct mr_recipient **recipients; /* as many as opts->encrypt_to */
    struct mr_sign_key *signer;       /* NULL: not signed */
    struct mr_create_base *base;      /* NULL: all rows */
    struct mr_create_case *evidence;  /* only its rows; NULL: all */

    /* Held by the worker that asks over db whether its tables are what they were;
     * `lock` is taken within it, never the other way round. */
    pthread_mutex_t asking;
    pthread_mutex_t lock;
};

/* path: of the directory.  To be released in any case. */
enum mr_code mr_create_run(struct mr_create *create, const char *uri, const char *path,
                           struct mr_err *err);
void mr_create_release(struct mr_create *create);
bool mr_create_is_incomplete(const struct mr_create *create);

/* create_plan.c: fills tables. */
enum mr_code mr_create_plan(struct mr_create *create, struct mr_err *err);

/* create_throttle.c: opens throttle, which from here on knows how fast the server is. */
enum mr_code mr_create_open_throttle(struct mr_create *create, struct mr_err *err);

/* What is to be read of a table whose columns are planned. */
enum mr_code mr_create_plan_read(struct mr_create *create, struct mr_create_table *table,
                                 struct mr_err *err);

/* create_scan.c: what an earlier run has of the table, and this one goes on with; or NULL. */
const struct mr_journal_table *mr_create_goes_on(const struct mr_create *create,
                                                 const struct mr_create_table *table);
/* Removes everything else that it has left. */
enum mr_code mr_create_sweep(struct mr_create *create, struct mr_err *err);
/* Reads all rows of all tables that are not left out. */
enum mr_code mr_create_scan(struct mr_create *create, struct mr_err *err);

/* create_finish.c: what is left when the rows are there. */
enum mr_code mr_create_finish(struct mr_create *create, struct mr_err *err);

/* Not all of the table was read, or it was another one: it is read again in the end. */
void mr_create_give_up(struct mr_create *create, struct mr_create_table *table,
                       const struct mr_err *why);

/* Are its rows those that a mark of a view (view_mark.h) speaks of? */
bool mr_create_is_marked(const struct mr_create_table *table);

/* Errors that are the whole run's, not one table's. */
bool mr_create_is_fatal(enum mr_code code);
/* The table is not kept, and the manifest says why. */
enum mr_code mr_create_leave_out(struct mr_create *create, struct mr_create_table *table,
                                 const struct mr_err *why, struct mr_err *err);

#endif
