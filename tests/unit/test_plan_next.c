/* test_plan_next.c: the command that comes after a plan, whatever its file names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/plan/plan_next.h"
#include "repair_sample.h"

#define BY_ANOTHER                                                                                 \
    "apply it by an account that may write (MYRECON_USER, MYRECON_PASSWORD or an option"           \
    " file say which), with: "

#define AS_READER "mysql://ro@live/club?ssl-mode=verify-ca&ssl-ca=/c.pem&ssl-cert=/ro.pem"

/* Options of the server go on to another account, those of the account do not. */
static void test_options(void **state)
{
    struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    m.uri[MR_TARGET] = AS_READER;
    m.apply_to = mr_plan_next_target(AS_READER, NULL, &m.server, &arena);
    assert_string_equal(m.apply_to, "mysql://live/club?ssl-mode=verify-ca&ssl-ca=/c.pem");
    mr_plan_next_apply(&m, "p", &out);
    assert_string_equal(out.ptr,
                        "apply it by an account that may write (MYRECON_USER, MYRECON_PASSWORD "
                        "or an option file say which; add its own ssl-cert to the URI where it "
                        "needs them), with: myrecon repair apply p "
                        "'mysql://live/club?ssl-mode=verify-ca&ssl-ca=/c.pem'\n");
    mr_strbuf_release(&out);
    mr_arena_release(&arena);
}

static void check_line(const char *target, const char *want)
{
    struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_strbuf out = MR_STRBUF_INIT;
    m.target = target;
    mr_plan_next_apply(&m, "plan dir", &out);
    assert_false(out.failed);
    assert_string_equal(out.ptr, want);
    mr_strbuf_release(&out);
}

static void test_accounts(void **state)
{
    (void)state;
    check_line("mysql://dba@live/club",
               "apply it with: myrecon repair apply 'plan dir' mysql://dba@live/club\n");
    check_line("mysql://live/club",
               BY_ANOTHER "myrecon repair apply 'plan dir' mysql://live/club\n");
}

/* A file may call anything its target. */
static void test_no_uri(void **state)
{
    (void)state;
    check_line("", BY_ANOTHER "myrecon repair apply 'plan dir' ''\n");
    check_line("live", BY_ANOTHER "myrecon repair apply 'plan dir' live\n");
    check_line("dba@live", "apply it with: myrecon repair apply 'plan dir' dba@live\n");
}

static void test_nothing_planned(void **state)
{
    struct mr_manifest m = sample_manifest(MR_FLAVOUR_MARIADB);
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    m.ncounters = 0;
    mr_plan_next_apply(&m, "p", &out);
    assert_int_equal(out.len, 0);
    mr_strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_no_uri),
        cmocka_unit_test(test_nothing_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
