/* test_merge_newer.c: which of two rows is newer, by the type of a column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/merge/merge_newer.h"

#define LEN(a) (sizeof(a) / sizeof(a)[0])

/* A table d.t with one column on both sides. */
struct world {
    struct mr_merge m;
    struct mr_column column[MR_SIDES];
    struct mr_table side[MR_SIDES];
    struct mr_find_column find;
    struct mr_pair pair;
    struct mr_plan_table table;
};

static void world_init(struct world *w, enum mr_class cls, const char *type)
{
    *w = (struct world){.m = {.arena = MR_ARENA_INIT}, .find = {.name = "edited"}};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        w->column[side] = (struct mr_column){.name = "edited", .type = type, .cls = cls};
        char *word = mr_arena_strdup(&w->m.arena, type);
        assert_non_null(word);
        word[strcspn(word, "( ")] = '\0';
        w->column[side].data_type = word;
        w->side[side] =
            (struct mr_table){.db = "d", .name = "t", .columns = &w->column[side], .ncolumns = 1};
        w->pair.side[side] = &w->side[side];
    }
    w->pair.find.name = "d.t";
    w->pair.find.columns = &w->find;
    w->pair.find.ncolumns = 1;
    w->table.pair = &w->pair;
}

static void world_release(struct world *w)
{
    mr_arena_release(&w->m.arena);
}

static enum mr_code compare(struct world *w, struct mr_value source, struct mr_value target,
                            int *by, struct mr_err *err)
{
    struct mr_strbuf s = MR_STRBUF_INIT, t = MR_STRBUF_INIT;
    assert_int_equal(mr_row_encode(&s, &source, NULL), MR_OK);
    assert_int_equal(mr_row_encode(&t, &target, NULL), MR_OK);
    const struct mr_key rows[MR_SIDES] = {
        [MR_SOURCE] = {s.ptr, s.len}, [MR_TARGET] = {t.ptr, t.len}};
    enum mr_code code = mr_merge_newer(&w->m, &w->table, "EDITED", rows, by, err);
    *by = *by < 0 ? -1 : *by > 0;
    mr_strbuf_release(&s);
    mr_strbuf_release(&t);
    return code;
}

static struct mr_value integer(int64_t i)
{
    return (struct mr_value){.cls = MR_CLASS_INT, .i = i};
}

static struct mr_value natural(uint64_t u)
{
    return (struct mr_value){.cls = MR_CLASS_UINT, .u = u};
}

static struct mr_value real(double d)
{
    return (struct mr_value){.cls = MR_CLASS_DOUBLE, .d = d};
}

static struct mr_value null(void)
{
    return (struct mr_value){.cls = MR_CLASS_NULL};
}

static struct mr_value bytes(enum mr_class cls, const char *text)
{
    return (struct mr_value){.cls = cls, .ptr = text, .len = strlen(text)};
}

static struct mr_value date(uint32_t year, uint32_t month)
{
    return (struct mr_value){.cls = MR_CLASS_DATE, .t = {.year = year, .month = month}};
}

static struct mr_value minus_hours(uint32_t hour)
{
    return (struct mr_value){.cls = MR_CLASS_TIME, .t = {.hour = hour, .negative = true}};
}

#define DECIMAL(text) bytes(MR_CLASS_DECIMAL, text)
#define TEXT(text) bytes(MR_CLASS_TEXT, text)
#define ENUM(text) bytes(MR_CLASS_ENUM, text)

