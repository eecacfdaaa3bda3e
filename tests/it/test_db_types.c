/* test_db_types.c: every type, other classes than a type's own, and long values. */
#include "db_fixture.h"

#define MIB (1024UL * 1024UL)

/* ---- every type ---- */

static const char types_sql[] =
    "CREATE TABLE types ("
    "id INT PRIMARY KEY, ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, mi MEDIUMINT, "
    "bi BIGINT, bu BIGINT UNSIGNED, zf INT(8) UNSIGNED ZEROFILL, yr YEAR, b1 BIT(1), "
    "b64 BIT(64), f FLOAT, d DOUBLE, dc DECIMAL(65,30), vc VARCHAR(100) CHARACTER SET "
    "utf8mb4, l1 VARCHAR(20) CHARACTER SET latin1, ch CHAR(10) CHARACTER SET utf8mb4, "
    "vb VARBINARY(100), bn BINARY(4), tx LONGTEXT CHARACTER SET utf8mb4, bl LONGBLOB, "
    "en ENUM('a','','b') CHARACTER SET utf8mb4, st SET('x','y','z') CHARACTER SET "
    "utf8mb4, js JSON, pt POINT, da DATE, dt DATETIME(6), d0 DATETIME, ts TIMESTAMP(3) "
    "NULL, tm TIME(6), t0 TIME)";

static const enum mr_class types_classes[] = {
    MR_CLASS_INT,    MR_CLASS_INT,      MR_CLASS_UINT,     MR_CLASS_INT,      MR_CLASS_INT,
    MR_CLASS_INT,    MR_CLASS_UINT,     MR_CLASS_UINT,     MR_CLASS_UINT,     MR_CLASS_UINT,
    MR_CLASS_UINT,   MR_CLASS_FLOAT,    MR_CLASS_DOUBLE,   MR_CLASS_DECIMAL,  MR_CLASS_TEXT,
    MR_CLASS_TEXT,   MR_CLASS_TEXT,     MR_CLASS_BINARY,   MR_CLASS_BINARY,   MR_CLASS_TEXT,
    MR_CLASS_BINARY, MR_CLASS_ENUM,     MR_CLASS_ENUM,     MR_CLASS_JSON,     MR_CLASS_GEOMETRY,
    MR_CLASS_DATE,   MR_CLASS_DATETIME, MR_CLASS_DATETIME, MR_CLASS_DATETIME, MR_CLASS_TIME,
    MR_CLASS_TIME};
#define TYPES (sizeof types_classes / sizeof *types_classes)

/* One value of a column, as SQL, and what must arrive. */
struct sample {
    const char *column, *sql;
    enum mr_class cls;
    int64_t i;
    uint64_t u;
    double d;
    const char *bytes;
    size_t len;
    struct mr_time t;
};

#define INT_OF(col, text, n)                                                                       \
    {                                                                                              \
        .column = col, .sql = text, .cls = MR_CLASS_INT, .i = n                                    \
    }
#define UINT_OF(col, text, n)                                                                      \
    {                                                                                              \
        .column = col, .sql = text, .cls = MR_CLASS_UINT, .u = n                                   \
    }
#define REAL_OF(col, text, klass, n)                                                               \
    {                                                                                              \
        .column = col, .sql = text, .cls = klass, .d = n                                           \
    }
#define BYTES_OF(col, text, klass, b)                                                              \
    {                                                                                              \
        .column = col, .sql = text, .cls = klass, .bytes = b, .len = sizeof(b) - 1                 \
    }
#define TIME_OF(col, text, klass, ...)                                                             \
    {                                                                                              \
        .column = col, .sql = text, .cls = klass, .t = { __VA_ARGS__ }                             \
    }

