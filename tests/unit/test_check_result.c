/* test_check_result.c: the verdict and exit code of a run, from its case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct result_case {
    enum mr_verdict verdicts[2];
    bool schema_differs, object, unsettled_row, hidden, no_objects, no_lineage;
    const char *verdict;
    int exit_code;
};

static void test_verdicts(void **state)
{
    enum mr_verdict equal = MR_VERDICT_EQUAL, diverged = MR_VERDICT_DIVERGED;
    const struct result_case cases[] = {
        {.verdicts = {equal, equal}, .verdict = "equal", .exit_code = 0},
        {.verdicts = {equal, diverged}, .verdict = "diverged", .exit_code = 1},
        {.verdicts = {equal, equal}, .schema_differs = true, .verdict = "diverged", .exit_code = 1},
        {.verdicts = {equal, equal}, .object = true, .verdict = "diverged", .exit_code = 1},
        /* what was not seen outweighs what was */
        {.verdicts = {diverged, MR_VERDICT_NOT_CHECKED}, .verdict = "incomplete", .exit_code = 4},
        {.verdicts = {diverged, MR_VERDICT_UNDECIDED}, .verdict = "incomplete", .exit_code = 4},
        {.verdicts = {equal, diverged},
         .unsettled_row = true,
         .verdict = "incomplete",
         .exit_code = 4},
        {.verdicts = {equal, equal}, .hidden = true, .verdict = "incomplete", .exit_code = 4},
        {.verdicts = {equal, equal}, .no_objects = true, .verdict = "incomplete", .exit_code = 4},
        {.verdicts = {equal, diverged},
         .no_lineage = true,
         .verdict = "incomplete",
         .exit_code = 4},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct check_case c;
        struct mr_find_object object = {"view", NULL, "v", "a", NULL, "d"};
        case_begin(&c);
        case_table(&c, "d.a", cases[i].verdicts[0], false);
        if (cases[i].schema_differs) {
            c.table.schema_differs = true;
            case_summarise(&c);
        }
        case_table(&c, "d.b", cases[i].verdicts[1], false);
        if (cases[i].unsettled_row)
            case_row(&c, (struct case_row){.state = MR_FIND_UNSETTLED, .source = "1/a/b"});
        if (cases[i].object)
            assert_int_equal(mr_findings_object_add(c.fd, &object, NULL), MR_OK);
        c.run.hidden = cases[i].hidden ? "events" : NULL;
        c.run.objects_done = !cases[i].no_objects;
        c.run.kin_done = !cases[i].no_lineage;
        case_load(&c, 10);
        assert_string_equal(mr_check_result_verdict(&c.result), cases[i].verdict);
        assert_int_equal(mr_check_result_exit(&c.result), cases[i].exit_code);
        assert_int_equal(c.result.ntables, 2);
        assert_int_equal(c.result.unsettled_rows, cases[i].unsettled_row);
        case_end(&c);
    }
}

static void test_two_histories(void **state)
{
    static const struct {
        struct mr_find_counts counts[2];
        bool two;
    } cases[] = {
        {{{0}, {0}}, false},
        {{{.changed = 5}, {.missing = 2}}, false},
        {{{.missing = 1}, {.extra = 1}}, false},
        {{{.missing = 1, .extra = 1}, {0}}, true},
        {{{0}, {.collision = 1}}, true},
        {{{.moved = 1}, {0}}, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_find_table tables[2] = {{.counts = cases[i].counts[0]},
                                          {.counts = cases[i].counts[1]}};
        struct mr_check_result result = {.tables = tables, .ntables = 2};
        assert_int_equal(mr_check_result_two_histories(&result), cases[i].two);
    }
}

static void test_without_identity(void **state)
{
    static const struct {
        bool known, keyless;
        uint64_t changed;
        size_t at;
    } cases[] = {
        {false, false, 1, 0}, {false, false, 0, 1}, {true, false, 1, 1}, {false, true, 1, 1}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_find_table table = {.identity_known = cases[i].known,
                                      .keyless = cases[i].keyless,
                                      .counts = {.changed = cases[i].changed}};
        struct mr_check_result result = {.tables = &table, .ntables = 1};
        assert_int_equal(mr_check_result_without_identity(&result), cases[i].at);
    }
}

/* Of what limits the comparison, and of what its rows have in common, JSON's one field has both. */
static void test_note(void **state)
{
    static const struct {
        const char *note, *alike, *want;
    } cases[] = {{NULL, NULL, NULL},
                 {"windowed", NULL, "windowed"},
                 {NULL, "all differ", "all differ"},
                 {"windowed", "all differ", "windowed; all differ"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct check_case c;
        case_begin(&c);
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, false);
        c.table.note = cases[i].note;
        case_summarise(&c);
        case_require(mr_findings_alike_save(c.fd, c.table.id, cases[i].alike, NULL));
        case_load(&c, 10);
        const char *note = mr_check_result_note(&c.result, 0);
        assert_int_equal(note != NULL, cases[i].want != NULL);
        if (note != NULL)
            assert_string_equal(note, cases[i].want);
        case_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_two_histories),
        cmocka_unit_test(test_without_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
