/*
 * test_wire.c: raw rows of a stream: the same values as the library decodes, the same
 * bytes for the same row on two servers of one flavour, other bytes for any other row;
 * and raw streams that break.
 */
#include "db_fixture.h"

#include "core/base/signals.h"
#include "core/base/strbuf.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* ---- every type ---- */

static const char types_sql[] =
    "CREATE TABLE wire ("
    "id INT PRIMARY KEY, ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, mi MEDIUMINT, "
    "bi BIGINT, bu BIGINT UNSIGNED, zf INT(8) UNSIGNED ZEROFILL, yr YEAR, b1 BIT(1), "
    "b64 BIT(64), f FLOAT, d DOUBLE, dc DECIMAL(65,30), vc VARCHAR(100) CHARACTER SET "
    "utf8mb4, l1 VARCHAR(20) CHARACTER SET latin1, ch CHAR(10) CHARACTER SET utf8mb4, "
    "vb VARBINARY(100), bn BINARY(4), tx LONGTEXT CHARACTER SET utf8mb4, bl LONGBLOB, "
    "en ENUM('a','','b') CHARACTER SET utf8mb4, st SET('x','y','z') CHARACTER SET "
    "utf8mb4, js LONGTEXT CHARACTER SET utf8mb4, pt POINT, da DATE, dt DATETIME(6), "
    "d0 DATETIME, ts TIMESTAMP(3) "
    "NULL, tm TIME(6), t0 TIME)";

static const enum mr_class classes[] = {
    MR_CLASS_INT,    MR_CLASS_INT,      MR_CLASS_UINT,     MR_CLASS_INT,      MR_CLASS_INT,
    MR_CLASS_INT,    MR_CLASS_UINT,     MR_CLASS_UINT,     MR_CLASS_UINT,     MR_CLASS_UINT,
    MR_CLASS_UINT,   MR_CLASS_FLOAT,    MR_CLASS_DOUBLE,   MR_CLASS_DECIMAL,  MR_CLASS_TEXT,
    MR_CLASS_TEXT,   MR_CLASS_TEXT,     MR_CLASS_BINARY,   MR_CLASS_BINARY,   MR_CLASS_TEXT,
    MR_CLASS_BINARY, MR_CLASS_ENUM,     MR_CLASS_ENUM,     MR_CLASS_JSON,     MR_CLASS_GEOMETRY,
    MR_CLASS_DATE,   MR_CLASS_DATETIME, MR_CLASS_DATETIME, MR_CLASS_DATETIME, MR_CLASS_TIME,
    MR_CLASS_TIME};
#define TYPES LEN(classes)

