/* test_merge_rank.c: in what order rows are inserted, and what belongs together. */
#include "merge_world.h"

#include "repair/merge/merge_rank.h"

/* members (subjects) refer to members twice, by a column that may be NULL and one that may not;
 * orders to members. */
enum { MEMBERS, ORDERS };
enum { INVITER, SPONSOR, BUYER };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# inviter:int? sponsor:int");
    world_table(w, "orders", "id:int# member:int?");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, MEMBERS, "sponsor", MEMBERS, "id");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open(w);
}

static void member(struct world *w, int64_t id)
{
    char row[32];
    (void)snprintf(row, sizeof row, "%d|NULL|0", (int)id);
    world_row(w, id, MEMBERS, row, NULL, NULL);
}

static void order(struct world *w, int64_t id)
{
    char row[32];
    (void)snprintf(row, sizeof row, "%d|NULL", (int)id);
    world_row(w, id, ORDERS, row, NULL, NULL);
}

/* Links "child>parent by reference" → level and tree of each, and what is closed later. */
static void test_order(void **state)
{
    const struct {
        const char *what;
        int64_t links[5][3]; /* child, reference, parent */
        const char *levels, *later;
    } cases[] = {
        {"a chain, whichever way it is numbered",
         {{1, INVITER, 2}, {2, INVITER, 3}},
         "1:2/3; 2:1/2; 3:0/1",
         ""},
        {"to itself, to nobody, to a row that stays as it is",
         {{1, INVITER, 1}, {2, INVITER, 0}, {3, INVITER, -1}},
         "1:0/1; 2:0/2; 3:0/3",
         ""},
        {"a circle by a column that may be NULL: entered at its least",
         {{1, INVITER, 2}, {2, INVITER, 1}},
         "1:1/2; 2:2/3; 3:0/1",
         "1.0>2"},
        {"one of two references in the circle may be NULL",
         {{1, SPONSOR, 2}, {2, INVITER, 1}},
         "1:2/3; 2:1/2; 3:0/1",
         "2.0>1"},
        {"a circle, and who hangs on it",
         {{1, INVITER, 2}, {2, INVITER, 1}, {3, SPONSOR, 1}},
         "1:0/1; 2:1/2; 3:1/3",
         "1.0>2"},
        {"both references of one row stay open, to one row each",
         {{1, INVITER, 2}, {2, SPONSOR, 1}, {3, SPONSOR, 2}, {1, SPONSOR, 0}},
         "1:0/1; 2:1/2; 3:2/3",
         "1.0>2"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        for (int64_t id = 1; id <= 3; id++)
            member(w, id);
        for (size_t k = 0; k < 5 && cases[i].links[k][0] != 0; k++)
            world_link(w, cases[i].links[k][0], (size_t)cases[i].links[k][1], cases[i].links[k][2]);
        world_run(w, mr_merge_rank(&w->m, &w->err));
        if (strcmp(world_ask(w, "SELECT id || ':' || lvl || '/' || tree FROM ins ORDER BY id"),
                   cases[i].levels) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        if (strcmp(
                world_ask(w, "SELECT child || '.' || ref || '>' || parent FROM defer ORDER BY 1"),
                cases[i].later) != 0)
            fail_msg("%s: %s", cases[i].what, w->text.ptr);
        world_free(w);
    }
}

/* What hangs on a person goes with him; on two, with the later one. */
static void test_trees(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_reference(w, ORDERS, "member", ORDERS, "id");
    member(w, 1);
    member(w, 2);
    for (int64_t id = 3; id <= 6; id++)
        order(w, id);
    world_link(w, 3, BUYER, 1);
    world_link(w, 4, BUYER, 2);
    world_link(w, 4, BUYER + 1, 3);
    world_link(w, 6, BUYER + 1, 4);
    world_run(w, mr_merge_rank(&w->m, &w->err));
    world_expect(w, "SELECT id, tree FROM ins ORDER BY id", "1 1; 2 2; 3 1; 4 2; 5 3; 6 2");
    world_free(w);
}

/* Only what is written has an order: not what is there, waits, or was left out. */
static void test_left_out(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    for (int64_t id = 1; id <= 3; id++)
        member(w, id);
    world_row(w, 4, MEMBERS, "4|NULL|0", "4|NULL|0", NULL);
    world_sql(w, "UPDATE m SET waits=1 WHERE id=1; INSERT INTO mark (id, skip) VALUES (2, 1)");
    world_link(w, 3, INVITER, 4);
    world_run(w, mr_merge_rank(&w->m, &w->err));
    world_expect(w, "SELECT id, lvl FROM ins", "3 0");
    world_free(w);
}

/* A circle that no insert can enter should have been a conflict (merge_conflict). */
static void test_no_order(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    member(w, 1);
    member(w, 2);
    world_link(w, 1, SPONSOR, 2);
    world_link(w, 2, SPONSOR, 1);
    world_refuse(w, mr_merge_rank(&w->m, &w->err), MR_E_BUG, "no order");
    world_free(w);
}

/* No server minds a reference that is no foreign key. */
static void test_undeclared(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->edges[SPONSOR].edge.declared = false;
    member(w, 1);
    member(w, 2);
    world_link(w, 1, SPONSOR, 2);
    world_link(w, 2, SPONSOR, 1);
    world_run(w, mr_merge_rank(&w->m, &w->err));
    world_expect(w, "SELECT id, lvl FROM ins ORDER BY id", "1 0; 2 1");
    world_expect(w, "SELECT child, ref, parent FROM defer", "1 1 2");
    world_free(w);
}

static void build_circle(struct world *w)
{
    build(w);
    for (int64_t id = 1; id <= 3; id++)
        member(w, id);
    order(w, 4);
    world_link(w, 1, INVITER, 2);
    world_link(w, 2, INVITER, 1);
    world_link(w, 4, BUYER, 2);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_rank(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_circle, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),      cmocka_unit_test(test_trees),
        cmocka_unit_test(test_left_out),   cmocka_unit_test(test_no_order),
        cmocka_unit_test(test_undeclared), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
