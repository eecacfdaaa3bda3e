/* test_line.c: what a line carries, by answers that take as long as the case says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/db/line.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define PROBE 250000.0

static struct {
    double now_s, took_s[6]; /* of the n-th statement: two trips, then probes */
    unsigned asked;
    unsigned fail_at; /* from 1; 0: never */
    enum mr_code code;
    bool lost;
    unsigned reconnects;
} fake;

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return fake.now_s;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    (void)db;
    assert_string_equal(shape, "n");
    assert_int_equal(len, strlen(sql));
    assert_int_equal(strstr(sql, "REPEAT") != NULL, fake.asked >= 2);
    assert_true(fake.asked < LEN(fake.took_s));
    fake.now_s += fake.took_s[fake.asked++];
    *out = NULL;
    return fake.asked == fake.fail_at ? mr_err_set(err, fake.code, "it is gone") : MR_OK;
}

bool __wrap_mr_db_is_lost(const struct mr_db *db);
bool __wrap_mr_db_is_lost(const struct mr_db *db)
{
    (void)db;
    return fake.lost;
}

enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err);
enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err)
{
    (void)db;
    (void)err;
    assert_true(attempts > 0);
    fake.reconnects++;
    return MR_OK;
}

void __wrap_mr_result_free(struct mr_result *res);
void __wrap_mr_result_free(struct mr_result *res)
{
    assert_null(res);
}

void __wrap_mr_db_say(struct mr_db *db, const char *fmt, ...);
void __wrap_mr_db_say(struct mr_db *db, const char *fmt, ...)
{
    (void)db;
    (void)fmt;
}

static void test_measure(void **state)
{
    static const struct {
        const char *what;
        double took_s[6];
        double trip_s, bytes_s;
        unsigned asked;
        bool slow;
    } cases[] = {
        {"a fast one", {.001, .001, .002}, .001, PROBE / .001, 3, false},
        {"at once", {0, 0, 0}, 0, PROBE / 1e-6, 3, false},
        {"three hiccups", {.001, .5, .5, .02, .02, .002}, .001, PROBE / .001, 6, false},
        {"one hiccup", {.001, .001, .5, .002}, .001, PROBE / .001, 4, false},
        {"10 Mbit/s", {.04, .04, .24, .25}, .04, PROBE / .2, 4, true},
        {"100 Mbit/s", {.001, .001, .021, .021, .021, .021}, .001, PROBE / .02, 6, true},
        {"a long one that is fast", {.1, .1, .105}, .1, PROBE / .005, 3, false},
        {"the way took longest", {.3, .3, .1}, .3, PROBE / .002, 3, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_line line;
        memset(&fake, 0, sizeof fake);
        memcpy(fake.took_s, cases[i].took_s, sizeof fake.took_s);
        assert_int_equal(mr_line_measure(NULL, &line, NULL), MR_OK);
        if (fabs(line.trip_s - cases[i].trip_s) > 1e-9 ||
            fabs(line.bytes_s / cases[i].bytes_s - 1) > 1e-6 || fake.asked != cases[i].asked ||
            mr_line_is_slow(&line) != cases[i].slow)
            fail_msg("%s: %g s, %g bytes/s, %u statements", cases[i].what, line.trip_s,
                     line.bytes_s, fake.asked);
    }
}

static void test_errors(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= 4; at++) {
        struct mr_line line;
        struct mr_err err = {0};
        memset(&fake, 0, sizeof fake);
        fake.took_s[2] = 1;
        fake.fail_at = at;
        fake.code = MR_E_LOST;
        assert_int_equal(mr_line_measure(NULL, &line, &err), MR_E_LOST);
        assert_int_equal(err.code, MR_E_LOST);
        assert_int_equal(fake.asked, at);
    }
}

/* A probe that fails costs no run. */
static void test_failed_probe(void **state)
{
    static const struct {
        const char *what;
        enum mr_code code;
        bool lost;
        double bytes_s;
        bool slow;
    } cases[] = {
        {"ended here, after 7 s", MR_E_TIMEOUT, true, PROBE / 7, true},
        {"ended there, after 7 s", MR_E_TIMEOUT, false, PROBE / 7, true},
        {"it refuses", MR_E_SQL, false, MR_LINE_SLOW_BYTES_S, false},
        {"a right is wanting", MR_E_DENIED, false, MR_LINE_SLOW_BYTES_S, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_line line;
        struct mr_err err = {0};
        memset(&fake, 0, sizeof fake);
        fake.took_s[2] = 7;
        fake.fail_at = 3;
        fake.code = cases[i].code;
        fake.lost = cases[i].lost;
        if (mr_line_measure(NULL, &line, &err) != MR_OK || err.code != MR_OK ||
            fabs(line.bytes_s / cases[i].bytes_s - 1) > 1e-3 ||
            mr_line_is_slow(&line) != cases[i].slow || fake.reconnects != cases[i].lost)
            fail_msg("%s: %g bytes/s, %s", cases[i].what, line.bytes_s, err.message);
    }
}

static void test_text(void **state)
{
    static const struct {
        double bytes_s;
        const char *text;
    } cases[] = {{20 * 1024, "20 KiB/s"}, {1e6, "977 KiB/s"}, {2.5 * 1024 * 1024, "2.5 MiB/s"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char text[MR_LINE_TEXT];
        mr_line_text(&(struct mr_line){.bytes_s = cases[i].bytes_s}, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_failed_probe),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