static const struct sample samples[] = {
    INT_OF("ti", "-128", -128),
    INT_OF("ti", "127", 127),
    UINT_OF("tu", "255", 255),
    INT_OF("si", "-32768", -32768),
    INT_OF("mi", "-8388608", -8388608),
    INT_OF("bi", "-9223372036854775808", INT64_MIN),
    INT_OF("bi", "9223372036854775807", INT64_MAX),
    UINT_OF("bu", "18446744073709551615", UINT64_MAX),
    UINT_OF("bu", "9223372036854775808", 9223372036854775808ULL),
    UINT_OF("bu", "0", 0),
    UINT_OF("zf", "42", 42),
    UINT_OF("yr", "2155", 2155),
    UINT_OF("yr", "0", 0),
    UINT_OF("b1", "b'1'", 1),
    UINT_OF("b64", "18446744073709551615", UINT64_MAX),
    UINT_OF("b64", "b'100000000'", 256),
    UINT_OF("b64", "0", 0),
    REAL_OF("f", "0.1", MR_CLASS_FLOAT, (double)0.1F),
    REAL_OF("f", "16777216", MR_CLASS_FLOAT, 16777216.0),
    REAL_OF("f", "-3.40282e38", MR_CLASS_FLOAT, (double)-3.40282e38F),
    REAL_OF("d", "0.1", MR_CLASS_DOUBLE, 0.1),
    REAL_OF("d", "1.7976931348623157e308", MR_CLASS_DOUBLE, 1.7976931348623157e308),
    REAL_OF("d", "2.2250738585072014e-308", MR_CLASS_DOUBLE, 2.2250738585072014e-308),
    REAL_OF("d", "-1e-5", MR_CLASS_DOUBLE, -1e-5),
    BYTES_OF("dc", "-99999999999999999999999999999999999.999999999999999999999999999999",
             MR_CLASS_DECIMAL,
             "-99999999999999999999999999999999999.999999999999999999999999999999"),
    BYTES_OF("dc", "1", MR_CLASS_DECIMAL, "1.000000000000000000000000000000"),
    BYTES_OF("vc", "_utf8mb4 x'f09f9880'", MR_CLASS_TEXT, "\xf0\x9f\x98\x80"),
    BYTES_OF("vc", "''", MR_CLASS_TEXT, ""),
    BYTES_OF("vc", "'NULL'", MR_CLASS_TEXT, "NULL"),
    BYTES_OF("vc", "'a  '", MR_CLASS_TEXT, "a  "),
    BYTES_OF("l1", "_latin1 x'e4'", MR_CLASS_TEXT, "\xe4"),
    BYTES_OF("ch", "'ab  '", MR_CLASS_TEXT, "ab"),
    BYTES_OF("vb", "x'00ff00'", MR_CLASS_BINARY, "\0\xff\0"),
    BYTES_OF("bn", "x'01'", MR_CLASS_BINARY, "\x01\0\0\0"),
    BYTES_OF("tx", "'text'", MR_CLASS_TEXT, "text"),
    BYTES_OF("bl", "x'00'", MR_CLASS_BINARY, "\0"),
    BYTES_OF("en", "''", MR_CLASS_ENUM, ""),
    BYTES_OF("en", "'b'", MR_CLASS_ENUM, "b"),
    BYTES_OF("en", "0", MR_CLASS_ENUM, ""),
    BYTES_OF("st", "'x,z'", MR_CLASS_ENUM, "x,z"),
    BYTES_OF("st", "''", MR_CLASS_ENUM, ""),
    BYTES_OF("js", "'{\"a\": 1}'", MR_CLASS_JSON, "{\"a\": 1}"),
    BYTES_OF("pt", "ST_GeomFromText('POINT(1 2)')", MR_CLASS_GEOMETRY,
             "\0\0\0\0\x01\x01\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40"),
    TIME_OF("da", "'9999-12-31'", MR_CLASS_DATE, 9999, 12, 31),
    TIME_OF("da", "'0000-00-00'", MR_CLASS_DATE, 0),
    TIME_OF("da", "'2024-00-00'", MR_CLASS_DATE, 2024),
    TIME_OF("dt", "'2024-02-29 23:59:59.999999'", MR_CLASS_DATETIME, 2024, 2, 29, 23, 59, 59,
            999999),
    TIME_OF("dt", "'0000-00-00 00:00:00'", MR_CLASS_DATETIME, 0),
    TIME_OF("dt", "'2024-02-29 00:00:00.000001'", MR_CLASS_DATETIME, 2024, 2, 29, .micros = 1),
    TIME_OF("d0", "'2024-02-29'", MR_CLASS_DATETIME, 2024, 2, 29),
    TIME_OF("ts", "'2038-01-19 03:14:07.123'", MR_CLASS_DATETIME, 2038, 1, 19, 3, 14, 7, 123000),
    TIME_OF("ts", "'1970-01-01 00:00:01'", MR_CLASS_DATETIME, 1970, 1, 1, .second = 1),
    TIME_OF("tm", "'-838:59:59'", MR_CLASS_TIME, .hour = 838, .minute = 59, .second = 59,
            .negative = true),
    TIME_OF("tm", "'-00:00:00.000001'", MR_CLASS_TIME, .micros = 1, .negative = true),
    TIME_OF("t0", "'838:59:59'", MR_CLASS_TIME, .hour = 838, .minute = 59, .second = 59),
    TIME_OF("t0", "'24:00:00'", MR_CLASS_TIME, .hour = 24),
    TIME_OF("t0", "'00:00:00'", MR_CLASS_TIME, 0),
};
#define SAMPLES (sizeof samples / sizeof *samples)

