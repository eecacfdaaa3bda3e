/* test_report_survey.c: where on its axis a table differs, and from which key on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recon/report/report_map.h"
#include "recon/report/report_sample.h"
#include "recon/report/report_survey.h"
#include "report_case.h"

static void begin(struct check_case *c)
{
    case_begin(c);
    c->run.finished = true;
    case_table(c, "d.t", MR_VERDICT_DIVERGED, true);
}

static void add_row(struct check_case *c, int64_t chunk, uint64_t equal, int id,
                    enum mr_find_state state)
{
    char row[32];
    (void)snprintf(row, sizeof row, "%d/a/b", id);
    case_row(c, (struct case_row){chunk, equal, state, MR_KIND_MISSING, row, NULL, row, NULL});
}

static void check_words(const struct mr_report_survey *s, const char *want)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    mr_survey_words(s, &words);
    assert_string_equal(words.ptr, want);
    mr_strbuf_release(&words);
}

static uint64_t rows_in(const struct mr_survey_map *map, enum mr_lane lane, size_t from, size_t to)
{
    uint64_t rows = 0;
    for (size_t i = from; i < to; i++)
        rows += map->bins[lane][i];
    return rows;
}

/* Of a run that has not come to its end: suspects in pages are rows of their chunk, too. */
static void test_suspects_in_pages(void **state)
{
    enum { SUSPECTS = 500 };
    static struct mr_find_suspect suspects[SUSPECTS];
    struct check_case c;
    struct mr_report_order order;
    const struct mr_finding later = {.chunk = 1, .equal = 3, .pos = 2};
    (void)state;
    begin(&c);
    for (uint64_t i = 0; i < SUSPECTS; i++)
        suspects[i] = (struct mr_find_suspect){.key = {"k", 1}, .pos = i, .equal = 7};
    const struct mr_find_chunk chunk = {.table = c.table.id, .no = 0, .equal = 10};
    case_require(mr_findings_chunk_done(c.fd, &chunk, suspects, SUSPECTS, NULL));
    case_chunk(&c, 1, 5, true);
    assert_int_equal(mr_order_load(&order, c.fd, c.table.id, NULL), MR_OK);
    assert_int_equal(order.rows, 10 + SUSPECTS + 5);
    assert_int_equal(mr_order_rank(&order, &later), 10 + SUSPECTS + 3 + 2);
    mr_order_release(&order);
    mr_findings_close(c.fd, NULL);
}

/* An edit of id 17, then everything from 3001 on. */
static void test_tail(void **state)
{
    struct check_case c;
    struct mr_report report;
    struct mr_report_survey s;
    (void)state;
    begin(&c);
    case_chunk(&c, 0, 2999, false);
    case_chunk(&c, 1, 0, true);
    add_row(&c, 0, 16, 17, MR_FIND_DIVERGED);
    for (int i = 0; i < 8; i++)
        add_row(&c, 1, 0, 3001 + i, MR_FIND_DIVERGED);
    case_summarise(&c);
    report_begin(&report, &c, false);
    assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
    check_words(&s, "Everything from id 3,001 on differs: 8 rows, to the end of the table. "
                    "Before that, 1 row differs.");
    assert_true(s.has_map && s.map.axis.numeric);
    assert_true(s.map.axis.lo == 1 && s.map.axis.hi == 3008);
    assert_int_equal(rows_in(&s.map, MR_LANE_MISSING, 0, MR_AXIS_BINS), 9);
    assert_int_equal(rows_in(&s.map, MR_LANE_MISSING, 1, 2), 1);
    assert_int_equal(rows_in(&s.map, MR_LANE_MISSING, MR_AXIS_BINS - 2, MR_AXIS_BINS), 8);
    assert_true(s.has_zoom);
    assert_true(s.zoom.axis.lo == 3000 && s.zoom.axis.hi == 3008);
    assert_int_equal(s.all_runs, 2);
    assert_string_equal(s.runs[1].from, "3001");
    assert_string_equal(s.runs[1].to, "3008");
    mr_survey_release(&s);
    report_end(&report, &c);
}

struct words_case {
    const char *words;
    struct {
        uint64_t equal;
        int id;
        enum mr_find_state state;
    } rows[16];
    uint64_t chunk_equal;
};