/* Values of a column, each one least step or one subtlety away from its neighbour. */
static const struct {
    const char *column, *values[8];
} samples[] = {
    {"ti", {"-128", "-127", "-1", "0", "127"}},
    {"tu", {"0", "127", "128", "255"}},
    {"si", {"-32768", "0", "255", "256", "32767"}},
    {"mi", {"-8388608", "-1", "0", "8388607"}},
    {"bi", {"-9223372036854775808", "-1", "0", "9223372036854775807"}},
    {"bu", {"0", "9223372036854775807", "9223372036854775808", "18446744073709551615"}},
    {"zf", {"0", "42", "4294967295"}},
    {"yr", {"0", "1901", "2155"}},
    {"b1", {"b'0'", "b'1'"}},
    {"b64", {"0", "1", "b'100000000'", "18446744073709551615"}},
    {"f", {"0.1", "0.10000001", "3.4e38", "-0.0"}},
    {"d", {"0.1", "0.10000000000000002", "1e308", "2.5e-320"}},
    {"dc", {"0", "-1.5", "1.5", "0.000000000000000000000000000001"}},
    {"vc", {"''", "' '", "'a'", "'A'", "'a '", "_utf8mb4 x'c3a9'"}},
    {"l1", {"''", "_latin1 x'e9'", "_latin1 x'e8'"}},
    {"ch", {"''", "'a'", "'b'"}},
    {"vb", {"''", "x'00'", "x'0000'", "x'ff'"}},
    {"bn", {"''", "x'01'", "x'0001'"}},
    {"tx",
     {"''", "REPEAT('x', 250)", "REPEAT('x', 251)", "REPEAT('x', 65535)", "REPEAT('x', 65536)",
      "REPEAT('x', 65537)"}},
    {"bl",
     {"''", "REPEAT(x'00', 252)", "REPEAT(x'00', 255)", "REPEAT(x'00', 70000)",
      "CONCAT(REPEAT(x'00', 69999), x'01')"}},
    {"en", {"'a'", "''", "'b'"}},
    {"st", {"''", "'x'", "'x,z'"}},
    {"js", {"'{}'", "'[1]'", "'[1.0]'"}},
    {"pt", {"ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(2 1)')"}},
    {"da", {"'0000-00-00'", "'2024-00-00'", "'2024-02-29'", "'9999-12-31'"}},
    {"dt",
     {"'0000-00-00 00:00:00'", "'2024-02-29 00:00:00'", "'2024-02-29 00:00:00.000001'",
      "'2024-02-29 00:00:01'"}},
    {"d0", {"'2024-02-29 00:00:00'", "'2024-02-29 23:59:59'"}},
    {"ts", {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.123'"}},
    {"tm",
     {"'00:00:00'", "'-00:00:00.000001'", "'00:00:00.000001'", "'838:59:59'", "'-838:59:59'"}},
    {"t0", {"'00:00:00'", "'23:59:59'", "'24:00:00'"}},
};

/* Row 0 is NULL everywhere.  Every row has the id 0 in the select: rows differ by their
 * values alone. */
static const char read_sql[] =
    "SELECT 0, ti, tu, si, mi, bi, bu, zf, yr, b1, b64, f, d, dc, vc, l1, ch, vb, bn, "
    "tx, bl, en, st, js, pt, da, dt, d0, ts, tm, t0 FROM wire ORDER BY id";

static size_t fill(struct mr_db *db)
{
    size_t rows = 1;
    run_sql(db, "DROP TABLE IF EXISTS wire");
    run_sql(db, types_sql);
    run_sql(db, "INSERT INTO wire (id) VALUES (0)");
    for (size_t i = 0; i < LEN(samples); i++)
        for (size_t k = 0; k < LEN(samples[i].values); k++) {
            char sql[256];
            if (samples[i].values[k] == NULL)
                break;
            /* IGNORE: zero dates */
            (void)snprintf(sql, sizeof sql, "INSERT IGNORE INTO wire (id, %s) VALUES (%zu, %s)",
                           samples[i].column, rows++, samples[i].values[k]);
            run_sql(db, sql);
        }
    return rows;
}

/* A whole result: the values of each row, encoded, and its raw bytes. */
struct got {
    size_t count;
    struct mr_strbuf values[256], raw[256];
    struct mr_digest layout;
};

static void add_values(struct mr_strbuf *out, const struct mr_value *values)
{
    struct mr_err err;
    for (size_t c = 0; c < TYPES; c++)
        assert_ok(mr_row_encode(out, &values[c], &err), &err);
}

static void read_plain(struct mr_db *db, struct got *got)
{
    struct mr_err err;
    struct mr_stream *st = NULL;
    const struct mr_value *v = NULL;
    assert_ok(mr_stream_open(db, read_sql, strlen(read_sql), classes, TYPES, false, &st, &err),
              &err);
    for (;;) {
        assert_ok(mr_stream_next(st, &v, &err), &err);
        if (v == NULL)
            break;
        assert_true(got->count < LEN(got->values));
        add_values(&got->values[got->count++], v);
    }
    mr_stream_close(st);
}

static void read_raw(struct mr_db *db, struct got *got)
{
    struct mr_err err;
    struct mr_stream *st = NULL;
    struct mr_raw_row row = {0};
    size_t all[TYPES];
    for (size_t c = 0; c < TYPES; c++)
        all[c] = c;
    assert_ok(mr_stream_open(db, read_sql, strlen(read_sql), classes, TYPES, false, &st, &err),
              &err);
    assert_true(mr_stream_begin_raw(st, all, TYPES, &row));
    got->layout = row.layout;
    for (;;) {
        assert_ok(mr_stream_next_raw(st, &row, &err), &err);
        if (row.ptr == NULL)
            break;
        assert_true(got->count < LEN(got->values));
        add_values(&got->values[got->count], row.values);
        mr_strbuf_add(&got->raw[got->count++], row.ptr, row.len);
    }
    assert_ok(mr_stream_next_raw(st, &row, &err), &err);
    assert_null(row.ptr);
    mr_stream_close(st);
    assert_false(mr_db_is_lost(db));
}

static void got_release(struct got *got)
{
    for (size_t i = 0; i < LEN(got->values); i++) {
        mr_strbuf_release(&got->values[i]);
        mr_strbuf_release(&got->raw[i]);
    }
    free(got);
}

static bool same(const struct mr_strbuf *a, const struct mr_strbuf *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

static struct got *read_server(size_t server)
{
    struct mr_db *db = open_server(server, true);
    struct got *plain = calloc(1, sizeof *plain), *raw = calloc(1, sizeof *raw);
    assert_non_null(plain);
    assert_non_null(raw);
    size_t rows = fill(db);
    read_plain(db, plain);
    read_raw(db, raw);
    assert_int_equal(plain->count, rows);
    assert_int_equal(raw->count, rows);
    for (size_t i = 0; i < rows; i++) {
        if (!same(&plain->values[i], &raw->values[i]))
            fail_msg("row %zu of server %zu has other values when read raw", i, server);
        for (size_t k = 0; k < i; k++)
            if (same(&raw->raw[i], &raw->raw[k]))
                fail_msg("rows %zu and %zu of server %zu are the same bytes", k, i, server);
    }
    got_release(plain);
    mr_db_close(db);
    return raw;
}

static void test_every_type(void **state)
{
    (void)state;
    need_servers();
    struct got *a = read_server(0), *b = read_server(1);
    struct mr_db *db[] = {open_server(0, false), open_server(1, false)};
    if (is_mysql(db[0]) == is_mysql(db[1])) {
        assert_true(mr_digest_equal(a->layout, b->layout));
        assert_int_equal(a->count, b->count);
        for (size_t i = 0; i < a->count; i++)
            if (!same(&a->raw[i], &b->raw[i]))
                fail_msg("row %zu is not the same bytes on the two servers", i);
    }
    for (size_t s = 0; s < SERVERS; s++)
        mr_db_close(db[s]);
    got_release(a);
    got_release(b);
}

/* ---- what is raw, and what is not ---- */

static struct mr_digest layout_of(struct mr_db *db, const char *sql, enum mr_class cls)
{
    struct mr_err err;
    struct mr_stream *st = NULL;
    struct mr_raw_row row = {0};
    const size_t first = 0;
    assert_ok(mr_stream_open(db, sql, strlen(sql), &cls, 1, false, &st, &err), &err);
    assert_true(mr_stream_begin_raw(st, &first, 1, &row));
    do
        assert_ok(mr_stream_next_raw(st, &row, &err), &err);
    while (row.ptr != NULL);
    mr_stream_close(st);
    return row.layout;
}

/* Types that pack values differently have different layouts. */
static void test_layouts(void **state)
{
    (void)state;
    need_servers();
    static const struct {
        const char *sql;
        enum mr_class cls;
    } cases[] = {
        {"SELECT ti FROM wire", MR_CLASS_INT},     {"SELECT tu FROM wire", MR_CLASS_UINT},
        {"SELECT si FROM wire", MR_CLASS_INT},     {"SELECT bi FROM wire", MR_CLASS_INT},
        {"SELECT f FROM wire", MR_CLASS_FLOAT},    {"SELECT d FROM wire", MR_CLASS_DOUBLE},
        {"SELECT dc FROM wire", MR_CLASS_DECIMAL}, {"SELECT vc FROM wire", MR_CLASS_TEXT},
        {"SELECT da FROM wire", MR_CLASS_DATE},    {"SELECT tm FROM wire", MR_CLASS_TIME},
    };
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_db *db = open_server(s, true);
        struct mr_digest layouts[LEN(cases)];
        (void)fill(db);
        for (size_t i = 0; i < LEN(cases); i++) {
            layouts[i] = layout_of(db, cases[i].sql, cases[i].cls);
            for (size_t k = 0; k < i; k++)
                assert_false(mr_digest_equal(layouts[i], layouts[k]));
            struct mr_digest again = layout_of(db, cases[i].sql, cases[i].cls);
            assert_true(mr_digest_equal(layouts[i], again));
        }
        mr_db_close(db);
    }
}

/* A stored result, or a class that must be converted: values, as ever. */
static void test_not_raw(void **state)
{
    (void)state;
    need_servers();
    static const char sql[] = "SELECT '17'";
    static const enum mr_class wanted[] = {MR_CLASS_TEXT, MR_CLASS_INT};
    for (size_t s = 0; s < SERVERS; s++)
        for (int i = 0; i < 2; i++) {
            struct mr_err err;
            struct mr_stream *st = NULL;
            struct mr_raw_row row = {0};
            const struct mr_value *v = NULL;
            const size_t first = 0;
            struct mr_db *db = open_server(s, false);
            assert_ok(mr_stream_open(db, sql, strlen(sql), &wanted[i], 1, i == 0, &st, &err), &err);
            assert_false(mr_stream_begin_raw(st, &first, 1, &row));
            assert_ok(mr_stream_next(st, &v, &err), &err);
            assert_non_null(v);
            if (i == 1)
                assert_int_equal(v->i, 17);
            mr_stream_close(st);
            mr_db_close(db);
        }
}

/* MySQL's own JSON may be an empty text that is no value: each is looked at. */
static void test_json_is_not_raw(void **state)
{
    (void)state;
    need_servers();
    static const char sql[] = "SELECT 1, CAST('{\"a\": 1}' AS JSON)";
    static const enum mr_class both[] = {MR_CLASS_INT, MR_CLASS_JSON};
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        struct mr_stream *st = NULL;
        struct mr_raw_row row = {0};
        const struct mr_value *v = NULL;
        const size_t first = 0;
        struct mr_db *db = open_server(s, false);
        if (is_mysql(db)) {
            assert_ok(mr_stream_open(db, sql, strlen(sql), both, 2, false, &st, &err), &err);
            assert_false(mr_stream_begin_raw(st, &first, 1, &row));
            assert_ok(mr_stream_next(st, &v, &err), &err);
            assert_non_null(v);
            assert_true(v[1].len > 0);
            mr_stream_close(st);
        }
        mr_db_close(db);
    }
}

/* ---- rows of more than one packet of 16 MiB ---- */

#define PACKET_MAX_BYTES ((1UL << 24) - 1) /* a full one is followed by another */
#define HUGE_TEXT "9000000"
#define HUGE_BYTES 9000000UL

static void check_huge(struct mr_db *db, unsigned long size)
{
    static const enum mr_class three[] = {MR_CLASS_TEXT, MR_CLASS_TEXT, MR_CLASS_INT};
    const size_t last = 2;
    char sql[128];
    struct mr_err err;
    struct mr_stream *st = NULL;
    struct mr_raw_row row = {0};
    /* 1 byte and 1 of NULLs, 4 in front of either text, 8 behind */
    (void)snprintf(sql, sizeof sql,
                   "SELECT a, LEFT(b, %lu), CAST(42 AS SIGNED) + POW(2, 40) DIV 1 FROM huge",
                   size - HUGE_BYTES - 18);
    assert_ok(mr_stream_open(db, sql, strlen(sql), three, 3, false, &st, &err), &err);
    assert_true(mr_stream_begin_raw(st, &last, 1, &row));
    assert_ok(mr_stream_next_raw(st, &row, &err), &err);
    assert_non_null(row.ptr);
    assert_int_equal(row.len, size);
    assert_int_equal(row.values[last].i, 42 + (1LL << 40));
    assert_ok(mr_stream_next_raw(st, &row, &err), &err);
    assert_null(row.ptr);
    mr_stream_close(st);
    assert_false(mr_db_is_lost(db));
}

static void test_huge_rows(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_db *db = open_server(s, true);
        run_sql(db, "DROP TABLE IF EXISTS huge");
        run_sql(db, "CREATE TABLE huge (a LONGTEXT CHARACTER SET latin1, b LONGTEXT "
                    "CHARACTER SET latin1)");
        run_sql(db,
                "INSERT INTO huge VALUES (REPEAT('x', " HUGE_TEXT "), REPEAT('y', " HUGE_TEXT "))");
        for (unsigned long size = PACKET_MAX_BYTES - 1; size <= PACKET_MAX_BYTES + 2; size++)
            check_huge(db, size);
        run_sql(db, "DROP TABLE huge");
        mr_db_close(db);
    }
}

