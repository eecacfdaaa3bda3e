/* test_apply_sums.c: what the script is told of a row that is added to, by what the journal says of the tries
 * that came before, and by the row; no log is to be read. */
#include "apply_world.h"

#include "repair/apply/apply_sums.h"

#define APPLY MR_JOURNAL_APPLY
#define UNDO MR_JOURNAL_UNDO
/* of row 7 of d.t, whose n it makes of 10 the 15, or of 15 the 10 */
#define ADDS "3:d.t1:71:n2:102:15"
#define TAKES "3:d.t1:71:n2:152:10"

struct line {
    enum mr_journal_event event;
    enum mr_journal_script script;
    const char *marker, *sums;
    bool happened;
};

static void write_lines(const struct line *lines)
{
    plan_journal();
    for (const struct line *l = lines; l->event != 0; l++) {
        const struct mr_journal_unit unit = {.script = l->script,
                                             .number = 1,
                                             .marker = l->marker,
                                             .sums = l->sums,
                                             .happened = l->happened};
        assert_int_equal(mr_journal_write_unit(p.run.journal, l->event, &unit, NULL, &p.err),
                         MR_OK);
    }
}

#define FREE "INSERT INTO myrecon_sums (line, state) VALUES (1, 1)\n"
#define DONE "INSERT INTO myrecon_sums (line, state) VALUES (1, 2)\n"
#define UNKNOWN "INSERT INTO myrecon_sums (line, state) VALUES (1, 3)\n"
#define FIRST "INSERT INTO myrecon_sums (line, state) VALUES (1, 4)\n"

static const struct {
    const char *what;
    struct line lines[6];
    enum mr_journal_script script;
    const char *now, *told;
} cases[] = {
    {"nobody has been there", {{0}}, APPLY, "10", FIRST},
    {"undo of what a stock client wrote", {{0}}, UNDO, "15", ""},
    {"added",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0}, {MR_JOURNAL_DONE, APPLY, "a", NULL, 0}},
     APPLY,
     "12",
     DONE},
    {"added, to be taken back",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0}, {MR_JOURNAL_DONE, APPLY, "a", NULL, 0}},
     UNDO,
     "12",
     FREE},
    {"nobody knows, and it stands as before",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0}},
     APPLY,
     "10",
     FREE},
    {"nobody knows, and it stands as behind it",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0}},
     APPLY,
     "15",
     DONE},
    {"nobody knows, and it has moved on",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0}},
     APPLY,
     "12",
     UNKNOWN},
    {"rolled back twice: the second would not have come if the first had",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0}, {MR_JOURNAL_SUMS, APPLY, "b", ADDS, 0}},
     APPLY,
     "10",
     FREE},
    {"the same of undo",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0},
      {MR_JOURNAL_DONE, APPLY, "a", NULL, 0},
      {MR_JOURNAL_SUMS, UNDO, "b", TAKES, 0},
      {MR_JOURNAL_SUMS, UNDO, "c", TAKES, 0}},
     UNDO,
     "15",
     FREE},
    {"taken back, and nobody knows whether it was added again",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0},
      {MR_JOURNAL_DONE, APPLY, "a", NULL, 0},
      {MR_JOURNAL_SUMS, UNDO, "b", TAKES, 0},
      {MR_JOURNAL_DONE, UNDO, "b", NULL, 0},
      {MR_JOURNAL_SUMS, APPLY, "c", ADDS, 0}},
     APPLY,
     "10",
     FREE},
    {"undo of what a stock client wrote was rolled back",
     {{MR_JOURNAL_SUMS, UNDO, "a", TAKES, 0}},
     UNDO,
     "15",
     FREE},
    {"and of that apply knows that it stands",
     {{MR_JOURNAL_SUMS, UNDO, "a", TAKES, 0}},
     APPLY,
     "15",
     DONE},
    {"it was settled that it was rolled back: as if nobody had been there",
     {{MR_JOURNAL_SUMS, APPLY, "a", ADDS, 0}, {MR_JOURNAL_SETTLED, APPLY, "a", NULL, 0}},
     APPLY,
     "12",
     FIRST},
};

