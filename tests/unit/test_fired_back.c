/* test_fired_back.c: rows that triggers wrote go with what they refer to, if they are as they were
 * written, and nothing else goes with them. */
#include "apply_world.h"

#include "repair/apply/fired_back.h"

#define COUNT                                                                                      \
    "SELECT (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE "                              \
    "FIND_IN_SET('DELETE', REPLACE(EVENT_MANIPULATION, ' ', '')) > 0"
#define FIND "SELECT c.`no`, LEFT("
#define STANDS "SELECT s.myrecon_row FROM"

/* t, whose rows undo deletes, and log, into which triggers wrote. */
static void make_plan(void)
{
    plan_table("o`dd.t", "id#+");
    plan_table("o`dd.log", "no#+ who");
    plan_refers(1, "who", 0, "id");
    may("GRANT ALL PRIVILEGES ON *.* TO x");
    staged("d", 0);
}

/* rows: as the journal has them. */
static struct mr_fired_back *open_back(const char *rows, enum mr_code wanted)
{
    const struct mr_journal_unit unit = {.script = MR_JOURNAL_APPLY, .number = 1, .fired = rows};
    struct mr_fired_back *b = NULL;
    plan_journal();
    assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_DONE, &unit, NULL, &p.err),
                     MR_OK);
    assert_int_equal(
        mr_fired_back_new(&p.target, &p.m.planned, p.run.journal, &p.attempt.tables, &b, &p.err),
        wanted);
    return b;
}

#define ROW17 "8:o`dd.log2:172:ab"
#define ROW18 "8:o`dd.log2:182:cd"
#define LEAF                                                                                       \
    {.has = COUNT, .text = "0"},                                                                   \
    {                                                                                              \
        .has = "SELECT COLUMN_NAME", .rows = "no\nwho"                                             \
    }

struct taking {
    const char *journal, *found, *deleted; /* NULL: nothing is */
};

static const struct taking takings[] = {
    {ROW17, "17|ab|1", "17"},
    {ROW17, "", NULL},
    {ROW17, "17|aB|1", NULL}, /* somebody has changed it */
    {ROW17, "17|~|1\n17|ab|~\n~|ab|1", NULL},
    {ROW17, "18|ab|1", NULL}, /* nobody knows it */
    {ROW17 ROW18, "18|cd|2\n17|ab|1", "17, 18"},
    {ROW17, "17|ab|1\n17|ab|2", "17"}, /* it refers to two of them */
    {"8:o`dd.log2:-12:ab", "-1|ab|1", "-1"},
    {"8:o`dd.log20:184467440737095516152:ab", "18446744073709551615|ab|1", "18446744073709551615"},
};

static void test_take(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(takings); i++) {
        char sql[128];
        BEGIN(LEAF, {.has = FIND, .rows = takings[i].found});
        make_plan();
        struct mr_fired_back *b = open_back(takings[i].journal, MR_OK);
        assert_non_null(b);
        mr_fired_back_begin(b);
        assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
        (void)snprintf(sql, sizeof sql, "DELETE FROM `o``dd`.`log` WHERE `no` IN (%s)\n",
                       takings[i].deleted != NULL ? takings[i].deleted : "");
        if (takings[i].deleted != NULL ? !world_has(sql) : world_has("DELETE FROM"))
            fail_msg("%zu: %s", i, world_sent());
        mr_fired_back_free(b);
        end();
    }
}

/* What a file says goes into no statement but as a number. */
static void test_journal(void **state)
{
    static const char *const lies[] = {"8:o`dd.log9:1 OR true2:ab",
                                       "8:o`dd.log0:2:ab",
                                       "8:o`dd.log1:-2:ab",
                                       "8:o`dd.log2:1)2:ab",
                                       "8:o`dd.log24:1234567890123456789012342:ab",
                                       "8:o`dd.log2:1733:123456789012345678901234567890123",
                                       "7:o`dd.lo2:172:ab",
                                       "9:o`dd.logs2:172:ab",
                                       "6:o`dd.p2:172:ab", /* its key is no counter */
                                       "nonsense"};
    (void)state;
    for (size_t i = 0; i < LEN(lies); i++) {
        begin(NULL, 0);
        make_plan();
        plan_table("o`dd.p", "code#");
        assert_null(open_back(lies[i], MR_OK));
        sent_is("");
        end();
    }
}

