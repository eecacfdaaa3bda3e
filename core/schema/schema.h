/*
 * schema: the catalogue of a server: databases, tables, columns, keys, references,
 * triggers, views, routines, events, sequences.
 *
 * Loaded once per server by a few information_schema queries for all databases asked
 * for (not one a table); tables and everything in them are sorted by db, then name, in
 * byte order.  Texts are UTF-8.  Ownership: everything lives in the catalogue's arena
 * until mr_catalogue_free.  Read-only after loading, so threads may share it.
 *
 * What is added to these structs is added to catalogue_json.c and catalogue_json_read.c, but for
 * made_key_hidden and unfit, which are said of a catalogue that was read, and made_at, of one of a
 * server.
 *
 * information_schema hides what an account may not see, without an error; see grants.h
 * and mr_schema_probe().
 */
#ifndef MR_SCHEMA_H
#define MR_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/db.h"
#include "core/row/row.h"
#include "core/schema/object_kind.h"

struct mr_column {
    const char *name;
    const char *type;      /* COLUMN_TYPE as the server writes it: "int(11) unsigned" */
    const char *data_type; /* lower case: "int", "enum", "json" (also MariaDB's alias) */
    enum mr_class cls;
    const char *charset;   /* NULL: no character data; "binary" never (that is BINARY) */
    const char *collation; /* NULL likewise */
    const char *srid;      /* MySQL: the only SRID that a geometry may have; or NULL */
    bool nullable, is_unsigned;
    bool generated; /* virtual or stored; generation_expr is set */
    bool generated_stored;
    bool invisible;
    bool is_json;      /* JSON, or MariaDB's longtext with CHECK json_valid(col) */
    bool empty_member; /* ENUM or SET with a '' member */
    bool is_set;       /* SET (cls ENUM) */
    bool auto_increment;
    bool system_time;            /* MariaDB: ROW START / ROW END of system versioning */
    const char *default_text;    /* normalised: NULL for none, else literal or expression */
    bool default_computed;       /* MySQL: in brackets, so that there is no DEFAULT(c) */
    const char *on_update;       /* normalised "current_timestamp(n)", or NULL */
    const char *generation_expr; /* normalised: to be compared, not to be sent */
    const char *generation_sql;  /* as the server has it; NULL out of a file */
    const char *comment;
    const char *versions; /* "without system versioning", ""; NULL: not known */
    unsigned decimals;    /* fractional seconds of a temporal column */
    size_t ordinal;       /* 1-based position in the table */
};

struct mr_index_part {
    const char *column;     /* NULL: an expression */
    const char *expression; /* functional part, normalised, else NULL */
    const char *sql;        /* the same as the server has it; NULL out of a file */
    size_t prefix_len;      /* 0: the whole column */
    bool descending;
};

struct mr_index {
    const char *name;
    bool unique;
    bool usable;        /* not invisible (MySQL), not ignored (MariaDB) */
    const char *kind;   /* "BTREE", "HASH", "FULLTEXT", "SPATIAL" */
    const char *clause; /* "with parser ngram", "without overlaps", ""; NULL: not known */
    const struct mr_index_part *parts;
    size_t nparts;
};

struct mr_foreign_key {
    const char *name;
    const char *const *columns;
    const char *ref_db, *ref_table;
    const char *const *ref_columns;
    size_t ncolumns;
    const char *on_update, *on_delete; /* upper case; RESTRICT and NO ACTION are one */
};

/* In whose name, and under which settings, a body runs: those of the session that made it.
 * NULL: not known (a snapshot of an earlier version), or not of that kind of object. */
struct mr_made_as {
    const char *definer; /* "user@host" */
    const char *sql_mode;
    const char *collation, *db_collation; /* of the session, of the database */
    const char *introducers; /* that tell: "_binary 2", of the literal before the last; ""; NULL:
                                not asked for (mr_catalogue_read_shown) */
    const char *escaped;     /* of MySQL, the literals and names that hold quotes or backslashes, as
                            they were written; else as introducers */
};

