/* test_verify_gone.c: rows that stand to the byte, and whose parent is gone. */
#include "verify_world.h"

/* Whose key is one column, or two; who refers by the number, or by a text that spells it. */
enum { MEMBERS, ORDERS, LINES };

static const char *const id_name[] = {"ID"};
static const char *const member_name[] = {"member"}, *const number_word[] = {MR_PLANNED_NUMBER};
static const struct mr_planned_reference by_member = {
    .parent = "d.members", .columns = {member_name, 1}, .parent_columns = {id_name, 1}};
static const struct mr_planned_reference by_text = {.parent = "d.members",
                                                    .columns = {member_name, 1},
                                                    .parent_columns = {id_name, 1},
                                                    .condition = "kind = 'm' -- `o``dd`",
                                                    .spelling = {number_word, 1}};

static void begin(struct world *w)
{
    world_begin(w);
    (void)world_table(w, "members", "id:int* name:text");
    (void)world_table(w, "orders", "id:int* member:int");
    (void)world_table(w, "notes", "order_id:int* no:int* member:text");
    w->planned[ORDERS].references = &by_member;
    w->planned[ORDERS].nreferences = 1;
    w->of[ORDERS].referring[0] = 1;
    w->planned[LINES].references = &by_text;
    w->planned[LINES].nreferences = 1;
    w->of[LINES].referring[0] = 2;
}

static void gone(struct world *w, size_t table, const char *row)
{
    assert_int_equal(mr_verify_note_gone(&w->v, &w->tables[table], world_key(w, table, row), NULL),
                     MR_OK);
}

