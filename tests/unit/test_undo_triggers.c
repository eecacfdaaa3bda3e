/* test_undo_triggers.c: triggers that would fire for rows that undo writes are refused by name,
 * or warned of. */
#include "apply_world.h"

#include "repair/apply/undo_triggers.h"

#define BODY ", body 0123456789abcdef"
#define ON_INSERT "trigger \"new \"one\"\" BEFORE INSERT" BODY
#define ON_UPDATE "trigger \"upd\" AFTER UPDATE" BODY
#define ON_DELETE "trigger \"del\" AFTER DELETE" BODY
#define ON_ANY "trigger \"any\" AFTER INSERT,DELETE" BODY

static const struct mr_planned_trigger known_delete = {"del", "AFTER", "DELETE"},
                                       known_insert = {"gone", "AFTER", "INSERT"};

struct firing {
    const char *there; /* on TARGET */
    enum mr_decision decision;
    bool knows, updates;
    const struct mr_planned_trigger *seen; /* when the plan was made; or NULL */
    const char *why;                       /* NULL: none fires */
};

static const struct firing firings[] = {
    /* the plan knows what it saw */
    {ON_DELETE, MR_DECIDE_INSERT, true, false, &known_delete,
     "taken back: \"del\" (AFTER DELETE ON o`dd.t)"},
    {"", MR_DECIDE_INSERT, true, false, &known_delete, NULL}, /* it is gone by now */
    {ON_INSERT, MR_DECIDE_INSERT, true, false, &known_delete, NULL},
    /* one that is new since is of the same event */
    {"trigger \"other\" BEFORE DELETE" BODY, MR_DECIDE_INSERT, true, false, &known_delete,
     "\"other\" (BEFORE DELETE"},
    {ON_DELETE, MR_DECIDE_INSERT, true, false, NULL, NULL}, /* refused as new, elsewhere */
    {ON_DELETE, MR_DECIDE_INSERT, true, false, &known_insert, NULL},
    /* an older plan: by what it does */
    {ON_DELETE, MR_DECIDE_INSERT, false, false, NULL, "\"del\" (AFTER DELETE"},
    {ON_DELETE, MR_DECIDE_RENUMBER, false, false, NULL, "\"del\" (AFTER DELETE"},
    {ON_DELETE, MR_DECIDE_DELETE, false, false, NULL, NULL},
    {ON_INSERT, MR_DECIDE_DELETE, false, false, NULL, "\"new \"one\"\" (BEFORE INSERT"},
    {ON_INSERT, MR_DECIDE_INSERT, false, false, NULL, NULL},
    {ON_UPDATE, MR_DECIDE_UPDATE, false, false, NULL, "\"upd\" (AFTER UPDATE"},
    {ON_UPDATE, MR_DECIDE_INSERT, false, true, NULL, NULL},
    {ON_DELETE "\n" ON_INSERT "\n" ON_UPDATE, MR_DECIDE_MATCHED, false, true, NULL, NULL},
    /* of several events */
    {ON_ANY, MR_DECIDE_INSERT, true, false, &known_delete, "\"any\" (AFTER INSERT,DELETE ON"},
    {ON_ANY, MR_DECIDE_DELETE, false, false, NULL, "\"any\" (AFTER INSERT,DELETE ON"},
    {ON_ANY, MR_DECIDE_UPDATE, false, false, NULL, NULL},
    {"engine InnoDB\ncheck \"trigger\" 1", MR_DECIDE_INSERT, false, false, NULL, NULL},
};

static struct mr_undo_triggers begin_task(void)
{
    return (struct mr_undo_triggers){
        .target = &p.target, .planned = &p.m.planned, .arena = &p.arena};
}

static void test_fires(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(firings); i++)
        for (int fire = 0; fire < 3; fire++) {
            const struct firing *f = &firings[i];
            BEGIN({.has = ".TRIGGERS", .rows = f->there}, {.has = "SELECT", .rows = ""});
            struct mr_planned_table *t = plan_table("o`dd.t", "id#");
            t->decisions[f->decision] = 1;
            t->knows_undo = f->knows;
            t->undo_triggers = f->seen;
            t->nundo_triggers = f->seen != NULL;
            struct mr_undo_triggers task = begin_task();
            task.updates = f->updates;
            task.fire = fire == 1;                 /* --allow-triggers fire, of undo */
            p.m.planned.fire_triggers = fire == 2; /* or of the plan */
            const enum mr_code code = mr_undo_triggers_check(&task, &p.err);
            if (f->why != NULL && fire == 0) {
                refused_for(code, f->why);
            } else {
                if (code != MR_OK)
                    fail_msg("%zu: %s", i, p.err.message);
                assert_int_equal(p.said.len > 0, f->why != NULL);
                if (f->why != NULL)
                    said_has(f->why);
            }
            if (f->knows && f->seen == NULL)
                sent_is(""); /* nothing is asked where nothing was */
            end();
        }
}

/* Five are named, of all tables together. */
static void test_many(void **state)
{
    (void)state;
    BEGIN({.has = ".TRIGGERS", .rows = ON_DELETE "\n" ON_DELETE "\n" ON_DELETE},
          {.has = "SELECT", .rows = ""});
    plan_table("o`dd.t", "id#")->decisions[MR_DECIDE_INSERT] = 1;
    plan_table("o`dd.u", "id#")->decisions[MR_DECIDE_INSERT] = 1;
    plan_table("o`dd.v", "id#")->decisions[MR_DECIDE_INSERT] = 1;
    const struct mr_undo_triggers task = begin_task();
    refused_for(mr_undo_triggers_check(&task, &p.err), "ON o`dd.u) and 4 more");
    assert_null(strstr(p.err.message, "o`dd.v"));
    end();
}

/* What cannot be read is not taken for none. */
static void test_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 6; n++) {
        BEGIN({.has = "SELECT", .rows = ""});
        plan_table("o`dd.t", "id#");
        world.fail_at = n;
        const struct mr_undo_triggers task = begin_task();
        assert_int_equal(mr_undo_triggers_check(&task, &p.err), MR_E_LOST);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fires), cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
