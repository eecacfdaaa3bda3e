/* io.c: see io.h. */
#include "core/file/io.h"

#include "core/base/signals.h"
#include "core/file/in_file.h"
#include "core/file/io_internal.h"
#include "core/file/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)64 * 1024)
#define READ_STEP_BYTES ((size_t)64 * 1024)
#define TEMP_TRIES 100

struct mr_io_file {
    struct mr_io_place own; /* unused where the place is the caller's */
    const struct mr_io_place *place;
    int fd;                      /* -1 when closed */
    char temp[MR_IO_TEMP_BYTES]; /* "" when there is no temporary file */
    bool is_named;               /* it has its name already, and is not whole */
    int failed_errno;
    size_t used;
    char buffer[BUFFER_BYTES];
};

enum mr_code mr_io_fail(struct mr_err *err, int errno_value, const char *did, const char *path)
{
    enum mr_code code = mr_err_set_sys(err, MR_E_IO, errno_value, "could not %s \"%s\"", did, path);
    if (errno_value == ENOSPC || errno_value == EDQUOT)
        mr_err_hint(err, "Free some space there, or choose a place on another disk.");
    else if (errno_value == EROFS || errno_value == EACCES || errno_value == EPERM)
        mr_err_hint(err, "Choose a place where this user may write.");
    else if (errno_value == ENOENT)
        mr_err_hint(err, "Check the path; directories are not created on the way.");
    return code;
}

