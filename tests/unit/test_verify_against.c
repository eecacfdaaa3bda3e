/* test_verify_against.c: the check that snapshot verify --against runs, and what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/check/check_options.h"
#include "snapshot/verify_against.h"

static struct {
    enum mr_code code;
    char operands[2][80];
} ran;

static enum mr_code fake_check(const struct mr_invocation *invocation, int *exit_code,
                               struct mr_err *err)
{
    assert_int_equal(invocation->noperands, 2);
    for (size_t i = 0; i < 2; i++)
        (void)snprintf(ran.operands[i], sizeof ran.operands[i], "%s", invocation->operands[i]);
    *exit_code = 1;
    if (ran.code != MR_OK)
        (void)mr_err_set(err, ran.code, "of check");
    mr_err_hint(err, "Go on with --resume.");
    return ran.code;
}

/* verify has no --resume to be told of; any other error is check's own. */
static void test_hints(void **state)
{
    static const struct {
        enum mr_code code;
        const char *hint;
    } cases[] = {
        {MR_OK, "Go on with --resume."},
        {MR_E_CANCELLED, "The snapshot is whole. Run it again to compare it."},
        {MR_E_CONNECT, "Go on with --resume."},
    };
    static const struct mr_command_doc doc = {.summary = "", .operands = "SOURCE TARGET"};
    static const struct mr_command check = {.name = "check",
                                            .doc = &doc,
                                            .options = &mr_check_option_set,
                                            .min_operands = 2,
                                            .max_operands = 2,
                                            .run = fake_check};
    static const struct mr_command *const commands[] = {&check};
    const struct mr_invocation verify = {.commands = {.items = commands, .count = 1}};
    const struct mr_snap_options opts = {
        .against = "mysql://a@b/c", .decrypt_with = "k y.pem", .threads = 1};
    (void)state;
    assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
    assert_int_equal(unsetenv("MYRECON_CONFIG"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_err err = {0};
        int exit_code = 0;
        ran.code = cases[i].code;
        assert_int_equal(mr_verify_against(&verify, &opts, "d/i r", &exit_code, &err), ran.code);
        assert_string_equal(err.hint, cases[i].hint);
        assert_int_equal(exit_code, 1);
        assert_string_equal(ran.operands[0], "snapshot:d/i%20r?key=k%20y.pem");
        assert_string_equal(ran.operands[1], "mysql://a@b/c");
    }
}

/* However many there are. */
static void test_all_options(void **state)
{
    static const struct mr_command_doc doc = {.summary = "", .operands = "SOURCE TARGET"};
    static const struct mr_command check = {.name = "check",
                                            .doc = &doc,
                                            .options = &mr_check_option_set,
                                            .min_operands = 2,
                                            .max_operands = 2,
                                            .run = fake_check};
    static const struct mr_command *const commands[] = {&check};
    const struct mr_invocation verify = {.commands = {.items = commands, .count = 1}};
    const struct mr_snap_options opts = {
        .general = {.brief = true, .verbose = 200, .progress = MR_PROGRESS_ALWAYS},
        .against = "mysql://a@b/c",
        .json = true,
        .case_path = "f.case",
        .login = {.password_command = "cat pw"},
        .threads = 1,
        .statement_timeout_s = 7};
    struct mr_err err = {0};
    int exit_code = 0;
    (void)state;
    ran.code = MR_OK;
    assert_int_equal(mr_verify_against(&verify, &opts, "d", &exit_code, &err), MR_OK);
    assert_string_equal(ran.operands[1], "mysql://a@b/c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_all_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
