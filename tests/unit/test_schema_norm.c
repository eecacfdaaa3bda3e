/* test_schema_norm.c: spellings of one definition become equal, of two stay different.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/db/sqlscan.h"
#include "core/schema/schema_norm.h"

static void expect(struct mr_strbuf *got, const char *want)
{
    assert_false(got->failed);
    assert_string_equal(got->ptr, want);
    mr_strbuf_release(got);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *type, *want;
    } table[] = {
        {"int(11)", "int"},
        {"int", "int"},
        {"INT(10) UNSIGNED", "int unsigned"},
        {"tinyint(1)", "tinyint"},
        {"bigint(20) unsigned", "bigint unsigned"},
        {"int(5) unsigned zerofill", "int(5) unsigned zerofill"},
        {"year(4)", "year"},
        {"decimal(10,2)", "decimal(10,2)"},
        {"bit(1)", "bit(1)"},
        {"varchar(20)", "varchar(20)"},
        {"datetime(6)", "datetime(6)"},
        {"geomcollection", "geometrycollection"},
        {"mediumtext /*M!100301 COMPRESSED*/", "mediumtext"},
        {"enum('A','b''c','d\\\\e','')", "enum('A','b''c','d\\\\e','')"},
        {"set('int(11)','Y')", "set('int(11)','Y')"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_norm_type(&got, table[i].type);
        expect(&got, table[i].want);
    }
}

static void test_empty_member(void **state)
{
    (void)state;
    assert_true(mr_norm_has_empty_member("enum('a','')"));
    assert_true(mr_norm_has_empty_member("set('','a')"));
    assert_false(mr_norm_has_empty_member("enum('a','b')"));
    assert_false(mr_norm_has_empty_member("enum('''','a')"));
    assert_false(mr_norm_has_empty_member("enum('a'',''b')"));
}

