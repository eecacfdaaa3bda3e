/* test_pair_renamed.c: conditions by the names that TARGET has for columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pair/pair_renamed.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void test_conditions(void **state)
{
    static const struct {
        const char *source, *target;
    } cases[] = {
        {"kind = 'member'", "`sort` = 'member'"},
        {"KIND='kind' and kind <> \"kind\"", "`sort`='kind' and `sort` <> \"kind\""},
        {"`kind` IN (1) AND`owner`>0", "`sort` IN (1) AND`o``r`>0"},
        {"`kind` = '''kind' OR kind='\\'kind'", "`sort` = '''kind' OR `sort`='\\'kind'"},
        {"mankind = kinds + 1kind", "mankind = kinds + 1kind"},
        {"kind('x') = @kind AND kind ( 1 )", "kind('x') = @kind AND kind ( 1 )"},
        {"kind.kind = `kind` . kind", "kind.`sort` = `kind` . `sort`"},
        {"kind /* kind */ = -kind # kind\n AND kind -- kind",
         "`sort` /* kind */ = -`sort` # kind\n AND `sort` -- kind"},
        {"kind--kind", "`sort`--`sort`"},
        {"a = b", "`b` = `a`"}, /* each other's */
        {"same = 1 AND gone = 2", "same = 1 AND gone = 2"},
        {"kind = 'open", "`sort` = 'open"},
        {"kind = 1 /* open", "`sort` = 1 /* open"},
        {"", ""},
    };
    struct mr_column on_source[] = {{.name = "kind"}, {.name = "owner"}, {.name = "a"},
                                    {.name = "b"},    {.name = "same"},  {.name = "gone"}};
    struct mr_column on_target[] = {
        {.name = "sort"}, {.name = "o`r"}, {.name = "a"}, {.name = "b"}, {.name = "same"}};
    const struct mr_table source = {.columns = on_source, .ncolumns = LEN(on_source)};
    const struct mr_table target = {.columns = on_target, .ncolumns = LEN(on_target)};
    const struct mr_table *const side[MR_SIDES] = {&source, &target};
    const struct mr_renamed renamed[] = {{.from = "kind", .to = "sort"},
                                         {.from = "owner", .to = "o`r"},
                                         {.from = "a", .to = "b"},
                                         {.from = "b", .to = "a"}};
    struct mr_table_config config = {.renamed = renamed, .nrenamed = LEN(renamed)};
    struct mr_arena arena = MR_ARENA_INIT;
    const char *out = NULL;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        assert_int_equal(
            mr_pair_renamed_condition(&config, side, cases[i].source, &arena, &out, NULL), MR_OK);
        assert_string_equal(out, cases[i].target);
    }
    assert_int_equal(mr_pair_renamed_condition(&config, side, NULL, &arena, &out, NULL), MR_OK);
    assert_null(out);
    config.nrenamed = 0;
    assert_int_equal(mr_pair_renamed_condition(&config, side, "kind = 1", &arena, &out, NULL),
                     MR_OK);
    assert_string_equal(out, "kind = 1");
    mr_arena_release(&arena);
}

static void test_reads(void **state)
{
    static const struct {
        const char *condition;
        bool reads;
    } cases[] = {
        {"kind = 'member'", true},
        {"other = 1 AND(`KIND`)IN (2)", true},
        {"comments.kind <> 1", true},
        {"other = 'kind' OR mankind = \"kind\"", false},
        {"kind(other) = @kind AND kind.other = 1", false},
        {"other = 1 /* kind */ -- kind", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        assert_int_equal(mr_pair_condition_reads(cases[i].condition, "kind"), cases[i].reads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conditions),
                                       cmocka_unit_test(test_reads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
