/* test_journal_rows.c: lists of rows in the journal say what was put into them, whatever names and
 * keys hold; what is no such text ends a list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "repair/apply/journal_rows.h"

static void test_round(void **state)
{
    static const struct {
        const char *table, *key;
    } rows[] = {{"o`dd.t", "17"}, {"o`dd.t", ""},     {"", ""},           {"4:db.t", "2:17"},
                {"d.t", "1:2:3"}, {"d.t", "\n\"\\"},  {"d.t", "a\\,b,c"}, {"d.t", "-1"},
                {"d.t", "17"},    {"d.t", "\xc3\xa4"}};
    struct mr_strbuf list = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        mr_journal_add_left_out(&list, rows[i].table, rows[i].key);
    const char *at = list.ptr;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mr_journal_text table, key;
        assert_true(mr_journal_next_text(&at, &table));
        assert_true(mr_journal_next_text(&at, &key));
        assert_int_equal(table.len, strlen(rows[i].table));
        assert_memory_equal(table.ptr, rows[i].table, table.len);
        assert_int_equal(key.len, strlen(rows[i].key));
        assert_memory_equal(key.ptr, rows[i].key, key.len);
    }
    assert_int_equal(*at, '\0');
    assert_int_equal(mr_journal_rows_count(list.ptr), sizeof rows / sizeof *rows);
    mr_strbuf_release(&list);
}

/* What a journal says may lie. */
static void test_damaged(void **state)
{
    static const struct {
        const char *list;
        uint64_t rows;
    } cases[] = {{NULL, 0},
                 {"", 0},
                 {"3:d.t2:17", 1},
                 {"3:d.t2:173:d.t2:1", 1}, /* cut */
                 {"3:d.t2:17x", 1},
                 {"3:d.t", 0},
                 {"3:d.t-1:17", 0},
                 {"3:d.t 2:17", 0},
                 {"3d.t2:17", 0},
                 {"+3:d.t2:17", 0},
                 {"3:d.t99999999999999999999:17", 0},
                 {"18446744073709551615:d.t2:17", 0},
                 {"0:0:", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mr_journal_rows_count(cases[i].list) != cases[i].rows)
            fail_msg("%zu", i);
}

static bool has(const char *list, const char *row)
{
    return mr_journal_rows_have(list, row, strlen(row));
}

static void test_have(void **state)
{
    static const char list[] = "3:d.t4:i:173:d.t4:d:183:d.u2:17";
    struct mr_vec rows = MR_VEC_INIT(struct mr_journal_text);
    struct mr_err err = {0};
    static const struct {
        const char *row;
        bool has;
    } cases[] = {
        {"3:d.t4:i:17", true}, {"3:d.t4:d:18", true}, {"3:d.u2:17", true}, {"3:d.t4:d:17", false},
        {"3:d.t4:i:1", false}, {"3:d.t", false},      {"", false},         {"3:d.u2:173", false},
        {"3:d.U2:17", false}};
    (void)state;
    assert_int_equal(mr_journal_rows_add(&rows, list, &err), MR_OK);
    assert_int_equal(mr_journal_rows_add(&rows, NULL, &err), MR_OK);
    mr_journal_rows_sort(&rows);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (has(list, cases[i].row) != cases[i].has ||
            mr_journal_rows_find(&rows, cases[i].row, strlen(cases[i].row)) != cases[i].has)
            fail_msg("%zu", i);
        assert_false(has(NULL, cases[i].row));
    }
    mr_vec_clear(&rows);
    assert_false(mr_journal_rows_find(&rows, "3:d.u2:17", 9));
    mr_vec_release(&rows);
}

/* Leaves what both have, in the order of the first; nothing is invented. */
static void test_common(void **state)
{
    static const struct {
        const char *list, *other, *both;
    } cases[] = {{"3:d.t2:173:d.t2:18", "3:d.t2:183:d.t2:17", "3:d.t2:173:d.t2:18"},
                 {"3:d.t2:173:d.t2:18", "3:d.t2:18", "3:d.t2:18"},
                 {"3:d.t2:17", "3:d.t1:1", ""},
                 {"3:d.t2:17", "", ""},
                 {"3:d.t2:17", NULL, ""},
                 {"", "3:d.t2:17", ""},
                 {"3:d.t2:173:d.t2:17", "3:d.t2:17", "3:d.t2:173:d.t2:17"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf list = MR_STRBUF_INIT;
        struct mr_err err = {0};
        mr_strbuf_add_str(&list, cases[i].list);
        assert_int_equal(mr_journal_keep_found(&list, cases[i].other, &err), MR_OK);
        assert_int_equal(list.len, strlen(cases[i].both));
        if (list.len > 0)
            assert_string_equal(list.ptr, cases[i].both);
        mr_strbuf_release(&list);
    }
}

static void test_kinds(void **state)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    (void)state;
    mr_journal_add_found(&list, "d.t", 'u', "");
    mr_journal_add_fired(&list, "d.t", "-1", "0123456789abcdef");
    assert_string_equal(list.ptr, "3:d.t2:u:3:d.t2:-116:0123456789abcdef");
    mr_strbuf_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_damaged),
                                       cmocka_unit_test(test_have), cmocka_unit_test(test_common),
                                       cmocka_unit_test(test_kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
