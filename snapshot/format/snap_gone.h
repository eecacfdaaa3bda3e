/*
 * snap_gone: the keys that are not there any more since the base of an incremental snapshot.
 *
 * They are a file of the snapshot like those of rows (tsv.h), whose columns are those of the table's key,
 * in the order of the key.  mr_snap_gone_table makes a table of it, so that what reads and proves rows
 * reads and proves these, too.
 *
 * Ownership: the table made lives in the arena and points to the one it was made of.  Threads: no state.
 */
#ifndef MR_SNAP_GONE_H
#define MR_SNAP_GONE_H

#include "core/base/arena.h"
#include "snapshot/format/snap_table.h"

/* "data/club.members.gone.tsv.zst", with .cms behind it where it is encrypted. */
void mr_snap_gone_name(struct mr_strbuf *out, const struct mr_snap_table *table, bool encrypted);
/* Of a table with a key: one whose rows are the keys that are gone, in one chunk, or in none. */
enum mr_code mr_snap_gone_table(const struct mr_snap_table *table, struct mr_arena *arena,
                                struct mr_snap_table *out, struct mr_err *err);

#endif
