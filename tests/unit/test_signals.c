/* test_signals.c: one flag, its reason, and the second SIGINT, each in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/signals.h"

/* The wait status of a child that runs body(arg) and exits with its result. */
static int status_of(int (*body)(int), int arg)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGHUP, SIG_DFL);
        mr_signals_install();
        _exit(body(arg));
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int raise_once(int signo)
{
    if (mr_is_cancelled())
        return 1;
    (void)raise(signo);
    struct mr_err err;
    char want[64] = "interrupted by SIG";
    const char *name = sigabbrev_np(signo);
    memcpy(want + strlen(want), name, strlen(name) + 1);
    return mr_is_cancelled() && mr_cancelled_err(&err) == MR_E_CANCELLED &&
                   strcmp(err.message, want) == 0
               ? 0
               : 2;
}

static int raise_twice(int signo)
{
    (void)raise(signo);
    (void)raise(signo);
    return mr_is_cancelled() ? 0 : 1;
}

static int raise_again_later(int signo)
{
    (void)raise(signo);
    (void)raise(signo); /* its echo */
    (void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    (void)raise(signo);
    return mr_is_cancelled() ? 0 : 1;
}

static int first_signal_is_named(int unused)
{
    (void)unused;
    struct mr_err err;
    (void)raise(SIGTERM);
    (void)raise(SIGHUP);
    (void)mr_cancelled_err(&err);
    return strcmp(err.message, "interrupted by SIGTERM") == 0 ? 0 : 1;
}

static int write_to_closed_pipe(int unused)
{
    (void)unused;
    int fds[2];
    if (pipe(fds) != 0 || close(fds[0]) != 0)
        return 1;
    return write(fds[1], "x", 1) < 0 && errno == EPIPE && !mr_is_cancelled() ? 0 : 2;
}

static int hangup_under_nohup(int unused)
{
    (void)unused;
    (void)signal(SIGHUP, SIG_IGN);
    mr_signals_install();
    (void)raise(SIGHUP);
    return mr_is_cancelled() ? 1 : 0;
}

static void test_signals(void **state)
{
    (void)state;
    static const struct {
        int (*body)(int);
        int arg;
        int killed_by; /* 0: exits with 0 */
    } table[] = {
        {raise_once, SIGINT, 0},         {raise_once, SIGTERM, 0},
        {raise_once, SIGHUP, 0},         {raise_twice, SIGTERM, 0},
        {raise_twice, SIGHUP, 0},        {raise_twice, SIGINT, 0},
        {raise_again_later, SIGTERM, 0}, {raise_again_later, SIGINT, SIGINT},
        {first_signal_is_named, 0, 0},   {write_to_closed_pipe, 0, 0},
        {hangup_under_nohup, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int status = status_of(table[i].body, table[i].arg);
        int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        assert_int_equal(by, table[i].killed_by);
        if (by == 0)
            assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_false(mr_is_cancelled());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