/* ---- streams that break ---- */

#define DIGITS                                                                                     \
    "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION "               \
    "SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"

/* A million rows of 200 bytes: far more than the sockets hold. */
static const char many_sql[] = "SELECT a.n, REPEAT('x', 200) FROM " DIGITS " a, " DIGITS
                               " b, " DIGITS " c, " DIGITS " d, " DIGITS " e, " DIGITS " f";
#define MANY_ROWS 1000000

static struct mr_stream *open_many(struct mr_db *db)
{
    static const enum mr_class both[] = {MR_CLASS_INT, MR_CLASS_TEXT};
    struct mr_err err;
    struct mr_stream *st = NULL;
    struct mr_raw_row row = {0};
    const size_t first = 0;
    assert_ok(mr_stream_open(db, many_sql, strlen(many_sql), both, 2, false, &st, &err), &err);
    assert_true(mr_stream_begin_raw(st, &first, 1, &row));
    for (int i = 0; i < 10; i++) {
        assert_ok(mr_stream_next_raw(st, &row, &err), &err);
        assert_non_null(row.ptr);
    }
    return st;
}

/* Reads on; never takes a broken stream for its end. */
static enum mr_code read_on(struct mr_stream *st, struct mr_err *err)
{
    struct mr_raw_row row = {0};
    enum mr_code rc;
    size_t rows = 10;
    while ((rc = mr_stream_next_raw(st, &row, err)) == MR_OK && row.ptr != NULL)
        rows++;
    if (rc == MR_OK)
        assert_int_equal(rows, MANY_ROWS);
    else
        assert_true(rows < MANY_ROWS);
    return rc;
}