static void test_find(void **state)
{
    (void)state;
    BEGIN(LEAF, {.has = FIND, .rows = ""});
    make_plan();
    p.references[1][0].condition = "kind = 't' -- x";
    struct mr_fired_back *b = open_back(ROW17, MR_OK);
    mr_strbuf_reset(&world.sent);
    assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
    assert_true(world_has(", s.myrecon_row FROM `o``dd`.myrecon_d0 AS s STRAIGHT_JOIN "
                          "`o``dd`.`log` AS c ON c.`who` = s.`id` WHERE EXISTS (SELECT 1 FROM "
                          "`o``dd`.`log` AS x WHERE x.`no` = c.`no` AND (kind = 't' -- x\n)) FOR "
                          "UPDATE\n"));
    mr_staged_clear(&p.attempt.tables); /* a unit that deletes none of t */
    mr_strbuf_reset(&world.sent);
    assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
    sent_is("");
    mr_fired_back_free(b);
    end();
}

/* Whose rows stay: they are counted. */
static void test_leaves(void **state)
{
    static const struct {
        const char *count, *columns, *grant;
        bool parent;
        bool takes;
    } cases[] = {{"0", "no\nwho", "GRANT ALL ON *.* TO x", false, true},
                 {"0", "who\nNO", "GRANT ALL ON *.* TO x", false, false},
                 {"1", "no\nwho", "GRANT ALL ON *.* TO x", false, false},
                 {"0", "no\nwho\nnew", "GRANT ALL ON *.* TO x", false, false},
                 {"0", "no\n~", "GRANT ALL ON *.* TO x", false, false},
                 {"0", "no\nwho", "GRANT ALL ON *.* TO x", true, false},
                 /* seen by InnoDB, hidden from the account */
                 {"0", "no\nwho", "GRANT PROCESS ON *.* TO x", false, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        BEGIN({.has = COUNT, .text = cases[i].count},
              {.has = "SELECT COLUMN_NAME", .rows = cases[i].columns},
              {.has = "INNODB_SYS_FOREIGN", .rows = "secret/notes"},
              {.has = "KEY_COLUMN_USAGE", .rows = ""}, {.has = FIND, .rows = "17|ab|1"},
              {.has = "SELECT COUNT(*) FROM `o``dd`.`log`", .text = "1"});
        struct mr_vec sums = MR_VEC_INIT(struct mr_fired_sum);
        plan_table("o`dd.t", "id#+");
        plan_table("o`dd.log", "no#+ who");
        plan_refers(1, "who", 0, "id");
        if (cases[i].parent)
            plan_refers(0, "id", 1, "no");
        may(cases[i].grant);
        staged("d", 0);
        struct mr_fired_back *b = open_back(ROW17, MR_OK);
        assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
        if (world_has("DELETE FROM") != cases[i].takes)
            fail_msg("%zu: %s", i, world_sent());
        assert_int_equal(mr_fired_back_sums(b, &sums, &p.err), MR_OK);
        const struct mr_fired_sum *sum = mr_vec_at(&sums, 0);
        assert_int_equal(sums.count, 1);
        assert_string_equal(sum->table, "o`dd.log");
        assert_int_equal(sum->stay, 1);
        assert_int_equal(sum->taken, 0); /* nothing is committed */
        mr_vec_release(&sums);
        mr_fired_back_free(b);
        end();
    }
}

/* What it refers to stays after all: the next try leaves that row alone. */
static void test_check(void **state)
{
    static const struct {
        const char *stands, *second; /* what the next try deletes; NULL: nothing */
        bool again;
    } cases[] = {{"", "17, 18", false},
                 {"1", "18", true},
                 {"2", "17", true},
                 {"1\n2", NULL, true},
                 {"3\n~", "17, 18", false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char sql[64];
        bool again = false;
        BEGIN(LEAF, {.has = FIND, .rows = "17|ab|1\n18|cd|2"},
              {.has = STANDS, .rows = cases[i].stands});
        make_plan();
        struct mr_fired_back *b = open_back(ROW17 ROW18, MR_OK);
        mr_fired_back_begin(b);
        assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
        assert_int_equal(mr_fired_back_check(b, &again, &p.err), MR_OK);
        assert_int_equal(again, cases[i].again);
        assert_true(world_has("AS s STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id`\n"));
        mr_strbuf_reset(&world.sent);
        assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
        (void)snprintf(sql, sizeof sql, "IN (%s)\n",
                       cases[i].second != NULL ? cases[i].second : "");
        assert_int_equal(world_has("DELETE"), cases[i].second != NULL);
        assert_int_equal(world_has(sql), cases[i].second != NULL);
        assert_int_equal(mr_fired_back_check(b, &again, &p.err), MR_OK);
        assert_false(again && cases[i].second == NULL);
        mr_fired_back_free(b);
        end();
    }
}

/* Only what was committed is gone. */
static void test_sums(void **state)
{
    struct mr_vec sums = MR_VEC_INIT(struct mr_fired_sum);
    (void)state;
    BEGIN(LEAF, {.has = FIND, .rows = "17|ab|1"},
          {.has = "SELECT COUNT(*) FROM `o``dd`.`log` WHERE `no` IN (NULL, 17, 18)", .text = "1"});
    make_plan();
    struct mr_fired_back *b = open_back(ROW18 ROW17, MR_OK);
    mr_fired_back_begin(b);
    assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
    mr_fired_back_committed(b);
    assert_int_equal(mr_fired_back_sums(b, &sums, &p.err), MR_OK);
    const struct mr_fired_sum *sum = mr_vec_at(&sums, 0);
    assert_int_equal(sum->taken, 1);
    assert_int_equal(sum->stay, 1);
    mr_vec_release(&sums);
    mr_fired_back_free(b);
    mr_fired_back_free(NULL);
    end();
}

/* More rows than a statement takes. */
static void test_many(void **state)
{
    static char found[1100 * 12];
    struct mr_strbuf rows = MR_STRBUF_INIT;
    struct mr_vec sums = MR_VEC_INIT(struct mr_fired_sum);
    size_t len = 0;
    (void)state;
    for (int i = 1000; i < 2001; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        mr_journal_add_fired(&rows, "o`dd.log", key, "ab");
        len += (size_t)snprintf(found + len, sizeof found - len, "%d|ab|%d\n", i, i);
    }
    BEGIN(LEAF, {.has = FIND, .rows = found}, {.has = "SELECT COUNT(*) FROM", .text = "400"});
    make_plan();
    struct mr_fired_back *b = open_back(rows.ptr, MR_OK);
    assert_int_equal(mr_fired_back_take(b, &p.err), MR_OK);
    assert_int_equal(world_sent_count("DELETE FROM"), 3);
    assert_true(world_has("(2000)\n"));
    assert_int_equal(mr_fired_back_sums(b, &sums, &p.err), MR_OK);
    assert_int_equal(((const struct mr_fired_sum *)mr_vec_at(&sums, 0))->stay, 1200);
    mr_vec_release(&sums);
    mr_strbuf_release(&rows);
    mr_fired_back_free(b);
    end();
}

/* Every statement may fail, and what fails is said. */
static void test_failures(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 6; n++) {
        struct mr_vec sums = MR_VEC_INIT(struct mr_fired_sum);
        bool again = false;
        BEGIN(LEAF, {.has = FIND, .rows = "17|ab|1"}, {.has = STANDS, .rows = "1"},
              {.has = "SELECT COUNT(*) FROM `o``dd`", .text = "1"});
        make_plan();
        world.fail_at = n;
        struct mr_fired_back *b = open_back(ROW17, n <= 2 ? MR_E_LOST : MR_OK);
        assert_int_equal(b == NULL, n <= 2);
        enum mr_code code = b != NULL ? mr_fired_back_take(b, &p.err) : MR_E_LOST;
        if (code == MR_OK)
            code = mr_fired_back_check(b, &again, &p.err);
        if (code == MR_OK)
            code = mr_fired_back_sums(b, &sums, &p.err);
        assert_int_equal(code, MR_E_LOST);
        mr_vec_release(&sums);
        mr_fired_back_free(b);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),   cmocka_unit_test(test_journal), cmocka_unit_test(test_find),
        cmocka_unit_test(test_leaves), cmocka_unit_test(test_check),   cmocka_unit_test(test_sums),
        cmocka_unit_test(test_many),   cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
