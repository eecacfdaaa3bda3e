/* test_decompress.c: what compress wrote comes out again, in whatever pieces; damage and a
 * missing end are noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/strbuf.h"
#include "core/file/compress.h"
#include "core/file/decompress.h"
#include "core/file/io.h"
#include "tests/unit/place.h"
#include "tests/unit/random.h"

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static void compress(const struct mr_strbuf *in, struct mr_strbuf *out)
{
    const struct mr_sink sink = {.write = append, .arg = out};
    struct mr_compress *c = NULL;
    assert_int_equal(mr_compress_new(sink, &c, NULL), MR_OK);
    assert_int_equal(mr_compress_write(c, in->ptr, in->len, NULL), MR_OK);
    assert_int_equal(mr_compress_finish(c, NULL), MR_OK);
    mr_compress_free(c);
}

static enum mr_code decompress(const char *ptr, size_t len, size_t piece, struct mr_strbuf *out,
                               struct mr_err *err)
{
    const struct mr_sink sink = {.write = append, .arg = out};
    struct mr_decompress *d = NULL;
    enum mr_code code = mr_decompress_new(sink, &d, err);
    for (size_t at = 0; code == MR_OK && at < len; at += piece)
        code = mr_decompress_write(d, ptr + at, len - at < piece ? len - at : piece, err);
    if (code == MR_OK)
        code = mr_decompress_finish(d, err);
    mr_decompress_free(d);
    return code;
}

/* Half of it repeats, half does not. */
static void fill(struct mr_strbuf *text, size_t size)
{
    while (text->len < size) {
        uint64_t bits = random_bits();
        mr_strbuf_add(text, &bits, sizeof bits);
        mr_strbuf_add_str(text, "the same again\r\n");
    }
    text->len = size;
}

static void test_round_trip(void **state)
{
    static const size_t sizes[] = {0, 1, 131072, 1000001};
    static const size_t pieces[] = {1, 999, 2000000};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            struct mr_strbuf in = MR_STRBUF_INIT, packed = MR_STRBUF_INIT;
            struct mr_strbuf out = MR_STRBUF_INIT;
            fill(&in, sizes[s]);
            compress(&in, &packed);
            compress(&in, &packed); /* two frames are one stream */
            assert_int_equal(decompress(packed.ptr, packed.len, pieces[p], &out, NULL), MR_OK);
            assert_int_equal(out.len, 2 * in.len);
            assert_memory_equal(out.ptr, in.ptr, in.len);
            assert_memory_equal(out.ptr + in.len, in.ptr, in.len);
            mr_strbuf_release(&in);
            mr_strbuf_release(&packed);
            mr_strbuf_release(&out);
        }
}

static void test_damage(void **state)
{
    struct mr_strbuf in = MR_STRBUF_INIT, packed = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    fill(&in, 5000);
    compress(&in, &packed);
    for (size_t len = 0; len < packed.len; len += 7) {
        assert_int_equal(decompress(packed.ptr, len, 100, &out, &err), MR_E_IO);
        assert_string_equal(err.message, "the zstd data is cut off");
    }
    packed.ptr[packed.len / 2] ^= 1;
    assert_int_equal(decompress(packed.ptr, packed.len, 100, &out, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "damaged zstd data"));
    mr_strbuf_release(&in);
    mr_strbuf_release(&packed);
    mr_strbuf_release(&out);
}

static enum mr_code refuse(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)arg;
    (void)ptr;
    (void)len;
    return mr_err_set(err, MR_E_REFUSED, "enough");
}

static void test_files(void **state)
{
    struct mr_strbuf in = MR_STRBUF_INIT, packed = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    struct mr_err err = {0};
    const struct mr_sink sink = {.write = append, .arg = &out};
    (void)state;
    fill(&in, 300000);
    compress(&in, &packed);
    assert_int_equal(mr_io_write_file("x.zst", 0600, packed.ptr, packed.len, NULL), MR_OK);
    assert_int_equal(mr_decompress_file("x.zst", sink, &err), MR_OK);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.ptr, in.ptr, in.len);
    assert_int_equal(mr_decompress_file("none.zst", sink, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "none.zst"));
    assert_int_equal(mr_io_write_file("cut.zst", 0600, packed.ptr, packed.len - 1, NULL), MR_OK);
    assert_int_equal(mr_decompress_file("cut.zst", sink, &err), MR_E_IO);
    assert_string_equal(err.message, "file \"cut.zst\": the zstd data is cut off");
    assert_int_equal(mr_decompress_file("x.zst", (struct mr_sink){.write = refuse}, &err),
                     MR_E_REFUSED);
    assert_string_equal(err.message, "enough"); /* the sink's own errors are its own */
    mr_strbuf_release(&in);
    mr_strbuf_release(&packed);
    mr_strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test_setup_teardown(test_files, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
