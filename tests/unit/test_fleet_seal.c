/* test_fleet_seal.c: a published case that is not what was written is found, whichever byte it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/io.h"
#include "recon/fleet/fleet_seal.h"

#define BODY "what a part has read"
#define PAGE 512

static char dir[64], path[128];
static char sealed[sizeof BODY + MR_FLEET_SEAL_BYTES];
static const size_t sealed_len = sizeof BODY - 1 + MR_FLEET_SEAL_BYTES;

static int setup(void **state)
{
    char hex[MR_SHA256_HEX];
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/test_fleet_seal.XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/0.case", dir);
    assert_int_equal(mr_sha256_bytes(BODY, sizeof BODY - 1, hex, NULL), MR_OK);
    memcpy(sealed, BODY, sizeof BODY - 1);
    mr_fleet_seal_line(hex, sealed + sizeof BODY - 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static enum mr_code check(const char *bytes, size_t len, uint64_t *body_bytes)
{
    struct mr_err err = {0};
    assert_int_equal(mr_io_write_file(path, 0600, bytes, len, NULL), MR_OK);
    enum mr_code code = mr_fleet_seal_check(path, body_bytes, &err);
    if (code != MR_OK)
        assert_non_null(strstr(err.message, path));
    return code;
}

static void test_whole(void **state)
{
    uint64_t body_bytes = 0;
    (void)state;
    assert_int_equal(check(sealed, sealed_len, &body_bytes), MR_OK);
    assert_int_equal(body_bytes, sizeof BODY - 1);
    assert_int_equal(check(sealed, sealed_len, NULL), MR_OK);
}

static void test_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sealed_len; i++) {
        char bytes[sizeof sealed];
        memcpy(bytes, sealed, sizeof bytes);
        bytes[i] ^= 1;
        assert_int_equal(check(bytes, sealed_len, NULL), MR_E_CASE);
    }
}

/* As after a power cut: its length is there, its last bytes are not; or its end is missing. */
static void test_cut(void **state)
{
    char bytes[sizeof sealed];
    (void)state;
    for (size_t left = 1; left < sealed_len; left++) {
        memcpy(bytes, sealed, left);
        memset(bytes + left, 0, sealed_len - left);
        assert_int_equal(check(bytes, sealed_len, NULL), MR_E_CASE);
        assert_int_equal(check(bytes, left, NULL), MR_E_CASE);
    }
}

static void test_not_sealed(void **state)
{
    const char page[PAGE] = BODY;
    uint64_t body_bytes = 0;
    (void)state;
    assert_int_equal(check(page, sizeof page, &body_bytes), MR_OK);
    assert_int_equal(body_bytes, sizeof page);
    assert_int_equal(check("", 0, &body_bytes), MR_OK);
    assert_int_equal(body_bytes, 0);
}

static void test_not_there(void **state)
{
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_fleet_seal_check(path, NULL, &err), MR_E_IO);
    assert_non_null(strstr(err.message, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_sealed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_there, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
