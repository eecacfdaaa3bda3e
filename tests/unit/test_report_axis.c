/* test_report_axis.c: the axis of keys, its bins and ticks, and the buckets of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/row/row.h"
#include "recon/report/report_axis.h"
#include "recon/report/report_times.h"

static void check_place(mr_place got, mr_place want)
{
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
    mr_axis_add_number(&a, got);
    mr_axis_add_number(&b, want);
    assert_string_equal(a.ptr, b.ptr);
    mr_strbuf_release(&a);
    mr_strbuf_release(&b);
}

static void test_key_number(void **state)
{
    static const struct {
        struct mr_value value;
        bool is_number;
        mr_place number;
    } cases[] = {
        {{.cls = MR_CLASS_INT, .i = 3001}, true, 3001},
        {{.cls = MR_CLASS_INT, .i = INT64_MIN}, true, (mr_place)INT64_MIN},
        {{.cls = MR_CLASS_UINT, .u = UINT64_MAX}, true, (mr_place)UINT64_MAX},
        {{.cls = MR_CLASS_TEXT, .ptr = "3", .len = 1}, false, 0},
        {{.cls = MR_CLASS_NULL}, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf key = MR_STRBUF_INIT;
        mr_place number = 0;
        assert_int_equal(mr_row_encode(&key, &cases[i].value, NULL), MR_OK);
        assert_int_equal(mr_axis_key_number((struct mr_key){key.ptr, key.len}, &number),
                         cases[i].is_number);
        check_place(number, cases[i].number);
        if (cases[i].is_number) { /* of two values none is the key */
            assert_int_equal(mr_row_encode(&key, &cases[i].value, NULL), MR_OK);
            assert_false(mr_axis_key_number((struct mr_key){key.ptr, key.len}, &number));
        }
        mr_strbuf_release(&key);
    }
    assert_false(mr_axis_key_number((struct mr_key){NULL, 0}, &(mr_place){0}));
}

static void test_fit(void **state)
{
    static const struct {
        const char *what;
        struct mr_axis_facts facts;
        mr_place lo, hi;
    } cases[] = {
        {"all after row 4200 of a dense table",
         {.min = 4201, .max = 4204, .min_rank = 4200, .max_rank = 4203, .rows = 4204},
         1,
         4204},
        {"a row in front, and the counter tells the end",
         {.min = 17,
          .max = 17,
          .min_rank = 16,
          .max_rank = 16,
          .rows = 3000,
          .greatest = 3007,
          .has_greatest = true},
         1,
         3007},
        {"the end is carried on from the rows behind",
         {.min = 17, .max = 17, .min_rank = 16, .max_rank = 16, .rows = 3000},
         1,
         3000},
        {"every tenth key",
         {.min = 50010, .max = 100000, .min_rank = 1000, .max_rank = 5999, .rows = 6000},
         40010,
         100000},
        {"nothing before the first key",
         {.min = 700, .max = 900, .min_rank = 0, .max_rank = 200, .rows = 201},
         700,
         900},
        {"from zero", {.min = 0, .max = 9, .min_rank = 0, .max_rank = 9, .rows = 10}, 0, 9},
        {"negative keys",
         {.min = -5, .max = 5, .min_rank = 100, .max_rank = 110, .rows = 111},
         -105,
         5},
        {"to 2^64-1",
         {.min = (mr_place)UINT64_MAX - 1,
          .max = (mr_place)UINT64_MAX,
          .min_rank = 2,
          .max_rank = 3,
          .rows = 9},
         (mr_place)UINT64_MAX - 3,
         (mr_place)UINT64_MAX},
        {"from -2^63",
         {.min = (mr_place)INT64_MIN + 2,
          .max = (mr_place)INT64_MAX,
          .min_rank = 7,
          .max_rank = 8,
          .rows = 9},
         (mr_place)INT64_MIN,
         (mr_place)INT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_report_axis axis;
        mr_axis_fit(&axis, &cases[i].facts);
        if (axis.lo != cases[i].lo || axis.hi != cases[i].hi)
            print_error("%s\n", cases[i].what);
        check_place(axis.lo, cases[i].lo);
        check_place(axis.hi, cases[i].hi);
        assert_true(axis.numeric);
    }
}

static void test_reach(void **state)
{
    struct mr_report_axis axis = {true, 1, 3008};
    (void)state;
    assert_true(mr_axis_reach(&axis, 3009));
    check_place(axis.hi, 3009);
    assert_true(mr_axis_reach(&axis, 5));
    check_place(axis.hi, 3009);
    assert_false(mr_axis_reach(&axis, 1003009));
    check_place(axis.hi, 3009);
}

static void test_bins(void **state)
{
    struct mr_report_axis whole = {true, (mr_place)INT64_MIN, (mr_place)UINT64_MAX};
    struct mr_report_axis exact = {true, 1, MR_AXIS_BINS};
    struct mr_report_axis small = {true, 3001, 3008};
    struct mr_report_axis point = {true, 7, 7};
    (void)state;
    assert_int_equal(mr_axis_bin(&whole, whole.lo), 0);
    assert_int_equal(mr_axis_bin(&whole, whole.hi), MR_AXIS_BINS - 1);
    assert_int_equal(mr_axis_bin(&whole, 0), MR_AXIS_BINS / 3);
    for (size_t i = 0; i < MR_AXIS_BINS; i++)
        assert_int_equal(mr_axis_bin(&exact, (mr_place)i + 1), i);
    assert_int_equal(mr_axis_bin(&exact, -4), 0);
    assert_int_equal(mr_axis_bin(&exact, 1000), MR_AXIS_BINS - 1);
    assert_int_equal(mr_axis_bin(&point, 7), 0);
    /* cells tile a short axis, each with a gap behind it */
    size_t next = 0;
    for (mr_place at = 3001; at <= 3008; at++) {
        struct mr_axis_cell cell = mr_axis_cell(&small, at);
        assert_int_equal(cell.first, next);
        assert_int_equal(cell.last, next + 28);
        next = cell.last + 2;
    }
    assert_int_equal(next, MR_AXIS_BINS);
    struct mr_axis_cell cell = mr_axis_cell(&whole, 0);
    assert_int_equal(cell.first, cell.last);
}

static void check_ticks(mr_place lo, mr_place hi, size_t max, const char *want)
{
    struct mr_report_axis axis = {true, lo, hi};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_place ticks[MR_AXIS_TICKS_MAX];
    size_t count = mr_axis_ticks(&axis, max, ticks);
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_add_str(&text, i > 0 ? " " : "");
        mr_axis_add_number(&text, ticks[i]);
    }
    assert_string_equal(text.ptr, want);
    mr_strbuf_release(&text);
}

