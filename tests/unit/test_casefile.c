/* test_casefile.c: the case file under kills, second writers, foreign files and users.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/case/casefile.h"
#include "random.h"

#define SCHEMA                                                                                     \
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, n INTEGER, name TEXT, body BLOB) "                 \
    "STRICT;"
#define NOBODY 65534
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_KIB 262144 /* freed memory stays in quarantine */
#else
#define MEMORY_KIB 16384
#endif

static char dir[] = "/tmp/myrecon-case-XXXXXX";
static char path[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/myrecon-case-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/a.case", dir);
    return chmod(dir, 0755);
}

static const char *side(const char *suffix)
{
    static char name[96];
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    return name;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".copy"};
    (void)chmod(dir, 0755);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        (void)unlink(side(suffixes[i]));
    return rmdir(dir);
}

static bool exists(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0;
}

static unsigned mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(name, &st), 0);
    return st.st_mode & 07777;
}

static struct mr_case *open_ok(const char *name, enum mr_case_mode mode)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    if (mr_case_open(name, mode, SCHEMA, 1, &cf, &err) != MR_OK)
        fail_msg("%s", err.message);
    return cf;
}

static void open_refused(const char *name, enum mr_case_mode mode, int version, const char *text)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    assert_int_equal(mr_case_open(name, mode, SCHEMA, version, &cf, &err), MR_E_CASE);
    assert_null(cf);
    if (strstr(err.message, text) == NULL)
        fail_msg("\"%s\" not in \"%s\"", text, err.message);
    assert_true(err.hint[0] != '\0');
}