struct mr_trigger {
    const char *name, *timing, *event, *body;
    unsigned order;
    struct mr_made_as made;
};

/* A CHECK that is not the json_valid() of MariaDB's JSON. */
struct mr_check {
    const char *name;
    const char *column; /* MariaDB's column-level CHECK; NULL for one of the table */
    const char *clause; /* normalised; " not enforced" behind it where it is not */
    const char *period; /* MariaDB: of which it is the CHECK; "": none; NULL: not known */
};

enum mr_table_kind { MR_TABLE_BASE = 1, MR_TABLE_VIEW, MR_TABLE_SEQUENCE };

struct mr_table {
    const char *db, *name;
    enum mr_table_kind kind;
    const char *engine;     /* "InnoDB", NULL where the server cannot open the table */
    const char *open_error; /* TABLE_COMMENT of a broken table or view, else NULL */
    bool transactional;     /* InnoDB, RocksDB, TokuDB; false: MyISAM, Aria, MEMORY, … */
    bool partitioned, system_versioned;
    bool made_key_hidden; /* it has a primary key that is not among these: made_key.h */
    const char *unfit;    /* of many sources: why they cannot be read as one table; else NULL */
    const char *collation, *charset; /* table default */
    const char *comment;
    const char *row_format;   /* "Dynamic"; NULL: not known */
    const char *partitioning; /* normalised, what SHOW CREATE TABLE says of it; or NULL */
    const char *made_at;      /* CREATE_TIME when this was read, in UTC; NULL: not known */
    uint64_t next; /* AUTO_INCREMENT when this was read, if above 1; 0: none, or not known */
    /* Of its counter, read behind `next`, as mr_schema_greatest() tells it; only where the options say so. */
    uint64_t greatest;
    bool has_greatest;
    uint64_t est_rows, data_bytes, avg_row_bytes; /* estimates of the server */
    const struct mr_column *columns;
    size_t ncolumns;
    const struct mr_index *indexes; /* PRIMARY first, then by name */
    size_t nindexes;
    const struct mr_foreign_key *fks;
    size_t nfks;
    const struct mr_trigger *triggers;
    size_t ntriggers;
    const struct mr_check *checks;
    size_t nchecks;
};

/* What ends the first line of an event's definition where it does not run. */
#define MR_EVENT_OFF " disable"
#define MR_EVENT_OFF_ON_REPLICA " disable on replica"

struct mr_object {
    enum mr_object_kind kind;
    const char *db, *name;  /* a routine's name is "procedure p" or "function f" */
    const char *definition; /* text to compare, as the server states it (schema_norm.h
                               brings it to one form); NULL where the account may see
                               the object but not its text */
    struct mr_made_as made;
    const char *algorithm; /* of a view: "MERGE"; NULL: not known (MySQL: see below) */
    const char *columns; /* of a MySQL view: "`a`,`b`" of CREATE VIEW v (a, b), which its definition
                              lacks; "": none were named; NULL: not known, or no MySQL */
    const char *comment; /* of a routine or event, or NULL */
};

struct mr_database {
    const char *name, *charset, *collation;
};

/* The collation that a server takes for a charset when none is named. */
struct mr_charset_default {
    const char *charset, *collation;
};

struct mr_catalogue {
    struct mr_arena arena;
    struct mr_server server;
    const struct mr_database *dbs;
    size_t ndbs;
    const struct mr_table *tables; /* base tables only; views and sequences are objects */
    size_t ntables;
    struct mr_vec list; /* what holds these tables where the arena does not */
    const struct mr_object *objects;
    size_t nobjects;
    const struct mr_charset_default *charsets;
    size_t ncharsets;
};

/* What MariaDB, and MySQL before 8, answer to who reads events, whatever his rights, where the server
 * was started with event_scheduler = DISABLED: they are hidden then (.server.hides_events). */
#define MR_ER_EVENTS_DISABLED 1577

