/* test_binlog_value.c: values of row images, type by type with their extremes, and shapes. */
#include "binlog_sample.h"

#include "core/binlog/binlog_charset.h"

#define ROOM 512

static struct mr_server mariadb = {.flavour = MR_FLAVOUR_MARIADB, .version = 101119};
static struct mr_server mysql = {.flavour = MR_FLAVOUR_MYSQL, .version = 90704};

/* One column of a log beside one of today. */
struct pair {
    struct mr_binlog_column log;
    struct mr_column today;
    const struct mr_server *server;
};

static enum mr_code make_shape(const struct pair *p, struct mr_arena *arena,
                               struct mr_binlog_shape **shape, struct mr_err *err)
{
    const struct mr_binlog_table table = {
        .db = "d", .name = "t", .columns = &p->log, .ncolumns = 1};
    const struct mr_table today = {.db = "d", .name = "t", .columns = &p->today, .ncolumns = 1};
    return mr_binlog_shape_make(&table, &today, p->server != NULL ? p->server : &mysql, arena,
                                shape, err);
}

/* The value of one field, or the error's text. */
static const char *value_of(const struct pair *p, const char *hex)
{
    static char said[2048];
    uint8_t bytes[ROOM];
    const size_t len = bytes_of(hex, bytes, sizeof bytes);
    const struct mr_binlog_field field = {MR_BINLOG_BYTES, bytes, len};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf scratch = MR_STRBUF_INIT;
    struct mr_binlog_shape *shape = NULL;
    struct mr_value value;
    struct mr_err err = {0};
    bool seen = false;
    const char *text = NULL;
    if (make_shape(p, &arena, &shape, &err) == MR_OK &&
        mr_binlog_value(shape, 0, &field, NULL, &scratch, &seen, &value, &err) == MR_OK) {
        assert_true(seen);
        text = text_of(&value);
    }
    (void)snprintf(said, sizeof said, "%s", text != NULL ? text : err.message);
    mr_strbuf_release(&scratch);
    mr_arena_release(&arena);
    return said;
}