static void close_ok(struct mr_case *cf)
{
    struct mr_err err = {0};
    if (mr_case_close(cf, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static enum mr_code add(struct mr_case *cf, int64_t n, size_t size, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        mr_case_prepare(cf, "INSERT INTO chunk(n, body) VALUES(?, zeroblob(?))", &stmt, err);
    if (code != MR_OK)
        return code;
    mr_case_bind_int(stmt, 1, n);
    mr_case_bind_int(stmt, 2, (int64_t)size);
    code = mr_case_run(stmt, err);
    mr_case_free(stmt);
    return code;
}

static void add_ok(struct mr_case *cf, int64_t n, size_t size)
{
    struct mr_err err = {0};
    if (add(cf, n, size, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static int64_t ask_int(struct mr_case *cf, const char *sql)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_err err = {0};
    bool row = false;
    assert_int_equal(mr_case_prepare(cf, sql, &stmt, &err), MR_OK);
    if (mr_case_step(stmt, &row, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_true(row);
    int64_t value = mr_case_int(stmt, 0);
    mr_case_free(stmt);
    return value;
}

static int64_t count_rows(struct mr_case *cf)
{
    return ask_int(cf, "SELECT COUNT(*) FROM chunk");
}

/* ---- values ---- */

static void test_values(void **state)
{
    (void)state;
    static const char raw[] = {'a', 0, 'b', (char)0xff};
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    struct mr_case_stmt *stmt = NULL;
    struct mr_err err = {0};
    bool row = true;
    size_t len = 9;

    assert_int_equal(
        mr_case_prepare(cf, "INSERT INTO chunk(n, name, body) VALUES(?,?,?)", &stmt, &err), MR_OK);
    mr_case_bind_int(stmt, 1, INT64_MIN);
    mr_case_bind_text(stmt, 2, "n\xc3\xa4me");
    mr_case_bind_blob(stmt, 3, raw, sizeof raw);
    assert_int_equal(mr_case_run(stmt, &err), MR_OK);
    assert_int_equal(mr_case_last_id(cf), 1);
    mr_case_bind_text(stmt, 2, NULL);
    mr_case_bind_blob(stmt, 3, "", 0);
    assert_int_equal(mr_case_run(stmt, &err), MR_OK);
    mr_case_bind_null(stmt, 3); /* what run() left unbound is NULL, not the last value */
    assert_int_equal(mr_case_run(stmt, &err), MR_OK);
    mr_case_free(stmt);

    assert_int_equal(
        mr_case_prepare(cf, "SELECT n, name, body FROM chunk ORDER BY id", &stmt, &err), MR_OK);
    assert_int_equal(mr_case_step(stmt, &row, &err), MR_OK);
    assert_true(row);
    assert_true(mr_case_int(stmt, 0) == INT64_MIN);
    assert_string_equal(mr_case_text(stmt, 1), "n\xc3\xa4me");
    assert_memory_equal(mr_case_blob(stmt, 2, &len), raw, sizeof raw);
    assert_int_equal(len, sizeof raw);
    assert_int_equal(mr_case_step(stmt, &row, &err), MR_OK);
    assert_true(mr_case_is_null(stmt, 0));
    assert_null(mr_case_text(stmt, 1));
    assert_non_null(mr_case_blob(stmt, 2, &len));
    assert_int_equal(len, 0);
    assert_false(mr_case_is_null(stmt, 2));
    assert_int_equal(mr_case_step(stmt, &row, &err), MR_OK);
    assert_null(mr_case_blob(stmt, 2, &len));
    assert_int_equal(mr_case_step(stmt, &row, &err), MR_OK);
    assert_false(row);
    mr_case_free(stmt);
    close_ok(cf);
}

static void test_sticky_errors(void **state)
{
    (void)state;
    struct mr_case *cf = open_ok(NULL, MR_CASE_WRITE);
    struct mr_case_stmt *stmt = NULL;
    struct mr_err err = {0};
    assert_string_equal(mr_case_path(cf), "");
    assert_int_equal(mr_case_prepare(cf, "INSERT INTO chunk(n) VALUES(?)", &stmt, &err), MR_OK);
    mr_case_bind_int(stmt, 7, 1); /* there is no seventh parameter */
    mr_case_bind_int(stmt, 1, 1);
    assert_int_equal(mr_case_run(stmt, &err), MR_E_CASE);
    assert_non_null(strstr(err.message, "temporary case file"));
    mr_case_bind_int(stmt, 1, 1); /* forgotten after the reset */
    assert_int_equal(mr_case_run(stmt, &err), MR_OK);
    mr_case_bind_text(stmt, 1, "no number"); /* STRICT */
    assert_int_equal(mr_case_run(stmt, &err), MR_E_CASE);
    mr_case_free(stmt);
    mr_case_free(NULL);
    assert_int_equal(mr_case_prepare(cf, "SELECT nothing", &stmt, &err), MR_E_CASE);
    assert_null(stmt);
    assert_int_equal(count_rows(cf), 1);
    close_ok(cf);
}

static void test_transactions(void **state)
{
    (void)state;
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    struct mr_err err = {0};
    mr_case_lock(cf);
    assert_int_equal(mr_case_begin(cf, &err), MR_OK);
    add_ok(cf, 1, 10);
    assert_int_equal(mr_case_commit(cf, &err), MR_OK);
    assert_int_equal(mr_case_begin(cf, &err), MR_OK);
    add_ok(cf, 2, 10);
    mr_case_rollback(cf);
    mr_case_rollback(cf); /* nothing open: nothing happens */
    assert_int_equal(mr_case_commit(cf, &err), MR_E_CASE);
    assert_int_equal(count_rows(cf), 1);
    assert_int_equal(mr_case_begin(cf, &err), MR_OK);
    add_ok(cf, 3, 10); /* never committed: closing rolls it back */
    mr_case_unlock(cf);
    close_ok(cf);
    cf = open_ok(path, MR_CASE_READ);
    assert_int_equal(count_rows(cf), 1);
    close_ok(cf);
}

/* ---- one file, its mode, its life ---- */

static void test_one_private_file(void **state)
{
    (void)state;
    mode_t before = umask(0);
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    add_ok(cf, 1, 100);
    (void)umask(before);
    assert_string_equal(mr_case_path(cf), path);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(side("-wal")), 0600);
    assert_int_equal(mode_of(side("-shm")), 0600);
    assert_int_equal(ask_int(cf, "PRAGMA cache_size"), -2048);
    assert_int_equal(ask_int(cf, "PRAGMA synchronous"), 1);
    assert_int_equal(ask_int(cf, "PRAGMA application_id"), 0x6d797263);
    close_ok(cf);
    assert_true(exists(path));
    assert_false(exists(side("-wal")));
    assert_false(exists(side("-shm")));
    assert_false(exists(side("-journal")));

    before = umask(0777);
    (void)chmod(path, 0644); /* copied by hand */
    cf = open_ok(path, MR_CASE_WRITE);
    (void)umask(before);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(count_rows(cf), 1);
    close_ok(cf);
}

static void test_odd_names(void **state)
{
    (void)state;
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a b%41#c?d=e",
                                        "\xc3\xa4", "-"};
    int here = open(".", O_RDONLY | O_CLOEXEC);
    assert_int_equal(chdir(dir), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct mr_case *cf = open_ok(names[i], MR_CASE_WRITE);
        add_ok(cf, 1, 10);
        close_ok(cf);
        assert_int_equal(mode_of(names[i]), 0600);
        cf = open_ok(names[i], MR_CASE_READ);
        assert_int_equal(count_rows(cf), 1);
        close_ok(cf);
        assert_int_equal(unlink(names[i]), 0);
    }
    assert_int_equal(fchdir(here), 0);
    (void)close(here);
}

static void test_temporary(void **state)
{
    (void)state;
    struct mr_err err = {0};
    struct rusage usage;
    assert_int_equal(setenv("TMPDIR", dir, 1), 0);
    struct mr_case *cf = open_ok(NULL, MR_CASE_WRITE);
    (void)getrusage(RUSAGE_SELF, &usage);
    long before_kib = usage.ru_maxrss;
    for (int64_t n = 0; n < 64; n++) { /* 128 MiB, more than one transaction */
        assert_int_equal(mr_case_begin(cf, &err), MR_OK);
        for (int i = 0; i < 64; i++)
            add_ok(cf, n, 32768);
        assert_int_equal(mr_case_commit(cf, &err), MR_OK);
    }
    assert_int_equal(mr_case_begin(cf, &err), MR_OK);
    assert_int_equal(mr_case_exec(cf, "DELETE FROM chunk WHERE n % 2 = 0", &err), MR_OK);
    mr_case_rollback(cf);
    assert_int_equal(count_rows(cf), 64 * 64);
    (void)getrusage(RUSAGE_SELF, &usage);
    assert_true(usage.ru_maxrss - before_kib < MEMORY_KIB);
    assert_int_equal(rmdir(dir), 0); /* nothing in it: unlinked from the start */
    assert_int_equal(mkdir(dir, 0755), 0);
    assert_int_equal(ask_int(cf, "SELECT SUM(length(body)) FROM chunk"), 64 * 64 * 32768);
    close_ok(cf);
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    cf = open_ok(NULL, MR_CASE_WRITE);
    add_ok(cf, 1, 1);
    close_ok(cf);
    (void)unsetenv("TMPDIR");
    assert_int_equal(mr_case_open(NULL, MR_CASE_READ, SCHEMA, 1, &cf, &err), MR_E_BUG);
}

/* ---- several processes ---- */

/* Runs child(arg) in a process of its own, as `uid` if not 0; its exit status. */
static int in_child(int (*child)(const char *), const char *arg, uid_t uid)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0))
            _exit(99);
        _exit(child(arg));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int child_second_writer(const char *name)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    if (mr_case_open(name, MR_CASE_WRITE, SCHEMA, 1, &cf, &err) != MR_E_CASE)
        return 1;
    return strstr(err.message, "is in use by another run") == NULL || err.hint[0] == '\0';
}

/* Number of rows seen, 100 on an error, 101 with a hint about a kill. */
static int child_reader(const char *name)
{
    struct mr_case *cf = NULL;
    struct mr_case_stmt *stmt = NULL;
    struct mr_err err = {0};
    bool row = false;
    if (mr_case_open(name, MR_CASE_READ, SCHEMA, 1, &cf, &err) != MR_OK)
        return strstr(err.hint, "killed") != NULL ? 101 : 100;
    if (mr_case_prepare(cf, "SELECT COUNT(*) FROM chunk", &stmt, &err) != MR_OK ||
        mr_case_step(stmt, &row, &err) != MR_OK || !row)
        return 100;
    int rows = (int)mr_case_int(stmt, 0);
    mr_case_free(stmt);
    if (mr_case_exec(cf, "INSERT INTO chunk(n) VALUES(1)", &err) != MR_E_CASE)
        return 100;
    return mr_case_close(cf, &err) == MR_OK ? rows : 100;
}

static void test_second_writer(void **state)
{
    (void)state;
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    add_ok(cf, 1, 10);
    assert_int_equal(in_child(child_second_writer, path, 0), 0);
    assert_int_equal(in_child(child_reader, path, 0), 1); /* a reader may look on */
    add_ok(cf, 2, 10);
    assert_true(exists(side("-wal")));
    close_ok(cf);
    assert_false(exists(side("-wal")));
    cf = open_ok(path, MR_CASE_WRITE); /* the lock went with the first */
    assert_int_equal(count_rows(cf), 2);
    close_ok(cf);
}

/* A reader that is still there when the writer closes: nothing is lost, no error. */
static void test_close_under_reader(void **state)
{
    (void)state;
    int ready[2];
    int go[2];
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    add_ok(cf, 1, 10);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct mr_case *reader = NULL;
        struct mr_err err = {0};
        char c = 'r';
        (void)close(go[1]);
        if (mr_case_open(path, MR_CASE_READ, SCHEMA, 1, &reader, &err) != MR_OK)
            c = 'e';
        if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 0)
            _exit(1);
        _exit(mr_case_close(reader, &err) == MR_OK ? 0 : 1);
    }
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 'r');
    close_ok(cf);
    (void)close(go[1]);
    int status = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(in_child(child_reader, path, 0), 1);
    cf = open_ok(path, MR_CASE_WRITE);
    assert_int_equal(count_rows(cf), 1);
    close_ok(cf);
    assert_false(exists(side("-wal")));
    (void)close(ready[0]);
    (void)close(ready[1]);
    (void)close(go[0]);
}

