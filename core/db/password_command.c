/* password_command.c: see password_command.h. */
#include "core/db/password_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/child.h"
#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/base/utf8.h"
#include "core/base/vec.h"

#define STEP_MS 50
#define ENDS_WITHIN_S 0.25
#define SHORT_STEP_MS 5 /* its output has ended, and so it will in a moment */
#define DEFAULT_PORT 3306
#define COMPLAINT_MAX 1024
#define COMPLAINT_SHOWN 200
#define NOT_FOUND "exit status 127" /* what a shell says of a program that is not there */

extern char **environ;

struct run {
    const struct mr_endpoint *ep;
    const char *label;
    double until_s;
    bool was_cancelled; /* who logs in then has something to end, as a KILL */
    struct mr_vec words, environment;
    struct mr_strbuf texts; /* of both */
    struct mr_child child;
    int out, complaints; /* ends of pipes, or -1 */
    char printed[MR_PASSWORD_OUTPUT_MAX + 1];
    size_t nprinted;
    char said[COMPLAINT_MAX]; /* the last of it */
    size_t nsaid;
};

/* ---- what is run ---- */

/* What a shell would do something with; in the first word also = , which sets a variable. */
static bool needs_shell(const char *command)
{
    const size_t first = strcspn(command, " \t");
    return strpbrk(command, "|&;<>()$`\\\"'*?[]#~!{}%\n\r") != NULL ||
           memchr(command, '=', first) != NULL;
}

/* Texts stand one behind the other, each with its end; where is only known when all are there. */
static void add_text(struct run *run, const char *text, size_t len)
{
    mr_strbuf_add(&run->texts, text, len);
    mr_strbuf_add(&run->texts, "", 1);
}

static size_t add_words(struct run *run, const char *command)
{
    size_t count = 0;
    for (const char *at = command; *(at += strspn(at, " \t")) != '\0'; count++) {
        const size_t len = strcspn(at, " \t");
        add_text(run, at, len);
        at += len;
    }
    return count;
}

