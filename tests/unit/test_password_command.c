/* test_password_command.c: passwords that a program prints, and programs that print none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/signals.h"
#include "core/db/login_opts.h"
#include "core/db/option_file.h"
#include "core/db/password_command.h"

#define PATIENCE_S 20

static char host[] = "db.example", user[] = "recon";

static enum mr_code run(const char *command, double seconds, char **password, struct mr_err *err)
{
    char *copy = strdup(command);
    assert_non_null(copy);
    const struct mr_endpoint ep = {.kind = MR_ENDPOINT_MYSQL,
                                   .host = host,
                                   .user = user,
                                   .port = 3307,
                                   .password_command = copy,
                                   .connect_timeout_s = (unsigned)seconds};
    *err = (struct mr_err){0};
    const enum mr_code code =
        mr_password_command_run(&ep, "db.example:3307", mr_clock_now_s() + seconds, password, err);
    free(copy);
    return code;
}

/* ---- what is printed ---- */

static const struct {
    const char *command, *password;
} good[] = {
    {"echo secret", "secret"},
    {"  echo\t secret  word ", "secret word"},
    {"printf secret", "secret"},
    {"printf secret\\\\nmore\\\\n", "secret"}, /* a \ is for the shell */
    {"printf 'a b\\r\\nmore'", "a b"},
    {"printf 'a\\rb\\n'", "a\rb"},
    {"echo ' kept as it is '", " kept as it is "},
    {"echo \"$MYRECON_USER@$MYRECON_HOST:$MYRECON_PORT\"", "recon@db.example:3307"},
    {"PART=x; echo $PART", "x"},
    {"A=b printenv A", "b"},
    {"echo x >&2; echo y", "y"},
    {"read line; echo nothing to read: $?", "nothing to read: 1"},
    {"echo ${MYRECON_PASSWORD-none}${MYRECON_SOURCE_PASSWORD-none}", "nonenone"},
    {"ls /proc/self/fd | tr -d '\\n' | sed 's/[^012]//g'", "012"},
    {"trap 'echo heard' INT; kill -s INT $$", "heard"},
    {"sleep 60 & echo at once", "at once"}, /* who holds the pipe open does not hold us */
};

static void test_good(void **state)
{
    (void)state;
    assert_int_equal(setenv("MYRECON_PASSWORD", "other", 1), 0);
    assert_int_equal(setenv("MYRECON_SOURCE_PASSWORD", "other", 1), 0);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct mr_err err;
        char *password = NULL;
        const double begun_s = mr_clock_now_s();
        if (run(good[i].command, PATIENCE_S, &password, &err) != MR_OK)
            fail_msg("%s: %s", good[i].command, err.message);
        assert_string_equal(password, good[i].password);
        assert_true(mr_clock_now_s() - begun_s < PATIENCE_S);
        free(password);
    }
}

/* The longest line, and one byte more. */
static void test_long(void **state)
{
    (void)state;
    struct mr_err err;
    char *password = NULL, command[80];
    (void)snprintf(command, sizeof command, "head -c %d /dev/zero | tr '\\0' x",
                   MR_PASSWORD_LINE_MAX);
    assert_int_equal(run(command, PATIENCE_S, &password, &err), MR_OK);
    assert_int_equal(strlen(password), MR_PASSWORD_LINE_MAX);
    free(password);
    (void)snprintf(command, sizeof command, "head -c %d /dev/zero | tr '\\0' x",
                   MR_PASSWORD_LINE_MAX + 1);
    assert_int_equal(run(command, PATIENCE_S, &password, &err), MR_E_AUTH);
    assert_null(password);
    assert_non_null(strstr(err.message, "more than 16384 bytes"));
}

