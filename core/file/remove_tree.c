/* remove_tree.c: see remove_tree.h. */
#include "core/file/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100
#define TRY_MS 10

struct removal {
    const char *path; /* for messages */
    dev_t device;
};

static enum mr_code failed(const struct removal *r, const char *name, struct mr_err *err)
{
    return mr_err_set_sys(err, MR_E_IO, errno, "could not remove \"%s\" of directory \"%s\"", name,
                          r->path);
}

static int open_dir(int fd, const char *name)
{
    return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static enum mr_code empty(const struct removal *r, int fd, unsigned depth, struct mr_err *err);

/* A directory: what is in it, and then itself, anew as long as somebody adds to it. */
static enum mr_code remove_dir(const struct removal *r, int parent_fd, const char *name,
                               unsigned depth, struct mr_err *err)
{
    struct stat st;
    if (depth > MR_REMOVE_DEPTH)
        return mr_err_set(err, MR_E_REFUSED, "directory \"%s\" is more than %d directories deep",
                          r->path, MR_REMOVE_DEPTH);
    for (int i = 0; i < TRIES; i++) {
        const int fd = open_dir(parent_fd, name);
        if (fd < 0)
            return errno == ENOENT ? MR_OK : failed(r, name, err);
        if (fstat(fd, &st) != 0 || st.st_dev != r->device) {
            (void)close(fd);
            return mr_err_set(err, MR_E_REFUSED,
                              "\"%s\" of directory \"%s\" is of another file system", name,
                              r->path);
        }
        MR_TRY(empty(r, fd, depth, err));
        if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return MR_OK;
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
        (void)poll(NULL, 0, TRY_MS);
    }
    return failed(r, name, err);
}

static enum mr_code remove_entry(const struct removal *r, int fd, const char *name, unsigned depth,
                                 struct mr_err *err)
{
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return MR_OK;
    if (errno != EISDIR && errno != EPERM) /* EPERM: so says POSIX of a directory */
        return failed(r, name, err);
    return remove_dir(r, fd, name, depth + 1, err);
}

/* Takes fd. */
static enum mr_code empty(const struct removal *r, int fd, unsigned depth, struct mr_err *err)
{
    const struct dirent *entry;
    enum mr_code code = MR_OK;
    DIR *list = fdopendir(fd);
    if (list == NULL) {
        code = failed(r, ".", err);
        (void)close(fd);
        return code;
    }
    for (errno = 0; code == MR_OK && (entry = readdir(list)) != NULL; errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            code = remove_entry(r, fd, entry->d_name, depth, err);
    if (code == MR_OK && errno != 0)
        code = failed(r, ".", err);
    (void)closedir(list);
    return code;
}

enum mr_code mr_remove_tree(const char *path, struct mr_err *err)
{
    struct removal r = {.path = path};
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? MR_OK : failed(&r, ".", err);
    r.device = st.st_dev;
    return remove_dir(&r, AT_FDCWD, path, 0, err);
}
