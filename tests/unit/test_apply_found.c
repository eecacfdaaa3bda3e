/* test_apply_found.c: rows that stood as planned before apply came, which undo does not take back,
 * and rows that apply left out. */
#include "apply_world.h"

#define THERE " WHERE s.myrecon_row IN (SELECT line FROM myrecon_there)"

/* What apply had written down: left_out or found of unit 1, or nothing. */
static void journal(const char *left_out, const char *found)
{
    const struct mr_journal_unit unit = {.script = MR_JOURNAL_APPLY,
                                         .number = 1,
                                         .refused = left_out != NULL,
                                         .there = 9,
                                         .left_out = left_out,
                                         .found = found};
    plan_journal();
    if (left_out == NULL && found == NULL)
        return;
    const struct mr_journal_unit first = {.script = MR_JOURNAL_APPLY, .number = 1};
    assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_TRY, &first, NULL, &p.err),
                     MR_OK);
    assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_DONE, &unit, NULL, &p.err),
                     MR_OK);
    mr_journal_close(p.run.journal);
    plan_journal();
}

static const struct mr_script_read_unit unit = {.number = 1, .rows = 3};

static void begin_unit(void)
{
    const struct mr_journal_unit now = {.script = MR_JOURNAL_APPLY, .number = 1};
    p.attempt.unit = &unit;
    assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_TRY, &now, NULL, &p.err),
                     MR_OK);
}

static const char *found(void)
{
    return p.attempt.found.ptr != NULL ? p.attempt.found.ptr : "";
}

/* ---- apply ---- */

static void test_note(void **state)
{
    static const struct {
        const char *there, *inserts, *deletes;
        bool keyless;
        const char *found;
    } cases[] = {
        {"0", "1|17", "", false, ""},
        {"1", "1|17", "", false, "6:o`dd.t4:i:17"},
        {"2", "1|17\n2|18", "", false, "6:o`dd.t4:i:176:o`dd.t4:i:18"},
        {"2", "1|17", "3|-1", false, "6:o`dd.t4:i:176:o`dd.t4:d:-1"},
        {"1", "1|a\\,b", "", false, "6:o`dd.t6:i:a\\,b"},
        {"1", "1|", "", false, "6:o`dd.t2:i:"}, /* '' is a key */
        {"1", "~|17\n1|~", "", false, ""},      /* NULL names nobody */
        {"1", "1|0123456789abcdef,2", "", true, "6:o`dd.t20:i:0123456789abcdef,2"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "COUNT(*) FROM myrecon_there", .text = cases[i].there},
              {.has = "myrecon_i0", .rows = cases[i].inserts},
              {.has = "myrecon_d0", .rows = cases[i].deletes});
        plan_table("o`dd.t", cases[i].keyless ? "id name" : "id# name");
        journal(NULL, NULL);
        begin_unit();
        staged("id", 0);
        assert_int_equal(mr_attempt_note_found(&p.attempt, &p.err), MR_OK);
        assert_string_equal(found(), cases[i].found);
        if (strcmp(cases[i].there, "0") == 0)
            sent_is("SELECT COUNT(*) FROM myrecon_there\n");
        end();
    }
}

/* Computed columns are not staged: rows without a key that have some cannot be told apart; that a column
 * is missing is else an error, as is any other failure. */
static void test_note_fails(void **state)
{
    static const struct {
        unsigned number;
        bool keyless;
        enum mr_code code;
    } cases[] = {{1054, true, MR_OK}, {1054, false, MR_E_NO_SUCH}, {1146, true, MR_E_NO_SUCH}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "COUNT(*) FROM myrecon_there", .text = "1"},
              {.has = "myrecon_i0", .code = MR_E_NO_SUCH, .number = cases[i].number});
        plan_table("o`dd.t", cases[i].keyless ? "id name" : "id# name");
        journal(NULL, NULL);
        begin_unit();
        staged("i", 0);
        mr_strbuf_add_str(&p.attempt.found, "before");
        assert_int_equal(mr_attempt_note_found(&p.attempt, &p.err), cases[i].code);
        /* what was known stays known where nothing is known now */
        assert_string_equal(found(), cases[i].code == MR_OK ? "" : "before");
        end();
    }
}

