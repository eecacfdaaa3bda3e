/*
 * test_keyrange.c: conditions on key ranges: their text, and that ranges tile a table.
 * SQLite evaluates them here; tests/it/test_keys.c asks the servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <string.h>

#include "core/source/keyrange.h"
#include "random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

enum { MAX_PARTS = 3, SIDE = 4 };

static const struct mr_key_part plain[MAX_PARTS] = {
    {.column = "a", .cls = MR_CLASS_INT},
    {.column = "b", .cls = MR_CLASS_INT},
    {.column = "c", .cls = MR_CLASS_INT},
};

/* A key of integers: "1 2 -3". */
static struct mr_key int_key(struct mr_strbuf *bytes, const char *numbers)
{
    char *end = NULL;
    mr_strbuf_reset(bytes);
    for (;;) {
        struct mr_value value = {.cls = MR_CLASS_INT, .i = strtoll(numbers, &end, 10)};
        if (end == numbers)
            break;
        assert_int_equal(mr_row_encode(bytes, &value, NULL), MR_OK);
        numbers = end;
    }
    return (struct mr_key){bytes->ptr, bytes->len};
}

struct range_case {
    size_t nparts;
    uint64_t numbers[MAX_PARTS];
    const char *lo, *hi; /* NULL: open */
    const char *sql;
};

static void check_range_case(const struct range_case *c)
{
    struct mr_strbuf lo = MR_STRBUF_INIT, hi = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    struct mr_key_part parts[MAX_PARTS];
    struct mr_range range = {{NULL, 0}, {NULL, 0}};
    memcpy(parts, plain, sizeof parts);
    for (size_t i = 0; i < MAX_PARTS; i++)
        parts[i].numbers = c->numbers[i];
    if (c->lo != NULL)
        range.lo = int_key(&lo, c->lo);
    if (c->hi != NULL)
        range.hi = int_key(&hi, c->hi);
    assert_int_equal(mr_keyrange_condition(&sql, parts, c->nparts, range),
                     c->lo != NULL || c->hi != NULL);
    assert_false(sql.failed);
    assert_string_equal(sql.ptr, c->sql);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&hi);
    mr_strbuf_release(&lo);
}

static void test_range_texts(void **state)
{
    (void)state;
    static const struct range_case cases[] = {
        {1, {0}, NULL, NULL, ""},
        {1, {0}, "5", NULL, "(`a` > 5)"},
        {1, {0}, NULL, "5", "(`a` <= 5)"},
        {1, {0}, "-5", "5", "(`a` > -5 AND `a` <= 5)"},
        {1, {0}, "5", "5", "(`a` > 5 AND `a` <= 5)"},
        {2, {0}, NULL, NULL, ""},
        {2, {0}, "1 2", NULL, "(`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` > 2)))"},
        {2, {0}, NULL, "1 2", "(`a` <= 1 AND (`a` < 1 OR (`a` = 1 AND `b` <= 2)))"},
        {2,
         {0},
         "1 2",
         "3 4",
         "(`a` >= 1 AND `a` <= 3 AND (`a` > 1 OR (`a` = 1 AND `b` > 2))"
         " AND (`a` < 3 OR (`a` = 3 AND `b` <= 4)))"},
        {2,
         {0},
         "1 2",
         "1 4",
         "(`a` >= 1 AND `a` <= 1 AND (`a` > 1 OR (`a` = 1 AND `b` > 2))"
         " AND (`a` < 1 OR (`a` = 1 AND `b` <= 4)))"},
        {3,
         {0},
         "1 2 3",
         NULL,
         "(`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND (`b` > 2 OR (`b` = 2 AND `c` > "
         "3)))))"},
        {3,
         {0},
         NULL,
         "1 4 5",
         "(`a` <= 1 AND (`a` < 1 OR (`a` = 1 AND (`b` < 4 OR (`b` = 4 AND `c` <= "
         "5)))))"},
        /* an ENUM of four members (0 is none of them) */
        {1, {4}, "2", NULL, "(`a` IN (3, 4))"},
        {1, {4}, NULL, "2", "(`a` IN (0, 1, 2))"},
        {1, {4}, "1", "3", "(`a` IN (2, 3))"},
        {1, {4}, "4", NULL, "(`a` IN (5))"},
        {1, {4}, NULL, "9", "(`a` IN (0, 1, 2, 3, 4))"},
        {1, {2000}, "2", NULL, "(`a` > 2)"},
        {2, {4, 0}, "2 7", NULL, "((`a` IN (3, 4) OR (`a` = 2 AND `b` > 7)))"},
        {2, {4, 0}, NULL, "0 7", "((`a` IN (5) OR (`a` = 0 AND `b` <= 7)))"},
        {2,
         {4, 0},
         "2 7",
         "4 9",
         "((`a` IN (3, 4) OR (`a` = 2 AND `b` > 7))"
         " AND (`a` IN (0, 1, 2, 3) OR (`a` = 4 AND `b` <= 9)))"},
        {2, {4, 0}, "4 7", NULL, "((`a` IN (5) OR (`a` = 4 AND `b` > 7)))"},
        {2, {0, 2}, "1 1", NULL, "(`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` IN (2))))"},
    };
    for (size_t i = 0; i < LEN(cases); i++)
        check_range_case(&cases[i]);
}

