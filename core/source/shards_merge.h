/*
 * shards_merge: rows of many places, merged by key.
 *
 *   init → scan, scan… → release
 *
 * Each place is read in statements of some hundred to thousands of rows, one place after the other;
 * rows wait in memory until it is their turn.  A heap has the place whose next row has the least key
 * on top.  Invariant: of each place all rows up to the last one that was read of it have been given,
 * or wait; so the least of those that wait, and of all places that have none left to read, is the next.
 *
 * A scan that goes on where the last one ended (the same spec and upper end, its lower end the last
 * key that was given) takes what waits, unless that is older than MR_SHARDS_OLD_S.
 *
 * Ownership: rows are the struct's.  Threads: one at a time.  Errors: those of the reading.
 */
#ifndef MR_SHARDS_MERGE_H
#define MR_SHARDS_MERGE_H

#include "core/source/source.h"

#define MR_SHARDS_OLD_S 10.0

/* Rows of (lo, hi] of one place in key order, at most `limit`. */
typedef enum mr_code mr_shards_read_fn(void *ctx, size_t place, const struct mr_readspec *spec,
                                       struct mr_range range, uint64_t limit, mr_row_fn *fn,
                                       void *fn_ctx, struct mr_err *err);

struct mr_shards_stream;

struct mr_shards_merge {
    mr_shards_read_fn *read;
    void *ctx;
    size_t *place; /* set to that of each row that is given */
    uint64_t
        row_bytes; /* what a row of the table may have, by which the first readings go; 0: not known */
    /* what waits, and where it goes on */
    const struct mr_readspec *spec; /* NULL: nothing waits */
    const struct mr_readcol *cols;
    struct mr_strbuf lo, hi; /* the last key that was given; the upper end, empty: none */
    double read_s;           /* when the first of it was read */
    struct mr_shards_stream *streams;
    size_t nstreams;
    size_t *heap;            /* of streams with a row that waits */
    struct mr_value *values; /* of the row that is given */
    size_t nheap;
};

void mr_shards_merge_init(struct mr_shards_merge *m, mr_shards_read_fn *read, void *ctx,
                          size_t *place);
void mr_shards_merge_release(struct mr_shards_merge *m);

/* Rows of the range by key, those of one key by place; limit 0: all, else at least so many where there
 * are, and all rows of the last one's key. */
enum mr_code mr_shards_merge_scan(struct mr_shards_merge *m, size_t places,
                                  const struct mr_readspec *spec, struct mr_range range,
                                  uint64_t limit, mr_row_fn *fn, void *ctx, struct mr_err *err);

#endif
