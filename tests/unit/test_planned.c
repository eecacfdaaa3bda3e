/* test_planned.c: what plan.json's tables say of rows, and the SQL that is made of them.  (How it
 * is written and read: test_manifest.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/pair/spelling.h"
#include "repair_sample.h"

static const char *const words[] = {"i`d", "shop"};

static void test_counts(void **state)
{
    const struct mr_planned planned = {.tables = planned_tables, .ntables = 2};
    const struct mr_planned_table all = {.decisions = {[MR_DECIDE_SAME] = 1,
                                                       [MR_DECIDE_MATCHED] = 2,
                                                       [MR_DECIDE_INSERT] = 4,
                                                       [MR_DECIDE_RENUMBER] = 8,
                                                       [MR_DECIDE_UPDATE] = 16,
                                                       [MR_DECIDE_DELETE] = 32,
                                                       [MR_DECIDE_CONFLICT] = 64,
                                                       [MR_DECIDE_PARENT] = 128}};
    (void)state;
    assert_int_equal(mr_planned_count(&planned, MR_DECIDE_RENUMBER, false), 42);
    assert_int_equal(mr_planned_count(&planned, MR_DECIDE_RENUMBER, true), 37); /* people */
    assert_int_equal(mr_planned_count(&planned, MR_DECIDE_SAME, false), 0);
    assert_int_equal(mr_planned_writes(&all), 4 + 8 + 16 + 32);
    assert_true(mr_planned_is_parent(&planned, &planned_tables[0]));
    assert_false(mr_planned_is_parent(&planned, &planned_tables[1]));
}

/* One column that is counted is the key; a part of a key is not. */
static void test_key(void **state)
{
    const struct mr_planned_table one = {.key = {words, 1}, .counter = "i`d"},
                                  none = {.key = {words, 1}},
                                  other = {.key = {words + 1, 1}, .counter = "i`d"},
                                  two = {.key = {words, 2}, .counter = "i`d"};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    (void)state;
    assert_true(mr_planned_counts(&one));
    assert_false(mr_planned_counts(&none));
    assert_false(mr_planned_counts(&other));
    assert_false(mr_planned_counts(&two));
    mr_planned_sql_same(&sql, &two, "a.", "b.");
    assert_string_equal(sql.ptr, "a.`i``d` = b.`i``d` AND a.`shop` = b.`shop`");
    mr_strbuf_release(&sql);
}

/* How a column writes the parent's key; of an older plan, and beyond the list, as it is. */
static void test_spelling(void **state)
{
    static const char *const spelt[] = {"number", "uuid", "same"};
    const struct mr_planned_reference r = {.columns = {words, 2}, .spelling = {spelt, 3}},
                                      old = {.columns = {words, 2}};
    struct mr_strbuf sql = MR_STRBUF_INIT, as_is = MR_STRBUF_INIT;
    (void)state;
    assert_int_equal(mr_planned_spelling(&r, 0, MR_CLASS_TEXT).kind, MR_SPELL_NUMBER);
    assert_int_equal(mr_planned_spelling(&r, 1, MR_CLASS_TEXT).kind, MR_SPELL_UUID);
    assert_int_equal(mr_planned_spelling(&r, 2, MR_CLASS_TEXT).kind, MR_SPELL_SAME);
    assert_int_equal(mr_planned_spelling(&r, 3, MR_CLASS_TEXT).kind, MR_SPELL_SAME);
    assert_int_equal(mr_planned_spelling(&old, 0, MR_CLASS_INT).kind, MR_SPELL_SAME);
    mr_planned_sql_key(&sql, &r, 0, "`d`.`t`.");
    mr_planned_sql_key(&as_is, &old, 0, "`d`.`t`.");
    assert_string_equal(as_is.ptr, "`d`.`t`.`i``d`");
    assert_non_null(strstr(sql.ptr, as_is.ptr));
    assert_true(sql.len > as_is.len); /* a text is read as a number first */
    mr_strbuf_release(&sql);
    mr_strbuf_release(&as_is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