static const struct {
    const char *command;
    enum mr_code code;
    const char *message, *detail;
} bad[] = {
    {"false", MR_E_CONNECT,
     "command \"false\" of server \"db.example:3307\" failed with exit status 1", ""},
    {"exit 1", MR_E_CONFIG, "\"exit\"", ""}, /* a word of shells, and no program */
    {"nonesuch-7 'x'", MR_E_CONNECT, "exit status 127: no such program", NULL},
    {"/", MR_E_CONFIG, "could not run", ""},
    {"nonesuch-7 x", MR_E_CONFIG, "could not run the password command \"nonesuch-7\"", ""},
    {" ", MR_E_CONFIG, "is empty", ""},
    {"true", MR_E_AUTH, "prints nothing", ""},
    {"echo", MR_E_AUTH, "prints nothing", ""},
    {"printf '\\r\\nsecret\\n'", MR_E_AUTH, "prints nothing", ""},
    {"printf 'sec\\0ret'", MR_E_AUTH, "a zero byte", ""},
    {"printf 'secret\\nmore\\0'", MR_E_AUTH, "a zero byte", ""},
    {"yes", MR_E_AUTH, "\"yes\" of server \"db.example:3307\" prints more than 65536 bytes", ""},
    {"kill -TERM $$", MR_E_CONNECT, "was ended by SIGTERM", ""},
    {"echo secret; echo no rights >&2; exit 2", MR_E_CONNECT, "exit status 2",
     "it said: no rights"},
    {"echo secret; echo the secret is wrong >&2; exit 2", MR_E_CONNECT, "exit status 2", ""},
    {"printf '\\33[31mred\\n\\n' >&2; exit 2", MR_E_CONNECT, "exit status 2",
     "it said: \\x1b[31mred"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mr_err err;
        char *password = NULL;
        const enum mr_code code = run(bad[i].command, PATIENCE_S, &password, &err);
        assert_null(password);
        if (code != bad[i].code || strstr(err.message, bad[i].message) == NULL)
            fail_msg("%s: %d, %s", bad[i].command, (int)code, err.message);
        if (bad[i].detail != NULL && strcmp(err.detail, bad[i].detail) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", bad[i].command, err.detail, bad[i].detail);
        assert_null(strstr(err.message, "secret"));
    }
}

/* It is ended with all that it has started. */
static void test_time(void **state)
{
    (void)state;
    static const char *const commands[] = {"sleep 60", "trap '' INT TERM HUP; sleep 60 | sleep 60"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct mr_err err;
        char *password = NULL;
        const double begun_s = mr_clock_now_s();
        assert_int_equal(run(commands[i], 1, &password, &err), MR_E_CONNECT);
        assert_non_null(strstr(err.message, "did not end within 1 s"));
        assert_true(mr_clock_now_s() - begun_s < 3);
    }
}

/* In a process of its own, since a flag that was raised stays up. */
static void interrupted(void)
{
    struct mr_err err;
    char *password = NULL;
    mr_signals_install();
    assert_int_equal(alarm(PATIENCE_S), 0);
    const pid_t whom = getpid();
    const pid_t who = fork();
    if (who == 0) {
        (void)usleep(200000);
        _exit(kill(whom, SIGTERM));
    }
    const double begun_s = mr_clock_now_s();
    const enum mr_code code = run("sleep 60", PATIENCE_S, &password, &err);
    const bool in_time = mr_clock_now_s() - begun_s < 2;
    /* who has a statement to end then logs in once more */
    const enum mr_code again = run("echo secret", PATIENCE_S, &password, &err);
    _exit(code == MR_E_CANCELLED && in_time && again == MR_OK ? 0 : 1);
}

static void test_interrupted(void **state)
{
    (void)state;
    int status = 0;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        interrupted();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- where it may be given ---- */

static void set(const char *name, const char *value)
{
    assert_int_equal(value != NULL ? setenv(name, value, 1) : unsetenv(name), 0);
}

static const struct {
    const char *uri, *option, *role_env, *env;
    const char *password, *command;
} places[] = {
    {"mysql://h", NULL, NULL, NULL, NULL, NULL},
    {"mysql://h", "opt", NULL, NULL, NULL, "opt"},
    {"mysql://h", "opt", "e", "f", NULL, "opt"},
    {"mysql://h", NULL, "e", "f", "e", NULL},
    {"mysql://h", NULL, NULL, "f", "f", NULL},
    {"mysql://u:p@h", "opt", "e", "f", "p", NULL},
    {"mysql://u:@h", "opt", "e", "f", "", NULL},
    {"mysql://h?password-command=a%20b", "opt", "e", "f", NULL, "a b"},
    {"mysql://h?password-command=a%26b&ssl-mode=required", NULL, NULL, "f", NULL, "a&b"},
};

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct mr_err err;
        struct mr_endpoint ep, copy;
        struct mr_strbuf text = MR_STRBUF_INIT;
        const struct mr_login_opts opts = {.password_command = places[i].option};
        set("MYRECON_TARGET_PASSWORD", places[i].role_env);
        set("MYRECON_PASSWORD", places[i].env);
        assert_int_equal(mr_endpoint_parse(&ep, places[i].uri, &err), MR_OK);
        assert_int_equal(mr_login_complete(&ep, "TARGET", "target", &opts, &err), MR_OK);
        assert_int_equal(mr_endpoint_copy(&copy, &ep, &err), MR_OK);
        mr_endpoint_release(&ep);
        if (places[i].password != NULL)
            assert_string_equal(copy.password, places[i].password);
        else
            assert_null(copy.password);
        if (places[i].command != NULL)
            assert_string_equal(copy.password_command, places[i].command);
        else
            assert_null(copy.password_command);
        mr_endpoint_uri(&copy, &text); /* what a case or a plan keeps runs nothing */
        assert_null(strstr(text.ptr, "command"));
        mr_strbuf_reset(&text);
        mr_endpoint_drop_account(&copy, &text);
        assert_null(copy.password_command);
        mr_endpoint_release(&copy);
        mr_strbuf_release(&text);
    }
    set("MYRECON_PASSWORD", NULL);
    set("MYRECON_TARGET_PASSWORD", NULL);
}

