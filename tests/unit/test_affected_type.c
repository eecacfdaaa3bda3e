/* test_affected_type.c: types of the SQL list: as declared while every value fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "recon/affected/affected_type.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* A value as text: the class says how it is read. */
static struct mr_value value_of(enum mr_class cls, const char *text)
{
    struct mr_value value = {.cls = cls, .ptr = text, .len = strlen(text)};
    if (cls == MR_CLASS_INT)
        value.i = strtoll(text, NULL, 10);
    else if (cls == MR_CLASS_UINT)
        value.u = strtoull(text, NULL, 10);
    else if (cls == MR_CLASS_DATE || cls == MR_CLASS_DATETIME)
        value.t = (struct mr_time){.year = (uint32_t)strtoul(text, NULL, 10),
                                   .month = strstr(text, "-00") != NULL ? 0 : 1,
                                   .day = 1};
    return value;
}

static const char *type_of(struct mr_value_style style, const char *declared,
                           const char *const *values, size_t row_bytes)
{
    static char text[64];
    struct mr_affected_extent extent = {0};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    for (; *values != NULL; values++) {
        enum mr_class cls = style.cls;
        if (cls == MR_CLASS_INT || cls == MR_CLASS_UINT) /* as decoding gives them */
            cls = **values == '-' ? MR_CLASS_INT : MR_CLASS_UINT;
        struct mr_value value = value_of(cls, *values);
        mr_affected_extent_add(&extent, &value);
    }
    const struct mr_affected_type type = {declared, style, &extent};
    mr_affected_add_type(&sql, &type, &row_bytes);
    assert_true(sql.len < sizeof text);
    memcpy(text, sql.ptr, sql.len + 1);
    mr_strbuf_release(&sql);
    return text;
}