static void test_key_lists(void **state)
{
    (void)state;
    static const struct {
        size_t nparts, nkeys;
        const char *keys[3];
        const char *sql;
    } cases[] = {
        {1, 1, {"7"}, "(`a` IN (7))"},
        {1, 3, {"7", "-8", "9"}, "(`a` IN (7, -8, 9))"},
        {2, 1, {"7 1"}, "((`a` = 7 AND `b` = 1))"},
        {2, 2, {"7 1", "7 2"}, "((`a` = 7 AND `b` = 1) OR (`a` = 7 AND `b` = 2))"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf bytes[3] = {MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT};
        struct mr_strbuf sql = MR_STRBUF_INIT;
        struct mr_key keys[3];
        for (size_t k = 0; k < cases[i].nkeys; k++)
            keys[k] = int_key(&bytes[k], cases[i].keys[k]);
        mr_keyrange_keys_condition(&sql, plain, cases[i].nparts, keys, cases[i].nkeys);
        assert_false(sql.failed);
        assert_string_equal(sql.ptr, cases[i].sql);
        mr_strbuf_release(&sql);
        for (size_t k = 0; k < 3; k++)
            mr_strbuf_release(&bytes[k]);
    }
}

/* first..last, or single keys, as one list; integers that follow each other are a range. */
static void test_runs(void **state)
{
    (void)state;
    static const struct {
        const char *keys; /* "3000-3009 17" */
        uint64_t numbers;
        const char *sql;
    } cases[] = {
        {"3000-3007", 0, "(`a` BETWEEN 3000 AND 3007)"},
        {"3000-3006", 0, "(`a` IN (3000, 3001, 3002, 3003, 3004, 3005, 3006))"},
        {"17 3000-3009 3011-3030 5000", 0,
         "(`a` BETWEEN 3000 AND 3009 OR `a` BETWEEN 3011 AND 3030 OR `a` IN (17, 5000))"},
        /* what may be a YEAR is never in a range */
        {"2150-2163", 0,
         "(`a` BETWEEN 2156 AND 2163 OR `a` IN (2150, 2151, 2152, 2153, 2154, 2155))"},
        {"1-9", 0, "(`a` IN (1, 2, 3, 4, 5, 6, 7, 8, 9))"},
        /* an ENUM or SET by its number */
        {"3000-3007", 60000, "(`a` IN (3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007))"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_key_part part = {
            .column = "a", .cls = MR_CLASS_INT, .numbers = cases[i].numbers};
        struct mr_strbuf bytes = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
        struct mr_key keys[64];
        size_t nkeys = 0, at[64];
        for (const char *list = cases[i].keys; *list != '\0';) {
            char *end;
            int64_t first = strtoll(list, &end, 10);
            int64_t last = *end == '-' ? strtoll(end + 1, &end, 10) : first;
            list = end + (*end == ' ');
            for (int64_t k = first; k <= last; k++) {
                const struct mr_value value = {.cls = MR_CLASS_INT, .i = k};
                at[nkeys++] = bytes.len;
                assert_int_equal(mr_row_encode(&bytes, &value, NULL), MR_OK);
            }
        }
        for (size_t k = 0; k < nkeys; k++)
            keys[k] = (struct mr_key){bytes.ptr + at[k], bytes.len / nkeys};
        mr_keyrange_keys_condition(&sql, &part, 1, keys, nkeys);
        assert_false(sql.failed);
        assert_string_equal(sql.ptr, cases[i].sql);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&bytes);
    }
}

/* Up to the greatest number, and never around it. */
static void test_run_at_the_end(void **state)
{
    (void)state;
    const struct mr_key_part part = {.column = "a", .cls = MR_CLASS_UINT};
    struct mr_strbuf bytes = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    struct mr_key keys[16];
    for (uint64_t i = 0; i < LEN(keys); i++) {
        const struct mr_value value = {.cls = MR_CLASS_UINT, .u = UINT64_MAX - 7 + i};
        assert_int_equal(mr_row_encode(&bytes, &value, NULL), MR_OK);
    }
    for (size_t i = 0; i < LEN(keys); i++)
        keys[i] = (struct mr_key){bytes.ptr + i * (bytes.len / LEN(keys)), bytes.len / LEN(keys)};
    mr_keyrange_keys_condition(&sql, &part, 1, keys, LEN(keys));
    assert_string_equal(sql.ptr, "(`a` BETWEEN 18446744073709551608 AND "
                                 "18446744073709551615 OR `a` IN (0, 1, 2, 3, 4, 5, 6, "
                                 "7))");
    mr_strbuf_release(&sql);
    mr_strbuf_release(&bytes);
}

static void test_mixed_classes(void **state)
{
    (void)state;
    static const struct mr_key_part parts[] = {
        {.column = "na`me", .cls = MR_CLASS_TEXT, .charset = "cp932"},
        {.column = "at", .cls = MR_CLASS_DATETIME},
        {.column = "tag", .cls = MR_CLASS_BINARY},
    };
    const struct mr_value values[] = {
        {.cls = MR_CLASS_TEXT, .ptr = "\x81\xca", .len = 2},
        {.cls = MR_CLASS_DATETIME, .t = {.year = 2024, .month = 4, .day = 8}},
        {.cls = MR_CLASS_BINARY, .ptr = "\0", .len = 1},
    };
    struct mr_strbuf key = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    for (size_t i = 0; i < LEN(values); i++)
        assert_int_equal(mr_row_encode(&key, &values[i], NULL), MR_OK);
    struct mr_key keys[] = {{key.ptr, key.len}};
    mr_keyrange_keys_condition(&sql, parts, LEN(parts), keys, 1);
    assert_string_equal(sql.ptr, "((`na``me` = _cp932 x'81ca' AND "
                                 "`at` = '2024-04-08 00:00:00.000000' AND `tag` = x'00'))");
    mr_strbuf_release(&sql);
    mr_strbuf_release(&key);
}

/* A key that does not fit its parts must not become a condition on fewer of them. */
static void test_unfit_keys(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "1", "1 2 3"};
    struct mr_strbuf bytes = MR_STRBUF_INIT, good = MR_STRBUF_INIT;
    struct mr_key fits = int_key(&good, "1 2");
    for (size_t i = 0; i < LEN(bad); i++) {
        struct mr_strbuf sql[3] = {MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT};
        struct mr_key key = int_key(&bytes, bad[i]);
        assert_true(mr_keyrange_condition(&sql[0], plain, 2, (struct mr_range){key, fits}));
        assert_true(mr_keyrange_condition(&sql[1], plain, 2, (struct mr_range){fits, key}));
        mr_keyrange_keys_condition(&sql[2], plain, 2, &key, 1);
        for (size_t s = 0; s < LEN(sql); s++) {
            assert_true(sql[s].failed);
            mr_strbuf_release(&sql[s]);
        }
    }
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_keyrange_keys_condition(&sql, plain, 2, &fits, 0);
    assert_true(sql.failed);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&good);
    mr_strbuf_release(&bytes);
}

