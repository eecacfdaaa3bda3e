/*
 * apply_blocks: has anybody else taken the ids that a plan gives to restored rows?
 *
 * Before the plan's own reseed, a counter, key or reference of TARGET at or above the
 * first of these ids is somebody else's.  After it (the counter stands behind the last),
 * only what lies among them: a key that the plan gives to nobody, or a reference to a row
 * that is not there.  A key of the plan that somebody else's row holds is left to the
 * guards of its unit.
 *
 * Errors: MR_E_REFUSED naming table and id; those of db.h.  Threads: one.
 */
#ifndef MR_APPLY_BLOCKS_H
#define MR_APPLY_BLOCKS_H

#include "repair/apply/target.h"

/* Only reads.  MR_OK: nobody has. */
enum mr_code mr_apply_check_blocks(const struct mr_target *target,
                                   const struct mr_manifest *manifest, struct mr_err *err);

#endif