/* A try that may have been committed leaves its own rows to the next: the list only shrinks. */
static void test_note_lost(void **state)
{
    static const struct {
        bool lost;
        const char *rows, *found;
    } cases[] = {{false, "1|17\n2|18", "6:o`dd.t4:i:176:o`dd.t4:i:18"},
                 {true, "1|17\n2|18", "6:o`dd.t4:i:17"},
                 {true, "2|18", ""},
                 {true, "", ""}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = "COUNT(*) FROM myrecon_there", .text = "1"},
              {.has = "myrecon_i0", .rows = cases[i].rows});
        plan_table("o`dd.t", "id#");
        journal(NULL, NULL);
        begin_unit();
        staged("i", 0);
        mr_strbuf_add_str(&p.attempt.found, "6:o`dd.t4:i:17");
        p.attempt.lost = cases[i].lost;
        assert_int_equal(mr_attempt_note_found(&p.attempt, &p.err), MR_OK);
        assert_string_equal(found(), cases[i].found);
        end();
    }
}

/* Only staged tables are read; a rehearsal and a run without a journal ask nothing. */
static void test_note_asks(void **state)
{
    (void)state;
    BEGIN({.has = "COUNT(*)", .text = "1"}, {.has = "myrecon_", .rows = ""});
    plan_table("o`dd.t", "id# name");
    plan_table("o`dd.u", "id# name");
    assert_int_equal(mr_attempt_note_found(&p.attempt, &p.err), MR_OK);
    sent_is("");
    journal(NULL, NULL);
    begin_unit();
    p.run.rehearse = true;
    assert_int_equal(mr_attempt_note_found(&p.attempt, &p.err), MR_OK);
    sent_is("");
    p.run.rehearse = false;
    staged("i", 0);
    staged("d", 1);
    assert_int_equal(mr_attempt_note_found(&p.attempt, &p.err), MR_OK);
    assert_true(world_has("FROM `o``dd`.myrecon_i0 AS s" THERE "\n"));
    assert_int_equal(world_sent_count("myrecon_i0"), 1);
    assert_int_equal(world_sent_count("myrecon_d1"), 1);
    assert_int_equal(world_sent_count("\n"), 3);
    end();
}

/* ---- undo ---- */

#define TOLD "INSERT INTO myrecon_found (line, left_out) VALUES "

struct passing {
    const char *left_out, *found; /* of the journal */
    const char *d, *b, *i;        /* what undo stages */
    bool keyless;
    const char *told; /* NULL: nothing */
};

static const struct passing passings[] = {
    {NULL, NULL, "1|17", "", "", false, NULL},
    {NULL, "6:o`dd.t4:i:17", "1|17\n2|18", "", "", false, "(1,0)"},
    /* how it was planned: what was inserted is deleted, and the other way round */
    {NULL, "6:o`dd.t4:d:17", "1|17", "", "2|17", false, "(2,0)"},
    {NULL, "6:o`dd.t4:u:17", "1|17", "3|17", "2|17", false, "(3,0)"},
    {NULL, "6:o`dd.t4:i:17", "", "", "2|17", false, NULL},
    {NULL, "6:o`dd.u4:i:17", "1|17", "", "", false, NULL}, /* another table's */
    {NULL, "6:o`dd.t4:i:17", "1|017\n2|17 ", "", "", false, NULL},
    /* who was left out stands under nobody's key, whatever was planned of him */
    {"6:o`dd.t2:17", NULL, "1|17", "", "", false, "(1,1)"},
    {"6:o`dd.t2:17", NULL, "1|18", "3|17", "2|17", false, "(3,1), (2,1)"},
    {"6:o`dd.t2:17", "6:o`dd.t4:i:18", "1|17\n2|18", "", "", false, "(1,1), (2,0)"},
    {"6:o`dd.t2:17", NULL, "1|17", "", "", true, NULL}, /* without a key nobody can tell */
    {NULL, "6:o`dd.t4:i:17", "18446744073709551615|17", "", "", false, "(18446744073709551615,0)"},
};

