/* test_column_fit.c: what a column can hold, value by value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/schema/column_fit.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* A column by its type, as the catalogue has it; " NULL", charset behind "/". */
static struct mr_column column_of(const char *said, char type[128])
{
    static const struct {
        const char *data_type;
        enum mr_class cls;
    } classes[] = {{"tinyint", MR_CLASS_INT},       {"smallint", MR_CLASS_INT},
                   {"mediumint", MR_CLASS_INT},     {"int", MR_CLASS_INT},
                   {"bigint", MR_CLASS_INT},        {"year", MR_CLASS_UINT},
                   {"bit", MR_CLASS_UINT},          {"float", MR_CLASS_FLOAT},
                   {"double", MR_CLASS_DOUBLE},     {"decimal", MR_CLASS_DECIMAL},
                   {"char", MR_CLASS_TEXT},         {"varchar", MR_CLASS_TEXT},
                   {"tinytext", MR_CLASS_TEXT},     {"text", MR_CLASS_TEXT},
                   {"mediumtext", MR_CLASS_TEXT},   {"longtext", MR_CLASS_TEXT},
                   {"uuid", MR_CLASS_TEXT},         {"inet6", MR_CLASS_TEXT},
                   {"enum", MR_CLASS_ENUM},         {"set", MR_CLASS_ENUM},
                   {"binary", MR_CLASS_BINARY},     {"varbinary", MR_CLASS_BINARY},
                   {"tinyblob", MR_CLASS_BINARY},   {"blob", MR_CLASS_BINARY},
                   {"point", MR_CLASS_GEOMETRY},    {"geometry", MR_CLASS_GEOMETRY},
                   {"json", MR_CLASS_JSON},         {"date", MR_CLASS_DATE},
                   {"datetime", MR_CLASS_DATETIME}, {"timestamp", MR_CLASS_DATETIME},
                   {"time", MR_CLASS_TIME}};
    static char data_type[LEN(classes)][16];
    struct mr_column c = {.name = "c", .type = type};
    size_t len = strcspn(said, "/");
    const char *charset = said[len] == '/' ? said + len + 1 : NULL;
    assert_true(len < 128);
    memcpy(type, said, len);
    type[len] = '\0';
    if (len > 5 && strcmp(type + len - 5, " NULL") == 0) {
        c.nullable = true;
        type[len - 5] = '\0';
    }
    size_t word = strcspn(type, "( ");
    for (size_t i = 0; i < LEN(classes); i++)
        if (strlen(classes[i].data_type) == word &&
            strncmp(classes[i].data_type, type, word) == 0) {
            memcpy(data_type[i], type, word);
            c.data_type = data_type[i];
            c.cls = classes[i].cls;
        }
    assert_int_not_equal(c.cls, 0);
    if (strcmp(type, "longtext json") == 0) /* MariaDB's */
        c.cls = MR_CLASS_JSON;
    c.is_unsigned = strstr(type, "unsigned") != NULL;
    c.is_set = strncmp(type, "set", 3) == 0;
    c.empty_member = strstr(type, "''") != NULL && strstr(type, "('')") != NULL;
    c.charset = charset != NULL                                    ? charset
                : c.cls == MR_CLASS_TEXT || c.cls == MR_CLASS_ENUM ? "utf8mb4"
                                                                   : NULL;
    if (c.cls == MR_CLASS_DATETIME || c.cls == MR_CLASS_TIME) {
        const char *open = strchr(type, '(');
        c.decimals = open != NULL ? (unsigned)strtoul(open + 1, NULL, 10) : 0;
    }
    return c;
}

#define OPEN20 "[[[[[[[[[[[[[[[[[[[["
#define CLOSE20 "]]]]]]]]]]]]]]]]]]]]"
#define DEEP100(inner)                                                                             \
    OPEN20 OPEN20 OPEN20 OPEN20 OPEN20 inner CLOSE20 CLOSE20 CLOSE20 CLOSE20 CLOSE20

enum { T, I, U, D, N, B, J, DE, M, H }; /* kinds of values below */

struct fit_case {
    const char *to, *from; /* from NULL: a person's */
    int kind;
    const char *text; /* of what is written; a time for M and H */
    enum mr_fit fit;
    const char *why; /* part of it */
};

