/* test_verify_block.c: who stands in the ids that a plan keeps for its own, and who refers to one
 * of them that is nobody's. */
#include "verify_world.h"

#define ID "`i``d`"

static void begin(struct world *w, const char *columns, uint64_t first, uint64_t step, uint64_t n)
{
    world_begin(w);
    (void)world_table(w, "o`dd", columns);
    w->planned[0].counter = "i`d";
    w->planned[0].first_id = first;
    w->planned[0].id_step = step;
    w->planned[0].nids = n;
}

/* The question, with the end of the block: of a step that an older plan does not know, and of
 * blocks at the end of all numbers. */
static void test_question(void **state)
{
    static const struct {
        uint64_t first, step, n;
        const char *within;
    } cases[] = {
        {10, 1, 2, ID " >= 10 AND " ID " < 12"},
        {10, 0, 2, ID " >= 10 AND " ID " < 12"},
        {10, 5, 2, ID " >= 10 AND " ID " < 20"},
        {UINT64_MAX - 1, 1, 1, ID " >= 18446744073709551614 AND " ID " < 18446744073709551615"},
        {UINT64_MAX - 1, 1, 9, ID " >= 18446744073709551614 AND " ID " < 18446744073709551615"},
        {10, UINT64_MAX, 3, ID " >= 10 AND " ID " < 18446744073709551615"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        char wanted[200];
        begin(&w, "i`d:uint*", cases[i].first, cases[i].step, cases[i].n);
        (void)snprintf(wanted, sizeof wanted, "SELECT COUNT(*) FROM `d`.`o``dd` WHERE %s\n",
                       cases[i].within);
        assert_int_equal(mr_verify_blocks(&w.v, &w.err), MR_OK);
        assert_string_equal(w.asked.ptr, wanted);
        world_end(&w);
    }
}

/* Tables that are not asked: no new ids, no counter, no key, unreadable. */
static void test_not_asked(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct world w;
        begin(&w, i == 2 ? "i`d:uint" : "i`d:uint*", 10, 1, i == 0 ? 0 : 2);
        w.planned[0].counter = i == 1 ? NULL : "i`d";
        w.tables[0].image = i == 3 ? NULL : w.tables[0].image;
        w.count = "9";
        assert_int_equal(mr_verify_blocks(&w.v, &w.err), MR_OK);
        assert_int_equal(w.questions, 0);
        world_end(&w);
    }
}

static void test_strangers(void **state)
{
    static const struct {
        const char *columns, *count;
        uint64_t new_found;   /* of the lines, that stand */
        const char *lines[3]; /* rows under new ids */
        const char *rows[4];  /* of TARGET in the block */
        const char *told;
        size_t questions;
    } cases[] = {
        /* as many as were found: nobody is named */
        {"i`d:uint* name:text", "2", 2, {"10|a", "11|b"}, {"10|a", "11|b"}, "", 1},
        {"i`d:uint* name:text", "0", 0, {"10|a"}, {NULL}, "", 1},
        {"i`d:uint* name:text",
         "3",
         2,
         {"10|a", "11|b"},
         {"10|a", "11|b", "12|c"},
         "d.o`dd unplanned 12\n",
         3},
        /* one is missing and a stranger has come: as many as planned, and one too many */
        {"i`d:uint* name:text",
         "2",
         1,
         {"10|a", "11|b"},
         {"10|a", "12|c"},
         "d.o`dd unplanned 12\n",
         3},
        /* no line is of this table */
        {"i`d:uint* name:text",
         "1",
         0,
         {NULL},
         {"18446744073709551614|x"},
         "d.o`dd unplanned 18446744073709551614\n",
         3},
        /* a key of two: the same number beside another one is a stranger */
        {"i`d:uint* shard:int*",
         "2",
         1,
         {"10|-1"},
         {"10|-1", "10|1"},
         "d.o`dd unplanned 10,1\n",
         3},
        /* a planned row that the application has edited is under its key still */
        {"i`d:uint* name:text", "2", 0, {"10|a", "11|b"}, {"11|NULL", "10|"}, "", 3},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].columns, 10, 1, 3);
        w.count = cases[i].count;
        w.of[0].found = cases[i].rows;
        w.tables[0].new_found = cases[i].new_found;
        for (size_t k = 0; k < LEN(cases[i].lines) && cases[i].lines[k] != NULL; k++)
            world_line(&w, 0, MR_DECIDE_RENUMBER, cases[i].lines[k])->is_new = true;
        assert_int_equal(mr_verify_blocks(&w.v, &w.err), MR_OK);
        if (strcmp(w.told.ptr, cases[i].told) != 0)
            fail_msg("case %zu: %s", i, w.told.ptr);
        assert_int_equal(w.questions, cases[i].questions);
        world_end(&w);
    }
}