static bool is_same_value(const struct mr_value *got, const struct sample *want)
{
    if (got->cls != want->cls)
        return false;
    if (want->cls == MR_CLASS_INT)
        return got->i == want->i;
    if (want->cls == MR_CLASS_UINT)
        return got->u == want->u;
    if (want->cls == MR_CLASS_FLOAT || want->cls == MR_CLASS_DOUBLE)
        return memcmp(&got->d, &want->d, sizeof got->d) == 0;
    if (want->bytes != NULL)
        return got->len == want->len && got->ptr != NULL &&
               memcmp(got->ptr, want->bytes, want->len) == 0;
    const struct mr_time *a = &got->t, *b = &want->t;
    return a->year == b->year && a->month == b->month && a->day == b->day && a->hour == b->hour &&
           a->minute == b->minute && a->second == b->second && a->micros == b->micros &&
           a->negative == b->negative;
}

static void fill_types(struct mr_db *db)
{
    run_sql(db, "DROP TABLE IF EXISTS types");
    run_sql(db, types_sql);
    run_sql(db, "INSERT INTO types (id) VALUES (0)");
    for (size_t i = 0; i < SAMPLES; i++) {
        char sql[512];
        /* IGNORE: ENUM index 0 and zero dates. */
        (void)snprintf(sql, sizeof sql, "INSERT IGNORE INTO types (id, %s) VALUES (%zu, %s)",
                       samples[i].column, i + 1, samples[i].sql);
        run_sql(db, sql);
    }
}

static size_t column_of(struct mr_db *db, const char *name)
{
    struct mr_err err;
    struct mr_result *res = NULL;
    const char sql[] = "SELECT * FROM types LIMIT 0";
    assert_ok(mr_db_query(db, "*", sql, strlen(sql), &res, &err), &err);
    size_t found = 0;
    while (strcmp(mr_result_column_name(res, found), name) != 0)
        found++;
    mr_result_free(res);
    return found;
}

