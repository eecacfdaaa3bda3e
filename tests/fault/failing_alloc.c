/*
 * failing_alloc.c: preloaded into a program, makes its N-th allocation fail.
 *
 *   LD_PRELOAD=…/failing_alloc.so MR_FAULT_AT=N MR_FAULT_REPORT=FILE myrecon …
 *
 * Counted are the calls of malloc, calloc, realloc, strdup and strndup that stand in the
 * program itself, or in a library that MR_FAULT_IN names (a part of its path; default
 * none: how the client library or SQLite take a failure is theirs).  MR_FAULT_STICKY=1:
 * the N-th and every later one fails, as when memory is really gone.  Without MR_FAULT_AT, or with 0,
 * nothing fails.  At the end FILE has the number of calls and, for people, where the
 * first failure was.
 *
 * The return address tells who calls; a tail call shows its caller's caller, which is of
 * the same object.  What lies below is glibc's own allocator, called by the names that it
 * keeps for this purpose: dlsym() would allocate.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_RANGES 16
#define CALLER ((uintptr_t)__builtin_return_address(0))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);

/* An executable segment whose calls count. */
struct range {
    uintptr_t lo, hi, base;
};

static struct range ranges[MAX_RANGES];
static size_t range_count; /* 0 until main is about to run: nothing counts */
static unsigned long fail_at;
static bool sticky;
static const char *report_path;
static atomic_ulong calls;
static atomic_ulong failed_offset; /* in its object; 0: none has failed */

static int add_object(struct dl_phdr_info *info, size_t size, void *wanted)
{
    (void)size;
    const char *part = wanted;
    bool is_program = info->dlpi_name[0] == '\0';
    if (!is_program && (part == NULL || strstr(info->dlpi_name, part) == NULL))
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum && range_count < MAX_RANGES; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t lo = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0)
            ranges[range_count++] = (struct range){lo, lo + segment->p_memsz, info->dlpi_addr};
    }
    return 0;
}

/* A preloaded library is initialised after all others, right before main. */
static void __attribute__((constructor)) begin(void)
{
    const char *at = getenv("MR_FAULT_AT");
    const char *again = getenv("MR_FAULT_STICKY");
    fail_at = at != NULL ? strtoul(at, NULL, 10) : 0;
    sticky = again != NULL && again[0] == '1';
    report_path = getenv("MR_FAULT_REPORT");
    (void)dl_iterate_phdr(add_object, getenv("MR_FAULT_IN"));
}

static void __attribute__((destructor)) end(void)
{
    char text[128];
    if (report_path == NULL)
        return;
    int len = snprintf(text, sizeof text, "%lu\nat %#lx\n", atomic_load(&calls),
                       atomic_load(&failed_offset));
    int fd = open(report_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, (size_t)len) != len)
        _exit(99);
    (void)close(fd);
}

static bool fails(uintptr_t caller)
{
    const struct range *range = NULL;
    for (size_t i = 0; i < range_count && range == NULL; i++)
        if (caller >= ranges[i].lo && caller < ranges[i].hi)
            range = &ranges[i];
    if (range == NULL)
        return false;
    unsigned long number = atomic_fetch_add(&calls, 1) + 1;
    if (fail_at == 0 || number < fail_at || (number > fail_at && !sticky))
        return false;
    unsigned long none = 0;
    (void)atomic_compare_exchange_strong(&failed_offset, &none, caller - range->base);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails(CALLER) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(CALLER) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    return fails(CALLER) ? NULL : __libc_realloc(ptr, size);
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

char *strdup(const char *text)
{
    return fails(CALLER) ? NULL : copy(text, strlen(text));
}

char *strndup(const char *text, size_t max)
{
    return fails(CALLER) ? NULL : copy(text, strnlen(text, max));
}
