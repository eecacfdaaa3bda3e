/* binlog_file.c: see binlog_file.h. */
#include "core/binlog/binlog_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/binlog/binlog_event.h"
#include "core/file/decompress.h"
#include "core/file/in_file.h"
#include "core/file/inflate.h"

#define BUFFER_BYTES ((size_t)256 * 1024) /* what a processor's cache holds */
#define MAGIC_BYTES 4

struct mr_binlog_file {
    char *path;
    int fd;
    uint8_t head[MAGIC_BYTES]; /* what was read to see what it is */
    size_t head_len, head_used;
    struct mr_gunzip *gzip;
    struct mr_decompress_in *zstd;
    struct mr_feed feed; /* of the log's bytes */
    uint8_t *buffer;
    size_t cap, from, to; /* bytes that were read and not given yet */
    uint64_t position;    /* of the byte at `from` */
    bool is_ended;
};

/* The file's own bytes, from the first on. */
static enum mr_code read_file(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct mr_binlog_file *f = arg;
    const size_t left = f->head_len - f->head_used;
    if (left == 0)
        return mr_in_read(f->fd, f->path, buf, size, got, err);
    *got = left < size ? left : size;
    memcpy(buf, f->head + f->head_used, *got);
    f->head_used += *got;
    return MR_OK;
}

static enum mr_code read_log(struct mr_binlog_file *f, void *buf, size_t size, size_t *got,
                             struct mr_err *err)
{
    const enum mr_code code = f->feed.read(f->feed.arg, buf, size, got, err);
    if (code == MR_E_IO && (f->gzip != NULL || f->zstd != NULL))
        mr_err_context(err, "file \"%s\"", f->path);
    return code;
}

static enum mr_code read_head(struct mr_binlog_file *f, uint8_t head[MAGIC_BYTES], size_t *len,
                              struct mr_err *err)
{
    size_t got = 1;
    for (*len = 0; *len < MAGIC_BYTES && got > 0; *len += got)
        MR_TRY(read_log(f, head + *len, MAGIC_BYTES - *len, &got, err));
    return MR_OK;
}

static bool begins(const uint8_t *head, size_t len, const char *magic, size_t magic_len)
{
    return len >= magic_len && memcmp(head, magic, magic_len) == 0;
}

static enum mr_code read_gzip(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    return mr_gunzip_read(arg, buf, size, got, err);
}

static enum mr_code read_zstd(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    return mr_decompress_in_read(arg, buf, size, got, err);
}

/* What the file is packed by; its first bytes are read again by whoever unpacks it.  Of zstd also
 * a frame to be skipped, which may stand in front. */
static enum mr_code choose_feed(struct mr_binlog_file *f, struct mr_err *err)
{
    const struct mr_feed raw = {.read = read_file, .arg = f};
    size_t len = 0;
    f->feed = raw;
    MR_TRY(read_head(f, f->head, &len, err));
    f->head_len = len;
    if (begins(f->head, len, "\x1f\x8b", 2)) {
        MR_TRY(mr_gunzip_open(raw, &f->gzip, err));
        f->feed = (struct mr_feed){.read = read_gzip, .arg = f->gzip};
    } else if (begins(f->head, len, "\x28\xb5\x2f\xfd", 4) ||
               (len == MAGIC_BYTES && (f->head[0] & 0xf0) == 0x50 &&
                memcmp(f->head + 1, "\x2a\x4d\x18", 3) == 0)) {
        MR_TRY(mr_decompress_in_open_wide(raw, &f->zstd, err));
        f->feed = (struct mr_feed){.read = read_zstd, .arg = f->zstd};
    }
    return MR_OK;
}

static enum mr_code check_magic(struct mr_binlog_file *f, struct mr_err *err)
{
    uint8_t magic[MAGIC_BYTES];
    size_t len = 0;
    MR_TRY(read_head(f, magic, &len, err));
    f->position = MAGIC_BYTES;
    if (begins(magic, len, "\xfe\x62\x69\x6e", 4))
        return MR_OK;
    if (begins(magic, len, "\xfd\x62\x69\x6e", 4)) {
        (void)mr_err_set(err, MR_E_UNSUPPORTED, "binary log \"%s\" is encrypted", f->path);
        mr_err_hint(err, "Read it from the server that wrote it, which decrypts it, instead of "
                         "from its file.");
        return MR_E_UNSUPPORTED;
    }
    return mr_err_set(err, MR_E_BINLOG, "file \"%s\" is no binary log: %s", f->path,
                      len == 0 ? "it is empty" : "it does not begin as one");
}