static void test_compare(void **state)
{
    (void)state;
    static const char *const ascending[] = {"-1", "-1 5", "0", "1 -2", "1 2", "256"};
    struct mr_strbuf left = MR_STRBUF_INIT, right = MR_STRBUF_INIT;
    const struct mr_key open = {NULL, 0};
    for (size_t i = 0; i < LEN(ascending); i++)
        for (size_t j = 0; j < LEN(ascending); j++) {
            struct mr_key a = int_key(&left, ascending[i]);
            struct mr_key b = int_key(&right, ascending[j]);
            int order = mr_key_compare(a, b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_true(mr_key_compare(open, a) < 0);
            assert_true(mr_key_compare(a, open) > 0);
        }
    assert_int_equal(mr_key_compare(open, open), 0);
    mr_strbuf_release(&right);
    mr_strbuf_release(&left);
}

/* ---- ranges tile */

static void run(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int text_of_row(void *rows, int count, char **cells, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++)
        mr_strbuf_add_fmt(rows, "%s%s", cells[i], i + 1 < count ? " " : "\n");
    return 0;
}

static void select_rows(sqlite3 *db, const char *condition, struct mr_strbuf *rows)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "SELECT a, b, c FROM t %s %s ORDER BY a, b, c",
                      *condition != '\0' ? "WHERE" : "", condition);
    assert_int_equal(sqlite3_exec(db, sql.ptr, text_of_row, rows, NULL), SQLITE_OK);
    mr_strbuf_release(&sql);
}

