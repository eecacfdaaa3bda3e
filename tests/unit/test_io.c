/* test_io.c: atomic files: the old one or the new one, never a part, no traces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/file/io.h"
#include "tests/unit/place.h"

static int syncs_left = -1; /* until one fails; -1: none does */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    if (syncs_left < 0 || syncs_left-- > 0)
        return __real_fsync(fd);
    errno = EIO;
    return -1;
}

static void assert_content(const char *path, const char *text)
{
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_err err;
    assert_int_equal(mr_io_read_file(path, 1 << 20, &got, &err), MR_OK);
    assert_string_equal(got.ptr, text);
    mr_strbuf_release(&got);
}

static void put(const char *path, const char *text)
{
    struct mr_err err;
    if (mr_io_write_file(path, 0644, text, strlen(text), &err) != MR_OK)
        fail_msg("%s", err.message);
}

static void test_commit_replaces(void **state)
{
    (void)state;
    struct mr_io_file *file;
    struct mr_err err;
    put("target", "old");
    assert_int_equal(mr_io_begin("target", 0600, &file, &err), MR_OK);
    assert_int_equal(mr_io_write(file, "ne", 2, &err), MR_OK);
    assert_int_equal(mr_io_write(file, "", 0, &err), MR_OK);
    assert_int_equal(mr_io_write(file, "w", 1, &err), MR_OK);
    assert_content("target", "old");
    assert_int_equal(mr_io_commit(file, &err), MR_OK);
    mr_io_free(file);
    assert_content("target", "new");
    assert_int_equal(count_files(), 1);
}

/* The name at once, the disk later; a failed or cut-off sync is reported. */
static void test_commit_unsynced(void **state)
{
    (void)state;
    struct mr_io_file *file;
    struct mr_err err = {0};
    put("target", "old");
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(symlink("nowhere", "link"), 0);
    assert_int_equal(mr_io_begin("target", 0600, &file, &err), MR_OK);
    assert_int_equal(mr_io_write(file, "new", 3, &err), MR_OK);
    assert_content("target", "old");
    assert_int_equal(mr_io_commit_unsynced(file, &err), MR_OK);
    mr_io_free(file);
    assert_content("target", "new");
    assert_int_equal(mr_io_sync_files(".", true, &err),
                     MR_OK); /* folders and links are left alone */
    assert_content("target", "new");
    assert_int_equal(unlink("link"), 0);
    assert_int_equal(rmdir("folder"), 0);
    assert_int_equal(count_files(), 1);
    assert_int_equal(mr_io_sync_files("nowhere", true, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "nowhere"));
}

/* Linux tells of a failed write once: the next fsync succeeds, and the cache still has the bytes.
 * What is to be kept only if it lies on the disk is removed. */
static void test_sync_fails(void **state)
{
    (void)state;
    for (int removes = 0; removes < 2; removes++) {
        struct mr_err err = {0};
        put("one", "1");
        put("two", "2");
        syncs_left = 1;
        assert_int_equal(mr_io_sync_files(".", removes != 0, &err), MR_E_IO);
        assert_int_equal(err.sys_errno, EIO);
        assert_int_equal(syncs_left, -1);
        assert_int_equal(count_files(), removes ? 1 : 2);
        assert_int_equal(mr_io_sync_files(".", removes != 0, &err), MR_OK);
        assert_int_equal(count_files(), removes ? 1 : 2);
    }
}

static void test_free_without_commit_leaves_no_trace(void **state)
{
    (void)state;
    struct mr_io_file *file;
    struct mr_err err;
    put("target", "old");
    assert_int_equal(mr_io_begin("target", 0600, &file, &err), MR_OK);
    assert_int_equal(count_files(), 2);
    assert_int_equal(mr_io_write(file, "new", 3, &err), MR_OK);
    mr_io_free(file);
    assert_content("target", "old");
    assert_int_equal(mr_io_begin("other", 0600, &file, &err), MR_OK);
    mr_io_free(file);
    mr_io_free(NULL);
    assert_int_equal(count_files(), 1);
}

