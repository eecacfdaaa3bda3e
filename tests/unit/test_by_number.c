/* test_by_number.c: items by numbers that come in any order, are cleared, and come again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/by_number.h"

static void put(struct mr_by_number *by, uint64_t number, int value)
{
    int *item = mr_by_number_put(by, number);
    assert_non_null(item);
    *item = value;
}

static void test_put_and_get(void **state)
{
    struct mr_by_number by;
    (void)state;
    mr_by_number_init(&by, sizeof(int));
    assert_null(mr_by_number_get(&by, 0));
    put(&by, 4000000, 1);
    put(&by, 7, 2);
    put(&by, 0, 3);
    put(&by, 7, 4);
    assert_int_equal(by.items.count, 3);
    assert_int_equal(*(int *)mr_by_number_get(&by, 4000000), 1);
    assert_int_equal(*(int *)mr_by_number_get(&by, 7), 4);
    assert_int_equal(*(int *)mr_by_number_get(&by, 0), 3);
    assert_null(mr_by_number_get(&by, 8));
    assert_null(mr_by_number_get(&by, 4000001));
    assert_null(mr_by_number_get(&by, UINT64_MAX));
    mr_by_number_release(&by);
}

/* What is cleared is gone; what comes again is zeroed, and costs nothing by its number: a
 * million times four million would not end. */
static void test_clear(void **state)
{
    struct mr_by_number by;
    (void)state;
    mr_by_number_init(&by, sizeof(int));
    for (int i = 0; i < 1000000; i++) {
        int *item = mr_by_number_put(&by, 4000000);
        assert_true(item != NULL && *item == 0);
        *item = 1;
        mr_by_number_clear(&by);
        assert_true(mr_by_number_get(&by, 4000000) == NULL && by.items.count == 0);
    }
    mr_by_number_release(&by);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_get),
        cmocka_unit_test(test_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
