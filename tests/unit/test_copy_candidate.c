/* test_copy_candidate.c: values that a parked row may have, by the type of its column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/row/value_text.h"
#include "repair/copy/copy_park.h"

static const struct {
    struct mr_column col;
    enum mr_class cls;
    const char *first, *second; /* NULL: none */
    uint64_t last;              /* the last one that there is; 0: more than are tried */
} types[] = {
    {{.data_type = "tinyint", .type = "tinyint(4)"}, MR_CLASS_INT, "127", "126", 126},
    {{.data_type = "tinyint", .type = "tinyint unsigned", .is_unsigned = true},
     MR_CLASS_UINT,
     "255",
     "254",
     254},
    {{.data_type = "smallint", .type = "smallint"}, MR_CLASS_INT, "32767", "32766", 0},
    {{.data_type = "mediumint", .type = "mediumint"}, MR_CLASS_INT, "8388607", "8388606", 0},
    {{.data_type = "int", .type = "int(10) unsigned", .is_unsigned = true},
     MR_CLASS_UINT,
     "4294967295",
     "4294967294",
     0},
    {{.data_type = "bigint", .type = "bigint"},
     MR_CLASS_INT,
     "9223372036854775807",
     "9223372036854775806",
     0},
    {{.data_type = "bigint", .type = "bigint unsigned", .is_unsigned = true},
     MR_CLASS_UINT,
     "18446744073709551615",
     "18446744073709551614",
     0},
    {{.data_type = "year", .type = "year"}, MR_CLASS_UINT, "2155", "2154", 249},
    {{.data_type = "bit", .type = "bit(8)"}, MR_CLASS_UINT, NULL, NULL, 0},
    {{.data_type = "decimal", .type = "decimal(5,2)"}, MR_CLASS_DECIMAL, "999", "998", 998},
    {{.data_type = "decimal", .type = "decimal(3,3)"}, MR_CLASS_DECIMAL, NULL, NULL, 0},
    {{.data_type = "double", .type = "double"}, MR_CLASS_DOUBLE, "16777216", "16777215", 0},
    {{.data_type = "float", .type = "float(5,2)"}, MR_CLASS_DOUBLE, NULL, NULL, 0},
    {{.data_type = "varchar", .type = "varchar(40)", .charset = "utf8mb4"},
     MR_CLASS_TEXT,
     "myrecon 0",
     "myrecon 1",
     0},
    {{.data_type = "char", .type = "char(1)", .charset = "latin1"}, MR_CLASS_TEXT, "Z", "Y", 35},
    {{.data_type = "varchar", .type = "varchar(12)", .charset = "ascii"},
     MR_CLASS_TEXT,
     "ZZZZZZ",
     "YZZZZZ",
     0},
    {{.data_type = "varchar", .type = "varchar(40)", .charset = "utf16le"},
     MR_CLASS_TEXT,
     NULL,
     NULL,
     0},
    {{.data_type = "longtext", .type = "longtext", .charset = "utf8mb4", .is_json = true},
     MR_CLASS_TEXT,
     NULL,
     NULL,
     0},
    {{.data_type = "uuid", .type = "uuid", .charset = "ascii"},
     MR_CLASS_TEXT,
     "ffffffff-ffff-ffff-ffff-ffffffffffff",
     "ffffffff-ffff-ffff-ffff-fffffffffffe",
     65534},
    {{.data_type = "inet6", .type = "inet6", .charset = "ascii"},
     MR_CLASS_TEXT,
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
     65534},
    {{.data_type = "inet4", .type = "inet4", .charset = "ascii"},
     MR_CLASS_TEXT,
     "255.255.255.255",
     "255.255.255.254",
     255},
    {{.data_type = "xmltype", .type = "xmltype", .charset = "utf8mb4"},
     MR_CLASS_TEXT,
     NULL,
     NULL,
     0},
    {{.data_type = "date", .type = "date"}, MR_CLASS_DATE, "9999-12-28", "9999-12-27", 0},
    {{.data_type = "timestamp", .type = "timestamp"},
     MR_CLASS_DATETIME,
     "2037-12-28 00:00:00",
     "2037-12-27 00:00:00",
     0},
    {{.data_type = "time", .type = "time"}, MR_CLASS_TIME, "838:59:59", "838:59:58", 0},
    {{.data_type = "enum", .type = "enum('a')"}, MR_CLASS_ENUM, NULL, NULL, 0},
};

static void check_text(const struct mr_strbuf *bytes, enum mr_class cls, const char *want)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_value value;
    size_t pos = 0;
    assert_int_equal(mr_row_decode(bytes->ptr, bytes->len, &pos, &value, NULL), MR_OK);
    assert_int_equal(pos, bytes->len);
    mr_value_to_text(&text, &value, (struct mr_value_style){.cls = cls});
    assert_string_equal(text.ptr, want);
    mr_strbuf_release(&text);
}

static void counts_down_from_the_upper_end(void **state)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        bool any = mr_copy_candidate(&types[i].col, types[i].cls, 0, &bytes);
        assert_int_equal(any, types[i].first != NULL);
        if (!any)
            continue;
        check_text(&bytes, types[i].cls, types[i].first);
        assert_true(mr_copy_candidate(&types[i].col, types[i].cls, 1, &bytes));
        check_text(&bytes, types[i].cls, types[i].second);
    }
    mr_strbuf_release(&bytes);
}

static void ends_where_the_type_does(void **state)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint64_t last = types[i].last;
        if (types[i].first == NULL)
            continue;
        assert_true(mr_copy_candidate(&types[i].col, types[i].cls, last > 0 ? last : 4000, &bytes));
        if (last > 0)
            assert_false(mr_copy_candidate(&types[i].col, types[i].cls, last + 1, &bytes));
    }
    mr_strbuf_release(&bytes);
}

static void never_gives_one_twice(void **state)
{
    enum { TRIES = 1500 };
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (uint64_t k = 0; k < TRIES; k++) {
            if (!mr_copy_candidate(&types[i].col, types[i].cls, k, &a) ||
                !mr_copy_candidate(&types[i].col, types[i].cls, k + 1 + k % 7, &b))
                break;
            assert_false(a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0);
        }
    mr_strbuf_release(&a);
    mr_strbuf_release(&b);
}

static void keeps_the_length_of_binary(void **state)
{
    static const struct mr_column fixed = {.data_type = "binary", .type = "binary(16)"};
    static const struct mr_column one = {.data_type = "binary", .type = "binary(1)"};
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct mr_value value;
    size_t pos = 0;
    (void)state;
    assert_true(mr_copy_candidate(&fixed, MR_CLASS_BINARY, 2, &bytes));
    assert_int_equal(mr_row_decode(bytes.ptr, bytes.len, &pos, &value, NULL), MR_OK);
    assert_int_equal(value.len, 16);
    assert_int_equal(((const unsigned char *)value.ptr)[14], 0xff);
    assert_int_equal(((const unsigned char *)value.ptr)[15], 0xfd);
    assert_true(mr_copy_candidate(&one, MR_CLASS_BINARY, 255, &bytes));
    assert_false(mr_copy_candidate(&one, MR_CLASS_BINARY, 256, &bytes));
    mr_strbuf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_down_from_the_upper_end),
        cmocka_unit_test(ends_where_the_type_does),
        cmocka_unit_test(never_gives_one_twice),
        cmocka_unit_test(keeps_the_length_of_binary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