enum mr_code mr_binlog_file_open(const char *path, struct mr_binlog_file **out, struct mr_err *err)
{
    struct mr_binlog_file *f = calloc(1, sizeof *f);
    enum mr_code code = MR_OK;
    *out = NULL;
    if (f == NULL)
        return mr_err_nomem(err, "reading a binary log");
    f->fd = -1;
    f->cap = BUFFER_BYTES;
    f->path = strdup(path);
    f->buffer = malloc(f->cap);
    if (f->path == NULL || f->buffer == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading a binary log"));
    MR_TRY_OUT(mr_in_open(path, MR_IN_NAMED, &f->fd, err));
    MR_TRY_OUT(choose_feed(f, err));
    MR_TRY_OUT(check_magic(f, err));
    *out = f;
    return MR_OK;
out:
    mr_binlog_file_close(f);
    return code;
}

void mr_binlog_file_close(struct mr_binlog_file *f)
{
    if (f == NULL)
        return;
    mr_gunzip_close(f->gzip);
    mr_decompress_in_close(f->zstd);
    if (f->fd >= 0)
        (void)close(f->fd);
    free(f->buffer);
    free(f->path);
    free(f);
}

/* ---- events ---- */

static enum mr_code grow(struct mr_binlog_file *f, struct mr_err *err)
{
    const size_t cap = f->cap < MR_BINLOG_EVENT_MAX / 2 ? f->cap * 2 : MR_BINLOG_EVENT_MAX;
    uint8_t *grown = realloc(f->buffer, cap);
    if (grown == NULL)
        return mr_err_nomem(err, "reading a binary log");
    f->buffer = grown;
    f->cap = cap;
    return MR_OK;
}

/* Until that many bytes stand in one piece, or the log has ended.  Memory grows by what came, not
 * by what an event says of its length. */
static enum mr_code read_until(struct mr_binlog_file *f, size_t size, struct mr_err *err)
{
    while (f->to - f->from < size && !f->is_ended) {
        size_t got = 0;
        if (f->from > 0 && (f->to == f->cap || f->from == f->to)) {
            memmove(f->buffer, f->buffer + f->from, f->to - f->from);
            f->to -= f->from;
            f->from = 0;
        }
        if (f->to == f->cap)
            MR_TRY(grow(f, err));
        MR_TRY(read_log(f, f->buffer + f->to, f->cap - f->to, &got, err));
        f->to += got;
        f->is_ended = got == 0;
    }
    return MR_OK;
}

static bool is_zero(const uint8_t *at, size_t len)
{
    return len == 0 || (at[0] == 0 && memcmp(at, at + 1, len - 1) == 0);
}

/* After a crash a file may be longer than what was written of it: zeros to its end are what is
 * there of an event that was cut off, and are given as its first byte. */
static enum mr_code skip_zeros(struct mr_binlog_file *f, bool *is_all, struct mr_err *err)
{
    *is_all = is_zero(f->buffer + f->from, f->to - f->from);
    while (*is_all && !f->is_ended) {
        f->from = f->to = 0;
        MR_TRY(read_until(f, 1, err));
        *is_all = is_zero(f->buffer, f->to);
    }
    return MR_OK;
}

static enum mr_code next(void *arg, const uint8_t **raw, size_t *len, uint64_t *position,
                         struct mr_err *err)
{
    struct mr_binlog_file *f = arg;
    size_t size = MR_BINLOG_HEADER_BYTES;
    MR_TRY(read_until(f, size, err));
    if (f->to - f->from >= size) {
        struct mr_binlog_cursor c = mr_binlog_cursor(f->buffer + f->from, size);
        (void)mr_binlog_take(&c, 9);
        size = (size_t)mr_binlog_uint(&c, 4);
        const struct mr_binlog_place place = {f->path, f->position};
        bool is_blank = false;
        if (size == 0)
            MR_TRY(skip_zeros(f, &is_blank, err));
        if (is_blank) {
            f->from = f->to = 1;
            *raw = f->buffer;
            *len = 1;
            *position = f->position;
            return MR_OK;
        }
        if (size < MR_BINLOG_HEADER_BYTES || size > MR_BINLOG_EVENT_MAX)
            return mr_binlog_damaged(&place, "an event of a length that cannot be", err);
        MR_TRY(read_until(f, size, err));
    }
    *raw = f->buffer + f->from;
    *len = f->to - f->from < size ? f->to - f->from : size;
    *position = f->position;
    f->from += *len;
    f->position += *len;
    return MR_OK;
}

struct mr_binlog_input mr_binlog_file_input(struct mr_binlog_file *file)
{
    return (struct mr_binlog_input){.next = next, .arg = file, .log = file->path, .is_file = true};
}
