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

static void test_behind(void **state)
{
    static const struct {
        struct mr_sequence one, other;
        bool behind;
    } cases[] = {
        {{.next = 1}, {.next = 1001}, true},
        {{.next = 1001}, {.next = 1001}, false},
        {{.next = 1002}, {.next = 1001}, false},
        {{.below = 1}, {.next = 0}, true},
        {{.next = 0}, {.below = 1}, false},
        {{.below = 5}, {.below = 1}, true},
        {{.below = 1, .descends = true}, {.below = 5, .descends = true}, true},
        {{.below = 9, .descends = true}, {.below = 5, .descends = true}, false},
        {{.next = 7, .descends = true}, {.next = 3, .descends = true}, true},
        {{.next = 3, .descends = true}, {.below = 1, .descends = true}, true},
        {{.next = UINT64_MAX - 1}, {.next = UINT64_MAX}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(mr_sequence_is_behind(&cases[i].one, &cases[i].other), cases[i].behind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_behind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
