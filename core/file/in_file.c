/* in_file.c: see in_file.h. */
#include "core/file/in_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/file/owner.h"

#define STEP_MS 200
#define SAY_AFTER_S 5

/* Until it has something to read, or its writers have gone. */
static enum mr_code await(int fd, const char *path, struct mr_err *err)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    const double say_s = mr_clock_now_s() + SAY_AFTER_S;
    bool is_said = false;
    for (;;) {
        int got = poll(&ready, 1, STEP_MS);
        if (got > 0)
            return MR_OK;
        if (got < 0 && errno != EINTR)
            return mr_err_set_sys(err, MR_E_IO, errno, "could not read file \"%s\"", path);
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        if (!is_said && mr_clock_now_s() >= say_s) {
            mr_log_info("waiting for \"%s\", which is no file: nobody writes to it yet", path);
            is_said = true;
        }
    }
}

/* What is there is not what it is to be, or could hold us. */
static enum mr_code check(int fd, const char *path, enum mr_in_kind kind, struct mr_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open file \"%s\"", path);
    if (kind == MR_IN_OWN)
        MR_TRY(mr_owner_check_own(path, &st, err));
    if (S_ISREG(st.st_mode))
        return MR_OK;
    if (S_ISDIR(st.st_mode))
        return mr_err_set_sys(err, MR_E_IO, EISDIR, "could not read file \"%s\"", path);
    if (kind == MR_IN_PART || S_ISBLK(st.st_mode))
        return mr_err_set(err, MR_E_IO, "file \"%s\" %s", path, mr_in_strange(st.st_mode));
    return await(fd, path, err); /* a pipe without a writer reads as if it were empty */
}

const char *mr_in_strange(mode_t mode)
{
    if (S_ISREG(mode))
        return NULL;
    return S_ISLNK(mode) ? "is a symbolic link" : "is no regular file";
}

/* Looked at before it is opened: to open a device can have effects. */
static enum mr_code check_part(const char *path, struct mr_err *err)
{
    struct stat st;
    const char *strange =
        lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) ? mr_in_strange(st.st_mode) : NULL;
    return strange == NULL ? MR_OK : mr_err_set(err, MR_E_IO, "file \"%s\" %s", path, strange);
}

/* Opening never waits (O_NONBLOCK), as it would for a pipe that nobody writes to, and makes no
 * terminal ours. A part of a directory is no link: it would lead out of what was named. */
enum mr_code mr_in_open(const char *path, enum mr_in_kind kind, int *fd, struct mr_err *err)
{
    const int flags = kind == MR_IN_PART ? O_NOFOLLOW : 0;
    *fd = -1;
    if (kind == MR_IN_PART && check_part(path, err) != MR_OK)
        return MR_E_IO;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    if (*fd < 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open file \"%s\"", path);
    enum mr_code code = check(*fd, path, kind, err);
    if (code == MR_OK)
        return MR_OK;
    (void)close(*fd);
    *fd = -1;
    return code;
}

/* The descriptor does not wait, so that a pipe without data is waited for here, where a signal ends
 * the waiting. */
enum mr_code mr_in_read(int fd, const char *path, void *buf, size_t size, size_t *got,
                        struct mr_err *err)
{
    *got = 0;
    for (;;) {
        ssize_t n = read(fd, buf, size);
        if (n >= 0) {
            *got = (size_t)n;
            return MR_OK;
        }
        enum mr_code code = MR_OK;
        if (errno == EAGAIN)
            code = await(fd, path, err);
        else if (errno != EINTR)
            code = mr_err_set_sys(err, MR_E_IO, errno, "could not read file \"%s\"", path);
        if (code != MR_OK)
            return code;
    }
}
