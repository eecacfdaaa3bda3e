/* binlog_unpack.c: see binlog_unpack.h. */
#include "core/binlog/binlog_unpack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/decompress.h"
#include "core/file/inflate.h"

#define FIRST_BYTES ((size_t)256 * 1024)

/* Fields before a payload, each a number, a length and a value. */
enum field { END_OF_FIELDS = 0, PAYLOAD_SIZE = 1, COMPRESSION = 2, UNPACKED_SIZE = 3 };

#define BY_ZSTD 0
#define NOT_COMPRESSED 255

struct buffer {
    uint8_t *ptr;
    size_t cap;
};

struct mr_binlog_unpack {
    struct mr_inflate *inflate;
    struct buffer plain; /* an inflated event */
    /* the payload */
    struct mr_binlog_event payload;
    struct mr_decompress_in *zstd;
    struct mr_binlog_cursor packed; /* what is left of it */
    bool is_packed, is_ended;
    uint64_t left; /* bytes that may still come out */
    bool has_size; /* and must */
    struct buffer inner;
    size_t from, to; /* of inner: bytes that came out and were not used yet */
};

enum mr_code mr_binlog_unpack_new(struct mr_binlog_unpack **out, struct mr_err *err)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? MR_OK : mr_err_nomem(err, "unpacking a binary log");
}

void mr_binlog_unpack_free(struct mr_binlog_unpack *u)
{
    if (u == NULL)
        return;
    mr_inflate_free(u->inflate);
    mr_decompress_in_close(u->zstd);
    free(u->plain.ptr);
    free(u->inner.ptr);
    free(u);
}

static enum mr_code grow(struct buffer *buffer, size_t size, struct mr_err *err)
{
    if (size <= buffer->cap)
        return MR_OK;
    uint8_t *grown = realloc(buffer->ptr, size);
    if (grown == NULL)
        return mr_err_nomem(err, "unpacking a binary log");
    buffer->ptr = grown;
    buffer->cap = size;
    return MR_OK;
}

/* ---- MariaDB ---- */

static enum mr_binlog_type plain_type(enum mr_binlog_type type)
{
    switch ((unsigned)type) {
    case MR_BINLOG_QUERY_COMPRESSED: return MR_BINLOG_QUERY;
    case MR_BINLOG_WRITE_ROWS_COMPRESSED_V1: return MR_BINLOG_WRITE_ROWS_V1;
    case MR_BINLOG_UPDATE_ROWS_COMPRESSED_V1: return MR_BINLOG_UPDATE_ROWS_V1;
    case MR_BINLOG_DELETE_ROWS_COMPRESSED_V1: return MR_BINLOG_DELETE_ROWS_V1;
    case MR_BINLOG_WRITE_ROWS_COMPRESSED: return MR_BINLOG_WRITE_ROWS_V2;
    case MR_BINLOG_UPDATE_ROWS_COMPRESSED: return MR_BINLOG_UPDATE_ROWS_V2;
    case MR_BINLOG_DELETE_ROWS_COMPRESSED: return MR_BINLOG_DELETE_ROWS_V2;
    default: return MR_BINLOG_NONE;
    }
}

/* To where the compressed part begins: behind the columns' bitmaps, or behind the database. */
static void skip_plain(struct mr_binlog_cursor *c, enum mr_binlog_type plain)
{
    if (plain == MR_BINLOG_QUERY) {
        (void)mr_binlog_take(c, 8);
        const uint64_t db_len = mr_binlog_uint(c, 1);
        (void)mr_binlog_take(c, 2);
        (void)mr_binlog_take(c, mr_binlog_uint(c, 2));
        (void)mr_binlog_take(c, db_len + 1);
        return;
    }
    const bool is_v2 = plain >= MR_BINLOG_WRITE_ROWS_V2;
    (void)mr_binlog_take(c, 8);
    if (is_v2) {
        const uint64_t extra = mr_binlog_uint(c, 2); /* it counts itself */
        c->failed = c->failed || extra < 2;
        (void)mr_binlog_take(c, c->failed ? 0 : extra - 2);
    }
    const uint64_t columns = mr_binlog_packed(c);
    const bool is_update = plain == MR_BINLOG_UPDATE_ROWS_V1 || plain == MR_BINLOG_UPDATE_ROWS_V2;
    c->failed = c->failed || columns > mr_binlog_left(c) * 8;
    (void)mr_binlog_take(c, c->failed ? 0 : (columns + 7) / 8);
    (void)mr_binlog_take(c, c->failed || !is_update ? 0 : (columns + 7) / 8);
}