static unsigned long number_of(struct mr_db *db, const char *sql)
{
    struct mr_err err;
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_ok(mr_db_query_text(db, sql, &text, &err), &err);
    unsigned long number = strtoul(text.ptr, NULL, 10);
    mr_strbuf_release(&text);
    return number;
}

static void assert_usable(struct mr_db *db)
{
    struct mr_err err;
    if (mr_db_is_lost(db)) {
        assert_int_equal(mr_db_exec(db, "DO 1", 4, &err), MR_E_LOST);
        assert_ok(mr_db_reconnect(db, 3, &err), &err);
    }
    assert_int_equal(number_of(db, "SELECT 42"), 42);
}

static void test_whole_stream(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        struct mr_db *db = open_server(s, false);
        struct mr_stream *st = open_many(db);
        assert_ok(read_on(st, &err), &err);
        mr_stream_close(st);
        assert_false(mr_db_is_lost(db));
        assert_usable(db);
        mr_db_close(db);
    }
}

static void check_killed(size_t server, const char *what)
{
    struct mr_err err;
    char sql[64];
    struct mr_db *db = open_server(server, false), *killer = open_server(server, false);
    unsigned long id = number_of(db, "SELECT CONNECTION_ID()");
    struct mr_stream *st = open_many(db);
    (void)snprintf(sql, sizeof sql, "KILL %s %lu", what, id);
    run_sql(killer, sql);
    assert_int_equal(read_on(st, &err), MR_E_LOST);
    if (strcmp(what, "QUERY") == 0)
        assert_int_equal(err.sql_errno, 1317);
    mr_stream_close(st);
    assert_int_equal(mr_db_is_lost(db), strcmp(what, "QUERY") != 0);
    assert_usable(db);
    mr_db_close(killer);
    mr_db_close(db);
}

