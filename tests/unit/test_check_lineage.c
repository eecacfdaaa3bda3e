/*
 * test_check_lineage.c: from the rows that differ up to the people they belong to.
 * How rows are looked up: test_lineage_reader.c; what the case keeps: test_lineage.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "recon/check/check_lineage.h"

enum { LINES, MEMBERS, ORDERS, TABLES };

static void begin(struct world *w, const char *ini)
{
    world_begin(w);
    graph_table(&w->g, "lines", "id order_id:int? kind:text?", NULL);
    graph_table(&w->g, "members", "id phone:text! inviter_id:int?", NULL);
    graph_table(&w->g, "orders", "id member_id:int?", NULL);
    graph_fk(&w->g, MR_SOURCE, "fk_order", "lines", "order_id", "orders", "id");
    graph_fk(&w->g, MR_TARGET, "fk_order", "lines", "order_id", "orders", "id");
    graph_fk(&w->g, MR_SOURCE, "fk_member", "orders", "member_id", "members", "id");
    graph_fk(&w->g, MR_TARGET, "fk_member", "orders", "member_id", "members", "id");
    world_plan(w, ini);
    world_pair(w, MEMBERS)->find.subject = MR_SUBJECT_CONFIGURED;
    world_require(mr_pair_references_save(&w->check.pairing, w->check.fd, NULL));
}

/* ---- what the case says then */

static void add_node(struct world *w, int64_t id, struct mr_strbuf *out)
{
    static const char finding[] = "SELECT tbl, key FROM finding WHERE id=:id";
    static const char ancestor[] = "SELECT tbl, key FROM ancestor WHERE id=:id";
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    size_t len = 0;
    if (id == 0) {
        mr_strbuf_add_str(out, "nobody");
        return;
    }
    world_require(
        mr_case_prepare(mr_findings_case(w->check.fd), id > 0 ? finding : ancestor, &stmt, NULL));
    world_require(MR_CASE_ASK(stmt, &row, NULL, MR_ARG_INT("id", id > 0 ? id : -id)));
    assert_true(row);
    for (size_t i = 0; i < w->check.pairing.ntables; i++)
        if (world_pair(w, i)->find.id == mr_case_int(stmt, 0))
            mr_strbuf_add_fmt(out, "%s ", world_pair(w, i)->side[MR_SOURCE]->name);
    const void *key = mr_case_blob(stmt, 1, &len);
    world_show(out, key, len);
    mr_strbuf_add_str(out, id < 0 ? "*" : ""); /* * no finding */
    mr_case_free(stmt);
}

/* "lines 1 > orders 7*, orders 7* > members 3": all steps of a side, in the order of their children;
 * then rows that nothing leads to. */
static void show(struct world *w, int side, struct mr_strbuf *out)
{
    static const char links[] =
        "SELECT child, parent FROM link WHERE side=:side ORDER BY child < 0, abs(child), parent";
    static const char lonely[] =
        "SELECT -id FROM ancestor WHERE side=:side AND -id NOT IN (SELECT parent FROM link)";
    struct mr_case_stmt *stmt = NULL;
    bool row = true;
    mr_strbuf_reset(out);
    for (int pass = 0; pass < 2; pass++) {
        world_require(mr_case_prepare(mr_findings_case(w->check.fd), pass == 0 ? links : lonely,
                                      &stmt, NULL));
        MR_CASE_BIND(stmt, MR_ARG_INT("side", side));
        while (mr_case_step(stmt, &row, NULL) == MR_OK && row) {
            mr_strbuf_add_str(out, out->len > 0 ? ", " : "");
            add_node(w, mr_case_int(stmt, 0), out);
            if (pass == 0) {
                mr_strbuf_add_str(out, " > ");
                add_node(w, mr_case_int(stmt, 1), out);
            }
        }
        mr_case_free(stmt);
    }
}

static void expect(struct world *w, enum mr_side side, const char *what, const char *lines)
{
    struct mr_err err = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_check_lineage(&w->worker, side, &err);
    show(w, side, &text);
    if (code != MR_OK || strcmp(text.ptr, lines) != 0)
        fail_msg("%s: %s\n%s", what, err.message, text.ptr);
    mr_strbuf_release(&text);
}

/* ---- up */

struct row {
    int table;
    const char *text;
};

