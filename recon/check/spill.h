/*
 * spill: the rows of both sides of one table as (key, digest) pairs on disk.
 *
 * For tables whose sides cannot be read range by range: a key that the two servers order
 * differently, or no key at all (then the digest is the key).  A temporary SQLite file
 * holds one pair a row; SQL finds the keys whose digests do not occur equally often on
 * both sides.  Memory is SQLite's page cache, whatever the table's size.
 *
 *   open → { begin_pass, add…, end_pass }… → walk → close
 *
 * The first pass makes suspects of all keys that differ.  Each later pass judges only
 * those: gone, settled; the same difference, and as many rows on both sides, for the third
 * time in a row, while neither side changed at all, diverged; where something else moves,
 * for the fifth time; another difference, open.  (Equal rows come and go: their number may
 * be the same at two looks, and not in between, when the replica was looked at.  And a
 * replica may lack two each time, and never the same two.)  Keys that differ for the first
 * time in a later pass were compared, and equal, in the first; or a row that differed was
 * given another (mr_spill_expect_edits).
 *
 * Threads: add is safe from several threads.
 */
#ifndef MR_SPILL_H
#define MR_SPILL_H

#include "core/case/casefile.h"
#include "core/case/findings.h"
#include "core/row/row.h"
#include "core/source/keyrange.h"

struct mr_spill;

enum mr_code mr_spill_open(struct mr_spill **out, struct mr_err *err);
/* Before the first pass, where side 0 is many servers, so that a key may have several rows there: each
 * that side 1 lacks will be a finding of its own (mr_spill_walk), of the images kept by
 * mr_spill_keep_copy. */
void mr_spill_expect_copies(struct mr_spill *spill);
/* Before the first pass, where a row may go from one server of side 0 to another while they are read one after
 * the other: what is gone is settled only when the next pass does not meet it either. */
void mr_spill_expect_moves(struct mr_spill *spill);
/* Before the second pass, where neither side applies what the other writes.  Of a row without a key an UPDATE
 * makes another; so where a side has lost one in the second pass that it alone had, what it has alone for
 * the first time is a suspect, too. */
void mr_spill_expect_edits(struct mr_spill *spill);
void mr_spill_close(struct mr_spill *spill); /* NULL is fine */

/* uncommitted: one side's rows will be those of open transactions, too, which may be taken
 * back: such a pass confirms differences and settles none. */
enum mr_code mr_spill_begin_pass(struct mr_spill *spill, bool uncommitted, struct mr_err *err);
/* Adds one row of side 0 or 1. */
enum mr_code mr_spill_add(struct mr_spill *spill, int side, struct mr_key key,
                          struct mr_digest digest, struct mr_err *err);
/* Forgets a side's rows of this pass, to read them again. */
enum mr_code mr_spill_drop_side(struct mr_spill *spill, int side, struct mr_err *err);
/* Judges; *open: suspects that need another pass. */
enum mr_code mr_spill_end_pass(struct mr_spill *spill, uint64_t *open, struct mr_err *err);
/* Gives back what only a pass needs: it may be long until the next. */
enum mr_code mr_spill_rest(struct mr_spill *spill, struct mr_err *err);

/* Is the key an open suspect, so that its image is wanted?  (Never in the first pass.) */
enum mr_code mr_spill_wants(struct mr_spill *spill, struct mr_key key, bool *wanted,
                            struct mr_err *err);
enum mr_code mr_spill_keep_image(struct mr_spill *spill, int side, struct mr_key key,
                                 const void *image, size_t len, struct mr_err *err);

/* Besides keep_image, of every row of both sides where copies are expected.  Of side 1 no image is
 * needed. */
enum mr_code mr_spill_keep_copy(struct mr_spill *spill, int side, struct mr_key key,
                                struct mr_digest digest, const void *image, size_t len,
                                struct mr_err *err);

/* Diverged keys that only one side has: canonical forms are asked for in batches (fn
 * fills the items' `out`), and keys with the same form become one. */
typedef enum mr_code mr_spill_canon_fn(void *ctx, struct mr_vec *items, struct mr_arena *arena,
                                       struct mr_err *err);
enum mr_code mr_spill_join_canonical(struct mr_spill *spill, mr_spill_canon_fn *fn, void *ctx,
                                     struct mr_err *err);

/* Diverged keys in byte order; still open ones come as UNSETTLED without images.
 * `count` is the surplus of rows; finding.source and .target are images.  Where copies are expected,
 * each row of side 0 that is too many comes by itself: the first with side 1's row, if that is too many,
 * too, and the others without. */
enum mr_code mr_spill_walk(struct mr_spill *spill, mr_finding_fn *fn, void *ctx,
                           struct mr_err *err);

#endif