/* Between keys of the table as well as on them: from -1 to SIDE. */
static void random_key(char text[32], const struct mr_key_part *parts)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < MAX_PARTS; i++) {
        int least = parts[i].numbers > 0 ? 0 : -1;
        mr_strbuf_add_fmt(&out, "%d ", (int)random_below(SIDE + 1) + least);
    }
    memcpy(text, out.ptr, out.len + 1);
    mr_strbuf_release(&out);
}

static int compare_keys(const void *a, const void *b)
{
    return mr_key_compare(*(const struct mr_key *)a, *(const struct mr_key *)b);
}

/* The rows of consecutive ranges, one after the other, are the table in its order. */
static void check_tiling(sqlite3 *db, const struct mr_key_part *parts, const char *whole_table)
{
    enum { MAX_CUTS = 5 };
    struct mr_strbuf bytes[MAX_CUTS], rows = MR_STRBUF_INIT;
    struct mr_key cuts[MAX_CUTS];
    size_t ncuts = random_below(MAX_CUTS + 1);
    for (size_t i = 0; i < MAX_CUTS; i++) {
        char numbers[32];
        mr_strbuf_init(&bytes[i]);
        random_key(numbers, parts);
        cuts[i] = int_key(&bytes[i], numbers);
    }
    qsort(cuts, ncuts, sizeof *cuts, compare_keys);
    for (size_t i = 0; i <= ncuts; i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        struct mr_range range = {{NULL, 0}, {NULL, 0}};
        if (i > 0)
            range.lo = cuts[i - 1];
        if (i < ncuts)
            range.hi = cuts[i];
        assert_int_equal(mr_keyrange_condition(&sql, parts, MAX_PARTS, range), ncuts > 0);
        assert_false(sql.failed);
        select_rows(db, sql.ptr, &rows);
        mr_strbuf_release(&sql);
    }
    assert_string_equal(rows.ptr, whole_table);
    mr_strbuf_release(&rows);
    for (size_t i = 0; i < MAX_CUTS; i++)
        mr_strbuf_release(&bytes[i]);
}

static void test_ranges_tile(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    struct mr_strbuf whole_table = MR_STRBUF_INIT;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    run(db, "CREATE TABLE t(a, b, c);"
            "WITH n(i) AS (VALUES (0), (1), (2), (3))"
            "INSERT INTO t SELECT x.i, y.i, z.i FROM n x, n y, n z");
    select_rows(db, "", &whole_table);
    for (unsigned round = 0; round < 50 * random_seeds(); round++) {
        struct mr_key_part parts[MAX_PARTS];
        memcpy(parts, plain, sizeof parts);
        for (size_t i = 0; i < MAX_PARTS; i++)
            parts[i].numbers = random_below(2) * (SIDE - 1);
        check_tiling(db, parts, whole_table.ptr);
    }
    mr_strbuf_release(&whole_table);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range_texts),   cmocka_unit_test(test_key_lists),
        cmocka_unit_test(test_runs),          cmocka_unit_test(test_run_at_the_end),
        cmocka_unit_test(test_mixed_classes), cmocka_unit_test(test_unfit_keys),
        cmocka_unit_test(test_compare),       cmocka_unit_test(test_ranges_tile),
    };
    return cmocka_run_group_tests_name("keyrange", tests, NULL, NULL);
}
