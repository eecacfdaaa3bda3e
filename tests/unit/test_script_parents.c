/* test_script_parents.c: whom the rows of a unit refer to: of it, of another unit, of TARGET alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

#define INSERT MR_STEP_INSERT
#define UPDATE MR_STEP_UPDATE
#define DELETE MR_STEP_DELETE

/* "reference origin image…" of each parent that was found; ! where one has no name. */
static void parents_are(struct world *w, const char *wanted)
{
    static const char *const origins[] = {"target",   "plan",   "as-written",
                                          "when-dry", "nobody", "goes"};
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (size_t i = 0; i < w->s.parents.count; i++) {
        const struct mr_script_parent *p = mr_vec_at(&w->s.parents, i);
        mr_strbuf_add_fmt(&w->shown, "%s%zu %s", i > 0 ? "; " : "", p->reference,
                          origins[p->origin]);
        struct mr_value v;
        for (size_t c = 0; c < 2 && mr_script_value(p->image, c, &v); c++)
            if (v.cls == MR_CLASS_INT)
                mr_strbuf_add_fmt(&w->shown, " %lld", (long long)v.i);
            else if (v.cls == MR_CLASS_NULL)
                mr_strbuf_add_str(&w->shown, " -");
            else
                mr_strbuf_add_fmt(&w->shown, " %.*s", (int)v.len, (const char *)v.ptr);
    }
    for (size_t i = 0; i < w->plan.nreferences; i++)
        mr_strbuf_add_str(&w->shown, w->s.nameless[i] ? " !" : "");
    assert_string_equal(w->shown.ptr, wanted);
}

/* People have a name, which may be NULL; notes refer to them. */
static void begin(struct world *w)
{
    world_begin(w);
    struct mr_plan_table *p = world_table(w, "people", "id:int# name:text?");
    world_named(w, p, "name");
    world_table(w, "notes", "id:int# of:int?");
    world_reference(w, 1, "of", 0, "id", true);
}

static void at(struct world *w, uint64_t unit, enum mr_step_op op, size_t table, const char *before,
               const char *after)
{
    world_step(w, (struct world_step){unit, (int64_t)unit, op == INSERT ? 2 : 1, op, table, before,
                                      after, 0});
}

/* Whoever stands on TARGET and is none of the plan's; each is asked for once; NULL is nobody. */
static void test_target(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_live(&w, &w.tables[0], "5|Eve");
    world_live(&w, &w.tables[0], "6|Ann");
    at(&w, 1, INSERT, 1, NULL, "1|5");
    at(&w, 1, INSERT, 1, NULL, "2|5");
    at(&w, 1, INSERT, 1, NULL, "3|NULL");
    at(&w, 1, INSERT, 1, NULL, "4|7"); /* of nobody */
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    parents_are(&w, "0 target 5 Eve");
    world_end(&w);
}

/* Who is found so is kept for verify, under his key and his name; once. */
static void test_kept(void **state)
{
    struct world w;
    uint64_t kept = 0;
    (void)state;
    begin(&w);
    world_live(&w, &w.tables[0], "5|Eve");
    at(&w, 1, INSERT, 1, NULL, "1|5");
    at(&w, 2, INSERT, 1, NULL, "2|5");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    world_unit(&w, MR_SCRIPT_APPLY, 2, 2);
    assert_int_equal(mr_plan_store_count(w.store, 0, MR_DECIDE_PARENT, &kept, NULL), MR_OK);
    assert_int_equal(kept, 1);
    world_end(&w);
}

/* A row of the same unit is no parent outside of it; one of another unit is as that leaves it. */
static void test_plan(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_live(&w, &w.tables[0], "2|old");
    at(&w, 1, INSERT, 0, NULL, "1|Ann");
    at(&w, 1, UPDATE, 0, "2|old", "2|new");
    at(&w, 1, INSERT, 1, NULL, "1|1");
    at(&w, 2, INSERT, 1, NULL, "2|1");
    at(&w, 2, INSERT, 1, NULL, "3|2");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    parents_are(&w, "");
    world_unit(&w, MR_SCRIPT_APPLY, 2, 2);
    parents_are(&w, "0 plan 1 Ann; 0 plan 2 new");
    world_end(&w);
}

