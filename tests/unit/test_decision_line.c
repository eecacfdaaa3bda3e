/* test_decision_line.c: keys that a spreadsheet has spoilt, beside the row that they are of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_graph.h"
#include "repair/planning/decision_line.h"

#define DIGEST "digest:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct {
    const char *columns;
    size_t nkey; /* the first of them */
    const char *key, *image;
    const char *told; /* the key that is named beside the line's; NULL: nothing is refused */
} lines[] = {
    /* as the plan wrote them */
    {"id nick", 1, "9007199254740993", "{\"id\":\"9007199254740993\",\"nick\":\"1\"}", NULL},
    {"id:text nick", 1, "007", "{\"id\":\"007\",\"nick\":\"1\"}", NULL},
    {"a:date b:uint", 2, "2026-04-02,7", "{\"a\":\"2026-04-02\",\"b\":\"7\"}", NULL},
    {"a b:text", 2, "1,234", "{\"a\":\"1\",\"b\":\"234\"}", NULL},
    /* bytes that are no text stand in hex on both sides */
    {"id:text", 1, "ff00", "{\"id\":{\"hex\":\"ff00\"}}", NULL},
    /* blanks at its ends are nobody's */
    {"id:text", 1, "a b", "{\"id\":\" a b\\t\"}", NULL},
    {"id:text", 1, "\"x\"", "{\"id\":\"\\\"x\\\"\"}", NULL},
    /* last digits */
    {"id nick", 1, "9007199254740990", "{\"id\":\"9007199254740993\"}", "9007199254740993"},
    {"id:uint", 1, "18446744073709500000", "{\"id\":\"18446744073709551615\"}",
     "18446744073709551615"},
    {"id", 1, "9.00719925474099E+15", "{\"id\":\"9007199254740993\"}", "9007199254740993"},
    {"id", 1, "1.23E+15", "{\"id\":\"1230000000000001\"}", "1230000000000001"},
    /* leading zeros, and what text there was beside the digits */
    {"id:text", 1, "7", "{\"id\":\"007\"}", "007"},
    {"id:text", 1, "491511234567", "{\"id\":\"+491511234567\"}", "+491511234567"},
    {"id:text", 1, "7", "{\"id\":\"7.0\"}", "7.0"},
    {"id:text", 1, "1E5", "{\"id\":\"100000\"}", "100000"},
    /* dates */
    {"id:date", 1, "02/04/2026", "{\"id\":\"2026-04-02\"}", "2026-04-02"},
    {"id:date", 1, "2026-02-04", "{\"id\":\"2026-04-02\"}", "2026-04-02"},
    {"id:datetime", 1, "2026-04-02 10:00", "{\"id\":\"2026-04-02 10:00:30\"}",
     "2026-04-02 10:00:30"},
    {"id:text", 1, "2026-03-05", "{\"id\":\"3-5\"}", "3-5"},
    {"id:text", 1, "1-Mar", "{\"id\":\"MAR1\"}", "MAR1"},
    /* truths */
    {"id:text", 1, "TRUE", "{\"id\":\"true\"}", "true"},
    {"id:text", 1, "1", "{\"id\":\"TRUE\"}", "TRUE"},
    /* separators of thousands, and two parts that were taken for one number */
    {"id", 1, "1,234", "{\"id\":\"1234\"}", "1234"},
    {"id", 1, "1'234", "{\"id\":\"1234\"}", "1234"},
    {"id", 1, "1 234", "{\"id\":\"1234\"}", "1234"},
    {"a b", 2, "1234", "{\"a\":\"1\",\"b\":\"234\"}", "1,234"},
    {"a b", 2, "1.234", "{\"a\":\"1\",\"b\":\"234\"}", "1,234"},
    /* another row altogether */
    {"id", 1, "4", "{\"id\":\"5\"}", "5"},
    {"id", 1, "4", "{\"id\":null}", ""},
    /* what tells nothing */
    {"id", 1, "4", "", NULL},
    {"id", 1, "4", DIGEST, NULL},
    {"id", 1, "4", "{\"id\":\"5\"", NULL},
    {"id", 1, "4", "[\"5\"]", NULL},
    {"id", 1, "4", "{\"nick\":\"5\"}", NULL},
    {"id", 1, "4", "{\"id\":5}", NULL},
    {"id", 1, "4", "{\"id\":{\"mask\":\"5\"}}", NULL},
    {"id", 1, "", "{\"id\":\"5\"}", NULL},
    {"id", 0, "4", "{\"id\":\"5\"}", NULL},
};

