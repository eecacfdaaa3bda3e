/* test_binlog_gtid_text.c: what two servers have executed, compared as they say it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/binlog/binlog_gtid_text.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define A "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
#define B "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"

static void test_texts(void **state)
{
    static const struct {
        bool is_mariadb;
        const char *a, *b;
        bool contains, is_same;
    } rows[] = {{false, "", "", true, true},
                {false, A ":1-90", "", true, false},
                {false, "", A ":1-90", false, false},
                {false, B ":1-3,\n" A ":1-90", A ":1-90," B ":1-3", true, true},
                {false, A ":1-90", A ":1-40:42-90", true, false},
                {false, A ":1-40:42-90", A ":41", false, false},
                {false, A ":1-90", B ":1", false, false},
                {true, "0-1-90", "", true, false},
                {true, "0-2-91,0-1-90", "0-1-90,0-2-91", true, true},
                {true, "0-1-90,0-2-91", "0-1-80", true, false},
                {true, "0-2-91", "0-1-90", false, false},
                {true, "1-1-90", "0-1-90", false, false}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        bool contains = !rows[i].contains, is_same = !rows[i].is_same;
        assert_int_equal(
            mr_gtid_text_contains(rows[i].is_mariadb, rows[i].a, rows[i].b, &contains, NULL),
            MR_OK);
        assert_int_equal(contains, rows[i].contains);
        assert_int_equal(
            mr_gtid_text_is_same(rows[i].is_mariadb, rows[i].a, rows[i].b, &is_same, NULL), MR_OK);
        assert_int_equal(is_same, rows[i].is_same);
    }
}

/* Neither as the whole nor as the part is it taken for nothing. */
static void test_no_gtids(void **state)
{
    bool answer = true;
    (void)state;
    assert_int_equal(mr_gtid_text_contains(false, A ":1-", "", &answer, NULL), MR_E_USAGE);
    assert_false(answer);
    answer = true;
    assert_int_equal(mr_gtid_text_is_same(true, "", "0-1", &answer, NULL), MR_E_USAGE);
    assert_false(answer);
}

/* Triples as servers and log heads list them; whatever is none ends the list. */
static void test_next(void **state)
{
    static const struct mr_gtid triples[] = {
        {.domain = 0, .server = 1, .sequence = 105},
        {.domain = 4294967295U, .server = 1, .sequence = 18446744073709551615U},
        {.domain = 2, .server = 3, .sequence = 4}};
    const char *at = "0-1-105,4294967295-1-18446744073709551615,\n 2-3-4,x-1-1";
    struct mr_gtid gtid;
    (void)state;
    for (size_t i = 0; i < sizeof triples / sizeof *triples; i++) {
        assert_true(mr_gtid_text_next(&at, &gtid));
        assert_int_equal(gtid.family, MR_GTID_OF_MARIADB);
        assert_int_equal(gtid.domain, triples[i].domain);
        assert_int_equal(gtid.server, triples[i].server);
        assert_int_equal(gtid.sequence, triples[i].sequence);
    }
    assert_false(mr_gtid_text_next(&at, &gtid));
    at = "";
    assert_false(mr_gtid_text_next(&at, &gtid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_next),
                                       cmocka_unit_test(test_no_gtids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