static void test_kill(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        check_killed(s, "QUERY");
        check_killed(s, "CONNECTION");
    }
}

static void test_statement_timeout(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        struct mr_db *db =
            open_with(getenv(server_vars[s]),
                      (struct mr_db_opts){.run_tag = "it-wire", .statement_timeout_s = 1});
        struct mr_stream *st = open_many(db);
        (void)usleep(1500 * 1000); /* the statement's own clock is what is tested */
        assert_int_equal(read_on(st, &err), MR_E_TIMEOUT);
        assert_int_equal(err.sql_errno, is_mysql(db) ? 3024 : 1969);
        mr_stream_close(st);
        assert_false(mr_db_is_lost(db));
        assert_usable(db);
        mr_db_close(db);
    }
}

/* A server that gives up writing hangs up in the middle of a packet. */
static void test_write_timeout(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_err err;
        char sql[128];
        struct mr_db *db = open_server(s, false), *other = open_server(s, false);
        run_sql(db, "SET SESSION net_write_timeout = 1");
        (void)snprintf(sql, sizeof sql,
                       "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %lu",
                       number_of(db, "SELECT CONNECTION_ID()"));
        struct mr_stream *st = open_many(db);
        for (int tries = 0; number_of(other, sql) != 0; tries++) {
            assert_true(tries < 600);
            (void)usleep(100 * 1000);
        }
        assert_int_equal(read_on(st, &err), MR_E_LOST);
        mr_stream_close(st);
        assert_true(mr_db_is_lost(db));
        assert_usable(db);
        mr_db_close(other);
        mr_db_close(db);
    }
}

static void test_close_early(void **state)
{
    (void)state;
    need_servers();
    for (size_t s = 0; s < SERVERS; s++) {
        struct mr_db *db = open_server(s, false);
        mr_stream_close(open_many(db));
        assert_true(mr_db_is_lost(db));
        assert_usable(db);
        mr_db_close(db);
    }
}

/* The last one: the flag stays up. */
static void test_cancel(void **state)
{
    (void)state;
    need_servers();
    struct mr_err err;
    struct mr_db *db = open_server(0, false);
    struct mr_stream *st = open_many(db);
    mr_cancel();
    assert_int_equal(read_on(st, &err), MR_E_CANCELLED);
    mr_stream_close(st);
    mr_db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),    cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_not_raw),       cmocka_unit_test(test_json_is_not_raw),
        cmocka_unit_test(test_huge_rows),     cmocka_unit_test(test_whole_stream),
        cmocka_unit_test(test_kill),          cmocka_unit_test(test_statement_timeout),
        cmocka_unit_test(test_write_timeout), cmocka_unit_test(test_close_early),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests_name("wire", tests, set_up, tear_down);
}
