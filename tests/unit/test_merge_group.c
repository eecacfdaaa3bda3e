/* test_merge_group.c: what kind of row each row is, by itself and by what it refers to. */
#include "merge_world.h"

#include "core/row/when.h"
#include "repair/merge/merge_group.h"
#include "repair/merge/merge_named.h"

/* members (1, counted, L = 10) ← posts (2, counted) ← tags (3, a key of references alone) ←
 * notes (4, a natural key, with a time) */
enum { MEMBERS, POSTS, TAGS, NOTES };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text!");
    world_table(w, "posts", "id:int# member:int?");
    world_table(w, "tags", "post:int* word:text*");
    world_table(w, "notes", "code:text* post:int? made:datetime?@");
    world_reference(w, POSTS, "member", MEMBERS, "id");
    world_reference(w, TAGS, "post", POSTS, "id");
    world_reference(w, NOTES, "post", POSTS, "id");
    w->merged[MEMBERS].bound.base = 10;
    w->merged[POSTS].bound.base = 10;
    world_open(w);
}

/* One row of members, with what the matcher and the marks know of it. */
static void test_counted(void **state)
{
    const struct {
        const char *row, *there, *set, *mark;
        bool told;
        int64_t next; /* TARGET's counter, from which the fresh bound comes */
        const char *grp;
    } cases[] = {
        {"10|a", "10|a", NULL, NULL, false, 0, "base"}, /* L itself is of the past */
        {"10|a", NULL, NULL, NULL, false, 0, "gone"},
        {"-1|a", NULL, NULL, NULL, false, 0, "gone"},
        {"11|a", NULL, NULL, NULL, false, 0, "maybe"},
        {"11|a", NULL, NULL, NULL, true, 0, "lost"},
        {"11|a", "11|a", "same=1", NULL, false, 0, "same"},
        {"11|a", NULL, "taken=x'00'", NULL, false, 0, "lost"},
        {"11|a", NULL, "held=1", NULL, false, 0, "lost"},
        {"11|a", NULL, "doubt=1", NULL, true, 0, "doubt"},
        {"11|a", NULL, "taken=x'00', doubt=1", NULL, false, 0, "doubt"},
        {"11|a", NULL, NULL, "(id, restored) VALUES (1, 1)", false, 0, "lost"},
        {"11|a", NULL, "doubt=0", "(id, into_key) VALUES (1, x'00')", false, 0, "lost"},
        {"19|a", NULL, NULL, NULL, false, 20, "maybe"},
        {"20|a", NULL, NULL, NULL, false, 20, "lost"},         /* U itself is fresh */
        {"19|a", NULL, "collides=1", NULL, false, 20, "lost"}, /* it makes U */
        {"11|a", NULL, NULL, NULL, false, 9, "maybe"}, /* recorded before the histories parted */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->merged[MEMBERS].bound.is_stated = cases[i].told;
        w->merged[MEMBERS].bound.first_next = (uint64_t)cases[i].next;
        world_row(w, 1, MEMBERS, cases[i].row, cases[i].there, cases[i].set);
        if (cases[i].mark != NULL) {
            char sql[80];
            (void)snprintf(sql, sizeof sql, "INSERT INTO mark %s", cases[i].mark);
            world_sql(w, sql);
        }
        world_run(w, mr_merge_group(&w->m, MEMBERS, 1, &w->err));
        if (strcmp(world_ask(w, "SELECT grp FROM m"), cases[i].grp) != 0)
            fail_msg("case %zu: %s", i, w->text.ptr);
        world_free(w);
    }
}

/* Lost history, and what hangs on it, whichever way the rows are numbered. */
static void test_below(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 90, MEMBERS, "11|a", NULL, "held=1");
    world_row(w, 80, POSTS, "11|11", NULL, NULL);    /* of a lost one */
    world_row(w, 70, POSTS, "12|5", NULL, NULL);     /* of one of the past */
    world_row(w, 75, POSTS, "5|11", "5|NULL", NULL); /* of the past itself: stays so */
    world_row(w, 60, TAGS, "11|x", "11|x", NULL);    /* its key refers to what was lost */
    world_row(w, 61, TAGS, "12|x", "12|x", NULL);    /* maybe is not lost */
    world_row(w, 62, TAGS, "5|x", "5|x", NULL);
    world_row(w, 50, NOTES, "k|11|NULL", NULL, NULL);        /* refers to lost history */
    world_row(w, 51, NOTES, "l|12|NULL", NULL, NULL);        /* to what may be */
    world_row(w, 52, NOTES, "m|NULL|NULL", NULL, NULL);      /* to nobody */
    world_row(w, 53, NOTES, "n|30|NULL", NULL, NULL);        /* to one above L, not looked at */
    world_row(w, 54, NOTES, "o|11|NULL", "o|11|NULL", NULL); /* not by its key */
    world_link(w, 80, 0, 90);
    world_link(w, 75, 0, 90);
    world_link(w, 70, 0, MR_LINK_PLAIN);
    world_link(w, 60, 1, 80);
    world_link(w, 61, 1, 70);
    world_link(w, 62, 1, 75);
    world_link(w, 50, 2, 80);
    world_link(w, 51, 2, 70);
    world_link(w, 52, 2, MR_LINK_NOBODY);
    world_link(w, 53, 2, MR_LINK_PLAIN);
    world_link(w, 54, 2, 80);
    world_sql(w, "UPDATE link SET above=1 WHERE child=53");
    for (size_t i = MEMBERS; i <= NOTES; i++)
        world_run(w, mr_merge_group(&w->m, i, 1, &w->err));
    world_expect(w, "SELECT id, grp FROM m ORDER BY id",
                 "50 lost; 51 maybe; 52 maybe; 53 lost; 54 base; 60 lost; 61 base; 62 base;"
                 " 70 maybe; 75 base; 80 lost; 90 lost");
    /* known by its key it stays TARGET's row, but for an event of its own */
    world_expect(w, "SELECT there IS NOT NULL FROM m WHERE id=60", "1");
    world_free(w);
}

