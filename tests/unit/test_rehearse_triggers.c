/* test_rehearse_triggers.c: a trigger that may write what no rollback takes back refuses the
 * rehearsal by name; rather too many than too few. */
#include "apply_world.h"

#include "repair/apply/rehearse_triggers.h"

static struct mr_reseed_run run;

static void begin_run(bool triggers, bool knows)
{
    struct mr_planned_table *t = plan_table("o`dd.t", "id#");
    t->ntriggers = triggers;
    t->knows_around = knows;
    run = (struct mr_reseed_run){.manifest = &p.m, .target = &p.target, .arena = &p.arena};
}

#define WIDEN "SELECT s.SCHEMA_NAME"
#define SUSPECTS "SELECT 'trigger', g.TRIGGER_NAME"
#define TEXTS "SELECT 'trigger', TRIGGER_NAME"

struct rehearsal {
    const char *suspect, *texts; /* rows */
    const char *table, *routine; /* how many of that name are seen */
    const char *grant;
    const char *why; /* NULL: it may be rehearsed */
};

#define INSERTS "trigger|g|o`dd|INSERT INTO log VALUES (1)"
static const struct rehearsal rehearsals[] = {
    {"", "", "0", "0", NULL, NULL},
    {"", INSERTS, "1", "0", "GRANT TRIGGER ON *.* TO x", NULL},
    {"trigger|g|d|my|MyISAM", "", "1", "1", "GRANT ALL ON *.* TO x",
     "trigger \"g\" may write to table \"d.my\", which is MyISAM"},
    {"routine|f`1|d|my|Aria", "", "1", "1", "GRANT ALL ON *.* TO x", "routine \"f`1\" may write"},
    /* hidden, or its triggers are */
    {"", INSERTS, "0", "0", "GRANT ALL ON *.* TO x",
     "trigger \"g\" writes to table \"o`dd.log\", which is hidden"},
    {"", INSERTS, "1", "0", "GRANT SELECT ON *.* TO x", "writes to table \"o`dd.log\""},
    {"", INSERTS, "1", "0", NULL, "writes to table \"o`dd.log\""},
    {"", "trigger|g|o`dd|UPDATE other.log SET x = 1", "0", "0", "GRANT ALL ON *.* TO x",
     "writes to table \"other.log\""},
    {"", "trigger|g|o`dd|UPDATE a SET x = 1; DELETE FROM log", "1", "0",
     "GRANT TRIGGER ON `o``dd`.`a` TO x", "writes to table \"o`dd.log\""},
    /* a routine is called by name, and needs no right on tables */
    {"", "trigger|g|o`dd|CALL note(1)", "0", "1", NULL, NULL},
    {"", "trigger|g|o`dd|CALL note(1)", "1", "0", "GRANT ALL ON *.* TO x",
     "trigger \"g\" calls routine \"o`dd.note\", which is hidden"},
    {"", "routine|r|o`dd|REPLACE INTO log VALUES (1)", "0", "0", NULL,
     "routine \"r\" writes to table"},
    {"", "trigger|g|o`dd|SET NEW.x = 'INSERT INTO log' -- DELETE FROM log", "0", "0", NULL, NULL},
};

static void test_rehearsals(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rehearsals); i++) {
        const struct rehearsal *c = &rehearsals[i];
        BEGIN({.has = WIDEN, .rows = ""}, {.has = SUSPECTS, .rows = c->suspect},
              {.has = TEXTS, .rows = c->texts},
              {.has = "information_schema.TABLES WHERE TABLE_SCHEMA", .text = c->table},
              {.has = "information_schema.ROUTINES WHERE ROUTINE_SCHEMA", .text = c->routine});
        begin_run(true, true);
        if (c->grant != NULL)
            may(c->grant);
        const enum mr_code code = mr_rehearse_triggers(&run, &p.err);
        if (c->why == NULL && code != MR_OK)
            fail_msg("%zu: %s", i, p.err.message);
        if (c->why != NULL && (code != MR_E_REFUSED || strstr(p.err.message, c->why) == NULL))
            fail_msg("%zu: %d, %s", i, code, p.err.message);
        end();
    }
}

/* Without triggers on planned tables nothing is asked; a plan of old does not know them. */
static void test_needed(void **state)
{
    static const struct {
        bool triggers, knows, asks;
    } cases[] = {{false, true, false}, {true, true, true}, {false, false, true}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "SELECT", .rows = ""});
        begin_run(cases[i].triggers, cases[i].knows);
        assert_int_equal(mr_rehearse_triggers(&run, &p.err), MR_OK);
        assert_int_equal(world.asked > 0, cases[i].asks);
        end();
    }
}

/* The databases that texts name are looked at, too, and those that these name. */
static void test_reach(void **state)
{
    (void)state;
    BEGIN({.has = WIDEN, .rows = "b\nc x", .times = 1}, {.has = WIDEN, .rows = "d", .times = 1},
          {.has = "SELECT", .rows = ""});
    begin_run(true, true);
    assert_int_equal(mr_rehearse_triggers(&run, &p.err), MR_OK);
    assert_int_equal(world_sent_count(WIDEN), 3);
    const char *suspects = strstr(world_sent(), SUSPECTS);
    assert_non_null(suspects);
    assert_non_null(strstr(suspects, "g.EVENT_OBJECT_SCHEMA IN ('o`dd', 'b', 'c x', 'd')"));
    assert_non_null(strstr(suspects, "g.ROUTINE_SCHEMA IN ('o`dd', 'b', 'c x', 'd')"));
    end();
}

static void test_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        BEGIN({.has = WIDEN, .rows = ""}, {.has = SUSPECTS, .rows = ""},
              {.has = TEXTS, .rows = INSERTS}, {.has = "SELECT COUNT(*)", .text = "1"});
        begin_run(true, true);
        may("GRANT ALL ON *.* TO x");
        world.fail_at = n;
        assert_int_equal(mr_rehearse_triggers(&run, &p.err), MR_E_LOST);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rehearsals),
                                       cmocka_unit_test(test_needed), cmocka_unit_test(test_reach),
                                       cmocka_unit_test(test_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