static void check_types(size_t server, bool store)
{
    struct mr_err err;
    struct mr_db *db = open_server(server, true);
    fill_types(db);
    size_t at[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++)
        at[i] = column_of(db, samples[i].column);

    const char sql[] = "SELECT * FROM types ORDER BY id";
    struct mr_stream *st = NULL;
    const struct mr_value *values = NULL;
    assert_ok(mr_stream_open(db, sql, strlen(sql), types_classes, TYPES, store, &st, &err), &err);
    assert_ok(mr_stream_next(st, &values, &err), &err);
    for (size_t c = 1; c < TYPES; c++)
        assert_int_equal(values[c].cls, MR_CLASS_NULL);
    for (size_t i = 0; i < SAMPLES; i++) {
        assert_ok(mr_stream_next(st, &values, &err), &err);
        assert_non_null(values);
        assert_int_equal(values[0].i, i + 1);
        if (!is_same_value(&values[at[i]], &samples[i]))
            fail_msg("%s = %s arrives as another value (class %d, %zu bytes)", samples[i].column,
                     samples[i].sql, (int)values[at[i]].cls, values[at[i]].len);
        for (size_t c = 1; c < TYPES; c++)
            if (c != at[i])
                assert_int_equal(values[c].cls, MR_CLASS_NULL);
    }
    assert_ok(mr_stream_next(st, &values, &err), &err);
    assert_null(values);
    mr_stream_close(st);
    assert_false(mr_db_is_lost(db));
    mr_db_close(db);
}

static void test_every_type(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        check_types(s, false);
        check_types(s, true);
    }
}

/* ---- classes that are not the type's own ---- */

struct conversion {
    const char *sql;
    enum mr_class cls;
    struct sample want; /* cls UNDECIDED: MR_E_CHANGED */
};

static const struct conversion conversions[] = {
    {"SELECT CAST(-5 AS SIGNED)", MR_CLASS_UINT, INT_OF("", "", -5)},
    {"SELECT CAST(5 AS SIGNED)", MR_CLASS_UINT, UINT_OF("", "", 5)},
    {"SELECT 18446744073709551615", MR_CLASS_INT, UINT_OF("", "", UINT64_MAX)},
    {"SELECT CAST(5 AS UNSIGNED)", MR_CLASS_INT, INT_OF("", "", 5)},
    {"SELECT 3e0", MR_CLASS_UINT, UINT_OF("", "", 3)},
    {"SELECT 3.5e0", MR_CLASS_UINT, {0}},
    {"SELECT 1e20", MR_CLASS_INT, {0}},
    {"SELECT '17'", MR_CLASS_INT, INT_OF("", "", 17)},
    {"SELECT 17.00", MR_CLASS_INT, INT_OF("", "", 17)},
    {"SELECT 17.01", MR_CLASS_INT, {0}},
    {"SELECT '17x'", MR_CLASS_INT, {0}},
    {"SELECT ''", MR_CLASS_INT, {0}},
    {"SELECT '99999999999999999999'", MR_CLASS_INT, {0}},
    {"SELECT 0.25", MR_CLASS_DOUBLE, REAL_OF("", "", MR_CLASS_DOUBLE, 0.25)},
    {"SELECT 9007199254740992", MR_CLASS_DOUBLE,
     REAL_OF("", "", MR_CLASS_DOUBLE, 9007199254740992.0)},
    {"SELECT 9007199254740993", MR_CLASS_DOUBLE, {0}},
    {"SELECT 9223372036854775808", MR_CLASS_DOUBLE,
     REAL_OF("", "", MR_CLASS_DOUBLE, 9223372036854775808.0)},
    {"SELECT 'nan'", MR_CLASS_DOUBLE, {0}},
    {"SELECT '-1.50'", MR_CLASS_DECIMAL, BYTES_OF("", "", MR_CLASS_DECIMAL, "-1.50")},
    {"SELECT '1e5'", MR_CLASS_DECIMAL, {0}},
    {"SELECT 42", MR_CLASS_DECIMAL, BYTES_OF("", "", MR_CLASS_DECIMAL, "42")},
    {"SELECT -42", MR_CLASS_TEXT, BYTES_OF("", "", MR_CLASS_TEXT, "-42")},
    {"SELECT CAST('2024-02-29 01:02:03.5' AS DATETIME(1))", MR_CLASS_TEXT,
     BYTES_OF("", "", MR_CLASS_TEXT, "2024-02-29 01:02:03.5")},
    {"SELECT 0.1e0", MR_CLASS_TEXT, {0}},
    {"SELECT CAST('2024-02-29' AS DATE)", MR_CLASS_DATETIME,
     TIME_OF("", "", MR_CLASS_DATETIME, 2024, 2, 29)},
    {"SELECT CAST('2024-02-29 00:00:00' AS DATETIME)", MR_CLASS_DATE,
     TIME_OF("", "", MR_CLASS_DATE, 2024, 2, 29)},
    {"SELECT CAST('2024-02-29 00:00:01' AS DATETIME)", MR_CLASS_DATE, {0}},
    {"SELECT CAST('2024-02-29' AS DATE)", MR_CLASS_TIME, {0}},
    {"SELECT '2024-02-29'", MR_CLASS_DATE, {0}},
    {"SELECT 1 + NULL", MR_CLASS_UINT, {.cls = MR_CLASS_NULL}},
    {"SELECT NULL", MR_CLASS_DATETIME, {.cls = MR_CLASS_NULL}},
};