/* The same default as MariaDB (expression) and MySQL (raw) print it. */
static void test_defaults(void **state)
{
    (void)state;
    static const struct {
        enum mr_class cls;
        bool fixed;
        const char *expression, *raw, *want;
    } table[] = {
        {MR_CLASS_TEXT, false, "'abc'", "abc", "'abc'"},
        {MR_CLASS_TEXT, false, "'it''s'", "it's", "'it''s'"},
        {MR_CLASS_TEXT, false, "'NULL'", "NULL", "'NULL'"},
        {MR_CLASS_TEXT, false, "''", "", "''"},
        {MR_CLASS_TEXT, false, "'007'", "007", "'007'"},
        {MR_CLASS_TEXT, false, "'back\\\\slash'", "back\\slash", "'back\\\\slash'"},
        {MR_CLASS_TEXT, false, "'current_timestamp()'", "current_timestamp()",
         "'current_timestamp()'"},
        {MR_CLASS_INT, false, "-3", "-3", "-3"},
        {MR_CLASS_INT, false, "'5'", "5", "5"},
        {MR_CLASS_UINT, false, "00007", "7", "7"},
        {MR_CLASS_UINT, false, "18446744073709551615", "18446744073709551615",
         "18446744073709551615"},
        {MR_CLASS_UINT, false, "b'101'", "b'101'", "b'101'"},
        {MR_CLASS_DECIMAL, false, "0.00", "0.00", "0"},
        {MR_CLASS_DECIMAL, false, "1.5000", "1.50", "1.5"},
        {MR_CLASS_DECIMAL, false, "-0.00", "0.00", "0"},
        {MR_CLASS_DOUBLE, false, "1e100", "1e100", "1e100"},
        {MR_CLASS_DOUBLE, false, "-0.5", "-0.5", "-0.5"},
        {MR_CLASS_BINARY, false, "'abc'", "0x616263", "'abc'"},
        {MR_CLASS_BINARY, true, "'abc'", "0x6162630000", "'abc'"},
        {MR_CLASS_DATE, false, "'2020-01-01'", "2020-01-01", "'2020-01-01'"},
        {MR_CLASS_DATETIME, false, "current_timestamp()", "CURRENT_TIMESTAMP", "current_timestamp"},
        {MR_CLASS_DATETIME, false, "current_timestamp(6)", "CURRENT_TIMESTAMP(6)",
         "current_timestamp(6)"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_norm_default(&a, table[i].expression, MR_DEFAULT_EXPRESSION, table[i].cls,
                        table[i].fixed, "club");
        mr_norm_default(&b, table[i].raw, MR_DEFAULT_RAW, table[i].cls, table[i].fixed, "club");
        expect(&a, table[i].want);
        expect(&b, table[i].want);
    }
}

/* What MariaDB prints of two defaults that are not the same. */
static void test_defaults_of_bytes(void **state)
{
    (void)state;
    static const struct {
        enum mr_class cls;
        const char *a, *b;
    } table[] = {
        {MR_CLASS_BINARY, "X'4142'", "'X\\'4142\\''"},
        {MR_CLASS_BINARY, "'0x41'", "'A'"},
        {MR_CLASS_TEXT, "0x41", "'0x41'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_norm_default(&a, table[i].a, MR_DEFAULT_EXPRESSION, table[i].cls, false, NULL);
        mr_norm_default(&b, table[i].b, MR_DEFAULT_EXPRESSION, table[i].cls, false, NULL);
        assert_string_not_equal(a.ptr, b.ptr);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

static void test_no_default(void **state)
{
    (void)state;
    struct mr_strbuf got = MR_STRBUF_INIT;
    mr_norm_default(&got, "NULL", MR_DEFAULT_EXPRESSION, MR_CLASS_TEXT, false, NULL);
    expect(&got, "");
    mr_norm_default(&got, "nextval(`club`.`s`)", MR_DEFAULT_EXPRESSION, MR_CLASS_INT, false,
                    "club");
    expect(&got, "nextval(s)");
}

/* MariaDB's print, MySQL's print, and the normal form of both. */
static void test_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *mariadb, *mysql, *want;
    } table[] = {
        {"`a` + `b` * 2", "(`a` + (`b` * 2))", "a + (b * 2)"},
        {"(`a` - (`b` - 1)) * 2", "((`a` - (`b` - 1)) * 2)", "(a - (b - 1)) * 2"},
        {"`a` > 1 and (`b` < 2 or `s` is not null)",
         "((`a` > 1) and ((`b` < 2) or (`s` is not null)))",
         "(a > 1) and ((b < 2) or (not (s is null)))"},
        {"`a` and `b` and `c`", "((`a` and `b`) and `c`)", "a and b and c"},
        {"concat(`s`,'x\\'y',`a`)", "concat(`s`,_utf8mb4\\'x\\\\\\'y\\',`a`)",
         "concat(s, 'x''y', a)"},
        {"lcase(`s`)", "lower(`s`)", "lower(s)"},
        {"ucase(trim(`s`))", "upper(trim(`s`))", "upper(trim(s))"},
        {"`a` MOD 3", "(`a` % 3)", "a % 3"},
        {"`a` = 0", "(0 = `a`)", "0 = a"},
        {"`s`  not like 'b%'", "(not((`s` like _utf8mb4\\'b%\\')))", "not (s like 'b%')"},
        {"`s` regexp '^a'", "regexp_like(`s`,_utf8mb4\\'^a\\')", "regexp_like(s, '^a')"},
        {"`a` xor `b`", "((0 <> `a`) xor (0 <> `b`))", "a xor b"},
        {"`s` is true", "((0 <> `s`) is true)", "s is true"},
        {"-`a`", "-(`a`)", "-a"},
        {"`a` - -1", "(`a` - -(1))", "a - (-1)"},
        {"~`a` & 255", "(~(`a`) & 255)", "(~a) & 255"},
        {"`a` = 1", "(`a` = true)", "1 = a"},
        {"current_timestamp()", "now()", "current_timestamp"},
        {"`s` in ('x','y\\'z') or `s` is null",
         "((`s` in (_utf8mb4\\'x\\',_utf8mb4\\'y\\\\\\'z\\')) or (`s` is null))",
         "(s in ('x', 'y''z')) or (s is null)"},
        {"`a` not between 1 and 2 and `b`", "((`a` not between 1 and 2) and `b`)",
         "(not (a between 1 and 2)) and b"},
        {"case `a` when 1 <> 0 then 5 when `b` <> 0 then 6 end",
         "(case `a` when (1 <> 0) then 5 when (`b` <> 0) then 6 end)",
         "case a when 0 <> 1 then 5 when 0 <> b then 6 end"},
        {"case when `a` between 1 and 3 then 5 else NULL end",
         "(case when (`a` between 1 and 3) then 5 else NULL end)",
         "case when a between 1 and 3 then 5 else null end"},
        {"'2020-01-01' + interval `a` day", "(_utf8mb4\\'2020-01-01\\' + interval `a` day)",
         "'2020-01-01' + interval a day"},
        {"`s` collate utf8mb4_bin", "(`s` collate utf8mb4_bin)", "s collate utf8mb4_bin"},
        {"trim(leading 'x' from `s`)", "trim(leading _utf8mb4\\'x\\' from `s`)",
         "trim(leading 'x' from s)"},
        {"select 1 from `t` where !exists(select 1 from `u` limit 1)",
         "select 1 from `t` where (not exists(select 1 from `u`))",
         "select 1 from t where not exists(select 1 from u)"},
        {"select `a`.`x` AS `x` from `club`.`a` join `club`.`b`",
         "select `a`.`x` AS `x` from (`club`.`a` join `club`.`b`)",
         "select a.x as x from a join b"},
        {"select sum(`t`.`p`) over ( partition by `t`.`k` order by `t`.`id`) AS `w`",
         "select sum(`t`.`p`) OVER (PARTITION BY `t`.`k` ORDER BY `t`.`id` )  AS `w`",
         "select sum(t.p) over (partition by t.k order by t.id) as w"},
        {"`s` = _binary'A'", "(`s` = _binary\\'A\\')", "_binary 'A' = s"},
        {"cast(`a` as char(10) charset utf8mb4)", "cast(`a` as char(10) charset utf8mb4)",
         "cast(a as char(10) charset utf8mb4)"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_norm_expr(&a, table[i].mariadb, "club");
        mr_norm_expr(&b, table[i].mysql, "club");
        expect(&a, table[i].want);
        expect(&b, table[i].want);
    }
}

/* Expressions that mean different things. */
static void test_expressions_differ(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
    } table[] = {
        {"(`a` + `b`) * 2", "`a` + `b` * 2"},
        {"`a` - (`b` - 1)", "`a` - `b` - 1"},
        {"(`a` or `b`) and `c`", "`a` or `b` and `c`"},
        {"not (`a` and `b`)", "not `a` and `b`"},
        {"`a` > 1", "`a` >= 1"},
        {"`a` > `b`", "`b` > `a`"},
        {"`A`", "`b`"},
        {"'a'", "'A'"},
        {"'a'", "`a`"},
        {"'a'", "_binary'a'"}, /* compared byte by byte */
        {"'ab'", "_ucs2'ab'"}, /* one character */
        {"_utf16'ab'", "_ucs2'ab'"},
        {"'1'", "1"},
        {"'a b'", "'a  b'"},
        {"`now`", "now()"},
        {"`a` <> 0", "`a`"}, /* as values, 5 and 1 */
        {"lower(`a`)", "upper(`a`)"},
        {"count(`a`)", "count(distinct `a`)"},
        {"select 1 from `a` left join (`b` join `c` on 1) on 2",
         "select 1 from `a` left join `b` join `c` on 1 on 2"},
        {"select 1 from `other`.`t`", "select 1 from `t`"},
        {"`s` like 'a\\_b'", "`s` like 'a_b'"},
        {"-(`a` + 1)", "-`a` + 1"},
        {"`a` in (1,2)", "`a` in (1,2,3)"},
        {"`a` in (1,2) is false", "not (`a` in (1,2))"},
        {"(select 1 limit 1) union select 2", "select 1 limit 1 union select 2"},
        {"select 1 union (select 2 union all select 3)",
         "select 1 union select 2 union all select 3"},
        {"select `x` AS `a` from `t` order by `a`", "select `x` AS `a` from `t` order by `y`"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_norm_expr(&a, table[i].a, "club");
        mr_norm_expr(&b, table[i].b, "club");
        assert_string_not_equal(a.ptr, b.ptr);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

/* A text beyond the grammar or the depth is only split into tokens. */
static void test_expression_fallback(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } table[] = {
        {"a + ) B", "a + ) b"}, {"", ""}, {"f(", "f ("}, {"`a` between 1", "`a` between 1"},
        {"'open", "'open"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_norm_expr(&got, table[i].text, NULL);
        if (strcmp(table[i].want, "'open") == 0) /* closed by the normal form */
            expect(&got, "'open'");
        else
            expect(&got, table[i].want);
    }
    struct mr_strbuf deep = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
    for (int i = 0; i < 100000; i++)
        mr_strbuf_add_char(&deep, '(');
    mr_norm_expr(&got, deep.ptr, NULL);
    assert_int_equal(got.len, 199999);
    mr_strbuf_release(&deep);
    mr_strbuf_release(&got);
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        const char *db;
        bool same;
    } table[] = {
        {"BEGIN\n  SELECT 1; END", "BEGIN SELECT 1; END;", NULL, true},
        {"BEGIN -- note\n SELECT 1; END", "BEGIN /* x */ SELECT 1; END", NULL, true},
        {"SELECT 1 # tail", "SELECT 1", NULL, true},
        {"SELECT 'a  b'", "SELECT 'a b'", NULL, false},
        {"SELECT '-- a'", "SELECT '-- b'", NULL, false},
        {"SELECT /*!50000 1 */", "SELECT", NULL, false},
        {"SELECT 1", "select 1", NULL, false}, /* t and T may be two tables */
        {"INSERT INTO `club`.`log` VALUES (1)", "INSERT INTO `log` VALUES (1)", "club", true},
        {"INSERT INTO club.log VALUES ('club.x')", "INSERT INTO log VALUES ('club.x')", "club",
         true},
        {"INSERT INTO club.log VALUES ('club.x')", "INSERT INTO log VALUES ('x')", "club", false},
        {"INSERT INTO other.log VALUES (1)", "INSERT INTO log VALUES (1)", "club", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_norm_body(&a, table[i].a, table[i].db, NULL);
        mr_norm_body(&b, table[i].b, table[i].db, NULL);
        assert_int_equal(strcmp(a.ptr, b.ptr) == 0, table[i].same);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

/* As written, and as MySQL's catalogue prints it. */
static void test_loose_bodies(void **state)
{
    (void)state;
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT, c = MR_STRBUF_INIT;
    mr_norm_body_loose(&a, "SET b = 'it''s\\n'; SET c = '';", NULL, NULL);
    mr_norm_body_loose(&b, "SET b = 'it's\n'; SET c = '';", NULL, NULL);
    mr_norm_body_loose(&c, "SET b = 'its not'; SET c = '';", NULL, NULL);
    assert_string_equal(a.ptr, b.ptr);
    assert_string_not_equal(a.ptr, c.ptr);
    assert_true(mr_norm_has_escapes("'it''s'"));
    assert_true(mr_norm_has_escapes("'a\\n'"));
    assert_false(mr_norm_has_escapes("'a' 'b'"));
    mr_strbuf_release(&a);
    mr_strbuf_release(&b);
    mr_strbuf_release(&c);
}

static void test_charsets(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"utf8", "utf8mb3"},
        {"utf8_general_ci", "utf8mb3_general_ci"},
        {"utf8mb3_general_ci", "utf8mb3_general_ci"},
        {"UTF8MB4_bin", "utf8mb4_bin"},
        {"latin1", "latin1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        mr_norm_charset(&got, table[i][0]);
        expect(&got, table[i][1]);
    }
}

/* Any tokens in any order give some text, and nothing is read beyond its end. */
static void test_random(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "`a`",  "b",        "'x'", "''",      "(",        ")",     ",",  "+",    "-", "*",   "and",
        "or",   "not",      "is",  "null",    "in",       "like",  "=",  "<>",   "0", "1.5", "case",
        "when", "then",     "end", "f(",      "select",   "from",  ".",  "\\",   "'", "`",   "--",
        "/*",   "interval", "day", "between", "_utf8mb4", "x'41'", "@v", "\xff", ";"};
    const char *seeds = getenv("SEEDS");
    unsigned long n = seeds != NULL ? strtoul(seeds, NULL, 10) : 20;
    uint32_t random = 1;
    for (unsigned long round = 0; round < n * 50; round++) {
        struct mr_strbuf text = MR_STRBUF_INIT, once = MR_STRBUF_INIT, twice = MR_STRBUF_INIT;
        for (unsigned i = 0; i < 12; i++) {
            random = random * 1664525U + 1013904223U;
            mr_strbuf_add_str(&text, parts[(random >> 16) % (sizeof parts / sizeof *parts)]);
            mr_strbuf_add_char(&text, ' ');
        }
        mr_norm_expr(&once, text.ptr, "b");
        assert_false(once.failed);
        mr_strbuf_reset(&twice);
        mr_norm_type(&twice, text.ptr);
        mr_norm_body_loose(&twice, text.ptr, "b", NULL);
        assert_false(twice.failed);
        mr_strbuf_release(&text);
        mr_strbuf_release(&once);
        mr_strbuf_release(&twice);
    }
}

/* A chain is as long as a server sends it: in time and memory it goes by a limit. */
static void test_long_chain(void **state)
{
    static const int operands[] = {1000, 30000};
    (void)state;
    for (size_t i = 0; i < sizeof operands / sizeof *operands; i++) {
        struct mr_strbuf chain = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
        for (int n = 0; n < operands[i]; n++)
            mr_strbuf_add_str(&chain, n > 0 ? " AND (a)" : "(a)");
        mr_norm_expr(&got, chain.ptr, NULL);
        const char *begin = i == 0 ? "a and a and" : "( a ) and ( a ) and";
        assert_memory_equal(got.ptr, begin, strlen(begin));
        mr_strbuf_release(&chain);
        mr_strbuf_release(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_empty_member),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_of_bytes),
        cmocka_unit_test(test_no_default),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_expressions_differ),
        cmocka_unit_test(test_expression_fallback),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_loose_bodies),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
