/* test_pair_references.c: the graph of references, from foreign keys and configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_graph.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* The server's opinion of conditions: those with a ? are none. */
enum mr_code __wrap_mr_pair_try_condition(const struct mr_pairing *pairing,
                                          const struct mr_pair *table,
                                          const char *const condition[MR_SIDES],
                                          struct mr_err *err);
enum mr_code __wrap_mr_pair_try_condition(const struct mr_pairing *pairing,
                                          const struct mr_pair *table,
                                          const char *const condition[MR_SIDES], struct mr_err *err)
{
    (void)pairing;
    (void)table;
    return strchr(condition[MR_TARGET], '?') == NULL ? MR_OK
                                                     : mr_err_set(err, MR_E_SQL, "near '?'");
}

#define MEMBERS "id mobile:text! inviter:int? code:uint area box"

/* members, orders, lines; what a case adds to them. */
static void build(struct graph *g)
{
    graph_begin(g);
    graph_table(g, "members", MEMBERS, NULL);
    graph_table(g, "orders", "id member_id mobile:text kind:text area box", NULL);
    graph_table(g, "lines", "id order_id owner_id nick:latin price:real", NULL);
}

static void expect(struct graph *g, const char *ini, const char *edges)
{
    struct mr_err err = {0};
    enum mr_code code = graph_plan(g, ini, &err);
    if (code != MR_OK)
        print_error("%s\n", err.message);
    assert_int_equal(code, MR_OK);
    assert_string_equal(graph_edges(g), edges);
    graph_end(g);
}

/* ---- foreign keys */

static void test_foreign_keys(void **state)
{
    struct graph g;
    (void)state;
    /* none at all */
    build(&g);
    expect(&g, "", "");
    /* of both sides: one edge, with the source's name */
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk_s", "orders", "member_id", "members", "id");
    graph_fk(&g, MR_TARGET, "fk_t", "orders", "member_id", "members", "id");
    graph_fk(&g, MR_SOURCE, "fk_l", "lines", "order_id", "orders", "id");
    expect(&g, "", "orders.member_id = members.id fk_s\nlines.order_id = orders.id fk_l");
    /* of the target only */
    build(&g);
    graph_fk(&g, MR_TARGET, "fk_t", "orders", "member_id", "members", "id");
    expect(&g, "", "orders.member_id = members.id fk_t");
    /* to itself, and around */
    build(&g);
    graph_fk(&g, MR_SOURCE, "self", "members", "inviter", "members", "id");
    graph_fk(&g, MR_SOURCE, "up", "orders", "member_id", "members", "id");
    graph_fk(&g, MR_SOURCE, "down", "members", "box", "orders", "id");
    expect(&g, "",
           "members.inviter = members.id self\nmembers.box = orders.id down\n"
           "orders.member_id = members.id up");
    /* of two columns */
    build(&g);
    graph_fk(&g, MR_SOURCE, "two", "orders", "box area", "members", "box area");
    expect(&g, "", "orders.box+area = members.box+area two");
    /* two of them to one table */
    build(&g);
    graph_fk(&g, MR_SOURCE, "one", "orders", "member_id", "members", "id");
    graph_fk(&g, MR_SOURCE, "other", "orders", "box", "members", "id");
    expect(&g, "", "orders.member_id = members.id one\norders.box = members.id other");
}

/* Names of columns are compared as servers do; those of tables as that server does. */
static void test_names_of_foreign_keys(void **state)
{
    struct graph g;
    (void)state;
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "MEMBER_ID", "members", "Id");
    expect(&g, "", "orders.member_id = members.id fk");
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "Members", "id");
    expect(&g, "", "orders.member_id = ?club.Members fk");
    build(&g);
    g.cat[MR_SOURCE].server.lower_case_table_names = 1;
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "Members", "id");
    expect(&g, "", "orders.member_id = members.id fk");
    /* and so does what the configuration says of them: one reference, not two */
    build(&g);
    g.cat[MR_SOURCE].server.lower_case_table_names = 1;
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    expect(&g, "[table club.orders]\nreference = member_id -> Club.Members.id\n",
           "orders.member_id = members.id fk");
}

