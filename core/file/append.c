/* append.c: see append.h. */
#include "core/file/append.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/in_file.h"
#include "core/file/owner.h"

static enum mr_code check(int fd, const char *path, const char *what, struct mr_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open %s \"%s\"", what, path);
    const char *strange = mr_in_strange(st.st_mode);
    if (strange != NULL)
        return mr_err_set(err, MR_E_IO, "%s \"%s\" %s", what, path, strange);
    return mr_owner_check_open(path, fd, err);
}

static enum mr_code failed(const char *path, const char *what, int why, struct mr_err *err)
{
    if (why == ELOOP || why == ENXIO) { /* ENXIO: a pipe that nobody reads */
        (void)mr_err_set(err, MR_E_IO, "%s \"%s\" is %s", what, path,
                         why == ELOOP ? "a symbolic link" : "no regular file");
        mr_err_hint(err, "Name a regular file, or one that is not there yet.");
        return MR_E_IO;
    }
    return mr_err_set_sys(err, MR_E_IO, why, "could not open %s \"%s\"", what, path);
}

/* Opening never waits, as it would for a pipe without a reader. */
enum mr_code mr_append_open(const char *path, const char *what, int *fd, struct mr_err *err)
{
    const int flags = O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    *fd = open(path, O_RDWR | flags, 0600);
    if (*fd < 0 && errno == EACCES) /* a log that this user may write, and not read */
        *fd = open(path, O_WRONLY | flags, 0600);
    if (*fd < 0)
        return failed(path, what, errno, err);
    enum mr_code code = check(*fd, path, what, err);
    if (code == MR_OK)
        return MR_OK;
    (void)close(*fd);
    *fd = -1;
    return code;
}