static void check_conversion(size_t server, const struct conversion *test)
{
    struct mr_err err;
    struct mr_db *db = open_server(server, false);
    struct mr_stream *st = NULL;
    const struct mr_value *values = NULL;
    enum mr_code rc =
        mr_stream_open(db, test->sql, strlen(test->sql), &test->cls, 1, false, &st, &err);
    if (rc == MR_OK)
        rc = mr_stream_next(st, &values, &err);
    if (test->want.cls == MR_CLASS_UNDECIDED) {
        if (rc != MR_E_CHANGED)
            fail_msg("%s as class %d: code %d", test->sql, (int)test->cls, (int)rc);
    } else {
        assert_ok(rc, &err);
        bool same = test->want.cls == MR_CLASS_NULL ? values[0].cls == MR_CLASS_NULL
                                                    : is_same_value(values, &test->want);
        if (!same)
            fail_msg("%s as class %d arrives as another value (class %d)", test->sql,
                     (int)test->cls, (int)values[0].cls);
    }
    mr_stream_close(st);
    mr_db_close(db);
}

static void test_conversions(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++)
        for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++)
            check_conversion(s, &conversions[i]);
}

static void test_column_count(void **state)
{
    (void)state;
    need_servers();
    const enum mr_class classes[] = {MR_CLASS_INT, MR_CLASS_INT};
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        struct mr_stream *st = NULL;
        struct mr_db *db = open_server(s, false);
        assert_int_equal(mr_stream_open(db, "SELECT 1", 8, classes, 2, false, &st, &err),
                         MR_E_CHANGED);
        assert_false(mr_db_is_lost(db));
        mr_db_close(db);
    }
}

/* MySQL 9 only: a type that Connector/C does not know. */
static void test_vector(void **state)
{
    (void)state;
    need_servers();
    const enum mr_class classes[] = {MR_CLASS_BINARY, MR_CLASS_BINARY};
    const char sql[] = "SELECT v, CAST(v AS BINARY) FROM vec ORDER BY id";
    bool seen = false;
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        struct mr_stream *st = NULL;
        const struct mr_value *v = NULL;
        struct mr_db *db = open_server(s, true);
        if (is_mysql(db) && mr_db_server(db)->version >= 90000) {
            seen = true;
            run_sql(db, "DROP TABLE IF EXISTS vec");
            run_sql(db, "CREATE TABLE vec (id INT PRIMARY KEY, v VECTOR(2))");
            run_sql(db, "INSERT INTO vec VALUES (1, STRING_TO_VECTOR('[1,2]')), "
                        "(2, NULL)");
            for (int store = 0; store < 2; store++) {
                assert_ok(mr_stream_open(db, sql, strlen(sql), classes, 2, store != 0, &st, &err),
                          &err);
                assert_ok(mr_stream_next(st, &v, &err), &err);
                for (size_t c = 0; c < 2; c++) {
                    assert_int_equal(v[c].len, 8);
                    assert_memory_equal(v[c].ptr, "\0\0\x80\x3f\0\0\0\x40", 8);
                }
                assert_ok(mr_stream_next(st, &v, &err), &err);
                assert_int_equal(v[0].cls, MR_CLASS_NULL);
                assert_ok(mr_stream_next(st, &v, &err), &err);
                assert_null(v);
                mr_stream_close(st);
            }
        }
        mr_db_close(db);
    }
    if (!seen) {
        print_message("skipped: no server has VECTOR\n");
        skip();
    }
}

