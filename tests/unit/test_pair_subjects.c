/* test_pair_subjects.c: whose rows are people, and when a row was created. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_graph.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* The subjects of a run, by name: "members", "members!" where it was inferred. */
static void expect(struct graph *g, const char *ini, const char *subjects)
{
    struct mr_err err = {0};
    struct mr_strbuf found = MR_STRBUF_INIT;
    enum mr_code code = graph_plan(g, ini, &err);
    if (code != MR_OK)
        print_error("%s\n", err.message);
    assert_int_equal(code, MR_OK);
    mr_strbuf_add_str(&found, "");
    for (size_t i = 0; i < g->pairing.ntables; i++) {
        const struct mr_pair *t = g->list[i];
        if (t->find.subject != MR_SUBJECT_NO)
            mr_strbuf_add_fmt(&found, "%s%s%s", found.len > 0 ? " " : "", t->side[MR_SOURCE]->name,
                              t->find.subject == MR_SUBJECT_INFERRED ? "!" : "");
    }
    assert_string_equal(found.ptr, subjects);
    mr_strbuf_release(&found);
    graph_end(g);
}

static void fk(struct graph *g, const char *child, const char *column, const char *parent)
{
    graph_fk(g, MR_SOURCE, column, child, column, parent, "id");
}

/* people <- orders (with a number of their own) <- lines, and a table of nobody's. */
static void build(struct graph *g)
{
    graph_begin(g);
    graph_table(g, "people", "id mobile:text! inviter:int?", NULL);
    graph_table(g, "orders", "id no:text! person_id", NULL);
    graph_table(g, "lines", "id order_id item_id", NULL);
    graph_table(g, "items", "id sku:text!", NULL);
    fk(g, "orders", "person_id", "people");
    fk(g, "lines", "order_id", "orders");
}

static void test_inferred(void **state)
{
    struct graph g;
    (void)state;
    build(&g);
    expect(&g, "", "people!");
    /* to itself it may refer */
    build(&g);
    fk(&g, "people", "inviter", "people");
    expect(&g, "", "people!");
    /* a second root */
    build(&g);
    fk(&g, "lines", "item_id", "items");
    expect(&g, "", "");
    /* ... but not one without an identity of its own */
    build(&g);
    fk(&g, "lines", "item_id", "items");
    expect(&g, "[table club.items]\nidentity = key\n", "people!");
    build(&g);
    fk(&g, "lines", "item_id", "items");
    expect(&g, "[table club.items]\nidentity = none\n", "people!");
    build(&g);
    fk(&g, "lines", "item_id", "items");
    expect(&g, "[table club.items]\nidentity = row\n", "people!");
    /* nobody refers to it but itself */
    graph_begin(&g);
    graph_table(&g, "people", "id mobile:text! inviter:int?", NULL);
    fk(&g, "people", "inviter", "people");
    expect(&g, "", "");
    /* in a circle nobody is above the others */
    build(&g);
    fk(&g, "people", "inviter", "orders");
    expect(&g, "", "");
    /* references of the configuration count as well */
    graph_begin(&g);
    graph_table(&g, "people", "id mobile:text!", NULL);
    graph_table(&g, "logins", "id person_id", NULL);
    expect(&g, "[table club.logins]\nreference = person_id -> club.people.id\n", "people!");
    /* over a table without an identity of its own */
    graph_begin(&g);
    graph_table(&g, "people", "id mobile:text!", NULL);
    graph_table(&g, "orders", "id person_id", NULL);
    graph_table(&g, "lines", "id no:text! order_id", NULL);
    graph_table(&g, "parcels", "id line_id", NULL);
    fk(&g, "orders", "person_id", "people");
    fk(&g, "lines", "order_id", "orders");
    fk(&g, "parcels", "line_id", "lines");
    expect(&g, "", "people!");
}

static void test_configured(void **state)
{
    struct graph g;
    (void)state;
    build(&g);
    expect(&g, "[table club.orders]\nsubject = yes\n", "orders");
    build(&g);
    expect(&g, "[table club.orders]\nsubject = yes\n[table club.people]\nsubject = yes\n",
           "people orders");
    build(&g);
    expect(&g, "[table club.*]\nsubject = yes\n[table club.orders]\nsubject = no\n",
           "people lines items");
    build(&g);
    expect(&g, "[table club.people]\nsubject = no\n", "people!");
    /* the people are in a table that this run leaves out, or cannot read */
    build(&g);
    g.left_out[graph_at(&g, "people")] = true;
    expect(&g, "[table club.people]\nsubject = yes\n", "");
    build(&g);
    g.broken[graph_at(&g, "people")] = true;
    expect(&g, "[table club.people]\nsubject = yes\n", "");
    build(&g);
    g.left_out[graph_at(&g, "people")] = true;
    expect(&g, "", "orders!");
}

/* ---- when a row was created */

static void test_time_column(void **state)
{
    static const struct {
        const char *columns, *ini;
        int at; /* -2: refused */
    } cases[] = {
        {"id a:text", "", -1},
        {"id born:datetime", "", -1},
        {"id created_at:datetime", "", 1},
        {"id born:stamped Create_Time:datetime", "", 2},
        {"id updated_at:stamped", "", 1},
        {"id updated_at:edited", "", -1},
        {"id created_at:text born:stamped", "", 2},
        {"id created_at:edited", "", 1},
        {"id created_at:datetime born:date", "time-column = BORN\n", 2},
        {"id created_at:datetime born:date", "time-column = born\n", 2},
        {"id created_at:datetime born:text", "time-column = born\n", -2},
        {"id created_at:datetime", "time-column = born\n", -2},
        {"id created_at:datetime", "time-column = created_at\nignore-columns = created_at\n", -2},
        {"id created_at:datetime born:stamped", "ignore-columns = created_at\n", 1},
        /* of a pattern's section: whoever has such a column */
        {"id created_at:datetime born:date", "[table *]\ntime-column = born\n", 2},
        {"id created_at:datetime", "[table *]\ntime-column = born\n", 1},
        {"id a", "[table *]\ntime-column = born\n", -1},
        {"id born:text", "[table *]\ntime-column = born\n", -2},
        {"id a", "[table *]\ntime-column = born\n[table club.t]\ntime-column = born\n", -2},
        {"id a", "[table club.t]\ntime-column = born\n[table *]\ntime-column = born\n", -1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct graph g;
        struct mr_err err = {0};
        char ini[256];
        graph_begin(&g);
        graph_table(&g, "t", cases[i].columns, NULL);
        (void)snprintf(ini, sizeof ini, "%s%s", cases[i].ini[0] == '[' ? "" : "[table club.t]\n",
                       cases[i].ini);
        enum mr_code code = graph_plan(&g, ini, &err);
        if (cases[i].at == -2) {
            assert_int_equal(code, MR_E_CONFIG);
            assert_non_null(strstr(err.message, "\"club.t\""));
        } else {
            assert_int_equal(code, MR_OK);
            assert_int_equal(g.planned[0].find.time_at, cases[i].at);
        }
        graph_end(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inferred),
        cmocka_unit_test(test_configured),
        cmocka_unit_test(test_time_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
