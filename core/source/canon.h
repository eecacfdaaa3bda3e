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
 *
 * Without a server that knows the collation, texts are the same by mr_canon_local(): only
 * letters of ASCII have their case folded, and whatever else a collation equates (accents,
 * for instance) stays different.
 */
#ifndef MR_CANON_H
#define MR_CANON_H

#include "core/base/vec.h"
#include "core/db/db.h"
#include "core/schema/schema.h"

/* One column of a key or identity. */
struct mr_canon_column {
    const char *charset;            /* of the texts at hand; NULL: no text column */
    const struct mr_column *target; /* where the collation comes from */
    size_t prefix;                  /* only so many characters or bytes count; 0: all of them do */
};

struct mr_canon_item {
    const void *in; /* encoding of the columns' values, in order */
    size_t in_len;
    const void *out; /* canonical bytes, in arena; NULL if any value is NULL */
    size_t out_len;
};

/* Fills `out` of all items.  db: NULL: no server is there to be asked. */
enum mr_code mr_canon(struct mr_db *db, const struct mr_canon_column *columns, size_t ncolumns,
                      struct mr_canon_item *items, size_t count, struct mr_arena *arena,
                      struct mr_err *err);

/*
 * The same without a server, where that tells these items apart as well: all texts are of characters of ASCII
 * that stand for themselves alone (mr_canon_may_equal()).  *exact false: they are not, and `out` is undefined.
 * What comes out is no weight: it may be compared with what came of the same call, and kept nowhere.
 */
enum mr_code mr_canon_plain(const struct mr_canon_column *columns, size_t ncolumns,
                            struct mr_canon_item *items, size_t count, struct mr_arena *arena,
                            bool *exact, struct mr_err *err);

/* Does the collation ignore trailing blanks? */
bool mr_canon_pads(const char *collation);

/* Appends the text as it is compared without a server.  collation NULL: as the widest would,
 * without case and trailing blanks. */
void mr_canon_local(struct mr_strbuf *out, const char *charset, const char *collation,
                    const void *ptr, size_t len);
/* May the collation take texts for the same that mr_canon_local() does not? */
bool mr_canon_is_wider(const char *collation);
/*
 * May the collation take these two for the same, which mr_canon_local() wrote in other bytes?
 * Each character beyond ASCII may stand for any others (s-sharp for "ss", an accent for
 * nothing), and so may control characters; those of ASCII stand for themselves, but for some
 * of some languages (Lithuanian i and y, Turkish i, classical Latin i and j) and old
 * character sets (GBK y and ~).
 */
bool mr_canon_may_equal(const char *charset, const char *collation, const struct mr_strbuf *a,
                        const struct mr_strbuf *b);

#endif
