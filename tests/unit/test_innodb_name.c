/* test_innodb_name.c: how InnoDB calls a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/schema/innodb_name.h"

static void test_names(void **state)
{
    static const struct {
        const char *db, *table;
        enum mr_innodb_spelling spelling;
        bool lower;
        const char *wanted; /* NULL: cannot be told */
    } cases[] = {
        {"club", "orders_2", MR_INNODB_FILE, true, "club/orders_2"},
        {"Club", "Orders", MR_INNODB_FILE, true, "club/orders"},
        {"Club", "Orders", MR_INNODB_FILE, false, "Club/Orders"},
        {"a-b", "o`dd #1", MR_INNODB_FILE, true, "a@002db/o@0060dd@0020@00231"},
        {"a-b", "O`dd #1", MR_INNODB_SPACE, true, "a-b/o`dd #1"},
        {"club", "caf\xc3\xa9", MR_INNODB_FILE, true, NULL},
        {"caf\xc3\xa9", "orders", MR_INNODB_SPACE, true, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        bool told = mr_innodb_name_add(&out, cases[i].db, cases[i].table, cases[i].spelling,
                                       cases[i].lower);
        assert_int_equal(told, cases[i].wanted != NULL);
        if (told)
            assert_string_equal(out.ptr, cases[i].wanted);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
