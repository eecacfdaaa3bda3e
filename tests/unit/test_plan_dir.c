/* test_plan_dir.c: a plan directory is whole or absent, and is read only if untouched: plan_dir.c,
 * plan_file.c and plan_open.c, which share a header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/io.h"
#include "repair/plan/plan_dir.h"
#include "repair_sample.h"

static char dir[64];

static const char *in(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static bool exists(const char *name)
{
    return access(in(name), F_OK) == 0;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(mr_io_write_file(in(name), 0600, text, strlen(text), NULL), MR_OK);
}

static enum mr_code write_plan(const char *name, struct mr_err *err)
{
    struct mr_plan_writer *writer = NULL;
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    enum mr_code code = mr_plan_writer_begin(in(name), &writer, err);
    if (code == MR_OK)
        code = mr_plan_writer_add(writer, "reseed.sql", "SELECT 1", 8, err);
    if (code == MR_OK)
        code = mr_plan_writer_add(writer, "verify.sql", "", 0, err);
    if (code == MR_OK)
        code = mr_plan_writer_publish(writer, &manifest, NULL, err);
    mr_plan_writer_free(writer);
    return code;
}

static enum mr_code read_plan(const char *name, struct mr_err *err)
{
    struct mr_plan_dir plan;
    enum mr_code code = mr_plan_open(in(name), &plan, err);
    if (code == MR_OK)
        assert_string_equal(plan.manifest.uuid, "20261120T110000Z-abcdef");
    mr_plan_close(&plan);
    return code;
}

static void test_write_and_read(void **state)
{
    struct mr_err err = {0};
    struct stat st;
    (void)state;
    assert_int_equal(write_plan("one", &err), MR_OK);
    assert_false(exists("one.partial"));
    assert_int_equal(stat(in("one"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(in("one/plan.json"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(read_plan("one", &err), MR_OK);
    /* an empty directory is taken, also with a slash behind, also through a link */
    assert_int_equal(mkdir(in("empty"), 0755), 0);
    assert_int_equal(symlink("empty", in("link")), 0);
    assert_int_equal(write_plan("link", &err), MR_OK);
    assert_int_equal(read_plan("empty", &err), MR_OK);
    assert_int_equal(mkdir(in("slash"), 0755), 0);
    assert_int_equal(write_plan("slash/", &err), MR_OK);
    assert_int_equal(read_plan("slash", &err), MR_OK);
}

static void test_refused_output(void **state)
{
    struct mr_err err = {0};
    struct mr_plan_writer *writer = NULL, *second = NULL;
    (void)state;
    assert_int_equal(write_plan("two", &err), MR_OK);
    assert_int_equal(write_plan("two", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "not empty"));
    put("file", "x");
    assert_int_equal(write_plan("file", &err), MR_E_REFUSED);
    assert_int_equal(write_plan("none/below", &err), MR_E_IO);
    assert_false(exists("none"));
    /* two at once; the one that is given up leaves nothing */
    assert_int_equal(mr_plan_writer_begin(in("three"), &writer, &err), MR_OK);
    assert_int_equal(mr_plan_writer_begin(in("three"), &second, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "another run"));
    assert_null(second);
    mr_plan_writer_free(writer);
    assert_false(exists("three"));
    assert_false(exists("three.partial"));
    mr_plan_writer_free(NULL);
    /* sealed, it is whole but for its name, and no more than its name is given to it */
    struct mr_manifest sealed = sample_manifest(MR_FLAVOUR_MYSQL);
    assert_int_equal(mr_plan_writer_begin(in("three"), &writer, &err), MR_OK);
    assert_int_equal(mr_plan_writer_seal(writer, &sealed, NULL, &err), MR_OK);
    assert_true(exists("three.partial/plan.json"));
    assert_false(exists("three"));
    mr_plan_writer_free(writer);
    assert_false(exists("three.partial"));
    /* filled while it was planned */
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    assert_int_equal(mr_plan_writer_begin(in("four"), &writer, &err), MR_OK);
    assert_int_equal(mkdir(in("four"), 0700), 0);
    put("four/mine", "x");
    assert_int_equal(mr_plan_writer_publish(writer, &manifest, NULL, &err), MR_E_REFUSED);
    mr_plan_writer_free(writer);
    assert_true(exists("four/mine"));
    assert_false(exists("four.partial"));
}

