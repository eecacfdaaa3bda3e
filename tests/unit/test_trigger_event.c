/* test_trigger_event.c: one event, a list of them, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/schema/trigger_event.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void test_fires(void **state)
{
    static const struct {
        const char *list, *fires; /* of INSERT, UPDATE, DELETE: their first letters */
    } cases[] = {
        {"INSERT", "I"},
        {"update", "U"},
        {"DELETE", "D"},
        {"INSERT,UPDATE", "IU"},
        {"INSERT,UPDATE,DELETE", "IUD"},
        {" Delete , insert ", "ID"},
        {",UPDATE,", "U"},
        {"INSERTS,UP DATE,XDELETE", ""},
        {"INSERT UPDATE", ""},
        {"", ""},
        {",", ""},
        {NULL, ""},
    };
    static const char *const events[] = {"INSERT", "UPDATE", "DELETE"};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t k = 0; k < LEN(events); k++) {
            const struct mr_trigger trigger = {.name = "t", .event = cases[i].list};
            if (mr_trigger_fires(&trigger, events[k]) !=
                (strchr(cases[i].fires, events[k][0]) != NULL))
                fail_msg("\"%s\": %s", cases[i].list, events[k]);
        }
}

/* Of a longer text: what stands behind its end is none of it. */
static void test_len(void **state)
{
    (void)state;
    assert_true(mr_trigger_event_has("INSERT,DELETE, body 12", 13, "DELETE"));
    assert_false(mr_trigger_event_has("INSERT,DELETE", 6, "DELETE"));
    assert_false(mr_trigger_event_has("INSERT", 5, "INSERT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fires), cmocka_unit_test(test_len)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
