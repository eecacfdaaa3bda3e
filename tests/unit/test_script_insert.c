/* test_script_insert.c: rows of values into staged tables: by which statements, in which pieces,
 * and what is expected of them afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

static void put(struct world *w, struct mr_script_insert *in, const char *row, size_t number)
{
    const struct mr_key image = world_row(w, in->table, row);
    mr_script_insert_row(&w->s, in, image, number);
    mr_script_insert_values(&w->s, in, image);
}

static void staged_is(const struct world *w, const char *wanted)
{
    assert_false(w->s.staged.failed);
    assert_string_equal(w->s.staged.ptr, wanted);
}

static bool only_b(const struct mr_script *s, const struct mr_script_insert *in, size_t column)
{
    (void)s, (void)in;
    return column == 2;
}

static void test_rows(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# sum:int* b`c:text?");
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'i', 7, ", myrecon_tree");
    in.more = "";
    world_open(&w);
    put(&w, &in, "1|9|NULL", 3);
    put(&w, &in, "-2|9|o'dd\\0", 4);
    mr_script_insert_end(&w.s, &in);
    world_sql_is(&w, "INSERT INTO #i7 (myrecon_row, `id`, `b``c`) VALUES\n"
                     "(3,1,NULL),\n"
                     "(4,-2,_utf8mb4 x'6f27646400');\n");
    staged_is(&w, "\n    AND (SELECT COUNT(*) = 2 FROM `o``dd`.myrecon_i7)");
    world_end(&w);
}

/* Nothing is staged, and exactly that is asked. */
static void test_no_rows(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int#");
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'd', 0, ", myrecon_tree");
    world_open(&w);
    mr_script_insert_end(&w.s, &in);
    world_sql_is(&w, "");
    staged_is(&w, "\n    AND (SELECT COUNT(*) = 0 FROM `o``dd`.myrecon_d0)");
    world_end(&w);
}

static void test_chosen_columns(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# a:text b:text");
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'e', 2, "");
    in.has = only_b;
    world_open(&w);
    put(&w, &in, "1|x|y", 1);
    mr_script_insert_end(&w.s, &in);
    world_sql_is(&w, "INSERT INTO #e2 (myrecon_row, `b`) VALUES\n(1,_utf8mb4 'y');\n");
    world_end(&w);
}

/* Number 0 of an ENUM is put back by a statement of its own, which leaves the times alone. */
static void test_error_values(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# k:kind l:kind at:edited");
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'u', 0, "");
    world_open(&w);
    put(&w, &in, "1|||2026-04-02 13:05:00", 5);
    put(&w, &in, "2|x|y|0-0-0 0:0:0", 6);
    put(&w, &in, "3||y|2026-04-02 13:05:00", 8);
    mr_script_insert_end(&w.s, &in);
    world_sql_is(
        &w,
        "INSERT INTO #u0 (myrecon_row, `id`, `k`, `l`, `at`) VALUES\n"
        "(5,1,1,1,'2026-04-02 13:05:00.000000'),\n"
        "(6,2,_utf8mb4 'x',_utf8mb4 'y','0000-00-00 00:00:00.000000'),\n"
        "(8,3,1,_utf8mb4 'y','2026-04-02 13:05:00.000000');\n" MR_SCRIPT_LOOSE ";\n"
        "UPDATE #u0 SET `k` = 0, `at` = `at` WHERE myrecon_row IN (5,8);\n" MR_SCRIPT_STRICT
        ";\n" MR_SCRIPT_LOOSE ";\n"
        "UPDATE #u0 SET `l` = 0, `at` = `at` WHERE myrecon_row IN (5);\n" MR_SCRIPT_STRICT ";\n");
    staged_is(&w, "\n    AND (SELECT COUNT(*) = 3 AND SUM(`k` + 0 = 0) = 2 AND SUM(`l` + 0 = 0) = 1"
                  " FROM `o``dd`.myrecon_u0)");
    world_end(&w);
}

/* The longest statement, and how many of them are written for n rows of that many bytes. */
static size_t longest(const struct mr_strbuf *sql, size_t *statements)
{
    size_t most = 0;
    const char *from = sql->ptr;
    *statements = 0;
    for (const char *end; (end = strstr(from, ";\n")) != NULL; from = end + 2) {
        if ((size_t)(end - from) > most)
            most = (size_t)(end - from);
        ++*statements;
    }
    return most;
}

