/*
 * fuzz_csv_in.c: the same records come out however the bytes are cut; written again, every
 * field in quotes, they are the same records.
 */
#include "fuzz.h"

#include <string.h>

#include "core/file/csv_in.h"

struct records {
    struct mr_strbuf text;   /* to be compared: fields with their lengths */
    struct mr_strbuf quoted; /* to be read again */
};

static enum mr_code take(void *ctx, const struct mr_csv_field *fields, size_t count, uint64_t line,
                         struct mr_err *err)
{
    struct records *r = ctx;
    (void)err;
    FUZZ_CHECK(count > 0 && line > 0);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(fields[i].ptr[fields[i].len] == '\0');
        mr_strbuf_add_fmt(&r->text, "%zu:", fields[i].len);
        mr_strbuf_add(&r->text, fields[i].ptr, fields[i].len);
        mr_strbuf_add_str(&r->quoted, i > 0 ? ",\"" : "\"");
        for (size_t k = 0; k < fields[i].len; k++) {
            if (fields[i].ptr[k] == '"')
                mr_strbuf_add_char(&r->quoted, '"');
            mr_strbuf_add_char(&r->quoted, fields[i].ptr[k]);
        }
        mr_strbuf_add_char(&r->quoted, '"');
    }
    mr_strbuf_add_char(&r->text, '\n');
    mr_strbuf_add_str(&r->quoted, "\r\n");
    return MR_OK;
}

static enum mr_code read_all(const char *ptr, size_t len, size_t piece, struct records *out)
{
    struct mr_csv_in csv;
    enum mr_code code = MR_OK;
    *out = (struct records){MR_STRBUF_INIT, MR_STRBUF_INIT};
    mr_csv_in_init(&csv, take, out);
    for (size_t at = 0; code == MR_OK && at < len; at += piece)
        code = mr_csv_in_feed(&csv, ptr + at, len - at < piece ? len - at : piece, NULL);
    if (code == MR_OK)
        code = mr_csv_in_finish(&csv, NULL);
    mr_csv_in_release(&csv);
    return code;
}

static bool same(const struct mr_strbuf *a, const struct mr_strbuf *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

static void release(struct records *r)
{
    mr_strbuf_release(&r->text);
    mr_strbuf_release(&r->quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct records whole, pieces, again;
    enum mr_code code = read_all(text, size, size + 1, &whole);
    FUZZ_CHECK(code == MR_OK || code == MR_E_REFUSED);
    FUZZ_CHECK(read_all(text, size, size % 7 + 1, &pieces) == code);
    FUZZ_CHECK(same(&whole.text, &pieces.text));
    FUZZ_CHECK(read_all(whole.quoted.ptr, whole.quoted.len, 3, &again) == MR_OK);
    FUZZ_CHECK(same(&whole.text, &again.text));
    release(&whole);
    release(&pieces);
    release(&again);
    return 0;
}
