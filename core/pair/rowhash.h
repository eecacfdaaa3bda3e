/*
 * rowhash: from the values of a read row to its digest, key and image.
 *
 * One rowhash belongs to one thread and one side of one table; it keeps what must not be
 * allocated for every row: a hasher, and buffers for JSON that is compared across
 * flavours in its normal form.
 */
#ifndef MR_ROWHASH_H
#define MR_ROWHASH_H

#include "core/pair/pair.h"

struct mr_rowhash {
    const struct mr_pair *table;
    const struct mr_readspec *spec;
    struct mr_hasher *hasher;
    struct mr_strbuf raw, normal; /* JSON */
    const bool *signs;            /* per column: its image keeps the sign of -0; NULL: none does */
};

/* table and spec must outlive it.  MR_E_NOMEM; released also after an error. */
enum mr_code mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                             const struct mr_readspec *spec, struct mr_err *err);
void mr_rowhash_release(struct mr_rowhash *rh);

/* Digest of the compared values; adds their size to *bytes. */
enum mr_code mr_rowhash_digest(struct mr_rowhash *rh, const struct mr_value *values,
                               struct mr_digest *digest, uint64_t *bytes, struct mr_err *err);
/* Digest of a row that came raw; comparable with those of the same layout only. */
struct mr_digest mr_rowhash_raw(const struct mr_raw_row *row);
/* Appends the encoded key (the spec's key parts). */
enum mr_code mr_rowhash_key(struct mr_rowhash *rh, const struct mr_value *values,
                            struct mr_strbuf *key, struct mr_err *err);
/* Appends the encoding of the key's columns as they are compared (MR_JOIN_SPILL). */
enum mr_code mr_rowhash_join_key(struct mr_rowhash *rh, const struct mr_value *values,
                                 struct mr_strbuf *key, struct mr_err *err);
/* Appends the image: the encoding of all values of the spec. */
enum mr_code mr_rowhash_image(struct mr_rowhash *rh, const struct mr_value *values,
                              struct mr_strbuf *image, struct mr_err *err);

#endif