/* Loads the named databases (a missing one is simply not in dbs), or with ndbs = 0 all
 * but mysql, information_schema, performance_schema and sys. */
enum mr_code mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                               struct mr_catalogue **out, struct mr_err *err);

/* Called with some tables of a catalogue as soon as they are read, sorted, each table once; db is
 * free to be asked.  cat: has its server, charsets and databases, and no table or object yet.  What
 * tables point to lives as long as cat does, the array itself until the return. */
typedef enum mr_code mr_catalogue_slice_fn(void *ctx, const struct mr_catalogue *cat,
                                           const struct mr_table *tables, size_t count,
                                           struct mr_err *err);

/* Called before some tables are read: those of these databases (ndbs 0: all that are wanted) of which the
 * server has listed these names (NULL: all of theirs).  May wait.  Its error ends the reading, as it is. */
typedef enum mr_code mr_catalogue_before_fn(void *ctx, const char *const *dbs, size_t ndbs,
                                            const char *const *names, size_t count,
                                            struct mr_err *err);

struct mr_catalogue_opts {
    /* NULL: nobody looks before the end.  A server that opens tables to tell of them (MariaDB, MySQL
     * before 8.0) has opened those of the call, and no more than it keeps open: who reads their rows
     * now does not have them opened once more.  Its error ends the reading, as it is. */
    mr_catalogue_slice_fn *slice;
    void *ctx;
    /* Of tables their names, engines, collations, comments and primary keys alone, which no server opens
     * a table for: there are no columns, other indexes, foreign keys, triggers, checks, partitions and
     * estimates then, and a table that only an open shows to be broken looks well. */
    bool keys_only;
    /* Of MariaDB's tables that have a counter its greatest key, too, while they are open for the
     * catalogue; what cannot be read, or would hold up writers while others are, stays unknown. */
    bool counters;
    /* NULL, or: slices are read from the last names to the first, each when this has returned.  As that
     * takes time, all is listed once more in the end: MR_E_CHANGED where a table, view, sequence or a first
     * trigger has come or gone since, since slices of different times would not fit together. */
    mr_catalogue_before_fn *before;
    void *before_ctx;
};
enum mr_code mr_catalogue_load_as(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                  const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                  struct mr_err *err);
/* Does the server open tables to tell of them? */
bool mr_schema_opens_tables(const struct mr_server *server);
/* Of so many tables at a time a catalogue is read from such a server. */
size_t mr_schema_slice_tables(const struct mr_server *server);
/* Would it be read in more than one slice? */
enum mr_code mr_catalogue_has_slices(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                     bool *several, struct mr_err *err);
void mr_catalogue_free(struct mr_catalogue *cat);
/* What SHOW CREATE TABLE alone tells (mr_index.clause, mr_check.period, partitions of versions): a
 * statement for each table that may have such a thing, none for the others.  None waits longer
 * than a second for a lock; what is not shown stays unknown (mr_table_is_unread). */
enum mr_code mr_catalogue_read_creates(struct mr_db *db, struct mr_catalogue *cat,
                                       struct mr_err *err);
/* The same for one table that was reloaded into the arena. */
enum mr_code mr_table_read_create(struct mr_db *db, const struct mr_table *table,
                                  struct mr_arena *arena, struct mr_err *err);
/* What SHOW CREATE alone tells of views, triggers, routines and events: a statement for each
 * that has a literal, and of MySQL for each view.  None waits longer than a second for a lock. */
struct mr_shown {
    bool views, triggers, routines, events; /* of which to ask; */
    bool algorithms, introducers;           /* for what */
    size_t no_algorithm, no_introducers;    /* of how many it could not be shown */
};
enum mr_code mr_catalogue_read_shown(struct mr_db *db, struct mr_catalogue *cat,
                                     struct mr_shown *shown, struct mr_err *err);

/* By the very bytes of their names; NULL: there is none. */
const struct mr_database *mr_catalogue_db(const struct mr_catalogue *cat, const char *db);
const struct mr_table *mr_catalogue_table(const struct mr_catalogue *cat, const char *db,
                                          const char *table);
