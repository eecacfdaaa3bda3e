/* test_archive_list.c: what an archive's list holds comes back as it was; what nobody wrote is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/io.h"
#include "core/json/json_sealed.h"
#include "core/logs/archive_list.h"

static char dir[] = "/tmp/test_archive_list.XXXXXX";
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/" MR_ARCHIVE_FILE, dir);
    (void)unlink(path);
    return rmdir(dir);
}

static void test_round(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_archive_list out, in;
    struct mr_err err = {0};
    bool found = true;
    (void)state;
    mr_archive_list_init(&out);
    mr_archive_list_init(&in);
    assert_int_equal(mr_archive_list_read(dir, &arena, &in, &found, &err), MR_OK);
    assert_false(found);
    out.made = "2026-11-28T15:00:00Z";
    out.server = "mysql://dba@db\xff:3306"; /* bytes that are no text come back, too */
    out.of = (struct mr_server){.flavour = MR_FLAVOUR_MARIADB,
                                .version_text = "10.11.19-MariaDB",
                                .uuid = "u",
                                .hostname = "db1",
                                .server_id = 4294967295,
                                .port = 3306,
                                .datadir = "/data/"};
    struct mr_archived_log *log = mr_vec_push(&out.logs);
    *log = (struct mr_archived_log){.name = "bin.000001",
                                    .file = "bin.000001.zst",
                                    .before = "0-1-5",
                                    .server_bytes = 5,
                                    .bytes = UINT64_C(5000000000),
                                    .stored_bytes = 7,
                                    .content = DIGEST,
                                    .stored = DIGEST,
                                    .began = 1775000000,
                                    .is_whole = true};
    log = mr_vec_push(&out.logs);
    *log = (struct mr_archived_log){.name = "bin.000002",
                                    .file = "bin.000002.0.zst",
                                    .before = "",
                                    .content = DIGEST,
                                    .stored = DIGEST,
                                    .shift = 36,
                                    .fault = "it is damaged"};
    assert_int_equal(mr_archive_list_write(dir, &out, &err), MR_OK);
    assert_int_equal(mr_archive_list_read(dir, &arena, &in, &found, &err), MR_OK);
    assert_true(found);
    assert_string_equal(in.server, out.server);
    assert_string_equal(in.made, out.made);
    assert_true(mr_server_is_same(&in.of, &out.of));
    assert_int_equal(in.of.version, 101119);
    assert_int_equal(in.logs.count, 2);
    const struct mr_archived_log *back = mr_archive_list_find(&in, "bin.000001");
    assert_int_equal(back->bytes, UINT64_C(5000000000));
    assert_int_equal(back->began, 1775000000);
    assert_true(back->is_whole && back->shift == 0 && back->server_bytes == 5);
    assert_string_equal(back->before, "0-1-5");
    assert_null(back->fault);
    assert_string_equal(back->content, DIGEST);
    back = mr_archive_list_find(&in, "bin.000002");
    assert_true(!back->is_whole && back->shift == 36);
    assert_string_equal(back->fault, "it is damaged");
    assert_null(mr_archive_list_find(&in, "bin.000003"));
    mr_archive_list_release(&in);
    mr_archive_list_release(&out);
    mr_arena_release(&arena);
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } names[] = {{"bin.000001", true}, {"mysql-bin.123456", true},
                 {"db_1-bin.1", true}, {"", false},
                 {".bin", false},      {"../bin.1", false},
                 {"a/b", false},       {"-rf", false},
                 {"a b", true},        {"o'dd+x.000001", true},
                 {"a\\b", false},      {"archive.json", false},
                 {"a\n", false},       {"\xc3\xa4", false}};
    char wide[MR_ARCHIVE_NAME_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mr_archive_is_name(names[i].name) != names[i].good)
            fail_msg("\"%s\"", names[i].name);
    memset(wide, 'a', sizeof wide);
    wide[MR_ARCHIVE_NAME_MAX + 1] = '\0';
    assert_false(mr_archive_is_name(wide));
    assert_true(mr_archive_is_name(wide + 1));
}

#define HEAD                                                                                       \
    "{\"schema\":\"" MR_ARCHIVE_SCHEMA                                                             \
    "\",\"made\":\"t\",\"server\":{\"uri\":\"u\",\"flavour\":\"mysql\",\"version\":\"9.7.4\","     \
    "\"uuid\":\"\",\"server_id\":1,\"hostname\":\"h\",\"port\":1,\"datadir\":\"/\"},"
