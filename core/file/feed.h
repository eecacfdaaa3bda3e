/*
 * feed: where a stream of bytes comes from; the counterpart of sink.h, for whoever asks
 * for bytes instead of being given them.
 *
 * A feed gives at least one byte, or none at its end, or fails.  After a failure or the
 * end it is asked no more.  Ownership: arg must outlive whoever reads.
 */
#ifndef MR_FEED_H
#define MR_FEED_H

#include <stddef.h>

#include "core/base/err.h"

struct mr_feed {
    /* Up to `size` bytes into buf; *got = 0 at the end. */
    enum mr_code (*read)(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err);
    void *arg;
};

#endif
