/* test_report_headline.c: the sentence on top of a report, and what it calls left to do of tables that one side
 * alone has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report_case.h"

#define LOST                                                                                       \
    {                                                                                              \
        "table", "shop.orders", "orders", "InnoDB", NULL, "shop"                                   \
    }
#define BESIDE                                                                                     \
    {                                                                                              \
        "table", "shop.log", "log", NULL, "InnoDB", "shop"                                         \
    }
#define VIEW                                                                                       \
    {                                                                                              \
        "view", NULL, "v", "SELECT 1", NULL, "shop"                                                \
    }
#define STEP_LOST                                                                                  \
    "shop.orders is on the source only: no row of it was compared, and repair plans leave it as "  \
    "it is. If the target has lost it, take it over from the source"

static const struct {
    struct mr_find_object objects[2];
    size_t nobjects;
    bool rows, unchecked, in_part;
    const char *headline, *left;
} rows[] = {
    {{VIEW},
     1,
     true,
     false,
     true,
     "1 table was not checked; so far 1 row differs in 1 of 1 table, and 1 schema object",
     NULL},
    {{{0}}, 0, false, false, false, "both sides hold the same rows in 1 table", NULL},
    {{{0}}, 0, true, false, false, "1 row differs in 1 of 1 table", NULL},
    {{VIEW}, 1, false, false, false, "1 schema object differs, the rows do not", NULL},
    {{VIEW, VIEW}, 2, false, false, false, "2 schema objects differ, the rows do not", NULL},
    {{VIEW}, 1, true, false, false, "1 row differs in 1 of 1 table, and 1 schema object", NULL},
    {{VIEW},
     1,
     false,
     true,
     false,
     "1 table was not checked; so far 1 schema object differs, no row that was compared does",
     NULL},
    {{LOST},
     1,
     false,
     false,
     false,
     "table shop.orders is on the source only, and no row of it was compared; the other table has "
     "the same rows on both sides",
     STEP_LOST},
    {{BESIDE},
     1,
     true,
     false,
     false,
     "table shop.log is on the target only, and no row of it was compared; 1 row differs in 1 of "
     "1 table",
     "shop.log is on the target only"},
    {{LOST, BESIDE},
     2,
     true,
     true,
     false,
     "1 table was not checked; so far 2 tables are on one side only, and no row of them was "
     "compared; 1 row differs in 1 of 2 tables",
     STEP_LOST},
    {{LOST, VIEW},
     2,
     false,
     false,
     false,
     "table shop.orders is on the source only, and no row of it was compared; 1 schema object "
     "differs, no row that was compared does",
     STEP_LOST},
};

static void test_headline(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check_case c;
        struct mr_report report;
        struct mr_strbuf words = MR_STRBUF_INIT;
        case_begin(&c);
        c.run.finished = true;
        if (rows[i].unchecked)
            case_table(&c, "shop.big", MR_VERDICT_NOT_CHECKED, true);
        case_table(&c, "shop.items",
                   rows[i].in_part ? MR_VERDICT_NOT_CHECKED
                   : rows[i].rows  ? MR_VERDICT_DIVERGED
                                   : MR_VERDICT_EQUAL,
                   true);
        if (rows[i].rows)
            case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_MISSING, "3/ann/x", NULL,
                                           "ann", NULL});
        case_summarise(&c);
        for (size_t k = 0; k < rows[i].nobjects; k++)
            case_require(mr_findings_object_add(c.fd, &rows[i].objects[k], NULL));
        report_begin(&report, &c, false);
        mr_report_headline(&report, &words);
        assert_string_equal(words.ptr, rows[i].headline);
        char *page = report_text(&report, mr_report_html);
        if (rows[i].left != NULL && strstr(page, rows[i].left) == NULL)
            fail_msg("%s: nothing is left to do: %s", rows[i].headline, page);
        if (rows[i].left != NULL)
            assert_null(strstr(page, "Nothing, as far as this report knows"));
        free(page);
        mr_strbuf_release(&words);
        report_end(&report, &c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_headline)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
