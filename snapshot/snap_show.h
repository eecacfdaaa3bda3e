/*
 * snap_show: a manifest, told to people and to programs.
 *
 * Used by `snapshot create` (what was made) and `snapshot list` (what is there).  The JSON
 * is one object: schema "myrecon/snapshot-list/1" (docs/formats/snapshot-v1.md).
 */
#ifndef MR_SNAP_SHOW_H
#define MR_SNAP_SHOW_H

#include <stdio.h>

#include "core/base/term.h"
#include "snapshot/format/snap_manifest.h"

struct mr_snap_record;

/* All of it to out.  Errors: MR_E_IO, MR_E_NOMEM. */
enum mr_code mr_snap_show_text(const struct mr_snap_manifest *manifest, const char *dir,
                               struct mr_look look, FILE *out, struct mr_err *err);
/* With the records beside it, of which each may be NULL (snap_record.h). */
enum mr_code mr_snap_show_json(const struct mr_snap_manifest *manifest, const char *dir,
                               const struct mr_snap_record *verified,
                               const struct mr_snap_record *rehearsed, FILE *out,
                               struct mr_err *err);

#endif
