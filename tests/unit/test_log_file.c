/* test_log_file.c: the log's file: its two formats, its level, a disk that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/file/append.h"
#include "tests/unit/capture.h"

static struct capture captured;
static char text[1 << 16];

/* The pid, of however many digits, is told from other numbers and shown as PID. */
static void hide_pid(char *line)
{
    char pid[24];
    int len = snprintf(pid, sizeof pid, "%ld", (long)getpid());
    char *at = strchr(line, 'Z'); /* behind the time */
    assert_non_null(at);
    at += strcspn(at, "0123456789");
    assert_memory_equal(at, pid, (size_t)len);
    memmove(at + 3, at + len, strlen(at + len) + 1);
    memcpy(at, "PID", 3);
}

/* What is logged by `say` into a file, every digit a 9. */
static void log_to(enum mr_log_format format, enum mr_log_level level, void (*say)(void))
{
    int fd = memfd_create("log", 0);
    assert_true(fd >= 0);
    mr_log_set_file(fd, "my.log", format, level);
    say();
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    assert_true(got >= 0);
    text[got] = '\0';
    for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        hide_pid(line);
    for (char *p = text; *p != '\0'; p++)
        if (isdigit((unsigned char)*p))
            *p = '9';
    mr_log_set_file(-1, "", format, level);
}

static void say_all(void)
{
    struct mr_err err;
    mr_log_warning("a \"b\" \\ \n c");
    mr_log_info("to mysql://u:secret@h/");
    mr_log_detail("more");
    mr_log_debug("most");
    (void)mr_err_set(&err, MR_E_USAGE, "no good");
    mr_err_hint(&err, "Do better.");
    mr_log_err(&err);
    mr_log_file_only("myrecon ends");
    mr_log_plain("progress");
}

#define TIME "9999-99-99T99:99:99.999Z PID "
#define JSON(level, message)                                                                       \
    "{\"time\":\"9999-99-99T99:99:99.999Z\",\"pid\":PID,\"level\":\"" level                        \
    "\",\"message\":\"" message "\"}\n"

static void test_formats(void **state)
{
    (void)state;
    /* shown with -q: the file has its own level */
    mr_log_set_level(MR_LOG_WARNING);
    capture_begin(&captured, CAPTURE_FILE, 0);
    log_to(MR_LOG_TEXT, MR_LOG_INFO, say_all);
    capture_end(&captured);
    assert_string_equal(text, TIME "warning: a \"b\" \\ \\n c\n" TIME
                                   "info: to mysql://u:xxxxxx@h/\n" TIME "error: no good\n" TIME
                                   "hint: Do better.\n" TIME "info: myrecon ends\n");
    assert_string_equal(captured.text, "myrecon: warning: a \"b\" \\ \\n c\n"
                                       "myrecon: error: no good\nmyrecon: hint: Do better.\n"
                                       "myrecon: progress\n");
    capture_begin(&captured, CAPTURE_FILE, 0);
    log_to(MR_LOG_JSON, MR_LOG_DEBUG, say_all);
    capture_end(&captured);
    assert_string_equal(text, JSON("warning", "a \\\"b\\\" \\\\ \\\\n c")
                                  JSON("info", "to mysql://u:xxxxxx@h/") JSON("verbose", "more")
                                      JSON("debug", "most") JSON("error", "no good")
                                          JSON("hint", "Do better.") JSON("info", "myrecon ends"));
    /* without a file nothing is left of it */
    assert_false(mr_log_is_on(MR_LOG_INFO));
}

static void say_long(void)
{
    static char quotes[5000];
    memset(quotes, '"', sizeof quotes - 1);
    mr_log_info("%s", quotes);
}

static void test_long(void **state)
{
    (void)state;
    log_to(MR_LOG_JSON, MR_LOG_INFO, say_long);
    size_t len = strlen(text);
    assert_true(len > 8000 && len < 10240);
    assert_string_equal(text + len - 6, "...\"}\n");
}

/* Said once; the work goes on. */
static void test_full_disk(void **state)
{
    (void)state;
    mr_log_set_level(MR_LOG_WARNING);
    capture_begin(&captured, CAPTURE_FILE, 0);
    mr_log_set_file(open("/dev/full", O_WRONLY), "my.log", MR_LOG_TEXT, MR_LOG_INFO);
    mr_log_info("one");
    mr_log_info("two");
    capture_end(&captured);
    mr_log_set_file(-1, "", MR_LOG_TEXT, MR_LOG_INFO);
    assert_string_equal(
        captured.text, "myrecon: warning: could not write to log file \"my.log\": No space left on "
                       "device; going on, and what it lacks is not said again\n");
}

static void test_append(void **state)
{
    (void)state;
    char dir[] = "/tmp/mr_test_log_XXXXXX", path[64];
    struct mr_err err;
    struct stat st;
    int fd = -1;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/a", dir);
    assert_int_equal(mr_append_open(path, "log file", &fd, &err), MR_OK);
    assert_int_equal(write(fd, "one\n", 4), 4);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)close(fd);
    assert_int_equal(mr_append_open(path, "log file", &fd, &err), MR_OK);
    assert_int_equal(write(fd, "two\n", 4), 4);
    assert_int_equal(pread(fd, text, sizeof text, 0), 8);
    (void)close(fd);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(symlink("b", path), 0);
    assert_int_equal(mr_append_open(path, "log file", &fd, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "is a symbolic link"));
    assert_int_equal(fd, -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(mr_append_open(path, "log file", &fd, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "is no regular file"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
