/* test_binlog_file.c: logs as files, packed or not; what is none is refused by name; several are
 * put in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include "core/binlog/binlog_file.h"
#include "tests/unit/binlog_memory.h"
#include "tests/unit/place.h"

static struct mr_strbuf log_bytes = MR_STRBUF_INIT;

static int begin(void **state)
{
    char buf[4096];
    FILE *file = fopen("tests/golden/binlog/mysql9.000001", "rb");
    if (file == NULL)
        return -1;
    mr_strbuf_reset(&log_bytes);
    for (size_t got; (got = fread(buf, 1, sizeof buf, file)) > 0;)
        mr_strbuf_add(&log_bytes, buf, got);
    (void)fclose(file);
    return place_begin(state);
}

static int end(void **state)
{
    mr_strbuf_release(&log_bytes);
    return place_end(state);
}

static void write_file(const char *path, const void *ptr, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(ptr, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* What its events are, or why it is no log. */
static enum mr_code read_path(const char *path, struct mr_strbuf *lines, struct mr_err *err)
{
    struct mr_binlog_file *file = NULL;
    mr_strbuf_reset(lines);
    MR_TRY(mr_binlog_file_open(path, &file, err));
    binlog_read_all(mr_binlog_file_input(file), lines);
    mr_binlog_file_close(file);
    return MR_OK;
}

static void expect_log(const char *path)
{
    struct mr_strbuf lines = MR_STRBUF_INIT, expected = MR_STRBUF_INIT;
    struct binlog_memory memory = {.seal = false};
    binlog_read_all(binlog_memory_input(&memory, log_bytes.ptr, log_bytes.len), &expected);
    free(memory.raw);
    assert_int_equal(read_path(path, &lines, NULL), MR_OK);
    assert_string_equal(lines.ptr, expected.ptr);
    assert_non_null(strstr(lines.ptr, "\nend\n"));
    mr_strbuf_release(&lines);
    mr_strbuf_release(&expected);
}

static void pack_gzip(const char *path, const char *mode)
{
    gzFile file = gzopen(path, mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, log_bytes.ptr, (unsigned)log_bytes.len), (int)log_bytes.len);
    assert_int_equal(gzclose(file), Z_OK);
}

static size_t pack_zstd(char *out, size_t size)
{
    const size_t len = ZSTD_compress(out, size, log_bytes.ptr, log_bytes.len, 19);
    assert_false(ZSTD_isError(len));
    return len;
}

/* The name says nothing. */
static void test_packed(void **state)
{
    char packed[16384];
    (void)state;
    write_file("plain.zst", log_bytes.ptr, log_bytes.len);
    expect_log("plain.zst");
    pack_gzip("gzip", "wb9");
    expect_log("gzip");
    const size_t len = pack_zstd(packed + 8, sizeof packed - 8);
    write_file("zstd.gz", packed + 8, len);
    expect_log("zstd.gz");
    memcpy(packed, "\x50\x2a\x4d\x18\0\0\0\0", 8); /* a frame to be skipped, as pzstd writes */
    write_file("skip", packed, len + 8);
    expect_log("skip");
}

/* Two members, as a log that was packed in pieces. */
static void test_gzip_members(void **state)
{
    struct mr_strbuf whole = log_bytes;
    (void)state;
    log_bytes.len = 1000;
    pack_gzip("members", "wb");
    log_bytes.ptr += 1000;
    log_bytes.len = whole.len - 1000;
    pack_gzip("members", "ab");
    log_bytes = whole;
    expect_log("members");
}

/* A packed file that is cut off is damaged: its log was whole. */
static void test_packed_cut(void **state)
{
    char bytes[16384];
    struct mr_strbuf lines = MR_STRBUF_INIT;
    struct stat st;
    (void)state;
    pack_gzip("gzip", "wb");
    FILE *file = fopen("gzip", "rb");
    const size_t len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    for (size_t cut = 2; cut < len; cut += 13) {
        write_file("cut", bytes, cut);
        if (read_path("cut", &lines, NULL) == MR_OK)
            assert_non_null(strstr(lines.ptr, "input/output\n"));
    }
    bytes[len - 5] ^= 1; /* of its checksum */
    write_file("cut", bytes, len);
    assert_int_equal(read_path("cut", &lines, NULL), MR_OK);
    assert_non_null(strstr(lines.ptr, "input/output\n"));
    const size_t zstd_len = pack_zstd(bytes, sizeof bytes);
    for (size_t cut = 4; cut < zstd_len; cut += 13) {
        write_file("cut", bytes, cut);
        if (read_path("cut", &lines, NULL) == MR_OK)
            assert_non_null(strstr(lines.ptr, "input/output\n"));
    }
    assert_int_equal(stat("cut", &st), 0);
    mr_strbuf_release(&lines);
}

