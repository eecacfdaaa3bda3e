/* test_fleet_tidy.c: what killed processes have left among the parts goes, by the clock of the file server;
 * whatever is being written, or is somebody's, stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recon/fleet/fleet_tidy.h"

#define NOW ((time_t)1000000000) /* of the file server; that of this machine is another one */

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/parts/%s", dir, name);
    return path;
}

/* A file whose last byte was written so many seconds ago. */
static void put(const char *name, time_t age)
{
    const struct timespec times[] = {{NOW - age, 0}, {NOW - age, 0}};
    const int fd = open(path_of(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(utimensat(AT_FDCWD, path_of(name), times, 0), 0);
}

static const struct {
    const char *name;
    time_t age;
    bool stays;
} files[] = {
    {".myrecon-77-1.tmp", MR_FLEET_LEFT_S + 1, false},
    {".myrecon-1-0.tmp", 10 * MR_FLEET_LEFT_S, false},
    {".myrecon-77-2.tmp", MR_FLEET_LEFT_S, true},
    {".myrecon-77-3.tmp", 0, true},
    {".myrecon-77-4.tmp", -10 * MR_FLEET_LEFT_S, true},
    {".myrecon-.tmp", 10 * MR_FLEET_LEFT_S, true}, /* no number: nobody of ours names one so */
    {".myrecon-77-1", 10 * MR_FLEET_LEFT_S, true},
    {"a.myrecon-77-1.tmp", 10 * MR_FLEET_LEFT_S, true},
    {"0.case", 10 * MR_FLEET_LEFT_S, true},
    {"0.progress", 10 * MR_FLEET_LEFT_S, true},
    {"0.json", 10 * MR_FLEET_LEFT_S, true},
};

#define COUNT (sizeof files / sizeof *files)

static void begin(void)
{
    (void)snprintf(dir, sizeof dir, "/tmp/test_fleet_tidy.XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mkdir(path_of(""), 0700), 0);
    for (size_t i = 0; i < COUNT; i++)
        put(files[i].name, files[i].age);
    put("0.lease", 0);
}

static void end(void)
{
    for (size_t i = 0; i < COUNT; i++)
        (void)unlink(path_of(files[i].name));
    assert_int_equal(unlink(path_of("0.lease")), 0);
    assert_int_equal(rmdir(path_of("")), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void test_by_the_clock_of_the_files(void **state)
{
    (void)state;
    const struct mr_fleet_file file = {.dir = dir};
    begin();
    mr_fleet_tidy(&file, path_of("0.lease"));
    for (size_t i = 0; i < COUNT; i++)
        if ((access(path_of(files[i].name), F_OK) == 0) != files[i].stays)
            fail_msg("%s: %s", files[i].name, files[i].stays ? "is gone" : "stays");
    end();
}

/* Links and folders of such a name are nobody's copy; without the file that tells the time, nothing is
 * old. */
static void test_what_is_no_file(void **state)
{
    (void)state;
    const struct mr_fleet_file file = {.dir = dir};
    const struct timespec old[] = {{0, 0}, {0, 0}};
    begin();
    mr_fleet_tidy(&file, path_of("1.lease"));
    assert_int_equal(access(path_of(files[0].name), F_OK), 0);
    assert_int_equal(symlink("0.case", path_of(".myrecon-9-9.tmp")), 0);
    assert_int_equal(utimensat(AT_FDCWD, path_of(".myrecon-9-9.tmp"), old, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(mkdir(path_of(".myrecon-9-8.tmp"), 0700), 0);
    assert_int_equal(utimensat(AT_FDCWD, path_of(".myrecon-9-8.tmp"), old, 0), 0);
    mr_fleet_tidy(&file, path_of("0.lease"));
    assert_int_equal(unlink(path_of(".myrecon-9-9.tmp")), 0);
    assert_int_equal(rmdir(path_of(".myrecon-9-8.tmp")), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_the_clock_of_the_files),
        cmocka_unit_test(test_what_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
