/*
 * unzstd: zstd frames back into bytes, by the library's own decoder.
 */
#ifndef MR_TESTS_UNZSTD_H
#define MR_TESTS_UNZSTD_H

#include <stdbool.h>
#include <stdlib.h>
#include <zstd.h>

#include "core/base/strbuf.h"

/* Appends; false where the frame is damaged or its end is missing. */
static inline bool unzstd(const void *ptr, size_t len, struct mr_strbuf *out)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {.src = ptr, .size = len};
    size_t left = 1;
    bool is_full;
    do {
        if (!mr_strbuf_reserve(out, 1 << 16))
            abort();
        ZSTD_outBuffer to = {.dst = out->ptr + out->len, .size = 1 << 16};
        left = ZSTD_decompressStream(context, &to, &in);
        out->len += to.pos;
        is_full = to.pos == to.size;
    } while (!ZSTD_isError(left) && (in.pos < in.size || (left > 0 && is_full)));
    (void)ZSTD_freeDCtx(context);
    return left == 0;
}

#endif
