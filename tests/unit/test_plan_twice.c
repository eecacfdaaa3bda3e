/* test_plan_twice.c: triggers that would do what the plan itself does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/planning/plan_twice.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* orders, counters, audit are planned; link, loop are not. */
enum { ORDERS, COUNTERS, AUDIT, PLANNED, LINK = PLANNED, LOOP, TABLES };

struct scene {
    struct mr_table live[TABLES];
    struct mr_trigger triggers[TABLES];
    struct mr_catalogue cat;
    struct mr_server_side sides[MR_SIDES];
    struct mr_pair pairs[PLANNED];
    struct mr_plan_table tables[PLANNED];
    struct mr_plan_tables plan;
    struct mr_planned_trigger fires;
    struct mr_planned_table planned_tables[PLANNED];
    struct mr_planned planned;
};

static void begin(struct scene *s, const char *body)
{
    static const char *const names[] = {"orders", "counters", "audit", "link", "loop"};
    static const char *const full[] = {"shop.orders", "shop.counters", "shop.audit"};
    *s = (struct scene){.fires = {"tr", "AFTER", "INSERT"}};
    for (size_t i = 0; i < TABLES; i++)
        s->live[i] = (struct mr_table){.db = "shop", .name = names[i]};
    for (size_t i = 0; i < PLANNED; i++) {
        s->pairs[i].side[MR_TARGET] = &s->live[i];
        s->tables[i].pair = &s->pairs[i];
        s->planned_tables[i] = (struct mr_planned_table){.table = full[i],
                                                         .target_table = full[i],
                                                         .target_db = "shop",
                                                         .target_name = names[i]};
    }
    s->triggers[ORDERS] = (struct mr_trigger){.name = "tr", .event = "INSERT", .body = body};
    s->triggers[LINK] = (struct mr_trigger){
        .name = "li", .event = "UPDATE,INSERT", .body = "UPDATE counters SET n = n + 1"};
    s->triggers[LOOP] = (struct mr_trigger){
        .name = "lo", .event = "UPDATE", .body = "UPDATE loop SET n = 1; DELETE FROM audit"};
    for (size_t i = 0; i < TABLES; i++) {
        s->live[i].triggers = &s->triggers[i];
        s->live[i].ntriggers = s->triggers[i].name != NULL;
    }
    s->cat = (struct mr_catalogue){.tables = s->live, .ntables = TABLES};
    s->sides[MR_TARGET].cat = &s->cat;
    s->plan = (struct mr_plan_tables){.tables = s->tables, .ntables = PLANNED};
    s->plan.pairing.side = s->sides;
    s->planned_tables[ORDERS].triggers = &s->fires;
    s->planned_tables[ORDERS].ntriggers = 1;
    s->planned =
        (struct mr_planned){.tables = s->planned_tables, .ntables = PLANNED, .fire_triggers = true};
}

enum { INS = 1, UPD = 2, DEL = 4, NEW_ID = 8 };

static void plans(struct scene *s, size_t table, unsigned what)
{
    uint64_t *d = s->planned_tables[table].decisions;
    d[MR_DECIDE_INSERT] = (what & INS) != 0;
    d[MR_DECIDE_UPDATE] = (what & UPD) != 0;
    d[MR_DECIDE_DELETE] = (what & DEL) != 0;
    d[MR_DECIDE_RENUMBER] = (what & NEW_ID) != 0;
}

#define FIRES "trigger \"tr\" ON shop.orders would fire for the rows of the plan and "
#define TWICE ", of which the plan itself writes rows: what it did would be done twice"
#define UPDATES FIRES "update shop.counters" TWICE