static void test_types(void **state)
{
    static const struct {
        enum mr_class cls;
        unsigned decimals;
        const char *declared;
        const char *values[4];
        const char *type;
    } cases[] = {
        {MR_CLASS_INT, 0, "tinyint(4)", {"-128", "127"}, "tinyint"},
        {MR_CLASS_INT, 0, "tinyint(4)", {"-129"}, "bigint"},
        {MR_CLASS_INT, 0, "tinyint(4)", {"128"}, "bigint"},
        {MR_CLASS_INT, 0, "smallint(6)", {"-32768", "32767"}, "smallint"},
        {MR_CLASS_INT, 0, "mediumint(9)", {"8388607"}, "mediumint"},
        {MR_CLASS_INT, 0, "mediumint(9)", {"8388608"}, "bigint"},
        {MR_CLASS_INT, 0, "int", {"2147483647", "-2147483648"}, "int"},
        {MR_CLASS_INT, 0, "int(11)", {"2147483648"}, "bigint"},
        {MR_CLASS_INT, 0, "int(11)", {"9223372036854775808"}, "bigint unsigned"},
        {MR_CLASS_INT, 0, "int(11)", {"9223372036854775808", "-1"}, "decimal(20,0)"},
        {MR_CLASS_INT, 0, "bigint(20)", {"-9223372036854775808"}, "bigint"},
        {MR_CLASS_INT, 0, "int(11)", {NULL}, "int"},
        {MR_CLASS_UINT, 0, "int(10) unsigned", {"4294967295"}, "int unsigned"},
        {MR_CLASS_UINT, 0, "int(5) unsigned zerofill", {"4294967296"}, "bigint"},
        {MR_CLASS_UINT, 0, "int(10) unsigned", {"-1"}, "bigint"},
        {MR_CLASS_UINT, 0, "bigint unsigned", {"18446744073709551615"}, "bigint unsigned"},
        {MR_CLASS_UINT, 4, "year(4)", {"0", "1901", "2155"}, "year"},
        {MR_CLASS_UINT, 4, "year(4)", {"1900"}, "bigint"},
        {MR_CLASS_UINT, 4, "year(4)", {"2156"}, "bigint"},
        {MR_CLASS_UINT, 0, "bit(3)", {"7"}, "bit(3)"},
        {MR_CLASS_UINT, 0, "bit(3)", {"8"}, "bigint"},
        {MR_CLASS_UINT, 0, "bit(64)", {"18446744073709551615"}, "bit(64)"},
        {MR_CLASS_FLOAT, 0, "float", {NULL}, "float"},
        {MR_CLASS_DOUBLE, 0, "float", {NULL}, "double"},
        {MR_CLASS_DECIMAL, 2, "decimal(10,2)", {"99999999.99", "-0.01"}, "decimal(10,2)"},
        {MR_CLASS_DECIMAL, 2, "decimal(2,2)", {"0.99", "-0.01"}, "decimal(2,2)"},
        {MR_CLASS_DECIMAL, 2, "decimal(4,2)", {"-123.4"}, "decimal(5,2)"},
        {MR_CLASS_DECIMAL, 2, "decimal(4,2)", {"0.125"}, "decimal(5,3)"},
        {MR_CLASS_DECIMAL, 38, "decimal(38,38)", {"0"}, "longtext"},
        {MR_CLASS_DECIMAL, 0, "decimal(10,0) unsigned", {"7"}, "decimal(10,0)"},
        {MR_CLASS_DATE, 0, "date", {"2020"}, "date"},
        {MR_CLASS_DATETIME, 0, "datetime", {"2020"}, "datetime"},
        {MR_CLASS_DATETIME, 3, "datetime(3)", {"2020"}, "datetime(3)"},
        {MR_CLASS_DATETIME, 6, "timestamp(6)", {"0", "1971", "2037"}, "timestamp(6)"},
        {MR_CLASS_DATETIME, 0, "timestamp", {"2038"}, "datetime"},
        {MR_CLASS_DATETIME, 0, "timestamp", {"1970"}, "datetime"},
        {MR_CLASS_DATETIME, 0, "timestamp", {"2020-00"}, "datetime"},
        {MR_CLASS_TIME, 2, "time(2)", {NULL}, "time(2)"},
        {MR_CLASS_TEXT, 0, "varchar(20)", {"abc"}, "varchar(20)"},
        {MR_CLASS_TEXT, 0, "char(2)", {"\xc3\xa4\xc3\xb6\xc3\xbc"}, "varchar(3)"},
        {MR_CLASS_TEXT, 0, "varchar(1001)", {"abc"}, "longtext"},
        {MR_CLASS_TEXT, 0, "text", {"abc"}, "longtext"},
        {MR_CLASS_TEXT, 0, "varchar(20)", {"\xff"}, "longblob"},
        {MR_CLASS_TEXT, 0, "uuid", {"123e4567-e89b-12d3-a456-426614174000"}, "varchar(36)"},
        {MR_CLASS_TEXT, 0, "int(11)", {"12"}, "varchar(2)"},
        {MR_CLASS_TEXT, 0, NULL, {"12"}, "longtext"},
        {MR_CLASS_ENUM, 0, "enum('a(99)','bb')", {"bb"}, "varchar(2)"},
        {MR_CLASS_ENUM, 0, "set('a','b')", {""}, "varchar(1)"},
        {MR_CLASS_BINARY, 0, "varbinary(8)", {"abc"}, "varbinary(8)"},
        {MR_CLASS_BINARY, 0, "binary(2)", {"abc"}, "varbinary(3)"},
        {MR_CLASS_BINARY, 0, "varbinary(5000)", {"abc"}, "longblob"},
        {MR_CLASS_BINARY, 0, "blob", {"abc"}, "longblob"},
        {MR_CLASS_BINARY, 0, "vector(3)", {"abc"}, "longblob"},
        {MR_CLASS_GEOMETRY, 0, "point", {"abc"}, "longblob"},
        {MR_CLASS_JSON, 0, "json", {"{}"}, "longtext"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_value_style style = {cases[i].cls, cases[i].decimals};
        const char *type = type_of(style, cases[i].declared, cases[i].values, 0);
        if (strcmp(type, cases[i].type) != 0)
            fail_msg("%s with \"%s\": %s, expected %s",
                     cases[i].declared != NULL ? cases[i].declared : "(unknown)",
                     cases[i].values[0] != NULL ? cases[i].values[0] : "", type, cases[i].type);
    }
}

/* A row has a limit: what is too much goes where it does not count. */
static void test_wide_rows(void **state)
{
    static const char *const values[] = {"abc", NULL};
    const struct mr_value_style text = {MR_CLASS_TEXT, 0}, bytes = {MR_CLASS_BINARY, 0};
    (void)state;
    assert_string_equal(type_of(text, "varchar(1000)", values, 55900), "varchar(1000)");
    assert_string_equal(type_of(text, "varchar(1000)", values, 56000), "longtext");
    assert_string_equal(type_of(bytes, "varbinary(4000)", values, 55900), "varbinary(4000)");
    assert_string_equal(type_of(bytes, "varbinary(4000)", values, 56000), "longblob");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_wide_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