static void test_lines(void **state)
{
    static const size_t columns[] = {0, 1};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct graph g;
        struct mr_err err = {0};
        char both[256];
        graph_begin(&g);
        graph_table(&g, "members", lines[i].columns, NULL);
        assert_int_equal(graph_plan(&g, "", NULL), MR_OK);
        const struct mr_plan_table table = {.pair = g.list[0], .key = {columns, lines[i].nkey}};
        struct mr_strbuf key = MR_STRBUF_INIT;
        const struct mr_csv_field field = {lines[i].key, strlen(lines[i].key)};
        const enum mr_code code = mr_decision_line_key(&table, field, lines[i].image, &key, &err);
        mr_strbuf_release(&key);
        (void)snprintf(both, sizeof both,
                       "the key is \"%s\", and the row that stands beside it has \"%s\"",
                       lines[i].key, lines[i].told != NULL ? lines[i].told : "");
        if (code != (lines[i].told != NULL ? MR_E_REFUSED : MR_OK) ||
            (lines[i].told != NULL && strcmp(err.message, both) != 0))
            fail_msg("line %zu: %s", i, code == MR_OK ? "it is taken" : err.message);
        graph_end(&g);
    }
}

/* Blanks around a field are somebody's who wrote the file, unless the row beside it has them, or nothing tells
 * that a text has none. */
static void test_blanks(void **state)
{
    static const struct {
        const char *columns;
        size_t nkey;
        const char *field, *image, *key;
    } cases[] = {
        {"id", 1, " 7\t", "", "7"},
        {"id", 1, " 7", "{\"id\":\"7\"}", "7"},
        {"id:text", 1, "abc", "{\"id\":\"abc \"}", "abc "},
        {"id:text", 1, " abc", "{\"id\":\"abc\"}", "abc"},
        {"id:text", 1, "abc ", "", "abc "},
        {"id:text", 1, "abc ", DIGEST, "abc "},
        {"id:text", 1, "", "{\"id\":\" \"}", " "},
        {"id:text", 1, "", "{\"id\":\"x\"}", ""},
        {"a b:text", 2, " 1,x ", "", " 1,x "},
        {"a b:text", 2, " 1,x ", "{\"a\":\"1\",\"b\":\"x\"}", "1,x"},
        {"a:date b:uint", 2, " 2026-04-02,7 ", "", "2026-04-02,7"},
    };
    static const size_t columns[] = {0, 1};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph g;
        struct mr_strbuf key = MR_STRBUF_INIT;
        graph_begin(&g);
        graph_table(&g, "members", cases[i].columns, NULL);
        assert_int_equal(graph_plan(&g, "", NULL), MR_OK);
        const struct mr_plan_table table = {.pair = g.list[0], .key = {columns, cases[i].nkey}};
        const struct mr_csv_field field = {cases[i].field, strlen(cases[i].field)};
        assert_int_equal(mr_decision_line_key(&table, field, cases[i].image, &key, NULL), MR_OK);
        if (key.len != strlen(cases[i].key) || memcmp(key.ptr, cases[i].key, key.len) != 0)
            fail_msg("case %zu: \"%s\"", i, key.ptr);
        mr_strbuf_release(&key);
        graph_end(&g);
    }
}

static void test_rounded(void **state)
{
    static const struct {
        const char *key;
        bool is;
    } keys[] = {{"9007199254740990", true},
                {"-9007199254740990", true},
                {"18446744073709500000", true},
                {"1000000000000000", true},
                {"9007199254740993", false},
                {"18446744073709500001", false},
                {"900719925474099", false},
                {"100", false},
                {"", false},
                {"9007199254740990x", false},
                {"1..9007199254740990", false}};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (mr_decision_line_is_rounded(keys[i].key) != keys[i].is)
            fail_msg("%s", keys[i].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_blanks),
                                       cmocka_unit_test(test_rounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
