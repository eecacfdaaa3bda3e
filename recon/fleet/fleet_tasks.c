/* fleet_tasks.c: see fleet_tasks.h. */
#include "recon/fleet/fleet_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/cli/run_line.h"

enum { OUT, SAID, STREAMS };

#define STEP_MS 50
#define GRACE_S 3.0 /* from SIGTERM to SIGKILL */
#define SAID_BYTES ((size_t)64 << 10)
#define PIECE 65536

/* ---- within the task ---- */

/* What a check says of its source and target, of a server that is one of them: a role's variable
 * outweighs the one for all. */
static void take_role(int role)
{
    static const char *const from[][2] = {{"MYRECON_SOURCE_USER", "MYRECON_TARGET_USER"},
                                          {"MYRECON_SOURCE_PASSWORD", "MYRECON_TARGET_PASSWORD"}};
    static const char *const to[] = {"MYRECON_USER", "MYRECON_PASSWORD"};
    for (int i = 0; i < 2 && role >= 0; i++) {
        const char *value = getenv(from[i][role]);
        if (value != NULL)
            (void)setenv(to[i], value, 1);
    }
}

/* stdin: nobody answers questions of a fleet. */
_Noreturn static void be_task(const struct mr_fleet_task *task, const struct mr_fleet_how *how,
                              const int pipes[STREAMS])
{
    int argc = 0;
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char **argv = NULL;
    while (task->argv[argc] != NULL)
        argc++;
    (void)setpgid(0, 0);
    argv = calloc((size_t)argc + 1, sizeof *argv);
    if (nothing < 0 || argv == NULL || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(pipes[OUT], STDOUT_FILENO) < 0 || dup2(pipes[SAID], STDERR_FILENO) < 0)
        _exit(70); /* the child of a fork */
    for (int i = 0; i < argc; i++)
        argv[i] = task->argv[i];
    take_role(task->role);
    int code = mr_run_line(how->commands, argc, argv);
    free(argv);
    _exit(code); /* the child of a fork */
}

/* ---- around it ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* What of our own is still in stdout's buffer would be printed by the task, too. */
static enum mr_code start(struct mr_fleet_task *task, const struct mr_fleet_how *how,
                          struct mr_err *err)
{
    int out[2] = {-1, -1}, said[2] = {-1, -1};
    enum mr_code code = MR_OK;
    (void)fflush(stdout);
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0)
        MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno, "could not start a task of the fleet"));
    task->begun_s = mr_clock_now_s();
    task->child.pid = fork();
    if (task->child.pid == 0)
        be_task(task, how, (const int[STREAMS]){out[1], said[1]});
    if (task->child.pid < 0) {
        task->child.pid = 0;
        MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno, "could not start a task of the fleet"));
    }
    (void)setpgid(task->child.pid, task->child.pid); /* both, whoever is first */
    task->fd[OUT] = out[0];
    task->fd[SAID] = said[0];
    (void)fcntl(out[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(said[0], F_SETFL, O_NONBLOCK);
    out[0] = said[0] = -1;
out:
    for (int i = 0; i < 2; i++) {
        close_fd(&out[i]);
        close_fd(&said[i]);
    }
    return code;
}

/* Of what was said the end counts: the error stands there. */
static void keep_end(struct mr_strbuf *said)
{
    if (said->len <= SAID_BYTES)
        return;
    size_t from = said->len - SAID_BYTES / 2;
    memmove(said->ptr, said->ptr + from, said->len - from + 1);
    said->len -= from;
}

/* All that is there; the pipe is closed at its end. */
static void drain(struct mr_fleet_task *task, int stream)
{
    char piece[PIECE];
    struct mr_strbuf *to = stream == OUT ? &task->out : &task->said;
    ssize_t got = 0;
    while (task->fd[stream] >= 0 && (got = read(task->fd[stream], piece, sizeof piece)) > 0) {
        if (stream == OUT && to->len + (size_t)got > MR_FLEET_OUT)
            task->flooded = true;
        else
            mr_strbuf_add(to, piece, (size_t)got);
        if (stream == SAID)
            keep_end(to);
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&task->fd[stream]);
}

static void signal_group(struct mr_fleet_task *task, int sig)
{
    if (task->ending != sig)
        (void)kill(-task->child.pid, sig);
    task->ending = sig;
}

/* Asked to end, then made to. */
static void hurry(struct mr_fleet_task *task, double limit_s, bool cancelled)
{
    const double now_s = mr_clock_now_s();
    if (task->ending == 0 && (cancelled || now_s - task->begun_s >= limit_s)) {
        task->late = !cancelled;
        task->asked_s = now_s;
        signal_group(task, SIGTERM);
    } else if (task->ending != 0 && now_s - task->asked_s > GRACE_S) {
        signal_group(task, SIGKILL);
    }
}

/* One that has answered all the same when it was asked to end is not late. */
static bool has_ended(struct mr_fleet_task *task)
{
    if (!mr_child_has_ended(&task->child))
        return false;
    drain(task, OUT);
    drain(task, SAID);
    close_fd(&task->fd[OUT]);
    close_fd(&task->fd[SAID]);
    task->seconds = mr_clock_now_s() - task->begun_s;
    task->exit_code = WIFEXITED(task->child.status) ? WEXITSTATUS(task->child.status) : -1;
    task->late =
        task->late && (task->exit_code < 0 || task->exit_code == mr_code_exit(MR_E_CANCELLED));
    return true;
}

/* Sleeps until one of them says something, a moment at most. */
static void listen_to(struct mr_fleet_task *const *running, size_t count)
{
    struct pollfd fds[MR_FLEET_AT_ONCE * STREAMS];
    nfds_t n = 0;
    for (size_t i = 0; i < count; i++)
        for (int s = 0; s < STREAMS; s++)
            if (running[i]->fd[s] >= 0)
                fds[n++] = (struct pollfd){.fd = running[i]->fd[s], .events = POLLIN};
    (void)poll(fds, n, STEP_MS);
    for (size_t i = 0; i < count; i++)
        for (int s = 0; s < STREAMS; s++)
            drain(running[i], s);
}

/* Those that have ended give way to the next ones. */
static size_t sweep(struct mr_fleet_task **running, size_t count, const struct mr_fleet_how *how,
                    bool cancelled)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (has_ended(running[i])) {
            if (how->done != NULL)
                how->done(how->ctx, running[i]);
            continue;
        }
        hurry(running[i], how->limit_s, cancelled);
        running[left++] = running[i];
    }
    return left;
}

