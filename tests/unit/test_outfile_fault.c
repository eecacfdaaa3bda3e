/*
 * test_outfile_fault.c: the N-th system call or allocation of an export fails, or is its
 * last, for every N there is.
 *
 * The calls of the library are wrapped (module.mk).  Failing: the export is the old one or
 * the new one, as its code says, and nothing lies about.  Dying: if PATH or PATH.001 is
 * there, what is there is the old export or the new one, whole and unmixed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "core/file/outfile.h"
#include "tests/unit/exports.h"
#include "tests/unit/place.h"

#define PATH "out.csv"
#define PART_BYTES ((size_t)1000)
#define MAX_CALLS 2000

enum mode { COUNT = 1, FAIL, DIE, COUNT_MEMORY, FAIL_MEMORY };

static struct {
    enum mode mode; /* 0: calls are left alone */
    int at, calls;
    bool was_unlink; /* the call that failed */
    size_t parts;    /* of the export under way */
    size_t syncs;
    size_t unsynced_names;            /* given before each part was synced */
    const char *intruder;             /* a file that somebody makes right before the first name */
    int no_replace_errno, link_errno; /* not 0: what the file system does not know */
} fault;

/* Is this the call? */
static bool hit(void)
{
    if (fault.mode == 0 || fault.mode >= COUNT_MEMORY)
        return false;
    if (++fault.calls != fault.at || fault.mode == COUNT)
        return false;
    if (fault.mode == DIE)
        _exit(77);
    errno = EIO;
    return true;
}

static bool hit_memory(void)
{
    return fault.mode >= COUNT_MEMORY && ++fault.calls == fault.at && fault.mode == FAIL_MEMORY;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return hit_memory() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return hit_memory() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *ptr, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_realloc(void *ptr, size_t size)
{
    return hit_memory() ? NULL : __real_realloc(ptr, size);
}

ssize_t __real_write(int fd, const void *ptr, size_t len);
ssize_t __wrap_write(int fd, const void *ptr, size_t len);
ssize_t __wrap_write(int fd, const void *ptr, size_t len)
{
    return hit() ? -1 : __real_write(fd, ptr, len);
}

ssize_t __real_read(int fd, void *ptr, size_t len);
ssize_t __wrap_read(int fd, void *ptr, size_t len);
ssize_t __wrap_read(int fd, void *ptr, size_t len)
{
    return hit() ? -1 : __real_read(fd, ptr, len);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)__real_fsync; /* only a machine that loses power would need it */
    (void)fd;
    fault.syncs++;
    return hit() ? -1 : 0;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    int rc = __real_close(fd);
    return hit() ? -1 : rc;
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, unsigned mode);
int __wrap_openat(int dir, const char *path, int flags, unsigned mode)
{
    return hit() ? -1 : __real_openat(dir, path, flags, mode);
}

int __real_fchmod(int fd, unsigned mode);
int __wrap_fchmod(int fd, unsigned mode);
int __wrap_fchmod(int fd, unsigned mode)
{
    return hit() ? -1 : __real_fchmod(fd, mode);
}

struct stat;
int __real_fstatat(int dir, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dir, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dir, const char *path, struct stat *st, int flags)
{
    return hit() ? -1 : __real_fstatat(dir, path, st, flags);
}

int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    fault.unsynced_names += fault.syncs < fault.parts;
    return hit() ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __real_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned f);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned f);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned f)
{
    fault.unsynced_names += fault.syncs < fault.parts;
    if (fault.intruder != NULL)
        (void)__real_close(__real_openat(to_dir, fault.intruder, O_CREAT, 0600));
    fault.intruder = NULL;
    if (fault.no_replace_errno == 0)
        return hit() ? -1 : __real_renameat2(from_dir, from, to_dir, to, f);
    errno = fault.no_replace_errno;
    return -1;
}

int __real_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    if (fault.link_errno == 0)
        return hit() ? -1 : __real_linkat(from_dir, from, to_dir, to, flags);
    errno = fault.link_errno;
    return -1;
}

int __real_unlinkat(int dir, const char *path, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags)
{
    if (!hit())
        return __real_unlinkat(dir, path, flags);
    fault.was_unlink = true;
    return -1;
}

/* From so many old parts (0: none) to so many new ones. */
static const struct change {
    bool encrypt;
    size_t old, now;
} changes[] = {
    {false, 0, 1}, {false, 1, 1}, {true, 0, 1}, {true, 1, 1}, {true, 0, 3},
    {true, 1, 3},  {true, 3, 1},  {true, 4, 2}, {true, 2, 4}, {true, 3, 3},
};
#define CHANGES (sizeof changes / sizeof *changes)