static struct mr_value value_of(const struct fit_case *c)
{
    struct mr_value v = {.ptr = c->text, .len = c->text != NULL ? strlen(c->text) : 0};
    unsigned part[7] = {0};
    switch (c->kind) {
    case T: v.cls = MR_CLASS_TEXT; break;
    case I: return (struct mr_value){.cls = MR_CLASS_INT, .i = strtoll(c->text, NULL, 10)};
    case U: return (struct mr_value){.cls = MR_CLASS_UINT, .u = strtoull(c->text, NULL, 10)};
    case D: return (struct mr_value){.cls = MR_CLASS_DOUBLE, .d = strtod(c->text, NULL)};
    case N: v.cls = MR_CLASS_NULL; break;
    case B: v.cls = MR_CLASS_BINARY; break;
    case J: v.cls = MR_CLASS_JSON; break;
    case DE: v.cls = MR_CLASS_DECIMAL; break;
    default: { /* "Y M D h m s us" */
        char *at = (char *)(uintptr_t)c->text;
        for (size_t i = 0; i < LEN(part); i++)
            part[i] = (unsigned)strtoul(at, &at, 10);
        v = (struct mr_value){.cls = c->kind == M ? MR_CLASS_DATETIME : MR_CLASS_TIME};
        v.t = (struct mr_time){.year = part[0],
                               .month = part[1],
                               .day = part[2],
                               .hour = part[3],
                               .minute = part[4],
                               .second = part[5],
                               .micros = part[6]};
    }
    }
    return v;
}

#define YES MR_FIT_YES, ""
#define CLEF "\xf0\x9d\x84\x9e" /* U+1D11E */
#define EURO "\xe2\x82\xac"
#define BETA "\xce\xb2"

