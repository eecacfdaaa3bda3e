/* test_copy_climb.c: who stands above rows that are to be written, in tables that the run did not
 * compare: rows of both sides in, slots of those tables out, and who of them is two people. */
#include "copy_world.h"

enum { CARDS, STAMPS, MEMBERS, CLUBS };
enum { HOLDER, CARD, CLUB, INVITER };

/* stamps → cards → members → clubs; the run compared cards and stamps alone. */
static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    cw->task.policy = MR_COPY_BACKFILL;
    world_table(&cw->w, "cards", "no:int* member:int?");
    world_table(&cw->w, "stamps", "id:int* card:int?");
    world_table(&cw->w, "members", "id:int# mobile:text! club:int? inviter:int?");
    world_table(&cw->w, "clubs", "id:int# name:text!");
    world_reference(&cw->w, CARDS, "member", MEMBERS, "id");
    world_reference(&cw->w, STAMPS, "card", CARDS, "no");
    world_reference(&cw->w, MEMBERS, "club", CLUBS, "id");
    world_reference(&cw->w, MEMBERS, "inviter", MEMBERS, "id");
    copy_open(cw);
    cw->c.ntables = 4;
    cw->w.plan.ntables = 2;
    cw->planned[MEMBERS] = cw->planned[CLUBS] = false;
    return cw;
}

/* The world's readers look tables up by the plan's count. */
static void climb(struct copy_world *cw)
{
    struct mr_plan_tables run = cw->w.plan;
    cw->w.plan.ntables = 4;
    cw->c.m.plan = &run;
    copy_run(cw, mr_copy_climb(&cw->c, &cw->w.err));
    cw->w.plan.ntables = 2;
    cw->c.m.plan = &cw->w.plan;
}

#define BEYOND "SELECT tbl, skey, tkey, taint FROM c WHERE tbl>=2 ORDER BY tbl, canon"

