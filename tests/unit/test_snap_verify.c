/* test_snap_verify.c: a snapshot of format 1 is whole, and whatever is changed in it is
 * found, and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "core/pool.h"
#include "snapshot/snap_catalogue.h"
#include "snapshot/verify.h"

#define GOLDEN "tests/golden/snapshot-v1"
#define MAX_FILES 64

static char place[] = "/tmp/myrecon-test-XXXXXX";
static char names[MAX_FILES][128]; /* "data/x" */
static size_t nnames;

/* ---- a copy of the golden snapshot ---- */

static int copy_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    char to[512];
    const char *name = path + sizeof GOLDEN - 1;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)st;
    (void)ftw;
    (void)snprintf(to, sizeof to, "%s%s", place, name);
    if (type == FTW_D)
        return *name == '\0' ? 0 : mkdir(to, 0700);
    assert_int_equal(mr_io_read_file(path, 1 << 20, &text, NULL), MR_OK);
    assert_int_equal(mr_io_write_file(to, 0600, text.ptr, text.len, NULL), MR_OK);
    assert_true(nnames < MAX_FILES);
    (void)snprintf(names[nnames++], sizeof names[0], "%s", name + 1);
    mr_strbuf_release(&text);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int begin(void **state)
{
    (void)state;
    if (mkdtemp(place) == NULL)
        return -1;
    return nftw(GOLDEN, copy_entry, 8, FTW_PHYS);
}

static int end(void **state)
{
    (void)state;
    return nftw(place, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char path[2][PATH_MAX];
    static int which;
    which = !which;
    (void)snprintf(path[which], sizeof path[0], "%s/%.500s", place, name);
    return path[which];
}

/* ---- questions ---- */

static struct mr_progress *progress;

/* How much is damaged; *named: is that file among it? */
static size_t damage(const char *file, bool *named, bool quick)
{
    struct mr_snap snap;
    struct mr_err err = {0};
    const struct mr_verify_opts opts = {
        .threads = 1, .quick = quick, .progress = progress};
    enum mr_code code = mr_snap_open(place, &snap, &err);
    assert_int_equal(code, MR_OK);
    assert_int_equal(mr_verify(&snap, &opts, &err), MR_OK);
    size_t count = snap.damage.count;
    *named = false;
    for (size_t i = 0; i < count; i++) {
        const struct mr_snap_damage *item = mr_vec_at(&snap.damage, i);
        *named |= strcmp(item->file, file) == 0;
    }
    mr_snap_close(&snap);
    return count;
}

static bool is_of_manifest(const char *name)
{
    return strncmp(name, "manifest.json", 13) == 0;
}

/* A changed manifest and a changed sum cannot be told apart: either name will do. */
static void assert_found(const char *name, const char *what, bool quick)
{
    bool named = false, other = false;
    size_t count = damage(name, &named, quick);
    if (is_of_manifest(name) && !named)
        (void)damage(strcmp(name, "manifest.json") == 0 ? "manifest.json.sha256"
                                                        : "manifest.json",
                     &other, quick);
    if (count == 0 || (!named && !other))
        fail_msg("%s: %s is not found", name, what);
}

static void assert_whole(void)
{
    bool named;
    assert_int_equal(damage("", &named, false), 0);
    assert_int_equal(damage("", &named, true), 0);
}

static void read_name(const char *name, struct mr_strbuf *out)
{
    assert_int_equal(mr_io_read_file(path_of(name), 1 << 20, out, NULL), MR_OK);
}

static void write_name(const char *name, const void *ptr, size_t len)
{
    int fd = open(path_of(name), O_WRONLY | O_TRUNC | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, ptr, len), len);
    (void)close(fd);
}

/* ---- tests ---- */

static void test_golden(void **state)
{
    (void)state;
    assert_true(nnames > 8);
    assert_whole();
}

/* A bit of every byte of the data, and of every fourth byte elsewhere, or of every one in a
 * long run. */
static void test_flipped(void **state)
{
    (void)state;
    bool is_long = strlen(getenv("SEEDS") != NULL ? getenv("SEEDS") : "") > 3;
    for (size_t i = 0; i < nnames; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        read_name(names[i], &text);
        for (size_t at = 0; at < text.len; at += is_long || text.len < 300 ? 1 : 4) {
            text.ptr[at] = (char)(text.ptr[at] ^ (1 << at % 8));
            write_name(names[i], text.ptr, text.len);
            assert_found(names[i], "a flipped bit", false);
            text.ptr[at] = (char)(text.ptr[at] ^ (1 << at % 8));
        }
        write_name(names[i], text.ptr, text.len);
        mr_strbuf_release(&text);
    }
    assert_whole();
}