/* The content is all of one letter, so that an old part among new ones is seen. */
static enum mr_code write_parts(const struct change *change, size_t parts, char letter,
                                struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.path = PATH,
                                         .force = true,
                                         .encrypt_to = change->encrypt ? keys.ec_pem : NULL,
                                         .part_bytes = PART_BYTES};
    static char text[4 * PART_BYTES];
    memset(text, letter, sizeof text);
    return export_file(&opts, text, parts * PART_BYTES, err);
}

static void write_old(const struct change *change)
{
    struct mr_err err;
    fault.mode = 0;
    if (change->old > 0 && write_parts(change, change->old, 'o', &err) != MR_OK)
        fail_msg("%s", err.message);
}

static enum mr_code write_new(const struct change *change, enum mode mode, int at,
                              struct mr_err *err)
{
    fault.calls = 0;
    fault.at = at;
    fault.was_unlink = false;
    fault.syncs = fault.unsynced_names = 0;
    fault.parts = change->now;
    fault.mode = mode;
    enum mr_code rc = write_parts(change, change->now, 'n', err);
    fault.mode = 0;
    return rc;
}

static bool is_aside(const char *name)
{
    return strncmp(name, ".myrecon-", 9) == 0;
}

/* How many files lie about under temporary names; removes them. */
static int sweep(void)
{
    struct dirent **entries;
    int count = scandir(".", &entries, is_no_dot, NULL), asides = 0;
    for (int i = 0; i < count; i++) {
        if (is_aside(entries[i]->d_name)) {
            asides++;
            (void)unlink(entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return asides;
}

static void remove_all(void)
{
    (void)sweep();
    for (unsigned n = 0; n <= 5; n++) {
        char name[32];
        (void)snprintf(name, sizeof name, n == 0 ? PATH : PATH ".%03u", n);
        (void)unlink(name);
    }
}

/* 'o' or 'n': the export of that letter, whole, and no other file; 0: anything else. */
static char whole_export(const struct change *change)
{
    struct mr_strbuf content = MR_STRBUF_INIT;
    unsigned files = read_export(PATH, change->encrypt ? keys.ec : NULL, &content);
    char letter = content.len > 0 ? content.ptr[0] : 'o';
    size_t parts = letter == 'o' ? change->old : change->now;
    size_t wanted = !change->encrypt && parts > 1 ? 1 : parts;
    if (content.len != parts * PART_BYTES || files != wanted || count_files() != wanted)
        letter = 0;
    for (size_t i = 0; i < content.len; i++)
        if (content.ptr[i] != letter)
            letter = 0;
    mr_strbuf_release(&content);
    return letter;
}

static int count_calls(const struct change *change, enum mode mode)
{
    struct mr_err err;
    write_old(change);
    if (write_new(change, mode, -1, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(whole_export(change), 'n');
    remove_all();
    assert_in_range(fault.calls, 1, MAX_CALLS);
    return fault.calls;
}

/* The file systems that there are: with every way to take a name that is free; without
 * that rename; without that and without links. */
static const int file_systems[][2] = {{0, 0}, {EINVAL, 0}, {ENOSYS, EPERM}, {EINVAL, EOPNOTSUPP}};
#define FILE_SYSTEMS (sizeof file_systems / sizeof *file_systems)

static void use_file_system(size_t index)
{
    fault.no_replace_errno = file_systems[index][0];
    fault.link_errno = file_systems[index][1];
}

static void fail_every_call(const struct change *change)
{
    int calls = count_calls(change, COUNT), failed = 0;
    for (int at = 1; at <= calls; at++) {
        struct mr_err err = {.message = "none"};
        write_old(change);
        enum mr_code rc = write_new(change, FAIL, at, &err);
        int asides = sweep();
        char letter = whole_export(change);
        failed += rc != MR_OK;
        if (letter == 0 || (rc == MR_OK && letter != 'n'))
            fail_msg("%zu to %zu, call %d: code %d (%s), export '%c'", change->old, change->now, at,
                     rc, err.message, letter == 0 ? '?' : letter);
        if (asides > (fault.was_unlink ? 1 : 0))
            fail_msg("%zu to %zu, call %d: %d files lie about", change->old, change->now, at,
                     asides);
        if (rc != MR_OK) {
            assert_int_equal(rc, MR_E_IO);
            assert_int_equal(err.sys_errno, EIO);
            assert_non_null(strstr(err.message, "Input/output error"));
        }
        remove_all();
    }
    assert_true(failed > calls / 3);
}

static void test_every_call_fails(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHANGES; c++)
        fail_every_call(&changes[c]);
    for (size_t f = 1; f < FILE_SYSTEMS; f++) {
        use_file_system(f);
        fail_every_call(&(const struct change){.encrypt = true, .old = 1, .now = 2});
    }
    use_file_system(0);
}

/* Content is on disk before it has a name, and the names are before it is over. */
static void test_syncs(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHANGES; c++) {
        (void)count_calls(&changes[c], COUNT);
        assert_int_equal(fault.unsynced_names, 0);
        assert_int_equal(fault.syncs, changes[c].now + 1);
    }
}

/* One of many that are synced together: whole, and the disk is left to the caller. */
static void test_unsynced(void **state)
{
    const struct mr_outfile_opts opts = {.path = PATH, .unsynced = true};
    struct mr_strbuf got = MR_STRBUF_INIT;
    (void)state;
    fault.mode = 0;
    fault.syncs = 0;
    assert_int_equal(export_file(&opts, "page", 4, NULL), MR_OK);
    assert_int_equal(fault.syncs, 0);
    add_file(PATH, &got);
    assert_string_equal(got.ptr, "page");
    assert_int_equal(count_files(), 1);
    mr_strbuf_release(&got);
    remove_all();
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHANGES; c++) {
        const struct change *change = &changes[c];
        int calls = count_calls(change, COUNT_MEMORY);
        for (int at = 1; at <= calls; at++) {
            struct mr_err err = {.message = "none"};
            write_old(change);
            enum mr_code rc = write_new(change, FAIL_MEMORY, at, &err);
            assert_int_equal(rc, MR_E_NOMEM);
            assert_int_equal(sweep(), 0);
            if (whole_export(change) != 'o')
                fail_msg("%zu to %zu, allocation %d: the old export is not there", change->old,
                         change->now, at);
            remove_all();
        }
    }
}

static void test_dying_at_every_call(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHANGES; c++) {
        const struct change *change = &changes[c];
        int calls = count_calls(change, COUNT);
        for (int at = 1; at <= calls; at++) {
            struct mr_err err;
            write_old(change);
            pid_t pid = fork();
            if (pid == 0) {
                (void)write_new(change, DIE, at, &err);
                _exit(0);
            }
            int status = -1;
            assert_int_equal(waitpid(pid, &status, 0), pid);
            assert_int_equal(WEXITSTATUS(status), 77);
            (void)sweep();
            bool has_head = access(PATH, F_OK) == 0 || access(PATH ".001", F_OK) == 0;
            if (!has_head && change->old == 1 && change->now == 1)
                fail_msg("dying at call %d: neither the old file nor the new one", at);
            if (has_head && whole_export(change) == 0)
                fail_msg("%zu to %zu, dying at call %d: a mixture", change->old, change->now, at);
            remove_all();
        }
    }
}

static void test_poor_file_systems(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHANGES * FILE_SYSTEMS; i++) {
        const struct change *change = &changes[i / FILE_SYSTEMS];
        struct mr_err err;
        use_file_system(i % FILE_SYSTEMS);
        write_old(change);
        assert_int_equal(write_new(change, COUNT, -1, &err), MR_OK);
        assert_int_equal(whole_export(change), 'n');
        remove_all();
    }
    use_file_system(0);
}