static void test_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(passings); i++) {
        const struct passing *c = &passings[i];
        char told[128];
        BEGIN({.has = "myrecon_d0", .rows = c->d}, {.has = "myrecon_b0", .rows = c->b},
              {.has = "myrecon_i0", .rows = c->i});
        plan_table("o`dd.t", c->keyless ? "id" : "id#");
        journal(c->left_out, c->found);
        p.run.which = MR_JOURNAL_UNDO;
        p.attempt.unit = &unit;
        p.attempt.passed = p.attempt.never = 7;
        staged("dbi", 0);
        assert_int_equal(mr_attempt_pass_found(&p.attempt, &p.err), MR_OK);
        (void)snprintf(told, sizeof told, TOLD "%s\n", c->told != NULL ? c->told : "");
        if (c->told != NULL ? !world_has(told) : world_has(TOLD))
            fail_msg("%zu: %s", i, world_sent());
        assert_int_equal(p.attempt.passed, c->told != NULL);
        assert_int_equal(p.attempt.never, 0);
        end();
    }
}

/* ---- units that apply has not carried out ---- */

#define PART(n, rows, origin)                                                                      \
    "-- unit " n " of 2: " rows " rows\n" origin "-- stage\nSET @u = " n ";\n-- locks\n"           \
    "START TRANSACTION;\n-- guards\n-- write\n-- again\n-- end\nROLLBACK;\n"

struct unit_passing {
    const char *origin; /* of unit 1 */
    uint64_t units;     /* of apply.sql; 1, 3, 7 and those from 8 on are unwritten */
    const char *found, *d, *told;
};

static const struct unit_passing unit_passings[] = {
    /* numbers are those of apply.sql where it has as many */
    {"", 2, NULL, "", "(1,1), (2,1), (3,1)"},
    {"", 3, NULL, "", NULL}, /* an undo.sql of an earlier version does not say */
    {"-- rows 1-3: units 1\n", 3, NULL, "", "(1,1), (2,1), (3,1)"},
    {"-- rows 1-3: units 2\n", 3, NULL, "", NULL},
    {"-- rows 1,3: units 1\n-- rows 2: units 2\n", 3, NULL, "", "(1,1), (3,1)"},
    {"-- rows 1: units 1-2\n-- rows 2: units 7-9\n-- rows 3: units 2-3\n", 9, NULL, "", "(2,1)"},
    {"-- rows 2: units 1\n-- rows 1,3: units 2\n", 3, "6:o`dd.t4:i:176:o`dd.t4:i:18", "2|17\n3|18",
     "(2,1), (3,0)"},
    {"-- rows 3-900: units 1\n", 3, NULL, "", "(3,1)"}, /* a unit has no more than its rows */
};

/* Apply has begun 2, 4, 5 and 6, and does not know how that ended; 1 failed. */
static void journal_units(const char *found)
{
    static const uint64_t numbers[] = {1, 2, 4, 5, 6};
    plan_journal();
    for (size_t i = 0; i < LEN(numbers); i++) {
        const struct mr_journal_unit begun = {.script = MR_JOURNAL_APPLY, .number = numbers[i]};
        assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_TRY, &begun, NULL, &p.err),
                         MR_OK);
        if (numbers[i] == 1)
            assert_int_equal(
                mr_journal_write_unit(p.run.journal, MR_JOURNAL_FAILED, &begun, "1205", &p.err),
                MR_OK);
    }
    const struct mr_journal_unit done = {
        .script = MR_JOURNAL_APPLY, .number = 2, .there = 9, .found = found};
    assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_DONE, &done, NULL, &p.err),
                     MR_OK);
}

