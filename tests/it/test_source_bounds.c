/* test_source_bounds.c: keys that cut a table of a real server into segments. */
#define DB "e_bounds"
#include "source_fixture.h"

#include "core/source/source_live.h"

struct bounds_case {
    const char *name, *columns, *fill; /* fill: SELECT list over i = 0 … 9999 */
    const struct mr_readcol cols[2];
    size_t nkey;
    size_t least;  /* bounds to be found of 7 */
    size_t evenly; /* greatest segment allowed, in rows of 10,000; 0: do not look */
};

static const struct bounds_case bounds_cases[] = {
    {"int", "a INT", "i * 7 - 30000", {COL("a", MR_CLASS_INT)}, 1, 7, 1500},
    {"one outlier",
     "a BIGINT UNSIGNED",
     "IF(i = 77, 18446744073709551615, i)",
     {COL("a", MR_CLASS_UINT)},
     1,
     6,
     2000},
    {"signed ends",
     "a BIGINT",
     "CASE i WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807 ELSE i "
     "END",
     {COL("a", MR_CLASS_INT)},
     1,
     6,
     2000},
    {"two clusters", "a INT", "IF(i % 2, i, i + 2000000000)", {COL("a", MR_CLASS_INT)}, 1, 6, 2000},
    {"three tenants",
     "a INT, b INT",
     "i % 3, i",
     {COL("a", MR_CLASS_INT), COL("b", MR_CLASS_INT)},
     2,
     6,
     2000},
    {"one tenant",
     "a VARCHAR(9), b DATE",
     "'tenant', DATE_ADD('1990-01-01', INTERVAL i DAY)",
     {TEXT("a", "utf8mb4"), COL("b", MR_CLASS_DATE)},
     2,
     7,
     2000},
    {"decimal", "a DECIMAL(30,10)", "i / 1000", {COL("a", MR_CLASS_DECIMAL)}, 1, 7, 2000},
    {"wide decimal",
     "a DECIMAL(65,0)",
     "CAST(CONCAT(i, REPEAT('0', 60)) AS DECIMAL(65,0))",
     {COL("a", MR_CLASS_DECIMAL)},
     1,
     7,
     2000},
    {"double", "a DOUBLE", "i * 1e-200", {COL("a", MR_CLASS_DOUBLE)}, 1, 7, 2000},
    {"datetime",
     "a DATETIME(6)",
     "IF(i = 0, '0000-00-00', DATE_ADD('2001-01-01', INTERVAL i * 3 HOUR))",
     {COL("a", MR_CLASS_DATETIME)},
     1,
     6,
     2500},
    {"timestamp",
     "a TIMESTAMP(3) NULL",
     "IF(i = 0, '0000-00-00', DATE_ADD('2001-01-01', INTERVAL i * 3 HOUR))",
     {COL("a", MR_CLASS_DATETIME)},
     1,
     6,
     2500},
    {"time", "a TIME", "SEC_TO_TIME(i * 500 - 2500000)", {COL("a", MR_CLASS_TIME)}, 1, 7, 2000},
    {"year",
     "a YEAR, b INT",
     "1980 + i % 40, i",
     {COL("a", MR_CLASS_UINT), COL("b", MR_CLASS_INT)},
     2,
     6,
     2000},
    /* 1009 is no YEAR, and MySQL compares with it as it likes: no bounds, no harm. */
    {"year 0",
     "a YEAR, b INT",
     "IF(i % 10 = 0, 0, 1980 + i % 40), i",
     {COL("a", MR_CLASS_UINT), COL("b", MR_CLASS_INT)},
     2,
     0,
     0},
    {"mobile",
     "a VARCHAR(20) CHARACTER SET utf8mb4",
     "CONCAT('138', LPAD(i * 9973, 8, '0'))",
     {TEXT("a", "utf8mb4")},
     1,
     5,
     3000},
    {"hex",
     "a CHAR(32) CHARACTER SET latin1",
     "LEFT(SHA2(i, 256), 32)",
     {TEXT("a", "latin1")},
     1,
     6,
     2500},
    {"upper case, by bytes",
     "a VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     "CONCAT(CHAR(65 + i % 26, 65 + i DIV 26 % 26 USING utf8mb4), i)",
     {TEXT("a", "utf8mb4")},
     1,
     5,
     4000},
    {"no case",
     "a VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
     "IF(i % 2, UPPER(LEFT(SHA2(i, 256), 32)), LEFT(SHA2(i, 256), 32))",
     {TEXT("a", "utf8mb4")},
     1,
     6,
     3000},
    {"utf16",
     "a CHAR(32) CHARACTER SET utf16",
     "LEFT(SHA2(i, 256), 32)",
     {TEXT("a", "utf16")},
     1,
     6,
     2500},
    {"utf32",
     "a CHAR(32) CHARACTER SET utf32",
     "LEFT(SHA2(i, 256), 32)",
     {TEXT("a", "utf32")},
     1,
     6,
     2500},
    {"two-byte text",
     "a VARCHAR(20) CHARACTER SET gbk",
     "CONCAT(_utf8mb4 x'e4bda0e5a5bd', i)",
     {TEXT("a", "gbk")},
     1,
     0,
     0},
    {"binary",
     "a BINARY(16)",
     "UNHEX(LEFT(SHA2(i, 256), 32))",
     {COL("a", MR_CLASS_BINARY)},
     1,
     7,
     1600},
    {"short binary",
     "a VARBINARY(4)",
     "UNHEX(LPAD(HEX(i * 6), 4, 0))",
     {COL("a", MR_CLASS_BINARY)},
     1,
     6,
     2500},
    {"enum",
     "a ENUM('z','y','x'), b INT",
     "1 + i % 3, i",
     {{.name = "a", .expr = MR_EXPR_NUMBER, .cls = MR_CLASS_UINT, .numbers = 3},
      COL("b", MR_CLASS_INT)},
     2,
     6,
     2000},
    {"bit", "a BIT(60)", "i * 1000003", {COL("a", MR_CLASS_UINT)}, 1, 7, 1600},
};