static const struct {
    uint8_t type;
    uint16_t meta;
    const char *today, *charset, *hex, *wanted;
} type_samples[] = {
    {MR_FIELD_TINY, 0, "tinyint(4)", NULL, "80", "int:-128"},
    {MR_FIELD_TINY, 0, "tinyint(3) unsigned", NULL, "80", "uint:128"},
    {MR_FIELD_SHORT, 0, "smallint", NULL, "ff7f", "int:32767"},
    {MR_FIELD_SHORT, 0, "smallint unsigned", NULL, "ffff", "uint:65535"},
    {MR_FIELD_INT24, 0, "mediumint", NULL, "000080", "int:-8388608"},
    {MR_FIELD_INT24, 0, "mediumint unsigned", NULL, "ffffff", "uint:16777215"},
    {MR_FIELD_LONG, 0, "int", NULL, "00000080", "int:-2147483648"},
    {MR_FIELD_LONG, 0, "int unsigned", NULL, "ffffffff", "uint:4294967295"},
    {MR_FIELD_LONGLONG, 0, "bigint", NULL, "0000000000000080", "int:-9223372036854775808"},
    {MR_FIELD_LONGLONG, 0, "bigint unsigned", NULL, "ffffffffffffffff",
     "uint:18446744073709551615"},
    {MR_FIELD_YEAR, 0, "year(4)", NULL, "00", "uint:0"},
    {MR_FIELD_YEAR, 0, "year(4)", NULL, "01", "uint:1901"},
    {MR_FIELD_YEAR, 0, "year(4)", NULL, "ff", "uint:2155"},
    {MR_FIELD_YEAR, 0, "year(2)", NULL, "00", "uint:0"}, /* of no year, and of 2000 */
    {MR_FIELD_YEAR, 0, "year(2)", NULL, "64", "uint:0"},
    {MR_FIELD_YEAR, 0, "year(2)", NULL, "a9", "uint:69"},
    {MR_FIELD_YEAR, 0, "year(2)", NULL, "46", "uint:70"},
    {MR_FIELD_FLOAT, 4, "float", NULL, "ffff7f7f", "float:3.4028235e38"},
    {MR_FIELD_FLOAT, 4, "float(7,2)", NULL, "cdcccc3d", "float:0.1"},
    {MR_FIELD_DOUBLE, 8, "double", NULL, "0000000000000080", "double:-0"},
    {MR_FIELD_DOUBLE, 8, "double", NULL, "0100000000000000", "double:5e-324"},
    {MR_FIELD_DOUBLE, 8, "double", NULL, "ffffffffffffef7f", "double:1.7976931348623157e308"},
    {MR_FIELD_NEWDECIMAL, 10 << 8 | 2, "decimal(10,2)", NULL, "80 00 00 00 01", "decimal:0.01"},
    {MR_FIELD_NEWDECIMAL, 10 << 8 | 2, "decimal(10,2)", NULL, "7f ff ff ff fe", "decimal:-0.01"},
    {MR_FIELD_NEWDECIMAL, 10 << 8 | 2, "decimal(12,4)", NULL, "85f5e0ff 63", "decimal:99999999.99"},
    {MR_FIELD_NEWDECIMAL, 9 << 8 | 9, "decimal(9,9)", NULL, "80000001", "decimal:0.000000001"},
    {MR_FIELD_NEWDECIMAL, 1 << 8, "decimal(1,0)", NULL, "76", "decimal:-9"},
    {MR_FIELD_NEWDECIMAL, 18 << 8 | 9, "decimal(18,9)", NULL, "bb9ac9ff 3b9ac9ff",
     "decimal:999999999.999999999"},
    {MR_FIELD_NEWDECIMAL, 10 << 8 | 2, "decimal(10,2)", NULL, "ff ff ff ff ff",
     "column \"c\": the log holds bytes that are no value of its type"},
    {MR_FIELD_BIT, 1, "bit(1)", NULL, "01", "uint:1"},
    {MR_FIELD_BIT, 1 << 8 | 1, "bit(9)", NULL, "01ff", "uint:511"},
    {MR_FIELD_BIT, 8 << 8, "bit(64)", NULL, "ffffffffffffffff", "uint:18446744073709551615"},
    {MR_FIELD_BIT, 2 << 8, "bit(20)", NULL, "8000", "uint:32768"},
    {MR_FIELD_VARCHAR, 40, "varchar(10)", "utf8mb4", "04 f09f9880", "text:\xf0\x9f\x98\x80"},
    {MR_FIELD_VARCHAR, 80, "varchar(20)", "utf8mb4", "00", "text:"},
    {MR_FIELD_VARCHAR, 256, "varchar(256)", "latin1", "0100 41", "text:A"},
    {MR_FIELD_VARCHAR, 255, "varbinary(255)", NULL, "02 0000", "binary:0000"},
    {MR_FIELD_STRING, 12, "char(3)", "utf8mb4", "01 41", "text:A"},
    {MR_FIELD_STRING, 1020, "char(255)", "utf8mb4", "0200 4142", "text:AB"},
    {MR_FIELD_STRING, 4, "binary(4)", NULL, "01 61", "binary:61000000"},
    {MR_FIELD_STRING, 4, "binary(4)", NULL, "00", "binary:00000000"},
    {MR_FIELD_STRING, 4, "binary(4)", NULL, "04 00000001", "binary:00000001"},
    {MR_FIELD_STRING, 4, "binary(4)", NULL, "05 0000000001",
     "column \"c\": the log holds bytes that are no value of its type"},
    {MR_FIELD_BLOB, 2, "blob", NULL, "0300 00ff00", "binary:00ff00"},
    {MR_FIELD_BLOB, 2, "longtext", "latin1", "0100 41", "text:A"},
    {MR_FIELD_BLOB, 4, "longtext", "utf8mb4", "02000000 c3a4", "text:\xc3\xa4"},
    {MR_FIELD_GEOMETRY, 4, "geometry", NULL, "04000000 e6100000", "geometry:e6100000"},
    {MR_FIELD_VECTOR, 4, "vector(1)", NULL, "04000000 0000803f", "binary:0000803f"},
    {MR_FIELD_ENUM, 1, "enum('a','b''c','')", "utf8mb4", "02", "enum:b'c"},
    {MR_FIELD_ENUM, 1, "enum('a','b')", "utf8mb4", "00", "enum:"},
    {MR_FIELD_ENUM, 2, "enum('a','\xc3\xa4')", "latin1", "0200", "enum:\xe4"},
    {MR_FIELD_ENUM, 1, "enum('a')", "utf8mb4", "02",
     "column \"c\": the log holds bytes that are no value of its type"},
    {MR_FIELD_SET, 1, "set('a','b','c')", "utf8mb4", "05", "enum:a,c"},
    {MR_FIELD_SET, 1, "set('a','b','c')", "utf8mb4", "00", "enum:"},
    {MR_FIELD_SET, 1, "set('a','b','c')", "utf8mb4", "08",
     "column \"c\": the log holds bytes that are no value of its type"},
    {MR_FIELD_DATE, 0, "date", NULL, "9f1f4e", "date:9999-12-31"},
    {MR_FIELD_DATE, 0, "date", NULL, "000000", "date:0000-00-00"},
    {MR_FIELD_DATE, 0, "date", NULL, "ff1f4e",
     "column \"c\": the log holds bytes that are no value of its type"},
    {MR_FIELD_TIME, 0, "time", NULL, "c70b80",
     "column \"c\": the log holds bytes that are no value of its type"},
    {MR_FIELD_TIME, 0, "time", NULL, "ffffff", "time:-00:00:01"},
    {MR_FIELD_TIME, 0, "time", NULL, "a7f57f", "time:838:59:59"},
    {MR_FIELD_TIME, 0, "time", NULL, "590a80", "time:-838:59:59"},
    {MR_FIELD_DATETIME, 0, "datetime", NULL, "7787d105f15a0000", "datetime:9999-12-31 23:59:59"},
    {MR_FIELD_TIME2, 0, "time", NULL, "b46efb", "time:838:59:59"},
    {MR_FIELD_TIME2, 0, "time", NULL, "4b9105", "time:-838:59:59"},
    {MR_FIELD_TIME2, 1, "time(1)", NULL, "7fffff f6", "time:-00:00:00.100000"},
    {MR_FIELD_TIME2, 4, "time(6)", NULL, "7fffff ffff", "time:-00:00:00.000100"},
    {MR_FIELD_TIME2, 6, "time(6)", NULL, "7fffff ffffff", "time:-00:00:00.000001"},
    {MR_FIELD_DATETIME, 0, "datetime", NULL, "7f9f1a8b 17510000",
     "column \"c\": the log holds bytes that are no value of its type"},
    {MR_FIELD_DATETIME2, 0, "datetime", NULL, "8000000000", "datetime:0000-00-00 00:00:00"},
    {MR_FIELD_DATETIME2, 6, "datetime(6)", NULL, "fef3ff7efb 0f423f",
     "datetime:9999-12-31 23:59:59.999999"},
    {MR_FIELD_DATETIME2, 3, "datetime(3)", NULL, "fef3ff7efb 2706",
     "datetime:9999-12-31 23:59:59.999000"},
    {MR_FIELD_TIMESTAMP, 0, "timestamp", NULL, "ffffff7f", "datetime:2038-01-19 03:14:07"},
    {MR_FIELD_TIMESTAMP2, 0, "timestamp", NULL, "00000000", "datetime:0000-00-00 00:00:00"},
    {MR_FIELD_TIMESTAMP2, 0, "timestamp", NULL, "00000001", "datetime:1970-01-01 00:00:01"},
    {MR_FIELD_TIMESTAMP2, 6, "timestamp(6)", NULL, "00000000 000000",
     "datetime:0000-00-00 00:00:00"},
    {MR_FIELD_TIMESTAMP2, 6, "timestamp(6)", NULL, "00000000 000001",
     "datetime:1970-01-01 00:00:00.000001"},
    {MR_FIELD_TIMESTAMP2, 2, "timestamp(2)", NULL, "7fffffff 63",
     "datetime:2038-01-19 03:14:07.990000"},
    {MR_FIELD_TIMESTAMP2, 0, "timestamp", NULL, "ffffffff", "datetime:2106-02-07 06:28:15"},
    {MR_FIELD_TIMESTAMP2, 6, "timestamp(6)", NULL, "38bc4fc0 000001",
     "datetime:2000-02-29 23:01:20.000001"},
    {MR_FIELD_JSON, 4, "json", NULL, "02000000 0401", "json:true"},
    {MR_FIELD_STRING, 16, "uuid", "ascii", "10 123456789abcdef01234000000000001",
     "text:12345678-9abc-def0-1234-000000000001"},
    {MR_FIELD_STRING, 16, "uuid", "ascii", "00", "text:00000000-0000-0000-0000-000000000000"},
    {MR_FIELD_STRING, 4, "inet4", "ascii", "01 0a", "text:10.0.0.0"},
    {MR_FIELD_STRING, 16, "inet6", "ascii", "00", "text:::"},
    {MR_FIELD_STRING, 16, "inet6", "ascii", "0d 00010002000300040005000600", "text:1:2:3:4:5:6::"},
    {MR_FIELD_STRING, 16, "inet6", "ascii", "10 00000000000000000000ffff01020304",
     "text:::ffff:1.2.3.4"},
    {MR_FIELD_STRING, 16, "inet6", "ascii", "10 20010000000000010000000000000001",
     "text:2001:0:0:1::1"},
};

