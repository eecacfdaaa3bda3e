/* test_script_spans.c: which units are undone as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

#define INSERT MR_STEP_INSERT

struct pair {
    uint64_t first, last;
};

/* Steps of trees (first unit to last), spans that were added, and what becomes of them. */
static void test_spans(void **state)
{
    static const struct {
        const char *what;
        uint64_t units;
        struct pair trees[3], added[3];
        const char *wanted;
    } cases[] = {
        {"none", 0, {{0, 0}}, {{0, 0}}, ""},
        {"each by itself", 3, {{0, 0}}, {{0, 0}}, "1-1 2-2 3-3"},
        {"a tree of two units", 4, {{2, 3}}, {{0, 0}}, "1-1 2-3 4-4"},
        {"spans that overlap", 5, {{1, 2}, {2, 4}}, {{0, 0}}, "1-4 5-5"},
        {"one within another", 5, {{1, 5}, {2, 3}}, {{0, 0}}, "1-5"},
        {"beside each other", 4, {{1, 2}, {3, 4}}, {{0, 0}}, "1-2 3-4"},
        {"a row that hangs below people of two", 4, {{0, 0}}, {{2, 4}}, "1-1 2-4"},
        {"of a tree and a row", 6, {{3, 5}}, {{1, 3}}, "1-5 6-6"},
        {"the same again", 3, {{0, 0}}, {{1, 2}, {1, 2}, {2, 2}}, "1-2 3-3"},
        {"twenty units", 20, {{0, 0}}, {{1, 20}}, "1-20"},
        {"a longer row is shared",
         21,
         {{0, 0}},
         {{1, 21}},
         "1-1 2-2 3-3 4-4 5-5 6-6 7-7 8-8 9-9 10-10 11-11 12-12 13-13 14-14 15-15 16-16 17-17 "
         "18-18 19-19 20-20 21-21"},
        {"a tree is never parted, however long", 21, {{1, 21}}, {{0, 0}}, "1-21"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        world_table(&w, "t", "id:int#");
        for (uint64_t unit = 1; unit <= cases[i].units; unit++)
            world_step(&w,
                       (struct world_step){unit, 100 + (int64_t)unit, 1, INSERT, 0, NULL, "1", 0});
        for (size_t k = 0; k < 3 && cases[i].trees[k].first > 0; k++)
            for (uint64_t unit = cases[i].trees[k].first; unit <= cases[i].trees[k].last;
                 unit += cases[i].trees[k].last - cases[i].trees[k].first)
                world_step(&w,
                           (struct world_step){unit, (int64_t)k + 1, 2, INSERT, 0, NULL, "1", 0});
        world_open(&w);
        for (size_t k = 0; k < 3 && cases[i].added[k].first > 0; k++)
            assert_int_equal(
                mr_script_spans_add(&w.s, cases[i].added[k].first, cases[i].added[k].last, NULL),
                MR_OK);
        assert_int_equal(mr_script_spans_close(&w.s, NULL), MR_OK);
        mr_strbuf_reset(&w.shown);
        mr_strbuf_add_str(&w.shown, "");
        for (size_t k = 0; k < w.s.spans.count; k++) {
            const struct mr_script_span *span = mr_vec_at(&w.s.spans, k);
            mr_strbuf_add_fmt(&w.shown, "%s%llu-%llu", k > 0 ? " " : "",
                              (unsigned long long)span->first, (unsigned long long)span->last);
        }
        if (strcmp(w.shown.ptr, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].what, w.shown.ptr);
        world_end(&w);
    }
}

/* Steps, and what the unit that undoes all of them says of its rows. */
static void test_origins(void **state)
{
    static const struct {
        const char *what;
        uint64_t first, last; /* the unit's, of four */
        struct {
            uint64_t unit;
            int64_t row;
            enum mr_step_op op;
            const char *before, *after;
        } steps[4];
        const char *wanted;
    } cases[] = {
        {"one behind the other",
         1,
         2,
         {{1, 1, INSERT, NULL, "1|a"}, {1, 2, INSERT, NULL, "2|a"}, {2, 3, INSERT, NULL, "3|a"}},
         "-- rows 2-3: units 1\n-- rows 1: units 2\n"},
        {"a gap",
         1,
         2,
         {{1, 1, INSERT, NULL, "1|a"}, {2, 2, INSERT, NULL, "2|a"}, {1, 3, INSERT, NULL, "3|a"}},
         "-- rows 1,3: units 1\n-- rows 2: units 2\n"},
        {"a row that both write",
         1,
         2,
         {{1, 1, MR_STEP_UPDATE, "1|a", "1|b"},
          {2, 1, MR_STEP_UPDATE, "1|b", "1|c"},
          {2, 2, INSERT, NULL, "2|a"}},
         "-- rows 2-3: units 1-2\n-- rows 1: units 2\n"},
        {"by itself, beside units that are joined",
         3,
         3,
         {{1, 1, INSERT, NULL, "1|a"}, {3, 2, INSERT, NULL, "2|a"}},
         "-- rows 1: units 3\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        world_table(&w, "t", "id:int# v:text?");
        for (size_t k = 0; k < 4 && cases[i].steps[k].unit > 0; k++)
            world_step(&w, (struct world_step){cases[i].steps[k].unit, 1, (uint64_t)k,
                                               cases[i].steps[k].op, 0, cases[i].steps[k].before,
                                               cases[i].steps[k].after, cases[i].steps[k].row});
        world_open(&w);
        w.s.units = 4;
        for (int k = 0; k < 2; k++) {
            struct mr_script_span *span = mr_vec_push(&w.s.spans);
            assert_non_null(span);
            *span = (struct mr_script_span){cases[i].first, cases[i].last};
        }
        world_unit(&w, MR_SCRIPT_UNDO, cases[i].first, cases[i].last);
        mr_strbuf_reset(&w.s.sql);
        assert_int_equal(mr_script_origins(&w.s, NULL), MR_OK);
        if (w.s.sql.len == 0 || strcmp(w.s.sql.ptr, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].what, w.s.sql.ptr);
        /* where none are joined the number of the unit says it */
        mr_strbuf_reset(&w.s.sql);
        w.s.units = w.s.spans.count;
        assert_int_equal(mr_script_origins(&w.s, NULL), MR_OK);
        assert_int_equal(w.s.sql.len, 0);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spans),
                                       cmocka_unit_test(test_origins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
