/*
 * verify: is a snapshot still what was written?
 *
 * Names, sizes and SHA-256 of every file; then the rows of every chunk: readable, as many,
 * with the same digest, in the order and range of their keys.  With `quick` only names and
 * sizes.  Chunks are read by several threads.  What is wrong is pushed to snap->damage.
 */
#ifndef MR_VERIFY_H
#define MR_VERIFY_H

#include "core/cli/progress.h"
#include "snapshot/read/snap_open.h"

struct mr_verify_opts {
    unsigned threads;
    bool quick;
    bool unread; /* rows are encrypted, and there is no key: files are compared alone */
    struct mr_progress *progress;
};

/* snap: opened; its own damage is left as it is. */
enum mr_code mr_verify(struct mr_snap *snap, const struct mr_verify_opts *opts, struct mr_err *err);

#endif