static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof type_samples / sizeof type_samples[0]; i++) {
        const struct pair p = {
            .log = {.type = type_samples[i].type, .meta = type_samples[i].meta},
            .today = column_of(type_samples[i].today, type_samples[i].charset),
        };
        assert_string_equal(value_of(&p, type_samples[i].hex), type_samples[i].wanted);
    }
}

/* ---- shapes ---- */

static const struct {
    struct mr_binlog_column log;
    const char *today, *charset, *why; /* NULL: it fits */
} misfit_samples[] = {
    {{.type = MR_FIELD_LONG}, "bigint", NULL, "int in the log, bigint in the table"},
    {{.type = MR_FIELD_LONG, .has_sign = true},
     "int unsigned",
     NULL,
     "signed in the log, int unsigned in the table"},
    {{.type = MR_FIELD_LONG, .has_sign = true, .is_unsigned = true},
     "int",
     NULL,
     "unsigned in the log, int in the table"},
    {{.type = MR_FIELD_LONG, .has_sign = true, .is_unsigned = true}, "int unsigned", NULL, NULL},
    {{.type = MR_FIELD_YEAR, .has_sign = true, .is_unsigned = true}, "year", NULL, NULL},
    {{.type = MR_FIELD_DECIMAL},
     "decimal(5,2)",
     NULL,
     "decimal of old in the log, decimal(5,2) in the table"},
    {{.type = MR_FIELD_NEWDECIMAL, .meta = 8 << 8 | 2}, "decimal(10,2)", NULL, NULL},
    {{.type = MR_FIELD_NEWDECIMAL, .meta = 8 << 8 | 2},
     "decimal(8,3)",
     NULL,
     "decimal(8,2) in the log, decimal(8,3) in the table"},
    {{.type = MR_FIELD_NEWDECIMAL, .meta = 8 << 8 | 2},
     "decimal(8,1)",
     NULL,
     "decimal(8,2) in the log, decimal(8,1) in the table"},
    {{.type = MR_FIELD_BIT, .meta = 1 << 8 | 1},
     "bit(8)",
     NULL,
     "more bits in the log, bit(8) in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 200}, "varchar(50)", "utf8mb4", NULL},
    {{.type = MR_FIELD_VARCHAR, .meta = 200},
     "varchar(100)",
     "utf8mb4",
     "up to 200 bytes in the log, varchar(100) in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 200, .collation = 255}, "varchar(100)", "utf8mb4", NULL},
    {{.type = MR_FIELD_VARCHAR, .meta = 50}, /* it was latin1 */
     "varchar(50)",
     "utf8mb4",
     "up to 50 bytes in the log, varchar(50) in the table"},
    {{.type = MR_FIELD_STRING, .meta = 50},
     "char(50)",
     "utf8mb4",
     "up to 50 bytes in the log, char(50) in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 50}, "varbinary(60)", NULL, NULL},
    {{.type = MR_FIELD_VARCHAR, .meta = 200},
     "varchar(49)",
     "utf8mb4",
     "up to 200 bytes in the log, varchar(49) in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 50, .collation = 8},
     "varchar(50)",
     "utf8mb4",
     "latin1 in the log, utf8mb4 in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 150, .collation = 33}, "varchar(50)", "utf8mb3", NULL},
    {{.type = MR_FIELD_VARCHAR, .meta = 200, .collation = 255}, "varchar(50)", "utf8mb4", NULL},
    {{.type = MR_FIELD_VARCHAR, .meta = 50, .collation = 63},
     "varchar(50)",
     "latin1",
     "binary in the log, latin1 in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 50, .collation = 8},
     "varbinary(50)",
     NULL,
     "latin1 in the log, binary in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 50, .collation = 1000},
     "varchar(50)",
     "latin1",
     "a collation whose number is not known in the log, latin1 in the table"},
    {{.type = MR_FIELD_VARCHAR, .meta = 50},
     "char(50)",
     "latin1",
     "varchar or varbinary in the log, char(50) in the table"},
    {{.type = MR_FIELD_STRING, .meta = 4},
     "binary(5)",
     NULL,
     "a shorter one in the log, binary(5) in the table"},
    {{.type = MR_FIELD_STRING, .meta = 5},
     "binary(4)",
     NULL,
     "up to 5 bytes in the log, binary(4) in the table"},
    {{.type = MR_FIELD_STRING, .meta = 16},
     "inet4",
     "ascii",
     "char or binary in the log, inet4 in the table"},
    {{.type = MR_FIELD_BLOB, .meta = 4},
     "text",
     "utf8mb4",
     "a longer one in the log, text in the table"},
    {{.type = MR_FIELD_BLOB, .meta = 4},
     "json",
     NULL,
     "text or blob in the log, json in the table"},
    {{.type = MR_FIELD_BLOB_COMPRESSED, .meta = 2},
     "text",
     "utf8mb4",
     "a compressed column in the log, text in the table"},
    {{.type = MR_FIELD_TIME, .meta = 0},
     "time(3)",
     NULL,
     "a time of the old format in the log, time(3) in the table"},
    {{.type = MR_FIELD_TIME2, .meta = 6},
     "time(3)",
     NULL,
     "more digits of a second in the log, time(3) in the table"},
    {{.type = MR_FIELD_TIME2, .meta = 3}, "time(6)", NULL, NULL},
    {{.type = MR_FIELD_DATETIME2},
     "timestamp",
     NULL,
     "datetime in the log, timestamp in the table"},
    {{.type = MR_FIELD_ENUM, .meta = 1},
     "set('a')",
     "utf8mb4",
     "enum in the log, set('a') in the table"},
    {{.type = MR_FIELD_ENUM, .meta = 3},
     "enum('a')",
     "utf8mb4",
     "one of no known width in the log, enum('a') in the table"},
    {{.type = MR_FIELD_ENUM, .meta = 1},
     "enum('a?')",
     "utf8mb4",
     "the log does not say its members, and a \"?\" in the catalogue's may be any character"},
    {{.type = MR_FIELD_ENUM, .meta = 1}, "enum('a?')", "latin1", NULL},
    {{.type = MR_FIELD_ENUM, .meta = 1},
     "enum('\xc3\xa4')",
     "koi8r",
     "the log does not say its members, and what they are in its character set is not known"},
    {{.type = MR_FIELD_ENUM, .meta = 1, .collation = 8},
     "enum('a')",
     "utf8mb4",
     "latin1 in the log, utf8mb4 in the table"},
    {{.type = 200}, "int", NULL, "a type that is not known in the log, int in the table"},
};

static void test_misfits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof misfit_samples / sizeof misfit_samples[0]; i++) {
        const struct pair p = {.log = misfit_samples[i].log,
                               .today =
                                   column_of(misfit_samples[i].today, misfit_samples[i].charset)};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_binlog_shape *shape = NULL;
        struct mr_err err = {0};
        char wanted[256];
        enum mr_code code = make_shape(&p, &arena, &shape, &err);
        (void)snprintf(wanted, sizeof wanted, "column \"c\": %s",
                       misfit_samples[i].why != NULL ? misfit_samples[i].why : "");
        if (misfit_samples[i].why == NULL)
            assert_int_equal(code, MR_OK);
        else
            assert_string_equal(err.message, wanted);
        assert_int_equal(code, misfit_samples[i].why == NULL ? MR_OK : MR_E_UNSUPPORTED);
        mr_arena_release(&arena);
    }
}

static void test_members_of_the_log(void **state)
{
    static const struct mr_binlog_text members[] = {{"a", 1}, {"n", 1}, {"b", 1}};
    struct pair p = {.log = {.type = MR_FIELD_ENUM, .meta = 1, .members = members, .nmembers = 3},
                     .today = column_of("enum('a','b')", "utf8mb4")};
    (void)state;
    assert_string_equal(value_of(&p, "02"), "enum:n");
    p.log.type = MR_FIELD_SET;
    p.today = column_of("set('a','b')", "utf8mb4");
    assert_string_equal(value_of(&p, "06"), "enum:n,b");
}

static void test_json_of_mariadb(void **state)
{
    const struct pair p = {.log = {.type = MR_FIELD_BLOB, .meta = 4},
                           .today = column_of("json", "utf8mb4"),
                           .server = &mariadb};
    (void)state;
    assert_string_equal(value_of(&p, "02000000 7b7d"), "json:{}");
}

static void test_zeros(void **state)
{
    struct pair p = {.log = {.type = MR_FIELD_FLOAT, .meta = 4},
                     .today = column_of("float", NULL),
                     .server = &mariadb};
    (void)state;
    assert_string_equal(value_of(&p, "00000080"), "float:0");
    assert_string_equal(value_of(&p, "000080bf"), "float:-1");
    p.server = &mysql;
    assert_string_equal(value_of(&p, "00000080"), "float:-0");
}

/* Three columns, of which the log's stand in another order. */
static void test_columns_by_name(void **state)
{
    static const struct mr_binlog_column log[] = {{.type = MR_FIELD_TINY, .name = "B"},
                                                  {.type = MR_FIELD_LONG, .name = "id"},
                                                  {.type = MR_FIELD_SHORT, .name = "a"}};
    struct mr_binlog_table table = {
        .db = "d", .name = "t", .columns = log, .ncolumns = 3, .has_names = true};
    struct mr_column columns[3] = {column_of("int", NULL), column_of("smallint", NULL),
                                   column_of("tinyint", NULL)};
    struct mr_table today = {.db = "d", .name = "t", .columns = columns, .ncolumns = 3};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_binlog_shape *shape = NULL;
    struct mr_err err = {0};
    (void)state;
    columns[0].name = "id";
    columns[1].name = "a";
    columns[2].name = "b";
    assert_int_equal(mr_binlog_shape_make(&table, &today, &mysql, &arena, &shape, &err), MR_OK);
    assert_int_equal(mr_binlog_shape_at(shape, 0), 1);
    assert_int_equal(mr_binlog_shape_at(shape, 1), 2);
    assert_int_equal(mr_binlog_shape_at(shape, 2), 0);

    columns[1].name = "z";
    assert_int_equal(mr_binlog_shape_make(&table, &today, &mysql, &arena, &shape, &err),
                     MR_E_UNSUPPORTED);
    assert_string_equal(err.message, "column \"z\": it is in the table, and not in the log");
    columns[1].name = "a";
    today.ncolumns = 2;
    assert_int_equal(mr_binlog_shape_make(&table, &today, &mysql, &arena, &shape, &err),
                     MR_E_UNSUPPORTED);
    assert_string_equal(err.message, "column \"B\": it is in the log, and not in the table");
    table.has_names = false;
    assert_int_equal(mr_binlog_shape_make(&table, &today, &mysql, &arena, &shape, &err),
                     MR_E_UNSUPPORTED);
    assert_string_equal(err.message, "3 columns in the log, 2 in the table");
    today.system_versioned = true;
    assert_int_equal(mr_binlog_shape_make(&table, &today, &mariadb, &arena, &shape, &err),
                     MR_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "system versioning"));
    mr_arena_release(&arena);
}

/* A made-up key stands in front of the log's columns, hashes of long keys behind them. */
static void test_hidden_columns(void **state)
{
    static const struct mr_binlog_column log[] = {
        {.type = MR_FIELD_LONGLONG, .name = "my_row_id"},
        {.type = MR_FIELD_LONG, .name = "id"},
        {.type = MR_FIELD_LONGLONG, .name = "DB_ROW_HASH_1"}};
    const struct mr_column id = column_of("int", NULL);
    const struct mr_index hash = {.name = "b", .unique = true, .kind = "HASH"};
    struct mr_table today = {.db = "d", .name = "t", .columns = &id, .ncolumns = 1};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_binlog_shape *shape = NULL;
    struct mr_err err = {0};
    struct mr_column named = id;
    (void)state;
    named.name = "id";
    today.columns = &named;
    for (int names = 0; names < 2; names++) {
        struct mr_binlog_table front = {
            .columns = log, .ncolumns = 2, .has_names = names == 1, .db = "d", .name = "t"};
        struct mr_binlog_table behind = front;
        behind.columns = log + 1;
        today.made_key_hidden = true;
        assert_int_equal(mr_binlog_shape_make(&front, &today, &mysql, &arena, &shape, &err), MR_OK);
        assert_int_equal(mr_binlog_shape_at(shape, 0), 1);
        today.made_key_hidden = false;
        assert_int_equal(mr_binlog_shape_make(&front, &today, &mysql, &arena, &shape, &err),
                         MR_E_UNSUPPORTED);
        today.indexes = &hash;
        today.nindexes = 1;
        assert_int_equal(mr_binlog_shape_make(&behind, &today, &mariadb, &arena, &shape, &err),
                         MR_OK);
        assert_int_equal(mr_binlog_shape_at(shape, 0), 0);
        assert_int_equal(mr_binlog_shape_make(&behind, &today, &mysql, &arena, &shape, &err),
                         MR_E_UNSUPPORTED);
        today.nindexes = 0;
    }
    mr_arena_release(&arena);
}

/* ---- presence ---- */

static void test_presence(void **state)
{
    const struct pair p = {.log = {.type = MR_FIELD_JSON, .meta = 4},
                           .today = column_of("json", NULL)};
    static const uint8_t doc[] = {2, 0, 0, 0, 4, 1}, diff[] = {7, 0, 0, 0, 0, 1, '$', 2, 4, 2};
    static const uint8_t bad[] = {4, 0, 0, 0, 0, 1, '$', 9};
    struct mr_binlog_field field = {MR_BINLOG_UNSEEN, NULL, 0};
    struct mr_binlog_field before = {MR_BINLOG_BYTES, doc, sizeof doc};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf scratch = MR_STRBUF_INIT;
    struct mr_binlog_shape *shape = NULL;
    struct mr_value value;
    struct mr_err err = {0};
    bool seen = true;
    (void)state;
    assert_int_equal(make_shape(&p, &arena, &shape, &err), MR_OK);
    assert_int_equal(mr_binlog_value(shape, 0, &field, NULL, &scratch, &seen, &value, &err), MR_OK);
    assert_false(seen);
    field.presence = MR_BINLOG_NULL;
    assert_int_equal(mr_binlog_value(shape, 0, &field, NULL, &scratch, &seen, &value, &err), MR_OK);
    assert_true(seen);
    assert_int_equal(value.cls, MR_CLASS_NULL);

    field = (struct mr_binlog_field){MR_BINLOG_JSON_DIFF, diff, sizeof diff};
    assert_int_equal(mr_binlog_value(shape, 0, &field, &before, &scratch, &seen, &value, &err),
                     MR_OK);
    assert_string_equal(text_of(&value), "json:false");
    before.presence = MR_BINLOG_UNSEEN;
    assert_int_equal(mr_binlog_value(shape, 0, &field, &before, &scratch, &seen, &value, &err),
                     MR_E_UNSUPPORTED);
    assert_int_equal(mr_binlog_value(shape, 0, &field, NULL, &scratch, &seen, &value, &err),
                     MR_E_UNSUPPORTED);
    before.presence = MR_BINLOG_BYTES;
    field = (struct mr_binlog_field){MR_BINLOG_JSON_DIFF, bad, sizeof bad};
    assert_int_equal(mr_binlog_value(shape, 0, &field, &before, &scratch, &seen, &value, &err),
                     MR_E_BINLOG);
    assert_string_equal(err.message, "column \"c\": a diff of JSON that is cut off");
    mr_strbuf_release(&scratch);
    mr_arena_release(&arena);
}

/* '' is the text of number 0 as well as of a member. */
static void test_number_zero(void **state)
{
    static const struct {
        uint8_t type;
        const char *today, *hex;
        bool is_zero;
    } rows[] = {
        {MR_FIELD_ENUM, "enum('','a')", "00", true},  {MR_FIELD_ENUM, "enum('','a')", "01", false},
        {MR_FIELD_ENUM, "enum('','a')", "02", false}, {MR_FIELD_SET, "set('','a')", "00", true},
        {MR_FIELD_SET, "set('','a')", "01", false},   {MR_FIELD_TINY, "tinyint(4)", "00", false},
        {MR_FIELD_ENUM, "enum('','a')", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct pair p = {
            .log = {.type = rows[i].type, .meta = rows[i].type == MR_FIELD_TINY ? 0 : 1},
            .today = column_of(rows[i].today, "utf8mb4")};
        uint8_t bytes[ROOM];
        struct mr_binlog_field field = {MR_BINLOG_NULL, NULL, 0};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_binlog_shape *shape = NULL;
        struct mr_err err = {0};
        if (rows[i].hex != NULL)
            field = (struct mr_binlog_field){MR_BINLOG_BYTES, bytes,
                                             bytes_of(rows[i].hex, bytes, sizeof bytes)};
        assert_int_equal(make_shape(&p, &arena, &shape, &err), MR_OK);
        assert_int_equal(mr_binlog_is_number_zero(shape, 0, &field), rows[i].is_zero);
        mr_arena_release(&arena);
    }
}

/* ---- character sets ---- */

static void test_charsets(void **state)
{
    static const struct {
        uint32_t collation;
        const char *charset;
    } known[] = {{8, "latin1"},      {33, "utf8mb3"},   {45, "utf8mb4"},   {63, "binary"},
                 {255, "utf8mb4"},   {323, "utf8mb4"},  {1069, "utf8mb4"}, {1032, "latin1"},
                 {2048, "utf8mb3"},  {2304, "utf8mb4"}, {2560, "ucs2"},    {3072, "utf32"},
                 {608, "utf8mb4"},   {0, NULL},         {17, NULL},        {3328, NULL},
                 {UINT32_MAX, NULL}, {1024, NULL}};
    static const struct {
        const char *charset, *text, *hex; /* NULL: it cannot be done */
    } texts[] = {{"utf8", "\xc3\xa4", "c3a4"},
                 {"latin1", "\xc3\xa4\xe2\x82\xac", "e480"},
                 {"latin1", "\xe6\x97\xa5", NULL},
                 {"ucs2", "A\xe6\x97\xa5", "004165e5"},
                 {"ucs2", "\xf0\x9f\x98\x80", NULL},
                 {"utf16", "\xf0\x9f\x98\x80", "d83dde00"},
                 {"utf16le", "\xf0\x9f\x98\x80", "3dd800de"},
                 {"utf32", "\xf0\x9f\x98\x80", "0001f600"},
                 {"koi8r", "abc-[]", "6162632d5b5d"},
                 {"koi8r", "\xc3\xa4", NULL},
                 {"swe7", "ab,1", "61622c31"},
                 {"swe7", "a[", NULL},
                 {"sjis", "a\\", NULL},
                 {"unheard", "a", NULL},
                 {"utf8mb4", "\xff", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *charset = mr_binlog_charset_of(known[i].collation);
        if (known[i].charset == NULL)
            assert_null(charset);
        else
            assert_string_equal(charset, known[i].charset);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT, hex = MR_STRBUF_INIT;
        bool done =
            mr_binlog_charset_add(&out, texts[i].charset, texts[i].text, strlen(texts[i].text));
        mr_strbuf_add_hex(&hex, out.ptr, out.len);
        assert_int_equal(done, texts[i].hex != NULL);
        if (done)
            assert_string_equal(hex.ptr, texts[i].hex);
        mr_strbuf_release(&out);
        mr_strbuf_release(&hex);
    }
    assert_true(mr_binlog_charset_same("utf8", "utf8mb3"));
    assert_false(mr_binlog_charset_same("utf8", "utf8mb4"));
    assert_int_equal(mr_binlog_charset_width("utf8mb4"), 4);
    assert_int_equal(mr_binlog_charset_width("gbk"), 2);
    assert_int_equal(mr_binlog_charset_width("binary"), 1);
    assert_int_equal(mr_binlog_charset_width("unheard"), 0);
}

/* Every byte of latin1 is a character, and comes back as itself; what is UTF-8 stays. */
static void test_utf8(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        struct mr_strbuf utf8 = MR_STRBUF_INIT, back = MR_STRBUF_INIT;
        const char text = (char)byte;
        mr_binlog_charset_add_utf8(&utf8, "latin1", &text, 1);
        assert_true(mr_binlog_charset_add(&back, "latin1", utf8.ptr, utf8.len));
        assert_int_equal(back.len, 1);
        assert_int_equal(back.ptr[0], text);
        mr_strbuf_release(&utf8);
        mr_strbuf_release(&back);
    }
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_binlog_charset_add_utf8(&out, "latin1", "a\xe9\xdf\x80\x81", 5);
    assert_string_equal(out.ptr, "a\xc3\xa9\xc3\x9f\xe2\x82\xac\xc2\x81");
    mr_strbuf_reset(&out);
    mr_binlog_charset_add_utf8(&out, "utf8", "\xc3\xa9", 2);
    assert_string_equal(out.ptr, "\xc3\xa9");
    mr_strbuf_release(&out);
    assert_true(mr_binlog_charset_has_utf8("latin1"));
    assert_true(mr_binlog_charset_has_utf8("utf8mb4"));
    assert_true(mr_binlog_charset_has_utf8("ascii"));
    assert_false(mr_binlog_charset_has_utf8("latin2"));
    assert_false(mr_binlog_charset_has_utf8("binary"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),           cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_misfits),         cmocka_unit_test(test_members_of_the_log),
        cmocka_unit_test(test_json_of_mariadb), cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_columns_by_name), cmocka_unit_test(test_hidden_columns),
        cmocka_unit_test(test_presence),        cmocka_unit_test(test_number_zero),
        cmocka_unit_test(test_charsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
