/* snap_dir.c: see snap_dir.h. */
#include "snapshot/snap_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/io.h"

static const char *const folders[] = {"data", "schema"};

struct mr_snap_dir {
    struct mr_arena arena;
    const char *path, *partial;
    int fd; /* of partial, locked; -1 without */
    const struct mr_recipient *const *recipients;
    size_t nrecipients;
};

const char *mr_snap_dir_partial(const struct mr_snap_dir *dir)
{
    return dir->partial;
}

void mr_snap_dir_encrypt_to(struct mr_snap_dir *dir,
                            const struct mr_recipient *const *recipients, size_t count)
{
    dir->recipients = recipients;
    dir->nrecipients = count;
}

const struct mr_recipient *const *mr_snap_dir_recipients(const struct mr_snap_dir *dir,
                                                         size_t *count)
{
    *count = dir->nrecipients;
    return dir->recipients;
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

static enum mr_code refuse(const char *path, const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "directory \"%s\" %s", path, what);
    mr_err_hint(err, "Nothing was changed. Name a directory that does not exist yet.");
    return MR_E_REFUSED;
}

/* ---- where it goes ---- */

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum mr_code require_empty(const char *path, struct mr_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT ? MR_OK : fail("open directory", path, err);
    if (!S_ISDIR(st.st_mode))
        return refuse(path, "exists and is no directory", err);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return fail("open directory", path, err);
    const struct dirent *entry;
    do
        entry = readdir(dir);
    while (entry != NULL && is_dot(entry->d_name));
    (void)closedir(dir);
    return entry == NULL ? MR_OK : refuse(path, "exists and is not empty", err);
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

/* What a snapshot in the making may have at its top. */
static bool is_own(const char *name)
{
    static const char *const names[] = {MR_SNAP_MANIFEST,
                                        MR_SNAP_MANIFEST_SUM,
                                        MR_SNAP_SIGNATURE,
                                        MR_SNAP_JOURNAL,
                                        "restore.sql",
                                        "RESTORE.txt",
                                        "data",
                                        "schema"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, ".myrecon-", 9) == 0;
}

/* What is to be done with the entries of a folder of the directory. */
struct visit {
    const char *folder;
    int fd;
    mr_snap_keep_fn *keep; /* NULL: nothing is kept */
    const void *ctx;
};
typedef enum mr_code entry_fn(struct mr_snap_dir *dir, const struct visit *visit,
                              const char *name, struct mr_err *err);

static enum mr_code each_entry(struct mr_snap_dir *dir, struct visit visit, entry_fn *fn,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    int fd =
        openat(dir->fd, visit.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        code = errno == ENOENT ? MR_OK : fail("open a folder of", dir->partial, err);
        if (fd >= 0)
            (void)close(fd);
        return code;
    }
    visit.fd = fd;
    for (const struct dirent *entry; code == MR_OK && (entry = readdir(stream)) != NULL;)
        if (!is_dot(entry->d_name))
            code = fn(dir, &visit, entry->d_name, err);
    (void)closedir(stream);
    return code;
}

static enum mr_code require_own(struct mr_snap_dir *dir, const struct visit *visit,
                                const char *name, struct mr_err *err)
{
    (void)visit;
    return is_own(name) ? MR_OK
                        : refuse(dir->partial, "holds files that no snapshot has", err);
}

static bool is_kept(const struct visit *visit, const char *name)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    if (visit->keep == NULL)
        return false;
    if (strcmp(visit->folder, ".") != 0)
        mr_strbuf_add_fmt(&path, "%s/", visit->folder);
    mr_strbuf_add_str(&path, name);
    /* what cannot be told is kept: it is found when the snapshot is verified */
    bool kept = path.failed || visit->keep(visit->ctx, path.ptr);
    mr_strbuf_release(&path);
    return kept;
}

static enum mr_code remove_file(struct mr_snap_dir *dir, const struct visit *visit,
                                const char *name, struct mr_err *err)
{
    if (is_kept(visit, name))
        return MR_OK;
    if (unlinkat(visit->fd, name, 0) == 0 || errno == ENOENT || errno == EISDIR)
        return MR_OK;
    return fail("clear away what an earlier run left in", dir->partial, err);
}

enum mr_code mr_snap_dir_sweep(struct mr_snap_dir *dir, mr_snap_keep_fn *keep,
                               const void *ctx, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < sizeof folders / sizeof *folders; i++)
        code = each_entry(dir,
                          (struct visit){.folder = folders[i], .keep = keep, .ctx = ctx},
                          remove_file, err);
    return code == MR_OK
               ? each_entry(dir, (struct visit){.folder = ".", .keep = keep, .ctx = ctx},
                            remove_file, err)
               : code;
}

enum mr_code mr_snap_dir_clear(struct mr_snap_dir *dir, struct mr_err *err)
{
    return mr_snap_dir_sweep(dir, NULL, NULL, err);
}

enum mr_code mr_snap_dir_remove(const struct mr_snap_dir *dir, const char *name,
                                struct mr_err *err)
{
    if (unlinkat(dir->fd, name, 0) == 0 || errno == ENOENT)
        return MR_OK;
    return fail("remove a file of", dir->partial, err);
}

static enum mr_code make_folders(struct mr_snap_dir *dir, struct mr_err *err)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (mkdirat(dir->fd, folders[i], 0700) != 0 && errno != EEXIST)
            return fail("create a folder of", dir->partial, err);
    return MR_OK;
}

