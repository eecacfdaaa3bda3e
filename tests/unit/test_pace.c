/* test_pace.c: how long who has read waits, on a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <unistd.h>

#include "snapshot/create/pace.h"

static double now_s, longest_s;
static unsigned sleeps, cancel_at;

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return now_s;
}

int __wrap_usleep(useconds_t us);
int __wrap_usleep(useconds_t us)
{
    now_s += (us > 0 ? us : 1) / 1e6;
    sleeps++;
    if (us / 1e6 > longest_s)
        longest_s = us / 1e6;
    return 0;
}

bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return cancel_at > 0 && sleeps >= cancel_at;
}

static void begin(struct mr_pace *pace, uint64_t bytes_per_s)
{
    now_s = 1000;
    longest_s = 0;
    sleeps = cancel_at = 0;
    mr_pace_init(pace, bytes_per_s);
}

static void check_now(double wanted_s)
{
    assert_true(now_s > wanted_s - 0.001 && now_s < wanted_s + 0.001);
}

static void test_pace(void **state)
{
    struct mr_pace pace;
    (void)state;
    begin(&pace, 0); /* no limit */
    assert_int_equal(mr_pace_add(&pace, UINT64_MAX, NULL), MR_OK);
    assert_int_equal(sleeps, 0);
    mr_pace_release(&pace);
    begin(&pace, 1000);
    assert_int_equal(mr_pace_add(&pace, 0, NULL), MR_OK);
    check_now(1000);
    assert_int_equal(mr_pace_add(&pace, 500, NULL), MR_OK);
    check_now(1000.5);
    assert_int_equal(mr_pace_add(&pace, 250, NULL), MR_OK);
    check_now(1000.75);
    now_s = 2000; /* a pause gives no right to hurry */
    assert_int_equal(mr_pace_add(&pace, 1000, NULL), MR_OK);
    check_now(2001);
    assert_true(longest_s < 0.11); /* so that a cancel is heard */
    mr_pace_release(&pace);
}

/* What another worker has added is waited for, too. */
static void test_together(void **state)
{
    struct mr_pace pace;
    (void)state;
    begin(&pace, 1000);
    pace.due_s = 1003;
    assert_int_equal(mr_pace_add(&pace, 1000, NULL), MR_OK);
    check_now(1004);
    mr_pace_release(&pace);
}

static void test_cancelled(void **state)
{
    struct mr_pace pace;
    struct mr_err err = {0};
    (void)state;
    begin(&pace, 1);
    cancel_at = 3;
    assert_int_equal(mr_pace_add(&pace, 1000000, &err), MR_E_CANCELLED);
    assert_int_equal(sleeps, 3);
    mr_pace_release(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pace), cmocka_unit_test(test_together),
                                       cmocka_unit_test(test_cancelled)};
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
