/*
 * snap_store: a snapshot whose rows are used: a data file is proved by its SHA-256 before
 * the first of its rows is.
 *
 *   mr_snap_store_open → mr_snap_store_rows … → mr_snap_store_close
 *
 * Errors: MR_E_SNAPSHOT with the file, also where it cannot be read: what is wrong with one
 * file concerns one table.  Of the directory: MR_E_SNAPSHOT, MR_E_IO.
 *
 * Threads: rows may be opened by any; a file that two open at once is proved twice.
 */
#ifndef MR_SNAP_STORE_H
#define MR_SNAP_STORE_H

#include <stdatomic.h>

#include "snapshot/read/snap_rows.h"

struct mr_snap_store {
    struct mr_snap snap;
    const size_t *first; /* of each table: the place of its first chunk in proved */
    atomic_bool *proved;
};

/* The manifest is proved, too.  key_path: of the private key, or NULL.  To be closed also
 * after a failure. */
enum mr_code mr_snap_store_open(struct mr_snap_store *store, const char *path, const char *key_path,
                                struct mr_err *err);
void mr_snap_store_close(struct mr_snap_store *store);

/* NULL: it holds no such table. */
const struct mr_snap_table *mr_snap_store_table(const struct mr_snap_store *store, const char *db,
                                                const char *name);
/* The file of a chunk alone, once. */
enum mr_code mr_snap_store_prove(struct mr_snap_store *store, const struct mr_snap_table *table,
                                 size_t chunk, struct mr_err *err);
/* To be closed with mr_snap_rows_close(). */
enum mr_code mr_snap_store_rows(struct mr_snap_store *store, const struct mr_snap_table *table,
                                size_t chunk, struct mr_snap_rows **out, struct mr_err *err);
/* As mr_snap_rows_next(). */
enum mr_code mr_snap_store_next(const struct mr_snap_store *store, struct mr_snap_rows *rows,
                                const struct mr_value **values, struct mr_err *err);
#endif
