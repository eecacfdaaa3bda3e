/* test_fact.c: facts as bits, and what they are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "repair/decide/decide.h"

static void test_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_FACTS; i++) {
        const struct mr_fact f = mr_fact_of((uint64_t)1 << i);
        assert_true(mr_fact_bits(&f) == (uint64_t)1 << i);
        assert_non_null(mr_fact_name(i));
        assert_non_null(mr_fact_words(i));
    }
    assert_string_equal(mr_fact_name(0), "counted");
    assert_true(mr_fact_of(1).counted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
