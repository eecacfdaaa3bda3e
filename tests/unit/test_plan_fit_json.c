/* test_plan_fit_json.c: rows that an UPDATE of MySQL would leave as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/plan/plan_fit.h"
#include "script_world.h"

/* MySQL takes one JSON value for the other, and an UPDATE that brings nothing else is none. */
static void test_json(void **state)
{
    static const struct {
        const char *what, *image, *live, *answer, *wanted;
        enum mr_flavour flavour;
        unsigned asks;
    } cases[] = {
        {"equal to it", "1|{\"a\":1.0}|x", "1|{\"a\":1}|x", "1", "1", MR_FLAVOUR_MYSQL, 1},
        {"another value", "1|{\"a\":2}|x", "1|{\"a\":1}|x", "0", "", MR_FLAVOUR_MYSQL, 1},
        {"another column changes, too", "1|{\"a\":1.0}|y", "1|{\"a\":1}|x", "1", "",
         MR_FLAVOUR_MYSQL, 1},
        {"nothing changes", "1|{\"a\":1}|x", "1|{\"a\":1}|x", "1", "", MR_FLAVOUR_MYSQL, 0},
        {"MariaDB has texts", "1|{\"a\":1.0}|x", "1|{\"a\":1}|x", "1", "", MR_FLAVOUR_MARIADB, 0},
        {"an insert", "1|{\"a\":1.0}|x", NULL, "1", "", MR_FLAVOUR_MYSQL, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        world_begin(&w);
        w.cat.server.flavour = cases[i].flavour;
        w.answer = cases[i].answer;
        const struct mr_plan_table *t = world_table(&w, "t", "id:int# j:json? a:text");
        mr_plan_fit_open(&fit, &w.plan, &w.reader);
        assert_int_equal(mr_plan_fit_row(&fit, t, world_row(&w, t, cases[i].image),
                                         world_row(&w, t, cases[i].live), NULL),
                         MR_OK);
        if (fit.columns.count != (cases[i].wanted[0] != '\0'))
            fail_msg("%s: %s", cases[i].what, fit.why.ptr);
        if (fit.columns.count > 0)
            assert_int_equal(*(const size_t *)mr_vec_at(&fit.columns, 0), 1);
        assert_int_equal(w.asks, cases[i].asks);
        if (cases[i].asks > 0)
            assert_non_null(strstr(w.asked.ptr, "SELECT COALESCE(CAST(_utf8mb4 x'"));
        mr_plan_fit_close(&fit);
        world_end(&w);
    }
}

/* What is too long to be asked about is equal to nothing; a NULL is asked, and is no number. */
static void test_long(void **state)
{
    struct world w;
    struct mr_plan_fit fit;
    (void)state;
    world_begin(&w);
    w.cat.server.flavour = MR_FLAVOUR_MYSQL;
    w.cat.server.max_packet_bytes = 200;
    w.answer = "1";
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# j:json?");
    mr_plan_fit_open(&fit, &w.plan, &w.reader);
    assert_int_equal(mr_plan_fit_row(&fit, t, world_row(&w, t, "1|[1.0,2,3]"),
                                     world_row(&w, t, "1|[1,2,3]"), NULL),
                     MR_OK);
    assert_int_equal(fit.columns.count, 0);
    assert_int_equal(w.asks, 0);
    mr_plan_fit_close(&fit);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