static void test_both(void **state)
{
    (void)state;
    struct mr_err err;
    struct mr_endpoint ep;
    assert_int_equal(mr_endpoint_parse(&ep, "mysql://u:p@h?password-command=x", &err), MR_E_USAGE);
    assert_int_equal(mr_endpoint_parse(&ep, "snapshot:d?password-command=x", &err), MR_E_USAGE);
}

/* ---- option files ---- */

static char dir[] = "/tmp/test_password_command.XXXXXX";

static enum mr_code apply(struct mr_endpoint *ep, const char *text, mode_t mode,
                          const char *account, struct mr_err *err)
{
    char path[256], uri[512];
    (void)snprintf(path, sizeof path, "%s/my.cnf", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    (void)snprintf(uri, sizeof uri, "mysql://%sh?defaults-file=%s", account, path);
    assert_int_equal(mr_endpoint_parse(ep, uri, err), MR_OK);
    return mr_option_file_apply(ep, err);
}

static const struct {
    const char *text, *account;
    const char *password, *command;
} files[] = {
    {"[client]\npassword-command = get token # of today\n", "", NULL, "get token"},
    {"[client]\npassword_command=\"get 'a b'\"\n", "", NULL, "get 'a b'"},
    {"[client]\npassword=p\n[myrecon]\npassword-command=get\n", "", NULL, "get"},
    {"[client]\npassword-command=get\n[myrecon]\npassword=p\n", "", "p", NULL},
    {"[client]\npassword-command=get\n", "u:q@", "q", NULL},
    {"[client]\npassword-command=\n", "", NULL, NULL},
    {"[mysqld]\npassword-command=get\n", "", NULL, NULL},
};

static void test_option_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct mr_err err;
        struct mr_endpoint ep;
        if (apply(&ep, files[i].text, 0640, files[i].account, &err) != MR_OK)
            fail_msg("%s: %s", files[i].text, err.message);
        if (files[i].password != NULL)
            assert_string_equal(ep.password, files[i].password);
        else
            assert_null(ep.password);
        if (files[i].command != NULL)
            assert_string_equal(ep.password_command, files[i].command);
        else
            assert_null(ep.password_command);
        mr_endpoint_release(&ep);
    }
}

static void refuses(mode_t mode)
{
    struct mr_err err;
    struct mr_endpoint ep;
    assert_int_equal(apply(&ep, "[client]\n\npassword-command=get\n", mode, "", &err), MR_E_CONFIG);
    assert_non_null(strstr(err.message, "line 3: password-command in a file that others"));
    assert_null(ep.password_command);
    mr_endpoint_release(&ep);
}

/* Who may write the file would run what he likes. */
static void test_writable(void **state)
{
    (void)state;
    struct mr_err err;
    struct mr_endpoint ep;
    char path[256];
    refuses(0660);
    assert_int_equal(apply(&ep, "[client]\npassword=p\n", 0660, "", &err), MR_OK);
    mr_endpoint_release(&ep);
    (void)snprintf(path, sizeof path, "%s/my.cnf", dir);
    if (geteuid() == 0) { /* another user's */
        assert_int_equal(chown(path, 12345, 0), 0);
        refuses(0600);
    }
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/my.cnf", dir);
    (void)unlink(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),        cmocka_unit_test(test_long),
        cmocka_unit_test(test_bad),         cmocka_unit_test(test_time),
        cmocka_unit_test(test_interrupted), cmocka_unit_test(test_places),
        cmocka_unit_test(test_both),        cmocka_unit_test(test_option_files),
        cmocka_unit_test(test_writable),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
