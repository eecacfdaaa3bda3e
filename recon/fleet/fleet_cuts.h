/*
 * fleet_cuts: keys that cut a big table into ranges of about equal many rows, never by a scan.
 *
 * mr_reader_bounds() cuts the width of the key's space, in which rows may lie as unevenly as they
 * like.  Here the server's own estimates weigh what it has cut (mr_reader_estimate), and what is too
 * heavy is cut again, until no piece is heavier than half of a range: then ends are chosen from those
 * of the pieces.  Estimates are wrong at their best by some percent: ranges are about equal, and
 * tile whatever they weigh.
 *
 * Costs a server about eight short statements a cut, none of them after limit_s.
 *
 * Errors: those of a reader.  Ownership: keys' bytes are the arena's.  Threads: the reader's.
 */
#ifndef MR_FLEET_CUTS_H
#define MR_FLEET_CUTS_H

#include "core/source/source.h"

#define MR_FLEET_CUTS_MAX 2000
#define MR_FLEET_CUTS_S 20.0 /* of a table, in a plan, at most */

/* Pushes at most `wanted` keys (struct mr_key), ascending in the server's order.  *rough: limit_s were
 * over while a piece was still too heavy. */
enum mr_code mr_fleet_cuts(struct mr_reader *reader, const struct mr_readspec *spec, size_t wanted,
                           double limit_s, struct mr_arena *arena, struct mr_vec *keys, bool *rough,
                           struct mr_err *err);

/* For how long a table may be cut into `wanted` of `all` ranges that there are still to find, for which left_s are left:
 * its share, and MR_FLEET_CUTS_S at most; 0: not at all. */
double mr_fleet_cuts_limit(double left_s, size_t wanted, size_t all);

#endif
