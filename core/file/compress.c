/* compress.c: see compress.h. */
#include "core/file/compress.h"

#include <assert.h>
#include <stdlib.h>
#include <zdict.h>
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

/* ---- pieces ---- */

#define DICT_NUMBER_AT 4 /* behind the magic number, little-endian */

struct mr_compress_dict {
    ZSTD_CDict *dict;
};

struct mr_compress_pieces {
    ZSTD_CCtx *context;
};

/* zstd numbers dictionaries at random, in four bytes of each frame. */
static void set_number(unsigned char *dict, uint32_t number)
{
    for (size_t i = 0; i < sizeof number; i++)
        dict[DICT_NUMBER_AT + i] = (unsigned char)(number >> 8 * i);
}

enum mr_code mr_compress_dict_train(const void *samples, const size_t *sizes, unsigned count,
                                    uint32_t number, struct mr_strbuf *out, bool *made,
                                    struct mr_err *err)
{
    unsigned char *dict = malloc(MR_COMPRESS_DICT_BYTES);
    *made = false;
    if (dict == NULL)
        return mr_err_nomem(err, "compressing");
    size_t len = ZDICT_trainFromBuffer(dict, MR_COMPRESS_DICT_BYTES, samples, sizes, count);
    if (!ZDICT_isError(len)) {
        set_number(dict, number);
        mr_strbuf_add(out, dict, len);
        *made = true;
    }
    free(dict);
    return mr_strbuf_check(out, "compressing", err);
}

enum mr_code mr_compress_dict_new(const void *ptr, size_t len, uint32_t number,
                                  struct mr_compress_dict **out, struct mr_err *err)
{
    *out = NULL;
    if (number == 0 || ZDICT_getDictID(ptr, len) != number ||
        ZDICT_isError(ZDICT_getDictHeaderSize(ptr, len)))
        return mr_err_set(err, MR_E_IO, "damaged zstd data: no dictionary");
    struct mr_compress_dict *dict = calloc(1, sizeof *dict);
    if (dict == NULL)
        return mr_err_nomem(err, "compressing");
    dict->dict = ZSTD_createCDict(ptr, len, MR_COMPRESS_LEVEL);
    if (dict->dict == NULL) {
        mr_compress_dict_free(dict);
        return mr_err_nomem(err, "compressing");
    }
    *out = dict;
    return MR_OK;
}

void mr_compress_dict_free(struct mr_compress_dict *dict)
{
    if (dict == NULL)
        return;
    (void)ZSTD_freeCDict(dict->dict);
    free(dict);
}

enum mr_code mr_compress_pieces_new(struct mr_compress_pieces **out, struct mr_err *err)
{
    struct mr_compress_pieces *pieces = calloc(1, sizeof *pieces);
    *out = pieces;
    if (pieces == NULL)
        return mr_err_nomem(err, "compressing");
    pieces->context = ZSTD_createCCtx();
    if (pieces->context != NULL &&
        !ZSTD_isError(
            ZSTD_CCtx_setParameter(pieces->context, ZSTD_c_compressionLevel, MR_COMPRESS_LEVEL)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(pieces->context, ZSTD_c_checksumFlag, 1)))
        return MR_OK;
    mr_compress_pieces_free(pieces);
    *out = NULL;
    return mr_err_nomem(err, "compressing");
}

enum mr_code mr_compress_piece(struct mr_compress_pieces *pieces,
                               const struct mr_compress_dict *dict, const void *ptr, size_t len,
                               struct mr_strbuf *out, struct mr_err *err)
{
    const size_t bound = ZSTD_compressBound(len);
    if (!mr_strbuf_reserve(out, bound))
        return mr_strbuf_check(out, "compressing", err);
    size_t got = ZSTD_CCtx_refCDict(pieces->context, dict != NULL ? dict->dict : NULL);
    if (!ZSTD_isError(got))
        got = ZSTD_compress2(pieces->context, out->ptr + out->len, bound, ptr, len);
    if (ZSTD_isError(got)) {
        /* as above: there is room, and the parameters are valid */
        enum mr_code code = mr_err_nomem(err, "compressing");
        mr_err_detail(err, "zstd: %s", ZSTD_getErrorName(got));
        return code;
    }
    out->len += got;
    out->ptr[out->len] = '\0';
    return MR_OK;
}

void mr_compress_pieces_free(struct mr_compress_pieces *pieces)
{
    if (pieces == NULL)
        return;
    (void)ZSTD_freeCCtx(pieces->context);
    free(pieces);
}
