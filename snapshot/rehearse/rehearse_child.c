/* rehearse_child.c: see rehearse_child.h. */
#include "snapshot/rehearse/rehearse_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_SIGNAL 31

/* What could not be done between the fork and the program; sent through a pipe. */
struct complaint {
    enum { AT_ACCOUNT = 1, AT_DIR, AT_PROGRAM } at;
    int error;
};

/* A list of what it may have, since no list of what it may not have is ever whole. */
static const char *const passed_on[] = {"PATH", "LD_LIBRARY_PATH", "TZ",
                                        "HOME", "ASAN_OPTIONS",    "LSAN_OPTIONS"};
#define PASSED_ON (sizeof passed_on / sizeof *passed_on)

extern char **environ;

static void fill_environment(char *env[PASSED_ON + 2])
{
    size_t count = 0;
    static char locale[] = "LC_ALL=C";
    for (size_t i = 0; i < PASSED_ON; i++)
        for (char **at = environ; *at != NULL; at++) {
            const size_t len = strlen(passed_on[i]);
            if (strncmp(*at, passed_on[i], len) == 0 && (*at)[len] == '=')
                env[count++] = *at;
            if (count > i)
                break;
        }
    env[count++] = locale;
    env[count] = NULL;
}

static void reset_signals(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;
    (void)sigemptyset(&none);
    for (int signo = 1; signo <= LAST_SIGNAL; signo++)
        (void)sigaction(signo, &plain, NULL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The kernel forgets whom it is to kill for when the account changes, so that stands behind it. */
static int take_account(const struct mr_child_account *account, pid_t parent)
{
    if (account->name != NULL && (setgroups(1, &account->gid) != 0 || setgid(account->gid) != 0 ||
                                  setuid(account->uid) != 0))
        return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return -1;
    errno = ESRCH;
    return getppid() == parent ? 0 : -1;
}

static struct complaint become(const char *const *argv, const struct mr_child_account *account,
                               const char *dir, int out_fd, pid_t parent)
{
    char *env[PASSED_ON + 2];
    char **args = NULL;
    const int null_fd = open("/dev/null", O_RDONLY);
    (void)setsid();
    reset_signals();
    (void)umask(077);
    if (dup2(null_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0 ||
        dup2(out_fd, STDERR_FILENO) < 0)
        return (struct complaint){AT_PROGRAM, errno};
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (take_account(account, parent) != 0)
        return (struct complaint){AT_ACCOUNT, errno};
    if (chdir(dir) != 0)
        return (struct complaint){AT_DIR, errno};
    fill_environment(env);
    memcpy(&args, &argv, sizeof args); /* exec does not change them, whatever its type says */
    (void)execve(argv[0], args, env);
    return (struct complaint){AT_PROGRAM, errno};
}

static enum mr_code report(const struct complaint *c, const char *program,
                           const struct mr_child_account *account, const char *dir,
                           struct mr_err *err)
{
    switch (c->at) {
    case AT_ACCOUNT:
        return mr_err_set_sys(err, MR_E_IO, c->error, "could not become account \"%s\"",
                              account->name != NULL ? account->name : "");
    case AT_DIR:
        (void)mr_err_set_sys(err, MR_E_IO, c->error, "account \"%s\" could not enter \"%s\"",
                             account->name != NULL ? account->name : "", dir);
        mr_err_hint(err, "Choose a place that it reaches with --work-dir, or another account with "
                         "--run-as.");
        return MR_E_IO;
    case AT_PROGRAM: break;
    }
    return mr_err_set_sys(err, MR_E_IO, c->error, "could not run \"%s\"", program);
}

enum mr_code mr_child_start(const char *const *argv, const struct mr_child_account *account,
                            const char *dir, int out_fd, struct mr_child *child, struct mr_err *err)
{
    struct complaint complaint = {0};
    int ends[2];
    const pid_t parent = getpid();
    *child = (struct mr_child){0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not run \"%s\"", argv[0]);
    const pid_t pid = fork();
    if (pid == 0) {
        complaint = become(argv, account, dir, out_fd, parent);
        const ssize_t sent = write(ends[1], &complaint, sizeof complaint);
        _exit(sent > 0 ? 126 : 127); /* the child of a fork */
    }
    const int error = errno;
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return mr_err_set_sys(err, MR_E_IO, error, "could not run \"%s\"", argv[0]);
    }
    child->pid = pid;
    ssize_t got = 0;
    do
        got = read(ends[0], &complaint, sizeof complaint);
    while (got < 0 && errno == EINTR);
    (void)close(ends[0]);
    if (got != (ssize_t)sizeof complaint)
        return MR_OK; /* the pipe was closed by the program's start */
    mr_child_kill(child, MR_CHILD_ENDS_WITHIN_S);
    return report(&complaint, argv[0], account, dir, err);
}
