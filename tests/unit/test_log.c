/* test_log.c: lines on stderr: levels, one whole line a call, the status line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/log_relay.h"
#include "tests/unit/capture.h"

static struct capture captured;

static int reset(void **state)
{
    (void)state;
    mr_log_set_level(MR_LOG_INFO);
    mr_log_set_color(false);
    return 0;
}

static void test_levels(void **state)
{
    (void)state;
    static const struct {
        enum mr_log_level level;
        const char *text;
    } table[] = {
        {MR_LOG_ERROR, ""},
        {MR_LOG_WARNING, "myrecon: warning: w 1\n"},
        {MR_LOG_INFO, "myrecon: warning: w 1\nmyrecon: i 2\n"},
        {MR_LOG_DETAIL, "myrecon: warning: w 1\nmyrecon: i 2\nmyrecon: d 3\n"},
        {MR_LOG_DEBUG, "myrecon: warning: w 1\nmyrecon: i 2\nmyrecon: d 3\n"
                       "myrecon: debug: x 4\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        capture_begin(&captured, CAPTURE_FILE, 0);
        mr_log_set_level(table[i].level);
        mr_log_warning("w %d", 1);
        mr_log_info("i %d", 2);
        mr_log_detail("d %d", 3);
        mr_log_debug("x %d", 4);
        capture_end(&captured);
        assert_string_equal(captured.text, table[i].text);
        assert_true(mr_log_is_on(table[i].level));
        assert_false(mr_log_is_on(table[i].level + 1));
    }
}

static void test_error_with_detail_and_hint(void **state)
{
    (void)state;
    struct mr_err err;
    mr_err_set(&err, MR_E_SQL, "could not x");
    mr_err_detail(&err, "more");
    mr_err_hint(&err, "Do y.");
    capture_begin(&captured, CAPTURE_FILE, 0);
    mr_log_set_level(MR_LOG_ERROR);
    mr_log_err(&err);
    mr_log_err_as_warning(&err); /* silent at this level */
    mr_log_set_level(MR_LOG_WARNING);
    mr_err_set(&err, MR_E_SQL, "odd");
    mr_log_err_as_warning(&err);
    capture_end(&captured);
    assert_string_equal(captured.text, "myrecon: error: could not x\n"
                                       "myrecon: detail: more\n"
                                       "myrecon: hint: Do y.\n"
                                       "myrecon: warning: odd\n");
}

