/* rehearse_program.c: see rehearse_program.h. */
#include "snapshot/rehearse/rehearse_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "snapshot/rehearse/rehearse_child.h"

#define SAYS_MAX_BYTES 4096
#define SAYS_WITHIN_S 20.0
/* The first that make an account without a password and ask nothing. */
#define OLDEST_MARIADB 100400
#define OLDEST_MYSQL 50700

/* Behind PATH, where servers are seldom in a person's. */
static const char usual_places[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
                                   "/usr/libexec:/usr/local/mysql/bin:/usr/local/mariadb/bin";

/* ---- what it says ---- */

const char *mr_program_family(enum mr_flavour flavour)
{
    return flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL";
}

unsigned mr_program_number(const char *text)
{
    static const unsigned weight[] = {10000, 100, 1};
    unsigned number = 0;
    for (size_t i = 0; i < sizeof weight / sizeof *weight; i++) {
        char *end = NULL;
        if (*text < '0' || *text > '9')
            return 0;
        const unsigned long part = strtoul(text, &end, 10);
        if (part > 99)
            return 0;
        number += (unsigned)part * weight[i];
        if (i == 2)
            break;
        if (*end != '.')
            return 0;
        text = end + 1;
    }
    return number;
}

static bool has_before(const char *text, const char *end, const char *word)
{
    return memmem(text, (size_t)(end - text), word, strlen(word)) != NULL;
}

bool mr_program_parse(const char *text, struct mr_arena *arena, struct mr_program *out)
{
    const char *at = strstr(text, " Ver ");
    if (at == NULL || !(has_before(text, at, "mysqld") || has_before(text, at, "mariadbd")))
        return false; /* a client says its version, too */
    at += strlen(" Ver ");
    at += strspn(at, " ");
    out->version = mr_program_number(at);
    out->version_text = mr_arena_dup(arena, at, strcspn(at, " \n"));
    out->flavour = strstr(text, "MariaDB") != NULL ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    return out->version != 0 && out->version_text != NULL;
}

const char *mr_program_unfit(const struct mr_program *program)
{
    if (program->flavour == MR_FLAVOUR_MARIADB)
        return program->version < OLDEST_MARIADB ? "MariaDB before 10.4 is not set up by this"
                                                 : NULL;
    return program->version < OLDEST_MYSQL ? "MySQL before 5.7 is not set up by this" : NULL;
}

/* Its output fits into a pipe: what does not is no answer to this question. */
static enum mr_code ask(const char *path, char says[SAYS_MAX_BYTES], struct mr_err *err)
{
    const char *const argv[] = {path, "--no-defaults", "--version", NULL};
    const struct mr_child_account ours = {0};
    struct mr_child child = {0};
    int ends[2] = {-1, -1};
    size_t len = 0;
    enum mr_code code = MR_OK;
    says[0] = '\0';
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not run \"%s\"", path);
    MR_TRY_OUT(mr_child_start(argv, &ours, "/", ends[1], &child, err));
    MR_TRY_OUT(mr_child_await(&child, mr_clock_now_s() + SAYS_WITHIN_S, err));
    while (len + 1 < SAYS_MAX_BYTES) {
        const ssize_t got = read(ends[0], says + len, SAYS_MAX_BYTES - 1 - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    says[len] = '\0';
out:
    mr_child_kill(&child, MR_CHILD_ENDS_WITHIN_S);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return code;
}

/* ---- where it is ---- */

static bool can_run(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* In a list of directories; one that is not absolute is anybody's. */
static const char *find_in(const char *list, const char *name, struct mr_arena *arena)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    const char *found = NULL;
    for (const char *at = list; found == NULL && at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, ":");
        mr_strbuf_reset(&path);
        mr_strbuf_add(&path, at, len);
        mr_strbuf_add_fmt(&path, "/%s", name);
        if (*at == '/' && !path.failed && can_run(path.ptr))
            found = mr_arena_strdup(arena, path.ptr);
        at += len + (at[len] == ':');
    }
    mr_strbuf_release(&path);
    return found;
}

const char *mr_program_in_path(const char *name, struct mr_arena *arena)
{
    const char *found = find_in(getenv("PATH"), name, arena);
    return found != NULL ? found : find_in(usual_places, name, arena);
}

static enum mr_code look(const char *path, struct mr_arena *arena, struct mr_program *out,
                         struct mr_err *err)
{
    char says[SAYS_MAX_BYTES];
    MR_TRY(ask(path, says, err));
    if (!mr_program_parse(says, arena, out)) {
        (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is no server program: its --version names none",
                         path);
        mr_err_hint(err, "Name mariadbd or mysqld, not the client.");
        return MR_E_USAGE;
    }
    out->path = path;
    return MR_OK;
}

static enum mr_code use_asked(const char *asked, struct mr_arena *arena, struct mr_program *out,
                              struct mr_err *err)
{
    char *real = strchr(asked, '/') != NULL ? realpath(asked, NULL) : NULL;
    const char *path = NULL;
    if (strchr(asked, '/') == NULL)
        path = mr_program_in_path(asked, arena);
    else if (real != NULL && can_run(real))
        path = mr_arena_strdup(arena, real);
    free(real);
    if (path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "there is no program \"%s\"", asked);
        mr_err_hint(err, "--server takes the path of mariadbd or mysqld, or a name in PATH.");
        return MR_E_USAGE;
    }
    MR_TRY(look(path, arena, out, err));
    const char *unfit = mr_program_unfit(out);
    if (unfit == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is version %s: %s", path, out->version_text, unfit);
    mr_err_hint(err, "A newer server of the same family reads the snapshot as well.");
    return MR_E_USAGE;
}

/* What does not run, or is none, is passed over: the next may do. */
enum mr_code mr_program_find(const char *asked, enum mr_flavour wanted, struct mr_arena *arena,
                             struct mr_program *out, struct mr_err *err)
{
    static const char *const names[] = {"mariadbd", "mysqld"};
    struct mr_program first = {0};
    *out = (struct mr_program){0};
    if (asked != NULL)
        return use_asked(asked, arena, out, err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct mr_program one = {0};
        struct mr_err why = {0};
        const char *path = mr_program_in_path(names[i], arena);
        const enum mr_code code = path != NULL ? look(path, arena, &one, &why) : MR_E_NO_SUCH;
        if (code == MR_E_CANCELLED) {
            *err = why;
            return code;
        }
        if (code != MR_OK || mr_program_unfit(&one) != NULL)
            continue;
        if (one.flavour == wanted || first.path == NULL)
            first = one;
        if (one.flavour == wanted)
            break;
    }
    *out = first;
    if (first.path != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH,
                     "no server program is installed here: neither mariadbd nor "
                     "mysqld is in PATH or an sbin directory");
    mr_err_hint(err, "Install one (Debian: mariadb-server-core, which starts no service), or name "
                     "it with --server.");
    return MR_E_NO_SUCH;
}
