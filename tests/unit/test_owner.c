/* test_owner.c: what others have put where something of ours is to be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/case/casefile.h"
#include "core/file/io.h"
#include "core/file/new_dir.h"
#include "core/file/owner.h"

#define NOBODY 65534

static char dir[] = "/tmp/myrecon-owner-XXXXXX";
static char name[128];

static const char *in_dir(const char *base)
{
    (void)snprintf(name, sizeof name, "%s/%s", dir, base);
    return name;
}

/* A file of that owner with "old" in it. */
static void put_file(const char *base, uid_t owner)
{
    FILE *file = fopen(in_dir(base), "w");
    assert_non_null(file);
    assert_true(fputs("old", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(lchown(name, owner, (gid_t)-1), 0);
}

static void put_link(const char *base, const char *to, uid_t owner)
{
    assert_int_equal(symlink(to, in_dir(base)), 0);
    assert_int_equal(lchown(name, owner, (gid_t)-1), 0);
}

static void has(const char *base, const char *text)
{
    char got[16] = "";
    FILE *file = fopen(in_dir(base), "r");
    assert_non_null(file);
    (void)!fgets(got, sizeof got, file);
    (void)fclose(file);
    assert_string_equal(got, text);
}

static void needs_root(void)
{
    if (geteuid() != 0)
        skip(); /* nobody else's files can be made */
}

static enum mr_code write_to(const char *base, struct mr_err *err)
{
    return mr_io_write_file(in_dir(base), 0600, "new", 3, err);
}

static void test_outputs(void **state)
{
    struct mr_err err = {0};
    (void)state;
    needs_root();
    put_file("ours", 0);
    put_file("theirs", NOBODY);
    put_link("our-link", "ours", 0);
    put_link("their-link", "ours", NOBODY);
    put_link("their-loose-link", "not-there", NOBODY);
    assert_int_equal(write_to("theirs", &err), MR_E_IO);
    assert_non_null(strstr(err.message, "belongs to user \""));
    assert_non_null(strstr(err.hint, "only this user"));
    assert_int_equal(write_to("their-link", &err), MR_E_IO);
    assert_int_equal(write_to("their-loose-link", &err), MR_E_IO);
    put_link("our-other-link", "theirs", 0);
    assert_int_equal(write_to("our-other-link", &err), MR_E_IO);
    has("theirs", "old");
    has("ours", "old");
    assert_int_equal(access(in_dir("not-there"), F_OK), -1);
    assert_int_equal(write_to("our-link", &err), MR_OK);
    has("ours", "new");
    assert_int_equal(write_to("fresh", &err), MR_OK);
    /* where only its owner may write, who put it there is no question */
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(write_to("theirs", &err), MR_OK);
    assert_int_equal(chmod(dir, 01777), 0);
}

static void test_cases(void **state)
{
    static const char *const before[] = {"x.case", "x.case-wal", "x.case-journal", "x.case-shm"};
    (void)state;
    needs_root();
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct mr_case *cf = NULL;
        struct mr_err err = {0};
        (void)unlink(in_dir("x.case"));
        put_file(before[i], NOBODY);
        if (i == 0)
            assert_int_equal(truncate(name, 0), 0);
        enum mr_code code =
            mr_case_open(in_dir("x.case"), MR_CASE_WRITE, "CREATE TABLE t (a)", 1, &cf, &err);
        assert_int_equal(code, MR_E_IO);
        assert_non_null(strstr(err.message, before[i]));
        assert_int_equal(access(in_dir("x.case"), F_OK), i == 0 ? 0 : -1);
        assert_int_equal(unlink(in_dir(before[i])), 0);
    }
}

/* Rows would go, and come, where somebody else's link leads. */
static void test_case_links(void **state)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    (void)state;
    needs_root();
    assert_int_equal(
        mr_case_open(in_dir("l.case"), MR_CASE_WRITE, "CREATE TABLE t (a)", 1, &cf, &err), MR_OK);
    assert_int_equal(mr_case_close(cf, &err), MR_OK);
    put_link("their-case", "l.case", NOBODY);
    assert_int_equal(
        mr_case_open(in_dir("their-case"), MR_CASE_WRITE, "CREATE TABLE t (a)", 1, &cf, &err),
        MR_E_IO);
    assert_non_null(strstr(err.message, "their-case\" belongs to user"));
    assert_int_equal(unlink(in_dir("their-case")), 0);
}