static enum mr_code write_over(const char *name, const char *uuid, const char *of,
                               struct mr_err *err)
{
    struct mr_plan_writer *writer = NULL;
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    manifest.uuid = uuid;
    manifest.again_of = of;
    enum mr_code code = mr_plan_writer_begin_over(in(name), &writer, err);
    if (code == MR_OK)
        code = mr_plan_writer_publish(writer, &manifest, NULL, err);
    if (code == MR_OK)
        assert_non_null(strstr(mr_plan_writer_old(writer), "over."));
    mr_plan_writer_free(writer);
    return code;
}

static bool is_plan(const char *name, const char *uuid)
{
    struct mr_plan_dir plan;
    struct mr_err err = {0};
    enum mr_code code = mr_plan_open(in(name), &plan, &err);
    const bool is = code == MR_OK && strcmp(plan.manifest.uuid, uuid) == 0;
    mr_plan_close(&plan);
    return is;
}

/* The plan that is replaced is never lost: it has another name, also after a crash between the two. */
static void test_over(void **state)
{
    static const char first[] = "20261120T110000Z-abcdef";
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(write_over("over", "b", first, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "there is no plan"));
    assert_int_equal(write_plan("over", &err), MR_OK);
    assert_int_equal(write_over("over/", "b", first, &err), MR_OK);
    assert_true(is_plan("over", "b") && is_plan("over.1", first));
    assert_false(exists("over.partial"));
    /* killed behind the exchange */
    char from[128];
    (void)snprintf(from, sizeof from, "%s", in("over.1"));
    assert_int_equal(rename(from, in("over.partial")), 0);
    assert_int_equal(write_over("over", "c", "b", &err), MR_OK);
    assert_true(is_plan("over", "c") && is_plan("over.1", first) && is_plan("over.2", "b"));
    /* killed in front of it: that was none yet */
    assert_int_equal(mkdir(in("over.partial"), 0700), 0);
    put("over.partial/plan.json", "{");
    assert_int_equal(write_over("over", "d", "c", &err), MR_OK);
    assert_true(is_plan("over", "d") && is_plan("over.3", "c"));
    assert_false(exists("over.4") || exists("over.partial"));
    put("over/journal.jsonl", "");
    assert_int_equal(write_over("over", "e", "d", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "has a journal"));
    assert_non_null(strstr(err.hint, "--output"));
    assert_true(is_plan("over", "d"));
}

static void test_leftovers(void **state)
{
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mkdir(in("five.partial"), 0700), 0);
    put("five.partial/plan.json", "{");
    put("five.partial/.myrecon-7-0.tmp", "");
    put("five.partial/approval-0123456789abcdef.sig", "");
    assert_int_equal(write_plan("five", &err), MR_OK);
    assert_int_equal(read_plan("five", &err), MR_OK);
    assert_int_equal(mkdir(in("six.partial"), 0700), 0);
    static const char *const foreign[] = {"six.partial/diary.txt", "six.partial/approval-of-us.sig",
                                          "six.partial/approval-0123456789abcdef.sig.old"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        put(foreign[i], "dear");
        assert_int_equal(write_plan("six", &err), MR_E_REFUSED);
        assert_true(exists(foreign[i]));
        assert_int_equal(unlink(in(foreign[i])), 0);
    }
}