#define LOG_OF(name, file, bytes, digest)                                                          \
    "{\"name\":\"" name "\",\"file\":\"" file "\",\"bytes\":" bytes                                \
    ",\"content_sha256\":\"" digest                                                                \
    "\",\"server_bytes\":1,\"stored_bytes\":1,\"sha256\":\"" DIGEST                                \
    "\",\"began\":1,\"before\":\"\",\"whole\":true,\"shift\":0,\"fault\":null}"
#define LOG(name, bytes, digest) LOG_OF(name, name ".zst", bytes, digest)

/* Sealed as ours, and what we would not have written. */
static void test_refused(void **state)
{
    static const struct {
        const char *body;
        enum mr_code code;
    } cases[] = {
        {HEAD "\"logs\":[" LOG("bin.1", "5", DIGEST) "]}", MR_OK},
        {HEAD "\"logs\":[" LOG("../../etc/passwd", "5", DIGEST) "]}", MR_E_REFUSED},
        {HEAD "\"logs\":[" LOG("bin.1", "5", DIGEST) "," LOG("bin.1", "5", DIGEST) "]}",
         MR_E_REFUSED},
        {HEAD "\"logs\":[" LOG("bin.1", "5", "abc") "]}", MR_E_REFUSED},
        {HEAD "\"logs\":[" LOG("bin.1", "-5", DIGEST) "]}", MR_E_REFUSED},
        {HEAD "\"logs\":[" LOG_OF("bin.1", "../x.zst", "5", DIGEST) "]}", MR_E_REFUSED},
        {HEAD "\"logs\":[" LOG_OF("bin.1", "bin.1.5.zst", "5", DIGEST) "]}", MR_E_REFUSED},
        {HEAD "\"logs\":[5]}", MR_E_REFUSED},
        {HEAD "\"logs\":{}}", MR_E_REFUSED},
        {HEAD "\"more\":1}", MR_E_REFUSED},
        {"{\"schema\":\"myrecon/binlog-archive/2\",\"logs\":[]}", MR_E_REFUSED},
    };
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/" MR_ARCHIVE_FILE, dir);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_strbuf body = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
        struct mr_archive_list list;
        struct mr_err err = {0};
        bool found = false;
        mr_archive_list_init(&list);
        mr_strbuf_add_str(&body, cases[i].body);
        assert_int_equal(mr_json_sealed_add(&body, &text, &err), MR_OK);
        assert_int_equal(mr_io_write_file(path, 0600, text.ptr, text.len, &err), MR_OK);
        const enum mr_code code = mr_archive_list_read(dir, &arena, &list, &found, &err);
        if (code != cases[i].code)
            fail_msg("%s: %d, %s", cases[i].body, code, err.message);
        /* and every change of a byte */
        for (size_t k = 0; cases[i].code == MR_OK && k < text.len; k += 7) {
            text.ptr[k] ^= 1;
            assert_int_equal(mr_io_write_file(path, 0600, text.ptr, text.len, &err), MR_OK);
            struct mr_archive_list changed;
            mr_archive_list_init(&changed);
            assert_int_equal(mr_archive_list_read(dir, &arena, &changed, &found, &err),
                             MR_E_REFUSED);
            mr_archive_list_release(&changed);
            text.ptr[k] ^= 1;
        }
        mr_archive_list_release(&list);
        mr_strbuf_release(&body);
        mr_strbuf_release(&text);
        mr_arena_release(&arena);
    }
}

