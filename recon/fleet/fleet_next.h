/*
 * fleet_next: what somebody who reads how a fleet's work stands should do now: complete commands.
 *
 *   mr_fleet_next_of_part     behind the result of one part
 *   mr_fleet_next_of_status   behind the state of all parts
 *   mr_fleet_next_of_merge    behind what the pairs have come to
 *
 * Nothing is added where nothing is to be done.  Ownership: appended to the caller's.  Errors: those of
 * the buffer.  Threads: any.
 */
#ifndef MR_FLEET_NEXT_H
#define MR_FLEET_NEXT_H

#include "core/base/strbuf.h"
#include "recon/fleet/fleet_merge.h"
#include "recon/fleet/fleet_status.h"

void mr_fleet_next_of_part(const struct mr_fleet_file *file, const struct mr_fleet_part *part,
                           struct mr_strbuf *out);
void mr_fleet_next_of_status(const struct mr_fleet_status *status, struct mr_strbuf *out);
/* pairs: as many as the file's; output: the directory of the cases. */
void mr_fleet_next_of_merge(const struct mr_fleet_merge *merge, const struct mr_fleet_merged *pairs,
                            const char *output, struct mr_strbuf *out);

#endif
