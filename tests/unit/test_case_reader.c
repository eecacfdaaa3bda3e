/* test_case_reader.c: readers of a case: their TEMP tables, and files without their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/case/casefile.h"

#define SCHEMA "CREATE TABLE t(n INTEGER) STRICT;"
#define FILL                                                                                       \
    "CREATE TEMP TABLE big(b BLOB);"                                                               \
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 64)"                 \
    " INSERT INTO big SELECT zeroblob(1048576) FROM c"

#define NOBODY 65534

static char dir[64];
static char path[80];

static void run_ok(struct mr_case *cf, const char *sql)
{
    struct mr_err err = {0};
    if (mr_case_exec(cf, sql, &err) != MR_OK)
        fail_msg("%s: %s", sql, err.message);
}

static int64_t ask_int(struct mr_case *cf, const char *sql)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(mr_case_prepare(cf, sql, &stmt, NULL), MR_OK);
    assert_int_equal(mr_case_step(stmt, &row, NULL), MR_OK);
    int64_t value = mr_case_int(stmt, 0);
    mr_case_free(stmt);
    return value;
}

static struct mr_case *open_ok(enum mr_case_mode mode)
{
    struct mr_case *cf = NULL;
    struct mr_err err = {0};
    if (mr_case_open(path, mode, SCHEMA, 1, &cf, &err) != MR_OK)
        fail_msg("%s", err.message);
    return cf;
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/myrecon-scratch-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/a.case", dir);
    struct mr_case *cf = open_ok(MR_CASE_WRITE);
    run_ok(cf, "INSERT INTO t VALUES (1)");
    return mr_case_close(cf, NULL) == MR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    (void)chmod(dir, 0755);
    (void)unlink(path);
    return rmdir(dir);
}

static unsigned count_files(void)
{
    unsigned count = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *entry; (entry = readdir(d)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(d);
    return count;
}

/* Open files of this process that are unlinked; of those the ones below `where`, whose
 * modes must be 0600. */
static unsigned count_unlinked(const char *where)
{
    unsigned count = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    for (const struct dirent *entry; (entry = readdir(d)) != NULL;) {
        char name[300], target[300];
        (void)snprintf(name, sizeof name, "/proc/self/fd/%s", entry->d_name);
        ssize_t len = readlink(name, target, sizeof target - 1);
        if (len <= 0)
            continue;
        target[len] = '\0';
        struct stat st;
        if (strstr(target, " (deleted)") == NULL || strncmp(target, where, strlen(where)) != 0 ||
            stat(name, &st) != 0)
            continue;
        assert_int_equal(st.st_mode & 07777, 0600);
        count++;
    }
    (void)closedir(d);
    return count;
}

static void test_files(void **state)
{
    (void)state;
    struct mr_case *cf = open_ok(MR_CASE_READ);
    assert_int_equal(mr_case_exec(cf, "CREATE TEMP TABLE early(n)", NULL), MR_E_CASE);
    assert_int_equal(mr_case_scratch_begin(cf, NULL), MR_OK);
    run_ok(cf, FILL);
    assert_int_equal(ask_int(cf, "SELECT count(*) FROM big"), 64);
    assert_true(count_unlinked(dir) > 0);
    assert_int_equal(count_files(), 1);
    /* the file itself is as read-only as ever */
    assert_int_equal(mr_case_exec(cf, "INSERT INTO t VALUES (2)", NULL), MR_E_CASE);
    mr_case_scratch_end(cf);
    struct mr_err err = {0};
    assert_int_equal(mr_case_exec(cf, "SELECT * FROM big", &err), MR_E_CASE);
    assert_non_null(strstr(err.message, "no such table"));
    assert_int_equal(mr_case_exec(cf, "CREATE TEMP TABLE late(n)", NULL), MR_E_CASE);
    /* once more, and ended by closing */
    assert_int_equal(mr_case_scratch_begin(cf, NULL), MR_OK);
    run_ok(cf, FILL);
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
    assert_int_equal(count_unlinked(dir), 0);
    assert_int_equal(count_files(), 1);
}

static void test_directory_that_cannot_be_written(void **state)
{
    int status = 0;
    (void)state;
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(dir, 0555), 0);
    pid_t child = fork();
    if (child == 0) { /* root may write everywhere */
        struct mr_case *cf = NULL;
        bool good = geteuid() != 0 || setuid(NOBODY) == 0;
        good = good && mr_case_open(path, MR_CASE_READ, SCHEMA, 1, &cf, NULL) == MR_OK &&
               mr_case_scratch_begin(cf, NULL) == MR_OK && mr_case_exec(cf, FILL, NULL) == MR_OK &&
               count_unlinked(dir) == 0 && count_unlinked("/") > 0 &&
               mr_case_close(cf, NULL) == MR_OK;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* What another process adds is not seen until the end. */
static void test_one_view(void **state)
{
    int status = 0;
    (void)state;
    int go[2], went[2];
    char byte = 0;
    assert_true(pipe(go) == 0 && pipe(went) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct mr_case *writer = NULL;
        bool good = mr_case_open(path, MR_CASE_WRITE, SCHEMA, 1, &writer, NULL) == MR_OK &&
                    mr_case_exec(writer, "INSERT INTO t VALUES (2)", NULL) == MR_OK &&
                    write(went[1], "w", 1) == 1 && read(go[0], &byte, 1) == 1 &&
                    mr_case_exec(writer, "INSERT INTO t VALUES (3)", NULL) == MR_OK &&
                    write(went[1], "w", 1) == 1 && read(go[0], &byte, 1) == 1;
        _exit(good && mr_case_close(writer, NULL) == MR_OK ? 0 : 1);
    }
    assert_int_equal(read(went[0], &byte, 1), 1);
    struct mr_case *cf = open_ok(MR_CASE_READ);
    assert_int_equal(mr_case_scratch_begin(cf, NULL), MR_OK);
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(read(went[0], &byte, 1), 1);
    assert_int_equal(ask_int(cf, "SELECT count(*) FROM t"), 2);
    mr_case_scratch_end(cf);
    assert_int_equal(ask_int(cf, "SELECT count(*) FROM t"), 3);
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        (void)close(go[i]);
        (void)close(went[i]);
    }
}

