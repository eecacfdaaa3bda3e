/* test_fleet_word.c: the words of a fleet, there and back, and the exit codes of verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recon/fleet/fleet_word.h"

static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 1; i < mr_fleet_words.count; i++) {
        const enum mr_fleet_word word = (enum mr_fleet_word)i;
        assert_non_null(mr_fleet_word_text(word));
        assert_int_equal(mr_fleet_word_of(mr_fleet_word_text(word)), word);
    }
    assert_null(mr_fleet_word_text(MR_FLEET_UNSAID));
    assert_int_equal(mr_fleet_word_of(NULL), MR_FLEET_UNSAID);
    assert_int_equal(mr_fleet_word_of("Equal"), MR_FLEET_UNSAID);
    assert_int_equal(mr_fleet_word_of("silent"), MR_FLEET_SILENT);
}

/* Whatever is not known to be equal or different is incomplete. */
static void test_exits(void **state)
{
    (void)state;
    assert_int_equal(mr_fleet_verdict_of_exit(0), MR_FLEET_EQUAL);
    assert_int_equal(mr_fleet_verdict_of_exit(1), MR_FLEET_DIVERGED);
    assert_int_equal(mr_fleet_verdict_of_exit(4), MR_FLEET_INCOMPLETE);
    assert_int_equal(mr_fleet_verdict_of_exit(3), MR_FLEET_INCOMPLETE);
    assert_int_equal(mr_fleet_verdict_exit(MR_FLEET_EQUAL), 0);
    assert_int_equal(mr_fleet_verdict_exit(MR_FLEET_DIVERGED), 1);
    assert_int_equal(mr_fleet_verdict_exit(MR_FLEET_INCOMPLETE), 4);
    assert_int_equal(mr_fleet_verdict_exit(MR_FLEET_UNSAID), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_exits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
