/* test_compress.c: what goes in comes out again, and damage is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/file/compress.h"
#include "tests/unit/random.h"
#include "tests/unit/unzstd.h"

#define CHECKSUM_FLAG 0x04 /* in the fifth byte of a frame */

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static void compress(const struct mr_strbuf *in, size_t piece, struct mr_strbuf *out)
{
    const struct mr_sink sink = {.write = append, .arg = out};
    struct mr_compress *compress;
    struct mr_err err;
    assert_int_equal(mr_compress_new(sink, &compress, &err), MR_OK);
    for (size_t at = 0; at < in->len; at += piece) {
        size_t now = in->len - at < piece ? in->len - at : piece;
        assert_int_equal(mr_compress_write(compress, in->ptr + at, now, &err), MR_OK);
    }
    assert_int_equal(mr_compress_finish(compress, &err), MR_OK);
    mr_compress_free(compress);
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
    (void)state;
    static const size_t sizes[] = {0, 1, 1000, 131072, 1000001};
    static const size_t pieces[] = {1, 999, 131072, 2000000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
            struct mr_strbuf back = MR_STRBUF_INIT;
            fill(&in, sizes[s]);
            compress(&in, pieces[p], &out);
            assert_true(out.len > 4);
            assert_true((out.ptr[4] & CHECKSUM_FLAG) != 0);
            assert_true(sizes[s] < 1000 || out.len < in.len);
            assert_true(unzstd(out.ptr, out.len, &back));
            assert_int_equal(back.len, in.len);
            assert_memory_equal(back.ptr, in.ptr, in.len);
            mr_strbuf_release(&in);
            mr_strbuf_release(&out);
            mr_strbuf_release(&back);
        }
    }
}

static void test_damage_is_noticed(void **state)
{
    (void)state;
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT, back = MR_STRBUF_INIT;
    fill(&in, 50000);
    compress(&in, 4096, &out);
    for (size_t at = 10; at < out.len; at += 97) {
        out.ptr[at] ^= 1;
        mr_strbuf_reset(&back);
        assert_false(unzstd(out.ptr, out.len, &back));
        out.ptr[at] ^= 1;
    }
    for (size_t cut = 1; cut < 9; cut++) {
        mr_strbuf_reset(&back);
        assert_false(unzstd(out.ptr, out.len - cut, &back));
    }
    mr_strbuf_reset(&back);
    assert_true(unzstd(out.ptr, out.len, &back));
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
    mr_strbuf_release(&back);
}

static enum mr_code refuse(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)arg, (void)ptr, (void)len;
    return mr_err_set(err, MR_E_IO, "the sink is full");
}

static void test_failing_sink(void **state)
{
    (void)state;
    const struct mr_sink sink = {.write = refuse};
    struct mr_compress *compress;
    struct mr_err err;
    assert_int_equal(mr_compress_new(sink, &compress, &err), MR_OK);
    assert_int_equal(mr_compress_write(compress, "x", 1, &err), MR_OK);
    assert_int_equal(mr_compress_finish(compress, &err), MR_E_IO);
    assert_string_equal(err.message, "the sink is full");
    mr_compress_free(compress);

    struct mr_strbuf in = MR_STRBUF_INIT;
    for (size_t i = 0; i < 1 << 20; i += sizeof(uint64_t)) {
        uint64_t bits = random_bits();
        mr_strbuf_add(&in, &bits, sizeof bits);
    }
    assert_int_equal(mr_compress_new(sink, &compress, &err), MR_OK);
    assert_int_equal(mr_compress_write(compress, in.ptr, in.len, &err), MR_E_IO);
    mr_compress_free(compress);
    mr_compress_free(NULL);
    mr_strbuf_release(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage_is_noticed),
        cmocka_unit_test(test_failing_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
