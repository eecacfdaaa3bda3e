/*
 * row: values of a database row, their injective encoding, and its digest.
 *
 * A value has a class, which says how it is transported, encoded, printed and written
 * as a literal.  Classes come from the catalogue (never from result metadata, which
 * differ on equal columns), and where the two sides' columns differ in type the plan
 * chooses one class for both.
 *
 * ENCODING.  A row is the concatenation of its values, each a tag byte and a payload:
 *
 *   'N'                         NULL
 *   'i' sign(1) magnitude(8)    INT, UINT, YEAR, BIT: sign 1 for >= 0, else 0; then
 *                               the two's complement.  memcmp() order of encoded
 *                               integers is numeric order
 *   'f' bits(8)                 FLOAT and DOUBLE: IEEE bits of the double, -0 as +0 (but
 *                               for mr_row_encode_exact)
 *   'd' len(4) text             DECIMAL: no leading or trailing zeros, no "-0"
 *   't' len(4) bytes            TEXT and ENUM (ENUM, SET), in the column's charset
 *   'b' 'g' 'j' len(4) bytes    BINARY, GEOMETRY, JSON
 *   'D' y(2) m d                DATE, also zero dates
 *   'M' y(2) m d h i s us(4)    DATETIME and TIMESTAMP (UTC)
 *   'H' sign(1) h(2) i s us(4)  TIME: sign 1 for negative; hours to 838
 *
 * All numbers are big-endian.  A decimal whose text is no plain number keeps it.
 *
 * It is injective for a given list of columns: every payload has a fixed size or its
 * length in front, and NULL is a tag of its own.  The same encoding serves digests,
 * keys and stored row images, and can be decoded.
 *
 * DIGEST.  XXH3-128 over the encoding (Y. Collet, xxHash 0.8; not cryptographic, 128
 * bits: equal digests of different rows happen with probability 2^-128 by chance).
 *
 * LONG VALUES.  A value too wide for the reader's buffer has ptr == NULL, len > 0 and a
 * lob from which its bytes are read in slices while the row is current.
 *
 * Ownership: a decoded or streamed value points into memory of its producer and is
 * valid until the next row.  Threads: values are plain data; a hasher belongs to one
 * thread.
 */
#ifndef MR_ROW_H
#define MR_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

enum mr_class {
    MR_CLASS_UNDECIDED = 0,
    MR_CLASS_NULL, /* only in values, never of a column */
#define MR_CLASS_LINE(symbol, word, traits, where) MR_CLASS_##symbol,
#include "core/row/class.def"
#undef MR_CLASS_LINE
};
#define MR_CLASSES (MR_CLASS_TIME + 1)

struct mr_time {
    uint32_t year, month, day;
    uint32_t hour; /* TIME: up to 838 */
    uint32_t minute, second, micros;
    bool negative; /* TIME only */
};

/* Where the bytes of a long value come from. */
struct mr_lob {
    /* Copies bytes [offset, offset+size) of column `column` of the current row. */
    enum mr_code (*read)(struct mr_lob *lob, size_t column, uint64_t offset, void *buf, size_t size,
                         struct mr_err *err);
};

struct mr_value {
    enum mr_class cls;
    union {
        int64_t i;
        uint64_t u;
        double d;
        struct mr_time t;
    };
    const void *ptr;
    size_t len;
    struct mr_lob *lob; /* set when ptr is NULL and len > 0 */
    size_t lob_column;
};

struct mr_digest {
    uint64_t hi, lo;
};

/* Appends the encoding of one value; reads a long value completely. */
enum mr_code mr_row_encode(struct mr_strbuf *out, const struct mr_value *value, struct mr_err *err);

/* The same, but -0 keeps its sign: for images that are written again.  Nothing is compared
 * by them but with mr_row_same and mr_row_digest. */
enum mr_code mr_row_encode_exact(struct mr_strbuf *out, const struct mr_value *value,
                                 struct mr_err *err);
/* Are two encoded values the same, 0 and -0 too? */
bool mr_row_same(const void *a, size_t a_len, const void *b, size_t b_len);

/*
 * Decodes the value at *pos of an encoded row and moves *pos behind it.  Text points
 * into the row.  The class is that of the tag ('t' gives TEXT, 'i' gives INT or, beyond
 * INT64_MAX, UINT; 'f' gives DOUBLE).  MR_E_CASE for bytes that no encoder wrote.
 */
enum mr_code mr_row_decode(const void *row, size_t len, size_t *pos, struct mr_value *value,
                           struct mr_err *err);
/* Moves *pos behind the value at *pos without decoding it. */
enum mr_code mr_row_skip(const void *row, size_t len, size_t *pos, struct mr_err *err);

/* Digest of bytes; the same as a hasher fed with them. */
struct mr_digest mr_digest_bytes(const void *ptr, size_t len);
/* Digest of encoded values, -0 as 0 whatever way they were encoded. */
enum mr_code mr_row_digest(const void *row, size_t len, struct mr_digest *digest,
                           struct mr_err *err);
bool mr_digest_equal(struct mr_digest a, struct mr_digest b);
/* Of two struct mr_digest, for qsort and bsearch. */
int mr_digest_compare(const void *a, const void *b);

/*
 * Hasher: the digest of a row without keeping its encoding, so that a long value costs
 * one slice of 64 KiB.  new, then for each row: add every value, finish.
 */
struct mr_hasher;
struct mr_hasher *mr_hasher_new(void); /* NULL: out of memory */
void mr_hasher_free(struct mr_hasher *hasher);
enum mr_code mr_hasher_add(struct mr_hasher *hasher, const struct mr_value *value,
                           struct mr_err *err);
/* The digest of what was added since the last finish; ready for the next row.  Also to
 * be called, and its result forgotten, when an add of this row failed. */
struct mr_digest mr_hasher_finish(struct mr_hasher *hasher);

#endif