static void test_climbs(void **state)
{
    static const struct {
        const char *what, *ini;
        struct row rows[6];     /* of both sides */
        struct row findings[4]; /* missing on TARGET */
        const char *lines;
    } cases[] = {
        {"two steps to a person",
         "",
         {{ORDERS, "7|3"}, {MEMBERS, "3|a|NULL"}},
         {{LINES, "1|7|x"}},
         "lines 1 > orders 7*, orders 7* > members 3*"},
        {"the order differs, too: it is its finding",
         "",
         {{MEMBERS, "3|a|NULL"}},
         {{LINES, "1|7|x"}, {ORDERS, "7|3"}},
         "lines 1 > orders 7, orders 7 > members 3*"},
        {"nobody is there", "", {{0}}, {{LINES, "1|7|x"}}, "lines 1 > nobody"},
        {"NULL refers to nothing", "", {{ORDERS, "7|3"}}, {{LINES, "1|NULL|x"}}, ""},
        {"an order of nobody ends there",
         "",
         {{ORDERS, "7|NULL"}},
         {{LINES, "1|7|x"}},
         "lines 1 > orders 7*"},
        {"two of one order: it is read once",
         "",
         {{ORDERS, "7|3"}, {MEMBERS, "3|a|NULL"}},
         {{LINES, "1|7|x"}, {LINES, "2|7|y"}},
         "lines 1 > orders 7*, lines 2 > orders 7*, orders 7* > members 3*"},
        {"nothing above a person",
         "[table club.members]\nreference = inviter_id -> "
         "club.members.id\n",
         {{MEMBERS, "3|a|2"}, {MEMBERS, "2|b|NULL"}},
         {{ORDERS, "7|3"}},
         "orders 7 > members 3*"},
        {"a table that refers to itself, round and round",
         "[table club.lines]\nreference = order_id -> club.lines.id\n",
         {{LINES, "7|8|x"}, {LINES, "8|7|x"}},
         {{LINES, "1|7|x"}},
         "lines 1 > lines 7*, lines 1 > nobody, lines 7* > lines 8*, lines 7* > nobody, lines 8* > "
         "lines 7*, lines 8* > nobody"},
        {"only where the condition holds",
         "[table club.lines]\nreference = order_id -> club.members.id when kind = 'm'\n",
         {{MEMBERS, "7|a|NULL"}, {ORDERS, "7|NULL"}},
         {{LINES, "1|7|x"}, {LINES, "2|7|m"}},
         "lines 1 > orders 7*, lines 2 > members 7*, lines 2 > orders 7*"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].ini);
        for (size_t k = 0; k < LEN(cases[i].rows) && cases[i].rows[k].text != NULL; k++)
            world_put(&w, MR_SOURCE, (size_t)cases[i].rows[k].table, cases[i].rows[k].text);
        for (size_t k = 0; k < LEN(cases[i].findings) && cases[i].findings[k].text != NULL; k++) {
            const struct row *f = &cases[i].findings[k];
            world_put(&w, MR_SOURCE, (size_t)f->table, f->text);
            world_finding(&w, (size_t)f->table, f->text, NULL);
        }
        expect(&w, MR_SOURCE, cases[i].what, cases[i].lines);
        /* TARGET has none of these rows: nothing leads up there */
        expect(&w, MR_TARGET, cases[i].what, "");
        world_end(&w);
    }
}

/* A child of TARGET belongs to whom TARGET means. */
static void test_each_side_by_itself(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "");
    world_put(&w, MR_SOURCE, MEMBERS, "3|a|NULL");
    world_put(&w, MR_TARGET, MEMBERS, "4|b|NULL");
    world_finding(&w, ORDERS, "7|3", "7|4");
    expect(&w, MR_SOURCE, "source", "orders 7 > members 3*");
    expect(&w, MR_TARGET, "target", "orders 7 > members 4*");
    world_end(&w);
}

/* A table that could not be read is neither followed nor asked. */
static void test_failed(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "");
    world_put(&w, MR_SOURCE, ORDERS, "7|3");
    world_put(&w, MR_SOURCE, MEMBERS, "3|a|NULL");
    world_finding(&w, LINES, "1|7|x", NULL);
    atomic_store(&world_pair(&w, MEMBERS)->failed, true);
    expect(&w, MR_SOURCE, "the parent", "lines 1 > orders 7*");
    world_end(&w);

    begin(&w, "");
    world_finding(&w, LINES, "1|7|x", NULL);
    atomic_store(&world_pair(&w, LINES)->failed, true);
    expect(&w, MR_SOURCE, "the child", "");
    assert_int_equal(w.side[MR_SOURCE].fetched, 0);
    world_end(&w);
}