static void make_bounds_table(struct side *side, const struct bounds_case *c)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    run(side->db, "SET SESSION sql_mode = ''");
    run(side->db, "DROP TABLE IF EXISTS bounds");
    mr_strbuf_add_fmt(&sql, "CREATE TABLE bounds(%s, pad CHAR(10) DEFAULT 'x', UNIQUE k(%s))",
                      c->columns, c->nkey == 1 ? "a" : "a, b");
    run(side->db, sql.ptr);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_fmt(&sql, "INSERT INTO bounds(%s) SELECT %s FROM " NUMBERS " x",
                      c->nkey == 1 ? "a" : "a, b", c->fill);
    run(side->db, sql.ptr);
    mr_strbuf_release(&sql);
}

static uint64_t status(struct mr_db *db, const char *name)
{
    struct mr_err err = {0};
    struct mr_result *res = NULL;
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SHOW SESSION STATUS LIKE '%s'", name);
    check(mr_db_query(db, "*", sql, strlen(sql), &res, &err), &err, sql);
    const struct mr_cell *row = mr_result_next(res);
    assert_non_null(row);
    uint64_t value = strtoull(row[1].ptr, NULL, 10);
    mr_result_free(res);
    return value;
}

/* Index entries and rows that the session has stepped over. */
static uint64_t steps(struct mr_db *db)
{
    return status(db, "Handler_read_next") + status(db, "Handler_read_prev") +
           status(db, "Handler_read_rnd_next");
}

/*
 * Asks for bounds, and counts: never more than MR_LIVE_PROBES_MAX statements, each of
 * which ends at the index entry that it looks for (what asking costs by itself is in
 * `allowed`).
 */
static void find_bounds(struct side *side, const struct bounds_case *c,
                        const struct mr_readspec *spec, size_t wanted, struct mr_arena *arena,
                        struct mr_vec *keys)
{
    static const uint64_t allowed = 4000;
    /* Both servers sort for e = 3 AND b > 7 ORDER BY e, b where e is an ENUM. */
    const bool sorts = c->cols[0].expr == MR_EXPR_NUMBER;
    struct mr_err err = {0};
    struct mr_db *db = mr_reader_db(side->reader);
    uint64_t statements = status(db, "Com_stmt_execute");
    uint64_t before = steps(db);
    check(mr_reader_bounds(side->reader, spec, wanted, arena, keys, &err), &err, c->name);
    statements = status(db, "Com_stmt_execute") - statements;
    uint64_t read = steps(db) - before;
    if (statements > MR_LIVE_PROBES_MAX || statements == 0 || (read > allowed && !sorts))
        fail_msg("%s on %s: %llu statements read %llu entries", c->name, mr_db_label(db),
                 (unsigned long long)statements, (unsigned long long)read);
}

