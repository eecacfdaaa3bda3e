/* test_fleet_tasks.c: lines in processes of their own: what each of them answers, how it ends, and
 * what it has of the process that started it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/base/stdpipe.h"
#include "recon/fleet/fleet_tasks.h"
#include "tests/unit/capture.h"

/* ---- a command that does what its operand says ---- */

struct values {
    bool unused;
};
static const struct mr_option options[] = {
    {.name = "unused", .type = MR_OPTION_FLAG, .offset = offsetof(struct values, unused)}};
static const struct mr_option_set option_set = {
    .options = options, .count = 1, .values_size = sizeof(struct values)};
static const struct mr_command_doc doc = {.summary = "does", .operands = "WHAT"};

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const char *what = invocation->operands[0];
    *exit_code = 0;
    mr_log_set_color(false); /* as --color=never does */
    if (strcmp(what, "fail") == 0)
        return mr_err_set(err, MR_E_IO, "it has failed");
    if (strcmp(what, "login") == 0)
        return mr_err_set(err, MR_E_AUTH, "access is denied");
    if (strcmp(what, "segv") == 0 || strcmp(what, "kill") == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)raise(what[0] == 's' ? SIGSEGV : SIGKILL);
    }
    if (strcmp(what, "hang") == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        for (;;)
            (void)pause();
    }
    if (strcmp(what, "open") == 0) { /* as many as a connection needs */
        for (int i = 0; i < 8; i++)
            if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
                return mr_err_set_sys(err, MR_E_IO, errno, "no descriptor is left");
    }
    if (strcmp(what, "wait") == 0) {
        mr_signals_install();
        mr_log_info("waiting: for a signal");
        while (!mr_is_cancelled())
            (void)poll(NULL, 0, 10);
        mr_log_warning("it has kept nothing");
        return mr_cancelled_err(err);
    }
    mr_log_warning("it has said something");
    (void)printf("done\n");
    return MR_OK;
}

static const struct mr_command command = {.name = "do",
                                          .doc = &doc,
                                          .options = &option_set,
                                          .min_operands = 1,
                                          .max_operands = 1,
                                          .run = run};
static const struct mr_command *const commands[] = {&command};

/* ---- running it ---- */

#define MOST 100

static struct mr_fleet_task tasks[MOST];
static char *lines[MOST][4];

static void set_task(size_t i, const char *what)
{
    static char program[] = "myrecon", verb[] = "do";
    static char whats[MOST][8];
    (void)snprintf(whats[i], sizeof whats[i], "%s", what);
    lines[i][0] = program;
    lines[i][1] = verb;
    lines[i][2] = whats[i];
    lines[i][3] = NULL;
    tasks[i] = (struct mr_fleet_task){.argv = lines[i], .role = -1};
}

static enum mr_code run_tasks(size_t count, double limit_s,
                              void (*done)(void *ctx, const struct mr_fleet_task *task),
                              struct mr_err *err)
{
    const struct mr_fleet_how how = {.commands = {.items = commands, .count = 1},
                                     .at_once = MR_FLEET_AT_ONCE,
                                     .limit_s = limit_s,
                                     .done = done};
    return mr_fleet_tasks_run(tasks, count, &how, err);
}

static void release_tasks(size_t count)
{
    for (size_t i = 0; i < count; i++)
        mr_fleet_task_release(&tasks[i]);
}

static void assert_why(const struct mr_fleet_task *task, const char *expected)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_fleet_task_why(task, &why);
    assert_string_equal(why.ptr, expected);
    mr_strbuf_release(&why);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int exit_code;
        const char *why; /* NULL: it has answered */
    } table[] = {
        {"well", 0, NULL},
        {"fail", 3, "it has failed"},
        {"segv", -1, "the look at it ended without an answer: SIGSEGV"},
        {"kill", -1, "the look at it ended without an answer: SIGKILL"},
    };
    const size_t count = sizeof table / sizeof *table;
    struct mr_err err = {0};
    for (size_t i = 0; i < count; i++)
        set_task(i, table[i].what);
    assert_int_equal(run_tasks(count, 20, NULL, &err), MR_OK);
    for (size_t i = 0; i < count; i++) {
        print_message("%s\n", table[i].what);
        assert_int_equal(tasks[i].exit_code, table[i].exit_code);
        assert_false(tasks[i].late);
        if (table[i].why != NULL)
            assert_why(&tasks[i], table[i].why);
        else
            assert_string_equal(tasks[i].out.ptr, "done\n");
    }
    release_tasks(count);
}

/* -q --brief keeps back what the fleet's own process prints, until it is known whether it is news.
 * An answer is none of that. */
static void test_held_back(void **state)
{
    (void)state;
    struct mr_err err = {0};
    struct mr_strbuf warned = MR_STRBUF_INIT;
    set_task(0, "well");
    mr_stdpipe_hold();
    mr_log_hold();
    enum mr_code code = run_tasks(1, 20, NULL, &err);
    mr_stdpipe_unhold(false);
    mr_log_unhold(false);
    assert_int_equal(code, MR_OK);
    assert_string_equal(tasks[0].out.ptr, "done\n");
    mr_fleet_task_warned(&tasks[0], &warned);
    assert_string_equal(warned.ptr, "it has said something");
    mr_strbuf_release(&warned);
    release_tasks(1);
}