/* Of a row that several units write the last says how it is left, the first how it was. */
static void test_chain(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_live(&w, &w.tables[0], "1|first");
    const int64_t row =
        world_step(&w, (struct world_step){1, 1, 1, UPDATE, 0, "1|first", "1|way", 0});
    world_step(&w, (struct world_step){2, 1, 1, UPDATE, 0, "1|way", "1|last", row});
    at(&w, 3, INSERT, 1, NULL, "1|1");
    at(&w, 3, DELETE, 1, "2|1", NULL);
    world_open(&w);
    for (uint64_t unit = 1; unit <= 3; unit++)
        world_unit(&w, MR_SCRIPT_APPLY, unit, unit);
    parents_are(&w, "0 plan 1 last");
    world_unit(&w, MR_SCRIPT_UNDO, 3, 3);
    parents_are(&w, "0 plan 1 first; 0 as-written 1 last !");
    world_end(&w);
}

/* One that has no name is compared in all that he is. */
static void test_nameless(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    at(&w, 1, INSERT, 0, NULL, "1|NULL");
    at(&w, 2, INSERT, 1, NULL, "2|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    world_unit(&w, MR_SCRIPT_APPLY, 2, 2);
    parents_are(&w, "0 plan 1 - !");
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1); /* it is forgotten */
    parents_are(&w, "");
    world_end(&w);
}

/* Who is taken away by a unit before, or by this one, is nobody's parent. */
static void test_gone(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_live(&w, &w.tables[0], "1|Ann");
    world_live(&w, &w.tables[0], "2|Ben");
    at(&w, 1, DELETE, 0, "1|Ann", NULL);
    at(&w, 2, DELETE, 0, "2|Ben", NULL);
    at(&w, 2, INSERT, 1, NULL, "1|1");
    at(&w, 2, INSERT, 1, NULL, "2|2");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    world_unit(&w, MR_SCRIPT_APPLY, 2, 2);
    parents_are(&w, "0 nobody 1 Ann; 0 goes 2 Ben");
    world_end(&w);
}

/* Keys are found as TARGET's collation takes them. */
static void test_collation(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *p = world_table(&w, "people", "nick:text# x:int");
    world_named(&w, p, "nick");
    world_table(&w, "notes", "id:int# of:text?");
    world_reference(&w, 1, "of", 0, "nick", true);
    world_live(&w, p, "EVE|7");
    at(&w, 1, INSERT, 0, NULL, "Ann|1");
    at(&w, 2, INSERT, 1, NULL, "1|ANN");
    at(&w, 2, INSERT, 1, NULL, "2|eve");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    world_unit(&w, MR_SCRIPT_APPLY, 2, 2);
    parents_are(&w, "0 plan Ann 1; 0 target EVE 7");
    world_end(&w);
}

/* Undo: whom a row referred to before the plan, and what of him is undone later. */
static void test_undo(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_live(&w, &w.tables[0], "9|Zoe");
    at(&w, 1, INSERT, 0, NULL, "1|Ann");    /* nobody was there before */
    at(&w, 1, UPDATE, 0, "2|old", "2|new"); /* he was another one */
    at(&w, 2, DELETE, 1, "1|1", NULL);
    at(&w, 2, DELETE, 1, "2|2", NULL);
    at(&w, 2, DELETE, 1, "3|9", NULL);
    at(&w, 2, DELETE, 1, "4|3", NULL);
    at(&w, 3, UPDATE, 0, "3|was", "3|is"); /* undone before, but for a dry run */
    world_open(&w);
    for (uint64_t unit = 1; unit <= 3; unit++)
        world_unit(&w, MR_SCRIPT_APPLY, unit, unit);
    world_unit(&w, MR_SCRIPT_UNDO, 2, 2);
    parents_are(&w, "0 plan 2 old; 0 as-written 2 new; 0 plan 3 was; 0 when-dry 3 is; 0 target 9 "
                    "Zoe !");
    world_end(&w);
}

