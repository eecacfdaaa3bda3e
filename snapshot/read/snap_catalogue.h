/*
 * snap_catalogue: catalogue.json of a snapshot: the source's catalogue (core/schema/schema.h) as far
 * as it is kept: its databases, the tables of the manifest, and the objects that were wanted.
 *
 * Calling sequence: mr_snap_catalogue_write while a snapshot is made; mr_snap_open, then
 * mr_snap_catalogue_load, and mr_catalogue_free.
 *
 * Errors: MR_E_REFUSED where the file is not the one that was written (its SHA-256 stands in
 * the manifest), or the snapshot is damaged; MR_E_SNAPSHOT where it does not fit the manifest.
 * Threads: no state.
 */
#ifndef MR_SNAP_CATALOGUE_H
#define MR_SNAP_CATALOGUE_H

#include "snapshot/format/snap_schema.h"
#include "snapshot/read/snap_open.h"

/* tables: as they were read, in the order of s->cat. */
enum mr_code mr_snap_catalogue_write(struct mr_snap_schema *s, const struct mr_table *tables,
                                     size_t ntables, struct mr_err *err);

/* Every table of the manifest is in it, with all columns that are kept.  The caller's. */
enum mr_code mr_snap_catalogue_load(const struct mr_snap *snap, struct mr_catalogue **out,
                                    struct mr_err *err);

#endif
