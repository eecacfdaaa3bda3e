/*
 * test_source_digest.c: digests that real servers compute: equal for equal rows, and
 * different for every change, the least one too.
 */
#define DB "e_digest"
#include "source_fixture.h"

struct digest_case {
    const char *name, *type;
    struct mr_readcol col;
    const char *one, *other; /* two different values, as close as can be */
};

static const struct digest_case digest_cases[] = {
    {"tinyint", "TINYINT(3) ZEROFILL", COL("v", MR_CLASS_UINT), "7", "8"},
    {"bigint", "BIGINT", COL("v", MR_CLASS_INT), "-9223372036854775808", "-9223372036854775807"},
    {"unsigned", "BIGINT UNSIGNED", COL("v", MR_CLASS_UINT), "18446744073709551615",
     "18446744073709551614"},
    {"float", "FLOAT", COL("v", MR_CLASS_FLOAT), "16777215", "16777214"},
    {"float by one bit", "FLOAT", COL("v", MR_CLASS_FLOAT), "0.1", "0.10000000894069672"},
    {"float(7,2)", "FLOAT(7,2)", COL("v", MR_CLASS_FLOAT), "1.23", "1.24"},
    {"double", "DOUBLE", COL("v", MR_CLASS_DOUBLE), "0.1e0", "0.10000000000000002e0"},
    {"small double", "DOUBLE", COL("v", MR_CLASS_DOUBLE), "4.9406564584124654e-324", "0"},
    {"big double", "DOUBLE", COL("v", MR_CLASS_DOUBLE), "1.7976931348623157e308",
     "1.7976931348623155e308"},
    {"double(10,3)", "DOUBLE(10,3)", COL("v", MR_CLASS_DOUBLE), "1.001", "1.002"},
    {"decimal", "DECIMAL(65,30)", COL("v", MR_CLASS_DECIMAL),
     "12345678901234567890123456789012345.000000000000000000000000000001",
     "12345678901234567890123456789012345.000000000000000000000000000002"},
    {"year", "YEAR", COL("v", MR_CLASS_UINT), "0", "2000"},
    {"bit", "BIT(64)", COL("v", MR_CLASS_UINT), "x'ffffffffffffffff'", "x'fffffffffffffffe'"},
    {"date", "DATE", COL("v", MR_CLASS_DATE), "'0000-00-00'", "'2000-00-00'"},
    {"datetime", "DATETIME(6)", COL("v", MR_CLASS_DATETIME), "'9999-12-31 23:59:59.999999'",
     "'9999-12-31 23:59:59.999998'"},
    {"timestamp", "TIMESTAMP(6) NULL", COL("v", MR_CLASS_DATETIME), "'2020-01-01 00:00:00.000001'",
     "'2020-01-01 00:00:00.000002'"},
    {"time", "TIME(6)", COL("v", MR_CLASS_TIME), "'-00:00:00.000001'", "'00:00:00.000001'"},
    {"long time", "TIME", COL("v", MR_CLASS_TIME), "'-838:59:59'", "'-838:59:58'"},
    {"trailing space", "VARCHAR(20) CHARACTER SET utf8mb4", TEXT("v", "utf8mb4"), "'a'", "'a '"},
    {"case", "VARCHAR(20) CHARACTER SET utf8mb4", TEXT("v", "utf8mb4"), "'a'", "'A'"},
    {"accent", "VARCHAR(20) CHARACTER SET latin1", TEXT("v", "latin1"), "x'e4'", "x'61'"},
    {"cp932", "VARCHAR(20) CHARACTER SET cp932", TEXT("v", "cp932"), "_cp932 x'81ca'",
     "_cp932 x'eef9'"},
    {"utf16", "VARCHAR(20) CHARACTER SET utf16", TEXT("v", "utf16"), "'a'", "'b'"},
    {"utf32", "VARCHAR(20) CHARACTER SET utf32", TEXT("v", "utf32"), "'a'", "'b'"},
    {"utf32 that is empty", "VARCHAR(20) CHARACTER SET utf32", TEXT("v", "utf32"), "NULL", "''"},
    {"emoji", "TEXT CHARACTER SET utf8mb4", TEXT("v", "utf8mb4"), "_utf8mb4 x'f09f9880'",
     "_utf8mb4 x'f09f9881'"},
    {"null text", "VARCHAR(20)", TEXT("v", "utf8mb4"), "NULL", "'N'"},
    {"empty text", "VARCHAR(20)", TEXT("v", "utf8mb4"), "NULL", "''"},
    {"'NULL'", "VARCHAR(20)", TEXT("v", "utf8mb4"), "NULL", "'NULL'"},
    {"null int", "INT", COL("v", MR_CLASS_INT), "NULL", "0"},
    {"long text", "LONGTEXT", TEXT("v", "utf8mb4"), "REPEAT('x', 1000000)",
     "CONCAT(REPEAT('x', 999999), 'y')"},
    {"binary", "BINARY(4)", COL("v", MR_CLASS_BINARY), "x'00000000'", "x'00000001'"},
    {"varbinary", "VARBINARY(9)", COL("v", MR_CLASS_BINARY), "x'00'", "x'0000'"},
    {"blob", "BLOB", COL("v", MR_CLASS_BINARY), "x'ff00'", "x'ff'"},
    {"enum",
     "ENUM('a','A','') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     {.name = "v", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_ENUM, .charset = "utf8mb4"},
     "'a'",
     "'A'"},
    {"enum's nothing",
     "ENUM('a','')",
     {.name = "v", .expr = MR_EXPR_INDEX_ZERO, .cls = MR_CLASS_UINT},
     "0",
     "''"},
    {"set",
     "SET('a','b','c')",
     {.name = "v", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_ENUM, .charset = "utf8mb4"},
     "'a,b'",
     "'a,c'"},
    {"json", "JSON", COL("v", MR_CLASS_JSON), "'{\"a\": 1}'", "'{\"a\": \"1\"}'"},
    {"geometry", "GEOMETRY", COL("v", MR_CLASS_GEOMETRY), "ST_GeomFromText('POINT(1 2)')",
     "ST_GeomFromText('POINT(1 2.0000000000000004)')"},
    {"as text",
     "INT",
     {.name = "v", .expr = MR_EXPR_TEXT, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"},
     "12",
     "21"},
};

static void digest(struct side *side, const struct mr_readspec *spec, struct mr_range_digest *out)
{
    struct mr_err err = {0};
    check(mr_reader_digest(side->reader, spec, everything, out, &err), &err, "digest");
    assert_true(out->exact);
}

static bool same(const struct mr_range_digest *a, const struct mr_range_digest *b)
{
    return a->rows == b->rows && strcmp(a->words[0], b->words[0]) == 0 &&
           strcmp(a->words[1], b->words[1]) == 0;
}

static void set_value(struct side *side, int id, const char *value)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "UPDATE digest SET v = %s WHERE id = %d", value, id);
    run(side->db, sql.ptr);
    mr_strbuf_release(&sql);
}