static void test_pass_units(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(unit_passings); i++) {
        const struct unit_passing *c = &unit_passings[i];
        struct mr_script_read_item item;
        char text[640], told[128];
        BEGIN({.has = "myrecon_d0", .rows = c->d});
        plan_table("o`dd.t", "id#");
        journal_units(c->found);
        (void)snprintf(text, sizeof text, PART("1", "3", "%s") PART("2", "1", ""), c->origin);
        script(text);
        p.m.planned.units = c->units;
        p.run.which = MR_JOURNAL_UNDO;
        p.attempt.unit = mr_vec_at(&p.units, 0);
        assert_int_equal(mr_script_read_seek(p.script, p.attempt.unit, &p.err), MR_OK);
        for (int k = 0; k < 2; k++) /* up to its first statement */
            assert_int_equal(mr_script_read_next(p.script, &item, &p.err), MR_OK);
        staged("d", 0);
        assert_int_equal(mr_attempt_pass_found(&p.attempt, &p.err), MR_OK);
        (void)snprintf(told, sizeof told, TOLD "%s\n", c->told != NULL ? c->told : "");
        if (c->told != NULL ? !world_has(told) : world_has(TOLD))
            fail_msg("%zu: %s", i, world_sent());
        assert_int_equal(p.attempt.passed, c->told != NULL);
        end();
    }
}

/* As many as a tree has: a statement has no more of them than any server takes. */
static void test_pass_many(void **state)
{
    const struct mr_script_read_unit many = {.number = 1, .rows = 20000};
    (void)state;
    BEGIN({.has = TOLD});
    plan_table("o`dd.t", "id#");
    journal_units(NULL);
    p.m.planned.units = p.units.count;
    p.run.which = MR_JOURNAL_UNDO;
    p.attempt.unit = &many;
    assert_int_equal(mr_attempt_pass_found(&p.attempt, &p.err), MR_OK);
    assert_int_equal(world_sent_count(TOLD), 4);
    assert_true(world_has("VALUES (1,1), "));
    assert_true(world_has(", (20000,1)\n"));
    end();
}

/* An undo.sql of old would take those rows back: its unit is refused, and the run goes on. */
static void test_pass_fails(void **state)
{
    static const struct {
        enum mr_code says;
        unsigned number;
        enum mr_code code;
        unsigned wanted_number;
    } cases[] = {{MR_E_NO_SUCH, 1146, MR_E_REFUSED, 1146},
                 {MR_E_SQL, 1213, MR_E_SQL, 1213},
                 {MR_E_LOST, 2013, MR_E_LOST, 2013}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = TOLD, .code = cases[i].says, .number = cases[i].number},
              {.has = "myrecon_d0", .rows = "1|17"});
        plan_table("o`dd.t", "id#");
        journal("6:o`dd.t2:17", NULL);
        p.run.which = MR_JOURNAL_UNDO;
        p.attempt.unit = &unit;
        staged("d", 0);
        assert_int_equal(mr_attempt_pass_found(&p.attempt, &p.err), cases[i].code);
        assert_int_equal(p.err.sql_errno, cases[i].wanted_number);
        end();
    }
}

/* apply has nothing to pass over. */
static void test_pass_of_apply(void **state)
{
    (void)state;
    begin(NULL, 0);
    plan_table("o`dd.t", "id#");
    journal("6:o`dd.t2:17", NULL);
    staged("dbi", 0);
    assert_int_equal(mr_attempt_pass_found(&p.attempt, &p.err), MR_OK);
    sent_is("");
    end();
}

static void test_count(void **state)
{
    (void)state;
    BEGIN({.has = "left_out = 1", .text = "2"},
          {.has = "COUNT(*) FROM myrecon_found", .text = "18446744073709551615"});
    assert_int_equal(mr_attempt_count_passed(&p.attempt, &p.err), MR_OK);
    sent_is("");
    p.attempt.passed = 1;
    assert_int_equal(mr_attempt_count_passed(&p.attempt, &p.err), MR_OK);
    assert_int_equal(p.attempt.passed, UINT64_MAX);
    assert_int_equal(p.attempt.never, 2);
    world.fail_at = world.asked + 2;
    assert_int_equal(mr_attempt_count_passed(&p.attempt, &p.err), MR_E_LOST);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note),          cmocka_unit_test(test_note_fails),
        cmocka_unit_test(test_note_lost),     cmocka_unit_test(test_note_asks),
        cmocka_unit_test(test_pass),          cmocka_unit_test(test_pass_fails),
        cmocka_unit_test(test_pass_of_apply), cmocka_unit_test(test_count),
        cmocka_unit_test(test_pass_units),    cmocka_unit_test(test_pass_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
