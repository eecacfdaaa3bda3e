/*
 * fuzz_entities.c: a plan's entities.csv.zst, and decompression.
 *
 * The first byte says whether the rest is the CSV text, which is compressed here, or the
 * frame itself.  A line that is read has keys that decode, and written again it reads the same;
 * asked for piece by piece a frame gives the same bytes as pushed through.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/file/compress.h"
#include "core/file/decompress.h"
#include "repair/plan/entity_file.h"

#define OUT_MAX ((size_t)1 << 24) /* a frame of few bytes may hold much */

struct bytes {
    const char *ptr;
    size_t len;
};

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_strbuf *out = arg;
    if (out->len + len > OUT_MAX)
        return mr_err_set(err, MR_E_REFUSED, "it is too much");
    mr_strbuf_add(out, ptr, len);
    return MR_OK;
}

static enum mr_code give(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct bytes *in = arg;
    (void)err;
    *got = in->len < 7 ? in->len : 7;
    *got = *got < size ? *got : size;
    if (*got > 0)
        memcpy(buf, in->ptr, *got);
    in->ptr += *got;
    in->len -= *got;
    return MR_OK;
}

static enum mr_code push_all(struct bytes in, struct mr_strbuf *out)
{
    struct mr_decompress *d = NULL;
    FUZZ_CHECK(mr_decompress_new((struct mr_sink){.write = append, .arg = out}, &d, NULL) == MR_OK);
    enum mr_code code = mr_decompress_write(d, in.ptr, in.len, NULL);
    if (code == MR_OK)
        code = mr_decompress_finish(d, NULL);
    mr_decompress_free(d);
    return code;
}

static enum mr_code pull_all(struct bytes in, struct mr_strbuf *out)
{
    struct mr_decompress_in *d = NULL;
    char buf[1000];
    size_t got = 1;
    FUZZ_CHECK(mr_decompress_in_open((struct mr_feed){give, &in}, &d, NULL) == MR_OK);
    enum mr_code code = MR_OK;
    while (code == MR_OK && got > 0) {
        code = mr_decompress_in_read(d, buf, sizeof buf, &got, NULL);
        if (code == MR_OK)
            code = append(out, buf, got, NULL);
    }
    mr_decompress_in_close(d);
    return code;
}

static void check_frame(struct bytes in)
{
    struct mr_strbuf pushed = MR_STRBUF_INIT, pulled = MR_STRBUF_INIT;
    if (pull_all(in, &pulled) == MR_OK) {
        FUZZ_CHECK(push_all(in, &pushed) == MR_OK);
        FUZZ_CHECK(pushed.len == pulled.len &&
                   (pushed.len == 0 || memcmp(pushed.ptr, pulled.ptr, pushed.len) == 0));
    }
    mr_strbuf_release(&pushed);
    mr_strbuf_release(&pulled);
}

static void check_key(struct mr_key key)
{
    for (size_t pos = 0; pos < key.len;)
        FUZZ_CHECK(mr_row_skip(key.ptr, key.len, &pos, NULL) == MR_OK);
}

/* Into a strbuf, which makes a file anew. */
static enum mr_code take(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    FUZZ_CHECK(line->decision != MR_DECIDE_UNDECIDED);
    check_key(line->source_key);
    check_key(line->target_key);
    check_key(line->identity);
    return mr_entity_file_line(ctx, line, err);
}

/* The file's bytes, read; what was read, written again. */
static enum mr_code read_file(const void *ptr, size_t len, struct mr_strbuf *again)
{
    char path[] = "/tmp/fuzz_entities.XXXXXX";
    struct mr_err err = {0};
    int fd = mkstemp(path);
    FUZZ_CHECK(fd >= 0 && write(fd, ptr, len) == (ssize_t)len && close(fd) == 0);
    mr_entity_file_header(again);
    enum mr_code code = mr_entity_file_read(path, take, again, &err);
    FUZZ_CHECK(unlink(path) == 0);
    FUZZ_CHECK(code == MR_OK ||
               ((code == MR_E_REFUSED || code == MR_E_IO) && strstr(err.message, path) != NULL));
    return code;
}

static void compress(struct mr_strbuf *out, const void *ptr, size_t len)
{
    struct mr_compress *c = NULL;
    FUZZ_CHECK(mr_compress_new_level((struct mr_sink){.write = append, .arg = out}, 1, &c, NULL) ==
               MR_OK);
    FUZZ_CHECK(mr_compress_write(c, ptr, len, NULL) == MR_OK);
    FUZZ_CHECK(mr_compress_finish(c, NULL) == MR_OK);
    mr_compress_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf frame = MR_STRBUF_INIT, once = MR_STRBUF_INIT, twice = MR_STRBUF_INIT;
    if (size == 0)
        return 0;
    if (data[0] == 'z') {
        check_frame((struct bytes){(const char *)data + 1, size - 1});
        return 0;
    }
    compress(&frame, data + 1, size - 1);
    if (read_file(frame.ptr, frame.len, &once) == MR_OK) {
        mr_strbuf_reset(&frame);
        compress(&frame, once.ptr, once.len);
        FUZZ_CHECK(read_file(frame.ptr, frame.len, &twice) == MR_OK);
        FUZZ_CHECK(once.len == twice.len && memcmp(once.ptr, twice.ptr, once.len) == 0);
    }
    mr_strbuf_release(&frame);
    mr_strbuf_release(&once);
    mr_strbuf_release(&twice);
    return 0;
}