/* Commits one chunk of 10 rows after another and tells each; killed by the parent. */
static pid_t start_writer(int *from)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct mr_case *cf = NULL;
        struct mr_err err = {0};
        bool good = mr_case_open(path, MR_CASE_WRITE, SCHEMA, 1, &cf, &err) == MR_OK;
        for (int64_t n = 0; good; n++) {
            good = mr_case_begin(cf, &err) == MR_OK;
            for (int i = 0; good && i < 10; i++)
                good = add(cf, n, 3000, &err) == MR_OK;
            good = good && mr_case_commit(cf, &err) == MR_OK;
            good = good && write(fds[1], "c", 1) == 1;
        }
        _exit(1);
    }
    (void)close(fds[1]);
    *from = fds[0];
    return pid;
}

/* Kills a writer after `chunks` commits were reported; the number of all that were. */
static int64_t killed_run(int64_t chunks)
{
    int from;
    int status = 0;
    char c;
    pid_t pid = start_writer(&from);
    int64_t told = 0;
    while (told < chunks && read(from, &c, 1) == 1)
        told++;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    while (read(from, &c, 1) == 1)
        told++;
    (void)close(from);
    return told;
}

static void test_kill_loses_nothing(void **state)
{
    (void)state;
    int64_t before = 0;
    for (unsigned i = 0; i < random_seeds(); i++) {
        if (i % 40 == 0 && unlink(path) == 0)
            before = 0; /* or each look reads all that was ever written */
        int64_t told = killed_run(i * 7 % 40);
        struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
        int64_t rows = count_rows(cf);
        assert_int_equal(rows % 10, 0);
        assert_true(rows >= before + told * 10);
        assert_true(rows <= before + told * 10 + 10); /* one commit may be untold */
        assert_int_equal(ask_int(cf, "SELECT COUNT(*) FROM pragma_integrity_check()"
                                     " WHERE integrity_check = 'ok'"),
                         1);
        before = rows;
        close_ok(cf);
        assert_false(exists(side("-wal")));
    }
}

