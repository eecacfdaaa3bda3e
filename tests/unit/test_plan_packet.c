/* test_plan_packet.c: what max_allowed_packet of TARGET lets through; and, at the end, what
 * --allow-triggers takes (trigger_option.c is one function). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/plan/plan_packet.h"
#include "repair/plan/trigger_option.h"
#include "script_world.h"

/* The longest statement of a text, as the limit that just lets it pass tells. */
static void test_check(void **state)
{
    static const struct {
        const char *text;
        size_t longest;
    } cases[] = {
        {"", 0},
        {"SELECT 1;\n", 9},
        {"SELECT 1;\nSELECT 22;\nDO 0;\n", 10},
        {"SELECT\n  1;\n", 11},
        {"-- a comment that is longer\nDO 0;\n", 5},
        {"SELECT ';\nx';\n", 9},
        {"DO 0;\n\n\n\nDO 0;\n", 5},
        {"no end", 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        w.cat.server.max_packet_bytes = cases[i].longest + 256;
        if (mr_plan_packet_check(&w.plan, "apply.sql", cases[i].text, strlen(cases[i].text),
                                 NULL) != MR_OK)
            fail_msg("%s", cases[i].text);
        w.cat.server.max_packet_bytes--;
        if (mr_plan_packet_check(&w.plan, "apply.sql", cases[i].text, strlen(cases[i].text),
                                 &w.err) != MR_E_REFUSED)
            fail_msg("%s", cases[i].text);
        assert_non_null(strstr(mr_err_get_hint(&w.err), "SET GLOBAL max_allowed_packet = 1048576"));
        w.cat.server.max_packet_bytes = 0; /* not known */
        assert_int_equal(
            mr_plan_packet_check(&w.plan, "x", cases[i].text, strlen(cases[i].text), NULL), MR_OK);
        world_end(&w);
    }
}

/* Of the longest image, at least what a statement is kept to, at most what TARGET has. */
static void test_needed(void **state)
{
    static const struct {
        uint64_t packet;
        size_t image;
        uint64_t needed;
    } cases[] = {
        {16 * 1024 * 1024, 10, 1024 * 1024},
        {16 * 1024 * 1024, 2 * 1024 * 1024, 2 * 1024 * 1024 + 256 + 5 + 10},
        {64 * 1024, 10, 64 * 1024},
        {0, 10, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        uint64_t needed = 1;
        char *row = calloc(1, cases[i].image + 3);
        world_begin(&w);
        w.cat.server.max_packet_bytes = cases[i].packet;
        world_table(&w, "t", "id:int# b:bytes");
        memset(row, 'x', cases[i].image + 2);
        row[0] = '1';
        row[1] = '|';
        world_step(&w, (struct world_step){1, 1, 1, MR_STEP_INSERT, 0, NULL, "1|x", 0});
        world_step(&w, (struct world_step){1, 1, 1, MR_STEP_DELETE, 0, row, NULL, 0});
        assert_int_equal(mr_plan_packet_needed(&w.plan, w.fd, w.store, &needed, NULL), MR_OK);
        assert_true(needed == cases[i].needed);
        free(row);
        world_end(&w);
    }
}

static void test_trigger_option(void **state)
{
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_trigger_option_check(NULL, NULL), MR_OK);
    assert_int_equal(mr_trigger_option_check("fire", NULL), MR_OK);
    assert_int_equal(mr_trigger_option_check("Fire", &err), MR_E_USAGE);
    assert_int_equal(mr_trigger_option_check("", &err), MR_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_needed),
        cmocka_unit_test(test_trigger_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
