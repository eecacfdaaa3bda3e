/*
 * snap_table: a table as a snapshot keeps it: which columns, in which form, by which key,
 * and the chunks that hold its rows.
 *
 * Planned from a catalogue (mr_snap_plan), or read from a manifest (snap_manifest.h); the
 * two are the same structs, so that what is written and what is read back go the same way:
 * mr_snap_readspec() for a server, tsv.h and tsv_in.h for the text.
 *
 * Left out of the columns: generated ones, and the row start and end of system versioning;
 * the server makes them again.
 *
 * Ownership: texts live in the arena that was given, or in the catalogue.  Threads: plain
 * data; the chunks of a table belong to whoever holds the lock of its run.
 */
#ifndef MR_SNAP_TABLE_H
#define MR_SNAP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/file/sha256.h"
#include "core/schema/schema.h"
#include "core/source/source.h"

/* While a database is being restored, it says in this table which of its rows are there. */
#define MR_SNAP_PROGRESS_TABLE "myrecon_restore"

/* How LOAD DATA puts a field of the text, whose bytes are taken as binary, in its column. */
enum mr_snap_load {
    MR_SNAP_LOAD_PLAIN = 1, /* as it is */
    MR_SNAP_LOAD_UTF8,      /* CONVERT(@v USING utf8mb4): JSON, which refuses binary */
    MR_SNAP_LOAD_ASCII,     /* CONVERT(@v USING ascii): UUID, INET4, INET6 */
    MR_SNAP_LOAD_NUMBER     /* CAST(@v AS UNSIGNED): BIT; ENUM and SET by number */
};

struct mr_snap_column {
    const char *name;
    const char *type;    /* as the server writes it */
    enum mr_class cls;   /* of the values in the text */
    const char *charset; /* of the bytes of TEXT, ENUM; else NULL */
    unsigned decimals;   /* digits of a temporal value's fraction; of a YEAR: 4 */
    enum mr_snap_load load;
    bool by_number;   /* ENUM or SET, written by its number */
    uint64_t numbers; /* of such a one: the greatest number (struct mr_key_part) */
};

/* The sum of the digests of rows, half by half modulo 2^64: of any order, and of any
 * division into chunks. */
struct mr_snap_sum {
    uint64_t hi, lo;
};
void mr_snap_sum_add(struct mr_snap_sum *sum, struct mr_digest digest);
void mr_snap_sum_join(struct mr_snap_sum *sum, struct mr_snap_sum other);
bool mr_snap_sum_equal(struct mr_snap_sum a, struct mr_snap_sum b);

struct mr_snap_chunk {
    const char *file;          /* "data/club.members.0.tsv.zst" */
    struct mr_range range;     /* (lo, hi] of keys that it covers; consecutive ones tile */
    struct mr_key first, last; /* of the rows in it; NULL without rows or key */
    uint64_t rows, plain_bytes, stored_bytes;
    struct mr_snap_sum sum;
    const char *sha256;
};

/* Of a snapshot that has a base: what is kept of a table's rows. */
enum mr_snap_kept_rows {
    MR_SNAP_ROWS_ALL = 0, /* all: the snapshot has no base */
    MR_SNAP_ROWS_CHANGED, /* those that changed since the base, in no promised order */
    MR_SNAP_ROWS_COPIED   /* all, since what changed is not known */
};

struct mr_snap_table {
    const char *db, *name;
    size_t number; /* in the snapshot, from 1 */
    const char *engine;
    bool transactional;
    bool consistent;                     /* its rows are of the snapshot's moment */
    const char *note;                    /* why not, or NULL */
    const char *schema_file, *keys_file; /* CREATE TABLE; foreign keys, or NULL */
    const char *where;                   /* only these rows, or NULL */
    const char *rows_of;                 /* only rows of this: "case RUN_ID"; or NULL */
    bool keys_hidden;  /* chunks do not say which keys they hold, and are in no order:
                            they are encrypted, or rows of a case */
    const char *index; /* of the key; NULL: no key */
    const struct mr_snap_column *columns;
    size_t ncolumns;
    const size_t *key; /* positions in columns */
    size_t nkey;
    uint64_t auto_increment; /* next value; 0: none */
    uint64_t greatest;       /* of that column, in all rows of the source's table; 0: none */
    const struct mr_snap_chunk *chunks; /* in the order of keys */
    size_t nchunks;
    uint64_t rows, plain_bytes, stored_bytes;
    struct mr_snap_sum sum;
    enum mr_snap_kept_rows kept_rows;
    const char *why_copied;    /* of MR_SNAP_ROWS_COPIED */
    struct mr_snap_chunk gone; /* keys that are not there any more (snap_gone.h); file NULL: none */
};

/* Are its rows those of other tables (MERGE)?  Loading them would double those. */
bool mr_snap_is_merge(const struct mr_snap_table *table);

/* Does its engine take rows in the order of its AUTO_INCREMENT column alone (ARCHIVE)?  They are
 * loaded by one connection, and its counter starts where the engine has it. */
bool mr_snap_is_ascending(const struct mr_snap_table *table);

/* Is the order of encoded keys that of the server?  Are they numbers and dates, which name
 * nobody? */
bool mr_snap_key_is_plain(const struct mr_snap_table *table);

/* Fills db, name, engine, columns and key.  MR_E_UNSUPPORTED where the server itself cannot
 * open the table, or it has no column that could be kept. */
enum mr_code mr_snap_plan(const struct mr_table *table, struct mr_arena *arena,
                          struct mr_snap_table *out, struct mr_err *err);

/* What to read of it, from a server where it is called db.name.  The spec's columns live
 * in arena, other texts in the table. */
enum mr_code mr_snap_readspec(const struct mr_snap_table *table, const char *db,
                              struct mr_arena *arena, struct mr_readspec *out, struct mr_err *err);

/* Appends the LOAD DATA LOCAL statement that loads `file` into db.name. */
void mr_snap_load_sql(struct mr_strbuf *sql, const struct mr_snap_table *table, const char *db,
                      const char *file);

/* "plain", "number" …: the words of enum mr_snap_load in a manifest. */
const char *mr_snap_load_word(enum mr_snap_load load);
/* 0 for another word. */
enum mr_snap_load mr_snap_load_of_word(const char *word);

/* A key as people read it, JSON: {"id":"4"}; null for none. */
void mr_snap_key_json(struct mr_strbuf *out, const struct mr_snap_table *table, struct mr_key key);

#endif