#define FLAGS_AT (4 + 17)

/* Through the file's own buffer, at any byte: those before, and that it is cut. */
static void test_cut(void **state)
{
    struct mr_strbuf lines = MR_STRBUF_INIT;
    (void)state;
    log_bytes.ptr[FLAGS_AT] = MR_BINLOG_IN_USE;
    for (size_t cut = 4; cut < log_bytes.len; cut += 7) {
        write_file("cut", log_bytes.ptr, cut);
        assert_int_equal(read_path("cut", &lines, NULL), MR_OK);
        const char *last = lines.ptr + lines.len - 4;
        assert_true(strcmp(last, "cut\n") == 0 || strcmp(last, "end\n") == 0);
    }
    log_bytes.ptr[FLAGS_AT] = 0;
    mr_strbuf_release(&lines);
}

/* What a crash leaves where the file had grown and nothing was written yet. */
static void test_zeros(void **state)
{
    static char zeros[1000000];
    struct mr_strbuf log = MR_STRBUF_INIT, lines = MR_STRBUF_INIT;
    (void)state;
    for (size_t more = 19; more <= sizeof zeros; more += 199996) {
        mr_strbuf_reset(&log);
        mr_strbuf_add(&log, log_bytes.ptr, log_bytes.len);
        mr_strbuf_add(&log, zeros, more);
        log.ptr[FLAGS_AT] = MR_BINLOG_IN_USE;
        write_file("zeros", log.ptr, log.len);
        assert_int_equal(read_path("zeros", &lines, NULL), MR_OK);
        assert_non_null(strstr(lines.ptr, "\ncut\n"));
        log.ptr[log.len - 1] = 1;
        write_file("zeros", log.ptr, log.len);
        assert_int_equal(read_path("zeros", &lines, NULL), MR_OK);
        assert_non_null(strstr(lines.ptr, "\nbinary log\n"));
    }
    mr_strbuf_release(&log);
    mr_strbuf_release(&lines);
}

static void test_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum mr_code code;
        const char *message;
    } rows[] = {
        {"", 0, MR_E_BINLOG, "file \"log\" is no binary log: it is empty"},
        {"\xfe"
         "bi",
         3, MR_E_BINLOG, "file \"log\" is no binary log: it does not begin as one"},
        {"SELECT 1;", 9, MR_E_BINLOG, "file \"log\" is no binary log: it does not begin as one"},
        {"\xfd"
         "bin....",
         8, MR_E_UNSUPPORTED, "binary log \"log\" is encrypted"},
        {"\x1f\x8b", 2, MR_E_IO, "file \"log\": the gzip data is cut off"},
        {"\x1f\x8b"
         "rubbish",
         9, MR_E_IO, NULL},
        {"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff", 10, MR_E_IO, NULL},
    };
    struct mr_strbuf lines = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mr_err err = {.code = MR_OK};
        write_file("log", rows[i].bytes, rows[i].len);
        assert_int_equal(read_path("log", &lines, &err), rows[i].code);
        if (rows[i].message != NULL)
            assert_string_equal(err.message, rows[i].message);
        if (rows[i].code == MR_E_UNSUPPORTED)
            assert_non_null(strstr(err.hint, "from the server"));
    }
    assert_int_equal(read_path("nothing", &lines, NULL), MR_E_IO);
    mr_strbuf_release(&lines);
}

/* An event that is larger than the buffer, and one that only says so. */
static void test_large(void **state)
{
    const size_t size = 3 * 1024 * 1024;
    struct mr_strbuf log = MR_STRBUF_INIT, lines = MR_STRBUF_INIT;
    (void)state;
    mr_strbuf_add(&log, log_bytes.ptr, 127); /* the head of it */
    for (int i = 0; i < 3; i++) {
        const size_t at = log.len;
        assert_true(mr_strbuf_reserve(&log, size));
        memset(log.ptr + at, 0, size);
        log.len += size;
        log.ptr[at + 4] = MR_BINLOG_IGNORABLE_EVENT;
        for (unsigned j = 0; j < 4; j++)
            log.ptr[at + 9 + j] = (char)(size >> 8 * j);
        binlog_seal((uint8_t *)log.ptr + at, size);
    }
    write_file("large", log.ptr, log.len);
    assert_int_equal(read_path("large", &lines, NULL), MR_OK);
    assert_non_null(strstr(lines.ptr, "28 6291583 0 3145705"));
    assert_non_null(strstr(lines.ptr, "\nend\n"));
    mr_strbuf_release(&log);
    mr_strbuf_release(&lines);
}

/* ---- order ---- */