static void test_words(void **state)
{
    static const struct words_case cases[] = {
        {"Every row of the table differs.",
         {{0, 1, MR_FIND_DIVERGED}, {0, 2, MR_FIND_DIVERGED}, {0, 3, MR_FIND_DIVERGED}},
         0},
        /* an old edit ten rows before does not move the beginning */
        {"Everything from id 3,001 on differs: 3 rows, to the end of the table. Before "
         "that, 1 row differs.",
         {{100, 2990, MR_FIND_DIVERGED},
          {110, 3001, MR_FIND_DIVERGED},
          {110, 3002, MR_FIND_DIVERGED},
          {110, 3003, MR_FIND_DIVERGED}},
         110},
        /* one equal row among ten does not end it */
        {"Nearly everything from id 11 on differs: 10 of 11 rows, to the end of the "
         "table.",
         {{10, 11, MR_FIND_DIVERGED},
          {10, 12, MR_FIND_DIVERGED},
          {10, 13, MR_FIND_DIVERGED},
          {10, 14, MR_FIND_DIVERGED},
          {10, 15, MR_FIND_DIVERGED},
          {10, 16, MR_FIND_DIVERGED},
          {10, 17, MR_FIND_DIVERGED},
          {10, 18, MR_FIND_DIVERGED},
          {10, 19, MR_FIND_DIVERGED},
          {11, 21, MR_FIND_DIVERGED}},
         11},
        /* a row that settled is an equal one, although no chunk counts it */
        {"3 rows differ in 2 places; the longest run is id 1 to 2 (2 rows).",
         {{5, 1, MR_FIND_DIVERGED},
          {5, 2, MR_FIND_DIVERGED},
          {5, 3, MR_FIND_SETTLED},
          {5, 4, MR_FIND_DIVERGED}},
         5},
        {"1 row differs: id 7.", {{3, 7, MR_FIND_DIVERGED}}, 3},
        {"2 rows differ in 2 places.", {{3, 7, MR_FIND_DIVERGED}, {5, 10, MR_FIND_DIVERGED}}, 9},
        /* the end of many scattered rows is no tail */
        {"12 rows differ in 11 places; the longest run is id 110 to 111 (2 rows).",
         {{9, 10, MR_FIND_DIVERGED},
          {19, 20, MR_FIND_DIVERGED},
          {29, 30, MR_FIND_DIVERGED},
          {39, 40, MR_FIND_DIVERGED},
          {49, 50, MR_FIND_DIVERGED},
          {59, 60, MR_FIND_DIVERGED},
          {69, 70, MR_FIND_DIVERGED},
          {79, 80, MR_FIND_DIVERGED},
          {89, 90, MR_FIND_DIVERGED},
          {99, 100, MR_FIND_DIVERGED},
          {109, 110, MR_FIND_DIVERGED},
          {109, 111, MR_FIND_DIVERGED}},
         109},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct check_case c;
        struct mr_report report;
        struct mr_report_survey s;
        begin(&c);
        case_chunk(&c, 0, cases[i].chunk_equal, true);
        for (size_t j = 0; cases[i].rows[j].id != 0; j++)
            add_row(&c, 0, cases[i].rows[j].equal, cases[i].rows[j].id, cases[i].rows[j].state);
        case_summarise(&c);
        report_begin(&report, &c, false);
        assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
        check_words(&s, cases[i].words);
        mr_survey_release(&s);
        report_end(&report, &c);
    }
}

/* Rows that were joined on disk: nobody knows what lies between, and nothing is claimed. */
static void test_without_order(void **state)
{
    struct check_case c;
    struct mr_report report;
    struct mr_report_survey s;
    (void)state;
    begin(&c);
    for (int i = 0; i < 3; i++)
        add_row(&c, 0, (uint64_t)i, 10 * i - 10, MR_FIND_DIVERGED);
    case_summarise(&c);
    report_begin(&report, &c, false);
    assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
    assert_false(s.tail.known);
    assert_true(s.has_map && s.map.axis.lo == -10 && s.map.axis.hi == 10);
    mr_survey_release(&s);
    report_end(&report, &c);
}

/* A masked key has no place that would tell it; its rank has. */
static void test_masked_key(void **state)
{
    static const char *const names[3] = {"mobile", "phone", "note"};
    struct check_case c;
    struct mr_report report;
    struct mr_report_survey s;
    (void)state;
    case_begin(&c);
    report_table(&c, "d.t", names, MR_SUBJECT_NO);
    case_chunk(&c, 0, 4, true);
    add_row(&c, 0, 1, 491709000, MR_FIND_DIVERGED);
    case_summarise(&c);
    report_begin(&report, &c, false);
    assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
    assert_false(s.map.axis.numeric);
    assert_true(s.has_map && s.map.axis.lo == 1 && s.map.axis.hi == 5);
    check_words(&s, "1 row differs: mobile 49" MR_MASK_DOTS "00.");
    mr_survey_release(&s);
    mr_report_release(&report);
    mr_check_result_release(&c.result);
    report_begin(&report, &c, true);
    assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
    assert_true(s.map.axis.numeric);
    mr_survey_release(&s);
    report_end(&report, &c);
}

