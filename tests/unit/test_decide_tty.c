/* test_decide_tty.c: keys and lines from a terminal: what a person types, what a terminal sends by itself,
 * what is pasted; and that the terminal is given back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "core/base/signals.h"
#include "repair/page/decide_tty.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define WITHIN_MS 5000
#define PASTE(text) "\033[200~" text "\033[201~"

/* What is typed comes out of a pipe. */
static void begin(struct mr_decide_tty *tty, int *typed)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    *typed = fds[1];
    *tty = (struct mr_decide_tty){.in = fds[0], .out = open("/dev/null", O_WRONLY), .moves = true};
    assert_true(tty->out >= 0);
}

static void end(struct mr_decide_tty *tty, int typed)
{
    assert_int_equal(close(typed) + close(tty->in) + close(tty->out), 0);
}

static void type(int typed, const char *bytes)
{
    assert_int_equal(write(typed, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

/* "1" for the key 1, "up", "down", "esc", "-" for what means nothing. */
static void read_keys(struct mr_decide_tty *tty, char *out, size_t size)
{
    for (size_t len = 0;;) {
        int key = 0;
        assert_int_equal(mr_decide_tty_key(tty, &key, NULL), MR_OK);
        if (key == '$')
            return;
        const char word[2] = {(char)key, '\0'};
        len += (size_t)snprintf(out + len, size - len, "%s ",
                                key == MR_KEY_UP      ? "up"
                                : key == MR_KEY_DOWN  ? "down"
                                : key == MR_KEY_OTHER ? "-"
                                : key == MR_KEY_END   ? "end"
                                : key == 27           ? "esc"
                                                      : word);
        assert_true(len < size && key != MR_KEY_END);
    }
}

/* No digit that a terminal sends, or that is pasted, chooses anything. */
static void test_keys(void **state)
{
    static const struct {
        const char *typed, *later, *keys; /* later: after so long that the first stood alone */
    } cases[] = {
        {"12n", NULL, "1 2 n "},
        {"\033[A\033[B\033OA", NULL, "up down up "},
        {"\033[5~1", NULL, "- 1 "},
        {"\033[1;5A", NULL, "up "},
        {"\0331n", NULL, "- n "},
        /* a slow line parts what belongs together */
        {"\033", "[5~n", "esc - n "},
        {"\033", "[A", "esc up "},
        {"\033", "2", "esc 2 "},
        {"\033\033[3~n", NULL, "- n "},
        {PASTE("1\n2n") "n", NULL, "- n "},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_decide_tty tty;
        int typed = -1, key = 0;
        char keys[200] = "";
        begin(&tty, &typed);
        type(typed, cases[i].typed);
        if (cases[i].later != NULL) {
            assert_int_equal(mr_decide_tty_key(&tty, &key, NULL), MR_OK);
            assert_int_equal(key, 27);
            (void)snprintf(keys, sizeof keys, "esc ");
            type(typed, cases[i].later);
        }
        type(typed, "$");
        read_keys(&tty, keys + strlen(keys), sizeof keys - strlen(keys));
        if (strcmp(keys, cases[i].keys) != 0)
            fail_msg("%zu: %s", i, keys);
        end(&tty, typed);
    }
}

static void test_lines(void **state)
{
    static const struct {
        const char *typed, *line; /* NULL: given up */
    } cases[] = {
        {"Kiel\n", "Kiel"},
        {"K\xc3\xbc\x7f\x7fMun\xc3\xbc\n", "Mun\xc3\xbc"},
        {"abc\025d\r", "d"},
        {"a\033[Db\n", "ab"},
        {"abc\033", NULL},
        /* of another charset: taken only once it is text */
        {"caf\xe9\n\x7f\xc3\xa9\n", "caf\xc3\xa9"},
        {"caf\xe9\n\033", NULL},
        /* what is pasted is text, line ends too, but for those behind it */
        {PASTE("a\nb\t1") "2\n", "a\nb\t12"},
        {PASTE("Kiel\r\n") "\n", "Kiel"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_decide_tty tty;
        struct mr_strbuf line = MR_STRBUF_INIT;
        bool taken = false;
        int typed = -1;
        begin(&tty, &typed);
        type(typed, cases[i].typed);
        assert_int_equal(mr_decide_tty_line(&tty, "Value: ", &line, &taken, NULL), MR_OK);
        assert_int_equal(taken, cases[i].line != NULL);
        if (taken && strcmp(line.ptr, cases[i].line) != 0)
            fail_msg("%zu: %s", i, line.ptr);
        mr_strbuf_release(&line);
        end(&tty, typed);
    }
}

/* What is longer is not taken for the whole. */
static void test_long(void **state)
{
    static char text[70000];
    struct mr_decide_tty tty;
    struct mr_strbuf line = MR_STRBUF_INIT;
    bool taken = false;
    int typed = -1;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    begin(&tty, &typed);
    assert_true(fcntl(typed, F_SETPIPE_SZ, 1 << 20) > 0);
    type(typed, text);
    type(typed, "\n\025y\n");
    assert_int_equal(mr_decide_tty_line(&tty, "Value: ", &line, &taken, NULL), MR_OK);
    assert_true(taken);
    assert_string_equal(line.ptr, "y");
    mr_strbuf_reset(&line);
    type(typed, text + 10000);
    type(typed, "\n");
    assert_int_equal(mr_decide_tty_line(&tty, "Value: ", &line, &taken, NULL), MR_OK);
    assert_int_equal(line.len, sizeof text - 1 - 10000);
    mr_strbuf_release(&line);
    end(&tty, typed);
}

static void test_prompt(void **state)
{
    struct mr_decide_tty tty;
    struct mr_strbuf line = MR_STRBUF_INIT;
    char shown[500] = "";
    bool taken = false;
    int typed = -1, fds[2];
    (void)state;
    begin(&tty, &typed);
    assert_int_equal(close(tty.out) + pipe(fds), 0);
    tty.out = fds[1];
    tty.moves = false;
    type(typed, "\n");
    (void)mr_decide_tty_line(&tty, "Value of \033[2J: ", &line, &taken, NULL);
    type(typed, "a\n");
    (void)mr_decide_tty_line(&tty, "Value of \033[2J: ", &line, &taken, NULL);
    assert_int_equal(close(typed), 0);
    (void)mr_decide_tty_line(&tty, "Value of \033[2J: ", &line, &taken, NULL);
    assert_true(read(fds[0], shown, sizeof shown - 1) > 0);
    assert_null(strchr(shown, '\033'));
    assert_non_null(strstr(shown, "Value of \\x1b[2J: a"));
    mr_strbuf_release(&line);
    assert_int_equal(close(tty.in) + close(tty.out) + close(fds[0]), 0);
}

/* ---- the terminal itself ---- */

static bool is_raw(int fd)
{
    struct termios now;
    assert_int_equal(tcgetattr(fd, &now), 0);
    return (now.c_lflag & (ECHO | ICANON)) != (ECHO | ICANON);
}

static bool becomes_raw(int fd, bool raw)
{
    for (int i = 0; i < WITHIN_MS / 10; i++) {
        if (is_raw(fd) == raw)
            return true;
        (void)usleep(10000);
    }
    return false;
}

/* A run that has opened its terminal, and is busy. */
static pid_t run(int *slave, int *master)
{
    assert_int_equal(openpty(master, slave, NULL, NULL, NULL), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct mr_decide_tty tty;
        mr_signals_install();
        if (login_tty(dup(*slave)) != 0 || mr_decide_tty_open(&tty, NULL) != MR_OK)
            _exit(99);
        for (int i = 0; i < WITHIN_MS / 10; i++)
            (void)usleep(10000);
        _exit(98);
    }
    assert_true(becomes_raw(*slave, true));
    return child;
}

static void finish(pid_t child, int slave, int master)
{
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(close(slave) + close(master), 0);
}

/* The second Ctrl-C ends it at once: the terminal is as it was before. */
static void test_impatient(void **state)
{
    int slave = -1, master = -1, status = 0;
    (void)state;
    const pid_t child = run(&slave, &master);
    (void)usleep(100000);
    assert_int_equal(kill(child, SIGINT), 0);
    (void)usleep(400000);
    assert_int_equal(kill(child, SIGINT), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_false(is_raw(slave));
    assert_int_equal(close(slave) + close(master), 0);
}

/* A shell takes the terminal while the run is stopped, and gives it back as it likes it. */
static void test_resumed(void **state)
{
    struct termios now;
    int slave = -1, master = -1;
    (void)state;
    const pid_t child = run(&slave, &master);
    assert_int_equal(kill(child, SIGSTOP), 0);
    (void)usleep(50000);
    assert_int_equal(tcgetattr(slave, &now), 0);
    now.c_lflag |= ECHO | ICANON;
    assert_int_equal(tcsetattr(slave, TCSANOW, &now), 0);
    assert_int_equal(kill(child, SIGCONT), 0);
    assert_true(becomes_raw(slave, true));
    finish(child, slave, master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),      cmocka_unit_test(test_lines),
        cmocka_unit_test(test_long),      cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_impatient), cmocka_unit_test(test_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
