/* test_remove_tree: a directory goes with all that is in it, and nothing that a link leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/remove_tree.h"

static char place[] = "/tmp/test_remove_tree.XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(place) != NULL && chdir(place) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") + rmdir(place);
}

static void touch(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static void removes_what_is_in_it(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(mkdir("kept", 0700), 0);
    touch("kept/file");
    assert_int_equal(mkdir("t", 0700) + mkdir("t/a", 0700) + mkdir("t/a/b", 0700), 0);
    touch("t/file");
    touch("t/a/b/file");
    assert_int_equal(symlink("../kept", "t/link"), 0);
    assert_int_equal(symlink("../../kept/file", "t/a/link"), 0);
    assert_int_equal(mkfifo("t/pipe", 0600), 0);
    assert_int_equal(mr_remove_tree("t", NULL), MR_OK);
    assert_int_equal(lstat("t", &st), -1);
    assert_int_equal(unlink("kept/file") + rmdir("kept"), 0);
    assert_int_equal(mr_remove_tree("t", NULL), MR_OK); /* it is not there */
}

static void refuses_what_is_none(void **state)
{
    struct mr_err err = {0};
    struct stat st;
    (void)state;
    assert_int_equal(mkdir("kept", 0700), 0);
    assert_int_equal(symlink("kept", "link"), 0);
    assert_int_equal(mr_remove_tree("link", &err), MR_E_IO);
    assert_int_equal(lstat("link", &st) + lstat("kept", &st), 0);
    assert_int_equal(unlink("link") + rmdir("kept"), 0);
    touch("file");
    assert_int_equal(mr_remove_tree("file", &err), MR_E_IO);
    assert_int_equal(unlink("file"), 0);
}

static void refuses_what_is_too_deep(void **state)
{
    struct mr_err err = {0};
    char path[4 * MR_REMOVE_DEPTH] = "d";
    size_t len = 1;
    (void)state;
    for (int i = 0; i <= MR_REMOVE_DEPTH + 1; i++) {
        assert_int_equal(mkdir(path, 0700), 0);
        memcpy(path + len, "/d", 3);
        len += 2;
    }
    assert_int_equal(mr_remove_tree("d", &err), MR_E_REFUSED);
    for (; len > 1; len -= 2) {
        path[len - 2] = '\0';
        assert_int_equal(rmdir(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removes_what_is_in_it),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(refuses_what_is_too_deep),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