/* What another user has put beside a case would be read as a part of it. */
static void test_reading_cases(void **state)
{
    static const char *const beside[] = {"y.case-wal", "y.case-journal", "y.case-shm"};
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    const char *sql = "CREATE TABLE t (a)";
    (void)state;
    needs_root();
    assert_int_equal(mr_case_open(in_dir("y.case"), MR_CASE_WRITE, sql, 1, &cf, &err), MR_OK);
    assert_int_equal(mr_case_close(cf, &err), MR_OK);
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        put_file(beside[i], NOBODY);
        assert_int_equal(mr_case_open(in_dir("y.case"), MR_CASE_READ, sql, 1, &cf, &err), MR_E_IO);
        assert_non_null(strstr(err.message, beside[i]));
        assert_int_equal(unlink(in_dir(beside[i])), 0);
    }
    /* a case and what is beside it may both be a colleague's */
    assert_int_equal(mr_case_open(in_dir("y.case"), MR_CASE_READ, sql, 1, &cf, &err), MR_OK);
    assert_int_equal(mr_case_close(cf, &err), MR_OK);
    assert_int_equal(chown(in_dir("y.case"), NOBODY, (gid_t)-1), 0);
    put_file("y.case-shm", NOBODY);
    assert_int_equal(truncate(name, 0), 0);
    assert_int_equal(mr_case_open(in_dir("y.case"), MR_CASE_READ, sql, 1, &cf, &err), MR_OK);
    assert_int_equal(mr_case_close(cf, &err), MR_OK);
    assert_int_equal(unlink(in_dir("y.case-shm")), 0);
}

/* SQLite would wait for a pipe beside a case, also where that is known by another name. */
static void test_case_sides(void **state)
{
    static const char *const names[] = {"x.case-journal", "x.case-wal", "x.case-shm"};
    struct mr_case *cf = NULL;
    (void)state;
    assert_int_equal(
        mr_case_open(in_dir("x.case"), MR_CASE_WRITE, "CREATE TABLE t (a)", 1, &cf, NULL), MR_OK);
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
    put_link("by-link", "x.case", geteuid());
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        const char *side = names[i / 2], *what = i % 2 ? "symbolic link" : "no regular file";
        assert_int_equal(i % 2 ? symlink("x.case", in_dir(side)) : mkfifo(in_dir(side), 0600), 0);
        for (int way = 0; way < 4; way++) {
            struct mr_err err = {0};
            assert_int_equal(mr_case_open(in_dir(way < 2 ? "x.case" : "by-link"),
                                          way % 2 ? MR_CASE_WRITE : MR_CASE_READ,
                                          "CREATE TABLE t (a)", 1, &cf, &err),
                             MR_E_CASE);
            assert_non_null(strstr(err.message, what));
        }
        assert_int_equal(unlink(in_dir(side)), 0);
    }
    assert_int_equal(unlink(in_dir("by-link")), 0);
    assert_int_equal(unlink(in_dir("x.case")), 0);
}

static bool any(const char *entry)
{
    (void)entry;
    return true;
}

static void test_directories(void **state)
{
    static const struct mr_new_dir_kind kind = {"output", "plan", any};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir new_dir;
    struct mr_err err = {0};
    (void)state;
    needs_root();
    assert_int_equal(mkdir(in_dir("d.partial"), 0777), 0);
    assert_int_equal(chown(name, NOBODY, (gid_t)-1), 0);
    assert_int_equal(mr_new_dir_begin(&new_dir, in_dir("d"), &kind, &arena, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "d.partial\" belongs to user \""));
    assert_int_equal(chown(in_dir("d.partial"), 0, (gid_t)-1), 0);
    assert_int_equal(mr_new_dir_begin(&new_dir, in_dir("d"), &kind, &arena, &err), MR_OK);
    mr_new_dir_close(&new_dir);
    put_link("e", "d.partial", NOBODY);
    assert_int_equal(mkdir(in_dir("theirs.d"), 0777), 0);
    assert_int_equal(chown(name, NOBODY, (gid_t)-1), 0);
    put_link("ours.d", "theirs.d", 0);
    static const char *const refused[] = {"e", "e/", "theirs.d", "theirs.d//", "ours.d/", "ours.d"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        err = (struct mr_err){0};
        assert_int_equal(mr_new_dir_begin(&new_dir, in_dir(refused[i]), &kind, &arena, &err),
                         MR_E_IO);
        assert_non_null(strstr(err.message, "belongs to user \""));
    }
    mr_arena_release(&arena);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL && chmod(dir, 01777) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs),    cmocka_unit_test(test_cases),
        cmocka_unit_test(test_case_links), cmocka_unit_test(test_reading_cases),
        cmocka_unit_test(test_case_sides), cmocka_unit_test(test_directories),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
