/*
 * schema_internal: what the files of the schema module share; for core/schema*.c alone.
 *
 * A load runs one query for each view of information_schema.  Rows are pushed into
 * vectors as they come, then sorted and cut into the tables' arrays: the order in which
 * a server returns rows means nothing.  Columns of information_schema that this server
 * does not have are read as NULL.
 *
 * Thousands of tables are often alike: equal texts, and equal lists of columns and of an
 * index's columns, are kept once for all tables.  What one table gets that others have, too,
 * is therefore never changed in place.
 */
#ifndef MR_SCHEMA_INTERNAL_H
#define MR_SCHEMA_INTERNAL_H

#include "core/base/intern.h"
#include "core/base/vec.h"
#include "core/schema/schema.h"

struct mr_schema_load {
    struct mr_db *db;
    const struct mr_server *server;
    struct mr_arena *arena; /* of everything that stays */
    struct mr_intern texts; /* in that arena */
    const char *const *dbs; /* wanted; ndbs == 0: all but the server's own */
    size_t ndbs;
    const char *table;     /* only this one, or NULL */
    const char *from, *to; /* only names from the one on and before the other, or NULL */
    const struct mr_catalogue_opts *opts;
    const struct mr_catalogue *cat; /* for opts->slice */
    bool slice_failed;              /* that, and not the reading */
    struct mr_vec known;            /* struct mr_known_column: what information_schema has */
    struct mr_vec tables;           /* struct mr_table, sorted once they are all read */
    struct mr_vec items;            /* of the step under way */
    struct mr_strbuf *step_text;    /* likewise, where a step fills one */
    struct mr_arena step;           /* likewise; and what is kept once in it */
    struct mr_intern step_texts;
    bool nomem;
    bool hides_events; /* the server, from everybody */
    bool no_triggers;  /* of any table that is wanted */
    bool only_tables;  /* so far: among what was listed there is no view and no sequence */
};

/* A view of information_schema and what to read of it. */
struct mr_schema_view {
    const char *name;
    const char *db_column, *table_column; /* table_column NULL: has no such filter */
    const char *const *columns;
    const char *shape;     /* a letter a column (mr_db_query) */
    const char *condition; /* " AND …" or NULL */
    bool verbatim;         /* columns are expressions that this server surely knows */
};

typedef enum mr_code mr_schema_row_fn(struct mr_schema_load *load, const struct mr_cell *cells,
                                      struct mr_err *err);

/* Calls fn for every row of the view that belongs to a wanted database.  The cells are
 * in the order of view->columns. */
enum mr_code mr_schema_each(struct mr_schema_load *load, const struct mr_schema_view *view,
                            mr_schema_row_fn *fn, struct mr_err *err);
/* The same for any statement. */
enum mr_code mr_schema_each_sql(struct mr_schema_load *load, const char *shape,
                                const struct mr_strbuf *sql, mr_schema_row_fn *fn,
                                struct mr_err *err);
bool mr_schema_has(const struct mr_schema_load *load, const char *view, const char *column);

/* The one copy of these bytes (intern.h); a failure is kept in load->nomem. */
const void *mr_schema_intern(struct mr_schema_load *load, const void *ptr, size_t len);
/* The same of a cell, NULL for NULL; in upper or lower case. */
const char *mr_schema_dup(struct mr_schema_load *load, const struct mr_cell *cell);
const char *mr_schema_dup_upper(struct mr_schema_load *load, const struct mr_cell *cell);
const char *mr_schema_dup_lower(struct mr_schema_load *load, const struct mr_cell *cell);
/* The same of a buffer, which is reset; "" stays "". */
const char *mr_schema_keep(struct mr_schema_load *load, struct mr_strbuf *text);
bool mr_cell_is(const struct mr_cell *cell, const char *text);
uint64_t mr_cell_uint(const struct mr_cell *cell);

/* Of MR_SCHEMA_MADE cells, in that order. */
#define MR_SCHEMA_MADE 4
#define MR_SCHEMA_MADE_COLUMNS(first)                                                              \
    [first] = "DEFINER", [(first) + 1] = "SQL_MODE", [(first) + 2] = "COLLATION_CONNECTION",       \
    [(first) + 3] = "DATABASE_COLLATION"
struct mr_made_as mr_schema_made(struct mr_schema_load *load,
                                 const struct mr_cell cells[MR_SCHEMA_MADE]);