static const struct fit_case cases[] = {
    /* nothing */
    {"int NULL", "int", N, NULL, YES},
    {"int", "int NULL", N, NULL, MR_FIT_NO, "NOT NULL"},
    /* integers */
    {"smallint", "int", I, "32767", YES},
    {"smallint", "int", I, "32768", MR_FIT_NO, "32768 is out of range of smallint"},
    {"smallint", "int", I, "-32768", YES},
    {"smallint", "int", I, "-32769", MR_FIT_NO, "-32769"},
    {"smallint unsigned", "int", I, "65535", YES},
    {"smallint unsigned", "int", I, "-1", MR_FIT_NO, "-1 is out of range"},
    {"tinyint", "smallint", I, "-128", YES},
    {"tinyint", "smallint", I, "128", MR_FIT_NO, ""},
    {"tinyint unsigned", "smallint", I, "255", YES},
    {"mediumint", "int", I, "8388608", MR_FIT_NO, ""},
    {"mediumint unsigned", "int", I, "16777215", YES},
    {"int", "bigint", I, "-2147483648", YES},
    {"int", "bigint", I, "2147483648", MR_FIT_NO, ""},
    {"int unsigned", "bigint", I, "4294967295", YES},
    {"bigint", "bigint unsigned", U, "9223372036854775808", MR_FIT_NO, ""},
    {"bigint unsigned", "bigint unsigned", U, "18446744073709551615", YES},
    {"bigint", "bigint", I, "-9223372036854775808", YES},
    /* mapped ids are judged, though the definition is the same */
    {"smallint", "smallint", I, "40000", MR_FIT_NO, ""},
    {"year", "int", I, "2155", YES},
    {"year", "int", I, "0", YES},
    {"year", "int", I, "1900", MR_FIT_NO, ""},
    {"year", "int", I, "1901", YES},
    {"year", "int", I, "2156", MR_FIT_NO, ""},
    {"bit(3)", "bit(8)", U, "7", YES},
    {"bit(3)", "bit(8)", U, "8", MR_FIT_NO, ""},
    {"bit(64)", "bigint unsigned", U, "18446744073709551615", YES},
    /* texts that are numbers */
    {"int", "varchar(9)", T, "12", YES},
    {"int", "varchar(9)", T, "012", MR_FIT_NO, "no number"},
    {"int", "varchar(9)", T, "12.50", MR_FIT_NO, ""},
    {"int", "varchar(9)", T, " 12", MR_FIT_NO, ""},
    {"int", "varchar(9)", T, "", MR_FIT_NO, ""},
    {"int", "varchar(9)", T, "12 apes", MR_FIT_NO, ""},
    {"int", "decimal(9,2)", T, "12.00", YES},
    {"int", "decimal(9,2)", T, "12.50", MR_FIT_NO, "12.5 is no whole number"},
    {"int", NULL, T, "007", YES},
    {"int", NULL, T, "1e3", YES},
    {"int", NULL, T, "1e 3", MR_FIT_NO, "no number"},
    {"int", "varchar(20)", T, "1e999999999999999", MR_FIT_NO, "no number"},
    {"double", NULL, T, "1e-9999", MR_FIT_NO, "no number"},
    {"year", NULL, T, "0000", YES},
    {"year", "varchar(4)", T, "0", MR_FIT_NO, "no number"},
    /* decimals */
    {"decimal(10,2)", "decimal(12,4)", DE, "12.34", YES},
    {"decimal(10,2)", "decimal(12,4)", DE, "12.345", MR_FIT_NO, "rounded in decimal(10,2)"},
    {"decimal(10,2)", "decimal(12,4)", DE, "99999999.99", YES},
    {"decimal(10,2)", "decimal(12,2)", DE, "100000000", MR_FIT_NO, "out of range"},
    {"decimal(10,0)", "decimal(12,2)", DE, "0.5", MR_FIT_NO, "0.5 would be rounded"},
    {"decimal(3,3)", "decimal(12,3)", DE, "0.001", YES},
    {"decimal(3,3)", "decimal(12,3)", DE, "1", MR_FIT_NO, ""},
    {"decimal(10,2) unsigned", "decimal(12,2)", DE, "-0.01", MR_FIT_NO, "negative"},
    {"decimal(10,2) unsigned", "decimal(12,2)", DE, "0", YES},
    {"decimal(5,1)", "double", T, "1.5e3", YES},
    {"decimal(5,1)", "double", T, "1.5e4", MR_FIT_NO, ""},
    /* doubles */
    {"float", "double", D, "0.5", YES},
    {"float", "double", D, "0.1", MR_FIT_NO, "loses digits in float"},
    {"float", "double", D, "16777217", MR_FIT_NO, ""},
    {"double", "float", D, "0.1", YES},
    {"double unsigned", "double", D, "-1", MR_FIT_NO, "negative"},
    {"double(10,2)", "double", D, "1.25", YES},
    {"double(10,2)", "double", D, "1.255", MR_FIT_NO, "rounded"},
    {"double(10,2)", "double", D, "1e9", MR_FIT_NO, "out of range"},
    {"double", "decimal(20,10)", T, "0.1", YES},
    {"double", "decimal(20,10)", T, "1234567890.123456789", MR_FIT_NO, "loses digits"},
    {"float", "decimal(20,10)", T, "0.1234567", MR_FIT_NO, ""},
    /* texts: length */
    {"varchar(3)", "varchar(9)", T, "abc", YES},
    {"varchar(3)", "varchar(9)", T, "abcd", MR_FIT_NO, "4 characters, varchar(3) holds 3"},
    {"varchar(3)", "varchar(9)", T, "abc ", MR_FIT_NO, ""},
    {"varchar(3)", "varchar(9)", T, "" BETA BETA BETA, YES},
    {"char(4)", "varchar(9)", T, "abc ", MR_FIT_NO, "blanks at the end"},
    {"char(4)", "varchar(9)", T, " abc", YES},
    {"varchar(4)", "char(4)", T, "abc", YES},
    {"varchar(3)", "int", T, "1234", MR_FIT_NO, ""},
    {"varchar(4)", "int", T, "1234", YES},
    /* charsets */
    {"varchar(9)/latin1", "varchar(9)", T, "caf\xc3\xa9", YES},
    {"varchar(9)/latin1", "varchar(9)", T, EURO, YES},
    {"varchar(9)/latin1", "varchar(9)", T, BETA, MR_FIT_NO, "U+03B2, which latin1 lacks"},
    {"varchar(9)/latin1", "varchar(9)", T, CLEF, MR_FIT_NO, "U+1D11E"},
    {"varchar(9)/ascii", "varchar(9)", T, "plain", YES},
    {"varchar(9)/ascii", "varchar(9)", T, "caf\xc3\xa9", MR_FIT_NO, "U+00E9"},
    {"varchar(9)/utf8mb3", "varchar(9)", T, EURO, YES},
    {"varchar(9)/utf8mb3", "varchar(9)", T, CLEF, MR_FIT_NO, "U+1D11E"},
    {"varchar(9)/utf8", "varchar(9)", T, CLEF, MR_FIT_NO, ""},
    {"varchar(9)/ucs2", "varchar(9)", T, CLEF, MR_FIT_NO, ""},
    {"varchar(9)/utf16", "varchar(9)", T, CLEF, YES},
    {"varchar(9)/cp1251", "varchar(9)", T, "plain", YES},
    {"varchar(9)/cp1251", "varchar(9)", T, EURO, MR_FIT_ASK, ""},
    {"varchar(9)", "varbinary(9)", B, "\xff", MR_FIT_NO, "no text of utf8mb4"},
    {"varchar(9)", "varchar(9)", T, CLEF, YES},
    /* ENUM and SET */
    {"enum('a','b')", "enum('a','b','c')", T, "b", YES},
    {"enum('a','b')", "enum('a','b','c')", T, "c", MR_FIT_NO, "\"c\" is no member"},
    {"enum('a','b')", "enum('a','b','c')", T, "", YES},
    {"enum('a','b')", "enum('A','b')", T, "A", MR_FIT_NO, "spelled otherwise"},
    {"enum('a','A')", "enum('A','a','b')", T, "A", YES},
    {"enum('a','b')", "varchar(9)", T, "", MR_FIT_NO, ""},
    {"enum('a','b')", "varchar(9)", T, "1", MR_FIT_NO, ""},
    {"enum('','b')", "varchar(9)", T, "b", YES},
    {"enum('it''s','x,y')", "varchar(9)", T, "it's", YES},
    {"enum('it''s','x,y')", "varchar(9)", T, "x,y", YES},
    {"enum('it''s','x,y')", "varchar(9)", T, "x", MR_FIT_NO, ""},
    {"enum('a\\\\b')", "varchar(9)", T, "a\\b", YES},
    {"set('a','b','c')", "set('a','b','c','d')", T, "a,c", YES},
    {"set('a','b','c')", "set('a','b','c','d')", T, "", YES},
    {"set('a','b','c')", "set('a','b','c','d')", T, "a,d", MR_FIT_NO, "\"d\" is no member"},
    {"set('b','a')", "set('a','b')", T, "a,b", MR_FIT_NO, "another order"},
    /* times */
    {"datetime", "datetime(6)", M, "2026 4 2 12 11 0 0", YES},
    {"datetime", "datetime(6)", M, "2026 4 2 12 11 0 500000", MR_FIT_NO, "fractions"},
    {"datetime(3)", "datetime(6)", M, "2026 4 2 12 11 0 500000", YES},
    {"datetime(3)", "datetime(6)", M, "2026 4 2 12 11 0 500001", MR_FIT_NO, ""},
    {"timestamp", "datetime", M, "2038 1 19 3 14 7 0", YES},
    {"timestamp", "datetime", M, "2038 1 19 3 14 8 0", MR_FIT_NO, "out of range"},
    {"timestamp", "datetime", M, "1970 1 1 0 0 0 0", MR_FIT_NO, ""},
    {"timestamp", "datetime", M, "1970 1 1 0 0 1 0", YES},
    {"timestamp", "datetime", M, "0 0 0 0 0 0 0", YES},
    {"timestamp", "datetime", M, "2023 2 30 0 0 0 0", MR_FIT_NO, ""},
    {"datetime", "datetime", M, "2023 2 30 0 0 0 0", YES},
    {"date", "datetime", T, "2026-04-02 00:00:00", YES},
    {"date", "datetime", T, "2026-04-02 00:00:01", MR_FIT_NO, "time of the day is lost"},
    {"datetime", "date", T, "2026-04-02", YES},
    {"date", "varchar(20)", T, "2026-02-30", MR_FIT_NO, "no such day"},
    {"date", "varchar(20)", T, "tomorrow", MR_FIT_NO, "no time"},
    {"time", "time(3)", H, "0 0 0 12 0 0 1000", MR_FIT_NO, "fractions"},
    {"time", "varchar(20)", T, "-838:59:59", YES},
    {"time", "varchar(20)", T, "839:00:00", MR_FIT_NO, "out of range"},
    /* bytes */
    {"varbinary(3)", "varbinary(9)", B, "abc", YES},
    {"varbinary(3)", "varbinary(9)", B, "abcd", MR_FIT_NO, "4 bytes, varbinary(3) holds 3"},
    {"binary(3)", "varbinary(9)", B, "ab", MR_FIT_NO, "padded"},
    {"binary(3)", "varbinary(9)", B, "abc", YES},
    {"binary(3)", "binary(3)", B, "abc", YES},
    /* JSON, and types of MariaDB */
    {"json", "text", T, "{\"a\": 1}", YES},
    {"json", "text", T, "{a}", MR_FIT_NO, "no JSON"},
    {"varchar(5)", "json", J, "{\"a\": 1}", MR_FIT_NO, "8 characters"},
    {"json", "longtext json", J, "{\"a\": [1, \"[\", -1.5e308]}", YES},
    {"json", "longtext json", J, "no json", MR_FIT_NO, "no JSON"},
    {"json", "longtext json", J, "{\"a\": 1e999}", MR_FIT_NO, "beyond DOUBLE"},
    {"json", "longtext json", J, DEEP100("1"), YES},
    {"json", "longtext json", J, DEEP100("[]"), MR_FIT_NO, "nesting"},
    {"json", "longtext json", J, DEEP100("\"[]\\\"[\""), YES},
    {"json", "longtext json", J, "\"\\ud800\"", MR_FIT_NO, "half a character"},
    {"json", "longtext json", J, "\"\\\\ud800\"", YES},
    {"json", "text", T, "-1e999", MR_FIT_NO, "beyond DOUBLE"},
    {"json", NULL, T, "-1e999", MR_FIT_NO, "beyond DOUBLE"},
    {"json", "json", J, "1e999", YES}, /* it is there */
    {"longtext json", "json", J, "1e999", YES},
    {"longtext json", "longtext json", J, "no json", YES},
    {"longtext json", "text", T, "1e999", YES},
    {"uuid", "char(36)", T, "123e4567-e89b-12d3-a456-426614174000", YES},
    {"uuid", "char(36)", T, "123E4567-e89b-12d3-a456-426614174000", MR_FIT_NO, ""},
    {"inet6", "varchar(40)", T, "::1", YES},
    {"inet6", "varchar(40)", T, "0:0:0:0:0:0:0:1", MR_FIT_NO, "gives back"},
};

