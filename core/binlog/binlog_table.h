/*
 * binlog_table: a TABLE_MAP event: what the row events behind it are of.
 *
 * Always there: names of database and table, each column's wire type and its metadata, which may
 * be NULL.  Optional (MySQL: signedness and charsets always, all else with binlog_row_metadata =
 * FULL; MariaDB: nothing unless told): names, signedness, collations, members of ENUM and SET,
 * kinds of geometry, the primary key, visibility.  What is not there is said to be not there.
 *
 * Ownership: everything lives in the arena that it was read into; the event may go.
 * Errors: MR_E_BINLOG for a table map that cannot be one.  Threads: no state.
 */
#ifndef MR_BINLOG_TABLE_H
#define MR_BINLOG_TABLE_H

#include "core/base/arena.h"
#include "core/binlog/binlog_event.h"

struct mr_binlog_text {
    const char *ptr; /* in the column's character set; not terminated */
    size_t len;
};

struct mr_binlog_column {
    uint8_t type;  /* MR_FIELD_* (binlog_column_type.h); of a STRING the real one (ENUM,
                          SET, STRING), from the metadata */
    uint16_t meta; /* as its type says: bytes of a VARCHAR, digits and scale of a decimal
                          (precision << 8 | scale), pack length of a blob, digits of a second */
    bool nullable;
    bool has_sign, is_unsigned;           /* has_sign: is_unsigned was said (of numbers only) */
    uint32_t collation;                   /* its number; 0: not said */
    const char *name;                     /* terminated; NULL: not said */
    const struct mr_binlog_text *members; /* of ENUM and SET; NULL: not said */
    size_t nmembers;
    bool in_key;         /* of the primary key, where has_key */
    uint32_t key_prefix; /* in characters, of a key that has the column's beginning only; else 0 */
    bool has_visibility, invisible;
    uint32_t geometry;   /* 1 + what kind of GEOMETRY (0 any, 1 point, … 7); 0: not said */
    uint32_t dimensions; /* of a VECTOR; 0: not said */
};

struct mr_binlog_table {
    uint64_t id;           /* 48 bits; of a log until its next table map with that number */
    const char *db, *name; /* terminated */
    const struct mr_binlog_column *columns;
    size_t ncolumns;
    bool has_names, has_key;
};

/* The event is a TABLE_MAP.  On failure *table is of no use. */
enum mr_code mr_binlog_table_read(const struct mr_binlog_event *event, struct mr_arena *arena,
                                  struct mr_binlog_table *table, struct mr_err *err);

#endif
