/* test_route.c: what a proxy does with statements of a kind, and what is made of it. */
#include "snap_world.h"

#include "core/db/route.h"

#define HERE "7|1|db1"

struct one {
    const char *what;
    unsigned long greeted;
    const char *alone, *reading, *writing; /* what answers: number, server_id, host name */
    bool is_proxied;
    const char *why; /* NULL: all come to one session */
    unsigned asked;
};

static const struct one cases[] = {
    {"a server", 7, HERE, NULL, NULL, false, NULL, 1},
    {"a number beyond 32 bits", 7, "4294967303|1|db1", NULL, NULL, false, NULL, 1},
    {"a proxy of one server", 99, HERE, HERE, HERE, true, NULL, 9},
    {"what reads goes elsewhere", 99, "8|2|db2", NULL, NULL, true,
     "reach two servers: \"db1\" (server_id 1) and \"db2\" (server_id 2)", 1},
    {"a server and its clone", 99, "7|1|db2", NULL, NULL, true,
     "\"db1\" (server_id 1) and \"db2\" (server_id 1)", 1},
    {"what reads in a transaction", 99, HERE, "8|2|db2", HERE, true,
     "\"db1\" (server_id 1) and \"db2\" (server_id 2)", 4},
    {"what may write", 99, HERE, HERE, "8|2|db2", true,
     "\"db1\" (server_id 1) and \"db2\" (server_id 2)", 8},
    {"another session", 99, HERE, HERE, "8|1|db1", true,
     "reach two sessions of server \"db1\" (server_id 1): 7 and 8", 8},
    {"nobody", 7, "", NULL, NULL, false, "does not say who it is", 1},
};

static void test_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const char *const answers[] = {c->alone, c->alone, c->reading, c->alone, c->writing};
        struct world_answer script[LEN(answers)];
        struct mr_err err = {0};
        bool is_proxied = false;
        for (size_t k = 0; k < LEN(answers); k++)
            script[k] = (struct world_answer){
                .has = "SELECT CONNECTION_ID(), @@", .rows = answers[k], .times = 1};
        world_begin(script, LEN(script));
        world.server.server_id = 1;
        (void)snprintf(world.server.hostname, sizeof world.server.hostname, "db1");
        const enum mr_code code =
            mr_route_check(world_db(), c->greeted, &world.server, &is_proxied, &err);
        const enum mr_code wanted = c->why == NULL        ? MR_OK
                                    : c->alone[0] == '\0' ? MR_E_SQL
                                                          : MR_E_MOVED;
        if (code != wanted || (c->why != NULL && strstr(err.message, c->why) == NULL))
            fail_msg("%s: %s", c->what, err.message);
        if (is_proxied != c->is_proxied || world.asked != c->asked)
            fail_msg("%s: %s", c->what, world_sent());
        world_end();
    }
}

/* Whatever statement fails ends it. */
static void test_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 9; n++) {
        static const struct world_answer script[] = {
            {.has = "SELECT CONNECTION_ID(), @@", .rows = HERE}};
        struct mr_err err = {0};
        bool is_proxied = false;
        world_begin(script, LEN(script));
        world.server.server_id = 1;
        (void)snprintf(world.server.hostname, sizeof world.server.hostname, "db1");
        world.fail_at = n;
        assert_int_equal(mr_route_check(world_db(), 99, &world.server, &is_proxied, &err),
                         MR_E_LOST);
        assert_int_equal(world.asked, n);
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each), cmocka_unit_test(test_fails)};
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
