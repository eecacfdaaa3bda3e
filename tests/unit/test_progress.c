/* test_progress.c: when progress is shown, where, and what it claims. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/cli/progress.h"
#include "tests/unit/capture.h"

static struct capture captured;

static struct mr_progress *make(enum mr_progress_mode mode)
{
    struct mr_progress *progress = NULL;
    struct mr_err err;
    assert_int_equal(mr_progress_new(mode, &progress, &err), MR_OK);
    return progress;
}

/* Ticks five times a second for `seconds`; how many lines were shown. */
static size_t shown(enum mr_progress_mode mode, enum capture_kind kind, int seconds)
{
    capture_begin(&captured, kind, 120);
    struct mr_progress *progress = make(mode);
    double start_s = mr_clock_now_s();
    for (int i = 0; i <= seconds * 5; i++)
        mr_progress_tick_at(progress, start_s + i * 0.2);
    capture_end(&captured);
    mr_progress_free(progress);
    return capture_count(&captured, "rows/s");
}

static void test_when_and_where(void **state)
{
    (void)state;
    static const struct {
        enum mr_progress_mode mode;
        enum capture_kind kind;
        int seconds;
        size_t least, most;
    } table[] = {
        {MR_PROGRESS_AUTO, CAPTURE_TERMINAL, 0, 0, 0},
        {MR_PROGRESS_AUTO, CAPTURE_TERMINAL, 30, 25, 30},
        {MR_PROGRESS_ALWAYS, CAPTURE_TERMINAL, 30, 25, 30},
        {MR_PROGRESS_NEVER, CAPTURE_TERMINAL, 30, 0, 0},
        {MR_PROGRESS_AUTO, CAPTURE_FILE, 30, 0, 0},
        {MR_PROGRESS_ALWAYS, CAPTURE_FILE, 9, 0, 0},
        {MR_PROGRESS_ALWAYS, CAPTURE_FILE, 35, 3, 3},
        {MR_PROGRESS_NEVER, CAPTURE_FILE, 35, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t count = shown(table[i].mode, table[i].kind, table[i].seconds);
        if (count < table[i].least || count > table[i].most)
            fail_msg("case %zu: %zu lines", i, count);
        if (table[i].kind == CAPTURE_FILE) {
            assert_null(strchr(captured.text, '\r'));
            assert_int_equal(capture_count(&captured, "\n"), count);
        } else {
            assert_null(strchr(captured.text, '\n'));
            assert_int_equal(capture_count(&captured, "\r"), count);
        }
    }
}

/* Before there is anything to count: at once, and on a terminal alone. */
static void test_phase(void **state)
{
    static const struct {
        enum mr_progress_mode mode;
        enum capture_kind kind;
        bool shown;
    } table[] = {{MR_PROGRESS_AUTO, CAPTURE_TERMINAL, true},
                 {MR_PROGRESS_NEVER, CAPTURE_TERMINAL, false},
                 {MR_PROGRESS_AUTO, CAPTURE_FILE, false},
                 {MR_PROGRESS_ALWAYS, CAPTURE_FILE, false}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        capture_begin(&captured, table[i].kind, 120);
        struct mr_progress *progress = make(table[i].mode);
        mr_progress_phase(progress, "reading the catalogues");
        const double start_s = mr_clock_now_s();
        mr_progress_begin(progress, "comparing");
        mr_progress_add(progress, 1000, 0);
        mr_progress_tick_at(progress, start_s + 0.5); /* its time has not come */
        capture_end(&captured);
        assert_int_equal(capture_count(&captured, "reading the catalogues ..."), table[i].shown);
        assert_int_equal(capture_count(&captured, "rows/s"), 0);
        mr_progress_free(progress);
    }
}

static void test_text(void **state)
{
    (void)state;
    capture_begin(&captured, CAPTURE_FILE, 0);
    struct mr_progress *progress = make(MR_PROGRESS_ALWAYS);
    /* nobody ticked before: the rate is over the first hundred seconds */
    double start_s = mr_clock_now_s();
    mr_progress_add(progress, 1200000, UINT64_C(500) << 20);
    mr_progress_add_total(progress, 1000);
    mr_progress_add_done(progress, 250);
    mr_progress_tick_at(progress, start_s + 100);
    mr_progress_free(progress);
    capture_end(&captured);
    assert_string_equal(captured.text, "myrecon: 25 %  1.20 M rows  12.0 k rows/s  "
                                       "5.0 MiB/s  ETA 5:00\n");
}

/* Each counts for itself, and says what. */
static void test_phases_count_anew(void **state)
{
    (void)state;
    capture_begin(&captured, CAPTURE_FILE, 0);
    struct mr_progress *progress = make(MR_PROGRESS_ALWAYS);
    mr_progress_add_total(progress, 1000); /* known before it begins */
    mr_progress_begin(progress, "loading");
    double start_s = mr_clock_now_s();
    mr_progress_add(progress, 5000, 0);
    mr_progress_add_done(progress, 990);
    mr_progress_tick_at(progress, start_s + 100);
    mr_progress_begin(progress, "reading back");
    start_s = mr_clock_now_s();
    mr_progress_add(progress, 1000, 0);
    mr_progress_add_total(progress, 100);
    mr_progress_add_done(progress, 50);
    mr_progress_tick_at(progress, start_s + 100);
    mr_progress_free(progress);
    capture_end(&captured);
    assert_string_equal(captured.text,
                        "myrecon: loading: 99 %  5.00 k rows  50 rows/s  0.0 MiB/s  ETA 0:01\n"
                        "myrecon: reading back: 50 %  1.00 k rows  10 rows/s  0.0 MiB/s  "
                        "ETA 1:40\n");
}

/* Totals are estimates: it never says 100 % and never an ETA in the past. */
static void test_wrong_estimates(void **state)
{
    (void)state;
    static const struct {
        uint64_t done, total;
        const char *percent;
    } table[] = {
        {0, 0, NULL},         {0, 10, " 0 %"},      {989, 1000, "98 %"}, {995, 1000, "99 %"},
        {1000, 1000, "99 %"}, {5000, 1000, "99 %"}, {7, 0, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        capture_begin(&captured, CAPTURE_FILE, 0);
        struct mr_progress *progress = make(MR_PROGRESS_ALWAYS);
        mr_progress_add_done(progress, table[i].done);
        mr_progress_add_total(progress, table[i].total);
        mr_progress_tick_at(progress, mr_clock_now_s() + 50);
        mr_progress_free(progress);
        capture_end(&captured);
        if (table[i].percent == NULL)
            assert_null(strchr(captured.text, '%'));
        else
            assert_non_null(strstr(captured.text, table[i].percent));
        if (table[i].done >= table[i].total || table[i].done == 0)
            assert_null(strstr(captured.text, "ETA"));
    }
}

static void test_finish_clears_the_line(void **state)
{
    (void)state;
    capture_begin(&captured, CAPTURE_TERMINAL, 40);
    struct mr_progress *progress = make(MR_PROGRESS_AUTO);
    mr_progress_begin(progress, "what does not fit into forty columns of it");
    double start_s = mr_clock_now_s();
    mr_progress_tick_at(progress, start_s + 2);
    mr_progress_finish(progress);
    mr_progress_tick_at(progress, start_s + 4);
    mr_progress_free(progress);
    capture_end(&captured);
    const char *clear = "\r\033[K";
    assert_int_equal(capture_count(&captured, clear), 2);
    assert_string_equal(captured.text + captured.len - strlen(clear), clear);
    assert_int_equal(captured.len, 39 + 2 * strlen(clear));
}

static void test_numbers_for_people(void **state)
{
    (void)state;
    static const struct {
        double count;
        const char *text;
    } counts[] = {
        {0, "0"},          {999, "999"},        {999.6, "1.00 k"}, {1000, "1.00 k"},
        {9994, "9.99 k"},  {9996, "10.0 k"},    {31000, "31.0 k"}, {310000, "310 k"},
        {1.2e6, "1.20 M"}, {999.6e6, "1.00 G"}, {2e15, "2000 T"},
    };
    static const struct {
        double seconds;
        const char *text;
    } durations[] = {
        {-1, "0:00"},   {0.4, "0:00"},   {7, "0:07"},       {60, "1:00"},
        {750, "12:30"}, {3599, "59:59"}, {3600, "1:00:00"}, {11109, "3:05:09"},
    };
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        mr_strbuf_reset(&out);
        mr_progress_add_count(&out, counts[i].count);
        assert_string_equal(out.ptr, counts[i].text);
    }
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        mr_strbuf_reset(&out);
        mr_progress_add_duration(&out, durations[i].seconds);
        assert_string_equal(out.ptr, durations[i].text);
    }
    mr_strbuf_release(&out);
}

enum { THREADS = 4, ADDS = 20000 };

static void *add_many(void *arg)
{
    for (int i = 0; i < ADDS; i++)
        mr_progress_add(arg, 1, 100);
    return NULL;
}

static void test_counters_lose_nothing(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    capture_begin(&captured, CAPTURE_FILE, 0);
    struct mr_progress *progress = make(MR_PROGRESS_ALWAYS);
    double start_s = mr_clock_now_s();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, progress), 0);
    for (int i = 0; i < 100; i++)
        mr_progress_tick_at(progress, start_s + i);
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    mr_progress_tick_at(progress, start_s + 1000);
    mr_progress_free(progress);
    capture_end(&captured);
    assert_non_null(strstr(captured.text, "80.0 k rows"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when_and_where),
        cmocka_unit_test(test_phase),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_phases_count_anew),
        cmocka_unit_test(test_wrong_estimates),
        cmocka_unit_test(test_finish_clears_the_line),
        cmocka_unit_test(test_numbers_for_people),
        cmocka_unit_test(test_counters_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