/* A row of the plan under an old id, and a new one of another table, excuse nobody. */
static void test_other_lines(void **state)
{
    const char *const rows[] = {"10|a", NULL};
    struct world w;
    (void)state;
    begin(&w, "i`d:uint* name:text", 10, 1, 3);
    (void)world_table(&w, "other", "i`d:uint* name:text");
    w.count = "1";
    w.of[0].found = rows;
    (void)world_line(&w, 0, MR_DECIDE_MATCHED, "10|a");
    world_line(&w, 1, MR_DECIDE_RENUMBER, "10|a")->is_new = true;
    assert_int_equal(mr_verify_blocks(&w.v, &w.err), MR_OK);
    assert_string_equal(w.told.ptr, "d.o`dd unplanned 10\n");
    world_end(&w);
}

/* ---- references ---- */

static const char *const of_one[] = {"member"}, *const to_one[] = {"I`D"};
static const char *const of_two[] = {"shard", "member"}, *const to_two[] = {"shard", "i`d"};
static const char *const to_name[] = {"name"}, *const number_word[] = {MR_PLANNED_NUMBER};
#define RANGE(column) column " >= 10 AND " column " < 13"

static void test_references(void **state)
{
    static const struct {
        const char *child;
        struct mr_planned_reference reference;
        const char *where; /* the last question; NULL: there is none beside the count */
        const char *told;
    } cases[] = {
        {"n:int* member:uint",
         {.parent = "d.o`dd", .columns = {of_one, 1}, .parent_columns = {to_one, 1}},
         RANGE("`member`") " AND NOT EXISTS (SELECT 1 FROM `d`.`o``dd` AS myrecon_parent WHERE "
                           "myrecon_parent.`I``D` = `d`.`uses`.`member`)\n",
         "d.uses refers-to-nobody 1: member -> d.o`dd\n"},
        /* the counter's column of two; the condition's comment ends with its line */
        {"n:int* member:uint shard:int",
         {.parent = "d.o`dd",
          .columns = {of_two, 2},
          .parent_columns = {to_two, 2},
          .condition = "kind = 1 -- x"},
         RANGE("`member`") " AND (kind = 1 -- x\n) AND NOT EXISTS (SELECT 1 FROM `d`.`o``dd` AS "
                           "myrecon_parent WHERE myrecon_parent.`shard` = `d`.`uses`.`shard` AND "
                           "myrecon_parent.`i``d` = `d`.`uses`.`member`)\n",
         "d.uses refers-to-nobody 1: member -> d.o`dd\n"},
        /* a table without a key: its row has no name */
        {"n:int member:uint",
         {.parent = "d.o`dd", .columns = {of_one, 1}, .parent_columns = {to_one, 1}},
         RANGE("`member`") " AND NOT EXISTS (SELECT 1 FROM `d`.`o``dd` AS myrecon_parent WHERE "
                           "myrecon_parent.`I``D` = `d`.`uses`.`member`)\n",
         "d.uses refers-to-nobody: member -> d.o`dd\n"},
        /* by another column than the counter: no new id is in it */
        {"n:int* member:text",
         {.parent = "d.o`dd", .columns = {of_one, 1}, .parent_columns = {to_name, 1}},
         NULL,
         ""},
        {"n:int* member:uint",
         {.parent = "d.gone", .columns = {of_one, 1}, .parent_columns = {to_one, 1}},
         NULL,
         ""},
    };
    const char *const rows[] = {"1|11|0", NULL};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, "i`d:uint* name:text", 10, 1, 3);
        (void)world_table(&w, "uses", cases[i].child);
        w.planned[1].references = &cases[i].reference;
        w.planned[1].nreferences = 1;
        w.of[1].found = rows;
        assert_int_equal(mr_verify_blocks(&w.v, &w.err), MR_OK);
        const char *where = strchr(w.asked.ptr, '\n') + 1;
        assert_string_equal(where, cases[i].where != NULL ? cases[i].where : "");
        assert_string_equal(w.told.ptr, cases[i].told);
        world_end(&w);
    }
}

