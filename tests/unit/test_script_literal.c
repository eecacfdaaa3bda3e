/* test_script_literal.c: values of images as literals that TARGET stores as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

/* One column of that type, and what its values become. */
struct literal {
    const char *type, *row, *wanted;
};

static void literals_are(const struct literal *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct world w;
        struct mr_strbuf columns = MR_STRBUF_INIT;
        world_begin(&w);
        mr_strbuf_add_fmt(&columns, "c:%s", cases[i].type);
        const struct mr_plan_table *t = world_table(&w, "t", columns.ptr);
        world_open(&w);
        mr_script_literal(&w.s, t, world_row(&w, t, cases[i].row), 0);
        if (strcmp(w.s.sql.ptr, cases[i].wanted) != 0)
            fail_msg("%s %s: %s", cases[i].type, cases[i].row, w.s.sql.ptr);
        assert_false(w.s.sql.failed);
        mr_strbuf_release(&columns);
        world_end(&w);
    }
}

static void test_values(void **state)
{
    static const struct literal cases[] = {
        {"int?", "NULL", "NULL"},
        {"int", "-9223372036854775808", "-9223372036854775808"},
        {"uint", "18446744073709551615", "18446744073709551615"},
        {"real", "-0.0", "-0.0000000000000000e+00"},
        {"real", "1e-320", "9.9998886718268301e-321"},
        {"money", "-0.10", "-0.1"},
        {"text", "", "_utf8mb4 ''"},
        {"text", "plain, with ; and #", "_utf8mb4 'plain, with ; and #'"},
        {"text", "o'dd", "_utf8mb4 x'6f276464'"},
        {"text", "back\\\\slash", "_utf8mb4 x'6261636b5c736c617368'"},
        {"text", "a\\0b", "_utf8mb4 x'610062'"},
        {"text", "\xf0\x9f\x99\x82", "_utf8mb4 x'f09f9982'"},
        {"latin", "\xe4", "_latin1 x'e4'"},
        {"wide", "\\0a", "_utf16 x'0061'"},
        {"bytes", "", "x''"},
        {"bytes", "\\0a'", "x'006127'"},
        {"date", "0-0-0", "'0000-00-00'"},
        {"date", "2023-02-30", "'2023-02-30'"},
        {"datetime", "2026-04-02 13:05:00", "'2026-04-02 13:05:00.000000'"},
    };
    (void)state;
    literals_are(cases, LEN(cases));
}

/* A member that the collation may take for another is told by its number, others by their
 * text; a member '' by its number, and the error value by that of another member. */
static void test_members(void **state)
{
    static const struct literal cases[] = {
        {"kind", "y", "_utf8mb4 'y'"},
        {"kind", "", "1"},    /* number 0: the stage puts it back */
        {"size", "A|0", "2"}, /* "a" and "A" are one to a strict server */
        {"size", "it's|0", "3"},
        {"size", "|0", "4"}, /* the member '' */
        {"size", "|1", "1"}, /* number 0 beside a member '' */
        {"size?", "NULL|NULL", "NULL"},
        {"wsize", "\\0\xe4",
         "FIELD(CAST(CONVERT(_utf16 x'00e4' USING utf8mb4) AS BINARY), "
         "x'61', x'c3a4')"},
        {"tags", "", "0"},
        {"tags", "a,b", "5"},
        {"tags", "A", "2"},
        {"flags", "|1", "0"},
        {"flags", "|0", "1"}, /* the member '' alone */
        {"flags", "b|0", "2"},
        {"flags", ",b|0", "3"},
    };
    (void)state;
    literals_are(cases, LEN(cases));
}

static void test_error_values(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# k:kind s:size g:tags n:text?");
    world_open(&w);
    static const struct {
        const char *row;
        bool is[5];
    } cases[] = {
        {"1|x|a||NULL|0", {false}},       {"1||a|||0", {false, true}},
        {"1|x|||x|0", {false}},           {"1|x|||x|1", {false, false, true}},
        {"1|||||1", {false, true, true}},
    };
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t c = 0; c < 5; c++)
            assert_int_equal(mr_script_is_error(t, world_row(&w, t, cases[i].row), c),
                             cases[i].is[c]);
    assert_false(w.s.tables[0].numbered[1]);
    assert_true(w.s.tables[0].numbered[2]);
    assert_true(w.s.tables[0].numbered[3]);
    assert_true(w.s.tables[0].has_numbered);
    mr_script_written(&w.s, t, 1);
    mr_script_written(&w.s, t, 2);
    world_sql_is(&w, "s.`k`s.`s` + 0");
    world_end(&w);
}

/* A batch is written without strict mode only where one of its own rows has number 0 in a column
 * that is told by numbers. */
static void test_loose(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# s:size");
    world_table(&w, "u", "id:int# k:kind");
    world_step(&w, (struct world_step){1, 1, 1, MR_STEP_INSERT, 0, NULL, "1|a|0", 0});
    world_step(&w, (struct world_step){1, 1, 1, MR_STEP_INSERT, 0, NULL, "2||1", 0});
    world_step(&w, (struct world_step){1, 1, 2, MR_STEP_INSERT, 1, NULL, "1|", 0});
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    const struct mr_script_batch first = {MR_STEP_INSERT, 0, 1, 1, 0},
                                 both = {MR_STEP_INSERT, 0, 1, 2, 0},
                                 by_text = {MR_STEP_INSERT, 1, 3, 3, 0};
    assert_false(mr_script_is_loose(&w.s, &first));
    assert_true(mr_script_is_loose(&w.s, &both));
    assert_false(mr_script_is_loose(&w.s, &by_text));
    world_end(&w);
}

/* Of some columns only those count that are written; and a sum is never written so. */
static void test_loose_columns(void **state)
{
    static const struct {
        const char *before, *after, *sums;
        bool is;
    } cases[] = {
        {"1||4|1", "1||6|1", NULL, false},
        {"1|a|4|0", "1||4|1", NULL, true},
        {"1||4|1", "1||6|1", "2", false},
        {"1|a|4|0", "1||6|1", "2", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        world_table(&w, "t", "id:int# s:size n:uint");
        const int64_t of = world_step(&w, (struct world_step){1, 1, 9, MR_STEP_UPDATE, 0,
                                                              cases[i].before, cases[i].after, 0});
        world_summed(&w, of, cases[i].sums);
        world_open(&w);
        world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
        if (mr_script_is_loose(&w.s, mr_vec_at(&w.s.batches, 0)) != cases[i].is)
            fail_msg("case %zu", i);
        world_end(&w);
    }
}

/* An image that ends too early is no row of NULLs. */
static void test_broken_image(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "a:int b:text");
    world_open(&w);
    struct mr_key image = world_row(&w, t, "1|long enough");
    image.len -= 3;
    mr_script_literal(&w.s, t, image, 1);
    assert_true(w.s.sql.failed);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),        cmocka_unit_test(test_members),
        cmocka_unit_test(test_error_values),  cmocka_unit_test(test_loose),
        cmocka_unit_test(test_loose_columns), cmocka_unit_test(test_broken_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