/* The highest bit, which way (0: zlib), and how many bytes, the greatest first, say what it
 * becomes. */
static uint64_t read_size(struct mr_binlog_cursor *c)
{
    const unsigned first = (unsigned)mr_binlog_uint(c, 1);
    const unsigned bytes = first & 7;
    uint64_t size = 0;
    c->failed = c->failed || (first & 0xf8) != 0x80 || bytes == 0 || bytes > 4;
    for (unsigned i = 0; i < bytes && !c->failed; i++)
        size = size << 8 | mr_binlog_uint(c, 1);
    return size;
}

enum mr_code mr_binlog_unpack_inflate(struct mr_binlog_unpack *u, struct mr_binlog_event *event,
                                      struct mr_err *err)
{
    const enum mr_binlog_type plain = plain_type(event->type);
    if (plain == MR_BINLOG_NONE)
        return MR_OK;
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    skip_plain(&c, plain);
    const size_t before = event->len - mr_binlog_left(&c);
    const uint64_t size = read_size(&c);
    if (c.failed || size > MR_BINLOG_EVENT_MAX - before ||
        size > mr_inflate_most(mr_binlog_left(&c)))
        return mr_binlog_damaged(&event->place, "a compressed event that cannot be one", err);
    if (u->inflate == NULL)
        MR_TRY(mr_inflate_new(&u->inflate, err));
    MR_TRY(grow(&u->plain, before + (size_t)size + 1, err));
    memcpy(u->plain.ptr, event->body, before);
    const enum mr_code code = mr_inflate_part(u->inflate, c.at, mr_binlog_left(&c),
                                              u->plain.ptr + before, (size_t)size, err);
    if (code == MR_E_IO)
        return mr_binlog_damaged(&event->place, "a compressed event that is damaged", err);
    event->type = plain;
    event->body = u->plain.ptr;
    event->len = before + (size_t)size;
    return code;
}

/* ---- MySQL ---- */

static enum mr_code damaged(const struct mr_binlog_unpack *u, const char *what, struct mr_err *err)
{
    return mr_binlog_damaged(&u->payload.place, what, err);
}

static enum mr_code feed_packed(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct mr_binlog_cursor *c = arg;
    (void)err;
    *got = mr_binlog_left(c) < size ? mr_binlog_left(c) : size;
    memcpy(buf, mr_binlog_take(c, *got), *got);
    return MR_OK;
}

static enum mr_code begin_zstd(struct mr_binlog_unpack *u, struct mr_err *err)
{
    const struct mr_feed feed = {.read = feed_packed, .arg = &u->packed};
    if (u->zstd == NULL)
        return mr_decompress_in_open_wide(feed, &u->zstd, err);
    mr_decompress_in_again(u->zstd, feed);
    return MR_OK;
}

/* Where a size is missing only each event is bounded. */
enum mr_code mr_binlog_unpack_payload_begin(struct mr_binlog_unpack *u,
                                            const struct mr_binlog_event *payload,
                                            struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(payload->body, payload->len);
    uint64_t way = BY_ZSTD, size = UINT64_MAX;
    u->payload = *payload;
    u->left = UINT64_MAX;
    u->has_size = false;
    for (uint64_t field; (field = mr_binlog_packed(&c)) != END_OF_FIELDS && !c.failed;) {
        const uint64_t len = mr_binlog_packed(&c);
        const uint8_t *at = mr_binlog_take(&c, len);
        struct mr_binlog_cursor value = mr_binlog_cursor(at, at != NULL ? (size_t)len : 0);
        if (field == PAYLOAD_SIZE)
            size = mr_binlog_packed(&value);
        if (field == COMPRESSION)
            way = mr_binlog_packed(&value);
        if (field == UNPACKED_SIZE) {
            u->left = mr_binlog_packed(&value);
            u->has_size = true;
        }
        c.failed = c.failed || value.failed;
    }
    if (c.failed || (size != UINT64_MAX && size != mr_binlog_left(&c)))
        return damaged(u, "a transaction payload that is cut off", err);
    if (way != BY_ZSTD && way != NOT_COMPRESSED)
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "binary log \"%s\", position %" PRIu64
                          ": a transaction payload compressed in a way that is not known",
                          payload->place.log, payload->place.position);
    u->packed = mr_binlog_cursor(c.at, mr_binlog_left(&c));
    u->is_packed = way == BY_ZSTD;
    u->is_ended = false;
    u->from = u->to = 0;
    MR_TRY(grow(&u->inner, FIRST_BYTES, err));
    return u->is_packed ? begin_zstd(u, err) : MR_OK;
}

