/*
 * fleet_telling: what a process tells of the part that it works on, in DIR/parts/I.json.
 *
 *   mr_fleet_telling_begin → { …work, mr_fleet_telling_is_due → _tell }… → _tell for the last time
 *
 * Ownership: the part is the caller's, texts live in the arena.  Errors: MR_E_IO, MR_E_NOMEM.
 * Threads: one.
 */
#ifndef MR_FLEET_TELLING_H
#define MR_FLEET_TELLING_H

#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_part.h"

#define MR_FLEET_LOOK_S 2.0 /* between two looks of who waits for a part */

struct mr_fleet_telling {
    struct mr_fleet_part *part;
    struct mr_arena *arena;
    const char *path;
    double begun_s, told_s; /* mr_clock_now_s() */
    uint64_t millis_before; /* of work, by others */
};

/* Who works, on what, since now; makes DIR/parts.  The part's pairs are left alone. */
enum mr_code mr_fleet_telling_begin(struct mr_fleet_telling *t, const struct mr_fleet_file *file,
                                    size_t part, struct mr_fleet_part *out, struct mr_arena *arena,
                                    struct mr_err *err);
/* Every five seconds. */
bool mr_fleet_telling_is_due(const struct mr_fleet_telling *t);
enum mr_code mr_fleet_telling_tell(struct mr_fleet_telling *t, enum mr_fleet_word state,
                                   struct mr_err *err);

/* A directory that is full, or away for a moment, costs no work: it is warned of.  An error is that
 * another has the part, or that memory is out. */
enum mr_code mr_fleet_telling_bear(enum mr_code code, const struct mr_err *why, struct mr_err *err);

/* "pair shop-01", in front of what its process says; NULL: no memory. */
const char *mr_fleet_telling_label(const char *pair, struct mr_arena *arena);

/* Is there no pair of it that was not done? */
bool mr_fleet_part_is_done(const struct mr_fleet_part *part);
/* A pair that is under way waits for the next run; what the part tells says why it has ended, unless it
 * was a signal. */
void mr_fleet_telling_pause(struct mr_fleet_telling *t, const struct mr_err *why);

#endif
