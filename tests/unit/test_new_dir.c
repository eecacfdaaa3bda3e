/* test_new_dir.c: a directory is whole or absent, and nobody else's is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/io.h"
#include "core/file/new_dir.h"

static char root[64];
static const char *rename_before_lock; /* what PATH.partial becomes meanwhile, or NULL */
static int lock_error;                 /* of every lock; 0: none */

static bool cannot_exchange; /* the file system */
int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);

int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    if (!cannot_exchange)
        return __real_renameat2(from_fd, from, to_fd, to, flags);
    errno = EINVAL;
    return -1;
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

static const char *in(const char *name)
{
    static char path[2][128];
    static unsigned turn;
    char *own = path[turn++ % 2];
    (void)snprintf(own, sizeof path[0], "%s/%s", root, name);
    return own;
}

/* Another run that finishes just now. */
int __wrap_flock(int fd, int operation)
{
    if (rename_before_lock != NULL)
        assert_int_equal(rename(in("late.partial"), in(rename_before_lock)), 0);
    rename_before_lock = NULL;
    if (lock_error == 0)
        return __real_flock(fd, operation);
    errno = lock_error;
    return -1;
}

static bool is_letter(const char *name)
{
    return strcmp(name, "letter") == 0;
}

static const struct mr_new_dir_kind kind = {"mailbox", "mail", is_letter};

static void put(const char *name)
{
    assert_int_equal(mr_io_write_file(in(name), 0600, "x", 1, NULL), MR_OK);
}

