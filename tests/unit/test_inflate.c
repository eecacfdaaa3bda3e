/* test_inflate.c: deflated parts become what they were, and never more than they say; CRC32 is the
 * one that everybody has.  (Whole gzip files: test_binlog_file.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/file/inflate.h"

static void test_crc32(void **state)
{
    (void)state;
    assert_int_equal(mr_crc32("", 0), 0);
    assert_int_equal(mr_crc32("123456789", 9), 0xcbf43926);
}

static void test_parts(void **state)
{
    unsigned char packed[1000], text[4000], out[4001];
    uLongf len = sizeof packed;
    struct mr_inflate *inflate = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)(i % 7);
    assert_int_equal(compress(packed, &len, text, sizeof text), Z_OK);
    assert_true(mr_inflate_most(len) >= sizeof text);
    assert_int_equal(mr_inflate_new(&inflate, NULL), MR_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(mr_inflate_part(inflate, packed, len, out, sizeof text, NULL), MR_OK);
        assert_memory_equal(out, text, sizeof text);
        /* more, fewer, bytes behind it, cut off, damaged */
        assert_int_equal(mr_inflate_part(inflate, packed, len, out, 3999, NULL), MR_E_IO);
        assert_int_equal(mr_inflate_part(inflate, packed, len, out, 4001, NULL), MR_E_IO);
        assert_int_equal(mr_inflate_part(inflate, packed, len + 1, out, 4000, NULL), MR_E_IO);
        assert_int_equal(mr_inflate_part(inflate, packed, len - 1, out, 4000, NULL), MR_E_IO);
        packed[len - 1] ^= 1;
        assert_int_equal(mr_inflate_part(inflate, packed, len, out, 4000, NULL), MR_E_IO);
        packed[len - 1] ^= 1;
    }
    mr_inflate_free(inflate);
    mr_inflate_free(NULL);
}

/* The most that deflate can do stays below what is allowed. */
static void test_most(void **state)
{
    const size_t size = 50 * 1024 * 1024;
    unsigned char *zeros = calloc(1, size);
    uLongf len = compressBound((uLong)size);
    unsigned char *packed = malloc(len);
    (void)state;
    assert_int_equal(compress2(packed, &len, zeros, (uLong)size, 9), Z_OK);
    assert_true(mr_inflate_most(len) >= size);
    free(zeros);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