/* That a column is NOT NULL changes nothing of the digest, only how it is asked for; where NULL is
 * found in it all the same, there is none. */
static void check_not_null(struct side *side, const struct digest_case *c,
                           const struct mr_readspec *nullable, const struct mr_range_digest *base)
{
    struct mr_readcol cols[] = {nullable->cols[0], nullable->cols[1], nullable->cols[2]};
    struct mr_readspec spec = *nullable;
    struct mr_range_digest now;
    struct mr_err err = {0};
    spec.cols = cols;
    cols[0].not_null = cols[1].not_null = cols[2].not_null = true;
    check(mr_reader_digest(side->reader, &spec, everything, &now, &err), &err, "digest");
    if (now.exact != (strcmp(c->one, "NULL") != 0) || (now.exact && !same(base, &now)))
        fail_msg("%s on %s: another digest of a column that is NOT NULL", c->name,
                 mr_db_label(side->db));
}

/* Rows 1 and 2 hold `one`, 3 and 4 `other`; every change of it must show, the way back must lead to
 * the same digest, and no change may be hidden by a second one.  Beside it stands a text of another
 * charset, to which nothing may be converted. */
static void check_digest(struct side *side, const struct digest_case *c,
                         struct mr_range_digest *base)
{
    const struct mr_readcol cols[] = {COL("id", MR_CLASS_INT), c->col, TEXT("w", "utf8mb4")};
    const struct mr_readspec spec = {.db = DB,
                                     .table = "digest",
                                     .cols = cols,
                                     .ncols = 3,
                                     .key = leading,
                                     .nkey = 1,
                                     .index = "PRIMARY"};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_range_digest now;
    const char *const values[] = {c->one, c->one, c->other, c->other};
    run(side->db, "SET SESSION sql_mode = ''");
    run(side->db, "DROP TABLE IF EXISTS digest");
    mr_strbuf_add_fmt(&sql,
                      "CREATE TABLE digest(id INT PRIMARY KEY, v %s, w VARCHAR(9) CHARACTER SET "
                      "utf8mb4 NOT NULL DEFAULT 'w')",
                      c->type);
    run(side->db, sql.ptr);
    run(side->db, "INSERT INTO digest(id) VALUES (1),(2),(3),(4)");
    for (int i = 0; i < 4; i++)
        set_value(side, i + 1, values[i]);
    digest(side, &spec, base);
    assert_int_equal(base->rows, 4);
    check_not_null(side, c, &spec, base);
    digest(side, &spec, &now);
    assert_true(same(base, &now));
    set_value(side, 1, c->other);
    digest(side, &spec, &now);
    if (same(base, &now))
        fail_msg("%s on %s: a changed value is not seen", c->name, mr_db_label(side->db));
    set_value(side, 2, c->other); /* the same change in an even number of rows */
    digest(side, &spec, &now);
    assert_false(same(base, &now));
    set_value(side, 3, c->one);
    set_value(side, 4, c->one); /* the values of two pairs of rows are swapped */
    digest(side, &spec, &now);
    if (same(base, &now))
        fail_msg("%s on %s: swapped rows are not seen", c->name, mr_db_label(side->db));
    for (int i = 0; i < 4; i++)
        set_value(side, i + 1, values[i]);
    digest(side, &spec, &now);
    assert_true(same(base, &now));
    mr_strbuf_release(&sql);
}