static void test_ticks(void **state)
{
    (void)state;
    check_ticks(1, 3009, 8, "500 1,000 1,500 2,000 2,500 3,000");
    check_ticks(3000, 3010, 8, "3,000 3,002 3,004 3,006 3,008 3,010");
    check_ticks(7, 7, 8, "7");
    check_ticks(0, 9, 12, "0 1 2 3 4 5 6 7 8 9");
    check_ticks(-105, 5, 5, "-100 -50 0");
    check_ticks(0, (mr_place)UINT64_MAX, 4,
                "0 5,000,000,000,000,000,000 10,000,000,000,000,000,000 "
                "15,000,000,000,000,000,000");
    check_ticks((mr_place)UINT64_MAX - 2, (mr_place)UINT64_MAX, 4,
                "18,446,744,073,709,551,613 18,446,744,073,709,551,614 "
                "18,446,744,073,709,551,615");
    check_ticks((mr_place)INT64_MIN, (mr_place)INT64_MIN + 1, 2,
                "-9,223,372,036,854,775,808 -9,223,372,036,854,775,807");
}

/* ---- times ---- */

static struct mr_value moment(uint32_t y, uint32_t mo, uint32_t d, uint32_t h, uint32_t mi,
                              uint32_t s)
{
    return (struct mr_value){
        .cls = MR_CLASS_DATETIME,
        .t = {.year = y, .month = mo, .day = d, .hour = h, .minute = mi, .second = s}};
}

static void test_seconds(void **state)
{
    static const struct {
        uint32_t y, mo, d;
        int64_t days;
    } cases[] = {{1970, 1, 1, 0},       {1970, 1, 2, 1},        {1969, 12, 31, -1},
                 {2000, 2, 29, 11016},  {2000, 3, 1, 11017},    {2026, 4, 2, 20545},
                 {1000, 1, 1, -354285}, {9999, 12, 31, 2932896}};
    int64_t s = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        char want[32];
        struct mr_value value = moment(cases[i].y, cases[i].mo, cases[i].d, 13, 5, 9);
        assert_true(mr_times_seconds(&value, &s));
        assert_int_equal(s, cases[i].days * 86400 + 13 * 3600 + 5 * 60 + 9);
        mr_times_add_moment(&text, s);
        (void)snprintf(want, sizeof want, "%04u-%02u-%02u 13:05:09", cases[i].y, cases[i].mo,
                       cases[i].d);
        assert_string_equal(text.ptr, want);
        mr_strbuf_release(&text);
    }
    struct mr_value zero = moment(0, 0, 0, 0, 0, 0);
    struct mr_value text = {.cls = MR_CLASS_TEXT, .ptr = "2026", .len = 4};
    struct mr_value null = {.cls = MR_CLASS_NULL};
    struct mr_value date = {.cls = MR_CLASS_DATE, .t = {.year = 1970, .month = 1, .day = 3}};
    assert_false(mr_times_seconds(&zero, &s));
    assert_false(mr_times_seconds(&text, &s));
    assert_false(mr_times_seconds(&null, &s));
    assert_true(mr_times_seconds(&date, &s));
    assert_int_equal(s, 2 * 86400);
}