static void test_told(void **state)
{
    static const struct {
        const char *gone; /* a member */
        size_t table;     /* of the row */
        enum mr_decision decision;
        const char *line, *row; /* as planned, and as it stands */
        const char *told;
    } cases[] = {
        {"7|ann", ORDERS, MR_DECIDE_INSERT, "1|7", "1|7",
         "d.orders refers-to-nobody 1: member -> d.members\n"},
        {"7|ann", ORDERS, MR_DECIDE_RENUMBER, "1|7", "1|7",
         "d.orders refers-to-nobody 1: member -> d.members\n"},
        {"7|ann", ORDERS, MR_DECIDE_UPDATE, "1|7", "1|7",
         "d.orders refers-to-nobody 1: member -> d.members\n"},
        {"-7|ann", ORDERS, MR_DECIDE_INSERT, "1|-7", "1|-7",
         "d.orders refers-to-nobody 1: member -> d.members\n"},
        /* nobody's, or another one's */
        {"7|ann", ORDERS, MR_DECIDE_INSERT, "1|NULL", "1|NULL", ""},
        {"7|ann", ORDERS, MR_DECIDE_INSERT, "1|-7", "1|-7", ""},
        {"7|ann", ORDERS, MR_DECIDE_INSERT, "1|8", "1|8", ""},
        /* the plan did not write it */
        {"7|ann", ORDERS, MR_DECIDE_MATCHED, "1|7", "1|7", ""},
        {"7|ann", ORDERS, MR_DECIDE_INSERT, "2|7", "1|7", ""},
        /* it is another one than planned: that was reported by its line */
        {"7|ann", ORDERS, MR_DECIDE_INSERT, "1|8", "1|7", ""},
        /* a reference that writes the number as a text, in a table of two columns as its key */
        {"7|ann", LINES, MR_DECIDE_INSERT, "1|2|7", "1|2|7",
         "d.notes refers-to-nobody 1,2: member -> d.members\n"},
        {"7|ann", LINES, MR_DECIDE_INSERT, "1|2|", "1|2|", ""},
        {"7|ann", LINES, MR_DECIDE_INSERT, "1|2|77", "1|2|77", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *const rows[] = {cases[i].row, NULL};
        struct world w;
        begin(&w);
        w.of[cases[i].table].rows = rows;
        w.results[cases[i].table].counts[MR_PROOF_STANDS] = 1;
        (void)world_line(&w, cases[i].table, cases[i].decision, cases[i].line);
        gone(&w, MEMBERS, cases[i].gone);
        assert_int_equal(mr_verify_orphans(&w.v, &w.err), MR_OK);
        if (strcmp(w.told.ptr, cases[i].told) != 0)
            fail_msg("case %zu: %s", i, w.told.ptr);
        const bool told = cases[i].told[0] != '\0';
        assert_int_equal(w.results[cases[i].table].counts[MR_PROOF_STANDS], !told);
        assert_int_equal(mr_verify_is_orphan(&w.tables[cases[i].table],
                                             world_key(&w, cases[i].table, cases[i].line)),
                         told);
        world_end(&w);
    }
}

/* A condition of the reference is asked with it, a comment in it ends with its line. */
static void test_condition(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    gone(&w, MEMBERS, "7|ann");
    assert_int_equal(mr_verify_orphans(&w.v, &w.err), MR_OK);
    assert_string_equal(w.asked.ptr, "(kind = 'm' -- `o``dd`\n)\n");
    world_end(&w);
}

/* Nobody is gone: neither TARGET nor the file is read. */
static void test_nobody_gone(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    assert_int_equal(mr_verify_orphans(&w.v, &w.err), MR_OK);
    assert_int_equal(w.questions, 0);
    world_end(&w);
}

/* Two references of one row lead to two who are gone: one finding. */
static void test_once(void **state)
{
    static const struct mr_planned_reference twice[] = {
        {.parent = "d.members", .columns = {member_name, 1}, .parent_columns = {id_name, 1}},
        {.parent = "d.members", .columns = {id_name, 1}, .parent_columns = {id_name, 1}}};
    const char *const rows[] = {"8|7", "9|7", NULL};
    struct world w;
    (void)state;
    begin(&w);
    w.planned[ORDERS].references = twice;
    w.planned[ORDERS].nreferences = 2;
    w.of[ORDERS].referring[1] = 0;
    w.of[ORDERS].rows = rows;
    w.results[ORDERS].counts[MR_PROOF_STANDS] = 2;
    (void)world_line(&w, ORDERS, MR_DECIDE_INSERT, "8|7");
    (void)world_line(&w, ORDERS, MR_DECIDE_INSERT, "9|7");
    gone(&w, MEMBERS, "8|bob");
    gone(&w, MEMBERS, "7|ann");
    assert_int_equal(mr_verify_orphans(&w.v, &w.err), MR_OK);
    assert_int_equal(w.results[ORDERS].counts[MR_PROOF_DANGLING], 2);
    assert_int_equal(w.results[ORDERS].counts[MR_PROOF_STANDS], 0);
    world_end(&w);
}

/* A reference by both columns of a key, in the other order; and one to a column that is no key:
 * who is gone cannot be asked for. */
static void test_key_of_two(void **state)
{
    static const char *const back[] = {"b", "a"}, *const forth[] = {"no", "order_id"},
                             *const other[] = {"no", "member"};
    static const struct {
        struct mr_planned_reference reference;
        const char *told;
    } cases[] = {
        {{.parent = "d.notes", .columns = {back, 2}, .parent_columns = {forth, 2}},
         "d.uses refers-to-nobody 1: b,a -> d.notes\n"},
        {{.parent = "d.notes", .columns = {back, 2}, .parent_columns = {other, 2}}, ""},
    };
    const char *const rows[] = {"1|5|6", "2|6|5", NULL};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        (void)world_table(&w, "notes", "order_id:int* no:int* member:text");
        (void)world_table(&w, "uses", "id:int* a:int b:int");
        w.planned[1].references = &cases[i].reference;
        w.planned[1].nreferences = 1;
        w.of[1].referring[0] = 2;
        w.of[1].referring[1] = 1;
        w.of[1].rows = rows;
        (void)world_line(&w, 1, MR_DECIDE_INSERT, "1|5|6");
        (void)world_line(&w, 1, MR_DECIDE_INSERT, "2|6|5");
        gone(&w, 0, "5|6|x");
        assert_int_equal(mr_verify_orphans(&w.v, &w.err), MR_OK);
        assert_string_equal(w.told.ptr, cases[i].told);
        world_end(&w);
    }
}

/* The n-th question fails: a table that cannot be read is the table's, the rest the run's. */
static void test_failure(void **state)
{
    static const struct {
        size_t at;
        enum mr_code failure, code;
        bool unreadable;
    } cases[] = {
        {1, MR_E_DENIED, MR_OK, true},
        {1, MR_E_LOST, MR_E_LOST, false},
        {2, MR_E_LOST, MR_E_LOST, false},
        {3, MR_E_REFUSED, MR_E_REFUSED, false},
    };
    const char *const rows[] = {"1|7", NULL};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w);
        w.of[ORDERS].rows = rows;
        (void)world_line(&w, ORDERS, MR_DECIDE_INSERT, "1|7");
        gone(&w, MEMBERS, "7|ann");
        w.fail_at = cases[i].at;
        w.fail_code = cases[i].failure;
        assert_int_equal(mr_verify_orphans(&w.v, &w.err), cases[i].code);
        assert_int_equal(w.results[ORDERS].unreadable != NULL, cases[i].unreadable);
        assert_string_equal(w.told.ptr, "");
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told),        cmocka_unit_test(test_condition),
        cmocka_unit_test(test_nobody_gone), cmocka_unit_test(test_once),
        cmocka_unit_test(test_key_of_two),  cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