static enum mr_code make_partial(struct mr_snap_dir *dir, struct mr_err *err)
{
    if (mkdir(dir->partial, 0700) != 0 && errno != EEXIST)
        return fail("create directory", dir->partial, err);
    int fd = open(dir->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail("open directory", dir->partial, err);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return refuse(dir->partial, "is being written by another run", err);
    }
    dir->fd = fd;
    enum mr_code code = each_entry(dir, (struct visit){.folder = "."}, require_own, err);
    if (code == MR_OK && fchmod(fd, 0700) != 0)
        code = fail("set the mode of directory", dir->partial, err);
    return code == MR_OK ? make_folders(dir, err) : code;
}

enum mr_code mr_snap_dir_begin(const char *path, struct mr_snap_dir **out,
                               struct mr_err *err)
{
    struct mr_strbuf partial = MR_STRBUF_INIT;
    struct mr_snap_dir *dir = calloc(1, sizeof *dir);
    *out = NULL;
    if (dir == NULL)
        return mr_err_nomem(err, "writing a snapshot");
    dir->fd = -1;
    mr_arena_init(&dir->arena);
    enum mr_code code = path[0] != '\0'
                            ? MR_OK
                            : mr_err_set(err, MR_E_USAGE, "the directory has no name");
    dir->path = code == MR_OK ? resolve(&dir->arena, path) : NULL;
    if (dir->path != NULL) {
        mr_strbuf_add_fmt(&partial, "%s.partial", dir->path);
        dir->partial = partial.failed ? NULL : mr_arena_strdup(&dir->arena, partial.ptr);
    }
    mr_strbuf_release(&partial);
    if (code == MR_OK && dir->partial == NULL)
        code = mr_err_nomem(err, "writing a snapshot");
    if (code == MR_OK)
        code = require_empty(dir->path, err);
    if (code == MR_OK)
        code = make_partial(dir, err);
    if (code == MR_OK)
        *out = dir;
    else
        mr_snap_dir_free(dir);
    return code;
}

/* A directory without a journal holds nothing to go on with. */
void mr_snap_dir_free(struct mr_snap_dir *dir)
{
    if (dir == NULL)
        return;
    if (dir->fd >= 0) {
        if (faccessat(dir->fd, MR_SNAP_JOURNAL, F_OK, 0) != 0 &&
            mr_snap_dir_clear(dir, NULL) == MR_OK) {
            for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
                (void)unlinkat(dir->fd, folders[i], AT_REMOVEDIR);
            (void)rmdir(dir->partial);
        }
        (void)close(dir->fd);
    }
    mr_arena_release(&dir->arena);
    free(dir);
}

enum mr_code mr_snap_dir_free_bytes(const struct mr_snap_dir *dir, uint64_t *free_bytes,
                                    uint64_t *disk_bytes, struct mr_err *err)
{
    struct statvfs fs;
    if (fstatvfs(dir->fd, &fs) != 0)
        return fail("ask for the free space of", dir->partial, err);
    /* not f_bfree, which counts what only root may use */
    *free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    *disk_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
    return MR_OK;
}

/* ---- publishing ---- */

static enum mr_code sync_fd(const struct mr_snap_dir *dir, int fd, struct mr_err *err)
{
    /* some file systems cannot sync a directory */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != EROFS))
        return fail("sync directory", dir->partial, err);
    return MR_OK;
}

static enum mr_code sync_parent(const struct mr_snap_dir *dir, struct mr_err *err)
{
    int fd = openat(dir->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum mr_code code = sync_fd(dir, fd, err);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

static enum mr_code write_manifest(const struct mr_snap_dir *dir, const char *name,
                                   const char *text, size_t len, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/%s", dir->partial, name);
    enum mr_code code = mr_strbuf_check(&path, "writing a snapshot", err);
    if (code == MR_OK)
        code = mr_io_write_file(path.ptr, 0600, text, len, err);
    mr_strbuf_release(&path);
    return code;
}

static enum mr_code write_sum(const struct mr_snap_dir *dir,
                              const struct mr_strbuf *manifest, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    struct mr_strbuf line = MR_STRBUF_INIT;
    enum mr_code code = mr_sha256_bytes(manifest->ptr, manifest->len, hex, err);
    mr_strbuf_add_fmt(&line, "%s  " MR_SNAP_MANIFEST "\n", hex);
    if (code == MR_OK)
        code = mr_strbuf_check(&line, "writing a snapshot", err);
    if (code == MR_OK)
        code = write_manifest(dir, MR_SNAP_MANIFEST_SUM, line.ptr, line.len, err);
    mr_strbuf_release(&line);
    return code;
}

enum mr_code mr_snap_dir_publish(struct mr_snap_dir *dir,
                                 const struct mr_strbuf *manifest,
                                 const struct mr_strbuf *signature, struct mr_err *err)
{
    enum mr_code code =
        write_manifest(dir, MR_SNAP_MANIFEST, manifest->ptr, manifest->len, err);
    if (code == MR_OK && signature != NULL)
        code =
            write_manifest(dir, MR_SNAP_SIGNATURE, signature->ptr, signature->len, err);
    if (code == MR_OK)
        code = write_sum(dir, manifest, err);
    if (code == MR_OK)
        code = mr_snap_dir_remove(dir, MR_SNAP_JOURNAL, err);
    if (code == MR_OK)
        code = sync_fd(dir, dir->fd, err);
    if (code != MR_OK)
        return code;
    /* onto nothing or an empty directory; anything else makes it fail */
    if (rename(dir->partial, dir->path) != 0)
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                   ? refuse(dir->path, "exists and is not empty", err)
                   : fail("give the finished snapshot its name", dir->path, err);
    code = sync_parent(dir, err);
    (void)close(dir->fd);
    dir->fd = -1;
    return code;
}
