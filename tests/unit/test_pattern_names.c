/* test_pattern_names.c: patterns that no name matches, and what they seem to mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/cli/pattern_names.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static bool nth(const void *ctx, size_t index, const char **db, const char **name)
{
    static const char *const names[][2] = {
        {"club", "members"}, {"club", "orders"}, {"shop", "order_lines"}};
    (void)ctx;
    if (index >= LEN(names))
        return false;
    *db = names[index][0];
    *name = names[index][1];
    return true;
}

static void test_said(void **state)
{
    static const struct {
        const char *pattern, *said; /* NULL: nothing */
    } cases[] = {
        {"club.members", NULL},
        {"members", NULL},
        {"*", NULL},
        {"*.order*", NULL},
        {"club.memebers",
         "--tables \"club.memebers\" matches no table: is \"club.members\" meant?"},
        {"ordrs", "--tables \"ordrs\" matches no table: is \"club.orders\" meant?"},
        {"shop.order_line",
         "--tables \"shop.order_line\" matches no table: is \"shop.order_lines\" meant?"},
        {"club.wallets", "--tables \"club.wallets\" matches no table"},
        {"", "--tables \"\" matches no table"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_pattern_names_text("--tables", cases[i].pattern, nth, NULL, &out);
        if (cases[i].said != NULL)
            assert_string_equal(out.ptr, cases[i].said);
        else if (out.len > 0)
            fail_msg("%s", out.ptr);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
