/*
 * chunk: the keys and digests of the rows of one key range of one side, and the
 * comparison of two such chunks.
 *
 * Rows are kept in the order in which the server sent them.  Two chunks of the same range
 * are joined by the bytes of their keys; every row that has no twin with the same digest
 * becomes a suspect.  Suspects come in key order with the number of equal rows before
 * them, so that contiguous runs can be told later.
 *
 * Memory: about 40 bytes and the key a row; the caller bounds the rows.
 */
#ifndef MR_CHUNK_H
#define MR_CHUNK_H

#include "core/base/vec.h"
#include "core/case/findings.h"
#include "core/row/row.h"
#include "core/source/keyrange.h"

struct mr_chunk_row {
    struct mr_digest digest;
    size_t key_at; /* in keys */
    size_t key_len;
};

struct mr_chunk {
    struct mr_strbuf keys;
    struct mr_vec rows; /* struct mr_chunk_row */
    uint64_t bytes;     /* of the rows' values */
};

/* Without rows. */
void mr_chunk_init(struct mr_chunk *chunk);
void mr_chunk_release(struct mr_chunk *chunk);
/* Forgets the rows, keeps the memory. */
void mr_chunk_reset(struct mr_chunk *chunk);

/* Appends a row whose key is the bytes added to chunk->keys since key_at. */
enum mr_code mr_chunk_add(struct mr_chunk *chunk, size_t key_at, struct mr_digest digest,
                          struct mr_err *err);
struct mr_key mr_chunk_key(const struct mr_chunk *chunk, size_t row);

/*
 * Appends the suspects (struct mr_find_suspect, keys pointing into the chunks) and sets
 * *equal to the number of rows that are equal on both sides.
 */
enum mr_code mr_chunk_compare(const struct mr_chunk *source, const struct mr_chunk *target,
                              struct mr_vec *suspects, uint64_t *equal, struct mr_err *err);

#endif