/* Where `key` stands among the rows, from `at` on; rows->count if nowhere. */
static size_t find_key(const struct rows *rows, size_t at, struct mr_key key)
{
    while (at < rows->count &&
           mr_key_compare(*(const struct mr_key *)mr_vec_at(&rows->keys, at), key) != 0)
        at++;
    return at;
}

/* Each bound is a key of the table, they ascend in the server's order, and the last key
 * is none of them.  Returns the size of the greatest segment. */
static size_t greatest_segment(const struct bounds_case *c, const struct rows *rows,
                               const struct mr_vec *keys)
{
    size_t begin = 0, greatest = 0;
    for (size_t i = 0; i < keys->count; i++) {
        size_t at = find_key(rows, begin, *(const struct mr_key *)mr_vec_at(keys, i));
        if (at + 1 >= rows->count)
            fail_msg("%s: bound %zu is out of order, or no key, or the last", c->name, i);
        greatest = at + 1 - begin > greatest ? at + 1 - begin : greatest;
        begin = at + 1;
    }
    return rows->count - begin > greatest ? rows->count - begin : greatest;
}

static void check_bounds(struct side *side, const struct bounds_case *c)
{
    const struct mr_readspec spec = {.db = DB,
                                     .table = "bounds",
                                     .cols = c->cols,
                                     .ncols = c->nkey,
                                     .key = leading,
                                     .nkey = c->nkey,
                                     .index = "k"};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    struct rows rows;
    find_bounds(side, c, &spec, 7, &arena, &keys);
    scan(side, &spec, everything, 0, &rows);
    size_t greatest = greatest_segment(c, &rows, &keys);
    if (keys.count < c->least || keys.count > 7 ||
        (c->evenly > 0 && greatest * 10000 > c->evenly * rows.count))
        fail_msg("%s on %s: %zu bounds, the greatest segment has %zu of %zu rows", c->name,
                 mr_db_label(side->db), keys.count, greatest, rows.count);
    mr_vec_clear(&keys);
    find_bounds(side, c, &spec, 1000, &arena, &keys); /* far too many */
    (void)greatest_segment(c, &rows, &keys);
    assert_true(keys.count < MR_LIVE_PROBES_MAX);
    rows_release(&rows);
    mr_vec_release(&keys);
    mr_arena_release(&arena);
}

static void test_bounds(void **state)
{
    (void)state;
    need_servers();
    make_digits();
    for (size_t i = 0; i < sizeof bounds_cases / sizeof bounds_cases[0]; i++)
        for (size_t s = 0; s < 2; s++) {
            make_bounds_table(&sides[s], &bounds_cases[i]);
            check_bounds(&sides[s], &bounds_cases[i]);
        }
}

/* Each read takes a tenth of a second, as of a table with very many partitions that no memory
 * holds: a hundred of them would be work that nobody asked for. */
static void test_slow_reads_are_few(void **state)
{
    static const struct mr_readcol col[] = {COL("a", MR_CLASS_INT)};
    const struct mr_readspec spec = {
        .db = DB, .table = "slow", .cols = col, .ncols = 1, .key = leading, .nkey = 1};
    (void)state;
    need_servers();
    for (size_t s = 0; s < 2; s++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_vec keys = MR_VEC_INIT(struct mr_key);
        struct mr_err err = {0};
        make_bounds_table(&sides[s], &bounds_cases[0]);
        run(sides[s].db,
            "CREATE OR REPLACE VIEW slow AS SELECT a FROM bounds WHERE SLEEP(0.1) = 0");
        struct mr_db *db = mr_reader_db(sides[s].reader);
        uint64_t statements = status(db, "Com_stmt_execute");
        check(mr_reader_bounds(sides[s].reader, &spec, 60, &arena, &keys, &err), &err, "slow");
        statements = status(db, "Com_stmt_execute") - statements;
        if (statements > 20 || keys.count == 0)
            fail_msg("%s: %llu reads, %zu bounds", mr_db_label(db), (unsigned long long)statements,
                     keys.count);
        run(sides[s].db, "DROP VIEW slow");
        mr_vec_release(&keys);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_slow_reads_are_few),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
