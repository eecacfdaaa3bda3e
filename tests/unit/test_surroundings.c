/* test_surroundings.c: a trigger, read again from the text that plan.json keeps of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/side/surroundings.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void check(const char *got, size_t len, const char *want)
{
    assert_int_equal(len, strlen(want));
    assert_memory_equal(got, want, len);
}

static void test_triggers(void **state)
{
    static const struct {
        const char *text, *name, *timing, *event;
    } cases[] = {
        {"trigger \"audit\" AFTER DELETE, body 0123456789abcdef", "audit", "AFTER",
         "DELETE"},
        {"trigger \"a b\" BEFORE UPDATE, body 00", "a b", "BEFORE", "UPDATE"},
        {"trigger \"x\" AFTER INSERT, body y\" BEFORE DELETE, body 00",
         "x\" AFTER INSERT, body y", "BEFORE", "DELETE"},
        {"trigger \"\"\" AFTER INSERT, body ", "\"", "AFTER", "INSERT"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_surroundings_trigger t;
        assert_true(mr_surroundings_trigger(cases[i].text, &t));
        check(t.name, t.name_len, cases[i].name);
        check(t.timing, t.timing_len, cases[i].timing);
        check(t.event, t.event_len, cases[i].event);
    }
}

/* What a plan that somebody has written may hold. */
static void test_others(void **state)
{
    static const char *const texts[] = {
        "",
        "engine InnoDB",
        "unique index \"a\", 1. id",
        "trigger ",
        "trigger \"",
        "trigger \"a\"",
        "trigger \"a\", body 00",
        "trigger \", body 00",
        "trigger \"a\" AFTER, body 00",
        "trigger \"a AFTER DELETE, body 00",
        "trigger \" AFTER DELETE, body 00",
        "trigger \"a\" AFTER DELETE",
        "trigger \"a\" AFTER , body 00",
    };
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        struct mr_surroundings_trigger t;
        if (mr_surroundings_trigger(texts[i], &t))
            fail_msg("text %zu is no trigger", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
