/* test_check_narrow.c: which stretches of a chunk are read at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/check/check_narrow.h"

/* "x3" is a stretch that differs, then one of three equal rows. */
static void test_join(void **state)
{
    static const struct {
        const char *stretches;
        uint64_t rows;
        const char *joined;
    } cases[] = {
        {"", 9, ""},         {"3", 9, "3"},       {"x", 9, "x"},         {"x3x", 0, "x3x"},
        {"x3x", 2, "x3x"},   {"x3x", 3, "x"},     {"3x3", 9, "3x3"},     {"x3", 9, "x3"},
        {"3x", 9, "3x"},     {"x2x5x", 2, "x5x"}, {"x5x2x", 2, "x5x"},   {"1x2x5x2x1", 2, "1x5x1"},
        {"x1x1x1x", 1, "x"}, {"1x1x1", 1, "1x1"}, {"x4x5x6x", 5, "x6x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char at[] = "abcdefghijk";
        struct mr_narrow narrow;
        char got[16] = "";
        const size_t count = strlen(cases[i].stretches);
        mr_narrow_init(&narrow);
        for (size_t k = 0; k < count; k++) {
            struct mr_stretch *s = mr_vec_push(&narrow.stretches);
            const char c = cases[i].stretches[k];
            assert_non_null(s);
            *s = (struct mr_stretch){
                .hi = {at + k, 1}, .differs = c == 'x', .rows = c == 'x' ? 0 : (uint64_t)(c - '0')};
        }
        mr_narrow_join(&narrow, cases[i].rows);
        for (size_t k = 0; k < narrow.stretches.count; k++) {
            const struct mr_stretch *s = mr_vec_at(&narrow.stretches, k);
            got[k] = s->differs ? 'x' : (char)('0' + s->rows);
            if (k + 1 == narrow.stretches.count)
                assert_ptr_equal(s->hi.ptr, at + count - 1);
        }
        assert_string_equal(got, cases[i].joined);
        mr_narrow_release(&narrow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_join)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
