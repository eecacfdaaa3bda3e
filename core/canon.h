/*
 * canon: one byte string for all texts that TARGET's collation takes for the same.
 *
 * "Two keys or identities are the same when TARGET's collation says so."  Only the server
 * knows its collations, so it is asked: WEIGHT_STRING() of each text under the target
 * column's collation, trailing blanks trimmed where the collation pads (equal weights are
 * what the server's own `=` compares).  Other values keep their encoding, which is
 * canonical already.
 *
 * A _bin collation is not asked about: what it compares are the bytes.  Nothing is read
 * from a table; up to 500 different texts go into one statement.
 */
#ifndef MR_CANON_H
#define MR_CANON_H

#include "db.h"
#include "schema.h"
#include "vec.h"

/* One column of a key or identity. */
struct mr_canon_column {
    const char *charset;            /* of the texts at hand; NULL: no text column */
    const struct mr_column *target; /* where the collation comes from */
};

struct mr_canon_item {
    const void *in; /* encoding of the columns' values, in order */
    size_t in_len;
    const void *out; /* canonical bytes, in arena; NULL if any value is NULL */
    size_t out_len;
};

/* Fills `out` of all items. */
enum mr_code mr_canon(struct mr_db *db, const struct mr_canon_column *columns,
                      size_t ncolumns, struct mr_canon_item *items, size_t count,
                      struct mr_arena *arena, struct mr_err *err);

/* Does the collation ignore trailing blanks? */
bool mr_canon_pads(const char *collation);

#endif
