/* fleet_tasks.c: see fleet_tasks.h. */
#include "recon/fleet/fleet_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/log_relay.h"
#include "core/base/signals.h"
#include "core/base/stdpipe.h"
#include "core/cli/run_line.h"

enum { OUT, SAID, STREAMS };

#define STEP_MS 50
#define GRACE_S 3.0           /* from SIGTERM to SIGKILL */
#define CANCELLED_GRACE_S 1.0 /* the whole ends within 2 s of a signal */
#define SAID_BYTES ((size_t)64 << 10)
#define PIECE 65536
#define SAYS "myrecon: " /* begins a line of what a task says */

/* Those that run. */
struct crew {
    struct mr_fleet_task *running[MR_FLEET_AT_ONCE];
    size_t count;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

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

/* The fleet's own: where descriptors are few, the task needs them for its work. */
static void close_others(const struct crew *crew)
{
    for (size_t i = 0; i < crew->count; i++)
        for (int s = 0; s < STREAMS; s++)
            close_fd(&crew->running[i]->fd[s]);
}

/* Whoever kills the fleet's own process means its tasks, too. */
static bool follow_parent(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

/* stdin: nobody answers questions of a fleet. */
static bool take_streams(int out[2], int said[2])
{
    close_fd(&out[0]);
    close_fd(&said[0]);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool good = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
                dup2(out[1], STDOUT_FILENO) >= 0 && dup2(said[1], STDERR_FILENO) >= 0;
    close_fd(&nothing);
    close_fd(&out[1]);
    close_fd(&said[1]);
    return good;
}

_Noreturn static void be_task(const struct mr_fleet_task *task, const struct mr_fleet_how *how)
{
    int argc = 0;
    while (task->argv[argc] != NULL)
        argc++;
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    if (argv == NULL)
        _exit(70); /* the child of a fork */
    for (int i = 0; i < argc; i++)
        argv[i] = task->argv[i];
    take_role(task->role);
    mr_stdpipe_unhold(false); /* -q --brief keeps back the fleet's result, and no answer to it */
    mr_log_begin_anew();
    int code = mr_run_line(how->commands, argc, argv);
    free(argv);
    _exit(code); /* the child of a fork */
}

/* ---- around it ---- */

static enum mr_code no_room(struct mr_err *err)
{
    (void)mr_err_set_sys(err, MR_E_IO, errno, "could not start a task of the fleet");
    mr_err_hint(err, "Each one at a time needs a process and two descriptors: see ulimit -u and "
                     "ulimit -n, or lower --at-once.");
    return MR_E_IO;
}

/* What of our own is still in stdout's buffer would be printed by the task, too. */
static enum mr_code start(struct mr_fleet_task *task, const struct crew *crew,
                          const struct mr_fleet_how *how, struct mr_err *err)
{
    int out[2] = {-1, -1}, said[2] = {-1, -1};
    const pid_t self = getpid();
    enum mr_code code = MR_OK;
    (void)fflush(stdout);
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0)
        MR_TRY_OUT(no_room(err));
    task->begun_s = mr_clock_now_s();
    task->child.pid = fork();
    if (task->child.pid == 0) {
        (void)setpgid(0, 0);
        close_others(crew);
        if (!follow_parent(self) || !take_streams(out, said))
            _exit(70); /* the child of a fork */
        be_task(task, how);
    }
    if (task->child.pid < 0) {
        task->child.pid = 0;
        MR_TRY_OUT(no_room(err));
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

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* Whoever has interrupted the whole knows it, and hears it from the fleet's own process. */
static bool is_of_interruption(struct mr_fleet_task *task, const char *line)
{
    if (begins(line, SAYS "error: interrupted"))
        task->is_muted = task->ending != 0 || mr_is_cancelled();
    else if (!begins(line, SAYS "hint: ") && !begins(line, SAYS "detail: "))
        task->is_muted = false;
    return task->is_muted;
}

/* Nobody answers questions of a fleet, and its commands have no such option. */
static void offer_no_asking(struct mr_strbuf *line)
{
    static const char offer[] = ", --password-command, or --ask-password.";
    const size_t end = sizeof offer - 1;
    if (!begins(line->ptr, SAYS "hint: ") || line->len < end ||
        strcmp(line->ptr + line->len - end, offer) != 0)
        return;
    line->len -= end;
    mr_strbuf_add_str(line, ", or --password-command.");
}

static void end_line(struct mr_fleet_task *task)
{
    offer_no_asking(&task->line);
    const char *line = task->line.ptr;
    if (!is_of_interruption(task, line))
        mr_log_relay(line, task->label);
    if (begins(line, SAYS "waiting") || begins(line, SAYS "still waiting")) {
        mr_strbuf_reset(&task->waits);
        mr_strbuf_add_str(&task->waits, line + sizeof SAYS - 1);
    }
    mr_strbuf_reset(&task->line);
}

static void pass_on(struct mr_fleet_task *task, const char *piece, size_t len)
{
    while (len > 0) {
        const char *end = memchr(piece, '\n', len);
        const size_t n = end != NULL ? (size_t)(end - piece) : len;
        mr_strbuf_add(&task->line, piece, n);
        if (end != NULL || task->line.len > PIECE)
            end_line(task);
        piece += n + (end != NULL);
        len -= n + (end != NULL);
    }
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
        if (stream == SAID && task->echoes)
            pass_on(task, piece, (size_t)got);
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
    const double grace_s = cancelled ? CANCELLED_GRACE_S : GRACE_S;
    if (task->ending == 0 && (cancelled || now_s - task->begun_s >= limit_s)) {
        task->late = !cancelled;
        task->asked_s = now_s;
        signal_group(task, SIGTERM);
    } else if (task->ending != 0 && now_s - task->asked_s > grace_s) {
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
    if (task->line.len > 0)
        end_line(task);
    close_fd(&task->fd[OUT]);
    close_fd(&task->fd[SAID]);
    task->seconds = mr_clock_now_s() - task->begun_s;
    task->exit_code = WIFEXITED(task->child.status) ? WEXITSTATUS(task->child.status) : -1;
    task->late =
        task->late && (task->exit_code < 0 || task->exit_code == mr_code_exit(MR_E_CANCELLED));
    return true;
}

/* Sleeps until one of them says something, a moment at most. */
static void listen_to(const struct crew *crew)
{
    struct pollfd fds[MR_FLEET_AT_ONCE * STREAMS];
    nfds_t n = 0;
    for (size_t i = 0; i < crew->count; i++)
        for (int s = 0; s < STREAMS; s++)
            if (crew->running[i]->fd[s] >= 0)
                fds[n++] = (struct pollfd){.fd = crew->running[i]->fd[s], .events = POLLIN};
    (void)poll(fds, n, STEP_MS);
    for (size_t i = 0; i < crew->count; i++)
        for (int s = 0; s < STREAMS; s++)
            drain(crew->running[i], s);
}

/* Those that have ended give way to the next ones. */
static void sweep(struct crew *crew, const struct mr_fleet_how *how, bool cancelled)
{
    size_t left = 0;
    for (size_t i = 0; i < crew->count; i++) {
        struct mr_fleet_task *task = crew->running[i];
        if (has_ended(task)) {
            if (how->done != NULL)
                how->done(how->ctx, task);
            continue;
        }
        hurry(task, how->limit_s, cancelled);
        crew->running[left++] = task;
    }
    crew->count = left;
}

/* Where there is no room for one more, those that run make some when they end: a fleet that is
 * larger than a limit of the system takes longer, and has a verdict. */
static enum mr_code man(struct crew *crew, struct mr_fleet_task *tasks, size_t count, size_t *next,
                        const struct mr_fleet_how *how, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    while (code == MR_OK && *next < count && crew->count < how->at_once) {
        code = start(&tasks[*next], crew, how, err);
        if (code == MR_OK)
            crew->running[crew->count++] = &tasks[(*next)++];
    }
    if (code == MR_OK || crew->count == 0)
        return code;
    *err = (struct mr_err){.code = MR_OK};
    return MR_OK;
}

/* After an error or a signal none is begun any more, and those that run are asked to end and waited
 * for: none outlives the run. */
enum mr_code mr_fleet_tasks_run(struct mr_fleet_task *tasks, size_t count,
                                const struct mr_fleet_how *how, struct mr_err *err)
{
    struct crew crew = {.count = 0};
    size_t next = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_init(&tasks[i].out);
        mr_strbuf_init(&tasks[i].said);
        mr_strbuf_init(&tasks[i].line);
        mr_strbuf_init(&tasks[i].waits);
        tasks[i].fd[OUT] = tasks[i].fd[SAID] = -1;
        tasks[i].exit_code = -1;
    }
    while (crew.count > 0 || (code == MR_OK && next < count)) {
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (code == MR_OK)
            code = man(&crew, tasks, count, &next, how, err);
        if (code == MR_OK && how->tick != NULL)
            code = how->tick(how->ctx, err);
        listen_to(&crew);
        sweep(&crew, how, code != MR_OK);
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
    mr_strbuf_release(&task->line);
    mr_strbuf_release(&task->waits);
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
    } else if (!add_line(task, SAYS "error: ", out)) {
        mr_child_describe(&task->child, how, sizeof how);
        mr_strbuf_add_fmt(out, "the look at it ended without an answer: %s", how);
    }
}

void mr_fleet_task_warned(const struct mr_fleet_task *task, struct mr_strbuf *out)
{
    (void)add_line(task, SAYS "warning: ", out);
}
