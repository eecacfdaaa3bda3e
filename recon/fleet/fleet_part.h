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

#define MR_FLEET_PART_SCHEMA "myrecon-fleet-part/1"

/* Of a part, or of a pair in it: words, as in the file. */
#define MR_FLEET_WAITING "waiting"
#define MR_FLEET_RUNNING "running"
#define MR_FLEET_DONE "done"
#define MR_FLEET_FAILED "failed" /* of a pair: could not be read, see why; another try may */
#define MR_FLEET_INCOMPLETE "incomplete" /* of a part: all were tried, and one failed */
#define MR_FLEET_STOPPED "stopped"       /* of a part: interrupted */

struct mr_fleet_part_pair {
    const char *name;
    const char *state;
    const char *verdict; /* of one that is done: equal, diverged, incomplete; or NULL */
    const char *why;     /* of one that failed; or NULL */
    uint64_t differing;  /* rows, of one that is done */
};

struct mr_fleet_part {
    const char *fleet;
    uint64_t part;
    const char *state;
    const char *host;
    uint64_t process;
    const char *begun, *updated; /* UTC */
    uint64_t updated_at;         /* the same as seconds since 1970 */
    uint64_t millis;             /* of work, over all that were at it */
    uint64_t rows, bytes;        /* read so far, of both sides */
    struct mr_fleet_part_pair *pairs;
    size_t npairs;
};

/* Of a state or a verdict, which may be NULL. */
bool mr_fleet_is(const char *text, const char *word);
/* "DIR/parts/7.case", in the arena; NULL: no memory. */
const char *mr_fleet_part_path(const char *dir, size_t part, const char *ending,
                               struct mr_arena *arena);
enum mr_code mr_fleet_part_write(const char *path, const struct mr_fleet_part *part,
                                 struct mr_err *err);
/* *is_there false: no such file. */
enum mr_code mr_fleet_part_read(const char *path, struct mr_arena *arena, struct mr_fleet_part *out,
                                bool *is_there, struct mr_err *err);

#endif