static void test_read_after_kill(void **state)
{
    (void)state;
    int64_t told = killed_run(3);
    long long wal_before;
    struct stat st;
    assert_int_equal(stat(side("-wal"), &st), 0);
    wal_before = st.st_size;
    assert_true(wal_before > 0);
    struct mr_case *cf = open_ok(path, MR_CASE_READ);
    assert_true(count_rows(cf) >= told * 10);
    close_ok(cf);
    assert_int_equal(stat(side("-wal"), &st), 0); /* reading has written nothing */
    assert_int_equal(st.st_size, wal_before);
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(side("-wal"), 0644), 0);
    assert_int_equal(unlink(side("-shm")), 0);
    assert_int_equal(in_child(child_reader, path, NOBODY), 101); /* clear, not empty */
    assert_false(exists(side("-shm")));
    cf = open_ok(path, MR_CASE_WRITE);
    assert_true(count_rows(cf) >= told * 10);
    close_ok(cf);
}

static void test_read_only_directory(void **state)
{
    (void)state;
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    add_ok(cf, 1, 10);
    add_ok(cf, 2, 10);
    close_ok(cf);
    if (geteuid() != 0) {
        print_message("not root: no other user to be\n");
        skip();
    }
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(in_child(child_reader, path, NOBODY), 2);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(in_child(child_reader, path, NOBODY), 100); /* not his */
    /* A file that stayed in WAL mode, without -wal. */
    assert_int_equal(chmod(path, 0644), 0);
    cf = open_ok(path, MR_CASE_READ);
    close_ok(cf);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\2\2", 2, 18), 2);
    (void)close(fd);
    assert_int_equal(in_child(child_reader, path, NOBODY), 2);
    assert_int_equal(in_child(child_reader, path, 0), 2);
    assert_false(exists(side("-wal")));
    assert_false(exists(side("-shm")));
}

