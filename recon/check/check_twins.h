/*
 * check_twins: which of many identities several rows of a side may have.
 *
 *   mr_check_twins_init(&t, table, side, reader) → [mr_check_twins_scan(&t, …)] →
 *   mr_check_twins_sift(&t, &keys, &err)… → mr_check_twins_release(&t)
 *
 * Mostly none has: then it is enough to read the identities alone, which an index holds, and no row.
 * Where many of a table's are asked for, all of them are read in the order of the index: a server
 * gives about ten neighbours in the time that it takes to find one.
 *
 * Threads: one side's reads touch that side's reader alone, so both sides may be sifted at once.
 */
#ifndef MR_CHECK_TWINS_H
#define MR_CHECK_TWINS_H

#include "core/pair/pair.h"

struct mr_check_twins {
    const struct mr_pair *table;
    enum mr_side side;
    struct mr_reader *reader;
    struct mr_readspec spec; /* the identity's columns, keyed by them */
    struct mr_readcol *cols; /* of the spec */
    size_t *key;
    struct mr_vec items; /* struct mr_canon_item: of the rows, and then of the keys */
    struct mr_arena arena;
    bool apt;  /* is what bytes say of two identities of this side what TARGET says? */
    bool full; /* there were more rows than are kept */
    /* of mr_check_twins_scan() */
    bool is_known;        /* the identities that several rows have are … */
    struct mr_vec shared; /* … of struct mr_key, sorted: as mr_canon_plain() makes them */
    struct mr_arena names;
};

/* table and reader must outlive it.  Released also after an error. */
enum mr_code mr_check_twins_init(struct mr_check_twins *t, const struct mr_pair *table,
                                 enum mr_side side, struct mr_reader *reader, struct mr_err *err);
void mr_check_twins_release(struct mr_check_twins *t);

/*
 * Reads all identities of the side in the order of an index of them, a page a statement, and keeps those
 * that several rows may have.  wait: called before each page.  Nothing is known afterwards, which is no
 * error, where that is not worth it for so many identities, no such index is there, bytes do not tell,
 * or very many have twins.
 */
enum mr_code mr_check_twins_scan(struct mr_check_twins *t, uint64_t identities,
                                 enum mr_code (*wait)(void *ctx, struct mr_err *err), void *ctx,
                                 struct mr_err *err);

/*
 * Leaves of keys (struct mr_key: identities as mr_pair_identity_of() has them, none twice) those that
 * two rows of the side have, at least, and keeps their order.  All stay where the bytes of the
 * identities do not tell (mr_canon_plain()), where the side is a snapshot (which reads whole tables
 * for it) or compares texts otherwise than TARGET does, and where there are too many rows.  Asks nobody after a
 * mr_check_twins_scan() that knows.
 */
enum mr_code mr_check_twins_sift(struct mr_check_twins *t, struct mr_vec *keys, struct mr_err *err);

/* As mr_reader_fetch(), in statements that fit the server's packet, up to *full. */
enum mr_code mr_check_twins_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                  const struct mr_key *keys, size_t count, const bool *full,
                                  mr_row_fn *fn, void *ctx, struct mr_err *err);

#endif
