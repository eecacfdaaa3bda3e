/* new_dir.c: see new_dir.h. */
#include "core/file/new_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/file/owner.h"

enum mr_code mr_new_dir_fail(const char *did, const char *path, struct mr_err *err)
{
    int reason = errno;
    enum mr_code code = mr_err_set_sys(err, MR_E_IO, reason, "could not %s \"%s\"", did, path);
    if (reason == ENOSPC || reason == EDQUOT)
        mr_err_hint(err, "Free some space there, or choose a place on another disk.");
    return code;
}

static enum mr_code refuse(const struct mr_new_dir *dir, const char *path, const char *what,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "%s \"%s\" %s", dir->kind->noun, path, what);
    mr_err_hint(err, "Nothing was changed. Name a directory that does not exist yet.");
    return MR_E_REFUSED;
}

/* ---- where it goes ---- */

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Hidden files count: what is somebody's would stand among what is written, and be sealed with
 * it. */
static enum mr_code require_empty(const struct mr_new_dir *dir, struct mr_err *err)
{
    struct stat st;
    if (stat(dir->path, &st) != 0)
        return errno == ENOENT ? MR_OK : mr_new_dir_fail("open directory", dir->path, err);
    if (!S_ISDIR(st.st_mode))
        return refuse(dir, dir->path, "is taken by a file", err);
    DIR *stream = opendir(dir->path);
    if (stream == NULL)
        return mr_new_dir_fail("open directory", dir->path, err);
    const struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(stream);
    } while (entry != NULL && is_dot(entry->d_name));
    enum mr_code code =
        entry == NULL && errno != 0 ? mr_new_dir_fail("read directory", dir->path, err) : MR_OK;
    (void)closedir(stream);
    return entry == NULL ? code : refuse(dir, dir->path, "exists and is not empty", err);
}

/* dir->path, without slashes at the end; a link to a directory is followed, so that the
 * rename can take the place of what it leads to. */
static enum mr_code resolve(struct mr_new_dir *dir, struct mr_arena *arena, const char *path,
                            struct mr_err *err)
{
    struct stat st;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    dir->path = mr_arena_dup(arena, path, len);
    if (dir->path == NULL)
        return mr_err_nomem(err, "naming a directory");
    if (lstat(dir->path, &st) != 0)
        return MR_OK;
    enum mr_code code = mr_owner_check_stat(dir->path, &st, err);
    if (code != MR_OK || !S_ISLNK(st.st_mode))
        return code;
    char *real = realpath(dir->path, NULL);
    if (real == NULL)
        return MR_OK; /* leads to nothing: reported when it is opened */
    dir->path = mr_arena_strdup(arena, real);
    free(real);
    return dir->path != NULL ? mr_owner_check(dir->path, err)
                             : mr_err_nomem(err, "naming a directory");
}

static enum mr_code name_it(struct mr_new_dir *dir, const char *path, struct mr_arena *arena,
                            struct mr_err *err)
{
    struct mr_strbuf partial = MR_STRBUF_INIT;
    if (path[0] == '\0')
        return mr_err_set(err, MR_E_USAGE, "the %s has no name", dir->kind->noun);
    MR_TRY(resolve(dir, arena, path, err));
    mr_strbuf_add_fmt(&partial, "%s.partial", dir->path);
    if (!partial.failed)
        dir->partial = mr_arena_strdup(arena, partial.ptr);
    mr_strbuf_release(&partial);
    return dir->partial != NULL ? MR_OK : mr_err_nomem(err, "naming a directory");
}

/* ---- the directory under construction ---- */

/* A folder that no run has come to has no entries. A link in its place is not followed: what is
 * elsewhere would be taken for the run's own. */
enum mr_code mr_new_dir_each(const struct mr_new_dir *dir, const char *folder,
                             mr_new_dir_entry_fn *fn, void *ctx, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    int fd = openat(dir->fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        code = errno == ENOENT ? MR_OK : mr_new_dir_fail("open a folder of", dir->partial, err);
        if (fd >= 0)
            (void)close(fd);
        return code;
    }
    while (code == MR_OK) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL && errno != 0)
            code = mr_new_dir_fail("read a folder of", dir->partial, err);
        if (entry == NULL)
            break;
        if (!is_dot(entry->d_name))
            code = fn(ctx, fd, entry->d_name, err);
    }
    (void)closedir(stream);
    return code;
}

