/*
 * snap_cursor: a place among the rows of a snapshot's table.
 *
 *   mr_snap_cursor_init → mr_snap_cursor_seek → (mr_snap_cursor_peek → mr_snap_cursor_take)
 *     … → mr_snap_cursor_release
 *
 * It stays where it is between two reads, so that rows that are asked for range by range
 * are decompressed once.  A file is not opened before one of its rows is peeked at.
 *
 * Memory: that of one file's reader (snap_rows.h).  Threads: one.
 */
#ifndef MR_SNAP_CURSOR_H
#define MR_SNAP_CURSOR_H

#include "snapshot/read/snap_store.h"

struct mr_snap_cursor {
    struct mr_snap_store *store;
    const struct mr_snap_table *table;
    size_t chunk;
    struct mr_snap_rows *rows;     /* of the chunk; NULL: not open */
    const struct mr_value *values; /* of the row that was peeked at; NULL: none */
    struct mr_strbuf key;          /* its key */
    struct mr_strbuf passed;       /* key of the row taken last; empty: none of this chunk */
};

void mr_snap_cursor_init(struct mr_snap_cursor *c, struct mr_snap_store *store);
void mr_snap_cursor_release(struct mr_snap_cursor *c);

/* To the first row beyond lo (with `from`, to that of lo itself); open: to the first of
 * all.  Only an open lo where the order is not known. */
enum mr_code mr_snap_cursor_seek(struct mr_snap_cursor *c, const struct mr_snap_table *table,
                                 struct mr_key lo, bool from, struct mr_err *err);
/* The row that it stands at, one value a column, valid until the next call; c->key is its
 * key.  NULL at the end, which may be that of the last chunk that begins below hi. */
enum mr_code mr_snap_cursor_peek(struct mr_snap_cursor *c, struct mr_key hi,
                                 const struct mr_value **values, struct mr_err *err);
/* On to the next row. */
void mr_snap_cursor_take(struct mr_snap_cursor *c);
/* Forgets the place. */
void mr_snap_cursor_drop(struct mr_snap_cursor *c);

#endif
