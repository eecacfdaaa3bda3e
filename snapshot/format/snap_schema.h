/*
 * snap_schema: the statements that make the schema again, read by SHOW CREATE, and written
 * into the files of schema/.
 *
 *   mr_snap_schema_init → mr_snap_schema_table (before and behind the rows) …
 *     → mr_snap_schema_write_table …, mr_snap_schema_objects → mr_snap_schema_release
 *
 * Foreign keys are taken out of CREATE TABLE and made one ALTER TABLE, since they come
 * after the rows.  Names within a statement carry no database (USE comes first), so that
 * it can be restored under another name.  Texts are UTF-8.
 *
 * What the account may not see is named in left_out, with the GRANT; a kind of objects
 * that is hidden without a trace is found by the account's grants.
 *
 * Ownership: texts live in the arena given.  Threads: one.
 */
#ifndef MR_SNAP_SCHEMA_H
#define MR_SNAP_SCHEMA_H

#include "core/base/vec.h"
#include "core/cli/option.h"
#include "core/db/grants.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_manifest.h"

struct mr_snap_schema {
    struct mr_db *db; /* the caller's */
    const struct mr_catalogue *cat;
    const struct mr_grants *grants; /* NULL: cannot be read */
    const struct mr_snap_dir *dir;
    const struct mr_string_list *tables, *exclude; /* patterns */
    bool all_dbs;                                  /* the source names none */
    bool tables_only; /* and their databases; nothing that refers to other rows */
    struct mr_arena *arena;
    struct mr_vec objects;  /* struct mr_snap_object */
    struct mr_vec left_out; /* struct mr_snap_left_out */
    struct mr_vec files;    /* struct mr_snap_file */
    struct mr_vec dbs;      /* const char *: of each table that was written */
};

/* Prepares the session of db, and from then on uses databases on it.  The fields, lists aside,
 * are set by the caller first. */
enum mr_code mr_snap_schema_init(struct mr_snap_schema *s, struct mr_err *err);
void mr_snap_schema_release(struct mr_snap_schema *s);

/* The table's CREATE TABLE. */
enum mr_code mr_snap_schema_table(struct mr_snap_schema *s, const char *db, const char *table,
                                  struct mr_strbuf *create, struct mr_err *err);
/* Are the two the same but for the counter? */
bool mr_snap_schema_same(const char *create, const char *other);

/* Writes schema/DB.TABLE.table.sql, and .keys.sql where it has foreign keys; sets the
 * table's schema_file, keys_file and auto_increment. */
enum mr_code mr_snap_schema_write_table(struct mr_snap_schema *s, const struct mr_table *table,
                                        const char *create, struct mr_snap_table *to,
                                        struct mr_err *err);
/* Is the object one of those that the patterns select? */
bool mr_snap_schema_wants(const struct mr_snap_schema *s, const struct mr_object *object);
/* Where only tables are kept, the databases of those that were written. */
bool mr_snap_schema_wants_db(const struct mr_snap_schema *s, const char *db);
/* Everything that is no table. */
enum mr_code mr_snap_schema_objects(struct mr_snap_schema *s, struct mr_err *err);

/* Writes a file, and adds it to files. */
enum mr_code mr_snap_schema_add_file(struct mr_snap_schema *s, const char *name,
                                     const struct mr_strbuf *text, struct mr_err *err);
/* Texts are copied; hint may be NULL. */
enum mr_code mr_snap_schema_leave_out(struct mr_snap_schema *s, const char *kind, const char *name,
                                      const char *reason, const char *hint, struct mr_err *err);

/*
 * A statement in a file of schema/: alone, ended by ";", and within DELIMITER lines where
 * it may hold a ";" of its own.  read gives the statement back, within text; false where
 * it is not as add writes it.
 */
void mr_snap_statement_add(struct mr_strbuf *out, const char *statement, bool has_body);
bool mr_snap_statement_read(const char *text, size_t len, const char **statement,
                            size_t *statement_len);

/* CREATE TABLE whose defaults name the sequences of db without it: SHOW CREATE names a
 * sequence in full, whatever database is in use. */
void mr_snap_drop_db(struct mr_strbuf *out, const char *create, const char *db);

/* What a database is called now; NULL: as ever. */
typedef const char *mr_snap_renamed_fn(const void *ctx, const char *db);
/* CREATE TABLE, or ALTER TABLE that adds keys, with the databases of parents and sequences under
 * the names that they have where it is run.  Appends to out. */
void mr_snap_rename_dbs(struct mr_strbuf *out, const char *sql, size_t len,
                        mr_snap_renamed_fn *renamed, const void *ctx);

/* Is that foreign key kept?  db: as the statement names it; "": the table's own. */
typedef bool mr_snap_keeps_fn(void *ctx, const char *name, const char *db, const char *table);
/* ALTER TABLE that adds foreign keys, with those alone that are kept.  Appends to out; nothing where
 * none is. */
void mr_snap_filter_keys(struct mr_strbuf *out, const char *sql, size_t len,
                         mr_snap_keeps_fn *keeps, void *ctx);

/* Has CREATE TABLE, as servers print it, a primary key? */
bool mr_snap_has_primary_key(const char *create, size_t len);

/* Has CREATE TABLE a TIMESTAMP that is neither NULL nor has a DEFAULT?  With
 * explicit_defaults_for_timestamp off a server gives the first such a default, and changes its value
 * with every UPDATE. */
bool mr_snap_has_bare_timestamp(const char *create, size_t len);

/* CREATE TABLE without the AUTO_INCREMENT of its options.  What is behind the last parenthesis of
 * its definitions is meant, and no text of a comment. */
void mr_snap_drop_counter(struct mr_strbuf *out, const char *create);
/* The same with another AUTO_INCREMENT, where servers print it: in the place of the one that it has, else behind
 * the engine. */
void mr_snap_set_counter(struct mr_strbuf *out, const char *create, uint64_t next);

/* Splits CREATE TABLE: without its foreign keys, and the ALTER TABLE that adds them (left
 * empty where there are none, or where they cannot be told apart). */
void mr_snap_split_keys(const char *create, const struct mr_table *table, struct mr_strbuf *without,
                        struct mr_strbuf *alter);

#endif