static void test_packet(void **state)
{
    static const struct {
        uint64_t packet;
        size_t bytes, rows, statements, most;
    } cases[] = {
        {16 * 1024 * 1024, 15, 100, 1, 1024 * 1024 - 4096},
        {0, 15, 100, 1, 1024 * 1024 - 4096}, /* not known */
        {16 * 1024, 600, 30, 4, 16 * 1024 - 4096},
        {8 * 1024, 500, 6, 2, 4 * 1024}, /* half of it, where it is as small */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        char *row = calloc(1, cases[i].bytes + 3);
        size_t statements = 0;
        world_begin(&w);
        w.cat.server.max_packet_bytes = cases[i].packet;
        const struct mr_plan_table *t = world_table(&w, "t", "id:int# b:text");
        struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'i', 0, "");
        world_open(&w);
        memset(row, '\'', cases[i].bytes + 2); /* two digits each */
        row[0] = '1';
        row[1] = '|';
        for (size_t k = 1; k <= cases[i].rows; k++)
            put(&w, &in, row, k);
        mr_script_insert_end(&w.s, &in);
        assert_true(longest(&w.s.sql, &statements) <= cases[i].most);
        assert_int_equal(statements, cases[i].statements);
        assert_int_equal(in.rows, cases[i].rows);
        free(row);
        world_end(&w);
    }
}

/* A row that is longer than a statement: its long values come in pieces, each in its bytes, and
 * how long they came out is counted. */
static void test_pieces(void **state)
{
    struct world w;
    char row[4300] = "1|";
    (void)state;
    world_begin(&w);
    w.cat.server.max_packet_bytes = 2048;
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# b:latin c:bytes d:text");
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'i', 0, "");
    world_open(&w);
    memset(row + 2, 'x', 1000);
    (void)snprintf(row + 1002, sizeof row - 1002, "|short|kept as it is");
    put(&w, &in, row, 1);
    put(&w, &in, "2|y|z|q", 2);
    mr_script_insert_end(&w.s, &in);
    const char *sql = world_shown(&w, &w.s.sql);
    /* 2048 / 2: pieces of 1024 / 2 - 64 bytes */
    assert_memory_equal(sql, "SET @myrecon_value_1 = x'7878", 28);
    assert_non_null(strstr(sql, "78';\nSET @myrecon_value_1 = CONCAT(@myrecon_value_1, x'7878"));
    const char *rest = strstr(sql, "SET @myrecon_pieces");
    assert_non_null(rest);
    assert_string_equal(rest, "SET @myrecon_pieces =  (OCTET_LENGTH(@myrecon_value_1) <=> 1000);\n"
                              "INSERT INTO #i0 (myrecon_row, `id`, `b`, `c`, `d`) VALUES\n"
                              "(1,1,CONVERT(@myrecon_value_1 USING latin1),x'73686f7274',_utf8mb4 "
                              "'kept as it is');\n"
                              "SET @myrecon_value_1 = NULL;\n"
                              "INSERT INTO #i0 (myrecon_row, `id`, `b`, `c`, `d`) VALUES\n"
                              "(2,2,_latin1 'y',x'7a',_utf8mb4 'q');\n");
    size_t bytes = 0;
    for (const char *p = sql; (p = strstr(p, "78")) != NULL; p += 2)
        bytes++;
    assert_int_equal(bytes, 1000);
    assert_int_equal(w.s.pieces, 1);
    assert_false(w.s.pieced);
    world_end(&w);
}

/* Bytes have no charset, JSON has utf8mb4; the second value is added to what came out. */
static void test_pieced_kinds(void **state)
{
    struct world w;
    char row[2400] = "1|";
    (void)state;
    world_begin(&w);
    w.cat.server.max_packet_bytes = 2048;
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# c:bytes j:json w:wide e:kind");
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'i', 0, "");
    world_open(&w);
    memset(row + 2, 'x', 400);
    row[402] = '|';
    memset(row + 403, '7', 100);
    row[503] = '|';
    memset(row + 504, 'w', 100);
    (void)snprintf(row + 604, sizeof row - 604, "|x");
    put(&w, &in, row, 1);
    mr_script_insert_end(&w.s, &in);
    const char *sql = world_shown(&w, &w.s.sql);
    assert_non_null(
        strstr(sql, "SET @myrecon_pieces = @myrecon_pieces + (OCTET_LENGTH(@myrecon_value_3) <=> "
                    "100);\n"));
    assert_non_null(strstr(sql, "(1,1,@myrecon_value_1,CONVERT(@myrecon_value_2 USING utf8mb4),"
                                "CONVERT(@myrecon_value_3 USING utf16),_utf8mb4 'x');\n"
                                "SET @myrecon_value_1 = NULL, @myrecon_value_2 = NULL, "
                                "@myrecon_value_3 = NULL;\n"));
    assert_int_equal(w.s.pieces, 3);
    world_end(&w);
}

static void test_broken_image(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "a:int b:text");
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'i', 0, "");
    world_open(&w);
    struct mr_key image = world_row(&w, t, "1|long enough");
    image.len -= 3;
    mr_script_insert_row(&w.s, &in, image, 1);
    assert_true(w.s.sql.failed);
    mr_script_insert_end(&w.s, &in);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),           cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_chosen_columns), cmocka_unit_test(test_error_values),
        cmocka_unit_test(test_packet),         cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_pieced_kinds),   cmocka_unit_test(test_broken_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
