/* test_script_origin.c: lines of undo.sql that say which units of apply.sql wrote its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>

#include "core/base/strbuf.h"
#include "repair/script/script_origin.h"

#define LEN(list) (sizeof(list) / sizeof(list)[0])

static void test_lines(void **state)
{
    static const char *const good[] = {"-- rows 1: units 1", "-- rows 1-3,5,7-9: units 2-4",
                                       "-- rows 999999999999999999: units 1"};
    static const char *const bad[] = {
        "",
        "-- rows ",
        "-- rows 1",
        "-- rows 1: units ",
        "-- rows 1: units 0",
        "-- rows 0-1: units 1",
        "-- rows 2-1: units 1",
        "-- rows 1-: units 1",
        "-- rows 1,: units 1",
        "-- rows 1: units 2-1",
        "-- rows 1: units 1 ",
        "-- rows 1: units 1,2",
        "-- rows 1: units -1",
        "-- rows 9999999999999999999: units 1",
        " -- rows 1: units 1",
    };
    (void)state;
    for (size_t i = 0; i < LEN(good); i++)
        if (!mr_script_origin_is_line(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < LEN(bad); i++)
        if (mr_script_origin_is_line(bad[i]))
            fail_msg("%s", bad[i]);
}

static enum mr_code add(void *ctx, const struct mr_script_origin_range *origin, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add_fmt(ctx, "%" PRIu64 "-%" PRIu64 " of %" PRIu64 "-%" PRIu64 "; ",
                      origin->first_row, origin->last_row, origin->first_unit, origin->last_unit);
    return origin->first_row == 13 ? MR_E_NOMEM : MR_OK;
}

static void test_each(void **state)
{
    static const struct {
        const char *text, *wanted;
        enum mr_code code;
    } cases[] = {
        {NULL, "", MR_OK},
        {"", "", MR_OK},
        {"-- rows 1: units 1\n", "1-1 of 1-1; ", MR_OK},
        {"-- rows 1-3,5: units 2\n-- rows 4: units 2-4\n", "1-3 of 2-2; 5-5 of 2-2; 4-4 of 2-4; ",
         MR_OK},
        {"-- rows 1: units 1", "", MR_E_BUG},
        {"-- rows 1: units 1\n-- rows 2\n", "1-1 of 1-1; ", MR_E_BUG},
        {"-- rows 13,14: units 1\n", "13-13 of 1-1; ", MR_E_NOMEM},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf seen = MR_STRBUF_INIT;
        struct mr_err err = {0};
        mr_strbuf_add_str(&seen, "");
        assert_int_equal(mr_script_origin_each(cases[i].text, add, &seen, &err), cases[i].code);
        assert_string_equal(seen.ptr != NULL ? seen.ptr : "", cases[i].wanted);
        mr_strbuf_release(&seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_each)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
