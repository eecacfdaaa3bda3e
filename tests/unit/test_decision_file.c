/* test_decision_file.c: keys that a spreadsheet has spoilt; test_plan_decisions.c has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_graph.h"
#include "repair/planning/decision_file.h"

static void test_spoilt(void **state)
{
    static const struct {
        const char *key;
        bool is;
    } cases[] = {{"4.91234E+05", true}, {"4,91E+05", true}, {"1,234", true},
                 {"1'234", true},       {"7.0", true},      {"2026-04-02", true},
                 {"02/04/2026", true},  {"7", false},       {"-7", false},
                 {"", false},           {"ann", false},     {"3..9", false}};
    static const size_t key = 0;
    struct graph g;
    (void)state;
    graph_begin(&g);
    graph_table(&g, "members", "id nick", NULL);
    assert_int_equal(graph_plan(&g, "", NULL), MR_OK);
    struct mr_plan_table table = {.pair = g.list[0], .key = {&key, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mr_decision_file_is_spoilt(&table, cases[i].key) != cases[i].is)
            fail_msg("%s", cases[i].key);
    table.key.count = 0;
    assert_false(mr_decision_file_is_spoilt(&table, "4.9E+05"));
    graph_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spoilt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
