/* inflate.c: see inflate.h. */
#include "core/file/inflate.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#define READ_BYTES ((size_t)64 * 1024)
#define GZIP_WINDOW (15 + 16) /* a gzip header, and no other */

static enum mr_code failed(int status, const char *message, struct mr_err *err)
{
    if (status == Z_MEM_ERROR)
        return mr_err_nomem(err, "decompressing");
    return mr_err_set(err, MR_E_IO, "damaged zlib data%s%s", message != NULL ? ": " : "",
                      message != NULL ? message : "");
}

/* ---- a gzip stream ---- */

struct mr_gunzip {
    struct mr_feed from;
    z_stream z;
    bool is_whole; /* a member has ended, and nothing follows yet */
    bool is_over;  /* the feed has ended */
    unsigned char buffer[READ_BYTES];
};

enum mr_code mr_gunzip_open(struct mr_feed from, struct mr_gunzip **out, struct mr_err *err)
{
    struct mr_gunzip *g = calloc(1, sizeof *g);
    *out = NULL;
    if (g == NULL)
        return mr_err_nomem(err, "decompressing");
    g->from = from;
    if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
        free(g);
        return mr_err_nomem(err, "decompressing");
    }
    *out = g;
    return MR_OK;
}

static enum mr_code refill(struct mr_gunzip *g, struct mr_err *err)
{
    size_t got = 0;
    MR_TRY(g->from.read(g->from.arg, g->buffer, sizeof g->buffer, &got, err));
    g->z.next_in = g->buffer;
    g->z.avail_in = (uInt)got;
    g->is_over = got == 0;
    return MR_OK;
}

/* Behind a member another may begin, or nothing; each step takes or gives a byte, or is the
 * last. */
enum mr_code mr_gunzip_read(struct mr_gunzip *g, void *buf, size_t size, size_t *got,
                            struct mr_err *err)
{
    const uInt room = size < UINT_MAX ? (uInt)size : UINT_MAX;
    *got = 0;
    g->z.next_out = buf;
    g->z.avail_out = room;
    while (g->z.avail_out == room) {
        if (g->z.avail_in == 0 && !g->is_over)
            MR_TRY(refill(g, err));
        if (g->z.avail_in == 0 && g->is_whole)
            return MR_OK;
        if (g->is_whole && inflateReset(&g->z) != Z_OK)
            return failed(Z_STREAM_ERROR, NULL, err);
        g->is_whole = false;
        const int status = inflate(&g->z, Z_NO_FLUSH);
        if (status == Z_STREAM_END)
            g->is_whole = true;
        else if (status != Z_OK && status != Z_BUF_ERROR)
            return failed(status, g->z.msg, err);
        else if (g->is_over && g->z.avail_out == room)
            return mr_err_set(err, MR_E_IO, "the gzip data is cut off");
    }
    *got = room - g->z.avail_out;
    return MR_OK;
}

void mr_gunzip_close(struct mr_gunzip *g)
{
    if (g == NULL)
        return;
    (void)inflateEnd(&g->z);
    free(g);
}

/* ---- a part ---- */

struct mr_inflate {
    z_stream z;
};

enum mr_code mr_inflate_new(struct mr_inflate **out, struct mr_err *err)
{
    struct mr_inflate *i = calloc(1, sizeof *i);
    *out = NULL;
    if (i == NULL || inflateInit(&i->z) != Z_OK) {
        free(i);
        return mr_err_nomem(err, "decompressing");
    }
    *out = i;
    return MR_OK;
}

enum mr_code mr_inflate_part(struct mr_inflate *i, const void *ptr, size_t len, void *buf,
                             size_t size, struct mr_err *err)
{
    if (len > UINT_MAX || size > UINT_MAX || inflateReset(&i->z) != Z_OK)
        return failed(Z_STREAM_ERROR, NULL, err);
    i->z.next_in = ptr;
    i->z.avail_in = (uInt)len;
    i->z.next_out = buf;
    i->z.avail_out = (uInt)size;
    const int status = inflate(&i->z, Z_FINISH);
    if (status != Z_STREAM_END)
        return failed(status, i->z.msg, err);
    if (i->z.avail_in != 0 || i->z.avail_out != 0)
        return mr_err_set(err, MR_E_IO, "damaged zlib data: another size than it says");
    return MR_OK;
}

/* Deflate codes at most 258 bytes by 2 bits; a short stream may be all header. */
uint64_t mr_inflate_most(size_t len)
{
    return (uint64_t)len * 1032;
}

void mr_inflate_free(struct mr_inflate *i)
{
    if (i == NULL)
        return;
    (void)inflateEnd(&i->z);
    free(i);
}

uint32_t mr_crc32(const void *ptr, size_t len)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), ptr, len);
}
