/*
 * fuzz_tsv.c: the reader of a snapshot's rows.
 *
 * Whatever the bytes are: they are refused, or they are rows that, written again, read back
 * to the same encoding.  The first byte says in which pieces they come.
 */
#include "fuzz.h"

#include <string.h>

#include "snapshot/format/tsv.h"
#include "snapshot/format/tsv_in.h"

struct bytes {
    const uint8_t *ptr;
    size_t len, piece;
};

static enum mr_code feed(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct bytes *in = arg;
    (void)err;
    *got = in->len < in->piece ? in->len : in->piece;
    if (*got > size)
        *got = size;
    if (*got > 0)
        memcpy(buf, in->ptr, *got);
    in->ptr += *got;
    in->len -= *got;
    return MR_OK;
}

static const struct mr_snap_column columns[] = {
    {.name = "i", .cls = MR_CLASS_INT},
    {.name = "u", .cls = MR_CLASS_UINT},
    {.name = "d", .cls = MR_CLASS_DOUBLE},
    {.name = "b", .cls = MR_CLASS_BINARY},
    {.name = "t", .cls = MR_CLASS_DATETIME, .decimals = 6},
    {.name = "h", .cls = MR_CLASS_TIME, .decimals = 6},
};
static const struct mr_snap_table table = {
    .db = "d", .name = "t", .columns = columns, .ncolumns = sizeof columns / sizeof *columns};

/* All rows, their encodings to `image`, their text to `text`. */
static enum mr_code read_all(struct bytes in, struct mr_strbuf *image, struct mr_strbuf *text)
{
    struct mr_tsv_in *rows = NULL;
    struct mr_tsv tsv;
    const struct mr_value *values = NULL;
    mr_tsv_init(&tsv, mr_sink_to_strbuf(text));
    FUZZ_CHECK(mr_tsv_in_open((struct mr_feed){feed, &in}, &table, in.len, &rows, NULL) == MR_OK);
    enum mr_code code;
    while ((code = mr_tsv_in_next(rows, &values, NULL)) == MR_OK && values != NULL) {
        for (size_t i = 0; i < table.ncolumns; i++)
            FUZZ_CHECK(mr_row_encode(image, &values[i], NULL) != MR_E_BUG);
        FUZZ_CHECK(mr_tsv_add_row(&tsv, &table, values, NULL) == MR_OK);
    }
    FUZZ_CHECK(mr_tsv_flush(&tsv, NULL) == MR_OK);
    mr_tsv_release(&tsv);
    mr_tsv_in_close(rows);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf image = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_strbuf again = MR_STRBUF_INIT, unused = MR_STRBUF_INIT;
    if (size == 0)
        return 0;
    struct bytes in = {data + 1, size - 1, (size_t)data[0] + 1};
    if (read_all(in, &image, &text) == MR_OK) {
        struct bytes back = {(const uint8_t *)text.ptr, text.len, 1000};
        FUZZ_CHECK(read_all(back, &again, &unused) == MR_OK);
        FUZZ_CHECK(image.len == again.len && memcmp(image.ptr, again.ptr, image.len) == 0);
    }
    mr_strbuf_release(&image);
    mr_strbuf_release(&text);
    mr_strbuf_release(&again);
    mr_strbuf_release(&unused);
    return 0;
}