/* Buckets from the first moment to the last, and the label of the first. */
static void check_fit(struct mr_value from, struct mr_value to, enum mr_times_unit unit,
                      size_t nbuckets, const char *label)
{
    struct mr_report_times times = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_times_see(&times, &to);
    mr_times_see(&times, &from);
    mr_times_fit(&times);
    assert_int_equal(times.unit, unit);
    assert_int_equal(times.nbuckets, nbuckets);
    mr_times_add(&times, &from, MR_KIND_MISSING, 1);
    mr_times_add(&times, &to, MR_KIND_COLLISION, 2);
    assert_int_equal(times.count[0][0], 1);
    assert_int_equal(times.count[MR_KIND_COLLISION - 1][nbuckets - 1], 2);
    mr_times_add_label(&text, &times, 0);
    assert_string_equal(text.ptr, label);
    mr_strbuf_release(&text);
}

static void test_buckets(void **state)
{
    struct mr_report_times times = {0};
    struct mr_value zero = moment(0, 0, 0, 0, 0, 0);
    (void)state;
    check_fit(moment(2026, 4, 8, 18, 25, 7), moment(2026, 4, 8, 18, 25, 8), MR_UNIT_MINUTE, 1,
              "04-08 18:25");
    check_fit(moment(2026, 4, 8, 18, 25, 0), moment(2026, 4, 8, 20, 24, 59), MR_UNIT_MINUTE, 120,
              "04-08 18:25");
    check_fit(moment(2026, 4, 8, 18, 27, 0), moment(2026, 4, 8, 20, 27, 0), MR_UNIT_5_MINUTES, 25,
              "04-08 18:25");
    check_fit(moment(2026, 4, 2, 12, 11, 0), moment(2026, 4, 2, 23, 0, 0), MR_UNIT_15_MINUTES, 45,
              "04-02 12:00");
    check_fit(moment(2026, 4, 2, 12, 11, 0), moment(2026, 4, 5, 14, 0, 0), MR_UNIT_HOUR, 75,
              "04-02 12:00");
    check_fit(moment(2026, 4, 2, 12, 11, 0), moment(2026, 4, 8, 14, 0, 0), MR_UNIT_6_HOURS, 25,
              "04-02 12:00");
    check_fit(moment(2026, 1, 1, 12, 0, 0), moment(2026, 4, 8, 14, 0, 0), MR_UNIT_DAY, 98,
              "2026-01-01");
    /* 2026-01-01 was a Thursday; weeks begin on Monday */
    check_fit(moment(2026, 1, 1, 12, 0, 0), moment(2026, 12, 28, 0, 0, 0), MR_UNIT_WEEK, 53,
              "2025-12-29");
    check_fit(moment(1969, 12, 28, 0, 0, 0), moment(1971, 1, 1, 0, 0, 0), MR_UNIT_WEEK, 54,
              "1969-12-22");
    check_fit(moment(2020, 11, 30, 0, 0, 0), moment(2026, 4, 8, 0, 0, 0), MR_UNIT_MONTH, 66,
              "2020-11");
    check_fit(moment(1970, 1, 1, 0, 0, 0), moment(2026, 4, 8, 0, 0, 0), MR_UNIT_YEAR, 57, "1970");
    check_fit(moment(1000, 1, 1, 0, 0, 0), moment(2026, 4, 8, 0, 0, 0), MR_UNIT_DECADE, 103,
              "1000");
    check_fit(moment(1, 1, 1, 0, 0, 0), moment(9999, 12, 31, 0, 0, 0), MR_UNIT_CENTURY, 100,
              "0000");
    mr_times_see(&times, &zero);
    mr_times_fit(&times);
    assert_int_equal(times.undated, 1);
    assert_int_equal(times.nbuckets, 0);
    mr_times_add(&times, &zero, MR_KIND_MISSING, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_number), cmocka_unit_test(test_fit),
        cmocka_unit_test(test_reach),      cmocka_unit_test(test_bins),
        cmocka_unit_test(test_ticks),      cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