/* It has its name at once, and loses it where it is not committed. */
static void test_new_in_a_directory(void **state)
{
    (void)state;
    struct mr_io_file *file;
    struct mr_err err;
    struct stat st;
    assert_int_equal(mkdir("d", 0700), 0);
    const int fd = open("d", O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    for (int synced = 0; synced < 2; synced++) {
        assert_int_equal(mr_io_begin_new(fd, "shown/d/new", 0640, &file, &err), MR_OK);
        assert_int_equal(mr_io_write(file, "new", 3, &err), MR_OK);
        assert_int_equal(stat("d/new", &st), 0);
        assert_int_equal(synced ? mr_io_commit(file, &err) : mr_io_commit_unsynced(file, &err),
                         MR_OK);
        mr_io_free(file);
        assert_content("d/new", "new");
        assert_int_equal(stat("d/new", &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        /* never over what is there, be it a link that leads nowhere */
        assert_int_equal(mr_io_begin_new(fd, "shown/d/new", 0600, &file, &err), MR_E_IO);
        assert_int_equal(err.sys_errno, EEXIST);
        assert_non_null(strstr(err.message, "shown/d/new"));
        assert_content("d/new", "new");
        assert_int_equal(unlink("d/new"), 0);
    }
    assert_int_equal(symlink("../elsewhere", "d/link"), 0);
    assert_int_equal(mr_io_begin_new(fd, "link", 0600, &file, &err), MR_E_IO);
    assert_int_equal(access("elsewhere", F_OK), -1);
    assert_int_equal(mr_io_begin_new(fd, "left", 0600, &file, &err), MR_OK);
    mr_io_free(file);
    assert_int_equal(access("d/left", F_OK), -1);
    assert_int_equal(mr_io_begin_new(-1, "d/x", 0600, &file, &err), MR_E_IO);
    assert_int_equal(unlink("d/link"), 0);
    assert_int_equal(rmdir("d"), 0);
    (void)close(fd);
}

static void test_mode_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0644, 0666, 0400};
    static const mode_t masks[] = {0, 022, 077};
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
        for (size_t u = 0; u < sizeof masks / sizeof *masks; u++) {
            struct mr_err err;
            struct stat st;
            mode_t before = umask(masks[u]);
            assert_int_equal(mr_io_write_file("f", modes[m], "x", 1, &err), MR_OK);
            (void)umask(before);
            assert_int_equal(stat("f", &st), 0);
            assert_int_equal(st.st_mode & 07777, modes[m]);
        }
    }
}

/* Pieces around the buffer's size, checked against the same text kept in memory. */
static void test_sizes(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 4096, 65535, 65536, 65537, 200000};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct mr_strbuf want = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
        struct mr_io_file *file;
        struct mr_err err;
        char *piece = malloc(pieces[i]);
        assert_int_equal(mr_io_begin("f", 0600, &file, &err), MR_OK);
        for (int n = 0; n < 7; n++) {
            memset(piece, 'a' + n, pieces[i]);
            mr_strbuf_add(&want, piece, pieces[i]);
            assert_int_equal(mr_io_write(file, piece, pieces[i], &err), MR_OK);
            mr_strbuf_add_char(&want, '|');
            assert_int_equal(mr_io_write(file, "|", 1, &err), MR_OK);
        }
        assert_int_equal(mr_io_commit(file, &err), MR_OK);
        mr_io_free(file);
        assert_int_equal(mr_io_read_file("f", want.len, &got, &err), MR_OK);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.ptr, want.ptr, want.len);
        mr_strbuf_release(&want);
        mr_strbuf_release(&got);
        free(piece);
    }
}

static void test_paths(void **state)
{
    const struct place *place = *state;
    char absolute[128];
    (void)snprintf(absolute, sizeof absolute, "%s/absolute", place->dir);
    put(absolute, "1");
    assert_content("absolute", "1");
    assert_int_equal(mkdir("sub", 0700), 0);
    put("sub/f", "2");
    assert_content("sub/f", "2");
    put("./g", "3");
    assert_content("g", "3");
    assert_int_equal(unlink("sub/f"), 0);
}

