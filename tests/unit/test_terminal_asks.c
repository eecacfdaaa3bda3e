/* test_terminal_asks.c: questions on a terminal, their answers, and signals in place of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/cli/confirm.h"
#include "core/db/endpoint.h"
#include "core/file/pem_key.h"

#define CTRL_C "\003"
#define ENDS_WITHIN_S 2

static int ask_to_go_on(void)
{
    struct mr_err err = {.code = MR_OK};
    enum mr_code code = mr_confirm("go on?", false, &err);
    if (code != MR_OK && strcmp(mr_err_get_hint(&err), "Nothing was changed.") != 0)
        return 99;
    return mr_code_exit(code);
}

/* On a server that calls itself so. */
static int ask_foreign(void)
{
    return mr_code_exit(mr_confirm("undo on \"\x1b[2K\rlive\xe2\x80\xae\"?", false, NULL));
}

static int ask_password(void)
{
    struct mr_err err = {.code = MR_OK};
    struct mr_endpoint ep;
    struct termios after;
    if (mr_endpoint_parse(&ep, "mysql://u@h", &err) != MR_OK)
        return 98;
    int status = mr_code_exit(mr_endpoint_ask_password(&ep, "source", &err));
    if (status == 0 && strcmp(ep.password, "y") != 0)
        status = 97;
    if (tcgetattr(STDIN_FILENO, &after) != 0 || (after.c_lflag & ECHO) == 0)
        status = 96; /* what is typed next would not be seen */
    mr_endpoint_release(&ep);
    return status;
}

/* Of ed25519; its pass phrase is yes4. */
static const char encrypted_key[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjtxELQOzQ2CgICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFNiYmfdHEsG9naBuT3ESmUEQNX8\n"
    "lbG8sXNyO12Cl3/6dT2qCyDLtSt1nIaajjB0EtMvLCzb0WAG9Qnn6vBt72fNI6XG\n"
    "ExNQX8U2jq3Bnm79gpk=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static int ask_passphrase(void)
{
    struct mr_err err = {.code = MR_OK};
    struct evp_pkey_st *key = NULL;
    char path[] = "/tmp/asks.XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0 || write(fd, encrypted_key, sizeof encrypted_key - 1) < 0 || close(fd) != 0)
        return 98;
    const int status = mr_code_exit(mr_pem_key_load(path, NULL, &key, &err));
    EVP_PKEY_free(key);
    return unlink(path) == 0 ? status : 97;
}

static char printed[200]; /* by the one who asks, until it waits */

/* The exit status of ask() on a terminal of its own, of which it is the foreground; what it
 * prints ends with a blank when it waits.  -1: it did not end in time. */
static int answered(int (*ask)(void), const char *answer)
{
    int fd = -1;
    pid_t child = forkpty(&fd, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0) {
        mr_signals_install();
        _exit(ask());
    }
    char c = '\0', before = '\0';
    size_t len = 0;
    while ((before != ':' && before != ']') || c != ' ') {
        before = c;
        assert_int_equal(read(fd, &c, 1), 1);
        printed[len] = c;
        len += len + 1 < sizeof printed;
    }
    printed[len] = '\0';
    assert_int_equal(write(fd, answer, strlen(answer)), strlen(answer));
    int status = -1;
    for (int i = 0; i < ENDS_WITHIN_S * 100; i++) {
        if (waitpid(child, &status, WNOHANG) == child) {
            (void)close(fd);
            return WIFEXITED(status) ? WEXITSTATUS(status) : 95;
        }
        (void)usleep(10000);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
    (void)close(fd);
    return -1;
}

static void test_answers(void **state)
{
    (void)state;
    assert_int_equal(answered(ask_to_go_on, "y\n"), 0);
    assert_int_equal(answered(ask_to_go_on, "YES\n"), 0);
    assert_int_equal(answered(ask_to_go_on, "n\n"), 5);
    assert_int_equal(answered(ask_to_go_on, "\n"), 5);
    assert_int_equal(answered(ask_password, "y\n"), 0);
    assert_int_equal(answered(ask_passphrase, "yes4\n"), 0);
    assert_int_equal(answered(ask_passphrase, "no\n"), 3);
}

/* What a server says of itself cannot write over the question. */
static void test_foreign(void **state)
{
    (void)state;
    assert_int_equal(answered(ask_foreign, "y\n"), 0);
    assert_string_equal(printed, "undo on \"\\x1b[2K\\rlive\\u{202e}\"? [y/N] ");
    assert_int_equal(answered(ask_foreign, "n\n"), 5);
}

static void test_interrupted(void **state)
{
    (void)state;
    assert_int_equal(answered(ask_to_go_on, CTRL_C), 6);
    assert_int_equal(answered(ask_password, CTRL_C), 6);
    assert_int_equal(answered(ask_password, "secr" CTRL_C), 6);
    assert_int_equal(answered(ask_passphrase, CTRL_C), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