static bool is_ours(const char *variable)
{
    static const char *const names[] = {"MYRECON_PASSWORD=",
                                        "MYRECON_SOURCE_PASSWORD=",
                                        "MYRECON_TARGET_PASSWORD=",
                                        "MYRECON_HOST=",
                                        "MYRECON_PORT=",
                                        "MYRECON_USER="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static size_t add_environment(struct run *run)
{
    const struct mr_endpoint *ep = run->ep;
    char port[32];
    size_t count = 3;
    (void)snprintf(port, sizeof port, "MYRECON_PORT=%u", ep->port != 0 ? ep->port : DEFAULT_PORT);
    add_text(run, port, strlen(port));
    mr_strbuf_add_fmt(&run->texts, "MYRECON_HOST=%s", ep->host);
    mr_strbuf_add(&run->texts, "", 1);
    mr_strbuf_add_fmt(&run->texts, "MYRECON_USER=%s", ep->user != NULL ? ep->user : "");
    mr_strbuf_add(&run->texts, "", 1);
    for (char **at = environ; *at != NULL; at++)
        if (!is_ours(*at)) {
            add_text(run, *at, strlen(*at));
            count++;
        }
    return count;
}

/* The next `count` texts as a list that NULL ends. */
static char *list(struct mr_vec *to, size_t count, char *text)
{
    char **end = NULL;
    for (size_t i = 0; i < count; i++) {
        char **at = mr_vec_push(to);
        if (at == NULL)
            return NULL;
        *at = text;
        text += strlen(text) + 1;
    }
    end = mr_vec_push(to);
    return end != NULL ? text : NULL;
}

static enum mr_code prepare(struct run *run, struct mr_err *err)
{
    static const char *const shell[] = {"/bin/sh", "-c"};
    const char *command = run->ep->password_command;
    size_t nwords = 0;
    if (needs_shell(command)) {
        for (; nwords < sizeof shell / sizeof *shell; nwords++)
            add_text(run, shell[nwords], strlen(shell[nwords]));
        add_text(run, command, strlen(command));
        nwords++;
    } else {
        nwords = add_words(run, command);
    }
    const size_t nvariables = add_environment(run);
    MR_TRY(mr_strbuf_check(&run->texts, "running a password command", err));
    if (nwords == 0)
        return mr_err_set(err, MR_E_CONFIG, "the password command of server \"%s\" is empty",
                          run->label);
    char *rest = list(&run->words, nwords, run->texts.ptr);
    if (rest == NULL || list(&run->environment, nvariables, rest) == NULL)
        return mr_err_nomem(err, "running a password command");
    return MR_OK;
}

/* Its program's name; nothing of a line for the shell, in which a secret may stand. */
static void add_name(const struct run *run, struct mr_strbuf *out)
{
    char *const *first = run->words.count > 0 ? mr_vec_at(&run->words, 0) : NULL;
    mr_strbuf_add_str(out, "the password command");
    if (first != NULL && !needs_shell(run->ep->password_command)) {
        mr_strbuf_add_str(out, " \"");
        mr_utf8_show_str(out, *first);
        mr_strbuf_add_char(out, '"');
    }
    mr_strbuf_add_fmt(out, " of server \"%s\"", run->label);
}

static enum mr_code fail(const struct run *run, enum mr_code code, const char *what,
                         struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    add_name(run, &text);
    (void)mr_err_set(err, code, "%s %s", text.ptr, what);
    mr_strbuf_release(&text);
    return code;
}

/* ---- starting ---- */

/* A group of its own, to be ended as a whole; signals as a program expects them, whatever our
 * threads block; and no descriptor but three. */
static int spawn(struct run *run, int out, int complaints)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int failed = posix_spawn_file_actions_init(&files);
    if (failed != 0)
        return failed;
    failed = posix_spawnattr_init(&how);
    if (failed == 0) {
        const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        (void)posix_spawnattr_setflags(&how, flags);
        (void)posix_spawnattr_setpgroup(&how, 0);
        (void)posix_spawnattr_setsigdefault(&how, &all);
        (void)posix_spawnattr_setsigmask(&how, &none);
        failed = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        failed |= posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        failed |= posix_spawn_file_actions_adddup2(&files, complaints, STDERR_FILENO);
        failed |= posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
        if (failed == 0)
            failed = posix_spawnp(&run->child.pid, *(char **)mr_vec_at(&run->words, 0), &files,
                                  &how, mr_vec_at(&run->words, 0), mr_vec_at(&run->environment, 0));
        (void)posix_spawnattr_destroy(&how);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static enum mr_code start(struct run *run, struct mr_err *err)
{
    int out[2] = {-1, -1}, complaints[2] = {-1, -1};
    int failed = 0;
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(complaints, O_CLOEXEC) != 0)
        failed = errno;
    if (failed == 0)
        failed = spawn(run, out[1], complaints[1]);
    close_end(&out[1]);
    close_end(&complaints[1]);
    run->out = out[0];
    run->complaints = complaints[0];
    if (failed != 0)
        run->child = (struct mr_child){0};
    if (failed == 0)
        return MR_OK;
    struct mr_strbuf text = MR_STRBUF_INIT;
    add_name(run, &text);
    (void)mr_err_set_sys(err, MR_E_CONFIG, failed, "could not run %s", text.ptr);
    mr_err_hint(err, "Its first word is a program of PATH, or a path.");
    mr_strbuf_release(&text);
    return MR_E_CONFIG;
}

/* ---- reading ---- */

/* Behind what has room: of standard error only the last part is kept. */
static void take_complaint(struct run *run, const char *bytes, size_t len)
{
    const size_t room = sizeof run->said;
    if (len >= room) {
        bytes += len - room;
        len = room;
    }
    const size_t kept = run->nsaid + len > room ? room - len : run->nsaid;
    memmove(run->said, run->said + (run->nsaid - kept), kept);
    memcpy(run->said + kept, bytes, len);
    run->nsaid = kept + len;
}

/* What can be read at once; an end closes ours. */
static void read_out(struct run *run)
{
    const size_t room = sizeof run->printed - run->nprinted;
    const ssize_t got = read(run->out, run->printed + run->nprinted, room);
    if (got > 0)
        run->nprinted += (size_t)got;
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        close_end(&run->out);
}

static void read_complaints(struct run *run)
{
    char bytes[COMPLAINT_MAX];
    const ssize_t got = read(run->complaints, bytes, sizeof bytes);
    if (got > 0)
        take_complaint(run, bytes, (size_t)got);
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        close_end(&run->complaints);
    explicit_bzero(bytes, sizeof bytes);
}

/* False: nothing came. */
static bool await_bytes(struct run *run, int timeout_ms)
{
    struct pollfd ready[] = {{.fd = run->out, .events = POLLIN},
                             {.fd = run->complaints, .events = POLLIN}};
    if (poll(ready, sizeof ready / sizeof *ready, timeout_ms) <= 0)
        return false;
    if (ready[0].revents != 0)
        read_out(run);
    if (ready[1].revents != 0)
        read_complaints(run);
    return true;
}

static bool is_interrupted(const struct run *run)
{
    return mr_is_cancelled() && !run->was_cancelled;
}

static bool is_too_much(const struct run *run)
{
    return run->nprinted > MR_PASSWORD_OUTPUT_MAX;
}

/* Who runs on in its name with our pipe in hand does not hold us: what is there when the command
 * has ended is all. */
static void await_end(struct run *run)
{
    while (!mr_child_has_ended(&run->child) && !is_interrupted(run) && !is_too_much(run) &&
           mr_clock_now_s() < run->until_s)
        (void)await_bytes(run, run->out < 0 ? SHORT_STEP_MS : STEP_MS);
    while (run->child.has_ended && !is_too_much(run) && (run->out >= 0 || run->complaints >= 0) &&
           await_bytes(run, 0))
        continue;
}

/* ---- what came of it ---- */

/* The last line of what it said on standard error, unless that is what it printed, too. */
static void add_complaint(struct run *run, struct mr_err *err)
{
    struct mr_strbuf shown = MR_STRBUF_INIT;
    size_t end = run->nsaid;
    while (end > 0 && strchr("\r\n \t", run->said[end - 1]) != NULL)
        end--;
    size_t from = end;
    while (from > 0 && run->said[from - 1] != '\n')
        from--;
    const size_t line = strcspn(run->printed, "\r\n");
    const bool shows = line > 0 && memmem(run->said + from, end - from, run->printed, line) != NULL;
    if (end > from + COMPLAINT_SHOWN)
        end = from + COMPLAINT_SHOWN;
    mr_utf8_show(&shown, run->said + from, end - from, false);
    if (end > from && !shows && !shown.failed)
        mr_err_detail(err, "it said: %s", shown.ptr);
    mr_strbuf_release(&shown);
}

static enum mr_code judge_end(struct run *run, struct mr_err *err)
{
    char what[80];
    char how[40];
    if (mr_child_is_good(&run->child))
        return MR_OK;
    mr_child_describe(&run->child, how, sizeof how);
    (void)snprintf(what, sizeof what, "%s %s%s",
                   strncmp(how, "SIG", 3) == 0 ? "was ended by" : "failed with", how,
                   strcmp(how, NOT_FOUND) == 0 ? ": no such program" : "");
    (void)fail(run, MR_E_CONNECT, what, err);
    mr_err_hint(err, "Run it by hand, as this account: it has to print the password and nothing "
                     "else, and to end with 0.");
    add_complaint(run, err);
    return MR_E_CONNECT;
}

static enum mr_code refuse_output(const struct run *run, const char *what, struct mr_err *err)
{
    (void)fail(run, MR_E_AUTH, what, err);
    mr_err_hint(err, "It has to print the password as one line, and nothing else.");
    return MR_E_AUTH;
}

static enum mr_code judge_output(const struct run *run, size_t *len, struct mr_err *err)
{
    char what[80] = "";
    const char *end = memchr(run->printed, '\n', run->nprinted);
    *len = end != NULL ? (size_t)(end - run->printed) : run->nprinted;
    if (memchr(run->printed, '\0', run->nprinted) != NULL)
        (void)snprintf(what, sizeof what, "prints a zero byte");
    if (*len > 0 && run->printed[*len - 1] == '\r')
        --*len;
    if (what[0] == '\0' && *len == 0)
        (void)snprintf(what, sizeof what, "prints nothing in its first line");
    if (what[0] == '\0' && *len > MR_PASSWORD_LINE_MAX)
        (void)snprintf(what, sizeof what, "prints a line of more than %d bytes",
                       MR_PASSWORD_LINE_MAX);
    if (what[0] == '\0')
        return MR_OK;
    return refuse_output(run, what, err);
}

static enum mr_code judge(struct run *run, size_t *len, struct mr_err *err)
{
    char what[80];
    if (is_too_much(run)) {
        (void)snprintf(what, sizeof what, "prints more than %d bytes", MR_PASSWORD_OUTPUT_MAX);
        return refuse_output(run, what, err);
    }
    if (!run->child.has_ended && is_interrupted(run))
        return mr_cancelled_err(err);
    if (!run->child.has_ended) {
        (void)snprintf(what, sizeof what, "did not end within %u s", run->ep->connect_timeout_s);
        (void)fail(run, MR_E_CONNECT, what, err);
        mr_err_hint(err, "It has no terminal and nothing to read; connect-timeout=SECONDS in the "
                         "endpoint is the time for it and the login.");
        add_complaint(run, err);
        return MR_E_CONNECT;
    }
    MR_TRY(judge_end(run, err));
    return judge_output(run, len, err);
}

enum mr_code mr_password_command_run(const struct mr_endpoint *ep, const char *label,
                                     double until_s, char **password, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    size_t len = 0;
    *password = NULL;
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return mr_err_nomem(err, "running a password command");
    *run = (struct run){.ep = ep,
                        .label = label,
                        .until_s = until_s,
                        .was_cancelled = mr_is_cancelled(),
                        .texts = MR_STRBUF_INIT,
                        .words = MR_VEC_INIT(char *),
                        .environment = MR_VEC_INIT(char *),
                        .out = -1,
                        .complaints = -1};
    MR_TRY_OUT(prepare(run, err));
    MR_TRY_OUT(start(run, err));
    await_end(run);
    MR_TRY_OUT(judge(run, &len, err));
    if ((*password = strndup(run->printed, len)) == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "running a password command"));
out:
    mr_child_kill(&run->child, ENDS_WITHIN_S);
    close_end(&run->out);
    close_end(&run->complaints);
    explicit_bzero(run->texts.ptr, run->texts.len);
    mr_strbuf_release(&run->texts);
    mr_vec_release(&run->words);
    mr_vec_release(&run->environment);
    explicit_bzero(run, sizeof *run);
    free(run);
    return code;
}