static void test_link_is_followed(void **state)
{
    (void)state;
    struct stat st;
    put("real", "old");
    assert_int_equal(symlink("real", "link"), 0);
    put("link", "new");
    assert_content("real", "new");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void test_bad_targets(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    static const struct {
        const char *path, *reason;
    } table[] = {
        {"dir", "is a directory"},
        {"fifo", "is no regular file"},
        {"/dev/null", "is no regular file"},
        {"absent/f", "No such file or directory"},
        {"dangling", "No such file or directory"},
        {"", "No such file or directory"},
        {"new/", "No such file or directory"},
        {"/dev/null/f", "Not a directory"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_io_file *file = (struct mr_io_file *)-1;
        struct mr_err err;
        assert_int_equal(mr_io_begin(table[i].path, 0600, &file, &err), MR_E_IO);
        assert_null(file);
        assert_non_null(strstr(err.message, table[i].reason));
        assert_non_null(strstr(err.message, table[i].path));
    }
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(count_files(), 3);
}

/* A file that may not grow stands for a disk that is full. */
static void test_write_failure_keeps_the_old_file(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 100, 65536, 100000};
    enum { SIZE = 300000 };
    char *text = calloc(1, SIZE);
    put("target", "old");
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        for (size_t piece = 100; piece <= SIZE; piece *= 10) {
            struct rlimit small = {.rlim_cur = limits[i], .rlim_max = before.rlim_max};
            struct mr_io_file *file;
            struct mr_err err;
            assert_int_equal(mr_io_begin("target", 0600, &file, &err), MR_OK);
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
            for (size_t done = 0; done < SIZE; done += piece)
                (void)mr_io_write(file, text, piece, NULL);
            enum mr_code rc = mr_io_commit(file, &err);
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
            mr_io_free(file);
            assert_int_equal(rc, MR_E_IO);
            assert_int_equal(err.sys_errno, EFBIG);
            assert_non_null(strstr(err.message, "\"target\": File too large"));
            assert_content("target", "old");
            assert_int_equal(count_files(), 1);
        }
    }
    (void)signal(SIGXFSZ, handler);
    free(text);
}

static void test_disk_full_has_a_hint(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        skip();
    struct mr_err err;
    assert_int_equal(mr_io_write_all(fd, "out.csv", "x", 1, &err), MR_E_IO);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.message,
                        "could not write to file \"out.csv\": No space left on device");
    assert_non_null(strstr(mr_err_get_hint(&err), "space"));
    (void)close(fd);
}

/* A pipe takes less than it is given, and interrupts: every byte arrives, in order. */
static void test_write_all_to_a_slow_pipe(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(fds[1]);
        unsigned char buffer[999], expected = 0;
        size_t total = 0;
        ssize_t got;
        while ((got = read(fds[0], buffer, sizeof buffer)) > 0)
            for (ssize_t i = 0; i < got; i++, total++)
                if (buffer[i] != expected++)
                    _exit(1);
        _exit(total == SIZE ? 0 : 2);
    }
    (void)close(fds[0]);
    unsigned char *text = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (unsigned char)i;
    struct mr_err err;
    assert_int_equal(mr_io_write_all(fds[1], "pipe", text, SIZE, &err), MR_OK);
    (void)close(fds[1]);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    free(text);
}

static void test_read_limits(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_err err;
    put("f", "12345");
    mr_strbuf_add_str(&out, "kept ");
    assert_int_equal(mr_io_read_file("f", 4, &out, &err), MR_E_IO);
    assert_string_equal(err.message, "file \"f\" is too large: more than 4 bytes");
    assert_string_equal(out.ptr, "kept ");
    assert_int_equal(mr_io_read_file("f", 5, &out, &err), MR_OK);
    assert_string_equal(out.ptr, "kept 12345");
    assert_int_equal(mr_io_read_file("absent", 5, &out, &err), MR_E_IO);
    assert_string_equal(err.message, "could not open file \"absent\": No such file or directory");
    assert_int_equal(mr_io_read_file(".", 5, &out, &err), MR_E_IO);
    assert_string_equal(out.ptr, "kept 12345");
    put("empty", "");
    mr_strbuf_release(&out);
    assert_int_equal(mr_io_read_file("empty", 0, &out, &err), MR_OK);
    assert_string_equal(out.ptr, "");
    mr_strbuf_release(&out);
}