/* ---- long values ---- */

/* The bytes that the SQL of the test makes: 'a'..'p' by position. */
static char expected_byte(uint64_t pos)
{
    return (char)('a' + pos % 16);
}

static void read_lob(const struct mr_value *value, size_t slice)
{
    struct mr_err err;
    char *buf = malloc(slice);
    assert_non_null(buf);
    assert_null(value->ptr);
    for (uint64_t at = 0; at < value->len; at += slice) {
        size_t size = value->len - at < slice ? (size_t)(value->len - at) : slice;
        assert_ok(value->lob->read(value->lob, value->lob_column, at, buf, size, &err), &err);
        for (size_t i = 0; i < size; i++)
            if (buf[i] != expected_byte(at + i))
                fail_msg("byte %zu of a long value differs", (size_t)at + i);
    }
    assert_int_equal(value->lob->read(value->lob, value->lob_column, value->len, buf, 1, &err),
                     MR_E_BUG);
    free(buf);
}

static void check_long_values(size_t server, bool store)
{
    static const size_t sizes[] = {0,     1,     255,      256,   257,     5000, 65535,
                                   65536, 65537, 16 * MIB, 65536, 1000000, 3};
    static const enum mr_class classes[] = {MR_CLASS_INT, MR_CLASS_BINARY, MR_CLASS_TEXT,
                                            MR_CLASS_INT};
    struct mr_err err;
    struct mr_stream *st = NULL;
    const struct mr_value *v = NULL;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_db *db = open_server(server, false);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        mr_strbuf_add_fmt(&sql,
                          "%s SELECT %zu, CAST(LEFT(REPEAT('abcdefghijklmnop', %zu), %zu) "
                          "AS BINARY), LEFT(REPEAT('abcdefghijklmnop', %zu), %zu), 7",
                          i > 0 ? " UNION ALL" : "", i, sizes[i] / 16 + 1, sizes[i],
                          sizes[i] / 16 + 1, sizes[i]);
    assert_ok(mr_stream_open(db, sql.ptr, sql.len, classes, 4, store, &st, &err), &err);
    size_t rows = 0;
    for (;; rows++) {
        assert_ok(mr_stream_next(st, &v, &err), &err);
        if (v == NULL)
            break;
        size_t want = sizes[v[0].i];
        assert_int_equal(v[3].i, 7);
        for (size_t c = 1; c <= 2; c++) {
            assert_int_equal(v[c].len, want);
            if (want > 65536) {
                read_lob(&v[c], 65536);
                read_lob(&v[c], 100003);
                continue;
            }
            assert_non_null(v[c].ptr);
            for (size_t b = 0; b < want; b++)
                assert_int_equal(((const char *)v[c].ptr)[b], expected_byte(b));
        }
    }
    assert_int_equal(rows, sizeof sizes / sizeof *sizes);
    mr_stream_close(st);
    mr_strbuf_release(&sql);
    mr_db_close(db);
}

static void test_long_values(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        check_long_values(s, false);
        check_long_values(s, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),   cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_column_count), cmocka_unit_test(test_vector),
        cmocka_unit_test(test_long_values),
    };
    return cmocka_run_group_tests_name("db_types", tests, set_up, tear_down);
}
