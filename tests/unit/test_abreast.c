/* test_abreast.c: two readings at once; who fails first is told, and ends the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/source/abreast.h"

#define LONG_S 20.0 /* longer than anything here takes */

/* One of two: waits until it is abandoned, if it does, and returns its code. */
struct half {
    bool waits;
    enum mr_code code;
    const char *text;
    atomic_bool *abandoned;
    bool has_ended, was_late;
};

static enum mr_code read_half(void *ctx, struct mr_err *err)
{
    struct half *half = ctx;
    const struct timespec step = {.tv_nsec = 1000000};
    const double until_s = mr_clock_now_s() + LONG_S;
    while (half->waits && !atomic_load(half->abandoned) && !half->was_late) {
        (void)nanosleep(&step, NULL);
        half->was_late = mr_clock_now_s() >= until_s;
    }
    half->has_ended = true;
    return half->code == MR_OK ? MR_OK : mr_err_set(err, half->code, "%s", half->text);
}

static const struct {
    const char *what;
    struct half own, aside;
    bool heeds;
    enum mr_code code;
    const char *text;
} cases[] = {
    {"both are good", {.code = MR_OK}, {.code = MR_OK}, true, MR_OK, ""},
    {"own fails while the other waits",
     {.code = MR_E_LOST, .text = "own"},
     {.waits = true, .code = MR_E_CANCELLED, .text = "ended"},
     true,
     MR_E_LOST,
     "own"},
    {"aside fails while own waits",
     {.waits = true, .code = MR_E_CANCELLED, .text = "ended"},
     {.code = MR_E_LOST, .text = "aside"},
     true,
     MR_E_LOST,
     "aside"},
    {"own waits, and is good after all",
     {.waits = true, .code = MR_OK},
     {.code = MR_E_DENIED, .text = "aside"},
     true,
     MR_E_DENIED,
     "aside"},
    {"nothing is heeded: own's",
     {.code = MR_E_LOST, .text = "own"},
     {.code = MR_E_DENIED, .text = "aside"},
     false,
     MR_E_LOST,
     "own"},
    {"nothing is heeded: else aside's",
     {.code = MR_OK},
     {.code = MR_E_DENIED, .text = "aside"},
     false,
     MR_E_DENIED,
     "aside"},
};

static void test_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_bool abandoned = false;
        struct half own = cases[i].own, aside = cases[i].aside;
        struct mr_err err = {0};
        own.abandoned = aside.abandoned = &abandoned;
        const enum mr_code code = mr_abreast(read_half, &own, read_half, &aside,
                                             cases[i].heeds ? &abandoned : NULL, &err);
        if (code != cases[i].code || strcmp(err.message, cases[i].text) != 0)
            fail_msg("%s: %d, %s", cases[i].what, (int)code, err.message);
        assert_true(own.has_ended && aside.has_ended);
        assert_false(own.was_late || aside.was_late);
        assert_false(atomic_load(&abandoned));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};
    return cmocka_run_group_tests_name("abreast", tests, NULL, NULL);
}