static void test_digest_of_types(void **state)
{
    (void)state;
    need_servers();
    bool one_flavour = mr_db_server(sides[0].db)->flavour == mr_db_server(sides[1].db)->flavour;
    for (size_t i = 0; i < sizeof digest_cases / sizeof digest_cases[0]; i++) {
        struct mr_range_digest digests[2];
        for (size_t s = 0; s < 2; s++)
            check_digest(&sides[s], &digest_cases[i], &digests[s]);
        if (one_flavour)
            assert_true(same(&digests[0], &digests[1]));
        else if (!same(&digests[0], &digests[1]))
            print_message("differs between the flavours: %s\n", digest_cases[i].name);
    }
}

/* -0 and 0 are one number. */
static void test_digest_of_minus_zero(void **state)
{
    (void)state;
    need_servers();
    static const struct digest_case zero = {"zero", "DOUBLE", COL("v", MR_CLASS_DOUBLE), "0e0",
                                            "1"};
    static const struct digest_case minus = {"minus zero", "DOUBLE", COL("v", MR_CLASS_DOUBLE),
                                             "-0e0", "1"};
    for (size_t s = 0; s < 2; s++) {
        struct mr_range_digest a, b;
        check_digest(&sides[s], &zero, &a);
        check_digest(&sides[s], &minus, &b);
        assert_true(same(&a, &b));
    }
}