/* Of rows that were not compared nothing is claimed. */
static void test_window(void **state)
{
    static const struct {
        uint64_t equal;
        const char *words;
    } cases[] = {{0, "Every row that was compared differs."},
                 {5, "Everything from id 7 on differs: 2 rows, to the end of what was compared."}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct check_case c;
        struct mr_report report;
        struct mr_report_survey s;
        begin(&c);
        c.table.windowed = true;
        case_require(mr_findings_table_save(c.fd, &c.table, NULL));
        case_chunk(&c, 0, cases[i].equal, true);
        add_row(&c, 0, cases[i].equal, 7, MR_FIND_DIVERGED);
        add_row(&c, 0, cases[i].equal, 8, MR_FIND_DIVERGED);
        case_summarise(&c);
        report_begin(&report, &c, false);
        assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
        check_words(&s, cases[i].words);
        mr_survey_release(&s);
        report_end(&report, &c);
    }
}

/* The ends of a timeline would tell values of a masked column. */
static void test_masked_time(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        struct check_case c;
        struct mr_report report;
        struct mr_report_survey s;
        const char *const names[3] = {"id", "phone", masked ? "birth_date" : "made_on"};
        case_begin(&c);
        report_table(&c, "d.t", names, MR_SUBJECT_NO);
        c.table.time_at = 2;
        case_require(mr_findings_table_save(c.fd, &c.table, NULL));
        case_chunk(&c, 0, 0, true);
        add_row(&c, 0, 0, 7, MR_FIND_DIVERGED);
        case_summarise(&c);
        report_begin(&report, &c, false);
        assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
        assert_int_equal(s.times.dated + s.times.undated, masked ? 0 : 1);
        mr_survey_release(&s);
        report_end(&report, &c);
    }
}

/* Every second of many rows differs: a picture stays small. */
static void test_size_of_map(void **state)
{
    struct check_case c;
    struct mr_report report;
    struct mr_report_survey s;
    struct mr_strbuf svg = MR_STRBUF_INIT;
    (void)state;
    begin(&c);
    case_chunk(&c, 0, 2000, true);
    for (int i = 0; i < 1000; i++)
        add_row(&c, 0, (uint64_t)i * 2, i * 3 + i * i % 7, MR_FIND_DIVERGED);
    case_summarise(&c);
    report_begin(&report, &c, false);
    assert_int_equal(mr_survey(&s, &report, &c.result.tables[0], NULL), MR_OK);
    for (int lane = 0; lane < MR_LANES; lane++)
        for (size_t i = 0; i < MR_AXIS_BINS; i++)
            s.map.bins[lane][i] = (i * 7 + (size_t)lane) % 3 * 10;
    mr_map_add(&svg, &s, &s.map);
    assert_in_range(svg.len, 2000, 12 * 1024);
    assert_int_equal(s.nruns, MR_SURVEY_RUNS);
    mr_strbuf_release(&svg);
    mr_survey_release(&s);
    report_end(&report, &c);
}

static void test_quota(void **state)
{
    static const struct {
        struct mr_find_counts counts;
        uint64_t max, left[4]; /* missing, extra, changed, collision */
    } cases[] = {
        {{.missing = 1000, .collision = 1000}, 50, {25, 0, 0, 25}},
        {{.missing = 1000, .collision = 3}, 50, {47, 0, 0, 3}},
        {{.missing = 3}, 50, {3, 0, 0, 0}},
        {{.missing = 9, .extra = 9, .changed = 9, .collision = 9}, 10, {2, 2, 2, 4}},
        {{.missing = 9, .extra = 9, .changed = 9}, 1, {0, 0, 1, 0}},
        {{.missing = 9}, 0, {0, 0, 0, 0}},
        {{.missing = 0}, 50, {0, 0, 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_sample_quota quota;
        mr_sample_quota_init(&quota, &cases[i].counts, cases[i].max);
        for (int kind = MR_KIND_MISSING; kind <= MR_KIND_COLLISION; kind++)
            assert_int_equal(quota.left[kind], cases[i].left[kind - MR_KIND_MISSING]);
        assert_false(mr_sample_take(&quota, MR_KIND_UNDECIDED));
        assert_int_equal(mr_sample_take(&quota, MR_KIND_MISSING), cases[i].left[0] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suspects_in_pages),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_without_order),
        cmocka_unit_test(test_masked_key),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_masked_time),
        cmocka_unit_test(test_size_of_map),
        cmocka_unit_test(test_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
