/*
 * failing_lock.c: preloaded into a program, refuses locks as a network file system without any does.
 *
 *   LD_PRELOAD=…/failing_lock.so MR_FAULT_PATH=/shared/dir MR_FAULT_REPORT=FILE myrecon …
 *
 * flock() and the record locks of fcntl() fail with ENOLCK on descriptors whose path contains
 * MR_FAULT_PATH, hard links with EPERM, and shared mappings of such files with ENODEV.  At the end of a
 * process that asked for any, FILE has a line for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_shared(const char *path)
{
    const char *wanted = getenv("MR_FAULT_PATH");
    return wanted != NULL && strstr(path, wanted) != NULL;
}

static bool is_meant(int fd)
{
    char name[64], path[4096];
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    const ssize_t len = readlink(name, path, sizeof path - 1);
    if (len <= 0)
        return false;
    path[len] = '\0';
    return is_shared(path);
}

static void tell(const char *what)
{
    const char *report = getenv("MR_FAULT_REPORT");
    FILE *file = report != NULL ? fopen(report, "ae") : NULL;
    if (file == NULL)
        return;
    (void)fprintf(file, "%s\n", what);
    (void)fclose(file);
}

int flock(int fd, int operation)
{
    if (is_meant(fd)) {
        tell("flock");
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, operation);
}

static int set_or_ask(int fd, int command, void *arg)
{
    if ((command == F_SETLK || command == F_SETLKW || command == F_GETLK ||
         command == F_OFD_SETLK || command == F_OFD_SETLKW) &&
        is_meant(fd)) {
        tell("fcntl");
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_fcntl, fd, command, arg);
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    return set_or_ask(fd, command, arg);
}

int fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    return set_or_ask(fd, command, arg);
}

int link(const char *from, const char *to)
{
    if (is_shared(to)) {
        tell("link");
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (fd >= 0 && (flags & MAP_SHARED) != 0 && is_meant(fd)) {
        tell("mmap");
        errno = ENODEV;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
}