/* Values that would run together without their lengths. */
static void test_digest_is_injective(void **state)
{
    (void)state;
    need_servers();
    static const char *const rows[] = {
        "(1, 'a', 'b')",    "(1, 'ab', '')",       "(1, '', 'ab')",    "(1, NULL, 'ab')",
        "(1, 'ab', NULL)",  "(1, 't1:b', '')",     "(1, 'at1:b', '')", "(1, '', 't1:b')",
        "(1, 'a', 't1:b')", "(1, 'Nt2:ab', NULL)", "(1, 'N', NULL)",   "(1, NULL, 'N')",
        "(1, 'at0:', '')",  "(1, 'a', 't0:')",     "(1, '1:a', 'b')",  "(1, 'a,b', '')",
        "(1, 'a', ',b')",   "(1, 'a\\0', 'b')",    "(1, 'a', '\\0b')", "(1, 'a#', 'b')",
        "(1, 'a', '#b')",   "(1, 'N1:b', NULL)",   "(1, NULL, '1:b')", "(1, '', '0:')",
        "(1, '0:', '')",    "(1, ',', '')",        "(1, '', ',')",     "(11, 'a', 'b')",
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    static const struct mr_readcol cols[] = {COL("id", MR_CLASS_INT), TEXT("v", "utf8mb4"),
                                             TEXT("w", "utf8mb4")};
    static const struct mr_readspec spec = {.db = DB, .table = "pairs", .cols = cols, .ncols = 3};
    for (size_t s = 0; s < 2; s++) {
        struct mr_range_digest digests[ROWS];
        run(sides[s].db, "DROP TABLE IF EXISTS pairs");
        run(sides[s].db, "CREATE TABLE pairs(id INT, v VARCHAR(20), w VARCHAR(20)) "
                         "CHARACTER SET utf8mb4");
        digest(&sides[s], &spec, &digests[0]);
        assert_int_equal(digests[0].rows, 0);
        assert_string_equal(digests[0].words[0], "0");
        for (size_t i = 0; i < ROWS; i++) {
            struct mr_strbuf sql = MR_STRBUF_INIT;
            run(sides[s].db, "TRUNCATE TABLE pairs");
            mr_strbuf_add_fmt(&sql, "INSERT INTO pairs VALUES %s", rows[i]);
            run(sides[s].db, sql.ptr);
            mr_strbuf_release(&sql);
            digest(&sides[s], &spec, &digests[i]);
            for (size_t j = 0; j < i; j++)
                if (same(&digests[i], &digests[j]))
                    fail_msg("%s and %s have one digest", rows[i], rows[j]);
        }
        run(sides[s].db, "INSERT INTO pairs VALUES (11, 'a', 'b')");
        digest(&sides[s], &spec, &digests[0]);
        assert_int_equal(digests[0].rows, 2); /* a duplicate counts */
        assert_false(same(&digests[0], &digests[ROWS - 1]));
    }
}

/* A row that the server cannot hold as one text has no digest, and that is said. */
static void test_digest_of_too_wide_row(void **state)
{
    (void)state;
    need_servers();
    static const struct mr_readcol cols[] = {COL("id", MR_CLASS_INT), COL("v", MR_CLASS_BINARY),
                                             COL("w", MR_CLASS_BINARY)};
    static const struct mr_readspec spec = {.db = DB, .table = "wide", .cols = cols, .ncols = 3};
    for (size_t s = 0; s < 2; s++) {
        struct mr_range_digest out;
        struct mr_err err = {0};
        struct mr_strbuf sql = MR_STRBUF_INIT;
        uint64_t limit = ask(mr_reader_db(sides[s].reader), "SELECT @@max_allowed_packet");
        run(sides[s].db, "DROP TABLE IF EXISTS wide");
        run(sides[s].db, "CREATE TABLE wide(id INT PRIMARY KEY, v LONGBLOB, w LONGBLOB)");
        mr_strbuf_add_fmt(&sql,
                          "INSERT INTO wide VALUES (1, 'a', 'b'), (2, REPEAT('v', %llu), "
                          "NULL)",
                          (unsigned long long)(limit / 2));
        run(sides[s].db, sql.ptr);
        run(sides[s].db, "UPDATE wide SET w = v WHERE id = 2");
        check(mr_reader_digest(sides[s].reader, &spec, everything, &out, &err), &err, "digest");
        assert_int_equal(out.rows, 2);
        assert_false(out.exact);
        run(sides[s].db, "DROP TABLE wide");
        mr_strbuf_release(&sql);
    }
}

/* The parts of a range that cuts make have the digests of the ranges between them, whatever the key
 * is made of; of a key that ends before there are fewer cuts. */
static void test_digests_of_parts(void **state)
{
    static const struct mr_readcol cols[] = {COL("id", MR_CLASS_INT), TEXT("name", "utf8mb4"),
                                             COL("at", MR_CLASS_DATETIME),
                                             COL("d", MR_CLASS_DECIMAL)};
    static const size_t by_id[] = {0}, by_name[] = {1}, by_both[] = {3, 2};
    static const struct {
        const size_t *key;
        size_t nkey;
        const char *index;
    } keys[] = {{by_id, 1, "PRIMARY"}, {by_name, 1, "name"}, {by_both, 2, "d"}};
    (void)state;
    need_servers();
    for (size_t s = 0; s < 2; s++) {
        run(sides[s].db, "DROP TABLE IF EXISTS parts");
        run(sides[s].db, "CREATE TABLE parts (id INT PRIMARY KEY, name VARCHAR(20) CHARSET utf8mb4 "
                         "NOT NULL, at DATETIME(6) NOT NULL, d DECIMAL(9,3) NOT NULL, UNIQUE KEY "
                         "name (name), UNIQUE KEY d (d, at))");
        for (int i = 0; i < 90; i++) {
            struct mr_strbuf sql = MR_STRBUF_INIT;
            mr_strbuf_add_fmt(&sql,
                              "INSERT INTO parts VALUES (%d, CONCAT('%c', %d), '2026-01-01' + "
                              "INTERVAL %d MICROSECOND, %d / 8)",
                              i * 3 - 100, i % 2 == 0 ? 'a' : 'B', i, 7919 * i, i % 7);
            run(sides[s].db, sql.ptr);
            mr_strbuf_release(&sql);
        }
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            const struct mr_readspec spec = {.db = DB,
                                             .table = "parts",
                                             .cols = cols,
                                             .ncols = 4,
                                             .key = keys[k].key,
                                             .nkey = keys[k].nkey,
                                             .index = keys[k].index};
            struct mr_arena arena = MR_ARENA_INIT;
            struct mr_vec cuts = MR_VEC_INIT(struct mr_key);
            struct mr_range_digest parts[MR_CUTS_MAX + 1], one;
            struct mr_err err = {0};
            check(mr_reader_cuts(sides[s].reader, &spec, everything, 20, 9, &arena, &cuts, &err),
                  &err, "cuts");
            assert_int_equal(cuts.count, 4);
            check(mr_reader_digest_parts(sides[s].reader, &spec, everything, cuts.items, cuts.count,
                                         parts, &err),
                  &err, "digests of parts");
            for (size_t i = 0; i <= cuts.count; i++) {
                struct mr_range range = everything;
                if (i > 0)
                    range.lo = *(struct mr_key *)mr_vec_at(&cuts, i - 1);
                if (i < cuts.count)
                    range.hi = *(struct mr_key *)mr_vec_at(&cuts, i);
                check(mr_reader_digest(sides[s].reader, &spec, range, &one, &err), &err, "digest");
                assert_int_equal(one.rows, i < cuts.count ? 20 : 10);
                assert_true(parts[i].exact);
                assert_true(same(&one, &parts[i]));
            }
            mr_vec_release(&cuts);
            mr_arena_release(&arena);
        }
        run(sides[s].db, "DROP TABLE parts");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_of_types),     cmocka_unit_test(test_digest_of_minus_zero),
        cmocka_unit_test(test_digest_is_injective), cmocka_unit_test(test_digest_of_too_wide_row),
        cmocka_unit_test(test_digests_of_parts),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
