/* decompress.c: see decompress.h. */
#include "core/file/decompress.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "core/file/in_file.h"

#define READ_BYTES ((size_t)64 * 1024)

struct mr_decompress {
    struct mr_sink sink;
    ZSTD_DCtx *context;
    void *buffer;
    size_t buffer_bytes;
    bool is_whole;   /* a frame has ended, and nothing follows yet */
    bool is_damaged; /* the error is of the data, not of the sink */
};

enum mr_code mr_decompress_new(struct mr_sink sink, struct mr_decompress **out, struct mr_err *err)
{
    struct mr_decompress *d = calloc(1, sizeof *d);
    *out = NULL;
    if (d == NULL)
        return mr_err_nomem(err, "decompressing");
    d->sink = sink;
    d->buffer_bytes = ZSTD_DStreamOutSize();
    d->buffer = malloc(d->buffer_bytes);
    d->context = ZSTD_createDCtx();
    if (d->buffer == NULL || d->context == NULL) {
        mr_decompress_free(d);
        return mr_err_nomem(err, "decompressing");
    }
    *out = d;
    return MR_OK;
}

static enum mr_code failed(size_t code, struct mr_err *err)
{
    if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
        return mr_err_nomem(err, "decompressing");
    return mr_err_set(err, MR_E_IO, "damaged zstd data: %s", ZSTD_getErrorName(code));
}

/* As long as the output is filled to the brim there may be more, held back by zstd, although all
 * input is taken: it is asked again without any. */
enum mr_code mr_decompress_write(struct mr_decompress *d, const void *ptr, size_t len,
                                 struct mr_err *err)
{
    ZSTD_inBuffer in = {.src = ptr, .size = len};
    bool is_full = false;
    while ((in.pos < in.size || is_full)) {
        ZSTD_outBuffer out = {.dst = d->buffer, .size = d->buffer_bytes};
        size_t left = ZSTD_decompressStream(d->context, &out, &in);
        if (ZSTD_isError(left)) {
            d->is_damaged = true;
            return failed(left, err);
        }
        d->is_whole = left == 0;
        is_full = left != 0 && out.pos == out.size;
        if (out.pos > 0)
            MR_TRY(d->sink.write(d->sink.arg, out.dst, out.pos, err));
    }
    return MR_OK;
}

enum mr_code mr_decompress_finish(struct mr_decompress *d, struct mr_err *err)
{
    d->is_damaged = !d->is_whole;
    return d->is_whole ? MR_OK : mr_err_set(err, MR_E_IO, "the zstd data is cut off");
}

void mr_decompress_free(struct mr_decompress *d)
{
    if (d == NULL)
        return;
    (void)ZSTD_freeDCtx(d->context);
    free(d->buffer);
    free(d);
}

/* Of damage the file is named; an error of the sink is about where it writes, and stays as it
 * is. */
static enum mr_code pump(int fd, const char *path, struct mr_decompress *d, char *buffer,
                         struct mr_err *err)
{
    for (;;) {
        size_t got = 0;
        enum mr_code code = mr_in_read(fd, path, buffer, READ_BYTES, &got, err);
        if (code == MR_OK)
            code =
                got > 0 ? mr_decompress_write(d, buffer, got, err) : mr_decompress_finish(d, err);
        if (code != MR_OK && d->is_damaged)
            mr_err_context(err, "file \"%s\"", path);
        if (code != MR_OK || got == 0)
            return code;
    }
}

enum mr_code mr_decompress_file(const char *path, struct mr_sink sink, struct mr_err *err)
{
    struct mr_decompress *d = NULL;
    char *buffer = malloc(READ_BYTES);
    int fd = -1;
    enum mr_code code = MR_OK;
    if (buffer == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "decompressing"));
    MR_TRY_OUT(mr_in_open(path, MR_IN_PART, &fd, err));
    MR_TRY_OUT(mr_decompress_new(sink, &d, err));
    MR_TRY_OUT(pump(fd, path, d, buffer, err));
out:
    mr_decompress_free(d);
    if (fd >= 0)
        (void)close(fd);
    free(buffer);
    return code;
}

/* ---- asked for ---- */

#define WINDOW_LOG_MAX 23
#define WIDE_WINDOW_LOG_MAX 27

struct mr_decompress_in {
    struct mr_feed from;
    ZSTD_DCtx *context;
    ZSTD_inBuffer in;
    bool is_whole;
    bool is_over; /* the feed has ended */
    char buffer[READ_BYTES];
};

/* The window is bounded: a file names the one that it needs, and a forged one would name
 * gigabytes. */
static enum mr_code open_in(struct mr_feed from, int window_log, struct mr_decompress_in **out,
                            struct mr_err *err)
{
    struct mr_decompress_in *u = calloc(1, sizeof *u);
    *out = NULL;
    if (u == NULL)
        return mr_err_nomem(err, "decompressing");
    u->from = from;
    u->context = ZSTD_createDCtx();
    if (u->context == NULL ||
        ZSTD_isError(ZSTD_DCtx_setParameter(u->context, ZSTD_d_windowLogMax, window_log))) {
        mr_decompress_in_close(u);
        return mr_err_nomem(err, "decompressing");
    }
    u->in.src = u->buffer;
    *out = u;
    return MR_OK;
}

enum mr_code mr_decompress_in_open(struct mr_feed from, struct mr_decompress_in **out,
                                   struct mr_err *err)
{
    return open_in(from, WINDOW_LOG_MAX, out, err);
}