/* After an error or a signal none is begun any more, and those that run are asked to end and waited
 * for: none outlives the run. */
enum mr_code mr_fleet_tasks_run(struct mr_fleet_task *tasks, size_t count,
                                const struct mr_fleet_how *how, struct mr_err *err)
{
    struct mr_fleet_task *running[MR_FLEET_AT_ONCE];
    size_t nrunning = 0, next = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_init(&tasks[i].out);
        mr_strbuf_init(&tasks[i].said);
        tasks[i].fd[OUT] = tasks[i].fd[SAID] = -1;
        tasks[i].exit_code = -1;
    }
    while (nrunning > 0 || (code == MR_OK && next < count)) {
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        while (code == MR_OK && next < count && nrunning < how->at_once) {
            code = start(&tasks[next], how, err);
            if (code == MR_OK)
                running[nrunning++] = &tasks[next++];
        }
        listen_to(running, nrunning);
        nrunning = sweep(running, nrunning, how, code != MR_OK);
    }
    for (size_t i = 0; code == MR_OK && i < count; i++)
        if (tasks[i].out.failed || tasks[i].said.failed)
            code = mr_err_nomem(err, "running the tasks of a fleet");
    return code;
}

void mr_fleet_task_release(struct mr_fleet_task *task)
{
    mr_strbuf_release(&task->out);
    mr_strbuf_release(&task->said);
}

/* The last line that begins so, without its beginning. */
static bool add_line(const struct mr_fleet_task *task, const char *begins, struct mr_strbuf *out)
{
    const char *found = NULL;
    for (const char *at = task->said.ptr; (at = strstr(at, begins)) != NULL; at++)
        if (at == task->said.ptr || at[-1] == '\n')
            found = at + strlen(begins);
    if (found != NULL)
        mr_strbuf_add(out, found, strcspn(found, "\n"));
    return found != NULL;
}

void mr_fleet_task_why(const struct mr_fleet_task *task, struct mr_strbuf *out)
{
    char how[64];
    if (task->late) {
        mr_strbuf_add_str(out, "no answer in time");
    } else if (task->flooded) {
        mr_strbuf_add_str(out, "its answer is larger than 64 MiB");
    } else if (!add_line(task, "myrecon: error: ", out)) {
        mr_child_describe(&task->child, how, sizeof how);
        mr_strbuf_add_fmt(out, "the look at it ended without an answer: %s", how);
    }
}

void mr_fleet_task_warned(const struct mr_fleet_task *task, struct mr_strbuf *out)
{
    (void)add_line(task, "myrecon: warning: ", out);
}
