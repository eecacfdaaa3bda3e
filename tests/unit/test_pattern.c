/* test_pattern.c: which tables a pattern means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pattern.h"

static void test_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *db, *table;
        bool matches;
    } table[] = {
        {"club.members", "club", "members", true},
        {"club.members", "club", "member", false},
        {"club.members", "club", "members2", false},
        {"club.members", "Club", "members", false},
        {"club.members", "clu", "b.members", false},
        {"members", "club", "members", true},
        {"members", "other", "members", true},
        {"club", "club", "members", false},
        {"mem*", "club", "members", true},
        {"*", "club", "members", true},
        {"*", "club", "", true},
        {"", "club", "members", false},
        {"", "club", "", true},
        {"club.*", "club", "members", true},
        {"club.*", "clubs", "members", false},
        {"club*.*", "clubs", "members", true},
        {"*.members", "club", "members", true},
        {"*.members", "club", "xmembers", false},
        {"c*s", "club", "members", false}, /* no dot: a table name */
        {"c*.s", "club", "s", true},
        {"c*.*s", "club", "members", true},
        {"*b.m*s", "club", "members", true},
        {"club.m*m*s", "club", "members", true},
        {"club.m*m*x", "club", "members", false},
        {"*.*", "club", "members", true},
        {"*.", "club", "members", false},
        {"*.", "club", "", true},
        {".*", "club", "members", false},
        {"club.*_log", "club", "wallet_log", true},
        {"club.*_log", "club", "wallet_logs", false},
        {"club.*_log", "club", "a_log_log", true},
        {"club.**g", "club", "a_log", true},
        /* one character, not one byte, and never the dot between the names */
        {"club.m?mbers", "club", "members", true},
        {"club.m?mbers", "club", "mmbers", false},
        {"club.m?", "club", "m\xC3\xA4", true},
        {"club.?", "club", "\xE6\x97\xA5", true},
        {"club.??", "club", "\xE6\x97\xA5", false},
        {"club.?", "club", "\xF0\x9F\x98\x80", true},
        {"?", "club", "a", true},
        {"?", "club", "", false},
        {"clu?.x", "club", "x", true},
        {"club?x.y", "club", "x.y", false},
        {"*?.x", "club", "x", true},
        /* dots and wildcards inside names */
        {"a.b.c", "a", "b.c", true},
        {"a.b.c", "a.b", "c", true},
        {"a.b?c", "a", "b.c", true},
        {"a.*.c", "a", "b.c", true},
        {"db.t?", "db", "t*", true},
        {"db.100%", "db", "100%", true},
        {"db.a_b", "db", "axb", false},
        /* bytes that are no UTF-8 do no harm */
        {"db.?", "db", "\xFF", true},
        {"db.?", "db", "\x80\x80", true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_pattern_match(table[i].pattern, table[i].db, table[i].table) != table[i].matches)
            fail_msg("\"%s\" and \"%s\".\"%s\"", table[i].pattern, table[i].db, table[i].table);
}

static void test_open(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool in_known_db, in_any_db;
    } table[] = {
        {"club.members", false, false}, {"members", false, true}, {"club.*", true, false},
        {"club.m?", true, false},       {"*", true, true},        {"c*b.members", true, true},
        {"*.members", true, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *const list[] = {"club.orders", table[i].pattern};
        assert_int_equal(mr_pattern_is_open(list, 2, true), table[i].in_known_db);
        assert_int_equal(mr_pattern_is_open(list, 2, false), table[i].in_any_db);
    }
    assert_true(mr_pattern_is_open(NULL, 0, true));
    assert_true(mr_pattern_is_open(NULL, 0, false));
}

static void test_selects(void **state)
{
    (void)state;
    const char *const includes[] = {"club.*", "audit"};
    const char *const excludes[] = {"*_log", "club.tmp*"};
    static const struct {
        size_t nincludes, nexcludes;
        const char *db, *table;
        bool selected;
    } table[] = {
        {0, 0, "x", "y", true},         {2, 0, "club", "y", true},
        {2, 0, "x", "audit", true},     {2, 0, "x", "y", false},
        {1, 0, "x", "audit", false},    {0, 2, "x", "y", true},
        {0, 2, "x", "a_log", false},    {2, 2, "club", "members", true},
        {2, 2, "club", "a_log", false}, {2, 2, "club", "tmp1", false},
        {2, 1, "club", "tmp1", true},   {2, 2, "x", "tmp1", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(mr_pattern_selects(includes, table[i].nincludes, excludes,
                                            table[i].nexcludes, table[i].db, table[i].table),
                         table[i].selected);
}

/* The plain definition, exponential and obviously right, for one-byte characters. */
static bool by_definition(const char *pattern, const char *text, const char *dot)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return by_definition(pattern + 1, text, dot) ||
               (*text != '\0' && by_definition(pattern, text + 1, dot));
    if (*text == '\0' || (*pattern == '?' ? text == dot : *pattern != *text))
        return false;
    return by_definition(pattern + 1, text + 1, dot);
}

static void random_text(unsigned *seed, const char *alphabet, char *out, size_t max)
{
    size_t len = (size_t)rand_r(seed) % (max + 1);
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[(size_t)rand_r(seed) % strlen(alphabet)];
    out[len] = '\0';
}

static void test_against_definition(void **state)
{
    (void)state;
    const char *env = getenv("SEEDS");
    unsigned seeds = env == NULL ? 20 : (unsigned)strtoul(env, NULL, 10);
    for (unsigned s = 1; s <= seeds; s++) {
        unsigned seed = s;
        for (int round = 0; round < 2000; round++) {
            char pattern[10], db[5], table[6], text[16];
            random_text(&seed, "ab.*?", pattern, sizeof pattern - 1);
            random_text(&seed, "ab", db, sizeof db - 1);
            random_text(&seed, "ab.", table, sizeof table - 1);
            bool bare = strchr(pattern, '.') == NULL;
            (void)snprintf(text, sizeof text, bare ? "%.0s%s" : "%s.%s", db, table);
            bool want = by_definition(pattern, text, bare ? NULL : text + strlen(db));
            if (mr_pattern_match(pattern, db, table) != want)
                fail_msg("seed %u: \"%s\" and \"%s\".\"%s\"", s, pattern, db, table);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_selects),
        cmocka_unit_test(test_against_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
