/* test_check_wait.c: whoever waits for load holds no table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/check_wait.h"

static bool too_busy;
static enum mr_code throttle_code;

enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err);
enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err)
{
    (void)throttle;
    assert_null(held->left_s);
    if (too_busy)
        MR_TRY(held->let_go(held->ctx, err));
    return throttle_code;
}

static void test_wait(void **state)
{
    static const struct {
        bool busy;
        enum mr_code unlock, throttle, code;
        unsigned unlocked;
    } cases[] = {
        {false, MR_OK, MR_OK, MR_OK, 0},
        {true, MR_OK, MR_OK, MR_OK, 1},
        /* of what does not end the run the next read tells */
        {true, MR_E_LOST, MR_OK, MR_OK, 1},
        {true, MR_E_SQL, MR_OK, MR_OK, 1},
        {true, MR_E_NOMEM, MR_OK, MR_E_NOMEM, 1},
        {true, MR_E_CANCELLED, MR_OK, MR_E_CANCELLED, 1},
        {true, MR_OK, MR_E_CANCELLED, MR_E_CANCELLED, 1},
    };
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        for (size_t i = 0; i < LEN(cases); i++) {
            struct world w;
            struct mr_err err = {0};
            world_begin(&w);
            graph_table(&w.g, "t", "id", NULL);
            world_plan(&w, "");
            too_busy = cases[i].busy;
            throttle_code = cases[i].throttle;
            w.side[side].unlock_code = cases[i].unlock;
            assert_int_equal(mr_check_wait(&w.worker, (enum mr_side)side, &err), cases[i].code);
            assert_int_equal(w.side[side].unlocked, cases[i].unlocked);
            assert_int_equal(w.side[!side].unlocked, 0);
            /* an error that is no end of the run is not left behind in err */
            if (cases[i].code == MR_OK)
                assert_int_equal(err.code, MR_OK);
            world_end(&w);
        }
    }
}

/* Nobody to tell. */
static void test_without_err(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", "id", NULL);
    world_plan(&w, "");
    w.side[MR_SOURCE].unlock_code = MR_E_NOMEM;
    assert_int_equal(mr_check_let_go(&w.worker, MR_SOURCE, NULL), MR_E_NOMEM);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_without_err),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
