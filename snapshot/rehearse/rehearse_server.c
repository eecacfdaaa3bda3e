/* rehearse_server.c: see rehearse_server.h. */
#include "snapshot/rehearse/rehearse_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/base/vec.h"

#define LOOK_EVERY_S 0.5 /* whether there is room */
#define STEP_MS 50

/* ---- words of a command line ---- */

struct words {
    struct mr_vec items; /* const char * */
    struct mr_arena *arena;
    bool failed;
};

static void add(struct words *w, const char *text)
{
    const char **slot = mr_vec_push(&w->items);
    w->failed |= slot == NULL;
    if (slot != NULL)
        *slot = text;
}

static void add_with(struct words *w, const char *option, const char *value)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%s%s", option, value);
    const char *kept = text.failed ? NULL : mr_arena_strdup(w->arena, text.ptr);
    w->failed |= kept == NULL;
    add(w, kept);
    mr_strbuf_release(&text);
}

/* Both programs and both steps: the options of anybody's file are not ours. */
static void add_common(struct words *w, const struct mr_rehearse_server *s)
{
    add(w, "--no-defaults");
    add_with(w, "--datadir=", s->place->data);
    add_with(w, "--tmpdir=", s->place->tmp);
    if (s->account->name == NULL && geteuid() == 0)
        add(w, "--user=root");
    if (s->lower_case_table_names != 0)
        add(w, "--lower-case-table-names=1");
}

/* ---- the directory ---- */

/* Of /opt/x/bin/mariadbd: /opt/x, if there is such a file below it; NULL: none. */
static const char *beside(struct words *w, const char *program, const char *name, const char **base)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    const char *found = NULL;
    size_t len = strlen(program);
    for (int up = 0; up < 2; up++)
        while (len > 0 && program[--len] != '/')
            continue;
    mr_strbuf_add(&path, program, len);
    *base = path.failed ? NULL : mr_arena_strdup(w->arena, path.ptr);
    mr_strbuf_add_fmt(&path, "/%s", name);
    if (*base != NULL && !path.failed && access(path.ptr, X_OK) == 0)
        found = mr_arena_strdup(w->arena, path.ptr);
    mr_strbuf_release(&path);
    return found;
}

/* MariaDB's script, which lies where the program lies; with another one's files beside it the
 * server would not know its own tables. */
static enum mr_code add_script(struct words *w, const struct mr_rehearse_server *s,
                               struct mr_err *err)
{
    static const char *const names[] = {"bin/mariadb-install-db", "scripts/mariadb-install-db",
                                        "bin/mysql_install_db", "scripts/mysql_install_db"};
    const char *base = NULL, *script = NULL;
    for (size_t i = 0; script == NULL && i < sizeof names / sizeof *names; i++)
        script = beside(w, s->program->path, names[i], &base);
    const bool is_beside = script != NULL;
    if (script == NULL)
        script = mr_program_in_path("mariadb-install-db", w->arena);
    if (script == NULL) {
        (void)mr_err_set(err, MR_E_NO_SUCH,
                         "there is no mariadb-install-db beside \"%s\" or in "
                         "PATH",
                         s->program->path);
        mr_err_hint(err, "It comes with the server (Debian: mariadb-server-core).");
        return MR_E_NO_SUCH;
    }
    add(w, script);
    add_common(w, s);
    if (is_beside)
        add_with(w, "--basedir=", base);
    add(w, "--auth-root-authentication-method=normal");
    add(w, "--skip-test-db");
    add(w, "--skip-name-resolve");
    add(w, "--force");
    return MR_OK;
}