/* The first line that is told takes the status line away; that line is not on the task's stderr. */
static void test_status_line(void **state)
{
    (void)state;
    struct mr_err err = {0};
    set_task(0, "fail");
    mr_log_status("asking servers");
    enum mr_code code = run_tasks(1, 20, NULL, &err);
    mr_log_status_clear();
    assert_int_equal(code, MR_OK);
    assert_why(&tasks[0], "it has failed");
    release_tasks(1);
}

static void test_log_file(void **state)
{
    (void)state;
    char path[] = "/tmp/test_fleet_tasks.XXXXXX", text[512] = "";
    struct mr_err err = {0};
    int fd = mkstemp(path), seen = dup(fd);
    assert_true(seen >= 0);
    mr_log_set_file(fd, path, MR_LOG_TEXT, MR_LOG_INFO);
    set_task(0, "fail");
    set_task(1, "well");
    enum mr_code code = run_tasks(2, 20, NULL, &err);
    mr_log_set_file(-1, "", MR_LOG_TEXT, MR_LOG_ERROR);
    assert_int_equal(code, MR_OK);
    assert_true(pread(seen, text, sizeof text - 1, 0) >= 0);
    assert_string_equal(text, "");
    release_tasks(2);
    (void)close(seen);
    (void)unlink(path);
}

/* More of them than there is room for take longer, and all have answered. */
static void test_few_descriptors(void **state)
{
    (void)state;
    struct rlimit old;
    struct mr_err err = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    struct rlimit few = {.rlim_cur = 32, .rlim_max = old.rlim_max};
    for (size_t i = 0; i < MOST; i++)
        set_task(i, "open");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    enum mr_code code = run_tasks(MOST, 20, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(code, MR_OK);
    for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(tasks[i].exit_code, 0);
        assert_string_equal(tasks[i].out.ptr, "done\n");
    }
    release_tasks(MOST);
}

static void test_no_descriptors(void **state)
{
    (void)state;
    struct rlimit old;
    struct mr_err err = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = old.rlim_max};
    set_task(0, "well");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum mr_code code = run_tasks(1, 20, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(code, MR_E_IO);
    assert_non_null(strstr(err.hint, "ulimit -n"));
    release_tasks(1);
}

static struct capture captured;

/* As lines of the log, whole, however they arrive. */
static void test_echoes(void **state)
{
    (void)state;
    struct mr_err err = {0};
    set_task(0, "well");
    set_task(1, "fail");
    set_task(2, "login");
    tasks[0].echoes = tasks[1].echoes = tasks[2].echoes = true;
    tasks[0].label = "part 7";
    capture_begin(&captured, CAPTURE_FILE, 0);
    enum mr_code code = run_tasks(3, 20, NULL, &err);
    capture_end(&captured);
    assert_int_equal(code, MR_OK);
    assert_int_equal(capture_count(&captured, "myrecon: warning: part 7: it has said something\n"),
                     1);
    assert_int_equal(capture_count(&captured, "myrecon: error: it has failed\n"), 1);
    assert_int_equal(capture_count(&captured, "an option file, or --password-command.\n"), 1);
    assert_string_equal(tasks[0].waits.ptr, "");
    assert_why(&tasks[1], "it has failed");
    release_tasks(3);
}

static enum mr_code cancel_once_it_waits(void *ctx, struct mr_err *err)
{
    const struct mr_fleet_task *task = ctx;
    (void)err;
    if (task->said.len > 0)
        mr_cancel();
    return MR_OK;
}

/* The last one, as nothing takes the flag back: a task that heeds no SIGTERM holds nobody up, and that
 * each was interrupted is not told for each. */
static void test_interrupted(void **state)
{
    (void)state;
    struct mr_err err = {0};
    const double begun_s = mr_clock_now_s();
    set_task(0, "wait");
    set_task(1, "hang");
    tasks[0].echoes = true;
    const struct mr_fleet_how how = {.commands = {.items = commands, .count = 1},
                                     .at_once = MR_FLEET_AT_ONCE,
                                     .limit_s = 600,
                                     .tick = cancel_once_it_waits,
                                     .ctx = &tasks[0]};
    capture_begin(&captured, CAPTURE_FILE, 0);
    enum mr_code code = mr_fleet_tasks_run(tasks, 2, &how, &err);
    capture_end(&captured);
    assert_int_equal(code, MR_E_CANCELLED);
    assert_true(mr_clock_now_s() - begun_s < 2.0);
    assert_true(tasks[1].child.has_ended);
    assert_string_equal(captured.text, "myrecon: waiting: for a signal\n"
                                       "myrecon: warning: it has kept nothing\n");
    assert_string_equal(tasks[0].waits.ptr, "waiting: for a signal");
    assert_why(&tasks[0], "interrupted by SIGTERM");
    release_tasks(2);
}

int main(void)
{
    mr_stdpipe_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_held_back),
        cmocka_unit_test(test_status_line),
        cmocka_unit_test(test_log_file),
        cmocka_unit_test(test_few_descriptors),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_echoes),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
