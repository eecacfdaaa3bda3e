/* test_run_command.c: the check of a run, as a command that can be pasted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/case/run_command.h"

#define ALL "objects=all\nconsistent=0\n"

static void test_check(void **state)
{
    static const struct {
        const char *options, *config, *case_path, *wanted;
    } cases[] = {
        {"since=\n" ALL, NULL, "club.case",
         "myrecon check --case club.case mysql://a@x/club mysql://b@y:33/club"},
        {"since=\n" ALL, "my files/club.ini", NULL,
         "myrecon check --config 'my files/club.ini' mysql://a@x/club "
         "mysql://b@y:33/club"},
        {"tables=club.*\ntables=shop.o'x\nexclude=*.log\nsince=2026-04-02 12:00:00\n"
         "objects=table,column\nconsistent=1\n",
         NULL, "-",
         "myrecon check --case - --tables 'club.*' --tables 'shop.o'\\''x' "
         "--exclude '*.log' --since '2026-04-02 12:00:00' --objects table,column "
         "--consistent mysql://a@x/club mysql://b@y:33/club"},
        /* what is configured comes from the configuration; a condition may have lines */
        {"where=club.t=a = 'x\ny'\n  AND b\nsince=\n" ALL
         "rows of club.t=a = 'x\ny'\n  AND b\nreference a -> b.c.d when e\n",
         NULL, NULL,
         "myrecon check --where 'club.t=a = '\\''x\ny'\\''\n  AND b' mysql://a@x/club "
         "mysql://b@y:33/club"},
        {"where=club.t=a\nsame-server=1\ntrust-manifest=1\n", NULL, NULL,
         "myrecon check --where club.t=a --same-server --trust-manifest "
         "mysql://a@x/club mysql://b@y:33/club"},
        {"", NULL, NULL, "myrecon check mysql://a@x/club mysql://b@y:33/club"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct mr_find_run run = {.source = "mysql://a@x/club",
                                        .target = "mysql://b@y:33/club",
                                        .options = cases[i].options};
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_run_check_command(&run, cases[i].config, cases[i].case_path, &out);
        assert_string_equal(out.ptr, cases[i].wanted);
        mr_strbuf_release(&out);
    }
}

/* Without what chooses rows. */
static void test_whole(void **state)
{
    const struct mr_find_run run = {.source = "mysql://a@x/club",
                                    .target = "mysql://b@y/club",
                                    .options = "tables=club.t\nwhere=club.t=a = 'x\ny'\nwhere="
                                               "club.u=b\nsince=2026-04-02\nobjects=table\n"};
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    mr_run_whole_command(&run, "c.ini", "club.case", &out);
    assert_string_equal(out.ptr, "myrecon check --config c.ini --case club.case --tables club.t "
                                 "--objects table mysql://a@x/club mysql://b@y/club");
    mr_strbuf_release(&out);
}

/* As it was connected; people are told where it is. */
static void test_options(void **state)
{
    const struct mr_find_run run = {
        .source = "mysql://a@x:33/club",
        .target = "mysql://b@y/club?socket=/run/a%20b.sock",
        .uri = {"mysql://a@x:33/club?ssl-mode=verify-ca&ssl-ca=/etc/my%20ca.pem", NULL},
        .options = ""};
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    mr_run_check_command(&run, NULL, NULL, &out);
    assert_string_equal(out.ptr, "myrecon check "
                                 "'mysql://a@x:33/club?ssl-mode=verify-ca&ssl-ca=/etc/my%20ca.pem' "
                                 "'mysql://b@y/club?socket=/run/a%20b.sock'");
    mr_strbuf_reset(&out);
    mr_run_add_side(&run, 0, &out);
    mr_run_add_side(&run, 1, &out);
    assert_string_equal(out.ptr, "SOURCE (lost history, x:33)"
                                 "TARGET (live, y socket /run/a b.sock)");
    mr_strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
