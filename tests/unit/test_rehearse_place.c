/* test_rehearse_place: the directory of a rehearsal, and what a killed one has left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "snapshot/rehearse/rehearse_place.h"

static char work[] = "/tmp/test_rehearse_place.XXXXXX";
static const struct mr_child_account ours = {0};

static int enter(void **state)
{
    (void)state;
    mr_log_set_level(MR_LOG_ERROR);
    return mkdtemp(work) != NULL && chdir(work) == 0 ? 0 : -1;
}

/* Nothing that a test has made is left. */
static int leave(void **state)
{
    (void)state;
    return chdir("/") + rmdir(work);
}

static void touch(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static void makes_and_removes(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_rehearse_place place;
    struct stat st;
    (void)state;
    assert_int_equal(mr_rehearse_place_make(work, &ours, &arena, &place, NULL), MR_OK);
    assert_int_equal(stat(place.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(place.data, &st) + stat(place.tmp, &st) + stat(place.files, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    touch(place.log);
    assert_int_equal(mr_rehearse_sweep(work, &ours, NULL), MR_OK); /* it is held */
    assert_int_equal(stat(place.log, &st), 0);
    const char *path = place.path;
    assert_int_equal(mr_rehearse_place_remove(&place, NULL), MR_OK);
    assert_int_equal(lstat(path, &st), -1);
    assert_int_equal(mr_rehearse_place_remove(&place, NULL), MR_OK);
    mr_arena_release(&arena);
}

/* Of these the marked directory alone is a rehearsal's, unless somebody holds it. */
static void sweeps_what_is_left(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(mkdir("myrecon-rehearse.left00", 0700), 0);
    touch("myrecon-rehearse.left00/" MR_REHEARSE_MARK);
    touch("myrecon-rehearse.left00/row");
    assert_int_equal(mkdir("myrecon-rehearse.mine00", 0700), 0);
    assert_int_equal(symlink("myrecon-rehearse.mine00", "myrecon-rehearse.link00"), 0);
    touch("myrecon-rehearse.file00");
    assert_int_equal(mkdir("other", 0700), 0);
    touch("other/" MR_REHEARSE_MARK);

    const int fd = open("myrecon-rehearse.left00", O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(mr_rehearse_sweep(work, &ours, NULL), MR_OK);
    assert_int_equal(lstat("myrecon-rehearse.left00/row", &st), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mr_rehearse_sweep(work, &ours, NULL), MR_OK);
    assert_int_equal(lstat("myrecon-rehearse.left00", &st), -1);

    assert_int_equal(unlink("other/" MR_REHEARSE_MARK) + rmdir("other"), 0);
    assert_int_equal(unlink("myrecon-rehearse.file00") + unlink("myrecon-rehearse.link00"), 0);
    assert_int_equal(rmdir("myrecon-rehearse.mine00"), 0);
}

static void asks_for_room(void **state)
{
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_rehearse_require_room(work, 0, &err), MR_OK);
    assert_int_equal(mr_rehearse_require_room(work, UINT64_MAX, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, work));
    assert_non_null(strstr(err.hint, "--work-dir"));
    assert_int_equal(mr_rehearse_require_room("nowhere", 0, &err), MR_E_IO);
}

/* Nothing stays of one that could not be made. */
static void refuses_a_long_path(void **state)
{
    char name[101], path[256];
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_rehearse_place place;
    struct mr_err err = {0};
    (void)state;
    memset(name, 'd', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(path, sizeof path, "%s/%s", work, name);
    assert_int_equal(mkdir(name, 0700), 0);
    assert_int_equal(mr_rehearse_place_make(path, &ours, &arena, &place, &err), MR_E_REFUSED);
    assert_int_equal(mr_rehearse_place_remove(&place, NULL), MR_OK);
    assert_int_equal(rmdir(name), 0);
    mr_arena_release(&arena);
}

static void names_the_directory(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    const char *dir = NULL;
    (void)state;
    assert_int_equal(setenv("TMPDIR", work, 1), 0);
    assert_int_equal(mr_rehearse_work_dir(NULL, &arena, &dir, NULL), MR_OK);
    assert_string_equal(dir, work);
    assert_int_equal(mr_rehearse_work_dir(".", &arena, &dir, NULL), MR_OK);
    assert_string_equal(dir, work);
    assert_int_equal(mr_rehearse_work_dir("nowhere", &arena, &dir, NULL), MR_E_IO);
    assert_int_equal(setenv("TMPDIR", "", 1), 0);
    assert_int_equal(mr_rehearse_work_dir(NULL, &arena, &dir, NULL), MR_OK);
    assert_string_equal(dir, "/var/tmp");
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_and_removes),   cmocka_unit_test(sweeps_what_is_left),
        cmocka_unit_test(asks_for_room),       cmocka_unit_test(refuses_a_long_path),
        cmocka_unit_test(names_the_directory),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