static void test_foreign_keys_that_lead_nowhere(void **state)
{
    struct graph g;
    (void)state;
    /* the parent is left out: one edge under SOURCE's name, though both sides have it */
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk_s", "orders", "member_id", "members", "id");
    graph_fk(&g, MR_TARGET, "fk_t", "orders", "member_id", "members", "id");
    g.left_out[graph_at(&g, "members")] = true;
    expect(&g, "", "orders.member_id = ?club.members fk_s");
    /* the parent cannot be planned */
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    g.broken[graph_at(&g, "members")] = true;
    expect(&g, "", "orders.member_id = ?club.members fk");
    /* the child cannot */
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    g.broken[graph_at(&g, "orders")] = true;
    expect(&g, "", "");
    /* columns that are not compared */
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    expect(&g, "[table club.orders]\nignore-columns = member_id\n", "orders. = ?club.members fk");
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    expect(&g,
           "[table club.orders]\nignore-columns = member_id\n"
           "reference = none: Member_ID\n",
           "");
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "code");
    expect(&g, "[table club.members]\nignore-columns = code\n",
           "orders.member_id = ?club.members fk");
    /* another type on one side of one table: the texts of one are not the other's numbers */
    graph_begin(&g);
    graph_table(&g, "members", "id mobile:text!", "id:text mobile:text!");
    graph_table(&g, "orders", "id member_id", NULL);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    expect(&g, "", "orders.member_id = ?club.members fk");
}

/* ---- configuration */

static void test_configured(void **state)
{
    struct graph g;
    (void)state;
    build(&g);
    expect(&g,
           "[table club.orders]\nreference = member_id -> club.members.id\n"
           "reference = mobile -> club.members.mobile\n"
           "reference = area, box -> club.members.area, box\n"
           "[table club.lines]\nreference = owner_id -> club.members.code\n",
           "orders.member_id = members.id -\norders.mobile = members.mobile -\n"
           "orders.area+box = members.area+box -\nlines.owner_id = members.code -");
    /* a foreign key that is also configured is one edge */
    build(&g);
    graph_fk(&g, MR_TARGET, "fk", "orders", "member_id", "members", "id");
    expect(&g, "[table club.orders]\nreference = member_id -> club.members.id\n",
           "orders.member_id = members.id fk");
    /* twice, by two sections */
    build(&g);
    expect(&g,
           "[table *.orders]\nreference = member_id -> club.members.id when kind = 'x'\n"
           "[table club.orders]\n"
           "reference = member_id -> club.members.id when kind = 'x'\n",
           "orders.member_id = members.id - when kind = 'x' at 6");
    /* conditions make another edge of the same columns */
    build(&g);
    expect(&g,
           "[table club.orders]\n"
           "reference = member_id -> club.members.id when kind = 'a'\n"
           "reference = member_id -> club.members.code when kind = 'b'\n"
           "reference = member_id -> club.members.id\n",
           "orders.member_id = members.id - when kind = 'a' at 6\n"
           "orders.member_id = members.code - when kind = 'b' at 7\n"
           "orders.member_id = members.id -");
}

static void test_patterns(void **state)
{
    struct graph g;
    (void)state;
    /* tables without the column are passed over */
    build(&g);
    expect(&g, "[table club.*]\nreference = member_id -> club.members.id\n",
           "orders.member_id = members.id -");
    /* a table may say that it is none */
    build(&g);
    expect(&g,
           "[table club.*]\nreference = member_id -> club.members.id\n"
           "reference = order_id -> club.orders.id\n"
           "[table club.orders]\nreference = none: member_id\n",
           "lines.order_id = orders.id -");
    build(&g);
    expect(&g,
           "[table club.orders]\nreference = none: member_id\n"
           "reference = member_id -> club.members.id\n",
           "orders.member_id = members.id -");
    /* a foreign key stays one */
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    expect(&g, "[table club.*]\nreference = none: member_id\n", "orders.member_id = members.id fk");
}

