/*
 * db_bulk: many rows by one INSERT with placeholders for one row, in the binary protocol of
 * MariaDB's servers and library: the server takes no text apart.
 *
 *   mr_bulk_open → (mr_bulk_add, until mr_bulk_is_full → mr_bulk_send) … → mr_bulk_close
 *
 * The text names plain placeholders alone, VALUES (?, ?, …): what stands around one would be
 * computed of the first row, for all of a packet.  Values are stored as the server stores texts that
 * LOAD DATA gives it, warnings included, but what it does not take is an error and not left out.
 *
 * Memory: a packet, about a megabyte and one row, three times.  Ownership: add copies.  Threads: one
 * at a time; nothing else is asked of the connection between open and close but with no rows pending.
 */
#ifndef MR_DB_BULK_H
#define MR_DB_BULK_H

#include "core/db/db.h"

/* What goes over the line for a column. */
enum mr_bulk_kind {
    MR_BULK_INT = 1, /* INT of struct mr_value */
    MR_BULK_UINT,
    MR_BULK_DOUBLE, /* FLOAT and DOUBLE */
    MR_BULK_BYTES,  /* bytes, of the column's own charset where it is a text */
    MR_BULK_UTF8    /* text in utf8mb4, which the server converts */
};

struct mr_bulk;

/* Do the library and the server know it?  Not through a proxy, of which nobody knows what it does
 * with such packets. */
bool mr_bulk_is_there(const struct mr_db *db);
/* count: columns, one placeholder and kind each.  MR_E_UNSUPPORTED where it is not there. */
enum mr_code mr_bulk_open(struct mr_db *db, const char *sql, size_t len,
                          const enum mr_bulk_kind *kinds, size_t count, struct mr_bulk **out,
                          struct mr_err *err);
/* What a value counts for in a packet, with all that surrounds it. */
uint64_t mr_bulk_cell_bytes(enum mr_bulk_kind kind, const struct mr_value *value);
/* The widest row, as the sum of its cells, that is to be added. */
uint64_t mr_bulk_row_bytes_max(const struct mr_bulk *bulk);
/* One value a column, NULL or as its kind says; long values (row.h) are not taken. */
enum mr_code mr_bulk_add(struct mr_bulk *bulk, const struct mr_value *values, struct mr_err *err);
/* Is it to be sent before a further row is added? */
bool mr_bulk_is_full(const struct mr_bulk *bulk);
/* Sends what is pending; what was taken of it is added to *loaded.  After a failure the rows of the
 * packet that was sent are the transaction's to take back. */
enum mr_code mr_bulk_send(struct mr_bulk *bulk, struct mr_db_loaded *loaded, struct mr_err *err);
void mr_bulk_close(struct mr_bulk *bulk); /* NULL is fine; what is pending is forgotten */

#endif