/* The same by "db.table", as findings call it. */
const struct mr_table *mr_catalogue_called(const struct mr_catalogue *cat, const char *name);
/* Do these names mean that table?  As the catalogue's server compares names: what it or a
 * configuration says of a table may be in other letters (lower_case_table_names). */
bool mr_catalogue_is_table(const struct mr_catalogue *cat, const struct mr_table *table,
                           const char *db, const char *name);
/* The table that these names mean; NULL where there is none. */
const struct mr_table *mr_catalogue_meant(const struct mr_catalogue *cat, const char *db,
                                          const char *name);
/* The first other table whose name in lines is the same text "db.table", as of `dx`.`a.b`
 * and `dx.a`.`b`; NULL where there is none. */
const struct mr_table *mr_catalogue_namesake(const struct mr_catalogue *cat,
                                             const struct mr_table *table);
/* Names compared as the servers do (case-insensitively); NULL: there is none. */
const struct mr_column *mr_table_column(const struct mr_table *table, const char *name);
const struct mr_index *mr_table_index(const struct mr_table *table, const char *name);
/* Its AUTO_INCREMENT column; NULL: it has none. */
const struct mr_column *mr_table_counter(const struct mr_table *table);
/* Has it something that SHOW CREATE TABLE alone tells and did not show? */
bool mr_table_is_unread(const struct mr_table *table);
/* Does it lead to rows?  MariaDB's UNIQUE over long columns is a hash that only guards: rows
 * are not found by it, and to order by its columns is to sort the table. */
bool mr_index_leads(const struct mr_table *table, const struct mr_index *index);

/* One table read anew (NULL in *out if it is gone), for "altered while it was read";
 * allocated in arena. */
enum mr_code mr_schema_reload_table(struct mr_db *db, const char *dbname, const char *table,
                                    struct mr_arena *arena, const struct mr_table **out,
                                    struct mr_err *err);

/*
 * Is the object really absent, or only hidden?  MR_OK: it can be read.  MR_E_NO_SUCH:
 * absent (1146, or 1049 with a right on the database).  MR_E_DENIED: cannot be known;
 * hint has the GRANT.  column may be NULL.
 */
enum mr_code mr_schema_probe(struct mr_db *db, const char *dbname, const char *table,
                             const char *column, struct mr_err *err);

/*
 * The table's next AUTO_INCREMENT value as SHOW CREATE TABLE states it
 * (information_schema lies on MySQL) and the greatest value of the column (0 when empty
 * or negative). *next = 0 where the statement carries none (then it is 1 or the
 * server's offset). next or greatest may be NULL: it is not read then, so that a caller
 * who compares two live servers can choose the order.  A table without such a column:
 * both 0.
 */
enum mr_code mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                      uint64_t *next, uint64_t *greatest, struct mr_err *err);
/* The greatest value of a column of numbers; 0 where the table is empty or it is negative. */
enum mr_code mr_schema_greatest(struct mr_db *db, const struct mr_table *table,
                                const struct mr_column *col, uint64_t *greatest,
                                struct mr_err *err);
/*
 * Of the counters of several tables, by one statement (UNION ALL): into greatest[i], with
 * known[i].  A statement that fails at one of them fails for all, and nothing is known.  At most
 * MR_GREATEST_AT_ONCE; each has a counter (mr_table_counter).  While the statement waits for a
 * lock of one it holds those of others, which an engine without transactions would feel.
 */
#define MR_GREATEST_AT_ONCE 32
enum mr_code mr_schema_greatest_of(struct mr_db *db, const struct mr_table *const *tables,
                                   size_t count, uint64_t *greatest, bool *known,
                                   struct mr_err *err);
/* Does an index begin with it? */
bool mr_table_is_led_by(const struct mr_table *table, const struct mr_column *column);
/* That next value of a CREATE TABLE; 0 where it carries none. */
uint64_t mr_schema_next_in(const char *create, size_t len);

#endif