/* Undo answers for what it leads back, not for a row that has referred to the same all the
 * time. */
static void test_answerable(void **state)
{
    static const struct {
        const char *before, *after;
        enum mr_script_kind kind;
        const char *wanted;
    } cases[] = {
        {"1|5", "2|5", MR_SCRIPT_APPLY, "0 target 5 Eve"},
        {"1|5", "2|5", MR_SCRIPT_UNDO, ""},
        {"1|5", "1|NULL", MR_SCRIPT_UNDO, "0 target 5 Eve"},
        {"1|NULL", "1|5", MR_SCRIPT_UNDO, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w);
        world_live(&w, &w.tables[0], "5|Eve");
        at(&w, 1, UPDATE, 1, cases[i].before, cases[i].after);
        world_open(&w);
        world_unit(&w, cases[i].kind, 1, 1);
        parents_are(&w, cases[i].wanted);
        world_end(&w);
    }
}

/* A reference whose condition does not hold for the row leads nowhere. */
static void test_unmeant(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    w.pairs[0].condition = "`kind` = 'p'";
    world_live(&w, &w.tables[0], "5|Eve");
    world_live(&w, &w.tables[0], "6|Ann");
    const int64_t row = world_step(&w, (struct world_step){1, 1, 1, INSERT, 1, NULL, "1|5", 0});
    at(&w, 1, INSERT, 1, NULL, "2|6");
    assert_int_equal(mr_plan_store_add_unmeant(w.store, row, 0, NULL), MR_OK);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    parents_are(&w, "0 target 6 Ann");
    world_end(&w);
}

/* Rows that are no people, below those of two units, are undone with both. */
static void test_spans(void **state)
{
    static const enum mr_find_subject subjects[] = {MR_SUBJECT_NO, MR_SUBJECT_INFERRED};
    for (size_t i = 0; i < LEN(subjects); i++) {
        struct world w;
        (void)state;
        begin(&w);
        w.own[1].pair.find.subject = subjects[i];
        at(&w, 1, INSERT, 0, NULL, "1|Ann");
        at(&w, 2, INSERT, 1, NULL, "2|1");
        world_open(&w);
        world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
        world_unit(&w, MR_SCRIPT_APPLY, 2, 2);
        assert_int_equal(w.s.spans.count, subjects[i] == MR_SUBJECT_NO);
        world_end(&w);
    }
}

/* Any question may be the one that TARGET does not answer any more. */
static void test_lost(void **state)
{
    unsigned asks = 0;
    (void)state;
    for (unsigned fail_at = 1; fail_at == 1 || fail_at <= asks; fail_at++) {
        struct world w;
        struct mr_err err = {0};
        begin(&w);
        world_live(&w, &w.tables[0], "5|Eve");
        at(&w, 1, INSERT, 0, NULL, "1|Ann");
        at(&w, 1, INSERT, 1, NULL, "1|5");
        world_open(&w);
        w.s.unit = w.s.last_unit = 1;
        assert_int_equal(mr_script_load(&w.s, NULL), MR_OK);
        w.asks = 0;
        w.fail_at = asks == 0 ? 0 : fail_at;
        assert_int_equal(mr_script_parents_find(&w.s, &err), asks == 0 ? MR_OK : MR_E_LOST);
        if (asks == 0) {
            asks = w.asks;
            fail_at = 0;
        }
        world_end(&w);
    }
    assert_true(asks >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target),  cmocka_unit_test(test_kept),
        cmocka_unit_test(test_plan),    cmocka_unit_test(test_nameless),
        cmocka_unit_test(test_gone),    cmocka_unit_test(test_collation),
        cmocka_unit_test(test_undo),    cmocka_unit_test(test_answerable),
        cmocka_unit_test(test_unmeant), cmocka_unit_test(test_spans),
        cmocka_unit_test(test_lost),    cmocka_unit_test(test_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
