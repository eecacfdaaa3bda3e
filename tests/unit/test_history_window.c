/* test_history_window.c: which transactions are between two times, two places, or one of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/row/when.h"
#include "core/logs/history_window.h"

static int64_t us_of(const char *text)
{
    struct mr_when when;
    assert_int_equal(mr_when_parse(&when, text, NULL), MR_OK);
    return mr_when_us(&when);
}

/* A log of five transactions; times run back once. */
static const struct {
    const char *log;
    uint64_t position;
    const char *time;
} txs[] = {{"bin.000001", 400, "2026-04-02 03:00:00"},
           {"bin.000001", 800, "2026-04-02 03:10:00"},
           {"bin.000002", 400, "2026-04-02 03:05:00"},
           {"/evidence/bin.000003.zst", 400, "2026-04-02 03:20:00.5"},
           {"/evidence/bin.000003.zst", 800, "2026-04-02 03:30:00"}};

/* "01.11": a digit a transaction: within, outside, or over. */
static void judge(const char *from, const char *to, char out[8])
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_window w;
    memset(out, 0, 8);
    assert_int_equal(mr_history_window_read(&w, from, to, &arena, NULL), MR_OK);
    for (size_t i = 0; i < sizeof txs / sizeof *txs; i++) {
        const struct mr_binlog_place place = {txs[i].log, txs[i].position};
        const enum mr_in_window in = mr_history_window_judge(&w, &place, us_of(txs[i].time));
        out[i] = in == MR_WINDOW_INSIDE ? '1' : in == MR_WINDOW_OUTSIDE ? '0' : '.';
    }
    mr_arena_release(&arena);
}

static void test_judge(void **state)
{
    static const struct {
        const char *from, *to, *want;
    } cases[] = {
        {NULL, NULL, "11111"},
        {"2026-04-02 03:05:00", NULL, "01111"},
        {"2026-04-02 03:05:00Z", "2026-04-02 03:10:00", "00100"},
        {"2026-04-02 05:05:00+02:00", "2026-04-02 03:20:00.6", "01110"},
        {NULL, "2026-04-02 03:20:00.5", "11100"},
        {"bin.000001:800", NULL, "01111"},
        {"bin.000001:801", NULL, "00111"},
        {"bin.000001:9999", NULL, "00111"},
        {"bin.000002:4", "bin.000003:800", "0011."},
        {"bin.000003:800", NULL, "00001"},
        {NULL, "bin.000002:400", "11..."},
        {NULL, "bin.000002:4711", "111.."},
        {"bin.000002:400", "2026-04-02 03:20:00", "00100"},
        {"2026-04-02 03:01:00", "bin.000003:4", "011.."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[8];
        judge(cases[i].from, cases[i].to, got);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("case %zu: %s", i, got);
    }
}

/* Files are met without a transaction in them, too. */
static void test_empty_log(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_window w;
    const struct mr_binlog_place next = {"bin.000002", 400};
    (void)state;
    assert_int_equal(mr_history_window_read(&w, "bin.000001:600", NULL, &arena, NULL), MR_OK);
    mr_history_window_meet(&w, "/x/bin.000001.gz");
    assert_int_equal(mr_history_window_judge(&w, &next, 0), MR_WINDOW_INSIDE);
    assert_int_equal(mr_history_window_read(&w, NULL, "bin.000001:600", &arena, NULL), MR_OK);
    mr_history_window_meet(&w, "bin.000001");
    assert_int_equal(mr_history_window_judge(&w, &next, 0), MR_WINDOW_OVER);
    mr_arena_release(&arena);
}

static void test_over(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_window w;
    (void)state;
    assert_int_equal(mr_history_window_read(&w, NULL, "2026-04-02 03:00:00", &arena, NULL), MR_OK);
    assert_false(mr_history_window_is_over(&w, us_of("2026-04-03 03:00:00")));
    assert_true(mr_history_window_is_over(&w, us_of("2026-04-03 03:00:00.1")));
    assert_int_equal(mr_history_window_read(&w, NULL, "bin.000001:4", &arena, NULL), MR_OK);
    assert_false(mr_history_window_is_over(&w, us_of("2036-04-03 03:00:00")));
    mr_arena_release(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"yesterday", NULL, "option \"--from\": \"yesterday\" is neither"},
        {NULL, "bin.000001", "option \"--to\": \"bin.000001\" is neither"},
        {"bin.000001:", NULL, "is neither"},
        {":4", NULL, "is neither"},
        {"bin.000001:4x", NULL, "is neither"},
        {"bin.000001:99999999999999999999", NULL, "is neither"},
        {"2026-02-30", NULL, "is neither"},
        {"2026-04-02", "2026-04-02", "nothing is between"},
        {"2026-04-03", "2026-04-02", "nothing is between"},
        {"bin.000001:400", "bin.000001:400", "nothing is between"},
        {"2999-04-02", NULL, "option \"--from\": \"2999-04-02\" is in the future"},
        {"2999-04-02 03:00:00+02:00", "2999-04-03", "is in the future"},
    };
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_history_window w;
        struct mr_err err = {.code = MR_OK};
        assert_int_equal(mr_history_window_read(&w, cases[i].from, cases[i].to, &arena, &err),
                         MR_E_USAGE);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.message);
    }
    mr_arena_release(&arena);
}

/* The end may lie in the future; which zone a time is of is told. */
static void test_zones(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_window w;
    (void)state;
    assert_int_equal(
        mr_history_window_read(&w, "2026-04-02 03:00:00+02:00", "2999-04-02", &arena, NULL), MR_OK);
    assert_false(w.from.is_bare);
    assert_true(w.to.is_bare);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge), cmocka_unit_test(test_empty_log),
        cmocka_unit_test(test_over),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