/* The one copy of these items, one after the other; the list is released. */
const void *mr_schema_keep_list(struct mr_schema_load *load, struct mr_vec *list);

/* Is it one of load->dbs?  To be asked of every row: information_schema may compare
 * names without case where the server does not. */
bool mr_schema_is_wanted(const struct mr_schema_load *load, const char *db);
/* A new zeroed item of the step, or NULL (nomem). */
void *mr_schema_push(struct mr_schema_load *load);
/* Starts a step whose items have that size. */
void mr_schema_step(struct mr_schema_load *load, size_t item_size);
/* Index of the table in load->tables, or SIZE_MAX: a view, or not wanted. */
size_t mr_schema_find(const struct mr_schema_load *load, const char *db, const char *table);
struct mr_table *mr_schema_table(const struct mr_schema_load *load, size_t index);

/* Reads tables, with all that belongs to them, into load->tables. */
typedef enum mr_code mr_schema_part_fn(struct mr_schema_load *load, struct mr_err *err);
/* Calls fn for slices of the tables that are wanted, which are few at a time where the server opens
 * tables to tell of them; load->tables are in the end those of all, in no order. */
enum mr_code mr_schema_each_slice(struct mr_schema_load *load, mr_schema_part_fn *fn,
                                  struct mr_err *err);

/* Are there more than one of them? */
enum mr_code mr_schema_has_slices(struct mr_schema_load *load, bool *several, struct mr_err *err);

/* Steps, in this order; the tables' arrays are filled by them. */
enum mr_code mr_schema_load_columns(struct mr_schema_load *load, struct mr_err *err);
enum mr_code mr_schema_load_checks(struct mr_schema_load *load, struct mr_err *err);
enum mr_code mr_schema_load_indexes(struct mr_schema_load *load, struct mr_err *err);
/* Instead of it: their columns alone. */
enum mr_code mr_schema_load_primary_keys(struct mr_schema_load *load, struct mr_err *err);
enum mr_code mr_schema_load_fks(struct mr_schema_load *load, struct mr_err *err);
enum mr_code mr_schema_load_triggers(struct mr_schema_load *load, struct mr_err *err);
/* Sets load->no_triggers: no table is opened for them, and a look at all tables together takes a fifth
 * of what one for each slice does. */
enum mr_code mr_schema_look_for_triggers(struct mr_schema_load *load, struct mr_err *err);
enum mr_code mr_schema_load_partitions(struct mr_schema_load *load, struct mr_err *err);
/* Where load->opts asks for them. */
enum mr_code mr_schema_load_greatest(struct mr_schema_load *load, struct mr_err *err);
/* Takes from what SHOW CREATE TABLE gave: clauses of indexes, periods, how partitions of
 * versions change.  Unknown stays what a text without its end does not show. */
enum mr_code mr_schema_read_create(struct mr_table *table, const char *create, size_t len,
                                   struct mr_arena *arena, struct mr_err *err);

/* Before and after SHOW CREATE: what somebody alters may be nothing that is compared, so no lock
 * is waited for longer than a second. */
enum mr_code mr_schema_hurry(struct mr_db *db, bool on, struct mr_err *err);
/* Is a statement's error one that leaves unknown what it was to show? */
bool mr_schema_is_not_shown(enum mr_code code, const struct mr_db *db);
/* Of what SHOW CREATE gave, the introducers that tell (schema_words.h), each with the number of
 * its literal, counted from the end: "_binary 2, _utf16 1". */
void mr_schema_introduced(struct mr_strbuf *out, const char *create, size_t len,
                          const char *sql_mode);
/* Of the same, what is quoted and holds quotes or backslashes, but for a comment: MySQL's
 * catalogue prints 'it''s' as 'it's', which is as well two literals. */
void mr_schema_escaped(struct mr_strbuf *out, const char *create, size_t len, const char *sql_mode);

/* Of a view the names that its columns were given in front of AS, "`a`,`b`". */
void mr_schema_view_columns(struct mr_strbuf *out, const char *create, size_t len,
                            const char *sql_mode);

/* Views, routines, events and sequences; sets objects and nobjects. */
enum mr_code mr_schema_load_objects(struct mr_schema_load *load, const struct mr_object **objects,
                                    size_t *nobjects, struct mr_err *err);

#endif
