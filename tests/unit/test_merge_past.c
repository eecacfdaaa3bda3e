/* test_merge_past.c: rows above the bound that are of the past all the same, or may be. */
#include "merge_world.h"

#include "core/row/when.h"
#include "repair/merge/merge_group.h"
#include "repair/merge/merge_map.h"
#include "repair/merge/merge_match.h"
#include "repair/merge/merge_past.h"

enum { MEMBERS, ORDERS };

/* members (with a time) ← orders (without one, events of their own); L is 10, inferred. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! name:text? made:datetime?@");
    world_table(w, "orders", "id:int# member:int? note:text? sum:int?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    w->merged[MEMBERS].bound.base = w->merged[ORDERS].bound.base = 10;
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open(w);
}

static void look(struct world *w, int64_t id, size_t table, const char *row, const char *live)
{
    world_source(w, table, row);
    if (live != NULL)
        world_target(w, table, live);
    world_look(w, id, table, row, live);
}

#define JAN "2026-01-01 00:00:00"
#define FEB "2026-02-01 00:00:00"

/* One key that both sides hold, in rows that differ. */
static void test_twins(void **state)
{
    const struct {
        const char *what;
        size_t table;
        const char *row, *live, *origin, *expected; /* past, above, doubt, lone */
    } cases[] = {
        {"one person, created at one moment", MEMBERS, "11|017|a|" JAN, "11|017|b|" JAN,
         "equal rows", "1 0 0 -1"},
        {"who named the last key is believed", MEMBERS, "11|017|a|" JAN, "11|017|b|" JAN,
         "split-key", "0 1 0 -1"},
        {"created at one moment, and two people", MEMBERS, "11|017|a|" JAN, "11|018|a|" JAN,
         "equal rows", "0 1 1 -1"},
        {"born apart", MEMBERS, "11|017|a|" JAN, "11|018|a|" FEB, "equal rows", "0 1 0 -1"},
        {"born apart, of one name", MEMBERS, "11|017|a|" JAN, "11|017|a|" FEB, "equal rows",
         "0 1 0 -1"},
        {"no time of one of them, and alike", MEMBERS, "11|017|a|NULL", "11|018|a|" JAN,
         "equal rows", "0 1 1 -1"},
        {"a zero date is none", MEMBERS, "11|017|a|0000-00-00 00:00:00", "11|018|a|NULL",
         "equal rows", "0 1 1 -1"},
        {"nothing alike", MEMBERS, "11|017|a|NULL", "11|018|b|NULL", "equal rows", "0 1 0 -1"},
        {"alike in a NULL and an empty text says nothing", ORDERS, "11|NULL||7", "11|NULL||8",
         "equal rows", "0 1 0 3"},
        {"alike in a text", ORDERS, "11|NULL|x|7", "11|NULL|x|8", "equal rows", "0 1 1 3"},
        {"alike in a zero, which is what there is without a value", ORDERS, "11|NULL|x|0",
         "11|NULL|y|0", "equal rows", "0 1 0 2"},
        {"of the past by its key", ORDERS, "10|NULL|x|7", "10|NULL|x|8", "equal rows", "0 0 0 -1"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->merged[cases[i].table].bound.base_origin = cases[i].origin;
        look(w, 1, cases[i].table, cases[i].row, cases[i].live);
        world_run(w, mr_merge_match(&w->m, cases[i].table, 1, &w->err));
        const char *got =
            world_ask(w, "SELECT w.past, above, doubt, lone FROM w JOIN m USING (id)");
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* Two that agree only in a reference which does not lead to the past have nothing in common. */
static void test_open_ends(void **state)
{
    const struct {
        int64_t parent;
        const char *doubt;
    } cases[] = {{MR_LINK_NOBODY, "0"}, {MR_LINK_PLAIN, "1"}, {9, "0"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 9, MEMBERS, "15|017|a|NULL", NULL, "grp='maybe'"); /* above L */
        world_source(w, MEMBERS, "15|017|a|NULL");
        look(w, 1, ORDERS, "11|15|x|7", "11|15|y|8");
        world_link(w, 1, 0, cases[i].parent);
        world_run(w, mr_merge_match(&w->m, ORDERS, 1, &w->err));
        const char *got = world_ask(w, "SELECT doubt FROM m WHERE id=1");
        if (strcmp(got, cases[i].doubt) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* Nothing is in doubt that refers to lost history, or from the first key on that two different
 * rows hold for certain. */
static void test_cleared(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    bool learnt = false;
    (void)state;
    build(w);
    world_row(w, 9, MEMBERS, "15|017|a|NULL", NULL, "grp='maybe'");
    look(w, 1, ORDERS, "11|NULL|x|7", "11|NULL|x|8");
    look(w, 2, ORDERS, "12|15|x|7", "12|NULL|x|8");
    look(w, 3, ORDERS, "13|NULL|x|7", "13|NULL|x|8");
    world_link(w, 2, 0, 9);
    world_run(w, mr_merge_match(&w->m, ORDERS, 1, &w->err));
    world_expect(w, "SELECT id, doubt FROM m WHERE tbl=1 ORDER BY id", "1 1; 2 1; 3 1");
    world_run(w, mr_merge_past_learn(&w->m, ORDERS, 1, &learnt, &w->err));
    assert_false(learnt);
    world_sql(w, "UPDATE m SET grp='lost' WHERE id=9");
    world_run(w, mr_merge_past_learn(&w->m, ORDERS, 1, &learnt, &w->err));
    assert_true(learnt);
    world_expect(w, "SELECT id FROM mark WHERE cleared ORDER BY id", "2; 3");
    assert_true(w->merged[ORDERS].bound.has_fresh && w->merged[ORDERS].bound.fresh == 12);
    world_run(w, mr_merge_match(&w->m, ORDERS, 1, &w->err));
    world_expect(w, "SELECT id, doubt FROM m WHERE tbl=1 ORDER BY id", "1 1; 2 0; 3 0");
    world_free(w);
}

/* A key that only SOURCE holds is of the past if its row was created before one that is: both
 * sides must say so. */
static void test_older(void **state)
{
    const struct {
        const char *row, *target; /* TARGET's youngest row of the past */
        bool fresh;
        const char *expected; /* past, above */
        const char *source;   /* SOURCE's; NULL: of January */
    } cases[] = {
        {"15|017|a|2025-12-01", "9|x|x|" JAN, false, "0 1", "9|x|x|NULL"},
        {"15|017|a|2025-12-01", "9|x|x|" JAN, false, "0 1", "9|x|x|2025-11-01"},
        {"15|017|a|2025-12-01", "9|x|x|" JAN, false, "2 0", NULL},
        {"15|017|a|2026-01-01", "9|x|x|" JAN, false, "0 1", NULL},
        {"15|017|a|NULL", "9|x|x|" JAN, false, "0 1", NULL},
        {"15|017|a|2025-12-01", "9|x|x|NULL", false, "0 1", NULL},
        {"15|017|a|2025-12-01", "9|x|x|2025-11-01", false, "0 1", NULL},
        {"15|017|a|2025-12-01", "9|x|x|" JAN, true, "0 1", NULL}, /* from U on it is lost history */
        {"15|017|a|2025-12-01", "11|x|x|" FEB, false, "0 1", NULL}, /* which is not of the past */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        bool learnt = false;
        build(w);
        w->merged[MEMBERS].bound.has_fresh = cases[i].fresh;
        w->merged[MEMBERS].bound.fresh = 15;
        world_source(w, MEMBERS, cases[i].source != NULL ? cases[i].source : "9|x|x|" JAN);
        world_target(w, MEMBERS, cases[i].target);
        look(w, 1, MEMBERS, cases[i].row, NULL);
        world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
        world_run(w, mr_merge_past_learn(&w->m, MEMBERS, 1, &learnt, &w->err));
        const char *got = world_ask(w, "SELECT past, above FROM w");
        if (strcmp(got, cases[i].expected) != 0 || learnt != (*got == '2'))
            fail_msg("case %zu: %s, learnt %d", i, got, learnt);
        world_free(w);
    }
}

/* A run of keys in doubt that begins right above the bound, or a table where most keys differ
 * in one column: the bound is wrong.  Told when all is decided, and not by a note. */
static void test_refused(void **state)
{
    const struct {
        const char *rows[3], *live[3];
        uint64_t source_rows;
        const char *words; /* NULL: taken */
    } cases[] = {
        {{"11|NULL|x|7", "12|NULL|x|7"},
         {"11|NULL|x|8", "12|NULL|x|8"},
         100,
         "the next 2 keys that both sides hold are rows that differ in some columns"},
        {{"11|NULL|x|7"}, {"11|NULL|x|8"}, 100, NULL},
        /* one is certain before the second: the run is over */
        {{"11|NULL|x|7", "12|NULL|y|1", "13|NULL|x|7"},
         {"11|NULL|x|8", "12|NULL|z|2", "13|NULL|x|8"},
         100,
         NULL},
        {{"11|NULL||7", "12|NULL||7"},
         {"11|NULL||8", "12|NULL||8"},
         3,
         "most keys that both sides hold differ in column \"sum\" alone"},
        {{"11|NULL||7", "12|NULL||7"}, {"11|NULL||8", "12|NULL||8"}, 4, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->tables[ORDERS].found.counts.source_rows = cases[i].source_rows;
        for (size_t k = 0; k < 3 && cases[i].rows[k] != NULL; k++)
            look(w, (int64_t)k + 1, ORDERS, cases[i].rows[k], cases[i].live[k]);
        world_run(w, mr_merge_match(&w->m, ORDERS, 1, &w->err));
        world_run(w, mr_merge_past_note(&w->m, ORDERS, 1, &w->err));
        assert_true(w->m.has_past_refusal == (cases[i].words != NULL));
        world_sql(w, "UPDATE m SET doubt=0, lone=-1"); /* choices have settled it since */
        const enum mr_code code = mr_merge_past_test(&w->m, &w->err);
        if (code != (cases[i].words != NULL ? MR_E_REFUSED : MR_OK) ||
            (cases[i].words != NULL && strstr(w->err.message, cases[i].words) == NULL))
            fail_msg("case %zu: %d: %s", i, (int)code, w->err.message);
        if (code != MR_OK && strstr(w->err.hint, "--split-at TIME") == NULL)
            fail_msg("case %zu: %s", i, w->err.hint);
        world_free(w);
    }
}

/* What is left to do is not what was done already. */
static void test_hint(void **state)
{
    struct mr_when split = {0};
    (void)state;
    assert_int_equal(mr_when_parse(&split, "2026-04-02 12:00:00", NULL), MR_OK);
    for (int i = 0; i < 3; i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        const size_t t = i == 0 ? ORDERS : MEMBERS;
        w->options.split_at = &split;
        w->merged[MEMBERS].bound.base = i == 1 ? 0 : 10;
        w->merged[t].bound.base_origin = "split-at";
        look(w, 1, t, i == 0 ? "11|NULL|x|7" : "11|1|x|NULL",
             i == 0 ? "11|NULL|x|8" : "11|2|x|NULL");
        look(w, 2, t, i == 0 ? "12|NULL|x|7" : "12|3|x|NULL",
             i == 0 ? "12|NULL|x|8" : "12|4|x|NULL");
        world_run(w, mr_merge_match(&w->m, t, 1, &w->err));
        static const char *const words[] = {"configure its time-column",
                                            "No row of the table was created before",
                                            "The time given does not settle it"};
        world_refuse(w, mr_merge_past_test(&w->m, &w->err), MR_E_REFUSED, words[i]);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build(w);
    world_source(w, MEMBERS, "9|x|x|" JAN);
    world_target(w, MEMBERS, "9|x|x|" JAN);
    look(w, 1, MEMBERS, "15|017|a|2025-12-01", NULL);
    look(w, 2, MEMBERS, "11|018|a|" JAN, "11|018|b|" JAN);
    look(w, 3, ORDERS, "11|15|x|7", "11|NULL|x|8");
    world_link(w, 3, 0, 1);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    bool learnt = false;
    MR_TRY(mr_merge_match(&w->m, MEMBERS, 2, err));
    MR_TRY(mr_merge_past_note(&w->m, MEMBERS, 2, err));
    MR_TRY(mr_merge_past_learn(&w->m, MEMBERS, 2, &learnt, err));
    return mr_merge_past_test(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),    cmocka_unit_test(test_open_ends),
        cmocka_unit_test(test_cleared),  cmocka_unit_test(test_older),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_hint),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