/* A row of references that is an event of its own is nobody's on TARGET, once it is lost. */
static void test_leaves(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->planned[TAGS].identity = MR_PLAN_BY_NONE;
    world_row(w, 1, POSTS, "11|NULL", NULL, "held=1");
    world_row(w, 2, TAGS, "11|x", "11|x", NULL);
    world_link(w, 2, 1, 1);
    world_run(w, mr_merge_group(&w->m, POSTS, 1, &w->err));
    world_run(w, mr_merge_group(&w->m, TAGS, 1, &w->err));
    world_expect(w, "SELECT grp, there FROM m WHERE id=2", "lost -");
    world_free(w);
}

/* Without a key it stays where an earlier plan of its table, too, has brought its parent. */
static void test_came_along(void **state)
{
    const struct {
        const char *planned, *expected;
    } cases[] = {{"log", "base x,11"}, {"posts", "lost -"}, {NULL, "lost -"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = world_new();
        const size_t posts = world_table(w, "posts", "id:int# a:text?");
        const size_t log = world_table(w, "log", "what:exact? post:int?");
        world_reference(w, log, "post", posts, "id");
        world_open(w);
        w->references[0].of_key = true;
        w->planned[log].identity = MR_PLAN_BY_NONE;
        world_row(w, 1, posts, "11|NULL", NULL, "held=1");
        world_row(w, 2, log, "x|11", "x|11", NULL);
        world_link(w, 2, 0, 1);
        world_run(w, mr_merge_named_make(&w->m, &w->err));
        if (cases[i].planned != NULL) {
            world_sql(w, "INSERT INTO mark (id, known, into_key, plan) VALUES (1, 1, x'00', 7)");
            world_require(MR_CASE_ONCE(
                w->m.cf, "INSERT INTO plan_named (plan, tbl, names) VALUES (7, :tbl, '')", NULL,
                MR_ARG_TEXT("tbl",
                            mr_plan_table_name(
                                &w->planned[strcmp(cases[i].planned, "log") == 0 ? log : posts]))));
        }
        world_run(w, mr_merge_group(&w->m, posts, 1, &w->err));
        world_run(w, mr_merge_group(&w->m, log, 1, &w->err));
        const char *got = world_ask(w, "SELECT grp, there FROM m WHERE id=2");
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* A chain within one table, child before parent: it spreads until nothing moves. */
static void test_chain(void **state)
{
    struct world *w = world_new();
    (void)state;
    const size_t t = world_table(w, "m", "id:int# inviter:int?");
    world_reference(w, t, "inviter", t, "id");
    world_open(w);
    for (int64_t i = 1; i <= 30; i++) {
        char row[24];
        (void)snprintf(row, sizeof row, "%d|%d", (int)(100 - i), (int)(101 - i));
        world_row(w, i, t, row, NULL, i == 1 ? "held=1" : NULL);
        if (i > 1)
            world_link(w, i, 0, i - 1);
    }
    world_run(w, mr_merge_group(&w->m, t, 1, &w->err));
    world_expect(w, "SELECT grp, count(*) FROM m GROUP BY grp", "lost 30");
    world_free(w);
}

/* Where no counter made the key, its time says what was created after the split. */
static void test_late(void **state)
{
    const struct {
        const char *made, *grp;
    } cases[] = {{"2026-04-02 12:00:00", "lost"},
                 {"2026-04-02 11:59:59", "maybe"},
                 {"NULL", "maybe"},
                 {"0000-00-00 00:00:00", "maybe"},
                 {"9999-12-31 23:59:59", "lost"}};
    struct mr_when split = {0};
    (void)state;
    assert_int_equal(mr_when_parse(&split, "2026-04-02 12:00:00", NULL), MR_OK);
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char row[48];
        build(w);
        w->options.split_at = &split;
        (void)snprintf(row, sizeof row, "k|NULL|%s", cases[i].made);
        world_row(w, 1, NOTES, row, NULL, NULL);
        world_run(w, mr_merge_group(&w->m, NOTES, 1, &w->err));
        if (strcmp(world_ask(w, "SELECT grp FROM m"), cases[i].grp) != 0)
            fail_msg("case %zu: %s", i, w->text.ptr);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, MEMBERS, "11|a", NULL, "collides=1, taken=x'00'");
    world_row(w, 2, POSTS, "11|11", NULL, NULL);
    world_link(w, 2, 0, 1);
    world_row(w, 3, TAGS, "11|x", "11|x", NULL);
    world_link(w, 3, 1, 2);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_group(&w->m, MEMBERS, 3, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counted),  cmocka_unit_test(test_below),
        cmocka_unit_test(test_leaves),   cmocka_unit_test(test_came_along),
        cmocka_unit_test(test_chain),    cmocka_unit_test(test_late),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
