/*
 * merge_still: is a server as it was when its binary logs were read?
 *
 * A row that a complete log does not name stands as it did at the split, but only if nothing has been
 * written since the log was read.  By what the server has executed (GTIDs); without them, by where its
 * log ends.
 *
 * Errors: those of the servers and the case; a right that is lacking is none, and not still.
 */
#ifndef MR_MERGE_STILL_H
#define MR_MERGE_STILL_H

#include "repair/merge/merge_internal.h"

/* Sets m->is_still, when the views are open: what they show was there before it is asked.  Where logs of
 * SOURCE were read and it has gone on since, a warning says so. */
enum mr_code mr_merge_still(struct mr_merge *m, struct mr_err *err);

#endif