static void test_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct fit_case *c = &cases[i];
        char to_type[128], from_type[128];
        struct mr_strbuf why = MR_STRBUF_INIT;
        struct mr_column to = column_of(c->to, to_type);
        struct mr_column from = c->from != NULL ? column_of(c->from, from_type) : to;
        struct mr_value value = value_of(c);
        const struct mr_fit_value v = {.value = &value, .from = c->from != NULL ? &from : NULL};
        enum mr_fit fit = mr_column_fit(&to, &v, &why);
        if (fit != c->fit || strstr(why.ptr, c->why) == NULL)
            fail_msg("%s from %s, %s: %d, \"%s\"", c->to, c->from, c->text, fit, why.ptr);
        assert_true((fit == MR_FIT_NO) == (why.len > 0));
        mr_strbuf_release(&why);
    }
}

static enum mr_fit fit_long(const char *type, size_t len, uint64_t packet)
{
    char name[128];
    struct mr_strbuf why = MR_STRBUF_INIT;
    struct mr_column to = column_of(type, name);
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'x', len);
    struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = text, .len = len};
    const struct mr_fit_value v = {.value = &value, .most_bytes = packet};
    enum mr_fit fit = mr_column_fit(&to, &v, &why);
    free(text);
    mr_strbuf_release(&why);
    return fit;
}

