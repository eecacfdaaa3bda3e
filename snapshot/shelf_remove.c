/* shelf_remove.c: a snapshot is removed; see shelf.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/base/strbuf.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/read/snap_record.h"
#include "snapshot/shelf.h"

static enum mr_code failed(const char *did, const char *path, struct mr_err *err)
{
    return mr_err_set_sys(err, MR_E_IO, errno, "could not %s \"%s\"", did, path);
}

/* PATH.expired, which it has already where a removal was interrupted. */
static enum mr_code take_name(const char *path, struct mr_strbuf *expired, struct mr_err *err)
{
    const bool has_it = mr_snap_name_ends(path, MR_SHELF_EXPIRED_SUFFIX);
    mr_strbuf_add_fmt(expired, "%s%s", path, has_it ? "" : MR_SHELF_EXPIRED_SUFFIX);
    MR_TRY(mr_strbuf_check(expired, "removing a snapshot", err));
    if (has_it)
        return MR_OK;
    struct stat st;
    if (lstat(expired->ptr, &st) == 0) {
        errno = EEXIST;
        return failed("rename a snapshot to", expired->ptr, err);
    }
    return rename(path, expired->ptr) == 0 ? MR_OK : failed("rename snapshot", path, err);
}

static bool is_data(const char *name)
{
    return mr_snap_name_ends(name, ".tsv.zst") ||
           mr_snap_name_ends(name, ".tsv.zst" MR_SNAP_ENCRYPTED);
}

static bool is_schema(const char *name)
{
    return mr_snap_name_ends(name, ".sql");
}

/* The folders of a snapshot, and what each has. */
static const struct folder {
    const char *name;
    bool (*is_own)(const char *name);
} top = {".", mr_snap_dir_is_own}, folders[] = {{"data", is_data}, {"schema", is_schema}};
#define FOLDERS (sizeof folders / sizeof *folders)

/* What is done with each entry; folders of the top are passed over. */
typedef enum mr_code entry_fn(int fd, const struct folder *folder, const char *name,
                              const char *path, struct mr_err *err);

static enum mr_code look(int fd, const struct folder *folder, const char *name, const char *path,
                         struct mr_err *err)
{
    struct stat st;
    if (faccessat(fd, ".", W_OK | X_OK, 0) != 0) /* not half of it */
        return failed("remove a file of", path, err);
    if (folder->is_own(name) && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        (S_ISREG(st.st_mode) || (S_ISDIR(st.st_mode) && folder == &top)))
        return MR_OK;
    return mr_err_set(err, MR_E_REFUSED, "\"%s\" holds what no snapshot has: \"%s/%s\"", path,
                      folder->name, name);
}

/* The mark goes last of all. */
static enum mr_code unlink_file(int fd, const struct folder *folder, const char *name,
                                const char *path, struct mr_err *err)
{
    if (folder == &top && strcmp(name, MR_SHELF_MARK) == 0)
        return MR_OK;
    return unlinkat(fd, name, 0) == 0 || errno == EISDIR || errno == ENOENT
               ? MR_OK
               : failed("remove a file of", path, err);
}

static enum mr_code each(int parent_fd, const struct folder *folder, const char *path, entry_fn *fn,
                         struct mr_err *err)
{
    const struct dirent *entry;
    enum mr_code code = MR_OK;
    const int fd = openat(parent_fd, folder->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? MR_OK : failed("open a folder of", path, err);
    DIR *list = fdopendir(fd);
    if (list == NULL) {
        code = failed("open a folder of", path, err);
        (void)close(fd);
        return code;
    }
    for (errno = 0; code == MR_OK && (entry = readdir(list)) != NULL; errno = 0) {
        if (mr_is_cancelled())
            code = mr_cancelled_err(err);
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            code = fn(fd, folder, entry->d_name, path, err);
    }
    if (code == MR_OK && errno != 0)
        code = failed("read a folder of", path, err);
    (void)closedir(list);
    return code;
}

static enum mr_code remove_folder(int fd, const char *folder, const char *path, struct mr_err *err)
{
    if (unlinkat(fd, folder, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return MR_OK;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return failed("remove a folder of", path, err);
    return mr_err_set(err, MR_E_REFUSED, "\"%s\" holds more than a snapshot has: it is left there",
                      path);
}

static int open_path(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Held until it is closed.  What cannot be locked at all is nobody's. */
static bool take_lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Before it has another name: what is not all a snapshot's is left as it is. */
static enum mr_code look_at_all(int fd, const char *path, struct mr_err *err)
{
    MR_TRY(each(fd, &top, path, look, err));
    for (size_t i = 0; i < FOLDERS; i++)
        MR_TRY(each(fd, &folders[i], path, look, err));
    return MR_OK;
}

/* A name alone may be anybody's choice.  The sum takes the mark's name, since a full disk may have no
 * room for another file. */
static enum mr_code mark(int fd, const char *path, struct mr_err *err)
{
    return renameat(fd, MR_SNAP_MANIFEST_SUM, fd, MR_SHELF_MARK) == 0 || errno == ENOENT
               ? MR_OK
               : failed("mark as removed", path, err);
}

static enum mr_code remove_all(int fd, const char *path, struct mr_err *err)
{
    MR_TRY(mark(fd, path, err));
    for (size_t i = 0; i < FOLDERS; i++) {
        MR_TRY(each(fd, &folders[i], path, unlink_file, err));
        MR_TRY(remove_folder(fd, folders[i].name, path, err));
    }
    MR_TRY(each(fd, &top, path, unlink_file, err));
    if (unlinkat(fd, MR_SHELF_MARK, 0) != 0 && errno != ENOENT)
        return failed("remove a file of", path, err);
    return remove_folder(AT_FDCWD, path, path, err);
}

enum mr_code mr_shelf_remove(const char *path, bool *in_use, struct mr_err *err)
{
    struct mr_strbuf expired = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *in_use = false;
    const int fd = open_path(path);
    if (fd < 0)
        MR_TRY_OUT(failed("open", path, err));
    *in_use = !take_lock(fd);
    if (*in_use)
        MR_TRY_OUT(mr_err_set(err, MR_E_REFUSED, "\"%s\" is being read by another run", path));
    MR_TRY_OUT(look_at_all(fd, path, err));
    /* first of all: of what is removed in part there may be another one under the name by then */
    if (!mr_snap_name_ends(path, MR_SHELF_EXPIRED_SUFFIX))
        MR_TRY_OUT(mr_snap_record_remove(path, err));
    MR_TRY_OUT(take_name(path, &expired, err));
    MR_TRY_OUT(remove_all(fd, expired.ptr, err));
out:
    if (fd >= 0)
        (void)close(fd);
    mr_strbuf_release(&expired);
    return code;
}
