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
                                    const struct mr_snap_place *place, struct mr_strbuf *out,
                                    struct mr_err *err);

/* What is made, of tables and what belongs to them: db and name are patterns' (pattern.h). */
typedef bool mr_snap_wants_fn(const void *ctx, const char *db, const char *name);

/* All of them, or with `wants` those that are made, and all databases; what is wrong becomes
 * damage.  Of a snapshot that is whole but for that. */
enum mr_code mr_snap_check_places(struct mr_snap *snap, mr_snap_wants_fn *wants, const void *ctx,
                                  struct mr_err *err);
/* The name that patterns know an object by: of a trigger its table's. */
const char *mr_snap_object_pattern_name(const struct mr_snap_object *object);

#endif
