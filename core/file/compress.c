/* compress.c: see compress.h. */
#include "core/file/compress.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zstd.h>

struct mr_compress {
    struct mr_sink sink;
    ZSTD_CCtx *context;
    bool is_over; /* finished, or failed */
    void *buffer;
    size_t buffer_bytes;
};

enum mr_code mr_compress_new(struct mr_sink sink, struct mr_compress **out, struct mr_err *err)
{
    return mr_compress_new_level(sink, MR_COMPRESS_LEVEL, out, err);
}

/* With a checksum in each frame, so that damage is found by any zstd that reads the file, also
 * where nobody keeps its digest. */
enum mr_code mr_compress_new_level(struct mr_sink sink, int level, struct mr_compress **out,
                                   struct mr_err *err)
{
    struct mr_compress *compress = calloc(1, sizeof *compress);
    *out = compress;
    if (compress == NULL)
        return mr_err_nomem(err, "compressing");
    compress->sink = sink;
    compress->buffer_bytes = ZSTD_CStreamOutSize();
    compress->buffer = malloc(compress->buffer_bytes);
    compress->context = ZSTD_createCCtx();
    if (compress->buffer != NULL && compress->context != NULL &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(compress->context, ZSTD_c_compressionLevel, level)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(compress->context, ZSTD_c_checksumFlag, 1)))
        return MR_OK;
    mr_compress_free(compress);
    *out = NULL;
    return mr_err_nomem(err, "compressing");
}

/* Until all the input is taken, and at the end until all the output is out. */
static enum mr_code run(struct mr_compress *compress, const void *ptr, size_t len,
                        ZSTD_EndDirective how, struct mr_err *err)
{
    ZSTD_inBuffer in = {.src = ptr, .size = len};
    size_t left;
    assert(!compress->is_over);
    compress->is_over = true; /* unless it ends well */
    do {
        ZSTD_outBuffer out = {.dst = compress->buffer, .size = compress->buffer_bytes};
        left = ZSTD_compressStream2(compress->context, &out, &in, how);
        if (ZSTD_isError(left)) {
            /* with valid parameters and buffers there is no other reason */
            enum mr_code rc = mr_err_nomem(err, "compressing");
            mr_err_detail(err, "zstd: %s", ZSTD_getErrorName(left));
            return rc;
        }
        if (out.pos > 0) {
            enum mr_code rc = compress->sink.write(compress->sink.arg, out.dst, out.pos, err);
            if (rc != MR_OK)
                return rc;
        }
    } while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
    compress->is_over = how == ZSTD_e_end;
    return MR_OK;
}

enum mr_code mr_compress_write(struct mr_compress *compress, const void *ptr, size_t len,
                               struct mr_err *err)
{
    return run(compress, ptr, len, ZSTD_e_continue, err);
}

enum mr_code mr_compress_finish(struct mr_compress *compress, struct mr_err *err)
{
    return run(compress, NULL, 0, ZSTD_e_end, err);
}

void mr_compress_free(struct mr_compress *compress)
{
    if (compress == NULL)
        return;
    (void)ZSTD_freeCCtx(compress->context);
    free(compress->buffer);
    free(compress);
}
