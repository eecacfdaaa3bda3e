/* test_plan_recheck.c: the check that compares what a plan lacks, as a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_graph.h"
#include "repair/plan/plan_recheck.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct mr_find_run run = {
    .source = "mysql://a@x/club?ssl-mode=required", .target = "mysql://b@y/club2", .options = ""};
static const char *const dbs[MR_SIDES][1] = {{"club"}, {"club2"}};

/* members ← orders ← lines; notes stand alone.  Planned: members. */
static void begin(struct plan_graph *p, bool named)
{
    memset(p, 0, sizeof *p);
    graph_begin(&p->g);
    graph_table(&p->g, "members", "id mobile:text!", NULL);
    graph_table(&p->g, "orders", "id member_id:int?", NULL);
    graph_table(&p->g, "lines", "id order_id:int?", NULL);
    graph_table(&p->g, "no'tes", "id about:int?", NULL);
    graph_fk(&p->g, MR_SOURCE, "fk1", "orders", "member_id", "members", "id");
    graph_fk(&p->g, MR_SOURCE, "fk2", "lines", "order_id", "orders", "id");
    p->g.left_out[1] = p->g.left_out[2] = p->g.left_out[3] = true;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        p->g.cat[side].ndbs = 1;
        p->g.servers[side].dbs = dbs[side];
        p->g.servers[side].ndbs = named;
    }
}

static void test_commands(void **state)
{
    static const struct {
        const char *ini, *config;
        struct mr_recheck_table more[3];
        size_t nmore;
        bool named;
        const char *wanted;
    } cases[] = {
        /* what references tie comes along, up and down */
        {"",
         NULL,
         {{NULL, NULL}},
         0,
         true,
         "myrecon check --case c --tables club.members --tables club.orders --tables club.lines "
         "'mysql://a@x/club?ssl-mode=required' mysql://b@y/club2"},
        /* where that is all there is, no table is named */
        {"[table club.no'tes]\nreference = about -> club.lines.id\n",
         "my.ini",
         {{NULL, NULL}},
         0,
         true,
         "myrecon check --config my.ini --case c 'mysql://a@x/club?ssl-mode=required' "
         "mysql://b@y/club2"},
        {"[table club.no'tes]\nreference = none: about\n",
         NULL,
         {{NULL, NULL}},
         0,
         true,
         "myrecon check --case c --tables club.members --tables club.orders --tables club.lines "
         "'mysql://a@x/club?ssl-mode=required' mysql://b@y/club2"},
        {"",
         NULL,
         {{"club", "no'tes"}},
         1,
         true,
         "myrecon check --case c 'mysql://a@x/club?ssl-mode=required' mysql://b@y/club2"},
        /* databases that the servers' URIs do not name, once, as a URI writes them */
        {"",
         NULL,
         {{"bill ing", "a"}, {"bill ing", "b"}, {"x,y", "c"}},
         3,
         true,
         "myrecon check --case c --tables club.members --tables 'bill ing.a' --tables 'bill ing.b' "
         "--tables x,y.c --tables club.orders --tables club.lines "
         "'mysql://a@x/club,bill%20ing,x%2Cy?ssl-mode=required' "
         "mysql://b@y/club2,bill%20ing,x%2Cy"},
        /* without names a URI means all of them */
        {"",
         NULL,
         {{"billing", "a"}},
         1,
         false,
         "myrecon check --case c --tables club.members --tables billing.a --tables club.orders "
         "--tables club.lines 'mysql://a@x/club?ssl-mode=required' mysql://b@y/club2"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan_graph p;
        struct mr_strbuf out = MR_STRBUF_INIT;
        begin(&p, cases[i].named);
        plan_graph(&p, cases[i].ini);
        const struct mr_plan_recheck recheck = {.tables = &p.plan,
                                                .run = &run,
                                                .case_path = "c",
                                                .config = cases[i].config,
                                                .more = cases[i].more,
                                                .nmore = cases[i].nmore};
        assert_int_equal(mr_plan_recheck_command(&recheck, &out, NULL), MR_OK);
        assert_string_equal(out.ptr, cases[i].wanted);
        mr_strbuf_release(&out);
        graph_end(&p.g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_commands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
