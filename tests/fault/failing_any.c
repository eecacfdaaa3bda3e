/*
 * failing_any.c: preloaded into a program, makes any one call of the C library fail, told
 * by where it stands: torture.py makes each of them fail once.
 *
 *   LD_PRELOAD=…/failing_any.so MR_TORTURE_REPORT=FILE [MR_TORTURE_SITE=HEX
 *       MR_TORTURE_NTH=N MR_TORTURE_ERROR=EIO] myrecon …
 *
 * A site is a function of the C library and the return addresses that lead to it, the
 * innermost MR_TORTURE_DEPTH (default 8); that holds from run to run, whatever the threads
 * and the network do.  At the end FILE has a line for each: NAME SITE COUNT FRAME,FRAME…,
 * a frame being OBJECT+OFFSET.  With MR_TORTURE_SITE its N-th call (the first) fails, and
 * FILE has the line "fired" from then on.  MR_TORTURE_ERROR is an errno by name; SHORT:
 * half of it is read, written or sent; EOF: the other end has hung up.
 *
 * Of memory count the calls that stand in the program, or in a library that
 * MR_TORTURE_MEMORY names ("sqlite,zstd"): what others do without memory is theirs.
 * Standard error never fails: nobody could be told.  The C library writes standard output
 * by a way of its own that no symbol leads to; so stdout becomes a stream of ours.
 *
 * Functions have names of ours and the C library's only for the linker, because the
 * headers know too much about those.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#define MAX_OBJECTS 64
#define MAX_FRAMES 12
#define MAX_SITES 32768 /* a power of two */
#define STDOUT_BYTES 512

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

struct object {
    uintptr_t lo, hi, base;
    char name[32];
    bool is_ours, is_memory;
};

struct stack {
    size_t count;
    uintptr_t frames[MAX_FRAMES];
    uint64_t hash;
    bool is_full;
};

struct site {
    const char *name; /* NULL: free */
    uint64_t hash;
    unsigned long count;
    size_t frame_count;
    uintptr_t frames[MAX_FRAMES];
};

static struct object objects[MAX_OBJECTS];
static size_t object_count;
static struct site sites[MAX_SITES];
static atomic_flag sites_lock = ATOMIC_FLAG_INIT;
static atomic_bool is_ready; /* main is about to run */
static uint64_t fail_site;
static unsigned long fail_nth;
static const char *fail_error;
static size_t depth = 8;
static const char *report_path;

/* ---- where a call stands ----------------------------------------------------------- */

static bool is_named_in(const char *object, const char *list)
{
    char part[32];
    while (list != NULL && *list != '\0') {
        size_t len = strcspn(list, ",");
        if (len > 0 && len < sizeof part) {
            memcpy(part, list, len);
            part[len] = '\0';
            if (strstr(object, part) != NULL)
                return true;
        }
        list += len + (list[len] == ',');
    }
    return false;
}

static int add_object(struct dl_phdr_info *info, size_t size, void *memory)
{
    (void)size;
    const char *slash = strrchr(info->dlpi_name, '/');
    for (size_t i = 0; i < info->dlpi_phnum && object_count < MAX_OBJECTS; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        struct object *object = &objects[object_count++];
        uintptr_t here = (uintptr_t)&add_object;
        object->base = info->dlpi_addr;
        object->lo = info->dlpi_addr + segment->p_vaddr;
        object->hi = object->lo + segment->p_memsz;
        object->is_ours = here >= object->lo && here < object->hi;
        object->is_memory = info->dlpi_name[0] == '\0' || is_named_in(info->dlpi_name, memory);
        (void)snprintf(object->name, sizeof object->name, "%s",
                       info->dlpi_name[0] == '\0' ? "myrecon"
                       : slash != NULL            ? slash + 1
                                                  : info->dlpi_name);
    }
    return 0;
}