static enum mr_code require_own(void *ctx, int folder_fd, const char *name, struct mr_err *err)
{
    const struct mr_new_dir *dir = ctx;
    char what[64];
    (void)folder_fd;
    if (dir->kind->is_own(name))
        return MR_OK;
    (void)snprintf(what, sizeof what, "holds files that no %s has", dir->kind->thing);
    return refuse(dir, dir->partial, what, err);
}

/* Another run may have given it its name between the opening and the lock. */
static bool is_still_partial(const struct mr_new_dir *dir)
{
    struct stat own, named;
    return fstat(dir->fd, &own) == 0 && lstat(dir->partial, &named) == 0 &&
           own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* Where a file system knows no locks, who has made it is alone: nobody else goes on with what is there. */
static enum mr_code lock_partial(const struct mr_new_dir *dir, bool is_made, struct mr_err *err)
{
    const bool is_locked = flock(dir->fd, LOCK_EX | LOCK_NB) == 0;
    const bool knows_none = !is_locked && errno != EWOULDBLOCK && errno != EINTR;
    if (knows_none && !is_made) {
        (void)refuse(dir, dir->partial, "is there, and its file system knows no locks", err);
        mr_err_hint(err, "Nothing was changed. Whether another run writes there cannot be told: "
                         "remove it if none does.");
        return MR_E_REFUSED;
    }
    if ((is_locked || knows_none) && is_still_partial(dir))
        return MR_OK;
    (void)refuse(dir, dir->partial, "is being written by another run", err);
    mr_err_hint(err, "Nothing was changed. Wait until that run has finished, or name "
                     "another directory.");
    return MR_E_REFUSED;
}

/* What a killed run has left is gone on with, and the lock tells it from one that is being written.
 * The name is looked at under the lock: it may have been given to another directory since it was
 * opened. Then all in it has to be a run's own: what is somebody's would be overwritten, or
 * sealed. */
static enum mr_code make_partial(struct mr_new_dir *dir, struct mr_err *err)
{
    const bool is_made = mkdir(dir->partial, 0700) == 0;
    if (!is_made && errno != EEXIST)
        return mr_new_dir_fail("create directory", dir->partial, err);
    int fd = open(dir->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return mr_new_dir_fail("open directory", dir->partial, err);
    dir->fd = fd;
    enum mr_code code = mr_owner_check_open(dir->partial, fd, err);
    if (code != MR_OK) {
        mr_new_dir_close(dir);
        return code;
    }
    code = lock_partial(dir, is_made, err);
    if (code == MR_OK)
        code = mr_new_dir_each(dir, ".", require_own, dir, err);
    if (code == MR_OK && fchmod(fd, 0700) != 0)
        code = mr_new_dir_fail("set the mode of directory", dir->partial, err);
    if (code != MR_OK)
        mr_new_dir_close(dir);
    return code;
}

enum mr_code mr_new_dir_begin(struct mr_new_dir *dir, const char *path,
                              const struct mr_new_dir_kind *kind, struct mr_arena *arena,
                              struct mr_err *err)
{
    *dir = (struct mr_new_dir){.kind = kind, .fd = -1};
    MR_TRY(name_it(dir, path, arena, err));
    MR_TRY(require_empty(dir, err));
    return make_partial(dir, err);
}

static enum mr_code require_there(const struct mr_new_dir *dir, struct mr_err *err)
{
    struct stat st;
    if (stat(dir->path, &st) == 0)
        return S_ISDIR(st.st_mode) ? MR_OK : refuse(dir, dir->path, "is taken by a file", err);
    if (errno != ENOENT)
        return mr_new_dir_fail("open directory", dir->path, err);
    (void)refuse(dir, dir->path, "is not there", err);
    mr_err_hint(err, "Nothing was changed. Name the directory that is to be replaced.");
    return MR_E_REFUSED;
}

enum mr_code mr_new_dir_begin_over(struct mr_new_dir *dir, const char *path,
                                   const struct mr_new_dir_kind *kind, struct mr_arena *arena,
                                   struct mr_err *err)
{
    *dir = (struct mr_new_dir){.kind = kind, .fd = -1};
    MR_TRY(name_it(dir, path, arena, err));
    MR_TRY(require_there(dir, err));
    return make_partial(dir, err);
}

/* ---- publishing ---- */

static enum mr_code sync_fd(const struct mr_new_dir *dir, int fd, struct mr_err *err)
{
    /* some file systems cannot sync a directory */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != EROFS))
        return mr_new_dir_fail("sync directory", dir->partial, err);
    return MR_OK;
}