static void test_streamed_files(void **state)
{
    static char line[100000];
    struct mr_err err = {0};
    struct mr_plan_writer *writer = NULL;
    struct mr_plan_file_out *plain = NULL, *packed = NULL;
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    struct stat st;
    (void)state;
    memset(line, 'x', sizeof line);
    assert_int_equal(mr_plan_writer_begin(in("eight"), &writer, &err), MR_OK);
    assert_int_equal(mr_plan_writer_open(writer, "idmap.csv", &plain, &err), MR_OK);
    assert_int_equal(mr_plan_writer_open(writer, "entities.csv.zst", &packed, &err), MR_OK);
    struct mr_sink sink = mr_plan_file_sink(plain);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sink.write(sink.arg, line, sizeof line, &err), MR_OK);
        assert_int_equal(mr_plan_file_write(packed, line, sizeof line, &err), MR_OK);
    }
    assert_int_equal(mr_plan_file_close(plain, &err), MR_OK);
    /* a file that is still open belongs to no plan */
    assert_int_equal(mr_plan_writer_publish(writer, &manifest, NULL, &err), MR_E_BUG);
    assert_int_equal(mr_plan_file_close(packed, &err), MR_OK);
    assert_int_equal(mr_plan_file_close(NULL, &err), MR_OK);
    assert_int_equal(mr_plan_writer_publish(writer, &manifest, NULL, &err), MR_OK);
    mr_plan_writer_free(writer);
    assert_int_equal(stat(in("eight/idmap.csv"), &st), 0);
    assert_int_equal(st.st_size, 3 * sizeof line);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(in("eight/entities.csv.zst"), &st), 0);
    assert_in_range(st.st_size, 20, 1000);
    assert_int_equal(read_plan("eight", &err), MR_OK);
    put("eight/entities.csv.zst", "");
    assert_int_equal(read_plan("eight", &err), MR_E_REFUSED);
}

static void expect_refused(const char *name, const char *file)
{
    struct mr_err err = {0};
    assert_int_equal(read_plan(name, &err), MR_E_REFUSED);
    if (strstr(err.message, file) == NULL)
        fail_msg("%s is not named: %s", file, err.message);
}

static void test_refused_plan(void **state)
{
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(write_plan("seven", &err), MR_OK);
    put("seven/journal.jsonl", "whatever");
    put("seven/x.tmp", "whatever");
    assert_int_equal(read_plan("seven", &err), MR_OK);
    put("seven/reseed.sql", "SELECT 2");
    expect_refused("seven", "reseed.sql");
    put("seven/reseed.sql", "SELECT 1 ");
    expect_refused("seven", "reseed.sql");
    put("seven/reseed.sql", "SELECT 1");
    assert_int_equal(read_plan("seven", &err), MR_OK);
    put("seven/undo.sql", "");
    expect_refused("seven", "undo.sql");
    assert_int_equal(unlink(in("seven/undo.sql")), 0);
    assert_int_equal(unlink(in("seven/verify.sql")), 0);
    expect_refused("seven", "verify.sql");
    assert_int_equal(unlink(in("seven/plan.json")), 0);
    expect_refused("seven", "plan.json");
    assert_int_equal(read_plan("nowhere", &err), MR_E_IO);
    assert_int_equal(read_plan("seven/reseed.sql", &err), MR_E_IO);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/test_plan_dir.XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"one",   "empty", "link",   "slash",       "two",
                                        "file",  "four",  "five",   "six.partial", "seven",
                                        "eight", "over",  "over.1", "over.2",      "over.3"};
    static const char *const files[] = {"plan.json", "reseed.sql", "verify.sql",
                                        "mine",      "diary.txt",  "journal.jsonl",
                                        "x.tmp",     "idmap.csv",  "entities.csv.zst"};
    char name[64];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
            (void)snprintf(name, sizeof name, "%s/%s", names[i], files[f]);
            (void)unlink(in(name));
        }
        (void)remove(in(names[i]));
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_and_read), cmocka_unit_test(test_refused_output),
        cmocka_unit_test(test_leftovers),      cmocka_unit_test(test_refused_plan),
        cmocka_unit_test(test_streamed_files), cmocka_unit_test(test_over),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
