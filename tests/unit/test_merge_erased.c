/* test_merge_erased.c: rows that SOURCE deleted, and which of them go from TARGET. */
#include "told_world.h"

#include "core/base/log.h"
#include "repair/merge/merge_erased.h"
#include "repair/merge/merge_steps.h"

enum { MEMBERS, ORDERS };
#define GOOD MR_WITNESS_GOOD

static const struct mr_conflict_rule erase = {.kind = "deleted-in-source", .choice = "delete"};
static const struct mr_conflict_rule halt = {.kind = "deleted-in-source", .choice = "stop"};
static const struct mr_conflict_rule unfit = {.kind = "deleted-in-source", .choice = "restore"};

/* members, each invited by another perhaps, and their orders. */
static void begin(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! inviter:int?");
    world_table(w, "orders", "id:int# member:int note:text?");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_open_case(w);
    told_still(w);
}

/* SOURCE's log has it as deleted; TARGET has it as `live`, NULL: no more. */
static void gone(struct told *t, size_t table, const char *was, const char *live)
{
    told_mark(t, table, MR_SOURCE, was, (struct told_mark){.first = was});
    if (live != NULL)
        world_target(t->w, table, live);
}

/* Orders go along with their members on SOURCE. */
static void let_cascade(struct world *w)
{
    static struct mr_table tables[2];
    static struct mr_foreign_key fk;
    told_foreign_key(w, 1, MR_TARGET, "RESTRICT", "CASCADE", NULL);
    fk = w->tables[ORDERS].side[MR_TARGET].fks[0];
    fk.ref_db = w->tables[MEMBERS].side[MR_SOURCE].db;
    fk.ref_table = w->tables[MEMBERS].side[MR_SOURCE].name;
    w->tables[ORDERS].side[MR_TARGET].nfks = 0;
    w->tables[ORDERS].side[MR_SOURCE].fks = &fk;
    w->tables[ORDERS].side[MR_SOURCE].nfks = 1;
    tables[0] = w->tables[MEMBERS].side[MR_SOURCE];
    tables[1] = w->tables[ORDERS].side[MR_SOURCE];
    w->cat[MR_SOURCE].tables = tables;
    w->cat[MR_SOURCE].ntables = 2;
}

static void say(struct world *w, const struct mr_conflict_rule *rule, uint64_t allowed)
{
    w->options.on_conflict = rule;
    w->options.non_conflict = rule != NULL ? 1 : 0;
    w->options.allow_deletes = allowed;
}

/* 2 invited 3, who has an order; 4 has one that TARGET made; 5 was edited there; 6 SOURCE has again; 7 TARGET
 * has deleted, too; 8 was made and deleted on SOURCE. */
static void build(struct world *w)
{
    struct told t;
    begin(w);
    told_begin(w, &t);
    told_table(&t, MEMBERS, GOOD, GOOD);
    told_table(&t, ORDERS, GOOD, GOOD);
    gone(&t, MEMBERS, "2|b|NULL", "2|b|NULL");
    gone(&t, MEMBERS, "3|c|2", "3|c|2");
    gone(&t, MEMBERS, "4|d|NULL", "4|d|NULL");
    gone(&t, MEMBERS, "5|e|NULL", "5|f|NULL");
    told_mark(&t, MEMBERS, MR_TARGET, "5|e|NULL",
              (struct told_mark){.first = "5|e|NULL", .last = "5|f|NULL"});
    gone(&t, MEMBERS, "6|g|NULL", "6|g|NULL");
    world_source(w, MEMBERS, "6|g|NULL");
    gone(&t, MEMBERS, "7|h|NULL", NULL);
    gone(&t, ORDERS, "1|3|x", "1|3|x");
    world_target(w, ORDERS, "9|4|new");
    told_mark(&t, ORDERS, MR_TARGET, "9|4|new", (struct told_mark){.last = "9|4|new"});
    told_end(&t);
}

#define ENTITIES                                                                                   \
    "SELECT tbl, source_key, target_key, decision, choice, detail FROM entity ORDER BY tbl, "      \
    "target_key"

static enum mr_code work(struct world *w, struct mr_err *err)
{
    MR_TRY(mr_merge_erased(&w->m, err));
    return mr_merge_erased_save(&w->m, err);
}

