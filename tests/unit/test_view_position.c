/* test_view_position.c: back over transactions of a log that may not be in the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot/create/view_position.h"

static void test_offset_back(void **state)
{
    /* a log of three transactions that ends at 400 */
    static const uint64_t begins[] = {150, 230, 310};
    static const struct {
        const char *what;
        uint64_t known_to, offset;
        size_t underway;
        uint64_t wanted;
    } cases[] = {
        {"none is underway", 400, 400, 0, 400},
        {"the last one", 400, 400, 1, 310},
        {"two", 400, 400, 2, 230},
        {"all", 400, 400, 3, 150},
        {"more than the file has", 400, 400, 4, 4},
        {"the log has grown since", 400, 310, 1, 230},
        {"the last one is not shown", 310, 400, 1, 310},
        {"the last one is not shown, and two are underway", 310, 400, 2, 230},
        {"nothing is shown", 4, 400, 2, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_vec starts = MR_VEC_INIT(uint64_t);
        for (size_t k = 0; k < sizeof begins / sizeof *begins; k++)
            if (begins[k] < cases[i].known_to)
                *(uint64_t *)mr_vec_push(&starts) = begins[k];
        uint64_t got =
            mr_view_offset_back(&starts, cases[i].known_to, cases[i].offset, cases[i].underway);
        if (got != cases[i].wanted)
            print_error("%s: %llu\n", cases[i].what, (unsigned long long)got);
        assert_int_equal(got, cases[i].wanted);
        mr_vec_release(&starts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_offset_back)};
    return cmocka_run_group_tests_name("view_position", tests, NULL, NULL);
}
