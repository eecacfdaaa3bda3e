/* test_archive_head.c: what a server says of the log that it sends. */
#include "tests/unit/binlog_made.h"

#include "core/logs/archive_head.h"

#define LOGS 2000 /* the bytes of whose checksums are any */

static void assert_name(const struct mr_strbuf *raw, const char *name)
{
    struct mr_binlog_rotate rotate;
    assert_int_equal(
        mr_archive_head_rotate("bin.000001", (const uint8_t *)raw->ptr, raw->len, &rotate, NULL),
        MR_OK);
    assert_int_equal(rotate.name.len, strlen(name));
    assert_memory_equal(rotate.name.ptr, name, rotate.name.len);
}

/* With its checksum, whatever bytes that has, and without one. */
static void test_rotate(void **state)
{
    struct mr_strbuf raw = MR_STRBUF_INIT;
    char name[32];
    (void)state;
    for (unsigned i = 1; i <= LOGS; i++) {
        (void)snprintf(name, sizeof name, "bin.%06u", i);
        const size_t len = MR_BINLOG_HEADER_BYTES + 8 + strlen(name);
        for (size_t crc = 0; crc <= MR_BINLOG_CRC_BYTES; crc += MR_BINLOG_CRC_BYTES) {
            mr_strbuf_reset(&raw);
            add_header(&raw, MR_BINLOG_ROTATE, len + crc, 0, MR_BINLOG_ARTIFICIAL);
            put(&raw, 4, 8);
            mr_strbuf_add_str(&raw, name);
            put(&raw, 0, (unsigned)crc);
            if (crc > 0)
                binlog_seal((uint8_t *)raw.ptr, raw.len);
            assert_name(&raw, name);
        }
    }
    mr_strbuf_release(&raw);
}

static void test_no_name(void **state)
{
    struct mr_strbuf raw = MR_STRBUF_INIT;
    struct mr_binlog_rotate rotate;
    (void)state;
    add_header(&raw, MR_BINLOG_ROTATE, MR_BINLOG_HEADER_BYTES + 12, 0, MR_BINLOG_ARTIFICIAL);
    put(&raw, 4, 8);
    put(&raw, 0, 4);
    binlog_seal((uint8_t *)raw.ptr, raw.len);
    for (size_t len = 0; len <= raw.len; len++)
        assert_int_equal(
            mr_archive_head_rotate("bin.000001", (const uint8_t *)raw.ptr, len, &rotate, NULL),
            MR_E_BINLOG);
    mr_strbuf_release(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rotate),
                                       cmocka_unit_test(test_no_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
