/*
 * shelf_chain: which snapshots of a shelf others go on from.
 *
 *   mr_shelf_settle_chains, when all directories are read → … what is kept is decided …
 *   → mr_shelf_keep_bases
 *
 * An incremental snapshot is worth nothing without all that it goes on from.  One whose base is not there, or is
 * damaged, is damaged itself: it counts for no rule, and is never removed.  What a snapshot that stays goes on
 * from stays, too, whatever the rules say, also of one that is damaged.  Where the manifest of such a one cannot
 * be read any of them may be its base: all stay.
 *
 * Ownership: texts live in the shelf's arena.  Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_SHELF_CHAIN_H
#define MR_SHELF_CHAIN_H

#include "snapshot/shelf.h"

enum mr_code mr_shelf_settle_chains(struct mr_shelf *shelf, struct mr_err *err);
/* Sets is_kept and kept_as of those. */
enum mr_code mr_shelf_keep_bases(struct mr_shelf *shelf, struct mr_err *err);

#endif
