/*
 * rowset: rows of one side fetched by key, or of a range: key, digest, and optionally the image.
 * Sorted by key once it is filled; memory belongs to the rowset.
 *
 * Images are kept while they fit: the first one always is, further ones until together
 * they reach the bound that the caller gives.  So a batch of unexpectedly wide rows costs
 * the bound and one row, and the caller asks for the rest again.
 */
#ifndef MR_ROWSET_H
#define MR_ROWSET_H

#include "core/pair/rowhash.h"
#include "core/source/source.h"

struct mr_rowset_row {
    size_t key_at, key_len;
    size_t image_at, image_len; /* image_len 0: not kept */
    struct mr_digest digest;
    size_t place; /* of many sources: which one it is of (source.h); else 0 */
    bool claimed; /* the caller's */
};

struct mr_rowset {
    struct mr_strbuf bytes;
    struct mr_vec rows;   /* struct mr_rowset_row */
    uint64_t value_bytes; /* of the rows' compared values */
};

/* Empty.  Release frees all rows and their images. */
void mr_rowset_init(struct mr_rowset *set);
void mr_rowset_release(struct mr_rowset *set);

/* Replaces the content by the rows that have one of the keys.  image_bytes: how many bytes
 * of images are kept; 0: no image. */
enum mr_code mr_rowset_fetch(struct mr_rowset *set, struct mr_reader *reader,
                             struct mr_rowhash *hash, const struct mr_key *keys, size_t nkeys,
                             size_t image_bytes, struct mr_err *err);

/* The same; a broken connection or a killed query is tried again a few times. */
enum mr_code mr_rowset_fetch_again(struct mr_rowset *set, struct mr_reader *reader,
                                   struct mr_rowhash *hash, const struct mr_key *keys, size_t nkeys,
                                   size_t image_bytes, struct mr_err *err);

/* The same of the first `limit` rows of a range of the hash's spec, without images.  Of a spec without a
 * key all keys are empty, and rows stand in the order of their digests. */
enum mr_code mr_rowset_scan(struct mr_rowset *set, struct mr_reader *reader,
                            struct mr_rowhash *hash, struct mr_range range, size_t limit,
                            struct mr_err *err);

/* The i-th row by key; its key and its image are bytes of the set, valid until it is filled
 * again. */
struct mr_rowset_row *mr_rowset_at(const struct mr_rowset *set, size_t i);
struct mr_key mr_rowset_key(const struct mr_rowset *set, const struct mr_rowset_row *row);
const void *mr_rowset_image(const struct mr_rowset *set, const struct mr_rowset_row *row);
/* The row with exactly this key, or NULL; of several any. */
struct mr_rowset_row *mr_rowset_find(const struct mr_rowset *set, struct mr_key key);
/* The row with exactly this key of that place, or NULL. */
struct mr_rowset_row *mr_rowset_find_at(const struct mr_rowset *set, struct mr_key key,
                                        size_t place);

/* All rows of a key, which are several where its index is no unique one, whatever their order. */
struct mr_rowset_group {
    size_t rows;
    struct mr_digest digest; /* of them all */
};
struct mr_rowset_group mr_rowset_group(const struct mr_rowset *set, struct mr_key key);
bool mr_rowset_group_is_same(struct mr_rowset_group a, struct mr_rowset_group b);

#endif