static void test_relayed(void **state)
{
    static const struct {
        enum mr_log_level level;
        const char *line, *label, *text;
    } table[] = {
        {MR_LOG_INFO, "myrecon: waiting", "part 3", "myrecon: part 3: waiting\n"},
        {MR_LOG_INFO, "myrecon: warning: w", "part 3", "myrecon: warning: part 3: w\n"},
        {MR_LOG_INFO, "myrecon: hint: Do y.", NULL, "myrecon: hint: Do y.\n"},
        {MR_LOG_INFO, "other: mysql://u:p@h", "part 3", "other: mysql://u:p@h\n"},
        {MR_LOG_INFO, "", "part 3", "\n"},
        {MR_LOG_INFO, "myrecon: debug: x", NULL, ""},
        {MR_LOG_WARNING, "myrecon: waiting", "part 3", ""},
        {MR_LOG_WARNING, "myrecon: error: mysql://u:p@h", "a",
         "myrecon: error: a: mysql://u:x@h\n"},
        {MR_LOG_WARNING, "myrecon: detail: d", "a", "myrecon: detail: a: d\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        capture_begin(&captured, CAPTURE_FILE, 0);
        mr_log_set_level(table[i].level);
        mr_log_relay(table[i].line, table[i].label);
        capture_end(&captured);
        assert_string_equal(captured.text, table[i].text);
    }
}

static void test_color(void **state)
{
    (void)state;
    struct mr_err err;
    mr_err_set(&err, MR_E_SQL, "bad");
    capture_begin(&captured, CAPTURE_FILE, 0);
    mr_log_set_color(true);
    mr_log_err(&err);
    mr_log_info("plain");
    capture_end(&captured);
    assert_string_equal(captured.text, "myrecon: \033[1;31merror: \033[0mbad\n"
                                       "myrecon: plain\n");
}

/* What a server says may hold anything; it stays one line and moves no cursor. */
static void test_text_is_made_harmless(void **state)
{
    (void)state;
    capture_begin(&captured, CAPTURE_FILE, 0);
    mr_log_info("%s", "a\nb\r\033[2Jc\xFF \xC3\xA4 \\");
    capture_end(&captured);
    assert_string_equal(captured.text, "myrecon: a\\nb\\r\\x1b[2Jc\\xff \xC3\xA4 \\\n");
}

static void test_passwords_are_hidden(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"no \"mysql://u:p@ss:w@h:3306/db\": why", "no \"mysql://u:xxxxxx@h:3306/db\": why"},
        {"MySQL://u:p@h mysql://v:q@i", "MySQL://u:x@h mysql://v:x@i"},
        {"mysql://u@h:3306/db -> mysql://h:1", "mysql://u@h:3306/db -> mysql://h:1"},
        {"mysql://u:@h", "mysql://u:@h"},
        {"mysql:// a:b@c", "mysql:// a:b@c"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char shown[128];
        (void)snprintf(shown, sizeof shown, "myrecon: %s\n", cases[i].shown);
        capture_begin(&captured, CAPTURE_FILE, 0);
        mr_log_info("%s", cases[i].text);
        capture_end(&captured);
        assert_string_equal(captured.text, shown);
    }
}

static void test_long_line_is_cut(void **state)
{
    (void)state;
    static char text[20000];
    memset(text, '\x01', sizeof text - 1); /* each becomes four */
    capture_begin(&captured, CAPTURE_FILE, 0);
    mr_log_info("%s", text);
    capture_end(&captured);
    assert_true(captured.len > 4000 && captured.len <= 4096);
    assert_string_equal(captured.text + captured.len - 4, "...\n");
    assert_int_equal(capture_count(&captured, "\n"), 1);
}

static void test_status_line(void **state)
{
    (void)state;
    capture_begin(&captured, CAPTURE_TERMINAL, 30);
    mr_log_status("one");
    mr_log_status("two");
    mr_log_info("between");
    mr_log_info("again");
    mr_log_status("0123456789012345678901234567890123456789");
    mr_log_status_clear();
    mr_log_status_clear();
    capture_end(&captured);
    assert_string_equal(captured.text, "\r\033[Kone\r\033[Ktwo"
                                       "\r\033[Kmyrecon: between\n"
                                       "myrecon: again\n"
                                       "\r\033[K01234567890123456789012345678"
                                       "\r\033[K");
}

enum { THREADS = 4, LINES = 200 };

static void *log_many(void *arg)
{
    const char *name = arg;
    for (int i = 0; i < LINES; i++)
        mr_log_info("<%s %03d %s>", name, i, "0123456789012345678901234567890123456789");
    return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
    (void)state;
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    pthread_t threads[THREADS];
    capture_begin(&captured, CAPTURE_FILE, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    capture_end(&captured);
    size_t lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(captured.text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_int_equal(strlen(line), strlen("myrecon: <a 000 >") + 40);
        assert_memory_equal(line, "myrecon: <", 10);
        assert_int_equal(line[strlen(line) - 1], '>');
        lines++;
    }
    assert_int_equal(lines, THREADS * LINES);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, reset, reset)
    const struct CMUnitTest tests[] = {
        FRESH(test_levels),
        FRESH(test_error_with_detail_and_hint),
        FRESH(test_relayed),
        FRESH(test_color),
        FRESH(test_text_is_made_harmless),
        FRESH(test_passwords_are_hidden),
        FRESH(test_long_line_is_cut),
        FRESH(test_status_line),
        FRESH(test_threads_do_not_mix_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