enum mr_code mr_decompress_in_open_wide(struct mr_feed from, struct mr_decompress_in **out,
                                        struct mr_err *err)
{
    return open_in(from, WIDE_WINDOW_LOG_MAX, out, err);
}

void mr_decompress_in_again(struct mr_decompress_in *u, struct mr_feed from)
{
    (void)ZSTD_DCtx_reset(u->context, ZSTD_reset_session_only);
    u->from = from;
    u->in = (ZSTD_inBuffer){.src = u->buffer};
    u->is_whole = u->is_over = false;
}

static enum mr_code refill(struct mr_decompress_in *u, struct mr_err *err)
{
    size_t got = 0;
    enum mr_code code = u->from.read(u->from.arg, u->buffer, sizeof u->buffer, &got, err);
    u->in.size = code == MR_OK ? got : 0;
    u->in.pos = 0;
    u->is_over = got == 0;
    return code;
}

/* Behind the end of a frame zstd asks for a next one, which need not come: so whether the data is
 * whole is judged only where it was given something, or gave something. */
enum mr_code mr_decompress_in_read(struct mr_decompress_in *u, void *buf, size_t size, size_t *got,
                                   struct mr_err *err)
{
    ZSTD_outBuffer out = {.dst = buf, .size = size};
    *got = 0;
    while (out.pos == 0) {
        bool had = u->in.pos < u->in.size;
        size_t left = ZSTD_decompressStream(u->context, &out, &u->in);
        if (ZSTD_isError(left))
            return failed(left, err);
        if (had || out.pos > 0)
            u->is_whole = left == 0;
        if (out.pos > 0 || u->in.pos < u->in.size)
            continue;
        if (u->is_over)
            return u->is_whole ? MR_OK : mr_err_set(err, MR_E_IO, "the zstd data is cut off");
        MR_TRY(refill(u, err));
    }
    *got = out.pos;
    return MR_OK;
}

void mr_decompress_in_close(struct mr_decompress_in *u)
{
    if (u == NULL)
        return;
    (void)ZSTD_freeDCtx(u->context);
    free(u);
}

/* ---- pieces ---- */

struct mr_decompress_dict {
    ZSTD_DDict *dict;
};

struct mr_decompress_pieces {
    ZSTD_DCtx *context;
};

enum mr_code mr_decompress_dict_new(const void *ptr, size_t len, uint32_t number,
                                    struct mr_decompress_dict **out, struct mr_err *err)
{
    *out = NULL;
    if (number == 0 || ZSTD_getDictID_fromDict(ptr, len) != number)
        return mr_err_set(err, MR_E_IO, "damaged zstd data: no dictionary");
    /* first, since ZSTD_createDDict does not tell damage from a want of memory */
    const size_t header = ZDICT_getDictHeaderSize(ptr, len);
    if (ZDICT_isError(header))
        return failed(header, err);
    struct mr_decompress_dict *dict = calloc(1, sizeof *dict);
    if (dict == NULL)
        return mr_err_nomem(err, "decompressing");
    dict->dict = ZSTD_createDDict(ptr, len);
    if (dict->dict == NULL) {
        mr_decompress_dict_free(dict);
        return mr_err_nomem(err, "decompressing");
    }
    *out = dict;
    return MR_OK;
}

void mr_decompress_dict_free(struct mr_decompress_dict *dict)
{
    if (dict == NULL)
        return;
    (void)ZSTD_freeDDict(dict->dict);
    free(dict);
}

enum mr_code mr_decompress_piece_look(const void *ptr, size_t len, uint32_t *dict,
                                      uint64_t *size_bytes, struct mr_err *err)
{
    const unsigned long long size = ZSTD_getFrameContentSize(ptr, len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return mr_err_set(err, MR_E_IO, "damaged zstd data: no frame");
    *dict = ZSTD_getDictID_fromFrame(ptr, len);
    *size_bytes = size;
    return MR_OK;
}

enum mr_code mr_decompress_pieces_new(struct mr_decompress_pieces **out, struct mr_err *err)
{
    struct mr_decompress_pieces *pieces = calloc(1, sizeof *pieces);
    *out = pieces;
    if (pieces == NULL)
        return mr_err_nomem(err, "decompressing");
    pieces->context = ZSTD_createDCtx();
    if (pieces->context != NULL)
        return MR_OK;
    mr_decompress_pieces_free(pieces);
    *out = NULL;
    return mr_err_nomem(err, "decompressing");
}

enum mr_code mr_decompress_piece(struct mr_decompress_pieces *pieces,
                                 const struct mr_decompress_dict *dict, const void *ptr, size_t len,
                                 void *buf, size_t size, struct mr_err *err)
{
    const size_t got =
        dict != NULL ? ZSTD_decompress_usingDDict(pieces->context, buf, size, ptr, len, dict->dict)
                     : ZSTD_decompressDCtx(pieces->context, buf, size, ptr, len);
    if (ZSTD_isError(got))
        return failed(got, err);
    if (got != size)
        return mr_err_set(err, MR_E_IO, "damaged zstd data: another size than it says");
    return MR_OK;
}

void mr_decompress_pieces_free(struct mr_decompress_pieces *pieces)
{
    if (pieces == NULL)
        return;
    (void)ZSTD_freeDCtx(pieces->context);
    free(pieces);
}
