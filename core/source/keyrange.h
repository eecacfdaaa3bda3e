/*
 * keyrange: keys, half-open ranges of keys, and the SQL that selects them.
 *
 * A key is the encoding (row.h) of its parts in index order.  A range is (lo, hi]: lo
 * excluded, hi included; either may be open (NULL), so that (NULL, NULL] is the whole
 * key space.  Consecutive ranges tile it: every row lies in exactly one, in the order
 * of the server that evaluates the comparison.
 *
 * SQL: composite keys are expanded, because servers do not use an index for row
 * constructors (a,b) > (x,y):
 *   a >= x AND (a > x OR (a = x AND b > y))
 * Both servers turn this into one range access that reads just the rows of the range,
 * also where both ends share their first parts.  Writing these as equalities reads no
 * less, and makes MariaDB sort the rows where a text column's collation is not its
 * charset's default.
 *
 * Both servers use an index for an ENUM or SET only by equality (e > 2 scans), so that
 * a part with a known greatest number lists the numbers instead: e IN (3,4,5).
 *
 * Key parts are never NULL; there are at most MR_KEY_PARTS_MAX.
 */
#ifndef MR_KEYRANGE_H
#define MR_KEYRANGE_H

#include "core/base/strbuf.h"
#include "core/row/row.h"

#define MR_KEY_PARTS_MAX 32 /* MariaDB's limit; MySQL's is 16 */

/* Longest list that stands for an ENUM's or SET's range. */
#define MR_KEY_NUMBERS_MAX 1024

/* An encoded key; the bytes belong to whoever made it. */
struct mr_key {
    const void *ptr; /* NULL: open end */
    size_t len;
};

struct mr_range {
    struct mr_key lo, hi; /* (lo, hi] */
};

/* One part of a key: the column (its plain name, quoted here), and its charset for
 * literals. */
struct mr_key_part {
    const char *column;
    enum mr_class cls;
    const char *charset; /* of the key's bytes; NULL for non-text */
    /* ENUM or SET by number: the greatest, which is an ENUM's count of members, a SET's
     * 2^n - 1.  0 (or above MR_KEY_NUMBERS_MAX): not known, compared as any number. */
    uint64_t numbers;
};

/*
 * Appends a condition for (lo, hi], in parentheses.  "1=1" style text is never needed:
 * returns false and appends nothing when the range is open on both ends.  A key that
 * does not hold nparts values marks sql as failed.
 */
bool mr_keyrange_condition(struct mr_strbuf *sql, const struct mr_key_part *parts, size_t nparts,
                           struct mr_range range);
/* Appends a condition, in parentheses, that selects exactly these keys: IN list for one
 * part (integers that follow each other in `keys` as ranges), OR of ANDs for several.
 * nkeys must not be 0. */
void mr_keyrange_keys_condition(struct mr_strbuf *sql, const struct mr_key_part *parts,
                                size_t nparts, const struct mr_key *keys, size_t nkeys);

/* Total order of encoded keys by their bytes (numeric for integers); an open end (NULL)
 * is the smallest. */
int mr_key_compare(struct mr_key a, struct mr_key b);

#endif
