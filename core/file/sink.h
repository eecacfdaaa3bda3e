/*
 * sink: where a stream of bytes goes, so that layers can be put on top of one another:
 * content → compress → cms → parts.
 *
 * A sink takes all the bytes or fails.  After a failure the layer above gives it no
 * more.  Ownership: the bytes are the caller's; arg must outlive the layer above.
 */
#ifndef MR_SINK_H
#define MR_SINK_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

struct mr_sink {
    enum mr_code (*write)(void *arg, const void *ptr, size_t len, struct mr_err *err);
    void *arg;
};

/* Appends to the buffer. */
struct mr_sink mr_sink_to_strbuf(struct mr_strbuf *out);

#endif
