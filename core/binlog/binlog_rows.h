/*
 * binlog_rows: the rows of a row event, image by image.
 *
 *   struct mr_binlog_rows rows = {0};
 *   mr_binlog_rows_open(&rows, event, table) → mr_binlog_rows_next … (until .kind is 0)
 *   … open again, of the next event …  → mr_binlog_rows_release
 *
 * A struct that was opened before keeps its memory, so that a log of many small events asks for
 * none of them.
 *
 * Versions 1 (MariaDB, MySQL 5.5) and 2 (MySQL), PARTIAL_UPDATE_ROWS; compressed ones were inflated
 * before (binlog_stream.h); version 0, of servers before 5.1.16, is refused by name.  An insert has an after-image, a deletion a before-image, an update both.
 * A column that an image does not hold (binlog_row_image MINIMAL, NOBLOB) is *unseen* in it:
 * neither NULL nor a default.
 *
 * Values are not decoded here: an image says where each column's bytes are.  binlog_value.h
 * makes values of them.  To find them their lengths are needed, by type and metadata alone; a
 * type that is not known ends the event with MR_E_UNSUPPORTED, never with a guess.
 *
 * Ownership: images point into the event; the struct's arrays are its own until release.
 * Errors: MR_E_BINLOG with the event's place, MR_E_UNSUPPORTED, MR_E_NOMEM.
 */
#ifndef MR_BINLOG_ROWS_H
#define MR_BINLOG_ROWS_H

#include "core/binlog/binlog_table.h"

enum mr_binlog_kind { MR_BINLOG_INSERT = 1, MR_BINLOG_UPDATE, MR_BINLOG_DELETE };

enum mr_binlog_presence {
    MR_BINLOG_UNSEEN = 0,
    MR_BINLOG_NULL,
    MR_BINLOG_BYTES,
    MR_BINLOG_JSON_DIFF, /* after-image of a partial update: diffs to the before-image's document */
};

struct mr_binlog_field {
    enum mr_binlog_presence presence;
    const uint8_t *ptr; /* of MR_BINLOG_BYTES and _JSON_DIFF: with its length prefix */
    size_t len;
};

struct mr_binlog_row {
    enum mr_binlog_kind kind;             /* 0: the event has no more */
    const struct mr_binlog_field *before; /* ncolumns; NULL: of an insert */
    const struct mr_binlog_field *after;  /* NULL: of a deletion */
};

struct mr_binlog_rows {
    enum mr_binlog_kind kind;
    uint64_t table_id;
    bool statement_end;                     /* the last row event of its statement */
    bool no_foreign_keys, no_unique_checks; /* as the session had them off */
    /* the rest is private */
    const struct mr_binlog_table *table;
    const uint8_t *at, *end;
    const uint8_t *before_map, *after_map; /* columns that the images hold; NULL: no such image */
    size_t nbefore, nafter;                /* how many these are */
    struct mr_binlog_field *fields;        /* 2 × ncolumns: before, after */
    size_t cap;                            /* of fields */
    struct mr_binlog_place place;
    bool partial;
    size_t njson; /* columns of that type, where partial */
};

/* The id of an event that closes a statement and has no rows: no table map says what it is. */
#define MR_BINLOG_NO_TABLE 0xffffff

/* The id of the table that a row event is of, before its table map is at hand.  MR_E_UNSUPPORTED for
 * an event of version 0, MR_E_BUG for one that is no row event. */
enum mr_code mr_binlog_rows_table(const struct mr_binlog_event *event, uint64_t *table_id,
                                  struct mr_err *err);
/* table: the last map of that id, which has to live as long as rows are taken; MR_E_BINLOG where the
 * number of columns differs. */
enum mr_code mr_binlog_rows_open(struct mr_binlog_rows *rows, const struct mr_binlog_event *event,
                                 const struct mr_binlog_table *table, struct mr_err *err);
/* The next row; row->kind is 0 behind the last one.  What row points to is valid until the next call. */
enum mr_code mr_binlog_rows_next(struct mr_binlog_rows *rows, struct mr_binlog_row *row,
                                 struct mr_err *err);
void mr_binlog_rows_release(struct mr_binlog_rows *rows); /* also after a failed open */

#endif
