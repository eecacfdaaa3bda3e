/* test_suspect_sample.c: the statements that sample a column, and what they answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_server.h"
#include "recon/check/suspect_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct mr_table orders = {.db = "o'dd", .name = "or`ders"};
static const struct mr_table people = {.db = "o'dd", .name = "people"};
static const struct mr_index by_member = {.name = "by`m"}, primary = {.name = "PRIMARY"};
static const struct mr_column id = {.name = "i`d"};

static char nobody; /* a connection that nobody looks into */

static enum mr_code sample(enum mr_class cls, uint64_t *sampled, uint64_t *found)
{
    const struct mr_column column = {.name = "member", .cls = cls};
    const struct mr_suspect_column child = {&orders, &column, &by_member};
    const struct mr_suspect_column parent = {&people, &id, &primary};
    struct mr_err err = {0};
    return mr_suspect_sample((struct mr_db *)(void *)&nobody, &child, &parent, sampled, found,
                             &err);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

static void test_counts(void **state)
{
    static const struct {
        const char *what;
        enum mr_class cls;
        const char *ends, *counts;
        uint64_t sampled, found;
        size_t runs;
        const char *last; /* where the last run begins */
    } cases[] = {
        {"all are keys", MR_CLASS_INT, "1|901", "2800|2800", 2800, 2800, 8, ">= 801 "},
        {"some are none", MR_CLASS_INT, "1|901", "2800|2799", 2800, 2799, 8, ">= 801 "},
        {"too near for runs in between", MR_CLASS_INT, "1|9", "9|9", 9, 9, 0, NULL},
        {"one value", MR_CLASS_UINT, "7|7", "1|1", 1, 1, 0, NULL},
        {"the whole range, signed", MR_CLASS_INT, "-9223372036854775808|9223372036854775807", "5|5",
         5, 5, 8, ">= 7173733806442603400 "},
        {"the whole range, unsigned", MR_CLASS_UINT, "0|18446744073709551615", "5|5", 5, 5, 8,
         ">= 16397105843297379208 "},
        {"below zero", MR_CLASS_INT, "-901|-1", "5|5", 5, 5, 8, ">= -101 "},
        {"nothing but NULL", MR_CLASS_INT, "NULL|NULL", "9|9", 0, 0, 0, NULL},
        {"an empty table", MR_CLASS_INT, NULL, "9|9", 0, 0, 0, NULL},
        {"a text has no runs", MR_CLASS_TEXT, NULL, "7|6", 7, 6, 0, NULL},
        {"a text without rows", MR_CLASS_TEXT, NULL, "0|0", 0, 0, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct world_answer answers[] = {{"SELECT COUNT(*)", cases[i].counts, MR_OK, 0},
                                               {"SELECT (SELECT", cases[i].ends, MR_OK, 0}};
        uint64_t sampled = 99, found = 99;
        world_server.log = (struct mr_strbuf)MR_STRBUF_INIT;
        world_answers(answers, LEN(answers));
        assert_int_equal(sample(cases[i].cls, &sampled, &found), MR_OK);
        if (sampled != cases[i].sampled || found != cases[i].found ||
            count(world_server.log.ptr, "LIMIT 100)") != cases[i].runs)
            fail_msg("%s: %llu of %llu\n%s", cases[i].what, (unsigned long long)found,
                     (unsigned long long)sampled, world_server.log.ptr);
        if (cases[i].last != NULL)
            assert_non_null(strstr(world_server.log.ptr, cases[i].last));
        mr_strbuf_release(&world_server.log);
    }
}

/* Two ends, in one statement with the lookup: rows that come and go are no broken references.
 * Never a scan: each member is bounded and by the index. */
static void test_statement(void **state)
{
    static const struct world_answer answers[] = {{"COUNT", "1|1", MR_OK, 0}};
    uint64_t sampled = 0, found = 0;
    (void)state;
    world_server.log = (struct mr_strbuf)MR_STRBUF_INIT;
    world_answers(answers, LEN(answers));
    assert_int_equal(sample(MR_CLASS_TEXT, &sampled, &found), MR_OK);
    assert_string_equal(
        world_server.log.ptr,
        "SELECT COUNT(*), COUNT(p.`i``d`) FROM (SELECT v FROM (SELECT `member` AS v FROM "
        "`o'dd`.`or``ders` FORCE INDEX (`by``m`) WHERE `member` IS NOT NULL ORDER BY `member` "
        "LIMIT 1000) AS s0 UNION ALL SELECT v FROM (SELECT `member` AS v FROM "
        "`o'dd`.`or``ders` FORCE INDEX (`by``m`) WHERE `member` IS NOT NULL ORDER BY `member` "
        "DESC LIMIT 1000) AS s1) AS s LEFT JOIN `o'dd`.`people` AS p FORCE INDEX (`PRIMARY`) ON "
        "p.`i``d` = s.v\n");
    mr_strbuf_release(&world_server.log);
}

/* No more entries are read than are promised. */
static void test_most(void **state)
{
    static const struct world_answer answers[] = {{"SELECT COUNT(*)", "1|1", MR_OK, 0},
                                                  {"SELECT (SELECT", "0|999999", MR_OK, 0}};
    uint64_t sampled = 0, found = 0, rows = 0;
    (void)state;
    world_server.log = (struct mr_strbuf)MR_STRBUF_INIT;
    world_answers(answers, LEN(answers));
    assert_int_equal(sample(MR_CLASS_UINT, &sampled, &found), MR_OK);
    const char *second = strchr(world_server.log.ptr, '\n');
    assert_non_null(second);
    for (const char *at = second; (at = strstr(at, "LIMIT ")) != NULL; at++)
        rows += strtoull(at + 6, NULL, 10);
    assert_int_equal(rows, MR_SUSPECT_SAMPLE_MAX);
    mr_strbuf_release(&world_server.log);
}

static void test_breaks(void **state)
{
    static const struct world_answer ends[] = {{"SELECT (SELECT", NULL, MR_E_DENIED, 0}};
    static const struct world_answer counts[] = {{"SELECT COUNT(*)", NULL, MR_E_LOST, 0},
                                                 {"SELECT (SELECT", "1|9", MR_OK, 0}};
    uint64_t sampled = 99, found = 99;
    (void)state;
    world_server.log = (struct mr_strbuf)MR_STRBUF_INIT;
    world_answers(ends, LEN(ends));
    assert_int_equal(sample(MR_CLASS_INT, &sampled, &found), MR_E_DENIED);
    assert_int_equal(sampled + found, 0);
    world_answers(counts, LEN(counts));
    assert_int_equal(sample(MR_CLASS_INT, &sampled, &found), MR_E_LOST);
    assert_int_equal(sampled + found, 0);
    mr_strbuf_release(&world_server.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_statement),
        cmocka_unit_test(test_most),
        cmocka_unit_test(test_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