static void test_kept(void **state)
{
    const struct mr_conflict_rule *rules[] = {NULL, &unfit};
    (void)state;
    for (size_t i = 0; i < LEN(rules); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        say(w, rules[i], 0);
        world_run(w, work(w, &w->err));
        world_expect(
            w, ENTITIES,
            "0 - 2 7 keep -; 0 - 3 7 keep -; 0 - 4 7 keep -; 0 - 5 7 keep -; 1 - 1 7 keep -");
        assert_int_equal(w->result.open, 0);
        assert_int_equal(w->result.erased, 0);
        world_free(w);
    }
}

static void test_goes(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    say(w, &erase, 4);
    world_run(w, work(w, &w->err));
    world_expect(w, ENTITIES,
                 "0 - 2 6 delete -; 0 - 3 6 delete -;"
                 " 0 - 4 7 - rows of table \"d.orders\" that stay refer to it; 0 - 5 6 delete -;"
                 " 1 - 1 6 delete -");
    /* children first, whoever hangs together at once */
    world_expect(w, "SELECT tbl, key, lvl, tree FROM erased WHERE goes ORDER BY tree, lvl",
                 "1 1 1 1; 0 3 2 1; 0 2 3 1; 0 5 1 4");
    assert_int_equal(w->result.open, 1);
    assert_int_equal(w->result.erased, 4);
    world_free(w);
}

/* The plan leads a row of SOURCE to it. */
static void test_led(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    say(w, &erase, 3);
    world_row(w, 1, MEMBERS, "50|e|NULL", "5|f|NULL", "grp='lost'");
    world_run(w, work(w, &w->err));
    world_expect(w,
                 "SELECT key, why FROM erased WHERE tbl=0 AND key=x'03050000000000000005' OR why "
                 "LIKE 'the%'",
                 "5 the plan leads a row of SOURCE to it");
    world_free(w);
}

static void test_numbers(void **state)
{
    const struct {
        const struct mr_conflict_rule *rule;
        uint64_t allowed;
        const char *words;
    } cases[] = {
        {&erase, 0, "the plan deletes 4 rows that were deleted on SOURCE"},
        {&erase, 0, "--allow-deletes 4"},
        {&erase, 5, "4 rows that were deleted on SOURCE, not the 5 that are allowed"},
        {NULL, 9, "the plan deletes none of the rows that were deleted on SOURCE, not the 9 that"},
        {&halt, 4, "the choice for deleted-in-source is to stop"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        say(w, cases[i].rule, cases[i].allowed);
        world_refuse(w, work(w, &w->err), MR_E_REFUSED, cases[i].words);
        world_free(w);
    }
}

/* Two who invited each other hold each other. */
static void test_circle(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct told t;
    (void)state;
    begin(w);
    told_begin(w, &t);
    told_table(&t, MEMBERS, GOOD, GOOD);
    gone(&t, MEMBERS, "2|b|3", "2|b|3");
    gone(&t, MEMBERS, "3|c|2", "3|c|2");
    gone(&t, MEMBERS, "4|d|4", "4|d|4"); /* himself is nobody else */
    told_end(&t);
    say(w, &erase, 1);
    world_run(w, work(w, &w->err));
    world_expect(w, "SELECT key, goes FROM erased ORDER BY key", "2 0; 3 0; 4 1");
    assert_int_equal(w->result.open, 2);
    world_free(w);
}

/* Children that SOURCE deleted by a cascade, of which no log has an event. */
static void build_along(struct world *w)
{
    struct told t;
    begin(w);
    let_cascade(w);
    told_begin(w, &t);
    told_table(&t, MEMBERS, GOOD, GOOD);
    told_table(&t, ORDERS, GOOD, GOOD);
    gone(&t, MEMBERS, "2|b|NULL", "2|b|NULL");
    gone(&t, MEMBERS, "3|c|NULL", "3|c|NULL");
    gone(&t, MEMBERS, "4|d|NULL", "4|d|NULL");
    world_target(w, ORDERS, "1|2|went along");
    world_both(w, ORDERS, "2|3|stands");
    world_target(w, ORDERS, "3|4|went along");
    world_target(w, ORDERS, "4|4|new on TARGET");
    told_mark(&t, ORDERS, MR_TARGET, "4|4|new on TARGET",
              (struct told_mark){.last = "4|4|new on TARGET"});
    told_end(&t);
    say(w, &erase, 2);
}

static void test_along(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build_along(w);
    world_run(w, work(w, &w->err));
    world_expect(w, "SELECT tbl, key, goes, along FROM erased ORDER BY tbl, key",
                 "0 2 1 0; 0 3 0 0; 0 4 0 0; 1 1 1 1");
    world_free(w);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_along, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),     cmocka_unit_test(test_goes),
        cmocka_unit_test(test_led),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_circle),   cmocka_unit_test(test_along),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
