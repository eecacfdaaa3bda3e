/* test_script_memo.c: statements that differ in whole numbers alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "repair/script/script_memo.h"

static bool has(const struct mr_script_memo *memo, unsigned kind, const char *text)
{
    return mr_script_memo_has(memo, kind, text, strlen(text));
}

static void keep(struct mr_script_memo *memo, unsigned kind, const char *text)
{
    mr_script_memo_keep(memo, kind, text, strlen(text));
}

static void test_like(void **state)
{
    const struct {
        const char *kept, *text;
        bool like;
    } cases[] = {
        {"a = 1", "a = 1", true},
        {"a = 1", "a = 27", true},
        {"a = 27", "a = 1", true},
        {"a = 1 AND b = 2", "a = 22 AND b = 0", true},
        {"a = 1 AND b = 2", "a = 22 AND c = 0", false},
        {"1", "7", true},
        {"a = 1", "a = ", false},
        {"a = 1", "a = x", false},
        {"a = 1", "a = 1 ", false},
        {"a = 1 ", "a = 1", false},
        {"a = 1", "a = -1", false},
        {"a = 1", "a = 1.5", false},
        {"a = 1", "a = 1e5", false},
        {"a = 1", "a = 0x1", false},
        {"a = 1.5", "a = 1.6", false}, /* no whole number: to the byte */
        {"a = 1.5", "a = 1.5", true},
        {"a = 0x10", "a = 0x20", false},
        {"a1 = 1", "a2 = 1", false}, /* of a name */
        {"`a 1` = 1", "`a 2` = 1", false},
        {"'1' = 1", "'2' = 1", false},
        {"x'10' = 1", "x'20' = 1", false},
        {"@a1 = 1", "@a2 = 1", false},
        {"1st = 1", "2st = 1", false},
        {"-- 1\n1", "-- 2\n1", false},
        {"-- 1\n1", "-- 1\n2", true},
        {"", "", true},
        {"", "1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_script_memo *memo = mr_script_memo_new(&arena);
        assert_false(has(memo, 1, cases[i].text));
        keep(memo, 1, cases[i].kept);
        if (has(memo, 1, cases[i].text) != cases[i].like)
            fail_msg("case %zu: %s beside %s", i, cases[i].text, cases[i].kept);
        assert_false(has(memo, 2, cases[i].text)); /* of another kind */
        mr_arena_release(&arena);
    }
}

/* The oldest makes way; what is too long is not kept, nor are numbers beyond some told apart. */
static void test_bounds(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_script_memo *memo = mr_script_memo_new(&arena);
    char text[9000];
    (void)state;
    for (int i = 0; i < 9; i++) {
        (void)snprintf(text, sizeof text, "%c = 1", 'a' + i);
        keep(memo, 0, text);
    }
    assert_false(has(memo, 0, "a = 2"));
    assert_true(has(memo, 0, "b = 2"));
    assert_true(has(memo, 0, "i = 2"));
    memset(text, ' ', sizeof text);
    mr_script_memo_keep(memo, 0, text, sizeof text);
    assert_false(mr_script_memo_has(memo, 0, text, sizeof text));
    assert_true(has(memo, 0, "b = 2"));
    for (size_t i = 0; i < 100; i++)
        memcpy(text + 2 * i, "1,", 2);
    mr_script_memo_keep(memo, 0, text, 200);
    text[0] = '2';
    assert_true(mr_script_memo_has(memo, 0, text, 200));
    text[198] = '2'; /* the hundredth */
    assert_false(mr_script_memo_has(memo, 0, text, 200));
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_like), cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