static void test_bytes(void **state)
{
    (void)state;
    assert_int_equal(fit_long("tinytext", 255, 0), MR_FIT_YES);
    assert_int_equal(fit_long("tinytext", 256, 0), MR_FIT_NO);
    assert_int_equal(fit_long("text", 65535, 0), MR_FIT_YES);
    assert_int_equal(fit_long("text", 65536, 0), MR_FIT_NO);
    assert_int_equal(fit_long("tinytext/utf16", 128, 0), MR_FIT_NO); /* two bytes each */
    assert_int_equal(fit_long("longtext", 1024, 1024), MR_FIT_YES);
    assert_int_equal(fit_long("longtext", 1025, 1024), MR_FIT_NO);
}

/* What a server said of the text is believed. */
static void test_asked(void **state)
{
    char name[128];
    struct mr_strbuf why = MR_STRBUF_INIT;
    struct mr_column to = column_of("varchar(9)/cp1251", name);
    struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = BETA, .len = 2};
    struct mr_fit_value v = {.value = &value, .asked = true, .exact = true, .bytes = 1};
    (void)state;
    assert_int_equal(mr_column_fit(&to, &v, &why), MR_FIT_YES);
    v.exact = false;
    assert_int_equal(mr_column_fit(&to, &v, &why), MR_FIT_NO);
    assert_non_null(strstr(why.ptr, "characters that cp1251 lacks"));
    mr_strbuf_release(&why);
}

