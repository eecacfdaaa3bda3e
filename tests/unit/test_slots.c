/* test_slots.c: what names readers' slots of a server, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/db/slots.h"

#define NAME_56 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name; /* NULL: refused */
        unsigned count;
    } cases[] = {
        {"myrecon 20261128T080000Z-abc123=4", "myrecon 20261128T080000Z-abc123", 4},
        {"a=b=64", "a=b", 64},
        {NAME_56 "=1", NAME_56, 1},
        {NAME_56 "n=1", NULL, 0},
        {"a=65", NULL, 0},
        {"a=0", NULL, 0},
        {"a=", NULL, 0},
        {"a=-1", NULL, 0},
        {"a= 1", NULL, 0},
        {"a=1x", NULL, 0},
        {"=1", NULL, 0},
        {"a", NULL, 0},
        {"", NULL, 0},
    };
    struct mr_arena arena = MR_ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_slots slots = {0};
        if (mr_slots_parse(cases[i].text, &arena, &slots) != (cases[i].name != NULL))
            fail_msg("case %zu: %s", i, cases[i].text);
        if (cases[i].name == NULL)
            continue;
        assert_string_equal(slots.name, cases[i].name);
        assert_int_equal(slots.count, cases[i].count);
    }
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