/* Memory grows by what came out, never by what an event says of its length. */
static enum mr_code read_more(struct mr_binlog_unpack *u, struct mr_err *err)
{
    size_t got = 0;
    if (u->from > 0 && u->to == u->inner.cap) {
        memmove(u->inner.ptr, u->inner.ptr + u->from, u->to - u->from);
        u->to -= u->from;
        u->from = 0;
    }
    if (u->to == u->inner.cap) {
        const size_t cap = u->inner.cap;
        MR_TRY(grow(&u->inner, cap < MR_BINLOG_EVENT_MAX / 2 ? cap * 2 : MR_BINLOG_EVENT_MAX, err));
    }
    uint8_t *at = u->inner.ptr + u->to;
    const size_t room = u->inner.cap - u->to;
    const enum mr_code code = u->is_packed ? mr_decompress_in_read(u->zstd, at, room, &got, err)
                                           : feed_packed(&u->packed, at, room, &got, err);
    if (code == MR_E_IO)
        return damaged(u, "a transaction payload that is damaged", err);
    MR_TRY(code);
    if (got > u->left)
        return damaged(u, "a transaction payload that becomes more than it says", err);
    u->left -= got;
    u->to += got;
    u->is_ended = got == 0;
    return MR_OK;
}

static enum mr_code read_until(struct mr_binlog_unpack *u, size_t size, struct mr_err *err)
{
    while (u->to - u->from < size && !u->is_ended)
        MR_TRY(read_more(u, err));
    return MR_OK;
}

/* They belong to logs, not to transactions. */
static bool may_be_inner(enum mr_binlog_type type)
{
    return type != MR_BINLOG_FORMAT_DESCRIPTION && type != MR_BINLOG_ROTATE &&
           type != MR_BINLOG_STOP && type != MR_BINLOG_TRANSACTION_PAYLOAD &&
           type != MR_BINLOG_START_ENCRYPTION && type != MR_BINLOG_PREVIOUS_GTIDS;
}

enum mr_code mr_binlog_unpack_payload_next(struct mr_binlog_unpack *u,
                                           struct mr_binlog_event *event, bool *is_over,
                                           struct mr_err *err)
{
    *is_over = false;
    MR_TRY(read_until(u, MR_BINLOG_HEADER_BYTES, err));
    if (u->to == u->from && u->is_ended) {
        *is_over = true;
        return u->has_size && u->left != 0
                   ? damaged(u, "a transaction payload that becomes less than it says", err)
                   : MR_OK;
    }
    struct mr_binlog_cursor c = mr_binlog_cursor(u->inner.ptr + u->from, u->to - u->from);
    (void)mr_binlog_take(&c, 9);
    const uint64_t size = mr_binlog_uint(&c, 4);
    if (c.failed || size < MR_BINLOG_HEADER_BYTES || size > MR_BINLOG_EVENT_MAX)
        return damaged(u, "a transaction payload with an event that cannot be one", err);
    MR_TRY(read_until(u, (size_t)size, err));
    if (u->to - u->from < size)
        return damaged(u, "a transaction payload whose last event is cut off", err);
    MR_TRY(mr_binlog_header(&u->payload.place, u->inner.ptr + u->from, (size_t)size, event, err));
    u->from += (size_t)size;
    event->end = u->payload.end;
    event->in_payload = true;
    event->is_mariadb = u->payload.is_mariadb;
    return may_be_inner(event->type)
               ? MR_OK
               : damaged(u, "a transaction payload with an event that may not stand in one", err);
}