static void test_tell(void **state)
{
    static const struct mr_script_read_unit unit = {.number = 1, .rows = 1};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char row[32];
        (void)snprintf(row, sizeof row, "1|d.t|7|n|%s", cases[i].now);
        BEGIN({.has = "FROM myrecon_added", .rows = row});
        write_lines(cases[i].lines);
        p.run.which = cases[i].script;
        p.attempt.unit = &unit;
        p.attempt.tables.has_sums = true;
        assert_int_equal(mr_attempt_tell_sums(&p.attempt, &p.err), MR_OK);
        const char *told = strstr(world_sent(), "INSERT");
        if (strcmp(told != NULL ? told : "", cases[i].told) != 0)
            fail_msg("%s: %s", cases[i].what, told != NULL ? told : "nothing");
        end();
    }
}

#define UNIT                                                                                       \
    "-- unit 1 of 1: 1 row\n-- stage\nCREATE TEMPORARY TABLE `o``dd`.myrecon_sums (line INT);\n"   \
    "-- aside\nINSERT INTO skip SELECT 1;\n-- locks\nSTART TRANSACTION;\n"                         \
    "-- guards\nINSERT INTO guarded SELECT 1;\n-- write\nINSERT INTO t SELECT 1;\n"                \
    "-- again\nINSERT INTO guarded SELECT 2;\n-- end\nEXECUTE myrecon_end;\n"

/* What is known to have been rolled back is gone; of a COMMIT that got lost nobody knows. */
static void test_forget(void **state)
{
    static const struct {
        const char *ends; /* of the first try */
        enum mr_code code;
        enum mr_batch_status first;
        const char *told; /* in the second try, in which the number has moved on */
    } ends[] = {{"ROLLBACK|0|0", MR_OK, MR_BATCH_GONE, "VALUES (1, 4)"},
                {"~|~|~", MR_OK, MR_BATCH_OPEN, "VALUES (1, 3)"},
                {"COMMIT|1|0", MR_E_TIMEOUT, MR_BATCH_OPEN, "VALUES (1, 3)"}};
    (void)state;
    for (size_t i = 0; i < LEN(ends); i++) {
        enum mr_outcome outcome = 0;
        struct mr_err why = {0};
        BEGIN({.has = "EXECUTE",
               .code = ends[i].code,
               .number = 1969,
               .times = ends[i].code ? 1 : 99},
              {.has = "was FROM myrecon_added", .rows = "1|d.t|7|n|10", .times = 1},
              {.has = "was FROM myrecon_added", .rows = "1|d.t|7|n|12"},
              {.has = "becomes FROM myrecon_added", .rows = "d.t|7|n|10|15", .times = 1},
              {.has = "becomes FROM myrecon_added", .rows = "d.t|7|n|12|17"},
              {.has = "MASTER STATUS", .rows = ""},
              {.has = "COUNT(*) FROM myrecon_there", .text = "0"},
              {.has = "SELECT @myrecon_end", .rows = ends[i].ends, .times = ends[i].code ? 0 : 1},
              {.has = "SELECT @myrecon_end", .rows = "COMMIT|1|0"});
        script(UNIT);
        plan_journal();
        p.run.run_tag = "run-1";
        assert_int_equal(mr_attempt_carry_out(&p.attempt, &outcome, &why, &p.err), MR_OK);
        const struct mr_vec *batches = &mr_journal_sums(p.run.journal)->batches;
        assert_true(batches->count >= 1);
        if (((const struct mr_journal_batch *)mr_vec_at(batches, 0))->status != ends[i].first)
            fail_msg("case %zu: the first try", i);
        if (!world_has(ends[i].told))
            fail_msg("case %zu: %s", i, world_sent());
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tell), cmocka_unit_test(test_forget)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
