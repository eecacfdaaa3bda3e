/*
 * shelf: the snapshots that a directory holds, one in each subdirectory.
 *
 *   mr_shelf_read for each directory → mr_expire_decide (expire.h) → mr_shelf_remove … →
 *     mr_shelf_release
 *
 * Of each the manifest is read and proved, and that every file is there and as long as it was:
 * what `snapshot verify --quick` does; and what is kept beside it (snap_record.h): one that
 * `snapshot verify` has found damaged is damaged until that finds it whole.  What is no snapshot is
 * passed over, and links are not followed.
 *
 * Ownership: texts live in .arena.  Threads: one.  Errors: MR_E_IO with the path; MR_E_USAGE for a
 * directory that is a snapshot itself.
 */
#ifndef MR_SHELF_H
#define MR_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"

enum mr_shelf_state {
    MR_SHELF_WHOLE = 1,
    MR_SHELF_DAMAGED,    /* .why: what is wrong, or why it cannot be looked at */
    MR_SHELF_UNFINISHED, /* NAME.partial */
    MR_SHELF_EXPIRED     /* NAME.expired, with the mark: a removal that did not come to its end */
};

struct mr_snap_record;
struct mr_shelf_item {
    const char *path;
    uint64_t device, inode; /* one that is named twice is there once */
    enum mr_shelf_state state;
    const char *why;                            /* or NULL */
    const char *sha256, *base_sha256, *base_id; /* of its manifest, and its base's; NULL: none */
    bool base_unknown;                          /* it may have one: its manifest cannot be read */

    /* of one that is whole */
    const char *of;      /* server, databases, what was chosen: equal for the same */
    const char *id;      /* of the run that made it: its copies have the same */
    const char *source;  /* for people */
    const char *created; /* UTC, ISO 8601, as the manifest has it */
    int64_t created_s;   /* seconds since 1970 */
    const char *finished,
        *log_file; /* as created; of the view's position, "" where there is none */
    uint64_t log_position;
    uint64_t tables, rows, stored_bytes;
    bool is_complete;                                  /* nothing was left out */
    const struct mr_snap_record *verified, *rehearsed; /* of this manifest, or NULL */

    /* mr_expire_decide */
    bool is_kept;
    const char *kept_as; /* "last, daily 2026-11-27", or NULL */
};

struct mr_shelf {
    struct mr_arena arena;
    struct mr_vec items; /* struct mr_shelf_item */
};

/* Empty; to be released also after a failure. */
void mr_shelf_init(struct mr_shelf *shelf);
void mr_shelf_release(struct mr_shelf *shelf);
/* Adds those of a directory, in the order of their names. */
enum mr_code mr_shelf_read(struct mr_shelf *shelf, const char *dir, struct mr_err *err);

/* shelf_remove.c: first it gets the name PATH.expired and the mark, then its files go: whoever looks
 * in between finds no snapshot that is not whole.  MR_E_REFUSED, with all of it left, where there is
 * anything that no snapshot has, or (*in_use) where a run reads it, that would find it gone half-way.  Of
 * one that has the mark already the rest is removed. */
enum mr_code mr_shelf_remove(const char *path, bool *in_use, struct mr_err *err);
#define MR_SHELF_MARK ".myrecon-expired" /* in its directory, until all else is gone */
#define MR_SHELF_EXPIRED_SUFFIX ".expired"

#endif
