/* test_gate_shape.c: columns of which what they hold can be compared with what they held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recon/gate/gate_shape.h"

static void test_alike(void **state)
{
    static const struct {
        const char *then, *now;
        bool alike;
    } cases[] = {
        {"column c datetime not null", "column c datetime", true},
        {"column c timestamp not null default current_timestamp()",
         "column c datetime not null default current_timestamp()", false},
        {"column c datetime(6)", "column c datetime", false},
        {"column c int(10) unsigned not null", "column c bigint(20)", false},
        {"column c int(10) unsigned", "column c int unsigned not null auto_increment", true},
        {"column c varchar(20) not null utf8mb4 utf8mb4_bin",
         "column c varchar(50) utf8mb4 utf8mb4_general_ci default 'a'", true},
        {"column c varchar(20) latin1 latin1_bin", "column c varchar(20) utf8mb4 utf8mb4_bin",
         false},
        {"column c decimal(10,2)", "column c decimal(10,4)", false},
        {"column c2 int", "column c2 int", true}, /* neither has it */
        {"column c2 int", "column c int", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_gate_table then = {.shape = &cases[i].then, .nshape = 1};
        const struct mr_gate_table now = {.shape = &cases[i].now, .nshape = 1};
        if (mr_gate_shape_is_alike(&then, &now, "c") != cases[i].alike)
            print_error("%s; %s\n", cases[i].then, cases[i].now);
        assert_int_equal(mr_gate_shape_is_alike(&then, &now, "c"), cases[i].alike);
        assert_int_equal(mr_gate_shape_is_alike(&now, &then, "c"), cases[i].alike);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