static void test_whole_or_absent(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir dir, other;
    struct mr_err err = {0};
    struct stat st;
    (void)state;
    assert_int_equal(mr_new_dir_begin(&dir, in("one//"), &kind, &arena, &err), MR_OK);
    assert_int_not_equal(access(in("one"), F_OK), 0);
    assert_int_equal(stat(in("one.partial"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    /* one run at a time */
    assert_int_equal(mr_new_dir_begin(&other, in("one"), &kind, &arena, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "another run"));
    assert_non_null(strstr(err.hint, "Wait until that run has finished"));
    mr_new_dir_close(&other);
    put("one.partial/letter");
    assert_int_equal(mr_new_dir_sync(&dir, &err), MR_OK);
    assert_true(dir.is_synced);
    assert_int_equal(mr_new_dir_publish(&dir, &err), MR_OK);
    assert_int_equal(dir.fd, -1);
    assert_int_equal(access(in("one/letter"), F_OK), 0);
    assert_int_not_equal(access(in("one.partial"), F_OK), 0);
    /* what exists stays */
    assert_int_equal(mr_new_dir_begin(&dir, in("one"), &kind, &arena, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "mailbox"));
    mr_new_dir_close(&dir);
    mr_arena_release(&arena);
}

static void test_taken_meanwhile(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir dir;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_new_dir_begin(&dir, in("meanwhile"), &kind, &arena, &err), MR_OK);
    assert_int_equal(mkdir(in("meanwhile"), 0700), 0);
    put("meanwhile/foreign");
    assert_int_equal(mr_new_dir_publish(&dir, &err), MR_E_REFUSED);
    assert_int_equal(access(in("meanwhile/foreign"), F_OK), 0);
    mr_new_dir_close(&dir);
    mr_arena_release(&arena);
}

/* The lock is got for a directory that has its final name by now: it is no longer ours. */
static void test_finished_before_the_lock(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir dir;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mkdir(in("late.partial"), 0755), 0);
    put("late.partial/letter");
    rename_before_lock = "late";
    assert_int_equal(mr_new_dir_begin(&dir, in("late"), &kind, &arena, &err), MR_E_REFUSED);
    assert_int_equal(dir.fd, -1);
    assert_int_equal(access(in("late/letter"), F_OK), 0);
    mr_new_dir_close(&dir);
    mr_arena_release(&arena);
}

/* Of a file system that has none: who makes the directory is alone, and nobody takes over what is there. */
static void test_no_locks(void **state)
{
    static const int errors[] = {ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir dir, other;
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct mr_err err = {0};
        char name[32];
        (void)snprintf(name, sizeof name, "lockless%zu", i);
        lock_error = errors[i];
        assert_int_equal(mr_new_dir_begin(&dir, in(name), &kind, &arena, &err), MR_OK);
        assert_int_equal(mr_new_dir_begin(&other, in(name), &kind, &arena, &err), MR_E_REFUSED);
        assert_non_null(strstr(err.message, "knows no locks"));
        assert_int_equal(mr_new_dir_publish(&dir, &err), MR_OK);
        mr_new_dir_close(&dir);
        assert_int_equal(access(in(name), F_OK), 0);
    }
    lock_error = EWOULDBLOCK;
    assert_int_equal(mr_new_dir_begin(&dir, in("locked"), &kind, &arena, NULL), MR_E_REFUSED);
    lock_error = 0;
    assert_int_equal(mr_new_dir_begin(&dir, in("locked"), &kind, &arena, NULL), MR_OK);
    mr_new_dir_close(&dir);
    mr_arena_release(&arena);
}

static void test_foreign_files(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir dir;
    struct mr_err err = {0};
    struct stat st;
    (void)state;
    assert_int_equal(mkdir(in("two.partial"), 0755), 0);
    put("two.partial/diary");
    assert_int_equal(mr_new_dir_begin(&dir, in("two"), &kind, &arena, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "that no mail has"));
    assert_int_equal(stat(in("two.partial"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(access(in("two.partial/diary"), F_OK), 0);
    assert_int_equal(mr_new_dir_begin(&dir, "", &kind, &arena, &err), MR_E_USAGE);
    assert_int_equal(mr_new_dir_begin(&dir, in("two.partial/diary"), &kind, &arena, &err),
                     MR_E_REFUSED);
    mr_arena_release(&arena);
}

/* The new one takes the name, what had it gets another one, and a name that is taken stops all of it. */
static void test_over(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir dir;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_new_dir_begin_over(&dir, in("over"), &kind, &arena, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "is not there"));
    assert_int_equal(mkdir(in("over"), 0700), 0);
    put("over/mine");
    for (int pass = 0; pass < 2; pass++) {
        cannot_exchange = pass == 1;
        const char *old = pass == 0 ? "over.1" : "over.2",
                   *old_file = pass == 0 ? "over.1/mine" : "over.2/letter";
        assert_int_equal(mr_new_dir_begin_over(&dir, in("over"), &kind, &arena, &err), MR_OK);
        put("over.partial/letter");
        assert_int_equal(mkdir(in(old), 0700), 0);
        assert_int_equal(mr_new_dir_publish_over(&dir, in(old), &err), MR_E_IO);
        assert_int_equal(access(in(pass == 0 ? "over/mine" : "over/letter"), F_OK), 0);
        assert_int_equal(access(in("over.partial/letter"), F_OK), 0);
        assert_int_equal(rmdir(in(old)), 0);
        assert_int_equal(mr_new_dir_publish_over(&dir, in(old), &err), MR_OK);
        assert_int_equal(dir.fd, -1);
        assert_int_equal(access(in("over/letter"), F_OK), 0);
        assert_int_equal(access(in(old_file), F_OK), 0);
        assert_int_not_equal(access(in("over.partial"), F_OK), 0);
    }
    cannot_exchange = false;
    mr_arena_release(&arena);
}

static enum mr_code count(void *ctx, int folder_fd, const char *name, struct mr_err *err)
{
    (void)folder_fd, (void)err;
    assert_true(is_letter(name));
    ++*(int *)ctx;
    return MR_OK;
}

static void test_each(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_new_dir dir;
    int entries = 0;
    (void)state;
    assert_int_equal(mr_new_dir_begin(&dir, in("three"), &kind, &arena, NULL), MR_OK);
    put("three.partial/letter");
    assert_int_equal(mr_new_dir_each(&dir, ".", count, &entries, NULL), MR_OK);
    assert_int_equal(entries, 1);
    assert_int_equal(mr_new_dir_each(&dir, "none", count, &entries, NULL), MR_OK);
    assert_int_equal(entries, 1);
    mr_new_dir_close(&dir);
    mr_arena_release(&arena);
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/test_new_dir.XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_or_absent),
        cmocka_unit_test(test_taken_meanwhile),
        cmocka_unit_test(test_finished_before_the_lock),
        cmocka_unit_test(test_no_locks),
        cmocka_unit_test(test_foreign_files),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_each),
    };
    return cmocka_run_group_tests(tests, make_root, NULL);
}
