/*
 * failing_io.c: preloaded into a program, makes its N-th write to chosen files fail.
 *
 *   LD_PRELOAD=…/failing_io.so MR_FAULT_PATH=/dir/case MR_FAULT_AT=N MR_FAULT_ERROR=EIO
 *       MR_FAULT_REPORT=FILE myrecon …
 *
 * Counted are write, pwrite, ftruncate, fsync and fdatasync on descriptors whose path
 * contains MR_FAULT_PATH ("stdout": on standard output), and renames of such paths.  MR_FAULT_ERROR=ENOSPC: a disk that is full from then on, so that every later
 * write fails too, while syncing and truncating succeed; the first write that does not
 * fit writes half of itself.  EIO: that one call fails.  EINTR: that call is interrupted
 * before it has done anything.  SHORT: that write writes half of itself.  KILL: the process
 * is killed there, with half of that write (not pwrite) written.  Without
 * MR_FAULT_AT nothing fails.  At the end FILE has the number of calls.
 *
 * The C library writes standard output by a way of its own that no symbol leads to; so
 * stdout becomes a stream of ours, which comes back to write().
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STDOUT_BYTES 512

enum fault { FAULT_EIO = 1, FAULT_ENOSPC, FAULT_SHORT, FAULT_KILL };
enum call { CALL_WRITE = 1, CALL_SYNC };

static unsigned long fail_at;
static enum fault fault;
static const char *wanted_path;
static const char *report_path;
static atomic_ulong calls;

static ssize_t write_stdout(void *cookie, const char *bytes, size_t size)
{
    (void)cookie;
    size_t at = 0;
    while (at < size) {
        ssize_t done = write(STDOUT_FILENO, bytes + at, size - at);
        if (done < 0)
            break; /* fopencookie() takes less than all as an error; errno stays */
        at += (size_t)done;
    }
    return (ssize_t)at;
}

static int close_stdout(void *cookie)
{
    (void)cookie;
    return close(STDOUT_FILENO);
}

static void __attribute__((constructor)) begin(void)
{
    const cookie_io_functions_t own = {.write = write_stdout, .close = close_stdout};
    const char *at = getenv("MR_FAULT_AT");
    const char *error = getenv("MR_FAULT_ERROR");
    fail_at = at != NULL ? strtoul(at, NULL, 10) : 0;
    fault = error == NULL                  ? FAULT_EIO
            : strcmp(error, "ENOSPC") == 0 ? FAULT_ENOSPC
            : strcmp(error, "SHORT") == 0  ? FAULT_SHORT
            : strcmp(error, "KILL") == 0   ? FAULT_KILL
                                           : FAULT_EIO;
    wanted_path = getenv("MR_FAULT_PATH");
    report_path = getenv("MR_FAULT_REPORT");
    FILE *file = fopencookie(NULL, "w", own);
    if (file == NULL || wanted_path == NULL)
        _exit(99);
    /* small enough that a short result takes several writes */
    (void)setvbuf(file, NULL, _IOFBF, STDOUT_BYTES);
    stdout = file;
}

static void __attribute__((destructor)) end(void)
{
    FILE *file = report_path != NULL ? fopen(report_path, "w") : NULL;
    if (file == NULL)
        return;
    (void)fprintf(file, "%lu\n", atomic_load(&calls));
    if (fclose(file) != 0)
        _exit(99);
}

static bool is_wanted_fd(int fd)
{
    char link[32], path[4096];
    if (strcmp(wanted_path, "stdout") == 0)
        return fd == STDOUT_FILENO;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0)
        return false;
    path[len] = '\0';
    return strstr(path, wanted_path) != NULL;
}

/* The fault of this call, if it has one: 0 is none. */
static enum fault next_fault(enum call call)
{
    unsigned long number = atomic_fetch_add(&calls, 1) + 1;
    if (fail_at == 0 || number < fail_at)
        return 0;
    if (fault == FAULT_ENOSPC)
        return call == CALL_WRITE ? FAULT_ENOSPC : 0;
    if (number > fail_at || (fault == FAULT_SHORT && call != CALL_WRITE))
        return 0;
    return fault;
}

static int set_errno(enum fault now)
{
    if (now == FAULT_KILL)
        (void)raise(SIGKILL);
    errno = now == FAULT_ENOSPC ? ENOSPC : EIO;
    return -1;
}

/* How many bytes of this write are to be written: all, half, or none (-1, errno set). */
static ssize_t allowed(int fd, const void *bytes, size_t size)
{
    enum fault now = is_wanted_fd(fd) ? next_fault(CALL_WRITE) : 0;
    bool first = atomic_load(&calls) == fail_at;
    if (now == 0)
        return (ssize_t)size;
    if (now == FAULT_KILL) {
        if (bytes != NULL)
            (void)syscall(SYS_write, fd, bytes, size / 2);
        (void)raise(SIGKILL);
    }
    if (size > 1 && (now == FAULT_SHORT || (now == FAULT_ENOSPC && first)))
        return (ssize_t)(size / 2);
    return now == FAULT_SHORT ? (ssize_t)size : set_errno(now);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t may = allowed(fd, bytes, size);
    return may < 0 ? may : syscall(SYS_write, fd, bytes, may);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    ssize_t may = allowed(fd, NULL, size);
    return may < 0 ? may : syscall(SYS_pwrite64, fd, bytes, may, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    return pwrite(fd, bytes, size, at);
}

static bool sync_fails(int fd)
{
    enum fault now = is_wanted_fd(fd) ? next_fault(CALL_SYNC) : 0;
    return now != 0 && set_errno(now) != 0;
}

/* What was asked for is only of use to a machine that loses power. */
int fsync(int fd)
{
    return sync_fails(fd) ? -1 : 0;
}

int fdatasync(int fd)
{
    return sync_fails(fd) ? -1 : 0;
}

int ftruncate(int fd, off_t size)
{
    return sync_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (strstr(from, wanted_path) != NULL || strstr(to, wanted_path) != NULL) {
        enum fault now = next_fault(CALL_SYNC);
        if (now != 0)
            return set_errno(now);
    }
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return renameat2(from_dir, from, to_dir, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}