static enum mr_code sync_parent(const struct mr_new_dir *dir, struct mr_err *err)
{
    int fd = openat(dir->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum mr_code code = sync_fd(dir, fd, err);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

enum mr_code mr_new_dir_sync(struct mr_new_dir *dir, struct mr_err *err)
{
    if (!dir->is_synced)
        MR_TRY(sync_fd(dir, dir->fd, err));
    dir->is_synced = true;
    return MR_OK;
}

enum mr_code mr_new_dir_publish(struct mr_new_dir *dir, struct mr_err *err)
{
    MR_TRY(mr_new_dir_sync(dir, err));
    /* onto nothing or an empty directory; anything else makes it fail */
    if (rename(dir->partial, dir->path) != 0)
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                   ? refuse(dir, dir->path, "exists and is not empty", err)
                   : mr_new_dir_fail("give its name to directory", dir->partial, err);
    enum mr_code code = sync_parent(dir, err);
    mr_new_dir_close(dir);
    return code;
}

/* Never onto something else, also where that came just now. */
static int rename_onto_nothing(const char *from, const char *to)
{
    struct stat st;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -1;
    if (lstat(to, &st) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

static enum mr_code fail_over(const struct mr_new_dir *dir, const char *from, const char *to,
                              int reason, struct mr_err *err)
{
    errno = reason;
    (void)mr_new_dir_fail("give its name to directory", to, err);
    mr_err_context(err, "%s \"%s\", which is now \"%s\"", dir->kind->thing, dir->path, from);
    return MR_E_IO;
}

/* PATH is missing between the two: only where names cannot be exchanged. */
static enum mr_code move_apart(const struct mr_new_dir *dir, const char *old, struct mr_err *err)
{
    if (rename_onto_nothing(dir->path, old) != 0)
        return mr_new_dir_fail("give another name to directory", dir->path, err);
    if (rename_onto_nothing(dir->partial, dir->path) == 0)
        return MR_OK;
    int reason = errno;
    if (rename_onto_nothing(old, dir->path) != 0)
        return fail_over(dir, old, dir->path, reason, err);
    errno = reason;
    return mr_new_dir_fail("give its name to directory", dir->partial, err);
}

static enum mr_code exchange(const struct mr_new_dir *dir, const char *old, struct mr_err *err)
{
    if (renameat2(AT_FDCWD, dir->partial, AT_FDCWD, dir->path, RENAME_EXCHANGE) != 0) {
        bool cannot = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
        return cannot ? move_apart(dir, old, err)
                      : mr_new_dir_fail("give its name to directory", dir->partial, err);
    }
    if (rename_onto_nothing(dir->partial, old) == 0)
        return MR_OK;
    int reason = errno;
    if (renameat2(AT_FDCWD, dir->partial, AT_FDCWD, dir->path, RENAME_EXCHANGE) != 0)
        return fail_over(dir, dir->partial, old, reason, err);
    errno = reason;
    return mr_new_dir_fail("give another name to directory", dir->path, err);
}

enum mr_code mr_new_dir_publish_over(struct mr_new_dir *dir, const char *old, struct mr_err *err)
{
    MR_TRY(mr_new_dir_sync(dir, err));
    enum mr_code code = exchange(dir, old, err);
    if (code == MR_OK)
        code = sync_parent(dir, err);
    if (code == MR_OK || !is_still_partial(dir))
        mr_new_dir_close(dir); /* what is called PATH is not cleared away as a leftover */
    return code;
}

void mr_new_dir_close(struct mr_new_dir *dir)
{
    if (dir->fd >= 0)
        (void)close(dir->fd);
    dir->fd = -1;
}
