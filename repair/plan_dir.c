/* plan_dir.c: writing a plan directory; see plan_dir.h. */
#include "repair/plan_dir_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

#define MANIFEST_NAME "plan.json"

const char *mr_plan_path(struct mr_arena *arena, const char *path, const char *name)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sb, "%s/%s", path, name);
    const char *joined = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return joined;
}

static enum mr_code fail(const char *did, const char *path, struct mr_err *err)
{
    int reason = errno;
    enum mr_code code =
        mr_err_set_sys(err, MR_E_IO, reason, "could not %s \"%s\"", did, path);
    if (reason == ENOSPC || reason == EDQUOT)
        mr_err_hint(err, "Free some space there, or choose a place on another disk.");
    return code;
}

/* ---- where it goes ---- */

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum mr_code refuse_existing(const char *path, const char *what,
                                    struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "output \"%s\" %s", path, what);
    mr_err_hint(err, "Nothing was changed. Name a directory that does not exist yet.");
    return MR_E_REFUSED;
}

static enum mr_code require_empty(const char *path, struct mr_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT ? MR_OK : fail("open directory", path, err);
    if (!S_ISDIR(st.st_mode))
        return refuse_existing(path, "exists and is no directory", err);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return fail("open directory", path, err);
    const struct dirent *entry;
    do
        entry = readdir(dir);
    while (entry != NULL && is_dot(entry->d_name));
    (void)closedir(dir);
    return entry == NULL ? MR_OK : refuse_existing(path, "exists and is not empty", err);
}

/* Without slashes at the end; a link to a directory is followed, so that the rename can
 * take the place of what it leads to. */
static const char *resolve(struct mr_arena *arena, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    const char *plain = mr_arena_dup(arena, path, len);
    struct stat st;
    if (plain == NULL || lstat(plain, &st) != 0 || !S_ISLNK(st.st_mode))
        return plain;
    char *real = realpath(plain, NULL);
    if (real != NULL)
        plain = mr_arena_strdup(arena, real);
    free(real);
    return plain;
}

/* ---- the directory under construction ---- */

/* May a run that was killed have left it? */
static bool is_leftover(const char *name)
{
    static const char *const names[] = {MANIFEST_NAME,   "entities.csv.zst", "reseed.sql",
                                        "apply.sql",     "undo.sql",         "verify.sql",
                                        "conflicts.csv", "idmap.csv"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, ".myrecon-", 9) == 0;
}

/* What is no plan is not cleared away. */
static enum mr_code clear_partial(const char *partial, int fd, struct mr_err *err)
{
    int copy = dup(fd);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    enum mr_code code = MR_OK;
    if (dir == NULL) {
        code = fail("open directory", partial, err);
        if (copy >= 0)
            (void)close(copy);
        return code;
    }
    rewinddir(dir);
    for (const struct dirent *entry; code == MR_OK && (entry = readdir(dir)) != NULL;) {
        if (is_dot(entry->d_name))
            continue;
        if (!is_leftover(entry->d_name))
            code = refuse_existing(partial, "holds files that no plan has", err);
        else if (unlinkat(fd, entry->d_name, 0) != 0)
            code = fail("clear away what an earlier run left in", partial, err);
    }
    (void)closedir(dir);
    return code;
}

static enum mr_code make_partial(struct mr_plan_writer *w, struct mr_err *err)
{
    if (mkdir(w->partial, 0700) != 0 && errno != EEXIST)
        return fail("create directory", w->partial, err);
    int fd = open(w->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail("open directory", w->partial, err);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return refuse_existing(w->partial, "is being written by another run", err);
    }
    w->fd = fd;
    if (fchmod(fd, 0700) != 0)
        return fail("set the mode of directory", w->partial, err);
    return clear_partial(w->partial, fd, err);
}

enum mr_code mr_plan_writer_begin(const char *path, struct mr_plan_writer **out,
                                  struct mr_err *err)
{
    struct mr_strbuf partial = MR_STRBUF_INIT;
    struct mr_plan_writer *w = calloc(1, sizeof *w);
    *out = NULL;
    if (w == NULL)
        return mr_err_nomem(err, "writing a plan");
    w->fd = -1;
    w->files = (struct mr_vec)MR_VEC_INIT(struct mr_plan_file);
    mr_arena_init(&w->arena);
    enum mr_code code =
        path[0] != '\0' ? MR_OK : mr_err_set(err, MR_E_USAGE, "the output has no name");
    w->path = code == MR_OK ? resolve(&w->arena, path) : NULL;
    if (w->path != NULL) {
        mr_strbuf_add_fmt(&partial, "%s.partial", w->path);
        w->partial = partial.failed ? NULL : mr_arena_strdup(&w->arena, partial.ptr);
    }
    if (code == MR_OK && w->partial == NULL)
        code = mr_err_nomem(err, "writing a plan");
    if (code == MR_OK)
        code = require_empty(w->path, err);
    if (code == MR_OK)
        code = make_partial(w, err);
    mr_strbuf_release(&partial);
    if (code == MR_OK)
        *out = w;
    else
        mr_plan_writer_free(w);
    return code;
}

enum mr_code mr_plan_writer_add(struct mr_plan_writer *w, const char *name,
                                const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_plan_file_out *out = NULL;
    enum mr_code code = mr_plan_writer_open(w, name, &out, err);
    if (code == MR_OK)
        (void)mr_plan_file_write(out, ptr, len, err);
    return code == MR_OK ? mr_plan_file_close(out, err) : code;
}

static enum mr_code sync_parent(const struct mr_plan_writer *w, struct mr_err *err)
{
    const char *slash = strrchr(w->path, '/');
    char *parent = slash == NULL      ? strdup(".")
                   : slash == w->path ? strdup("/")
                                      : strndup(w->path, (size_t)(slash - w->path));
    int fd = parent != NULL ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    enum mr_code code = MR_OK;
    /* some file systems cannot sync a directory */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != EROFS))
        code = fail("sync the directory of", w->path, err);
    if (fd >= 0)
        (void)close(fd);
    free(parent);
    return code;
}

enum mr_code mr_plan_writer_publish(struct mr_plan_writer *w,
                                    struct mr_manifest *manifest, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *path = mr_plan_path(&w->arena, w->partial, MANIFEST_NAME);
    if (w->unfinished > 0)
        return mr_err_set(err, MR_E_BUG, "a file of the plan is not finished");
    manifest->files = w->files.items;
    manifest->nfiles = w->files.count;
    enum mr_code code = path != NULL ? mr_manifest_write(manifest, &text, err)
                                     : mr_err_nomem(err, "writing a plan");
    if (code == MR_OK)
        code = mr_io_write_file(path, 0600, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    if (code != MR_OK)
        return code;
    /* onto nothing or an empty directory; anything else makes it fail */
    if (rename(w->partial, w->path) != 0)
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                   ? refuse_existing(w->path, "exists and is not empty", err)
                   : fail("give the finished plan its name", w->path, err);
    (void)close(w->fd);
    w->fd = -1;
    return sync_parent(w, err);
}

void mr_plan_writer_free(struct mr_plan_writer *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0) {
        (void)clear_partial(w->partial, w->fd, NULL);
        (void)rmdir(w->partial);
        (void)close(w->fd);
    }
    mr_vec_release(&w->files);
    mr_arena_release(&w->arena);
    free(w);
}
