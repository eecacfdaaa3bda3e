/* test_sequence.c: which defaults draw from a sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/schema/sequence.h"

static void test_defaults(void **state)
{
    static const struct {
        const char *text, *db, *name; /* name NULL: draws from none */
    } cases[] = {
        {"nextval(`shop`.`numbers`)", "shop", "numbers"},
        {"nextval(`numbers`)", "own", "numbers"},
        {"NEXTVAL( numbers )", "own", "numbers"},
        {"nextval(`o``dd`.`a.b`)", "o`dd", "a.b"},
        {NULL, NULL, NULL},
        {"", NULL, NULL},
        {"nextval", NULL, NULL},
        {"nextval(", NULL, NULL},
        {"nextval(1)", NULL, NULL},
        {"'nextval(`numbers`)'", NULL, NULL},
        {"lastval(`numbers`)", NULL, NULL},
    };
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_column column = {.name = "id", .default_text = cases[i].text};
        const char *db = NULL, *name = NULL;
        char own[] = "own"; /* names outlive the catalogue that gave them */
        bool found = mr_sequence_of(&column, own, &arena, &db, &name);
        own[0] = '?';
        assert_int_equal(found, cases[i].name != NULL);
        if (!found)
            continue;
        assert_string_equal(db, cases[i].db);
        assert_string_equal(name, cases[i].name);
    }
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