/* More rows than a batch holds, and none is followed twice or lost. */
static void test_batches(void **state)
{
    enum { ROWS = 2 * MR_CHECK_KIN_BATCH + 1 };
    struct world w;
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t steps = 0;
    (void)state;
    begin(&w, "");
    for (int i = 1; i <= ROWS; i++) {
        char row[40];
        (void)snprintf(row, sizeof row, "%d|%d", i, i);
        world_put(&w, MR_SOURCE, ORDERS, row);
        (void)snprintf(row, sizeof row, "%d|%d|x", i, i);
        world_finding(&w, LINES, row, NULL);
    }
    assert_int_equal(mr_check_lineage(&w.worker, MR_SOURCE, NULL), MR_OK);
    show(&w, MR_SOURCE, &text);
    for (const char *at = text.ptr; (at = strstr(at, " > ")) != NULL; at++)
        steps++;
    assert_int_equal(steps, 2 * ROWS); /* each line to its order, each order to nobody */
    mr_strbuf_release(&text);
    world_end(&w);
}

/* ---- across */

/* A person outside the window need not have been compared: under the same key on the other
 * side it is the same one, unless both sides know otherwise. */
static void test_across(void **state)
{
    static const struct {
        const char *what, *target;
        bool windowed;
        const char *lines; /* of TARGET's side */
    } cases[] = {
        {"the same one", "3|a|NULL", true, "members 3*"},
        {"in other letters", "3|A|NULL", true, "members 3*"},
        {"somebody else", "3|b|NULL", true, ""},
        {"one whose name begins alike", "3|ab|NULL", true, ""},
        {"nobody", NULL, true, ""},
        {"compared whole", "3|a|NULL", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&w, "");
        world_pair(&w, MEMBERS)->find.windowed = cases[i].windowed;
        world_put(&w, MR_SOURCE, MEMBERS, "3|a|NULL");
        if (cases[i].target != NULL)
            world_put(&w, MR_TARGET, MEMBERS, cases[i].target);
        world_finding(&w, ORDERS, "7|3", NULL);
        assert_int_equal(mr_check_lineage(&w.worker, MR_SOURCE, NULL), MR_OK);
        show(&w, MR_TARGET, &text);
        if (strcmp(text.ptr, cases[i].lines) != 0)
            fail_msg("%s: %s", cases[i].what, text.ptr);
        mr_strbuf_release(&text);
        world_end(&w);
    }
}

/* ---- what breaks */

/* A lost connection begins a lookup anew, four times; what was saved is the same again. */
static void test_lost(void **state)
{
    static const struct {
        unsigned times;
        enum mr_code fail, code;
    } cases[] = {
        {1, MR_E_LOST, MR_OK},
        {3, MR_E_LOST, MR_OK},
        {4, MR_E_LOST, MR_E_LOST},
        {1, MR_E_DENIED, MR_E_DENIED},
    };
    (void)state;
    for (unsigned at = 1; at <= 2; at++) {
        for (size_t i = 0; i < LEN(cases); i++) {
            struct world w;
            struct mr_strbuf text = MR_STRBUF_INIT;
            begin(&w, "");
            world_put(&w, MR_SOURCE, ORDERS, "7|3");
            world_put(&w, MR_SOURCE, MEMBERS, "3|a|NULL");
            world_finding(&w, LINES, "1|7|x", NULL);
            w.side[MR_SOURCE].fail_at = at;
            w.side[MR_SOURCE].fail_times = cases[i].times;
            w.side[MR_SOURCE].fail_code = cases[i].fail;
            assert_int_equal(mr_check_lineage(&w.worker, MR_SOURCE, NULL), cases[i].code);
            show(&w, MR_SOURCE, &text);
            if (cases[i].code == MR_OK)
                assert_string_equal(text.ptr, "lines 1 > orders 7*, orders 7* > members 3*");
            mr_strbuf_release(&text);
            world_end(&w);
        }
    }
}

/* Last: the flag stays. */
static void test_cancelled(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "");
    world_put(&w, MR_SOURCE, ORDERS, "7|3");
    world_finding(&w, LINES, "1|7|x", NULL);
    mr_cancel();
    assert_int_equal(mr_check_lineage(&w.worker, MR_SOURCE, NULL), MR_E_CANCELLED);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_climbs),    cmocka_unit_test(test_each_side_by_itself),
        cmocka_unit_test(test_failed),    cmocka_unit_test(test_batches),
        cmocka_unit_test(test_across),    cmocka_unit_test(test_lost),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
