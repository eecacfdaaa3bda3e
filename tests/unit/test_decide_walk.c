/* test_decide_walk.c: a person at a terminal of its own: what is decided is saved, whoever else writes, and
 * however it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/file/io.h"
#include "place.h"
#include "repair/page/decide_walk.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define WITHIN_MS 10000
#define HEAD "table,source_key,target_key,identity,kind,choices,source,target,decision,differs\r\n"
#define ROW(key) "club.log," key ",,,deleted-or-lost,restore;skip,,,,\r\n"

static struct mr_planned_column columns[] = {{"id", "int", NULL, false}};
static struct mr_planned_table table = {.table = "club.log", .columns = columns, .ncolumns = 1};

static const char *conflicts = HEAD ROW("1..3") ROW("7");

/* In place of the system's: what it says of the plan's lock. */
static int lock_errno;
int flock(int fd, int operation)
{
    (void)fd;
    (void)operation;
    errno = lock_errno;
    return lock_errno != 0 ? -1 : 0;
}

/* A disk that takes its time. */
static bool is_slow;
int fsync(int fd)
{
    (void)fd;
    return is_slow ? usleep(300000) : 0;
}

/* In the run that is watched. */
static int decide(void)
{
    struct mr_err err = {.code = MR_OK};
    size_t open = 0, decided = 0;
    struct mr_plan_dir plan = {.path = ".", .arena = MR_ARENA_INIT};
    plan.manifest = (struct mr_manifest){.uuid = "u", .page_key = "key"};
    plan.manifest.planned = (struct mr_planned){.tables = &table, .ntables = 1, .open = 1};
    const struct mr_decide_walk_task task = {.plan = &plan, .path = "d.csv"};
    const enum mr_code code = mr_decide_walk(&task, &open, &decided, &err);
    if (code != MR_OK)
        (void)fprintf(stderr, "%s\n%s\n", err.message, mr_err_get_hint(&err));
    return mr_code_exit(code);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_true(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static char printed[65536]; /* since the run began */
static size_t nprinted;

static void await(int fd, const char *text)
{
    while (strstr(printed, text) == NULL) {
        const ssize_t got = read(fd, printed + nprinted, sizeof printed - 1 - nprinted);
        if (got <= 0)
            fail_msg("\"%s\" never came: %s", text, printed);
        nprinted += (size_t)got;
        printed[nprinted] = '\0';
    }
}

static void forget(void)
{
    nprinted = 0;
    printed[0] = '\0';
}

static pid_t begin(int *fd)
{
    write_file("conflicts.csv", conflicts);
    forget();
    const pid_t child = forkpty(fd, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0) {
        mr_signals_install();
        _exit(decide());
    }
    return child;
}

static void type(int fd, const char *keys)
{
    forget();
    assert_int_equal(write(fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static int end(pid_t child, int fd)
{
    int status = -1;
    while (read(fd, printed + nprinted, sizeof printed - 1 - nprinted) > 0 || errno == EINTR)
        ;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(close(fd), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *name, const char *one, const char *seven)
{
    struct mr_strbuf text = MR_STRBUF_INIT, wanted = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&wanted,
                      HEAD "club.log,1..3,,,deleted-or-lost,restore;skip,,,%s,\r\n"
                           "club.log,7,,,deleted-or-lost,restore;skip,,,%s,\r\n#plan,",
                      one, seven);
    assert_int_equal(mr_io_read_part(name, 1 << 20, &text, NULL), MR_OK);
    if (strncmp(text.ptr, wanted.ptr, wanted.len) != 0)
        fail_msg("%s", text.ptr);
    mr_strbuf_release(&text);
    mr_strbuf_release(&wanted);
}

static void test_saved(void **state)
{
    int fd = -1;
    (void)state;
    pid_t child = begin(&fd);
    await(fd, "1 of 2, 0 decided");
    type(fd, "2");
    await(fd, "2 of 2, 1 decided");
    expect("d.csv", "skip", "");
    type(fd, "1uq");
    assert_int_equal(end(child, fd), 0);
    expect("d.csv", "skip", "");
    /* gone on with; what is pasted decides nothing, and a signal loses nothing */
    child = begin(&fd);
    await(fd, "2 of 2, 1 decided");
    type(fd, "\033[200~2\n2\033[201~");
    await(fd, "2 of 2, 1 decided");
    type(fd, "g1");
    await(fd, "2 of 2, 2 decided");
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(end(child, fd), 6);
    expect("d.csv", "skip", "restore");
}

/* A file that is slow to write is written as soon as nobody types. */
static void test_slow(void **state)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    int fd = -1;
    (void)state;
    is_slow = true;
    const pid_t child = begin(&fd);
    await(fd, "1 of 2, 0 decided");
    type(fd, "2");
    await(fd, "2 of 2, 1 decided");
    type(fd, "1");
    await(fd, "2 of 2, 2 decided");
    for (int i = 0; i < 500 && strstr(text.ptr, ",restore,") == NULL; i++) {
        (void)usleep(10000);
        mr_strbuf_reset(&text);
        assert_int_equal(mr_io_read_part("d.csv", 1 << 20, &text, NULL), MR_OK);
    }
    expect("d.csv", "skip", "restore");
    assert_int_equal(kill(child, SIGKILL), 0);
    (void)end(child, fd);
    mr_strbuf_release(&text);
    is_slow = false;
}

/* A reader of the file takes blanks off its fields: a value that ends with one stands in JSON. */
static void test_values(void **state)
{
    static const struct {
        const char *typed, *saved;
    } cases[] = {
        {"Kiel\n", ",city=Kiel,"},
        {" Kiel\n", ",city= Kiel,"},
        {"Kiel \n", ",\"{\"\"city\"\":\"\"Kiel \"\"}\","},
        {"Kiel\033[200~\t\033[201~\n", ",\"{\"\"city\"\":\"\"Kiel\\t\"\"}\","},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        int fd = -1;
        conflicts = HEAD "club.log,7,,,does-not-fit,skip;city=VALUE,,,,\r\n";
        (void)remove("d.csv");
        const pid_t child = begin(&fd);
        await(fd, "1 of 1, 0 decided");
        type(fd, "2");
        await(fd, "Value of city: ");
        type(fd, cases[i].typed);
        await(fd, "1 of 1, 1 decided");
        type(fd, "q");
        assert_int_equal(end(child, fd), 0);
        assert_int_equal(mr_io_read_part("d.csv", 1 << 20, &text, NULL), MR_OK);
        if (strstr(text.ptr, cases[i].saved) == NULL)
            fail_msg("%zu: %s", i, text.ptr);
        mr_strbuf_release(&text);
    }
    conflicts = HEAD ROW("1..3") ROW("7");
}

/* Somebody else's file stays, and so does what is decided here. */
static void test_others(void **state)
{
    int fd = -1;
    (void)state;
    const pid_t child = begin(&fd);
    await(fd, "1 of 2, 0 decided");
    type(fd, "1");
    await(fd, "2 of 2, 1 decided");
    write_file("d.csv", "theirs");
    type(fd, "2");
    await(fd, "saved in \"d.csv.1\"");
    assert_int_equal(end(child, fd), 5);
    expect("d.csv.1", "restore", "skip");
    assert_int_not_equal(access("d.csv.2", F_OK), 0);
}

/* Also where a signal ends it before what is slow to write was written; 5: nobody typed in between. */
static void test_stopped_beside(void **state)
{
    int fd = -1;
    (void)state;
    is_slow = true;
    const pid_t child = begin(&fd);
    await(fd, "1 of 2, 0 decided");
    type(fd, "2");
    await(fd, "2 of 2, 1 decided");
    write_file("d.csv", "theirs");
    type(fd, "1");
    await(fd, "2 of 2, 2 decided");
    assert_int_equal(kill(child, SIGTERM), 0);
    await(fd, "saved in \"d.csv.1\"");
    const int code = end(child, fd);
    assert_true(code == 6 || code == 5);
    expect("d.csv.1", "skip", "restore");
    is_slow = false;
}

/* Only who is known to be there keeps out: a directory of NFS cannot be locked so. */
static void test_lock(void **state)
{
    static const struct {
        int lock;
        const char *shown;
        int code;
    } cases[] = {{EWOULDBLOCK, "somebody else decides", 5},
                 {EBADF, "1 of 2, 0 decided", 0},
                 {ENOLCK, "1 of 2, 0 decided", 0},
                 {EOPNOTSUPP, "1 of 2, 0 decided", 0}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        int fd = -1;
        lock_errno = cases[i].lock;
        const pid_t child = begin(&fd);
        await(fd, cases[i].shown);
        if (cases[i].code == 0)
            type(fd, "q");
        assert_int_equal(end(child, fd), cases[i].code);
    }
    lock_errno = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_saved, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_slow, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_values, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_others, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_stopped_beside, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_lock, place_begin, place_end),
    };
    (void)alarm(WITHIN_MS * 6 / 1000);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