static void test_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < nnames; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        read_name(names[i], &text);
        for (size_t len = 0; len < text.len; len += 1 + text.len / 7) {
            write_name(names[i], text.ptr, len);
            assert_found(names[i], "a shorter file", true);
        }
        mr_strbuf_add_char(&text, '\n');
        write_name(names[i], text.ptr, text.len);
        assert_found(names[i], "a longer file", true);
        write_name(names[i], text.ptr, text.len - 1);
        mr_strbuf_release(&text);
    }
    assert_whole();
}

static void test_missing_and_extra(void **state)
{
    (void)state;
    static const char *const extra[] = {"x", "data/x", "schema/.hidden", "journal.jsonl",
                                        "data/snapshot_club.members.1.tsv.zst"};
    for (size_t i = 0; i < nnames; i++) {
        assert_int_equal(rename(path_of(names[i]), path_of("../myrecon-test-aside")), 0);
        assert_found(names[i], "a missing file", true);
        assert_int_equal(symlink("../myrecon-test-aside", path_of(names[i])), 0);
        if (!is_of_manifest(names[i]))
            assert_found(names[i], "a link instead of the file", true);
        assert_int_equal(rename(path_of("../myrecon-test-aside"), path_of(names[i])), 0);
    }
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        write_name(extra[i], "x", 1);
        assert_found(extra[i], "an extra file", true);
        assert_int_equal(unlink(path_of(extra[i])), 0);
    }
    assert_whole();
}

static void test_swapped(void **state)
{
    (void)state;
    for (size_t i = 0; i < nnames; i++)
        for (size_t k = 0; k < i; k++) {
            struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
            read_name(names[i], &a);
            read_name(names[k], &b);
            write_name(names[i], b.ptr, b.len);
            write_name(names[k], a.ptr, a.len);
            if (!is_of_manifest(names[i]) && !is_of_manifest(names[k])) {
                assert_found(names[i], "a swapped file", false);
                assert_found(names[k], "a swapped file", false);
            } else {
                assert_found("manifest.json", "a swapped manifest", false);
            }
            write_name(names[i], a.ptr, a.len);
            write_name(names[k], b.ptr, b.len);
            mr_strbuf_release(&a);
            mr_strbuf_release(&b);
        }
    assert_whole();
}

/* What is loaded is what the manifest proves, and fits it. */
static void test_catalogue(void **state)
{
    (void)state;
    struct mr_snap snap;
    struct mr_catalogue *cat = NULL;
    struct mr_err err = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_int_equal(mr_snap_open(place, &snap, &err), MR_OK);
    assert_int_equal(mr_snap_catalogue_load(&snap, &cat, &err), MR_OK);
    const struct mr_table *log = mr_catalogue_table(cat, "snapshot_club", "log");
    assert_non_null(log);
    assert_string_equal(log->fks[0].ref_table, "members");
    assert_string_equal(log->triggers[0].name, "t1");
    assert_string_equal(mr_catalogue_db(cat, "snapshot_club")->charset, "utf8mb4");
    assert_int_equal(cat->nobjects, 1);
    assert_int_equal(snap.manifest.tables[1].auto_increment, 8);
    assert_int_equal(snap.manifest.tables[1].greatest, 7);
    mr_catalogue_free(cat);

    read_name("catalogue.json", &text);
    for (size_t at = 0; at < text.len; at += 97) {
        text.ptr[at] = (char)(text.ptr[at] ^ 1);
        write_name("catalogue.json", text.ptr, text.len);
        assert_int_equal(mr_snap_catalogue_load(&snap, &cat, &err), MR_E_REFUSED);
        assert_null(cat);
        assert_non_null(strstr(err.message, "catalogue.json"));
        text.ptr[at] = (char)(text.ptr[at] ^ 1);
    }
    write_name("catalogue.json", text.ptr, text.len);
    mr_strbuf_release(&text);

    snap.manifest.tables[0].name = "later";
    assert_int_equal(mr_snap_catalogue_load(&snap, &cat, &err), MR_E_SNAPSHOT);
    assert_non_null(strstr(err.message, "snapshot_club.later"));
    mr_snap_close(&snap);
}

static void test_no_snapshot(void **state)
{
    (void)state;
    struct mr_snap snap;
    struct mr_err err = {0};
    assert_int_equal(mr_snap_open("tests/golden", &snap, &err), MR_E_SNAPSHOT);
    mr_snap_close(&snap);
    assert_int_equal(mr_snap_open("tests/nowhere", &snap, &err), MR_E_IO);
    mr_snap_close(&snap);
    assert_int_equal(mr_snap_open("Makefile", &snap, &err), MR_E_SNAPSHOT);
    mr_snap_close(&snap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_length),    cmocka_unit_test(test_missing_and_extra),
        cmocka_unit_test(test_swapped),   cmocka_unit_test(test_no_snapshot),
        cmocka_unit_test(test_catalogue),
    };
    if (mr_progress_new(MR_PROGRESS_NEVER, &progress, NULL) != MR_OK)
        return 1;
    int rc = cmocka_run_group_tests(tests, begin, end);
    mr_progress_free(progress);
    return rc;
}
