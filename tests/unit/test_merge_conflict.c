/* test_merge_conflict.c: which rows wait, for whom, and what their conflict is called. */
#include "merge_world.h"

#include "repair/merge/merge_conflict.h"

/* members (subjects) ← orders ← lines; members refer to members. */
enum { MEMBERS, ORDERS, LINES };
enum { INVITER, BUYER, ORDER };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! inviter:int");
    world_table(w, "orders", "id:int# no:text! member:int?");
    world_table(w, "lines", "id:int# orders:int? amount:real?");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, LINES, "orders", ORDERS, "id");
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open(w);
}

static void decide(struct world *w)
{
    for (size_t i = MEMBERS; i <= LINES; i++)
        world_run(w, mr_merge_conflict(&w->m, i, 1, &w->err));
}

/* Lost history that TARGET has, with other values or not: its counter does not count, nor does
 * what the server computes, and -0 is 0. */
static void test_differs(void **state)
{
    const struct {
        const char *row, *there, *set, *expected; /* differs, kind */
    } cases[] = {
        {"9|1|2.5", "7|1|2.5", "grp='lost'", "0 -"},
        {"9|1|2.5", "9|1|3.5", "grp='lost'", "1 differs"},
        {"9|1|-0", "9|1|0", "grp='lost'", "0 -"},
        {"9|1|NULL", "9|1|0", "grp='lost'", "1 differs"},
        {"9|1|2.5", "9|2|2.5", "grp='lost'", "1 differs"},
        {"9|1|2.5", "9|1|3.5", "grp='base'", "0 -"}, /* merge_value's */
        {"9|1|2.5", "9|1|3.5", "grp='same'", "0 -"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, LINES, cases[i].row, cases[i].there, cases[i].set);
        world_run(w, mr_merge_conflict(&w->m, LINES, 1, &w->err));
        if (strcmp(world_ask(w, "SELECT differs, kind FROM m"), cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, w->text.ptr);
        world_free(w);
    }
}

/* What an earlier plan wrote, as it wrote it, is not compared with SOURCE's row again. */
static void test_exact(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, LINES, "9|1|2.5", "9|1|3.5", "grp='lost'");
    world_sql(w, "INSERT INTO mark (id, exact) VALUES (1, 1)");
    decide(w);
    world_expect(w, "SELECT differs, kind FROM m", "0 -");
    world_free(w);
}

/* Two orders are not poured into one; two people's names may differ. */
static void test_below(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "9|a|1", "9|a|2", "grp='lost'");
    world_row(w, 2, ORDERS, "9|n|9", NULL, "grp='lost'");
    world_row(w, 3, ORDERS, "8|m|NULL", "8|m|1", "grp='lost'");
    world_row(w, 4, LINES, "9|8|1", NULL, "grp='lost'");
    world_row(w, 5, LINES, "8|8|1", "8|8|1", "grp='lost'");
    world_link(w, 2, BUYER, 1);
    world_link(w, 4, ORDER, 3);
    world_link(w, 5, ORDER, 3);
    decide(w);
    world_expect(w, "SELECT id, below, own, waits, kind, root FROM m ORDER BY id",
                 "1 0 - 0 differs -; 2 0 - 0 - -; 3 0 - 0 differs -;"
                 " 4 1 parent-differs 1 parent-differs 4; 5 1 - 0 - -");
    world_free(w);
}

/* One decision settles a tree: whoever is below names the root, and says so itself. */
static void test_tree(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "9|a|1", NULL, "grp='maybe'");
    world_row(w, 2, ORDERS, "9|n|9", NULL, "grp='maybe'");
    world_row(w, 3, LINES, "9|9|1", NULL, "grp='lost'");
    world_row(w, 4, LINES, "8|9|1", "8|9|1", "grp='base'"); /* there: it waits for nobody */
    world_row(w, 5, ORDERS, "7|o|9", NULL, "grp='lost', ambiguous=1");
    world_row(w, 6, LINES, "7|7|1", NULL, "grp='lost'");
    world_link(w, 2, BUYER, 1);
    world_link(w, 3, ORDER, 2);
    world_link(w, 4, ORDER, 2);
    world_link(w, 5, BUYER, 1);
    world_link(w, 6, ORDER, 5);
    decide(w);
    /* who a row is has to be settled by itself, whatever it hangs on */
    world_expect(w, "SELECT id, kind, root FROM m WHERE waits ORDER BY id",
                 "1 deleted-or-lost 1; 2 parent-absent 1; 3 parent-absent 1; 5 duplicate 5;"
                 " 6 parent-absent 5");
    world_free(w);
}