/* Tables that the run does not compare. */
static void test_outside(void **state)
{
    struct graph g;
    (void)state;
    build(&g);
    g.left_out[graph_at(&g, "members")] = true;
    expect(&g, "[table club.orders]\nreference = member_id -> club.members.nonsense\n",
           "orders.member_id = ?club.members -");
    build(&g);
    g.broken[graph_at(&g, "members")] = true;
    expect(&g, "[table club.orders]\nreference = member_id -> club.members.id\n",
           "orders.member_id = ?club.members -");
    build(&g);
    expect(&g, "[table club.orders]\nreference = member_id -> elsewhere.members.id\n",
           "orders.member_id = ?elsewhere.members -");
    /* left out under a name that this server folds */
    build(&g);
    g.cat[MR_SOURCE].server.lower_case_table_names = 1;
    g.left_out[graph_at(&g, "members")] = true;
    expect(&g, "[table club.orders]\nreference = member_id -> Club.Members.id\n",
           "orders.member_id = ?Club.Members -");
}

static void test_slips(void **state)
{
    static const struct {
        const char *section, *line;
        const char *says;
    } cases[] = {
        {"club.orders", "nobody -> club.members.id", "no such column"},
        {"club.orders", "member_id -> club.members.nobody", "no such column"},
        {"club.*", "member_id -> club.members.nobody", "no such column"},
        {"club.orders", "member_id -> club.member.id", "does not exist"},
        {"club.orders", "member_id -> other.members.id", "does not exist"},
        {"club.orders", "member_id -> Club.Members.id", NULL},
        {"club.orders", "mobile -> club.members.id", NULL},
        {"club.lines", "price -> club.members.id", "floating point"},
        {"club.orders", "member_id -> club.members.mobile", "different types"},
        {"club.lines", "nick -> club.members.mobile", "different types"},
        {"club.orders", "member_id -> club.members.id when kind ? 1", "near '?'"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct graph g;
        struct mr_err err = {0};
        char ini[256];
        build(&g);
        (void)snprintf(ini, sizeof ini, "[table %s]\nreference = %s\n", cases[i].section,
                       cases[i].line);
        enum mr_code code = graph_plan(&g, ini, &err);
        if (cases[i].says == NULL) {
            assert_int_equal(code, MR_OK);
        } else {
            assert_int_equal(code, MR_E_CONFIG);
            assert_non_null(strstr(err.message, cases[i].says));
            assert_non_null(strstr(err.message, "club."));
            assert_non_null(mr_err_get_hint(&err));
        }
        graph_end(&g);
    }
}

/* ---- the case */

static void test_saved(void **state)
{
    struct graph g;
    struct mr_err err = {0};
    struct mr_find_run run = {
        .uuid = "u", .source = "s", .target = "t", .options = "", .started = "now"};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_lineage_reference);
    bool known = false;
    (void)state;
    build(&g);
    graph_fk(&g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
    g.left_out[graph_at(&g, "lines")] = true;
    assert_int_equal(graph_plan(&g,
                                "[table club.orders]\n"
                                "reference = box -> club.lines.id when kind = 'x'\n",
                                &err),
                     MR_OK);
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &g.fd, NULL), MR_OK);
    assert_int_equal(mr_findings_run_begin(g.fd, &run, NULL), MR_OK);
    for (size_t i = 0; i < g.pairing.ntables; i++)
        assert_int_equal(mr_findings_table_add(g.fd, &g.list[i]->find, &known, NULL), MR_OK);
    for (int again = 0; again < 2; again++)
        assert_int_equal(mr_pair_references_save(&g.pairing, g.fd, NULL), MR_OK);
    assert_int_equal(mr_lineage_references(g.fd, &arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, 2);
    const struct mr_lineage_reference *fk = mr_vec_at(&list, 0), *box = mr_vec_at(&list, 1);
    assert_int_equal(fk->table, g.planned[1].find.id);
    assert_int_equal(fk->parent, g.planned[0].find.id);
    assert_string_equal(fk->parent_name, "club.members");
    assert_int_equal(fk->id, g.pairing.references[0].edge.id);
    assert_int_equal(box->parent, 0);
    assert_string_equal(box->parent_name, "club.lines");
    assert_string_equal(box->name, "box -> club.lines.id");
    assert_string_equal(box->condition, "kind = 'x'");
    mr_vec_release(&list);
    mr_arena_release(&arena);
    assert_int_equal(mr_findings_close(g.fd, NULL), MR_OK);
    graph_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_names_of_foreign_keys),
        cmocka_unit_test(test_foreign_keys_that_lead_nowhere),
        cmocka_unit_test(test_configured),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_slips),
        cmocka_unit_test(test_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