static int child_cannot_write(const char *name)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    enum mr_code code = mr_case_open(name, MR_CASE_WRITE, SCHEMA, 1, &cf, &err);
    return code == MR_E_CASE && strstr(err.message, "ermission denied") != NULL &&
                   err.hint[0] != '\0'
               ? 0
               : 1;
}

static int child_no_wal(const char *name)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    enum mr_code code = mr_case_open(name, MR_CASE_WRITE, SCHEMA, 1, &cf, &err);
    return code == MR_E_CASE && err.hint[0] != '\0' ? 0 : 1;
}

static void test_no_right_to_write(void **state)
{
    (void)state;
    open_refused("/nonexistent/a.case", MR_CASE_WRITE, 1, "No such file or directory");
    open_refused("/nonexistent/a.case", MR_CASE_READ, 1, "No such file or directory");
    open_refused("", MR_CASE_WRITE, 1, "No such file");
    if (geteuid() != 0) {
        print_message("not root: no other user to be\n");
        skip();
    }
    assert_int_equal(in_child(child_cannot_write, path, NOBODY), 0);
    assert_false(exists(path));
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    close_ok(cf);
    assert_int_equal(in_child(child_cannot_write, path, NOBODY), 0);
    /* His file in a directory that is not his: no place for the -wal. */
    assert_int_equal(chown(path, NOBODY, NOBODY), 0);
    assert_int_equal(in_child(child_no_wal, path, NOBODY), 0);
    assert_int_equal(in_child(child_reader, path, NOBODY), 0);
}