static enum mr_code open_log(struct mr_rehearse_server *s, struct mr_err *err)
{
    s->log_fd = open(s->place->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    return s->log_fd >= 0
               ? MR_OK
               : mr_err_set_sys(err, MR_E_IO, errno, "could not create file \"%s\"", s->place->log);
}

static enum mr_code finish_words(struct words *w, struct mr_err *err)
{
    add(w, NULL);
    return w->failed ? mr_err_nomem(err, "rehearsing a restore") : MR_OK;
}

static enum mr_code fail_full(const struct mr_rehearse_server *s, const char *and,
                              struct mr_err *err)
{
    mr_rehearse_show_log(s->place);
    (void)mr_err_set(err, MR_E_IO, "\"%s\" has no space left%s", s->place->path, and);
    mr_err_hint(err, "Choose a directory on another disk with --work-dir.");
    return MR_E_IO;
}

/* A server that finds no room waits for some, which would look like a slow one. */
static enum mr_code fail_waiting(const struct mr_rehearse_server *s, struct mr_err *err)
{
    return fail_full(s, ", and its server waits for some", err);
}

/* It has ended, or does not answer.  Whoever ends without room has had other reasons as well, which
 * say nothing: what the log shows is the server's. */
static enum mr_code fail(const struct mr_rehearse_server *s, const char *did,
                         const struct mr_child *child, struct mr_err *err)
{
    char how[64];
    if (mr_rehearse_is_full(s->place->path, s->account))
        return fail_full(s, "", err);
    mr_child_describe(child, how, sizeof how);
    mr_rehearse_show_log(s->place);
    (void)mr_err_set(err, MR_E_IO, "\"%s\" %s (%s)", s->program->path, did, how);
    mr_err_hint(err, "The lines above are the last of its log. Where a security profile keeps a "
                     "server from other directories than its own (AppArmor, SELinux), or there is "
                     "no room, choose another one with --work-dir.");
    return MR_E_IO;
}

static enum mr_code await_end(const struct mr_rehearse_server *s, struct mr_child *child,
                              bool *full, struct mr_err *err)
{
    const double until_s = mr_clock_now_s() + s->within_s;
    enum mr_code code = MR_E_TIMEOUT;
    while (code == MR_E_TIMEOUT && !*full && mr_clock_now_s() < until_s) {
        code = mr_child_await(child, mr_clock_now_s() + LOOK_EVERY_S, err);
        *full = code == MR_E_TIMEOUT && mr_rehearse_is_full(s->place->path, s->account);
    }
    return code;
}

enum mr_code mr_rehearse_server_init(struct mr_rehearse_server *s, struct mr_arena *arena,
                                     struct mr_err *err)
{
    struct words w = {.items = MR_VEC_INIT(const char *), .arena = arena};
    struct mr_child child = {0};
    struct mr_err why = {0};
    bool full = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(open_log(s, err));
    if (s->program->flavour == MR_FLAVOUR_MARIADB) {
        MR_TRY_OUT(add_script(&w, s, err));
    } else {
        add(&w, s->program->path);
        add_common(&w, s);
        add(&w, "--initialize-insecure");
    }
    MR_TRY_OUT(finish_words(&w, err));
    MR_TRY_OUT(mr_child_start(w.items.items, s->account, s->place->path, s->log_fd, &child, err));
    code = await_end(s, &child, &full, &why);
    if (code == MR_E_CANCELLED)
        *err = why;
    else if (full)
        code = fail_waiting(s, err);
    else if (!mr_child_is_good(&child))
        code = fail(s,
                    code == MR_OK ? "could not make a data directory"
                                  : "made no data directory within --start-timeout",
                    &child, err);
out:
    mr_child_kill(&child, MR_CHILD_ENDS_WITHIN_S);
    mr_vec_release(&w.items);
    return code;
}

/* ---- the server ---- */

static void add_server(struct words *w, const struct mr_rehearse_server *s)
{
    add(w, s->program->path);
    add_common(w, s);
    add_with(w, "--socket=", s->place->socket);
    add_with(w, "--pid-file=", "server.pid");
    add_with(w, "--secure-file-priv=", s->place->files);
    add(w, "--skip-networking");
    add(w, "--skip-log-bin");
    add(w, "--event-scheduler=OFF");
    add(w, "--local-infile=1");
    add(w, "--max-allowed-packet=1G"); /* the longest row that there can be */
    add(w, "--server-id=1");
    if (s->program->flavour == MR_FLAVOUR_MYSQL)
        add(w, "--loose-mysqlx=OFF"); /* a listener of its own */
}

static bool is_answering(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t len = strlen(path);
    if (len >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, len);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool is = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        (void)close(fd);
    return is;
}

static enum mr_code await_answer(struct mr_rehearse_server *s, struct mr_err *err)
{
    const double until_s = mr_clock_now_s() + s->within_s;
    while (!is_answering(s->place->socket)) {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        if (mr_child_has_ended(&s->child))
            return fail(s, "did not start", &s->child, err);
        if (mr_rehearse_is_full(s->place->path, s->account))
            return fail_waiting(s, err);
        if (mr_clock_now_s() >= until_s)
            return fail(s, "did not answer within --start-timeout", &s->child, err);
        (void)poll(NULL, 0, STEP_MS);
    }
    return MR_OK;
}

/* Every byte of a path that means something in a URI is written as %XX. */
static void add_path(struct mr_strbuf *out, const char *path)
{
    for (; *path != '\0'; path++) {
        const unsigned char c = (unsigned char)*path;
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            strchr("/._-", c) != NULL)
            mr_strbuf_add_char(out, *path);
        else
            mr_strbuf_add_fmt(out, "%%%02X", c);
    }
}

/* Account and socket are said, the password is empty: no environment and no option file has a say. */
static enum mr_code name_it(struct mr_rehearse_server *s, struct mr_arena *arena,
                            struct mr_err *err)
{
    struct mr_strbuf uri = MR_STRBUF_INIT;
    mr_strbuf_add_str(&uri, "mysql://root:@localhost?ssl-mode=disabled&socket=");
    add_path(&uri, s->place->socket);
    s->uri = uri.failed ? NULL : mr_arena_strdup(arena, uri.ptr);
    mr_strbuf_release(&uri);
    return s->uri != NULL ? MR_OK : mr_err_nomem(err, "rehearsing a restore");
}

enum mr_code mr_rehearse_server_start(struct mr_rehearse_server *s, struct mr_arena *arena,
                                      struct mr_err *err)
{
    struct words w = {.items = MR_VEC_INIT(const char *), .arena = arena};
    enum mr_code code = MR_OK;
    add_server(&w, s);
    MR_TRY_OUT(finish_words(&w, err));
    MR_TRY_OUT(
        mr_child_start(w.items.items, s->account, s->place->path, s->log_fd, &s->child, err));
    MR_TRY_OUT(await_answer(s, err));
    MR_TRY_OUT(name_it(s, arena, err));
out:
    mr_vec_release(&w.items);
    return code;
}

void mr_rehearse_server_stop(struct mr_rehearse_server *s)
{
    mr_child_kill(&s->child, MR_CHILD_ENDS_WITHIN_S);
    if (s->log_fd >= 0)
        (void)close(s->log_fd);
    s->log_fd = -1;
}