/* Killed at any moment between begin and the end of commit: old or new, nothing else
 * under the target's name. */
static void test_kill_at_any_point(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    char *fresh = malloc(SIZE + 1);
    memset(fresh, 'n', SIZE);
    fresh[SIZE] = '\0';
    for (int round = 0; round < 30; round++) {
        put("target", "old");
        pid_t pid = fork();
        if (pid == 0) {
            for (;;)
                (void)mr_io_write_file("target", 0600, fresh, SIZE, NULL);
        }
        usleep((unsigned)(round * 137));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        struct mr_strbuf got = MR_STRBUF_INIT;
        struct mr_err err;
        assert_int_equal(mr_io_read_file("target", SIZE, &got, &err), MR_OK);
        assert_true(strcmp(got.ptr, "old") == 0 || strcmp(got.ptr, fresh) == 0);
        mr_strbuf_release(&got);
    }
    free(fresh);
}

/* Of a process that was killed; those of others stay. */
static void test_remove_temps(void **state)
{
    (void)state;
    put(".myrecon-123-0.tmp", "half");
    put(".myrecon-123-7.tmp", "half");
    put(".myrecon-1234-0.tmp", "another's");
    put("myrecon-123-0.tmp", "somebody's");
    mr_io_remove_temps("nowhere", 123);
    assert_int_equal(count_files(), 4);
    mr_io_remove_temps(".", 123);
    assert_int_equal(count_files(), 2);
    assert_content(".myrecon-1234-0.tmp", "another's");
    assert_content("myrecon-123-0.tmp", "somebody's");
}

/* Of files that are being written, and of nothing else that looks alike. */
static void test_temp_names(void **state)
{
    static const char *const others[] = {
        ".myrecon-77.tmp",    ".myrecon--1.tmp",  ".myrecon-77-.tmp",
        ".myrecon-77-1.tmpx", "myrecon-77-1.tmp", ".myrecon-a-1.tmp",
        ".myrecon-77-1",      ".myrecon-",        ""};
    (void)state;
    assert_true(mr_io_is_temp_name(".myrecon-77-1.tmp"));
    assert_true(mr_io_is_temp_name(".myrecon-4194304-4294967295.tmp"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(mr_io_is_temp_name(others[i]));
}

/* The last one: the flag stays up. */
static void test_sync_is_interrupted(void **state)
{
    struct mr_err err = {0};
    (void)state;
    put("target", "old");
    mr_cancel();
    assert_int_equal(mr_io_sync_files(".", true, &err), MR_E_CANCELLED);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_begin, place_end)
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_commit_replaces),
        IN_PLACE(test_commit_unsynced),
        IN_PLACE(test_sync_fails),
        IN_PLACE(test_free_without_commit_leaves_no_trace),
        IN_PLACE(test_new_in_a_directory),
        IN_PLACE(test_mode_whatever_the_umask),
        IN_PLACE(test_sizes),
        IN_PLACE(test_paths),
        IN_PLACE(test_link_is_followed),
        IN_PLACE(test_bad_targets),
        IN_PLACE(test_write_failure_keeps_the_old_file),
        IN_PLACE(test_disk_full_has_a_hint),
        IN_PLACE(test_write_all_to_a_slow_pipe),
        IN_PLACE(test_read_limits),
        IN_PLACE(test_kill_at_any_point),
        IN_PLACE(test_remove_temps),
        cmocka_unit_test(test_temp_names),
        IN_PLACE(test_sync_is_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