/* ---- files that are not ours ---- */

static void write_file(const char *name, const void *bytes, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static size_t read_file(const char *name, char *buf, size_t size)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t got = read(fd, buf, size);
    assert_true(got >= 0);
    (void)close(fd);
    return (size_t)got;
}

/* Makes a case, overwrites bytes of its header, and expects the refusal. */
static void refuse_patched(off_t at, const char *bytes, size_t len, const char *text)
{
    static char before[65536];
    static char after[65536];
    (void)unlink(path);
    close_ok(open_ok(path, MR_CASE_WRITE));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
    (void)close(fd);
    assert_int_equal(chmod(path, 0640), 0);
    size_t size = read_file(path, before, sizeof before);
    open_refused(path, MR_CASE_WRITE, 1, text);
    open_refused(path, MR_CASE_READ, 1, text);
    assert_int_equal(read_file(path, after, sizeof after), size);
    assert_memory_equal(before, after, size);
    assert_int_equal(mode_of(path), 0640);
    assert_false(exists(side("-journal")));
    assert_false(exists(side("-wal")));
}

static void test_foreign_files(void **state)
{
    (void)state;
    static const char text[] = "id,name\n1,a table of somebody\n";
    char back[sizeof text];
    write_file(path, text, sizeof text);
    open_refused(path, MR_CASE_WRITE, 1, "no SQLite database");
    open_refused(path, MR_CASE_READ, 1, "no SQLite database");
    assert_int_equal(read_file(path, back, sizeof back), sizeof text);
    assert_memory_equal(back, text, sizeof text);
    assert_int_equal(mode_of(path), 0640);

    refuse_patched(68, "\0\0\0\0", 4, "another program");
    refuse_patched(60, "\0\0\0\2", 4, "a newer version");
    refuse_patched(60, "\0\0\0\0", 4, "an older version");
    refuse_patched(0, "sqlite", 6, "no SQLite database");

    open_refused(dir, MR_CASE_WRITE, 1, "directory");
    open_refused(dir, MR_CASE_READ, 1, "no regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    open_refused(path, MR_CASE_WRITE, 1, "no regular file");
    open_refused(path, MR_CASE_READ, 1, "no regular file");
}

static void test_empty_file(void **state)
{
    (void)state;
    write_file(path, "", 0);
    open_refused(path, MR_CASE_READ, 1, "it is empty");
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE); /* nothing to lose in it */
    add_ok(cf, 1, 1);
    close_ok(cf);
}

static void test_bad_schema_leaves_nothing(void **state)
{
    (void)state;
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    assert_int_equal(mr_case_open(path, MR_CASE_WRITE, "CREATE TABLE", 1, &cf, &err), MR_E_CASE);
    assert_false(exists(path));
    assert_false(exists(side("-journal")));
}

static void test_corrupt(void **state)
{
    (void)state;
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    for (int i = 0; i < 50; i++)
        add_ok(cf, i, 3000);
    close_ok(cf);
    char noise[4096];
    memset(noise, 0xa5, sizeof noise);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    for (off_t at = 4096; at < 10 * 4096; at += 4096)
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
    (void)close(fd);
    struct mr_err err = {0};
    enum mr_code code = mr_case_open(path, MR_CASE_READ, SCHEMA, 1, &cf, &err);
    if (code == MR_OK) {
        struct mr_case_stmt *stmt = NULL;
        bool row = true;
        code = mr_case_prepare(cf, "SELECT SUM(length(body)) FROM chunk", &stmt, &err);
        if (code == MR_OK)
            code = mr_case_step(stmt, &row, &err);
        mr_case_free(stmt);
        close_ok(cf);
    }
    assert_int_equal(code, MR_E_CASE);
    assert_non_null(strstr(err.message, "malformed"));
    assert_true(err.hint[0] != '\0');
}

