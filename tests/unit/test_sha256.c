/* test_sha256.c: known digests, of bytes, in pieces, of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file/io.h"
#include "core/file/sha256.h"

/* FIPS 180-4 examples */
static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void test_bytes(void **state)
{
    (void)state;
    char hex[MR_SHA256_HEX];
    assert_int_equal(mr_sha256_bytes("", 0, hex, NULL), MR_OK);
    assert_string_equal(hex, empty);
    assert_int_equal(mr_sha256_bytes("abc", 3, hex, NULL), MR_OK);
    assert_string_equal(hex, abc);
    struct mr_sha256 hash;
    assert_int_equal(mr_sha256_init(&hash, NULL), MR_OK);
    mr_sha256_add(&hash, "a", 1);
    mr_sha256_add(&hash, "bc", 2);
    mr_sha256_finish(&hash, hex);
    assert_string_equal(hex, abc);
    mr_sha256_release(&hash);
}

static void test_file(void **state)
{
    (void)state;
    char path[] = "/tmp/myrecon-sha256-XXXXXX", hex[MR_SHA256_HEX];
    uint64_t size = 0;
    struct mr_err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(mr_sha256_file(path, hex, &size, NULL), MR_OK);
    assert_string_equal(hex, empty);
    assert_int_equal(size, 0);
    static char big[200000];
    memset(big, 'a', sizeof big);
    assert_int_equal(mr_io_write_all(fd, path, big, sizeof big, NULL), MR_OK);
    (void)close(fd);
    char whole[MR_SHA256_HEX];
    assert_int_equal(mr_sha256_bytes(big, sizeof big, whole, NULL), MR_OK);
    assert_int_equal(mr_sha256_file(path, hex, &size, NULL), MR_OK);
    assert_string_equal(hex, whole);
    assert_int_equal(size, sizeof big);
    (void)unlink(path);
    assert_int_equal(mr_sha256_file(path, hex, NULL, &err), MR_E_IO);
    assert_non_null(strstr(err.message, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