enum mr_code mr_io_write_all(int fd, const char *name, const void *ptr, size_t len,
                             struct mr_err *err)
{
    const char *at = ptr;
    while (len > 0) {
        ssize_t done = write(fd, at, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return mr_io_fail(err, errno, "write to file", name);
        at += done;
        len -= (size_t)done;
    }
    return MR_OK;
}

/* The target's real path: a link to a file is followed, unless somebody else has put it
 * there; a device is left alone. */
static enum mr_code resolve(const char *path, char **out, struct mr_err *err)
{
    struct stat st;
    if (path[0] == '\0')
        return mr_io_fail(err, ENOENT, "create file", path);
    bool is_there = lstat(path, &st) == 0;
    MR_TRY(is_there ? mr_owner_check_stat(path, &st, err) : MR_OK);
    bool is_link = is_there && S_ISLNK(st.st_mode);
    *out = is_link ? realpath(path, NULL) : strdup(path);
    if (*out == NULL)
        return mr_io_fail(err, errno, "create file", path);
    MR_TRY(is_link ? mr_owner_check(*out, err) : MR_OK);
    if (stat(*out, &st) != 0)
        return errno == ENOENT ? MR_OK : mr_io_fail(err, errno, "create file", path);
    if (!S_ISREG(st.st_mode))
        return mr_err_set(err, MR_E_IO, "could not create file \"%s\": it is %s", path,
                          S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
    return MR_OK;
}

/* The caller tells why it failed by errno, which free() may change. */
static int open_dir(const char *path, const char *base)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    if (base == path)
        return open(".", flags);
    if (base == path + 1)
        return open("/", flags);
    char *dir = strndup(path, (size_t)(base - path) - 1);
    int fd = dir == NULL ? -1 : open(dir, flags);
    int saved = errno;
    free(dir);
    errno = saved;
    return fd;
}

/* Links are followed now and the directory is held open: the file comes to stand there, whoever
 * renames what is on the way to it meanwhile. */
enum mr_code mr_io_place_open(const char *path, struct mr_io_place *place, struct mr_err *err)
{
    *place = (struct mr_io_place){.dir_fd = -1};
    enum mr_code rc = resolve(path, &place->path, err);
    if (rc == MR_OK) {
        const char *slash = strrchr(place->path, '/');
        place->base = slash == NULL ? place->path : slash + 1;
        place->dir_fd = open_dir(place->path, place->base);
        if (place->dir_fd < 0)
            rc = mr_io_fail(err, errno, "create file", path);
    }
    if (rc != MR_OK)
        mr_io_place_release(place);
    return rc;
}

void mr_io_place_release(struct mr_io_place *place)
{
    if (place->dir_fd >= 0)
        (void)close(place->dir_fd);
    free(place->path);
    *place = (struct mr_io_place){.dir_fd = -1};
}

void mr_io_temp_name(char name[MR_IO_TEMP_BYTES])
{
    static atomic_uint counter;
    (void)snprintf(name, MR_IO_TEMP_BYTES, ".myrecon-%ld-%u.tmp", (long)getpid(),
                   atomic_fetch_add(&counter, 1));
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

bool mr_io_is_temp_name(const char *name)
{
    static const char begin[] = ".myrecon-";
    if (strncmp(name, begin, sizeof begin - 1) != 0)
        return false;
    const char *at = name + sizeof begin - 1;
    const size_t pid = digits(at), number = at[pid] == '-' ? digits(at + pid + 1) : 0;
    return pid > 0 && number > 0 && strcmp(at + pid + 1 + number, ".tmp") == 0;
}

void mr_io_remove_temps(const char *dir, pid_t pid)
{
    char begin[MR_IO_TEMP_BYTES];
    DIR *stream = opendir(dir);
    if (stream == NULL)
        return;
    (void)snprintf(begin, sizeof begin, ".myrecon-%ld-", (long)pid);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strncmp(entry->d_name, begin, strlen(begin)) == 0)
            (void)unlinkat(dirfd(stream), entry->d_name, 0);
    (void)closedir(stream);
}

static int open_temp(struct mr_io_file *file)
{
    int fd = -1;
    for (int i = 0; i < TEMP_TRIES && fd < 0; i++) {
        mr_io_temp_name(file->temp);
        /* 0600 until the content is there: nobody reads it half written */
        fd = openat(file->place->dir_fd, file->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0)
        file->temp[0] = '\0';
    return fd;
}

static struct mr_io_file *new_file(void)
{
    struct mr_io_file *file = malloc(sizeof *file);
    if (file == NULL)
        return NULL;
    file->own = (struct mr_io_place){.dir_fd = -1};
    file->place = &file->own;
    file->fd = -1;
    file->temp[0] = '\0';
    file->is_named = false;
    file->failed_errno = 0;
    file->used = 0;
    return file;
}

/* In the place that is given, or else in one of its own for path. */
static enum mr_code begin(const char *path, const struct mr_io_place *place, mode_t mode,
                          struct mr_io_file **out, struct mr_err *err)
{
    *out = NULL;
    struct mr_io_file *file = new_file();
    if (file == NULL)
        return mr_err_nomem(err, "creating a file");
    enum mr_code rc = MR_OK;
    if (place != NULL)
        file->place = place;
    else
        rc = mr_io_place_open(path, &file->own, err);
    if (rc == MR_OK) {
        file->fd = open_temp(file);
        if (file->fd < 0 || fchmod(file->fd, mode) != 0)
            rc = mr_io_fail(err, errno, "create file", file->place->path);
    }
    if (rc == MR_OK)
        *out = file;
    else
        mr_io_free(file);
    return rc;
}

enum mr_code mr_io_begin(const char *path, mode_t mode, struct mr_io_file **out, struct mr_err *err)
{
    return begin(path, NULL, mode, out, err);
}

enum mr_code mr_io_begin_at(const struct mr_io_place *place, mode_t mode, struct mr_io_file **out,
                            struct mr_err *err)
{
    return begin(NULL, place, mode, out, err);
}

enum mr_code mr_io_begin_new(int dir_fd, const char *path, mode_t mode, struct mr_io_file **out,
                             struct mr_err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const char *slash = strrchr(path, '/');
    *out = NULL;
    struct mr_io_file *file = new_file();
    if (file == NULL || (file->own.path = strdup(path)) == NULL) {
        mr_io_free(file);
        return mr_err_nomem(err, "creating a file");
    }
    file->own.base = slash == NULL ? file->own.path : file->own.path + (slash + 1 - path);
    file->own.dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    if (file->own.dir_fd >= 0)
        file->fd = openat(file->own.dir_fd, file->own.base, flags, 0600);
    file->is_named = file->fd >= 0;
    if (file->fd >= 0 && fchmod(file->fd, mode) == 0) {
        *out = file;
        return MR_OK;
    }
    enum mr_code code = mr_io_fail(err, errno, "create file", path);
    mr_io_free(file);
    return code;
}

/* Writes and remembers why it failed. */
static enum mr_code flush(struct mr_io_file *file, const void *ptr, size_t len, struct mr_err *err)
{
    struct mr_err own;
    enum mr_code rc = mr_io_write_all(file->fd, file->place->path, ptr, len, &own);
    if (rc == MR_OK)
        return MR_OK;
    file->failed_errno = own.sys_errno;
    if (err != NULL)
        *err = own;
    return rc;
}

/* The first failure is told again by each later call: on a disk that has room again, a file without
 * its middle would be written to its end. */
enum mr_code mr_io_write(struct mr_io_file *file, const void *ptr, size_t len, struct mr_err *err)
{
    if (file->failed_errno != 0)
        return mr_io_fail(err, file->failed_errno, "write to file", file->place->path);
    if (len >= sizeof file->buffer - file->used) {
        enum mr_code rc = flush(file, file->buffer, file->used, err);
        if (rc != MR_OK)
            return rc;
        file->used = 0;
        if (len >= sizeof file->buffer)
            return flush(file, ptr, len, err);
    }
    if (len > 0)
        memcpy(file->buffer + file->used, ptr, len);
    file->used += len;
    return MR_OK;
}

int mr_io_sync_dir(int dir_fd)
{
    /* some file systems cannot; their rename is as safe as they make it */
    return fsync(dir_fd) != 0 && errno != EINVAL && errno != EROFS ? -1 : 0;
}

int mr_io_rename_new(int dir_fd, const char *from, const char *to)
{
    if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -1;
    /* the file system, or the kernel, does not know that: a link never replaces */
    if (linkat(dir_fd, from, dir_fd, to, 0) == 0) {
        if (unlinkat(dir_fd, from, 0) == 0)
            return 0;
        int saved = errno;
        (void)unlinkat(dir_fd, to, 0); /* one name, as before */
        errno = saved;
        return -1;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
        return -1;
    /* nor that: looking first is the best there is */
    struct stat st;
    if (fstatat(dir_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(dir_fd, from, dir_fd, to);
}

/* All of it written, on disk where that is wanted, and closed. */
static enum mr_code finish(struct mr_io_file *file, bool synced, struct mr_err *err)
{
    const char *path = file->place->path;
    if (file->failed_errno != 0)
        return mr_io_fail(err, file->failed_errno, "write to file", path);
    enum mr_code rc = flush(file, file->buffer, file->used, err);
    if (rc != MR_OK)
        return rc;
    file->used = 0;
    if (synced && fsync(file->fd) != 0)
        return mr_io_fail(err, errno, "sync file", path);
    int closed = close(file->fd);
    file->fd = -1;
    return closed == 0 ? MR_OK : mr_io_fail(err, errno, "close file", path);
}

static enum mr_code take_name(struct mr_io_file *file, bool synced, struct mr_err *err)
{
    const struct mr_io_place *place = file->place;
    MR_TRY(finish(file, synced, err));
    if (!file->is_named && renameat(place->dir_fd, file->temp, place->dir_fd, place->base) != 0)
        return mr_io_fail(err, errno, "rename the finished file to", place->path);
    file->temp[0] = '\0';
    file->is_named = false;
    return MR_OK;
}

enum mr_code mr_io_commit(struct mr_io_file *file, struct mr_err *err)
{
    const struct mr_io_place *place = file->place;
    MR_TRY(take_name(file, true, err));
    if (mr_io_sync_dir(place->dir_fd) != 0)
        return mr_io_fail(err, errno, "sync the directory of file", place->path);
    return MR_OK;
}

enum mr_code mr_io_commit_unsynced(struct mr_io_file *file, struct mr_err *err)
{
    return take_name(file, false, err);
}

/* A second fsync of it would say that all is well, and a reader be given what the cache has. */
static enum mr_code sync_failed(int dir_fd, const char *dir, const char *name, bool removes,
                                struct mr_err *err)
{
    const enum mr_code code = mr_io_fail(err, errno, "sync a file of directory", dir);
    if (removes)
        (void)unlinkat(dir_fd, name, 0);
    return code;
}

/* What fails later is told by the fsync; a kernel or file system without it loses nothing. */
static int begin_writing(int fd)
{
    const int failed = sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return failed != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT) ? -1 : 0;
}

/* How far a file is brought to the disk. */
enum step { BEGINS, ENDS };

static enum mr_code sync_entry(int dir_fd, const char *dir, const char *name, enum step step,
                               bool removes, struct mr_err *err)
{
    struct stat st;
    enum mr_code code = MR_OK;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return mr_io_fail(err, errno, "look at a file of directory", dir);
    if (!S_ISREG(st.st_mode))
        return MR_OK;
    const int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return mr_io_fail(err, errno, "open a file of directory", dir);
    if ((step == BEGINS ? begin_writing(fd) : fsync(fd)) != 0)
        code = sync_failed(dir_fd, dir, name, removes, err);
    (void)close(fd);
    return code;
}

static enum mr_code sync_entries(DIR *list, const char *dir, enum step step, bool removes,
                                 struct mr_err *err)
{
    const struct dirent *entry;
    enum mr_code code = MR_OK;
    rewinddir(list);
    for (errno = 0; code == MR_OK && (entry = readdir(list)) != NULL; errno = 0)
        code = sync_entry(dirfd(list), dir, entry->d_name, step, removes, err);
    if (code == MR_OK && errno != 0)
        code = mr_io_fail(err, errno, "read directory", dir);
    return code;
}

enum mr_code mr_io_sync_files(const char *dir, bool removes, struct mr_err *err)
{
    DIR *list = opendir(dir);
    if (list == NULL)
        return mr_io_fail(err, errno, "open directory", dir);
    enum mr_code code = sync_entries(list, dir, BEGINS, removes, err);
    if (code == MR_OK)
        code = sync_entries(list, dir, ENDS, removes, err);
    if (code == MR_OK && mr_io_sync_dir(dirfd(list)) != 0)
        code = mr_io_fail(err, errno, "sync directory", dir);
    (void)closedir(list);
    return code;
}

enum mr_code mr_io_detach(struct mr_io_file *file, bool synced, char name[MR_IO_TEMP_BYTES],
                          struct mr_err *err)
{
    MR_TRY(finish(file, synced, err));
    memcpy(name, file->temp, sizeof file->temp);
    file->temp[0] = '\0';
    return MR_OK;
}

void mr_io_free(struct mr_io_file *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        (void)close(file->fd);
    if (file->temp[0] != '\0' || file->is_named)
        (void)unlinkat(file->place->dir_fd, file->is_named ? file->place->base : file->temp, 0);
    mr_io_place_release(&file->own);
    free(file);
}

enum mr_code mr_io_write_file(const char *path, mode_t mode, const void *ptr, size_t len,
                              struct mr_err *err)
{
    struct mr_io_file *file = NULL;
    enum mr_code rc = mr_io_begin(path, mode, &file, err);
    if (rc == MR_OK)
        rc = mr_io_write(file, ptr, len, err);
    if (rc == MR_OK)
        rc = mr_io_commit(file, err);
    mr_io_free(file);
    return rc;
}

/* What the user names may never end; what is ours does, and is read to the end of a run that
 * was interrupted, too. */
static enum mr_code read_fd(int fd, const char *path, enum mr_in_kind kind, size_t max_bytes,
                            struct mr_strbuf *out, struct mr_err *err)
{
    for (size_t total = 0, got = 0;; total += got) {
        if (kind == MR_IN_NAMED && mr_is_cancelled())
            return mr_cancelled_err(err);
        if (total > max_bytes)
            return mr_err_set(err, MR_E_IO, "file \"%s\" is too large: more than %zu bytes", path,
                              max_bytes);
        if (!mr_strbuf_reserve(out, READ_STEP_BYTES))
            return mr_strbuf_check(out, "reading a file", err);
        enum mr_code code = mr_in_read(fd, path, out->ptr + out->len, READ_STEP_BYTES, &got, err);
        out->len += got;
        if (code != MR_OK || got == 0)
            return code;
    }
}

static bool is_pipe(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* A pipe that ends without a byte is one whose writer failed, as in <(cat typo): its text is not
 * taken for an empty file. What was read before a failure is taken back. */
static enum mr_code read_whole(const char *path, enum mr_in_kind kind, size_t max_bytes,
                               struct mr_strbuf *out, struct mr_err *err)
{
    const size_t before = out->len;
    int fd = -1;
    MR_TRY(mr_in_open(path, kind, &fd, err));
    enum mr_code code = read_fd(fd, path, kind, max_bytes, out, err);
    if (code == MR_OK && out->len == before && is_pipe(fd))
        code = mr_err_set(err, MR_E_IO, "nothing came out of the pipe \"%s\"", path);
    if (code != MR_OK)
        out->len = before;
    if (out->cap > 0)
        out->ptr[out->len] = '\0';
    (void)close(fd);
    return code;
}

enum mr_code mr_io_read_file(const char *path, size_t max_bytes, struct mr_strbuf *out,
                             struct mr_err *err)
{
    return read_whole(path, MR_IN_NAMED, max_bytes, out, err);
}

enum mr_code mr_io_read_own(const char *path, size_t max_bytes, struct mr_strbuf *out,
                            struct mr_err *err)
{
    return read_whole(path, MR_IN_OWN, max_bytes, out, err);
}

enum mr_code mr_io_read_part(const char *path, size_t max_bytes, struct mr_strbuf *out,
                             struct mr_err *err)
{
    return read_whole(path, MR_IN_PART, max_bytes, out, err);
}

/* Whatever stands there is not waited for (a pipe), and not read (a device). */
enum mr_io_head mr_io_head(int dir_fd, const char *name, int flags, const void *ptr, size_t len)
{
    char head[MR_IO_HEAD_MAX];
    struct stat st;
    enum mr_io_head is = MR_IO_HEAD_NONE;
    int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
    if (fd < 0)
        return is;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        is = read(fd, head, len) == (ssize_t)len && memcmp(head, ptr, len) == 0 ? MR_IO_HEAD_SAME
                                                                                : MR_IO_HEAD_OTHER;
    (void)close(fd);
    return is;
}
