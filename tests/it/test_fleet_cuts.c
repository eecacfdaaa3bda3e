/* test_fleet_cuts.c: a table of a real server is cut into ranges of about equal many rows, however its
 * keys are spread, and however fine: each row is in one of them. */
#define DB "e_fleet_cuts"
#include "source_fixture.h"

#include "recon/fleet/fleet_cuts.h"

#define WANTED 15
#define FINE 300 /* ranges of a few rows: guesses are off by more than a range */
#define ROWS 10000
#define LIMIT_S 60.0

struct cuts_case {
    const char *name, *columns, *fill; /* fill: SELECT list over i = 0 … 9999 */
    const struct mr_readcol cols[2];
    size_t nkey;
};

static const struct cuts_case cases[] = {
    {"int", "a INT", "i * 7", {COL("a", MR_CLASS_INT)}, 1},
    {"negative", "a BIGINT", "i * 70000 - 650000000", {COL("a", MR_CLASS_INT)}, 1},
    {"skewed: nearly all in a hundredth of the space",
     "a BIGINT",
     "IF(i < 9000, i + 500000000, (i - 9000) * 1000003 + 9000)",
     {COL("a", MR_CLASS_INT)},
     1},
    {"skewed: ever denser",
     "a BIGINT",
     "FLOOR(POW(1.002, i) * 5) + i",
     {COL("a", MR_CLASS_INT)},
     1},
    {"text by its collation",
     "a VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
     "IF(i % 2, UPPER(LEFT(SHA2(i, 256), 32)), LEFT(SHA2(i, 256), 32))",
     {TEXT("a", "utf8mb4")},
     1},
    {"names that begin alike",
     "a VARCHAR(60) CHARACTER SET utf8mb4",
     "CONCAT(IF(i < 8000, 'member-2026-', 'x'), LPAD(i, 8, '0'))",
     {TEXT("a", "utf8mb4")},
     1},
    {"uuid", "a BINARY(16)", "UNHEX(LEFT(SHA2(i, 256), 32))", {COL("a", MR_CLASS_BINARY)}, 1},
    {"one tenant has most",
     "a INT, b INT",
     "IF(i < 8000, 7, i % 20), i",
     {COL("a", MR_CLASS_INT), COL("b", MR_CLASS_INT)},
     2},
};

/* Guesses may lie before what they were made up from: at ends of months, between characters that are no
 * letters, behind the digits that a position has. */
static const struct cuts_case fine_cases[] = {
    {"moments",
     "a DATETIME(6)",
     "DATE_ADD('1990-01-01', INTERVAL i * 7777777777 MICROSECOND)",
     {COL("a", MR_CLASS_DATETIME)},
     1},
    {"moments of one second",
     "a DATETIME(6)",
     "DATE_ADD('1990-01-31 10:00:00', INTERVAL i * 7 MICROSECOND)",
     {COL("a", MR_CLASS_DATETIME)},
     1},
    {"days of two keys",
     "a DATE, b INT",
     "DATE_ADD('2001-01-25', INTERVAL i DIV 9 DAY), i % 9",
     {COL("a", MR_CLASS_DATE), COL("b", MR_CLASS_INT)},
     2},
    {"decimals", "a DECIMAL(65,30)", "(i - 5000) / 7", {COL("a", MR_CLASS_DECIMAL)}, 1},
    {"texts of all kinds",
     "a VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
     "CONCAT(ELT(1 + i % 9, 'a', 'Ä', 'ß', 'Z', '_', '-', ' ', '{', '9'), LEFT(SHA2(i, 256), "
     "12))",
     {TEXT("a", "utf8mb4")},
     1},
    {"texts by their bytes",
     "a VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     "CONCAT(ELT(1 + i % 9, 'a', 'Ä', 'ß', 'Z', '_', '-', ' ', '{', '9'), LEFT(SHA2(i, 256), "
     "12))",
     {TEXT("a", "utf8mb4")},
     1},
};

static void make_table(struct side *side, const struct cuts_case *c)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const char *key = c->nkey == 1 ? "a" : "a, b";
    struct mr_err err = {0};
    run(side->db, "DROP TABLE IF EXISTS t");
    mr_strbuf_add_fmt(&sql,
                      "CREATE TABLE t (%s, pad CHAR(250) CHARACTER SET latin1, PRIMARY KEY (%s))",
                      c->columns, key);
    run(side->db, sql.ptr);
    mr_strbuf_reset(&sql);
    mr_strbuf_add_fmt(&sql,
                      "INSERT INTO t (%s, pad) SELECT %s, REPEAT('x', 250) FROM " NUMBERS " x", key,
                      c->fill);
    run(side->db, sql.ptr);
    mr_strbuf_release(&sql);
    struct mr_result *res = NULL;
    check(mr_db_query(side->db, "*", "ANALYZE TABLE t", 15, &res, &err), &err, "ANALYZE TABLE t");
    mr_result_free(res);
}

/* In the server's order; the greatest and the least number of rows between two of them. */
static void count_ranges(struct side *side, const struct mr_readspec *spec,
                         const struct mr_vec *keys, size_t *least, size_t *most)
{
    size_t sum = 0;
    *least = SIZE_MAX;
    *most = 0;
    for (size_t i = 0; i <= keys->count; i++) {
        struct mr_range range = OPEN;
        struct rows rows;
        if (i > 0)
            range.lo = *(const struct mr_key *)mr_vec_at(keys, i - 1);
        if (i < keys->count)
            range.hi = *(const struct mr_key *)mr_vec_at(keys, i);
        scan(side, spec, range, 0, &rows);
        sum += rows.count;
        *least = rows.count < *least ? rows.count : *least;
        *most = rows.count > *most ? rows.count : *most;
        rows_release(&rows);
    }
    assert_int_equal(sum, ROWS); /* they tile: no row is in none, or in two */
}

static void cut(struct side *side, const struct cuts_case *c, size_t wanted)
{
    const struct mr_readspec spec = {.db = DB,
                                     .table = "t",
                                     .cols = c->cols,
                                     .ncols = c->nkey,
                                     .key = leading,
                                     .nkey = c->nkey,
                                     .index = "PRIMARY"};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    struct mr_err err = {0};
    size_t least = 0, most = 0;
    bool rough = false;
    make_table(side, c);
    check(mr_fleet_cuts(side->reader, &spec, wanted, LIMIT_S, &arena, &keys, &rough, &err), &err,
          c->name);
    count_ranges(side, &spec, &keys, &least, &most);
    print_message("# %s on %s: %zu cuts, ranges of %zu to %zu rows of %d\n", c->name,
                  mr_db_label(side->db), keys.count, least, most, (int)(ROWS / (wanted + 1)));
    if (wanted == WANTED && (keys.count < WANTED - 3 || most > 2 * ROWS / (WANTED + 1) ||
                             least < ROWS / (WANTED + 1) / 4))
        fail_msg("%s: the ranges are lopsided", c->name);
    mr_vec_release(&keys);
    mr_arena_release(&arena);
}

static void test_ranges_are_about_equal(void **state)
{
    (void)state;
    need_servers();
    make_digits();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t s = 0; s < 2; s++)
            cut(&sides[s], &cases[i], WANTED);
}