/* In the order of their numbers, whatever came first; what is lacking between them is named. */
static void test_order(void **state)
{
    static const struct {
        const char *names[4];
        bool whole[4];
        const char *order, *gaps;
    } cases[] = {
        {{"b.000001", "b.000002"}, {true, false}, "b.000001 b.000002 ", ""},
        {{"b.000003", "b.000001", "b.000002"},
         {true, true, true},
         "b.000001 b.000002 b.000003 ",
         ""},
        {{"b.000009", "b.000010"}, {true, true}, "b.000009 b.000010 ", ""},
        {{"b.999999", "b.1000000"}, {true, true}, "b.999999 b.1000000 ", ""},
        {{"b.000001", "b.000003"},
         {true, true},
         "b.000001 b.000003 ",
         "what came between \"b.000001\" and \"b.000003\" is not in the archive"},
        {{"b.000001", "b.000002"},
         {false, true},
         "b.000001 b.000002 ",
         "the end of \"b.000001\" is not in the archive"},
        {{"b.000001", "c.000002"},
         {true, true},
         "b.000001 c.000002 ",
         "what came between \"b.000001\" and \"c.000002\" is not in the archive"},
        {{"b.000001", "b.000001"}, {false, true}, "b.000001 ", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_archive_list list;
        struct mr_strbuf order = MR_STRBUF_INIT, gaps = MR_STRBUF_INIT;
        mr_archive_list_init(&list);
        for (size_t k = 0; k < 4 && cases[i].names[k] != NULL; k++) {
            const struct mr_archived_log log = {.name = cases[i].names[k],
                                                .is_whole = cases[i].whole[k]};
            const struct mr_archived_log *slot = mr_archive_list_put(&list, &log);
            assert_non_null(slot);
            assert_string_equal(slot->name, log.name);
        }
        for (size_t k = 0; k < list.logs.count; k++)
            mr_strbuf_add_fmt(&order, "%s ",
                              ((const struct mr_archived_log *)mr_vec_at(&list.logs, k))->name);
        mr_archive_list_add_gaps(&list, &gaps);
        assert_string_equal(order.ptr, cases[i].order);
        assert_string_equal(gaps.ptr != NULL ? gaps.ptr : "", cases[i].gaps);
        mr_strbuf_release(&order);
        mr_strbuf_release(&gaps);
        mr_archive_list_release(&list);
    }
}

/* What goes is what a killed run has left, and nothing that is listed or somebody else's. */
static void test_left(void **state)
{
    static const struct {
        const char *file;
        bool left;
    } cases[] = {
        {".myrecon-4711-2.tmp", true},
        {".myrecon-notes.tmp", false},
        {".myrecon-4711-2.tmp~", false},
        {".myrecon-", false},
        {".bin.000001.new", true},
        {".bin.000009.new", true},
        {".bashrc.new", false},
        {".new", false},
        {"..new", false},
        {"bin.000001.new", false},
        {"bin.000001.zst", false},
        {"bin.000002.4.zst", true},
        {"bin.000002.5.zst", false},
        {"bin.000002.zst", false},
        {"bin.000003.5.zst", false},
        {"bin.000001.000001.zst", false},
        {"bin.000001.000002.zst", true},
        {"bin.000001.zst.zst", false},
        {"archive.json", false},
        {"", false},
    };
    static const struct mr_archived_log logs[] = {
        {.name = "bin.000001", .file = "bin.000001.zst"},
        {.name = "bin.000002", .file = "bin.000002.5.zst"},
        {.name = "bin.000001.000001", .file = "bin.000001.000001.zst"},
    };
    struct mr_archive_list list;
    (void)state;
    mr_archive_list_init(&list);
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        assert_non_null(mr_archive_list_put(&list, &logs[i]));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mr_archive_list_is_left(&list, cases[i].file) != cases[i].left)
            fail_msg("\"%s\"", cases[i].file);
    mr_archive_list_release(&list);
}

/* What could not be read again is not written; what stood there stands. */
static void test_too_large(void **state)
{
    const size_t size = (size_t)100 << 20;
    struct mr_archive_list list;
    struct mr_err err = {0};
    char *before = malloc(size + 1), path[128];
    struct stat was, is;
    (void)state;
    assert_non_null(before);
    memset(before, '1', size);
    before[size] = '\0';
    mr_archive_list_init(&list);
    assert_int_equal(mr_archive_list_write(dir, &list, &err), MR_OK);
    (void)snprintf(path, sizeof path, "%s/" MR_ARCHIVE_FILE, dir);
    assert_int_equal(stat(path, &was), 0);
    for (int i = 0; i < 3; i++) {
        struct mr_archived_log *log = mr_vec_push(&list.logs);
        assert_non_null(log);
        *log = (struct mr_archived_log){.name = "b.1", .file = "b.1.zst", .before = before};
    }
    assert_int_equal(mr_archive_list_write(dir, &list, &err), MR_E_IO);
    assert_int_equal(stat(path, &is), 0);
    assert_true(is.st_size == was.st_size && is.st_ino == was.st_ino);
    mr_archive_list_release(&list);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_order),
        cmocka_unit_test(test_left),    cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
