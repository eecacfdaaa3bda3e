/* test_plan_moved.c: a plan of other servers than those that its run has read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture.h"
#include "check_case.h"
#include "repair/planning/plan_moved.h"

static struct mr_catalogue known[3]; /* of three servers */

static const struct {
    int source, target; /* that the run has read; -1: a snapshot */
    int now[MR_SIDES];  /* that the plan is of */
    size_t source_warned, target_warned;
} worlds[] = {
    {0, 1, {0, 1}, 0, 0},  {0, 1, {0, 2}, 0, 1}, /* after a second failover */
    {0, 1, {2, 1}, 1, 0},  {0, 1, {1, 0}, 1, 1},
    {-1, 1, {0, 1}, 0, 0}, /* of a snapshot nothing is known */
    {-1, 1, {0, 2}, 0, 1},
};

static void set_up(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct mr_server *s = &known[i].server;
        *s = (struct mr_server){.flavour = MR_FLAVOUR_MARIADB, .server_id = i + 1, .port = 3306};
        (void)snprintf(s->hostname, sizeof s->hostname, "db%u", i);
        (void)snprintf(s->datadir, sizeof s->datadir, "/data%u/", i);
    }
}

static void test_worlds(void **state)
{
    (void)state;
    set_up();
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        struct check_case c;
        struct capture said;
        const struct mr_server *servers[2] = {
            worlds[i].source >= 0 ? &known[worlds[i].source].server : NULL,
            &known[worlds[i].target].server};
        const struct mr_server_side side[MR_SIDES] = {{.cat = &known[worlds[i].now[MR_SOURCE]]},
                                                      {.cat = &known[worlds[i].now[MR_TARGET]]}};
        case_begin(&c);
        assert_int_equal(mr_findings_servers_save(c.fd, servers, 2, NULL), MR_OK);
        capture_begin(&said, CAPTURE_FILE, 0);
        const enum mr_code code = mr_plan_moved_warn(c.fd, &c.run, side, NULL);
        capture_end(&said);
        assert_int_equal(code, MR_OK);
        assert_int_equal(capture_count(&said, "the source is not the server that run "
                                              "20260102T030405Z-8f3a has read"),
                         worlds[i].source_warned);
        assert_int_equal(capture_count(&said, "the target is not the server that run"),
                         worlds[i].target_warned);
        if (worlds[i].target_warned > 0)
            assert_int_equal(capture_count(&said, "\"db2\" (server_id 3") +
                                 capture_count(&said, "now: MariaDB \"db0\" (server_id 1"),
                             1);
        case_end(&c);
    }
}

/* A case that an earlier version has made. */
static void test_unknown(void **state)
{
    struct check_case c;
    struct capture said;
    const struct mr_server_side side[MR_SIDES] = {{.cat = &known[0]}, {.cat = &known[1]}};
    (void)state;
    case_begin(&c);
    capture_begin(&said, CAPTURE_FILE, 0);
    assert_int_equal(mr_plan_moved_warn(c.fd, &c.run, side, NULL), MR_OK);
    capture_end(&said);
    assert_string_equal(said.text, "");
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worlds),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