static void test_temporary_case(void **state)
{
    struct mr_case *cf = NULL;
    (void)state;
    assert_int_equal(mr_case_open(NULL, MR_CASE_WRITE, SCHEMA, 1, &cf, NULL), MR_OK);
    assert_int_equal(mr_case_scratch_begin(cf, NULL), MR_OK);
    run_ok(cf, "CREATE TEMP TABLE x(n); INSERT INTO x VALUES (1)");
    mr_case_scratch_end(cf);
    mr_case_scratch_end(cf); /* nothing begun: nothing happens */
    run_ok(cf, "INSERT INTO t VALUES (1)");
    assert_int_equal(ask_int(cf, "SELECT count(*) FROM t"), 1);
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
}

/* A file that lost its end is refused, be it one byte: SQLite would take that for zeros. */
static void test_cut_short(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(stat(path, &st), 0);
    for (off_t lost = 1; lost < st.st_size - 100; lost += lost < 3 ? 1 : 997) {
        for (int mode = MR_CASE_WRITE; mode <= MR_CASE_READ; mode++) {
            struct mr_case *cf = NULL;
            struct mr_err err = {0};
            assert_int_equal(truncate(path, st.st_size - lost), 0);
            assert_int_equal(mr_case_open(path, (enum mr_case_mode)mode, SCHEMA, 1, &cf, &err),
                             MR_E_CASE);
            if (strstr(err.message, "cut short") == NULL)
                fail_msg("%s", err.message);
            assert_int_equal(count_files(), 1);
        }
    }
}

/* A writer that closes takes the -wal away, and then writes a -journal to leave WAL mode. */
static void test_writer_leaves(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    char side[96] = "";
    struct mr_case *cf = open_ok(MR_CASE_WRITE);
    run_ok(cf, "INSERT INTO t VALUES (1)");
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 18, SEEK_SET), 0); /* still in WAL mode, as its bytes have it */
    assert_int_equal(fwrite("\2\2", 1, 2, f), 2);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(side, sizeof side, "%s-journal", path);
    f = fopen(side, "w");
    assert_non_null(f);
    assert_int_equal(fwrite("", 1, 1, f), 1);
    assert_int_equal(fclose(f), 0);
    cf = open_ok(MR_CASE_READ);
    assert_int_equal(ask_int(cf, "SELECT n FROM t"), 1);
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(side, sizeof side, "%s%s", path, suffixes[i]);
        (void)unlink(side);
    }
}

static void test_cancelled(void **state)
{
    struct mr_err err = {0};
    (void)state;
    struct mr_case *cf = open_ok(MR_CASE_READ);
    assert_int_equal(mr_case_scratch_begin(cf, NULL), MR_OK);
    mr_cancel();
    assert_int_equal(mr_case_exec(cf,
                                  "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL"
                                  " SELECT i + 1 FROM c) SELECT count(*) FROM c",
                                  &err),
                     MR_E_CANCELLED);
    assert_int_equal(err.code, MR_E_CANCELLED);
    struct mr_case_stmt *stmt = NULL; /* too short for SQLite to look */
    bool row = false;
    assert_int_equal(mr_case_prepare(cf, "SELECT 1", &stmt, NULL), MR_OK);
    assert_int_equal(mr_case_step(stmt, &row, &err), MR_E_CANCELLED);
    mr_case_free(stmt);
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);

    /* A writer says when; what it began is undone, and it can tidy up. */
    cf = open_ok(MR_CASE_WRITE);
    assert_int_equal(mr_case_begin(cf, NULL), MR_OK);
    assert_int_equal(mr_case_exec(cf, "CREATE TABLE half (x)", NULL), MR_OK);
    mr_case_heed_signals(cf, true);
    assert_int_equal(mr_case_exec(cf,
                                  "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL"
                                  " SELECT i + 1 FROM c) INSERT INTO half SELECT i FROM c",
                                  &err),
                     MR_E_CANCELLED);
    mr_case_heed_signals(cf, false);
    mr_case_rollback(cf);
    assert_int_equal(mr_case_exec(cf, "CREATE TABLE half (x)", NULL), MR_OK);
    assert_int_equal(mr_case_close(cf, NULL), MR_OK);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_files),     CASE(test_directory_that_cannot_be_written),
        CASE(test_one_view),  CASE(test_temporary_case),
        CASE(test_cut_short), CASE(test_writer_leaves),
        CASE(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