/* ---- a full disk ---- */

static void test_full_disk(void **state)
{
    /* a file is gone on with; a temporary case is gone, and nobody knows where it was, nor where the
     * temporary tables of a file are: SQLite does not say which of the two is full */
    const char *const cases[] = {path, NULL};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_case *cf = open_ok(cases[i], MR_CASE_WRITE);
        struct mr_err err = {0};
        add_ok(cf, 1, 10); /* SQLite reports the limit on pages exactly as it reports ENOSPC */
        assert_int_equal(ask_int(cf, "PRAGMA max_page_count=20"), 20);
        assert_int_equal(mr_case_begin(cf, &err), MR_OK);
        assert_int_equal(add(cf, 2, 1000000, &err), MR_E_CASE);
        assert_true(strstr(err.message, "full") != NULL && strstr(err.hint, "$TMPDIR") != NULL);
        assert_true((strstr(err.hint, "--resume") != NULL) == (cases[i] != NULL));
        mr_case_rollback(cf);
        assert_int_equal(count_rows(cf), 1);
        close_ok(cf);
    }
}

/* SQLite rolls back by itself, temporary tables included, in a statement that only cleans up:
 * nobody goes on outside of the transaction, and all are told why. */
static int lost_with_transaction(struct mr_case *cf)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_err err = {0};
    if (mr_case_begin(cf, &err) != MR_OK ||
        mr_case_exec(cf, "CREATE TEMP TABLE kept (id INT)", &err) != MR_OK)
        return 5;
    if (add(cf, 2, 5000000, NULL) != MR_E_CASE)
        return 6;
    if (mr_case_prepare(cf, "SELECT id FROM kept", &stmt, &err) != MR_E_CASE ||
        strstr(err.message, "File too large") == NULL || strstr(err.hint, "ulimit") == NULL)
        return 7;
    if (add(cf, 3, 10, &err) != MR_E_CASE || mr_case_commit(cf, &err) != MR_E_CASE)
        return 8;
    mr_case_rollback(cf);
    return count_rows(cf) == 1 ? 0 : 9;
}

/* A write that the system refuses (a limit on the file's size stands for the disk). */
static int child_write_fails(const char *name)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};
    if (mr_case_open(name, MR_CASE_WRITE, SCHEMA, 1, &cf, &err) != MR_OK ||
        add(cf, 1, 10, &err) != MR_OK)
        return 1;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    if (add(cf, 2, 1000000, &err) != MR_E_CASE)
        return 3;
    if (err.hint[0] == '\0')
        return 4;
    int code = lost_with_transaction(cf);
    (void)mr_case_close(cf, &err);
    return code;
}

static void test_write_fails(void **state)
{
    (void)state;
    assert_int_equal(in_child(child_write_fails, path, 0), 0);
    struct mr_case *cf = open_ok(path, MR_CASE_WRITE);
    assert_int_equal(count_rows(cf), 1);
    close_ok(cf);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_values),
        CASE(test_sticky_errors),
        CASE(test_transactions),
        CASE(test_one_private_file),
        CASE(test_odd_names),
        CASE(test_temporary),
        CASE(test_second_writer),
        CASE(test_close_under_reader),
        CASE(test_kill_loses_nothing),
        CASE(test_read_after_kill),
        CASE(test_read_only_directory),
        CASE(test_no_right_to_write),
        CASE(test_foreign_files),
        CASE(test_empty_file),
        CASE(test_bad_schema_leaves_nothing),
        CASE(test_corrupt),
        CASE(test_full_disk),
        CASE(test_write_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