static void sort_to(const char *const *from, size_t count, enum mr_code code,
                    enum mr_binlog_order order, const char *expected)
{
    const char *paths[8];
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err = {.code = MR_OK};
    enum mr_binlog_order by;
    memcpy(paths, from, count * sizeof *paths);
    assert_int_equal(mr_binlog_files_sort(paths, count, &by, &err), code);
    if (code == MR_OK) {
        for (size_t i = 0; i < count; i++)
            mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? " " : "", paths[i]);
        assert_string_equal(text.ptr, expected);
        assert_int_equal(by, order);
    } else {
        assert_string_equal(err.message, expected);
    }
    mr_strbuf_release(&text);
}

/* A log that begins with what those before it hold: a range of one uuid, or nothing. */
static void write_log(const char *path, uint64_t first, uint64_t behind, bool is_said)
{
    struct mr_strbuf log = MR_STRBUF_INIT;
    uint8_t event[19 + 8 + 16 + 8 + 16 + 4] = {0};
    const size_t size = behind > 0 ? sizeof event : 19 + 8 + 4;
    event[4] = MR_BINLOG_PREVIOUS_GTIDS;
    event[9] = (uint8_t)size;
    event[19] = behind > 0;
    event[43] = 1;
    event[51] = (uint8_t)first;
    event[59] = (uint8_t)behind;
    binlog_seal(event, size);
    mr_strbuf_add(&log, log_bytes.ptr, 127);
    if (is_said)
        mr_strbuf_add(&log, event, size);
    write_file(path, log.ptr, log.len);
    mr_strbuf_release(&log);
}

/* A log that begins with what those before it hold of up to two domains: the last of each, by a
 * server. */
static void write_list(const char *path, uint8_t server, const uint8_t last[2])
{
    struct mr_strbuf log = MR_STRBUF_INIT;
    uint8_t event[19 + 4 + 2 * 16 + 4] = {0};
    size_t at = 19 + 4;
    for (uint8_t domain = 0; domain < 2; domain++)
        if (last[domain] != 0) {
            event[at] = domain;
            event[at + 4] = server;
            event[at + 8] = last[domain];
            event[19]++;
            at += 16;
        }
    event[4] = MR_BINLOG_MARIADB_GTID_LIST;
    event[9] = (uint8_t)(at + 4);
    binlog_seal(event, at + 4);
    mr_strbuf_add(&log, log_bytes.ptr, 127);
    mr_strbuf_add(&log, event, at + 4);
    write_file(path, log.ptr, log.len);
    mr_strbuf_release(&log);
}

#define SORT(order, expected, ...)                                                                 \
    sort_to((const char *const[]){__VA_ARGS__},                                                    \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), MR_OK, order,       \
            expected)
#define SORT_REFUSED(expected, ...)                                                                \
    sort_to((const char *const[]){__VA_ARGS__},                                                    \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), MR_E_BINLOG,        \
            MR_BINLOG_BY_NONE, expected)

static void test_sort(void **state)
{
    (void)state;
    write_log("a", 1, 10, true);
    write_log("b", 1, 20, true);
    write_log("c", 1, 30, true);
    write_log("empty", 0, 0, true);
    write_log("bin.000009", 1, 20, true);
    write_log("bin.000010", 1, 20, true);
    write_log("bin.000011", 1, 5, true);
    write_log("other", 40, 50, true);
    write_log("q.000099", 1, 20, false);
    write_log("q.000100.gz", 1, 20, false);
    write_log("q.1000000", 1, 20, false);
    SORT(MR_BINLOG_BY_NONE, "a", "a");
    SORT(MR_BINLOG_BY_GTID, "a b c", "c", "a", "b");
    SORT(MR_BINLOG_BY_GTID, "empty a b c", "c", "b", "a", "empty");
    SORT(MR_BINLOG_BY_NAME, "a bin.000009 bin.000010 c", "c", "bin.000010", "a", "bin.000009");
    SORT(MR_BINLOG_BY_NAME, "q.000099 q.000100.gz q.1000000", "q.1000000", "q.000099",
         "q.000100.gz");
    /* as history archive calls the last one, which may get longer; a server's logs may be called so, too */
    write_log("bin.000009.zst", 1, 20, true);
    write_log("bin.000010.431.zst", 1, 20, true);
    write_log("q.000098.zst", 1, 20, false);
    write_log("q.000099.431.zst", 1, 20, false);
    write_log("y.2024.000001", 1, 20, false);
    write_log("y.2024.000002", 1, 20, false);
    SORT(MR_BINLOG_BY_NAME, "bin.000009.zst bin.000010.431.zst", "bin.000010.431.zst",
         "bin.000009.zst");
    SORT(MR_BINLOG_BY_NAME, "q.000098.zst q.000099.431.zst q.1000000", "q.000099.431.zst",
         "q.1000000", "q.000098.zst");
    SORT(MR_BINLOG_BY_NAME, "y.2024.000001 y.2024.000002", "y.2024.000002", "y.2024.000001");
    SORT_REFUSED("binary logs \"bin.000010\" and \"bin.000010.431.zst\" begin with the same GTIDs, "
                 "and their names have no order",
                 "bin.000010", "bin.000010.431.zst");
    SORT_REFUSED("binary logs \"a\" and \"a\" begin with the same GTIDs, and their names have no "
                 "order",
                 "a", "a");
    SORT_REFUSED("binary logs \"b\" and \"bin.000010\" begin with the same GTIDs, and their names "
                 "have no order",
                 "b", "bin.000010");
    SORT_REFUSED("binary logs \"a\" and \"other\" are not of one server: neither begins with what "
                 "the other does",
                 "a", "other");
    SORT_REFUSED("binary logs \"bin.000011\" and \"bin.000010\" have one order by their names, and "
                 "another by their GTIDs",
                 "bin.000010", "bin.000011");
    SORT_REFUSED("binary logs \"q.000099\" and \"q.000099\" have no order by their names",
                 "q.000099", "q.000099");
    SORT_REFUSED("binary logs \"a\" and \"q.000099\" cannot be put in order: they have neither "
                 "GTIDs nor numbers",
                 "q.000099", "a");
}

