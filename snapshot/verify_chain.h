/*
 * verify_chain: is all that an incremental snapshot goes on from there, and as it was?
 *
 * Ownership: what is found becomes damage of the snapshot, under the path of the link.  Errors: those of
 * snap_chain.h and verify.h.  Threads: as mr_verify().
 */
#ifndef MR_VERIFY_CHAIN_H
#define MR_VERIFY_CHAIN_H

#include "snapshot/verify_one.h"

/* snap was verified itself.  Each link that is proved keeps a record of it, as snap does.  *links: how many
 * were looked at, itself among them; *unread: rows of one that it goes on from were not read, for want of a key. */
enum mr_code mr_verify_chain(struct mr_snap *snap, const struct mr_snap_options *opts,
                             struct mr_progress *progress, size_t *links, bool *unread,
                             struct mr_err *err);

#endif