/* A stamp is to be written; its card is the same on both sides, and whose card that is is found. */
static void test_up(void **state)
{
    const struct {
        const char *what, *stamp, *card, *member, *live, *expected;
    } cases[] = {
        {"the same person", "100|10", "10|1", "1|017|NULL|NULL", "1|017|NULL|NULL", "2 1 1 0"},
        {"two people", "100|10", "10|1", "1|017|NULL|NULL", "1|018|NULL|NULL", "2 1 1 1"},
        {"nobody on TARGET", "100|10", "10|1", "1|017|NULL|NULL", NULL, "2 1 - 0"},
        {"nobody on SOURCE", "100|10", "10|1", NULL, "1|018|NULL|NULL", ""},
        {"nobody's card", "100|10", "10|NULL", "1|017|NULL|NULL", NULL, ""},
        {"of no card", "100|NULL", "10|1", "1|017|NULL|NULL", NULL, ""},
        {"of a card that is not there", "100|11", "10|1", "1|017|NULL|NULL", NULL, ""},
        {"the least number", "100|-2147483648", "-2147483648|1", "1||NULL|NULL", NULL, "2 1 - 0"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        copy_rows(cw, 1, STAMPS, cases[i].stamp, NULL, MR_STEP_INSERT);
        world_both(&cw->w, CARDS, cases[i].card);
        if (cases[i].member != NULL)
            world_source(&cw->w, MEMBERS, cases[i].member);
        if (cases[i].live != NULL)
            world_target(&cw->w, MEMBERS, cases[i].live);
        climb(cw);
        const char *got = world_ask(&cw->w, BEYOND);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        copy_free(cw);
    }
}

/* As far as references lead, each row once; circles end. */
static void test_far(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    cw->w.references[INVITER].hard = true; /* else within a table nobody is climbed to */
    copy_rows(cw, 1, STAMPS, "100|10", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, STAMPS, "101|10", NULL, MR_STEP_INSERT);
    copy_rows(cw, 3, STAMPS, "102|11", NULL, MR_STEP_INSERT);
    world_both(&cw->w, CARDS, "10|1");
    world_both(&cw->w, CARDS, "11|2");
    world_both(&cw->w, MEMBERS, "1|017|5|2");
    world_both(&cw->w, MEMBERS, "2|018|5|3");
    world_both(&cw->w, MEMBERS, "3|019|NULL|1");
    world_both(&cw->w, MEMBERS, "4|020|6|4"); /* above nobody */
    world_source(&cw->w, CLUBS, "5|a");
    world_target(&cw->w, CLUBS, "5|b");
    climb(cw);
    copy_expect(cw, BEYOND, "2 1 1 0; 2 2 2 0; 2 3 3 0; 3 5 5 1");
    copy_expect(cw, "SELECT count(*) FROM climb WHERE todo>0 OR image IS NOT NULL", "0");
    copy_free(cw);
}

/* Who is climbed from: rows to be written that are no conflicts, of tables that are. */
static void test_from(void **state)
{
    const struct {
        int op;
        bool planned;
        const char *set;
        bool climbed;
    } rows[] = {
        {MR_STEP_INSERT, true, "kind=NULL", true},   {MR_STEP_UPDATE, true, "kind=NULL", true},
        {MR_STEP_DELETE, true, "kind=NULL", false},  {0, true, "kind=NULL", false},
        {MR_STEP_INSERT, false, "kind=NULL", false}, {MR_STEP_INSERT, true, "kind='x'", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct copy_world *cw = build();
        struct mr_strbuf sql = MR_STRBUF_INIT;
        cw->planned[STAMPS] = rows[i].planned;
        copy_rows(cw, 1, STAMPS, "100|10", "100|9", rows[i].op);
        world_both(&cw->w, CARDS, "10|1");
        world_both(&cw->w, MEMBERS, "1|017|NULL|NULL");
        mr_strbuf_add_fmt(&sql, "UPDATE c SET %s WHERE id=1", rows[i].set);
        copy_sql(cw, sql.ptr);
        climb(cw);
        const char *got = world_ask(&cw->w, BEYOND);
        if (strcmp(got, rows[i].climbed ? "2 1 1 0" : "") != 0)
            fail_msg("row %zu: %s", i, got);
        mr_strbuf_release(&sql);
        copy_free(cw);
    }
}

/* People belong to nobody: beyond them nobody is looked for, unless it says who they are. */
static void test_people(void **state)
{
    for (int hard = 0; hard < 2; hard++) {
        struct copy_world *cw = build();
        (void)state;
        cw->subject[MEMBERS] = true;
        cw->w.references[CLUB].hard = hard != 0;
        copy_rows(cw, 1, STAMPS, "100|10", NULL, MR_STEP_INSERT);
        world_both(&cw->w, CARDS, "10|1");
        world_both(&cw->w, MEMBERS, "1|017|5|NULL");
        world_both(&cw->w, CLUBS, "5|a");
        climb(cw);
        copy_expect(cw, BEYOND, hard != 0 ? "2 1 1 0; 3 5 5 0" : "2 1 1 0");
        copy_free(cw);
    }
}

/* A reference that cannot be followed hurts only where a row that was climbed to refers by it. */
static void test_blind(void **state)
{
    static const size_t inviter[] = {3};
    const struct {
        const char *member;
        bool refused;
    } rows[] = {{"1|017|NULL|7", true}, {"1|017|7|NULL", false}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct copy_world *cw = build();
        struct mr_copy_blind blind = {.pair = &cw->w.edges[INVITER],
                                      .why = "its database is not named by the URI",
                                      .by = {.pair = &cw->w.edges[INVITER],
                                             .child = MEMBERS,
                                             .parent = MR_NO_COLUMN,
                                             .from = {inviter, 1}}};
        cw->w.edges[INVITER].edge.parent_name = "o`dd.people";
        cw->w.plan.nreferences = INVITER;
        cw->c.blind = &blind;
        cw->c.nblind = 1;
        copy_rows(cw, 1, STAMPS, "100|10", NULL, MR_STEP_INSERT);
        world_both(&cw->w, CARDS, "10|1");
        world_both(&cw->w, MEMBERS, rows[i].member);
        if (!rows[i].refused) {
            climb(cw);
        } else {
            struct mr_plan_tables run = cw->w.plan;
            cw->w.plan.ntables = 4;
            cw->c.m.plan = &run;
            copy_refuse(cw, mr_copy_climb(&cw->c, &cw->w.err), MR_E_REFUSED,
                        "table \"d.members\" refers to \"o`dd.people\", which the run did not "
                        "compare, and which cannot be read: its database is not named by the URI");
        }
        copy_free(cw);
    }
}

/* Where no way leads beyond the run nothing is read. */
static void test_no_way(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    cw->w.plan.nreferences = 0;
    copy_rows(cw, 1, STAMPS, "100|10", NULL, MR_STEP_INSERT);
    climb(cw);
    assert_int_equal(cw->w.reads, 0);
    copy_expect(cw, "SELECT count(*) FROM climb", "0");
    copy_free(cw);
}

static struct mr_plan_tables of_run;

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    copy_rows(cw, 1, STAMPS, "100|10", NULL, MR_STEP_INSERT);
    world_both(&cw->w, CARDS, "10|1");
    world_both(&cw->w, MEMBERS, "1|017|5|NULL");
    world_source(&cw->w, CLUBS, "5|a");
    world_target(&cw->w, CLUBS, "5|b");
    of_run = cw->w.plan;
    cw->w.plan.ntables = 4;
    cw->c.m.plan = &of_run;
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_climb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up),       cmocka_unit_test(test_far),
        cmocka_unit_test(test_from),     cmocka_unit_test(test_people),
        cmocka_unit_test(test_blind),    cmocka_unit_test(test_no_way),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