static const struct object *object_of(uintptr_t address)
{
    for (size_t i = 0; i < object_count; i++)
        if (address >= objects[i].lo && address < objects[i].hi)
            return &objects[i];
    return NULL;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 29);
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = mix(hash, (unsigned char)*text);
    return hash;
}

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *into)
{
    struct stack *stack = into;
    uintptr_t at = _Unwind_GetIP(context);
    const struct object *object = object_of(at);
    if (object != NULL && object->is_ours)
        return _URC_NO_REASON;
    stack->frames[stack->count++] = at;
    /* what the dynamic linker loads later has no place that would hold */
    if (object != NULL)
        stack->hash = mix(mix_text(stack->hash, object->name), at - object->base);
    return stack->count < depth ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* Under the lock.  NULL: there is no room. */
static struct site *site_of(const char *name, const struct stack *stack)
{
    for (size_t i = stack->hash % MAX_SITES, tries = 0; tries < MAX_SITES;
         i = (i + 1) % MAX_SITES, tries++) {
        struct site *site = &sites[i];
        if (site->name == NULL) {
            site->name = name;
            site->hash = stack->hash;
            site->frame_count = stack->count;
            memcpy(site->frames, stack->frames, sizeof site->frames);
        }
        if (site->hash == stack->hash)
            return site;
    }
    return NULL;
}

static void say_fired(void)
{
    long fd = report_path != NULL ? syscall(SYS_openat, AT_FDCWD, report_path,
                                            O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                                  : -1;
    if (fd < 0)
        return;
    (void)syscall(SYS_write, fd, "fired\n", 6);
    (void)syscall(SYS_close, fd);
}

/* Counts this call of NAME; true: it is the one that fails. */
static bool fails(const char *name)
{
    if (!atomic_load_explicit(&is_ready, memory_order_acquire))
        return false;
    int kept = errno;
    struct stack stack = {.hash = mix_text(1, name)};
    (void)_Unwind_Backtrace(add_frame, &stack);
    while (atomic_flag_test_and_set(&sites_lock))
        ;
    struct site *site = site_of(name, &stack);
    unsigned long number = site != NULL ? ++site->count : 0;
    atomic_flag_clear(&sites_lock);
    bool is_it = fail_site != 0 && stack.hash == fail_site && number == fail_nth;
    if (is_it)
        say_fired();
    errno = kept;
    return is_it;
}

static int error_number(void)
{
    static const struct {
        const char *name;
        int number;
    } errors[] = {
        {"EACCES", EACCES},         {"EAGAIN", EAGAIN},       {"ECONNREFUSED", ECONNREFUSED},
        {"ECONNRESET", ECONNRESET}, {"EINTR", EINTR},         {"EIO", EIO},
        {"EMFILE", EMFILE},         {"ENOBUFS", ENOBUFS},     {"ENOLCK", ENOLCK},
        {"ENOMEM", ENOMEM},         {"ENOSPC", ENOSPC},       {"EPERM", EPERM},
        {"EPIPE", EPIPE},           {"ETIMEDOUT", ETIMEDOUT}, {"EAI_AGAIN", EAI_AGAIN},
        {"EAI_MEMORY", EAI_MEMORY},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(fail_error, errors[i].name) == 0)
            return errors[i].number;
    _exit(99);
}

static bool error_is(const char *name)
{
    return strcmp(fail_error, name) == 0;
}

static int set_error(void)
{
    errno = error_number();
    return -1;
}

/* ---- begin and end ------------------------------------------------------------------ */

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

static unsigned long number_of(const char *name, int base, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, base) : otherwise;
}

/* A preloaded library is initialised after all others, right before main. */
static void __attribute__((constructor)) begin(void)
{
    const cookie_io_functions_t own = {.write = write_stdout, .close = close_stdout};
    (void)dl_iterate_phdr(add_object, getenv("MR_TORTURE_MEMORY"));
    fail_site = number_of("MR_TORTURE_SITE", 16, 0);
    fail_nth = number_of("MR_TORTURE_NTH", 10, 1);
    depth = number_of("MR_TORTURE_DEPTH", 10, depth);
    depth = depth > MAX_FRAMES ? MAX_FRAMES : depth;
    fail_error = getenv("MR_TORTURE_ERROR");
    report_path = getenv("MR_TORTURE_REPORT");
    FILE *file = fopencookie(NULL, "w", own);
    if (file == NULL || (fail_site != 0 && fail_error == NULL))
        _exit(99);
    (void)setvbuf(file, NULL, _IOFBF, STDOUT_BYTES);
    stdout = file;
    atomic_store_explicit(&is_ready, true, memory_order_release);
}

static void __attribute__((destructor)) end(void)
{
    atomic_store(&is_ready, false);
    FILE *file = report_path != NULL && fail_site == 0 ? fopen(report_path, "w") : NULL;
    if (file == NULL)
        return;
    for (size_t i = 0; i < MAX_SITES; i++) {
        const struct site *site = &sites[i];
        if (site->name == NULL)
            continue;
        (void)fprintf(file, "%s %016lx %lu ", site->name, (unsigned long)site->hash, site->count);
        for (size_t j = 0; j < site->frame_count; j++) {
            const struct object *object = object_of(site->frames[j]);
            (void)fprintf(file, "%s%s+%#lx", j > 0 ? "," : "", object != NULL ? object->name : "?",
                          site->frames[j] - (object != NULL ? object->base : 0));
        }
        (void)fputc('\n', file);
    }
    if (fclose(file) != 0)
        _exit(99);
}

/* ---- the calls ----------------------------------------------------------------------- */

/* The C library's own function of that name, as this one's type. */
#define REAL(name)                                                                                 \
    __typeof__(&any_##name) real = NULL;                                                           \
    static _Atomic(void *) found;                                                                  \
    if (atomic_load(&found) == NULL)                                                               \
        atomic_store(&found, dlsym(RTLD_NEXT, #name));                                             \
    void *address = atomic_load(&found);                                                           \
    memcpy(&real, &address, sizeof real)

/* A function of our own name for the compiler, and of the C library's for the linker. */
#define STANDS_FOR(type, name, parameters)                                                         \
    type any_##name parameters __asm__(#name);                                                     \
    type any_##name parameters

/* A function that fails with errno, and then returns FAILED. */
#define FAILS_AS(label, type, name, parameters, arguments, failed)                                 \
    STANDS_FOR(type, name, parameters)                                                             \
    {                                                                                              \
        REAL(name);                                                                                \
        if (!fails(label))                                                                         \
            return real arguments;                                                                 \
        (void)set_error();                                                                         \
        return failed;                                                                             \
    }

/* A function that returns its error. */
#define FAILS_BY_RESULT(name, parameters, arguments)                                               \
    STANDS_FOR(int, name, parameters)                                                              \
    {                                                                                              \
        REAL(name);                                                                                \
        return fails(#name) ? error_number() : real arguments;                                     \
    }

/* ---- files */

static const char *opening(int flags)
{
    return (flags & O_CREAT) != 0 ? "create" : "open";
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    if (fails(opening(flags)))
        return set_error();
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define OPEN_WITH(dir)                                                                             \
    va_list more;                                                                                  \
    va_start(more, flags);                                                                         \
    mode_t mode = va_arg(more, mode_t);                                                            \
    va_end(more);                                                                                  \
    return open_at(dir, path, flags, (flags & O_CREAT) != 0 ? mode : 0)

STANDS_FOR(int, open, (const char *path, int flags, ...))
{
    OPEN_WITH(AT_FDCWD);
}
STANDS_FOR(int, open64, (const char *path, int flags, ...))
{
    OPEN_WITH(AT_FDCWD);
}
STANDS_FOR(int, openat, (int dir, const char *path, int flags, ...))
{
    OPEN_WITH(dir);
}
STANDS_FOR(int, openat64, (int dir, const char *path, int flags, ...))
{
    OPEN_WITH(dir);
}
STANDS_FOR(int, __open_2, (const char *path, int flags))
{
    return open_at(AT_FDCWD, path, flags, 0);
}
STANDS_FOR(int, __openat_2, (int dir, const char *path, int flags))
{
    return open_at(dir, path, flags, 0);
}
FAILS_AS("open", FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
FAILS_AS("open", FILE *, fopen64, (const char *path, const char *mode), (path, mode), NULL)
FAILS_AS("fdopen", FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL)
FAILS_AS("open", DIR *, opendir, (const char *path), (path), NULL)
FAILS_AS("fdopen", DIR *, fdopendir, (int fd), (fd), NULL)
FAILS_AS("readdir", struct dirent *, readdir, (DIR * dir), (dir), NULL)
FAILS_AS("getline", ssize_t, __getdelim, (char **line, size_t *size, int end, FILE *file),
         (line, size, end, file), -1)
FAILS_AS("path", char *, realpath, (const char *path, char *into), (path, into), NULL)
FAILS_AS("path", ssize_t, readlink, (const char *path, char *into, size_t size), (path, into, size),
         -1)
FAILS_AS("path", char *, getcwd, (char *into, size_t size), (into, size), NULL)
FAILS_AS("stat", int, stat, (const char *path, struct stat *into), (path, into), -1)
FAILS_AS("stat", int, stat64, (const char *path, struct stat64 *into), (path, into), -1)
FAILS_AS("stat", int, lstat, (const char *path, struct stat *into), (path, into), -1)
FAILS_AS("stat", int, lstat64, (const char *path, struct stat64 *into), (path, into), -1)
FAILS_AS("stat", int, fstat, (int fd, struct stat *into), (fd, into), -1)
FAILS_AS("stat", int, fstat64, (int fd, struct stat64 *into), (fd, into), -1)
FAILS_AS("stat", int, fstatat, (int fd, const char *path, struct stat *into, int flags),
         (fd, path, into, flags), -1)
FAILS_AS("stat", int, fstatvfs, (int fd, struct statvfs *into), (fd, into), -1)
FAILS_AS("stat", int, statvfs, (const char *path, struct statvfs *into), (path, into), -1)
FAILS_AS("access", int, access, (const char *path, int mode), (path, mode), -1)
FAILS_AS("access", int, faccessat, (int dir, const char *path, int mode, int flags),
         (dir, path, mode, flags), -1)
FAILS_AS("mode", int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
FAILS_AS("mode", int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), -1)
FAILS_AS("seek", off_t, lseek, (int fd, off_t at, int from), (fd, at, from), -1)
FAILS_AS("rename", int, rename, (const char *from, const char *to), (from, to), -1)
FAILS_AS("rename", int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
         (from_dir, from, to_dir, to), -1)
FAILS_AS("rename", int, renameat2,
         (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
         (from_dir, from, to_dir, to, flags), -1)
FAILS_AS("link", int, linkat,
         (int from_dir, const char *from, int to_dir, const char *to, int flags),
         (from_dir, from, to_dir, to, flags), -1)
FAILS_AS("unlink", int, unlink, (const char *path), (path), -1)
FAILS_AS("unlink", int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), -1)
FAILS_AS("unlink", int, rmdir, (const char *path), (path), -1)
FAILS_AS("mkdir", int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
FAILS_AS("mkdir", int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), -1)
FAILS_AS("truncate", int, ftruncate, (int fd, off_t size), (fd, size), -1)
FAILS_AS("truncate", int, ftruncate64, (int fd, off64_t size), (fd, size), -1)
FAILS_AS("sync", int, fsync, (int fd), (fd), -1)
FAILS_AS("sync", int, fdatasync, (int fd), (fd), -1)
FAILS_AS("lock", int, flock, (int fd, int how), (fd, how), -1)

/* Giving a lock back does not fail. */
static int control(int fd, int command, void *argument)
{
    bool locks = command == F_SETLK || command == F_SETLKW || command == F_GETLK;
    const struct flock *lock = argument;
    bool gives_back = locks && lock->l_type == F_UNLCK;
    if (!gives_back && fails(locks ? "lock" : "fcntl"))
        return set_error();
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

#define CONTROL_WITH                                                                               \
    va_list more;                                                                                  \
    va_start(more, command);                                                                       \
    void *argument = va_arg(more, void *);                                                         \
    va_end(more);                                                                                  \
    return control(fd, command, argument)

STANDS_FOR(int, fcntl, (int fd, int command, ...))
{
    CONTROL_WITH;
}
STANDS_FOR(int, fcntl64, (int fd, int command, ...))
{
    CONTROL_WITH;
}

/* Linux closes it whatever it says. */
STANDS_FOR(int, close, (int fd))
{
    bool is_it = fails("close");
    int status = (int)syscall(SYS_close, fd);
    return is_it ? set_error() : status;
}

/* ---- reading and writing: how much of SIZE may be done; -1: none, errno is set */

static ssize_t allowed(const char *name, size_t size)
{
    if (!fails(name))
        return (ssize_t)size;
    if (error_is("EOF"))
        return 0;
    return error_is("SHORT") ? (ssize_t)(size > 1 ? size / 2 : size) : set_error();
}

/* What the other end has hung up reads as nothing. */
#define READS(label, name, parameters, number, ...)                                                \
    STANDS_FOR(ssize_t, name, parameters)                                                          \
    {                                                                                              \
        ssize_t may = allowed(label, size);                                                        \
        return may <= 0 && size > 0 ? may : syscall(number, __VA_ARGS__);                          \
    }

READS("read", read, (int fd, void *into, size_t size), SYS_read, fd, into, may)
READS("read", pread, (int fd, void *into, size_t size, off_t at), SYS_pread64, fd, into, may, at)
READS("read", pread64, (int fd, void *into, size_t size, off64_t at), SYS_pread64, fd, into, may,
      at)
/* A connection that is gone for one call is gone for the next. */
static ssize_t allowed_on_line(const char *name, int fd, size_t size)
{
    ssize_t may = allowed(name, size);
    bool is_gone = may <= 0 && size > 0 && !error_is("EINTR");
    int kept = errno;
    if (is_gone)
        (void)syscall(SYS_shutdown, fd, SHUT_RDWR);
    errno = kept;
    return may;
}

STANDS_FOR(ssize_t, recv, (int fd, void *into, size_t size, int flags))
{
    ssize_t may = allowed_on_line("recv", fd, size);
    return may <= 0 && size > 0 ? may : syscall(SYS_recvfrom, fd, into, may, flags, NULL, NULL);
}
STANDS_FOR(ssize_t, send, (int fd, const void *from, size_t size, int flags))
{
    ssize_t may = allowed_on_line("send", fd, size);
    return may < 0 ? may : syscall(SYS_sendto, fd, from, may, flags, NULL, 0);
}
READS("write", pwrite, (int fd, const void *from, size_t size, off_t at), SYS_pwrite64, fd, from,
      may, at)
READS("write", pwrite64, (int fd, const void *from, size_t size, off64_t at), SYS_pwrite64, fd,
      from, may, at)

STANDS_FOR(ssize_t, write, (int fd, const void *from, size_t size))
{
    ssize_t may = fd == STDERR_FILENO ? (ssize_t)size : allowed("write", size);
    return may < 0 ? may : syscall(SYS_write, fd, from, may);
}

/* ---- the network */

FAILS_AS("socket", int, socket, (int family, int type, int protocol), (family, type, protocol), -1)
FAILS_AS("connect", int, connect, (int fd, const struct sockaddr *to, socklen_t size),
         (fd, to, size), -1)
FAILS_AS("poll", int, poll, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms), -1)
FAILS_AS("sockopt", int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size),
         (fd, level, name, value, size), -1)
FAILS_AS("sockopt", int, setsockopt,
         (int fd, int level, int name, const void *value, socklen_t size),
         (fd, level, name, value, size), -1)
FAILS_AS("sockopt", int, getsockname, (int fd, struct sockaddr *name, socklen_t *size),
         (fd, name, size), -1)
FAILS_AS("sockopt", int, shutdown, (int fd, int how), (fd, how), -1)
FAILS_BY_RESULT(getaddrinfo,
                (const char *host, const char *port, const struct addrinfo *hints,
                 struct addrinfo **list),
                (host, port, hints, list))

/* ---- threads, and the rest */

FAILS_BY_RESULT(pthread_create,
                (pthread_t * thread, const pthread_attr_t *how, void *(*run)(void *),
                 void *argument),
                (thread, how, run, argument))
/* SQLite does not ask whether it got its locks, and with glibc it always does. */
#define IS_OURS (object_of((uintptr_t)__builtin_return_address(0)) == &objects[0])

STANDS_FOR(int, pthread_mutex_init, (pthread_mutex_t * lock, const pthread_mutexattr_t *how))
{
    REAL(pthread_mutex_init);
    return IS_OURS && fails("pthread_mutex_init") ? error_number() : real(lock, how);
}
STANDS_FOR(int, pthread_cond_init, (pthread_cond_t * cond, const pthread_condattr_t *how))
{
    REAL(pthread_cond_init);
    return IS_OURS && fails("pthread_cond_init") ? error_number() : real(cond, how);
}
FAILS_BY_RESULT(getpwuid_r,
                (uid_t uid, struct passwd *into, char *buffer, size_t size,
                 struct passwd **found_one),
                (uid, into, buffer, size, found_one))
FAILS_AS("getrandom", ssize_t, getrandom, (void *into, size_t size, unsigned flags),
         (into, size, flags), -1)
FAILS_AS("iconv_open", iconv_t, iconv_open, (const char *to, const char *from), (to, from),
         (iconv_t)-1)

/* ---- memory */

FAILS_AS("map", void *, mmap,
         (void *at, size_t size, int protection, int flags, int fd, off_t offset),
         (at, size, protection, flags, fd, offset), MAP_FAILED)
FAILS_AS("map", void *, mmap64,
         (void *at, size_t size, int protection, int flags, int fd, off64_t offset),
         (at, size, protection, flags, fd, offset), MAP_FAILED)

#define CALLER ((uintptr_t)__builtin_return_address(0))

static bool memory_fails(uintptr_t caller)
{
    const struct object *object =
        atomic_load_explicit(&is_ready, memory_order_acquire) ? object_of(caller) : NULL;
    if (object == NULL || !object->is_memory || !fails("memory"))
        return false;
    errno = ENOMEM;
    return true;
}

STANDS_FOR(void *, malloc, (size_t size))
{
    return memory_fails(CALLER) ? NULL : __libc_malloc(size);
}
STANDS_FOR(void *, calloc, (size_t count, size_t size))
{
    return memory_fails(CALLER) ? NULL : __libc_calloc(count, size);
}
STANDS_FOR(void *, realloc, (void *ptr, size_t size))
{
    return memory_fails(CALLER) ? NULL : __libc_realloc(ptr, size);
}
STANDS_FOR(void *, reallocarray, (void *ptr, size_t count, size_t size))
{
    size_t all = 0;
    if (memory_fails(CALLER) || __builtin_mul_overflow(count, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(ptr, all);
}
STANDS_FOR(void *, aligned_alloc, (size_t alignment, size_t size))
{
    return memory_fails(CALLER) ? NULL : __libc_memalign(alignment, size);
}

static char *copy(const char *text, size_t len)
{
    char *to = __libc_malloc(len + 1);
    if (to != NULL) {
        memcpy(to, text, len);
        to[len] = '\0';
    }
    return to;
}

STANDS_FOR(char *, strdup, (const char *text))
{
    return memory_fails(CALLER) ? NULL : copy(text, strlen(text));
}
STANDS_FOR(char *, strndup, (const char *text, size_t max))
{
    return memory_fails(CALLER) ? NULL : copy(text, strnlen(text, max));
}
STANDS_FOR(int, __asprintf_chk, (char **to, int flag, const char *format, ...))
{
    (void)flag;
    if (memory_fails(CALLER))
        return -1;
    va_list values;
    va_start(values, format);
    int len = vasprintf(to, format, values);
    va_end(values);
    return len;
}