static void test_types(void **state)
{
    static const char members[] = "enum('z','a','it''s')";
    const struct {
        enum mr_class cls;
        const char *type;
        struct mr_value source, target;
        int by;
    } cases[] = {
        {MR_CLASS_DATE, "date", date(2026, 10), date(2026, 4), 1},
        {MR_CLASS_DATE, "date", date(2026, 4), date(2026, 10), -1},
        {MR_CLASS_DATE, "date", date(2026, 4), date(2026, 4), 0},
        {MR_CLASS_DATE, "date", date(0, 0), date(1970, 1), -1},
        {MR_CLASS_DATE, "date", date(0, 0), null(), 1},
        {MR_CLASS_DATE, "date", null(), date(2026, 4), -1},
        {MR_CLASS_DATE, "date", null(), null(), 0},
        {MR_CLASS_TIME, "time", minus_hours(1), minus_hours(2), 1},
        {MR_CLASS_INT, "int(11)", integer(10), integer(9), 1},
        {MR_CLASS_INT, "int(11)", integer(-1), natural(UINT64_MAX), -1},
        {MR_CLASS_UINT, "bigint(20)", natural(UINT64_MAX), integer(3), 1},
        {MR_CLASS_DOUBLE, "double", real(10), real(0.5), 1},
        {MR_CLASS_DOUBLE, "double", real(-0.0), real(0), 0},
        {MR_CLASS_DECIMAL, "decimal(9,2)", DECIMAL("10.5"), DECIMAL("9.75"), 1},
        {MR_CLASS_DECIMAL, "decimal(9,2)", DECIMAL("9.75"), DECIMAL("9.8"), -1},
        {MR_CLASS_DECIMAL, "decimal(9,2)", DECIMAL("9"), DECIMAL("9.1"), -1},
        {MR_CLASS_DECIMAL, "decimal(9,2)", DECIMAL("-1"), DECIMAL("-2.5"), 1},
        {MR_CLASS_DECIMAL, "decimal(9,2)", DECIMAL("-1"), DECIMAL("1"), -1},
        {MR_CLASS_ENUM, members, ENUM("a"), ENUM("z"), 1}, /* by its number */
        {MR_CLASS_ENUM, members, ENUM("z"), ENUM("it's"), -1},
        {MR_CLASS_ENUM, members, ENUM("it's"), ENUM("it's"), 0},
        {MR_CLASS_ENUM, members, ENUM(""), ENUM("z"), -1}, /* the error value */
        {MR_CLASS_TEXT, "varchar(20)", TEXT("10"), TEXT("09"), 1},
        {MR_CLASS_TEXT, "varchar(20)", TEXT("2026-04-02"), TEXT("2026-04-10"), -1},
        {MR_CLASS_TEXT, "varchar(20)", TEXT("2026-04-02"), TEXT("2026-04-02"), 0},
        {MR_CLASS_TEXT, "varchar(20)", TEXT("a"), null(), 1}, /* nothing is compared */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        int by = 7;
        world_init(&w, cases[i].cls, cases[i].type);
        enum mr_code code = compare(&w, cases[i].source, cases[i].target, &by, &err);
        if (code != MR_OK || by != cases[i].by)
            fail_msg("case %zu: %d, %d: %s", i, (int)code, by, err.message);
        world_release(&w);
    }
}

static void refused(struct world *w, struct mr_value source, struct mr_value target,
                    const char *message, const char *hint)
{
    struct mr_err err = {0};
    int by = 0;
    assert_int_equal(compare(w, source, target, &by, &err), MR_E_REFUSED);
    if (strstr(err.message, message) == NULL || strstr(err.hint, hint) == NULL)
        fail_msg("%s: %s", err.message, err.hint);
    world_release(w);
}

static void test_refused(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, MR_CLASS_TEXT, "varchar(20)");
    refused(&w, TEXT("9"), TEXT("10"), "such as '9' and '10'", "CAST(`EDITED` AS UNSIGNED)");
    world_init(&w, MR_CLASS_TEXT, "varchar(20)");
    refused(&w, TEXT("b"), TEXT("a"), "text in table \"d.t\"", "No CAST");
    world_init(&w, MR_CLASS_ENUM, "set('a','b')");
    w.column[MR_SOURCE].is_set = w.column[MR_TARGET].is_set = true;
    refused(&w, ENUM("a"), ENUM("b"), "set('a','b') in table", "a time or a number");
    world_init(&w, MR_CLASS_JSON, "json");
    refused(&w, bytes(MR_CLASS_JSON, "1"), bytes(MR_CLASS_JSON, "2"), "json in table", "");
    world_init(&w, MR_CLASS_BINARY, "varbinary(9)");
    refused(&w, bytes(MR_CLASS_BINARY, "1"), bytes(MR_CLASS_BINARY, "2"), "varbinary", "");
    world_init(&w, MR_CLASS_ENUM, "enum('','b')");
    w.column[MR_SOURCE].empty_member = true; /* it, or the error value? */
    refused(&w, ENUM(""), ENUM("b"), "which member", "");
    world_init(&w, MR_CLASS_ENUM, "enum('a','b')");
    w.column[MR_TARGET].type = "enum('b','a')";
    refused(&w, ENUM("a"), ENUM("b"), "on SOURCE and enum('b','a') on TARGET", "");
    world_init(&w, MR_CLASS_TEXT, "varchar(20)");
    w.column[MR_TARGET].data_type = "int";
    refused(&w, TEXT("9"), TEXT("8"), "on SOURCE and", "one type");
}

/* What no two values of a row show: the form of another row's. */
static void test_rows(void **state)
{
    struct world w;
    struct mr_err err = {0};
    int by = 0;
    (void)state;
    world_init(&w, MR_CLASS_TEXT, "varchar(20)");
    assert_int_equal(compare(&w, TEXT("11"), TEXT("10"), &by, &err), MR_OK);
    assert_int_equal(compare(&w, TEXT("12"), TEXT("99"), &by, &err), MR_OK);
    refused(&w, TEXT("100"), TEXT("101"), "not of one form", "UNSIGNED");
    world_init(&w, MR_CLASS_INT, "int");
    const struct mr_key rows[MR_SIDES] = {{0}};
    assert_int_equal(mr_merge_newer(&w.m, &w.table, "other", rows, &by, NULL), MR_E_CONFIG);
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