static void test_bodies(void **state)
{
    static const struct {
        const char *body; /* NULL: the account may not see it */
        bool rewinds;
        unsigned counters, audit;
        const char *refused; /* NULL: it is not */
    } cases[] = {
        {NULL, true, UPD, INS, NULL},
        {"SET NEW.n = 1", true, UPD, INS, NULL},
        {"UPDATE counters SET n = n + 1", true, 0, INS, NULL},
        {"UPDATE other.counters SET n = n + 1", true, UPD, INS, NULL},
        {"UPDATE counters SET n = n + 1", true, UPD, 0, UPDATES},
        {"UPDATE `shop`.COUNTERS SET n = n + 1", true, INS, 0, UPDATES},
        {"UPDATE counters SET n = n + 1", true, DEL, 0, UPDATES},
        {"UPDATE counters SET n = n + 1", true, NEW_ID, 0, UPDATES},
        {"INSERT INTO counters VALUES (1) ON DUPLICATE KEY UPDATE n = n + 1", false, UPD, 0,
         UPDATES},
        {"REPLACE counters VALUES (1)", false, UPD, 0, FIRES "replace rows of shop.counters" TWICE},
        {"DELETE FROM audit", false, 0, DEL, FIRES "delete from shop.audit" TWICE},
        /* of rows that are inserted only a log has those of triggers */
        {"INSERT INTO audit VALUES (NEW.id)", true, 0, DEL, FIRES "insert into shop.audit" TWICE},
        {"INSERT INTO audit VALUES (NEW.id)", false, UPD, INS | UPD | DEL, NULL},
        {"UPDATE counters SET n = n + 1", false, INS | NEW_ID, 0, NULL},
        /* by what it fires itself */
        {"INSERT INTO link VALUES (1)", true, UPD, 0, UPDATES},
        {"INSERT INTO link VALUES (1)", false, UPD, 0, UPDATES},
        {"REPLACE link VALUES (1)", false, UPD, 0, UPDATES},
        {"DELETE FROM link", true, UPD, 0, NULL},
        {"UPDATE loop SET n = 2", true, UPD, 0, NULL},
        {"UPDATE loop SET n = 2", true, 0, DEL, FIRES "delete from shop.audit" TWICE},
        /* routines */
        {"CALL count_up(1)", false, UPD, INS, NULL},
        {"CALL count_up(1)", true, 0, 0, NULL},
        {"CALL count_up(1)", true, 0, INS,
         FIRES "call \"count_up\", which may write what the plan itself writes into shop.audit: it "
               "would be done twice"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        for (int undo = 0; undo < 2; undo++) {
            struct scene s;
            struct mr_err err = {0};
            begin(&s, cases[i].body);
            if (undo) {
                s.planned_tables[ORDERS].undo_triggers = &s.fires;
                s.planned_tables[ORDERS].nundo_triggers = 1;
                s.planned_tables[ORDERS].ntriggers = 0;
            }
            plans(&s, ORDERS, INS);
            plans(&s, COUNTERS, cases[i].counters);
            plans(&s, AUDIT, cases[i].audit);
            const enum mr_code code =
                mr_plan_refuse_twice(&s.plan, &s.planned, cases[i].rewinds, &err);
            if ((code == MR_OK) != (cases[i].refused == NULL))
                fail_msg("case %zu: %d %s", i, (int)code, err.message);
            if (cases[i].refused != NULL) {
                assert_int_equal(code, MR_E_REFUSED);
                assert_string_equal(err.message, cases[i].refused);
            }
        }
    }
}

/* Whether undo would: told of the table whose triggers it fires, and refused by nobody here. */
static void test_undo(void **state)
{
    struct scene s;
    struct mr_err err = {0};
    bool is = true;
    (void)state;
    begin(&s, "UPDATE counters SET n = n + 1");
    s.planned.fire_triggers = false;
    plans(&s, COUNTERS, UPD);
    assert_int_equal(mr_plan_undo_twice(&s.plan, &s.planned, ORDERS, true, &is, &err), MR_OK);
    assert_false(is);
    s.planned_tables[ORDERS].undo_triggers = &s.fires;
    s.planned_tables[ORDERS].nundo_triggers = 1;
    assert_int_equal(mr_plan_undo_twice(&s.plan, &s.planned, ORDERS, true, &is, &err), MR_OK);
    assert_true(is);
    plans(&s, COUNTERS, 0);
    assert_int_equal(mr_plan_undo_twice(&s.plan, &s.planned, ORDERS, true, &is, &err), MR_OK);
    assert_false(is);
    assert_string_equal(err.message, "");
}

/* Nothing is asked where none may fire, nor of a trigger that does not. */
static void test_silent(void **state)
{
    struct scene s;
    struct mr_err err = {0};
    (void)state;
    begin(&s, "UPDATE counters SET n = n + 1");
    plans(&s, COUNTERS, UPD);
    s.planned.fire_triggers = false;
    assert_int_equal(mr_plan_refuse_twice(&s.plan, &s.planned, true, &err), MR_OK);
    s.planned.fire_triggers = true;
    s.fires.name = "another";
    assert_int_equal(mr_plan_refuse_twice(&s.plan, &s.planned, true, &err), MR_OK);
    s.fires.name = "tr";
    assert_int_equal(mr_plan_refuse_twice(&s.plan, &s.planned, true, &err), MR_E_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