/* A text that spells a number is read as one, not compared as a text: "9" is above "10". */
static void test_reference_as_text(void **state)
{
    static const struct mr_planned_reference reference = {.parent = "d.o`dd",
                                                          .columns = {of_one, 1},
                                                          .parent_columns = {to_one, 1},
                                                          .spelling = {number_word, 1}};
    struct world w;
    (void)state;
    begin(&w, "i`d:uint* name:text", 10, 1, 3);
    (void)world_table(&w, "uses", "n:int* member:text");
    w.planned[1].references = &reference;
    w.planned[1].nreferences = 1;
    assert_int_equal(mr_verify_blocks(&w.v, &w.err), MR_OK);
    assert_null(strstr(w.asked.ptr, "\n`member` >= 10"));
    assert_non_null(strstr(w.asked.ptr, " >= 10 AND "));
    world_end(&w);
}

/* An orphan that verify_gone.c reported is not reported again. */
static void test_told_before(void **state)
{
    static const struct mr_planned_reference reference = {
        .parent = "d.o`dd", .columns = {of_one, 1}, .parent_columns = {to_one, 1}};
    const char *const rows[] = {"1|11", "2|11", NULL};
    struct world w;
    (void)state;
    begin(&w, "i`d:uint* name:text", 10, 1, 3);
    (void)world_table(&w, "uses", "n:int* member:uint");
    w.planned[1].references = &reference;
    w.planned[1].nreferences = 1;
    w.of[1].referring[0] = 1;
    w.of[1].rows = w.of[1].found = rows;
    (void)world_line(&w, 1, MR_DECIDE_INSERT, "1|11");
    assert_int_equal(mr_verify_note_gone(&w.v, &w.tables[0], world_key(&w, 0, "11|x"), NULL),
                     MR_OK);
    assert_int_equal(mr_verify_orphans(&w.v, &w.err), MR_OK);
    assert_string_equal(w.told.ptr, "d.uses refers-to-nobody 1: member -> d.o`dd\n");
    assert_int_equal(mr_verify_blocks(&w.v, &w.err), MR_OK);
    assert_string_equal(w.told.ptr, "d.uses refers-to-nobody 1: member -> d.o`dd\n"
                                    "d.uses refers-to-nobody 2: member -> d.o`dd\n");
    world_end(&w);
}

/* The n-th question fails: the count, the file, the rows. */
static void test_failure(void **state)
{
    static const struct {
        size_t at;
        enum mr_code failure, code;
        bool unreadable;
    } cases[] = {
        {1, MR_E_SQL, MR_OK, true},
        {1, MR_E_LOST, MR_E_LOST, false},
        {2, MR_E_REFUSED, MR_E_REFUSED, false},
        {3, MR_E_TIMEOUT, MR_OK, true},
        {3, MR_E_LOST, MR_E_LOST, false},
    };
    const char *const rows[] = {"12|c", NULL};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, "i`d:uint* name:text", 10, 1, 3);
        w.count = "1";
        w.of[0].found = rows;
        w.fail_at = cases[i].at;
        w.fail_code = cases[i].failure;
        assert_int_equal(mr_verify_blocks(&w.v, &w.err), cases[i].code);
        assert_int_equal(w.results[0].unreadable != NULL, cases[i].unreadable);
        assert_string_equal(w.told.ptr, "");
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question),    cmocka_unit_test(test_not_asked),
        cmocka_unit_test(test_strangers),   cmocka_unit_test(test_other_lines),
        cmocka_unit_test(test_references),  cmocka_unit_test(test_reference_as_text),
        cmocka_unit_test(test_told_before), cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