/* Somebody takes a name after the last look: theirs stays, ours goes, all of it. */
static void test_intruders(void **state)
{
    (void)state;
    static const char *const names[] = {PATH, PATH ".001", PATH ".002", PATH ".003"};
    for (size_t i = 0; i < FILE_SYSTEMS * sizeof names / sizeof *names; i++) {
        const char *name = names[i / FILE_SYSTEMS];
        const struct mr_outfile_opts opts = {
            .path = PATH, .encrypt_to = i < FILE_SYSTEMS ? NULL : keys.ec_pem, .part_bytes = 1};
        struct mr_strbuf content = MR_STRBUF_INIT;
        struct mr_err err;
        use_file_system(i % FILE_SYSTEMS);
        fault.intruder = name;
        assert_int_equal(export_file(&opts, "new", 3, &err), MR_E_EXISTS);
        assert_non_null(strstr(err.message, name));
        assert_int_equal(count_files(), 1);
        add_file(name, &content);
        assert_int_equal(content.len, 0);
        mr_strbuf_release(&content);
        remove_all();
    }
    use_file_system(0);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_begin, place_end)
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_every_call_fails),
        IN_PLACE(test_syncs),
        IN_PLACE(test_unsynced),
        IN_PLACE(test_every_allocation_fails),
        IN_PLACE(test_dying_at_every_call),
        IN_PLACE(test_poor_file_systems),
        IN_PLACE(test_intruders),
    };
    return cmocka_run_group_tests(tests, keys_begin, keys_end);
}
