/*
 * fleet_part: the files of one part in DIR/parts, and what parts/I.json tells of its work.
 *
 *   I.lease      who is at work on it (fleet_lease.h)
 *   I.json       how far that is: docs/formats/fleet-plan-v1.md
 *   I.progress   a case: what was read so far, for whoever goes on with it
 *   I.case       a case: the result, one run a pair
 *
 * Each takes its name by a rename, whole.  I.case alone counts: I.json is for people and `fleet
 * status`, and may be older or missing.
 *
 * Ownership: texts live in the arena that they were read into.  Errors: MR_E_REFUSED for what
 * mr_fleet_part_write has not written, MR_E_IO, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_FLEET_PART_H
#define MR_FLEET_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "recon/fleet/fleet_word.h"

#define MR_FLEET_PART_SCHEMA "myrecon-fleet-part/1"

struct mr_fleet_part_pair {
    const char *name;
    enum mr_fleet_word state;
    enum mr_fleet_word verdict; /* of one that is done */
    const char *why;      /* of one that failed, or of which something was not seen; or NULL */
    uint64_t differing;   /* rows, of one that is done */
    const char *manifest; /* of a snapshot that is made: SHA-256 of its manifest; or NULL */
    uint64_t rows, bytes; /* of that snapshot */
};

struct mr_fleet_part {
    const char *fleet;
    uint64_t part;
    enum mr_fleet_word state;
    const char *host;
    uint64_t process;
    const char *version;         /* of the myrecon that was at it last; NULL: it does not say */
    const char *begun, *updated; /* UTC */
    uint64_t updated_at;         /* the same as seconds since 1970 */
    uint64_t millis;             /* of work, over all that were at it */
    uint64_t rows, bytes;        /* read so far, of both sides */
    const char *waits;           /* what it waits for; or NULL */
    const char *why;             /* the error that stopped it; or NULL */
    struct mr_fleet_part_pair *pairs;
    size_t npairs;
};

/* "DIR/parts/7.case", in the arena; NULL: no memory. */
const char *mr_fleet_part_path(const char *dir, size_t part, const char *ending,
                               struct mr_arena *arena);
/* What stands there, if anything, is a regular file: a link, which a write would follow out of DIR and a
 * merge would not, or a pipe is MR_E_IO. */
enum mr_code mr_fleet_part_require_plain(const char *path, struct mr_err *err);
enum mr_code mr_fleet_part_write(const char *path, const struct mr_fleet_part *part,
                                 struct mr_err *err);
/* *is_there false: no such file. */
enum mr_code mr_fleet_part_read(const char *path, struct mr_arena *arena, struct mr_fleet_part *out,
                                bool *is_there, struct mr_err *err);

#endif
