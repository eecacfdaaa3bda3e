/* test_casefile_lock.c: a writer that was killed a moment ago has its lock until it is dead; who comes after it
 * waits for that, and not for one that lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/case/casefile_lock.h"

static char path[] = "/tmp/myrecon-lock.XXXXXX";

/* A process that has the lock for so long, which may be longer than it lives; it has it on return. */
static pid_t hold(int hold_ms)
{
    const struct timespec time = {hold_ms / 1000, hold_ms % 1000 * 1000000L};
    int ready[2];
    char c = 0;
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int fd = open(path, O_RDWR);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || write(ready[1], "r", 1) != 1)
            _exit(1);
        (void)nanosleep(&time, NULL);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return pid;
}

static int take(void)
{
    const int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    const int failed = mr_case_take_lock(fd);
    (void)close(fd);
    return failed;
}

static void test_nobody_has_it(void **state)
{
    (void)state;
    assert_int_equal(take(), 0);
}

static void test_dying(void **state)
{
    (void)state;
    int status = 1;
    const pid_t pid = hold(MR_CASE_LOCK_WAIT_MS / 8);
    assert_int_equal(take(), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_alive(void **state)
{
    (void)state;
    const pid_t pid = hold(MR_CASE_LOCK_WAIT_MS * 100);
    assert_int_equal(take(), EWOULDBLOCK);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(take(), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_no_lock(void **state)
{
    (void)state;
    assert_int_equal(mr_case_take_lock(-1), EBADF);
}

static int begin(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    return fd >= 0 ? close(fd) : -1;
}

static int end(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_has_it),
                                       cmocka_unit_test(test_dying), cmocka_unit_test(test_alive),
                                       cmocka_unit_test(test_no_lock)};
    return cmocka_run_group_tests_name("casefile_lock", tests, begin, end);
}