static void test_fine_ranges_tile(void **state)
{
    (void)state;
    need_servers();
    make_digits();
    for (size_t i = 0; i < sizeof fine_cases / sizeof *fine_cases; i++)
        for (size_t s = 0; s < 2; s++)
            cut(&sides[s], &fine_cases[i], FINE);
}

/* Also of a table without a row, or of one that has one. */
static void test_nothing_to_cut(void **state)
{
    (void)state;
    need_servers();
    static const struct mr_readcol col[] = {COL("a", MR_CLASS_INT)};
    const struct mr_readspec spec = {.db = DB,
                                     .table = "t",
                                     .cols = col,
                                     .ncols = 1,
                                     .key = leading,
                                     .nkey = 1,
                                     .index = "PRIMARY"};
    for (size_t s = 0; s < 2; s++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_vec keys = MR_VEC_INIT(struct mr_key);
        struct mr_err err = {0};
        bool rough = true;
        run(sides[s].db, "DROP TABLE IF EXISTS t");
        run(sides[s].db, "CREATE TABLE t (a INT PRIMARY KEY)");
        check(mr_fleet_cuts(sides[s].reader, &spec, WANTED, LIMIT_S, &arena, &keys, &rough, &err),
              &err, "empty");
        assert_int_equal(keys.count, 0);
        run(sides[s].db, "INSERT INTO t VALUES (1)");
        check(mr_fleet_cuts(sides[s].reader, &spec, WANTED, LIMIT_S, &arena, &keys, &rough, &err),
              &err, "one");
        assert_int_equal(keys.count, 0);
        assert_false(rough);
        mr_vec_release(&keys);
        mr_arena_release(&arena);
    }
}

/* What is not done in time is said, and what was found by then still tiles. */
static void test_no_time(void **state)
{
    (void)state;
    need_servers();
    make_digits();
    const struct cuts_case *c = &fine_cases[0];
    const struct mr_readspec spec = {.db = DB,
                                     .table = "t",
                                     .cols = c->cols,
                                     .ncols = c->nkey,
                                     .key = leading,
                                     .nkey = c->nkey,
                                     .index = "PRIMARY"};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    struct mr_err err = {0};
    size_t least = 0, most = 0;
    bool rough = false;
    make_table(&sides[0], c);
    check(mr_fleet_cuts(sides[0].reader, &spec, FINE, 0, &arena, &keys, &rough, &err), &err,
          c->name);
    assert_true(rough);
    count_ranges(&sides[0], &spec, &keys, &least, &most);
    mr_vec_release(&keys);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_are_about_equal),
        cmocka_unit_test(test_fine_ranges_tile),
        cmocka_unit_test(test_nothing_to_cut),
        cmocka_unit_test(test_no_time),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