/* Text of a point: SRID, byte order, type. */
static void test_shapes(void **state)
{
    static const unsigned char point[25] = {0, 0, 0, 0, 1, 1};
    char name[128];
    struct mr_strbuf why = MR_STRBUF_INIT;
    struct mr_column any = column_of("geometry", name);
    struct mr_value value = {.cls = MR_CLASS_GEOMETRY, .ptr = point, .len = sizeof point};
    const struct mr_fit_value v = {.value = &value, .from = &any};
    struct mr_column to = any;
    (void)state;
    to.type = to.data_type = "point";
    assert_int_equal(mr_column_fit(&to, &v, &why), MR_FIT_YES);
    to.type = to.data_type = "polygon";
    assert_int_equal(mr_column_fit(&to, &v, &why), MR_FIT_NO);
    mr_strbuf_release(&why);
}

/* The first four bytes of a geometry; MySQL's columns may take one SRID only. */
static void test_srid(void **state)
{
    static const unsigned char point[25] = {0xe6, 0x10, 0, 0, 1, 1}; /* 4326 */
    static const struct {
        const char *type, *from, *to; /* SRID of the columns */
        enum mr_fit fit;
    } demands[] = {{"point", "4326", NULL, MR_FIT_YES},   {"point", "4326", "4326", MR_FIT_YES},
                   {"point", NULL, "4326", MR_FIT_YES},   {"point", NULL, "3857", MR_FIT_NO},
                   {"geometry", NULL, "0", MR_FIT_NO},    {"geometry", NULL, NULL, MR_FIT_YES},
                   {"geometry", NULL, "4326", MR_FIT_YES}};
    (void)state;
    for (size_t i = 0; i < sizeof demands / sizeof demands[0]; i++) {
        char name[128];
        struct mr_strbuf why = MR_STRBUF_INIT;
        struct mr_column from = column_of(demands[i].type, name), to = from;
        struct mr_value value = {.cls = MR_CLASS_GEOMETRY, .ptr = point, .len = sizeof point};
        const struct mr_fit_value v = {.value = &value, .from = &from};
        from.srid = demands[i].from;
        to.srid = demands[i].to;
        assert_int_equal(mr_column_fit(&to, &v, &why), demands[i].fit);
        if (demands[i].fit == MR_FIT_NO)
            assert_non_null(strstr(why.ptr, "SRID 4326, the column takes SRID"));
        mr_strbuf_release(&why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),    cmocka_unit_test(test_bytes), cmocka_unit_test(test_asked),
        cmocka_unit_test(test_shapes), cmocka_unit_test(test_srid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
