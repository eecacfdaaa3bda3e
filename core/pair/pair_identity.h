/* pair_identity: identities of row images, and canonical forms of keys and identities. */
#ifndef MR_PAIR_IDENTITY_H
#define MR_PAIR_IDENTITY_H

#include "core/pair/pair.h"
#include "core/source/canon.h"

/* Replaces out by the encoded values at these positions of an image; *null: one of them is
 * NULL. */
enum mr_code mr_pair_values_of(const void *image, size_t len, const size_t *positions, size_t count,
                               struct mr_strbuf *out, bool *null, struct mr_err *err);

/* Replaces out by the encoded identity columns of an image; *null: one of them is NULL. */
enum mr_code mr_pair_identity_of(const struct mr_pair *table, const void *image, size_t len,
                                 struct mr_strbuf *out, bool *null, struct mr_err *err);

/* Who says which texts are the same under TARGET's collations: TARGET, or SOURCE where
 * TARGET is a snapshot; NULL where both are. */
struct mr_db *mr_pair_judge(struct mr_reader *const reader[MR_SIDES]);

/*
 * Fills `out` of items (struct mr_canon_item) whose `in` is the encoding of the values at
 * these positions of a full read: keys or identities.  db: mr_pair_judge().
 */
enum mr_code mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                              size_t npositions, struct mr_db *db, struct mr_vec *items,
                              struct mr_arena *arena, struct mr_err *err);
/* What mr_canon_plain() makes of them, which asks no server. */
enum mr_code mr_pair_canonise_plain(const struct mr_pair *table, const size_t *positions,
                                    size_t npositions, struct mr_vec *items, struct mr_arena *arena,
                                    bool *exact, struct mr_err *err);
/* As mr_pair_canonise(), of the first so many characters, or bytes, of each value; 0: of all of it. */
enum mr_code mr_pair_canonise_parts(const struct mr_pair *table, const size_t *positions,
                                    const size_t *prefixes, size_t npositions, struct mr_db *db,
                                    struct mr_vec *items, struct mr_arena *arena,
                                    struct mr_err *err);

#endif