/* A domain that was deleted is in the lists before, and not in those behind. */
static void test_sort_deleted_domain(void **state)
{
    (void)state;
    write_list("m.000001", 1, (const uint8_t[2]){10, 5});
    write_list("m.000002", 1, (const uint8_t[2]){20, 5});
    write_list("m.000003", 1, (const uint8_t[2]){30, 0});
    write_list("m.000004", 1, (const uint8_t[2]){30, 0});
    write_list("m.000005", 1, (const uint8_t[2]){40, 2});
    write_list("m.000006", 1, (const uint8_t[2]){20, 2});
    write_list("n.000003", 1, (const uint8_t[2]){30, 0});
    write_list("m.000008", 2, (const uint8_t[2]){50, 2});
    SORT(MR_BINLOG_BY_GTID, "m.000001 m.000002", "m.000002", "m.000001");
    SORT(MR_BINLOG_BY_NAME, "m.000001 m.000002 m.000003 m.000004 m.000005", "m.000004", "m.000002",
         "m.000005", "m.000001", "m.000003");
    SORT(MR_BINLOG_BY_NAME, "m.000002 m.000003", "m.000003", "m.000002");
    /* what both have goes back; another series; another server */
    SORT_REFUSED("binary logs \"m.000003\" and \"m.000006\" are not of one server: neither begins "
                 "with what the other does",
                 "m.000003", "m.000006");
    SORT_REFUSED("binary logs \"m.000002\" and \"n.000003\" are not of one server: neither begins "
                 "with what the other does",
                 "m.000002", "n.000003");
    SORT_REFUSED("binary logs \"m.000005\" and \"m.000008\" are not of one server: neither begins "
                 "with what the other does",
                 "m.000005", "m.000008");
}

/* What stands in a data directory: logs, packed ones, an index, a folder, and all else. */
static void test_list(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {.code = MR_OK};
    const char **paths = NULL;
    unsigned found = 0;
    size_t count = 0;
    (void)state;
    write_log("bin.000002", 1, 20, true);
    write_log("bin.000001", 1, 10, true);
    pack_gzip("bin.000003.gz", "wb");
    write_file("bin.index", "./bin.000001\n", 13);
    write_file("ibdata1", "\0\0\0\0\0", 5);
    write_file("empty", "", 0);
    write_log(".bin.000004.tmp", 1, 20, true);
    write_file(".secret",
               "\xfd"
               "bin....",
               8);
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(mr_binlog_files_list(".", &arena, &paths, &count, &err), MR_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(paths[i], "./bin.00000", 11);
        found |= 1U << (paths[i][11] - '0');
    }
    assert_int_equal(found, 0xe);
    assert_int_equal(mr_binlog_files_list("nowhere", &arena, &paths, &count, &err), MR_E_IO);
    write_file("secret.000004",
               "\xfd"
               "bin....",
               8); /* a gap, unless it is said */
    assert_int_equal(mr_binlog_files_list(".", &arena, &paths, &count, &err), MR_E_UNSUPPORTED);
    assert_string_equal(err.message, "binary log \"./secret.000004\" is encrypted");
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_packed, begin, end),
        cmocka_unit_test_setup_teardown(test_gzip_members, begin, end),
        cmocka_unit_test_setup_teardown(test_packed_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_zeros, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_large, begin, end),
        cmocka_unit_test_setup_teardown(test_sort, begin, end),
        cmocka_unit_test_setup_teardown(test_sort_deleted_domain, begin, end),
        cmocka_unit_test_setup_teardown(test_list, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
