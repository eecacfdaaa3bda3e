/*
 * verify_one: the proof of one snapshot, as the options of `snapshot verify` want it.
 *
 *   mr_snap_open → mr_verify_one → snap->damage → mr_verify_keep_record → mr_snap_close
 *
 * Errors: those of verify.h; of a key or a certificate that is not the snapshot's.
 */
#ifndef MR_VERIFY_ONE_H
#define MR_VERIFY_ONE_H

#include "snapshot/read/snap_options.h"
#include "snapshot/verify.h"

enum mr_code mr_verify_one(struct mr_snap *snap, const struct mr_snap_options *opts,
                           struct mr_progress *progress, struct mr_err *err);
/* Its rows are encrypted, and there is no key: files are compared alone. */
bool mr_verify_is_unread(const struct mr_snap *snap, const struct mr_snap_options *opts);
/* What was read as a whole, and what is damaged by anybody's measure: another signer than one that is
 * asked for is no damage of the files.  false: nothing is kept, and the snapshot is as good. */
bool mr_verify_keep_record(const struct mr_snap *snap, const struct mr_snap_options *opts);
/* damage: of struct mr_snap_damage; a line each, for a terminal. */
void mr_verify_add_damage(struct mr_strbuf *out, const struct mr_vec *damage, bool color);

#endif
