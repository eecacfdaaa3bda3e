/*
 * snap_places: what the files of schema/ make, each in its place (snap_place.h).
 *
 * A snapshot is proved before anything of it is run: that its files are as they were
 * written says nothing of who wrote them.
 *
 * Threads: one.
 */
#ifndef MR_SNAP_PLACES_H
#define MR_SNAP_PLACES_H

#include "snapshot/format/snap_place.h"
#include "snapshot/read/snap_open.h"

/* Appends the statement of a file, as it is run in the database that it is for.
 * MR_E_SNAPSHOT: it holds none, or another one than its place says; MR_E_REFUSED: it is not
 * the file that was written. */
enum mr_code mr_snap_read_statement(const struct mr_snap *snap, const char *name,
                                    const struct mr_snap_place *place,
                                    struct mr_strbuf *out, struct mr_err *err);

/* All of them; what is wrong becomes damage.  Of a snapshot that is whole but for that. */
enum mr_code mr_snap_check_places(struct mr_snap *snap, struct mr_err *err);

#endif