/* A person left a row out: what is below it waits for nobody else. */
static void test_skip(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, ORDERS, "9|n|NULL", NULL, "grp='lost'");
    world_row(w, 2, LINES, "9|9|1", NULL, "grp='lost'");
    world_link(w, 2, ORDER, 1);
    world_sql(w, "INSERT INTO mark (id, skip) VALUES (1, 1)");
    decide(w);
    world_expect(w, "SELECT id, kind, root FROM m WHERE waits ORDER BY id",
                 "1 skip 1; 2 parent-absent 1");
    world_free(w);
}

/* A row that refers to itself alone is in no circle; two that need each other cannot enter, and
 * with them not who is between two circles. */
static void test_not_null_cycle(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    static const struct {
        const char *row;
        int64_t parent;
    } rows[] = {{"1|a|1", 1}, {"2|b|3", 3}, {"3|c|2", 2}, {"4|d|2", 2},
                {"5|e|4", 4}, {"6|f|7", 7}, {"7|g|6", 6}, {"8|h|0", 0}};
    (void)state;
    build(w);
    for (size_t i = 0; i < LEN(rows); i++) {
        world_row(w, (int64_t)i + 1, MEMBERS, rows[i].row, NULL, "grp='lost'");
        world_link(w, (int64_t)i + 1, INVITER, rows[i].parent);
    }
    world_run(w, mr_merge_conflict(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT id, own, kind, root FROM m ORDER BY id",
                 "1 - - -; 2 not-null-cycle not-null-cycle 2; 3 not-null-cycle parent-absent 2;"
                 " 4 - parent-absent 2; 5 - parent-absent 2; 6 not-null-cycle not-null-cycle 6;"
                 " 7 not-null-cycle parent-absent 6; 8 - - -");
    world_free(w);
}

/* The same circle may be entered where one of the columns may be NULL, or no server minds. */
static void test_open_cycle(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->references[INVITER].nullable = i == 0;
        w->edges[INVITER].edge.declared = i == 0;
        world_row(w, 1, MEMBERS, "1|a|2", NULL, "grp='lost'");
        world_row(w, 2, MEMBERS, "2|b|1", NULL, "grp='lost'");
        world_link(w, 1, INVITER, 2);
        world_link(w, 2, INVITER, 1);
        world_run(w, mr_merge_conflict(&w->m, MEMBERS, 1, &w->err));
        world_expect(w, "SELECT count(*) FROM m WHERE waits OR own IS NOT NULL", "0");
        world_free(w);
    }
}

/* A circle of rows that wait: the least key with a reason of its own is the root. */
static void test_circle_root(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->references[INVITER].nullable = true;
    world_row(w, 1, MEMBERS, "9|a|8", NULL, "grp='maybe'");
    world_row(w, 2, MEMBERS, "8|b|9", NULL, "grp='maybe'");
    world_row(w, 3, MEMBERS, "7|c|9", NULL, "grp='lost'");
    world_link(w, 1, INVITER, 2);
    world_link(w, 2, INVITER, 1);
    world_link(w, 3, INVITER, 1);
    world_run(w, mr_merge_conflict(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT id, kind, root FROM m ORDER BY id",
                 "1 parent-absent 2; 2 deleted-or-lost 2; 3 parent-absent 2");
    world_free(w);
}

/* Who decides whether two rows are one sees the other. */
static void test_doubt(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "9|a|1", NULL, "grp='doubt'");
    world_look(w, 2, MEMBERS, "8|b|1", "8|c|1");
    world_sql(w,
              "INSERT INTO m (id, tbl, grp, taken) SELECT id, tbl, 'doubt', live_key FROM w"
              " WHERE id=2; INSERT INTO img (id, after) SELECT id, image FROM source WHERE id=2");
    world_run(w, mr_merge_conflict(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT id, key, image FROM holder", "2 8 8,c,1");
    world_expect(w, "SELECT kind FROM m ORDER BY id", "past-or-lost; past-or-lost");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, MEMBERS, "9|a|8", NULL, "grp='maybe'");
    world_row(w, 2, MEMBERS, "8|b|9", NULL, "grp='maybe'");
    world_row(w, 3, ORDERS, "9|n|NULL", "9|n|1", "grp='lost'");
    world_row(w, 4, LINES, "9|9|1", NULL, "grp='lost'");
    world_link(w, 1, INVITER, 2);
    world_link(w, 2, INVITER, 1);
    world_link(w, 4, ORDER, 3);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_conflict(&w->m, MEMBERS, 3, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differs),    cmocka_unit_test(test_exact),
        cmocka_unit_test(test_below),      cmocka_unit_test(test_tree),
        cmocka_unit_test(test_skip),       cmocka_unit_test(test_not_null_cycle),
        cmocka_unit_test(test_open_cycle), cmocka_unit_test(test_circle_root),
        cmocka_unit_test(test_doubt),      cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
