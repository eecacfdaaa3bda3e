/* test_script_spread_sql.c: what goes along with a row: in one statement, or by rounds on servers that
 * have no WITH RECURSIVE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

#define INSERT MR_STEP_INSERT
#define UPDATE MR_STEP_UPDATE
#define DELETE MR_STEP_DELETE

static void step(struct world *w, uint64_t level, enum mr_step_op op, size_t table,
                 const char *before, const char *after)
{
    world_step(w, (struct world_step){1, (int64_t)level, level, op, table, before, after, 0});
}

static void begin(struct world *w, enum mr_flavour flavour, const char *version, size_t rows)
{
    world_begin(w);
    w->manifest.server.flavour = flavour;
    w->manifest.server.version = version;
    world_table(w, "t", "id:int#");
    for (size_t i = 0; i < rows; i++)
        step(w, 1, INSERT, 0, NULL, "1");
    world_open(w);
    world_unit(w, MR_SCRIPT_APPLY, 1, 1);
}

static void test_session(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *version, *wanted;
    } cases[] = {
        {MR_FLAVOUR_MARIADB, "10.2.1-MariaDB", ""},
        {MR_FLAVOUR_MARIADB, "10.2.2-MariaDB",
         "SET SESSION max_recursive_iterations = 4294967295;\n"},
        {MR_FLAVOUR_MYSQL, "5.7.44", ""},
        {MR_FLAVOUR_MYSQL, "8.0.2", ""},
        {MR_FLAVOUR_MYSQL, "8.0.3", "SET SESSION cte_max_recursion_depth = 4294967295;\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].flavour, cases[i].version, 0);
        mr_script_spread_session(&w.s);
        world_sql_is(&w, cases[i].wanted);
        world_end(&w);
    }
}

static void test_recursive(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *version;
        bool recursive;
    } cases[] = {{MR_FLAVOUR_MARIADB, "10.2.1-MariaDB", false},
                 {MR_FLAVOUR_MARIADB, "10.2.2-MariaDB", true},
                 {MR_FLAVOUR_MYSQL, "5.7.44", false},
                 {MR_FLAVOUR_MYSQL, "8.0.1", true}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].flavour, cases[i].version, 1);
        mr_script_spread_aside(&w.s);
        assert_int_equal(strstr(w.s.sql.ptr, "WITH RECURSIVE") != NULL, cases[i].recursive);
        assert_int_equal(w.s.ran, 0); /* what is set aside is no guard */
        mr_strbuf_reset(&w.s.sql);
        mr_script_spread_skip(&w.s);
        assert_int_equal(strstr(w.s.sql.ptr, "WITH RECURSIVE") != NULL, cases[i].recursive);
        assert_true(w.s.ran > 0);
        world_end(&w);
    }
}

static void test_in_one(void **state)
{
    struct world w;
    (void)state;
    begin(&w, MR_FLAVOUR_MARIADB, "10.11.19-MariaDB", 2);
    mr_script_spread_aside(&w.s);
    world_sql_is(&w, "DELETE FROM #apart;\n"
                     "INSERT INTO #apart WITH RECURSIVE r AS (SELECT line, why IS NOT NULL AS "
                     "refused FROM #aside UNION SELECT h.other, r.refused FROM r JOIN #hang AS h "
                     "ON h.line = r.line) SELECT line, MAX(refused) FROM r GROUP BY line;\n");
    mr_script_spread_skip(&w.s);
    world_sql_is(&w,
                 "INSERT INTO #skip WITH RECURSIVE r AS (SELECT tree, 0 AS way FROM #refused UNION "
                 "SELECT l.other, IF(l.way = 3, r.way, l.way) FROM r JOIN #link AS l ON l.tree = "
                 "r.tree AND l.way >= r.way) SELECT tree FROM r UNION SELECT tree FROM #done;\n"
                 "--ran\n");
    world_end(&w);
}

static void test_by_rounds(void **state)
{
    struct world w;
    (void)state;
    begin(&w, MR_FLAVOUR_MYSQL, "5.7.44", 2);
    mr_script_spread_aside(&w.s);
    world_sql_is(
        &w,
        "DELETE FROM #apart;\n"
        "INSERT INTO #apart SELECT line, MAX(refused) FROM (SELECT line, 1 + (why IS NOT NULL) AS "
        "refused FROM #aside UNION ALL SELECT other, 0 FROM #hang) AS x GROUP BY line;\n"
        "UPDATE #hang AS e JOIN #apart AS a ON a.line = e.line SET e.mark = a.refused WHERE e.mark "
        "< a.refused;\n"
        "UPDATE #apart AS a JOIN (SELECT other, MAX(mark) AS mark FROM #hang GROUP BY other) AS e "
        "ON e.other = a.line SET a.refused = e.mark WHERE a.refused < e.mark;\n"
        "UPDATE #hang AS e JOIN #apart AS a ON a.line = e.line SET e.mark = a.refused WHERE e.mark "
        "< a.refused;\n"
        "UPDATE #apart AS a JOIN (SELECT other, MAX(mark) AS mark FROM #hang GROUP BY other) AS e "
        "ON e.other = a.line SET a.refused = e.mark WHERE a.refused < e.mark;\n"
        "SET @myrecon_further = ROW_COUNT(), @myrecon_most = (SELECT MAX(refused) FROM #apart);\n"
        "UPDATE #apart SET refused = @myrecon_most WHERE COALESCE(@myrecon_further, 1) <> 0;\n"
        "DELETE FROM #apart WHERE refused = 0;\n"
        "UPDATE #apart SET refused = refused - 1;\n");
    mr_script_spread_skip(&w.s);
    world_sql_is(
        &w,
        "DELETE FROM #apart;\n"
        "--ran\n"
        "INSERT INTO #apart SELECT line, MAX(refused) FROM (SELECT tree AS line, 3 AS refused FROM "
        "#refused UNION ALL SELECT other, 0 FROM #link) AS x GROUP BY line;\n"
        "--ran\n"
        "UPDATE #link AS e JOIN #apart AS a ON a.line = e.tree SET e.mark = IF(e.way = 3, "
        "a.refused, IF(a.refused >= 3 - e.way, 3 - e.way, 0)) WHERE e.mark < IF(e.way = 3, "
        "a.refused, IF(a.refused >= 3 - e.way, 3 - e.way, 0));\n"
        "--ran\n"
        "UPDATE #apart AS a JOIN (SELECT other, MAX(mark) AS mark FROM #link GROUP BY other) AS e "
        "ON e.other = a.line SET a.refused = e.mark WHERE a.refused < e.mark;\n"
        "--ran\n"
        "UPDATE #link AS e JOIN #apart AS a ON a.line = e.tree SET e.mark = IF(e.way = 3, "
        "a.refused, IF(a.refused >= 3 - e.way, 3 - e.way, 0)) WHERE e.mark < IF(e.way = 3, "
        "a.refused, IF(a.refused >= 3 - e.way, 3 - e.way, 0));\n"
        "--ran\n"
        "UPDATE #apart AS a JOIN (SELECT other, MAX(mark) AS mark FROM #link GROUP BY other) AS e "
        "ON e.other = a.line SET a.refused = e.mark WHERE a.refused < e.mark;\n"
        "SET @myrecon_further = ROW_COUNT(), @myrecon_most = (SELECT MAX(refused) FROM #apart);\n"
        "UPDATE #apart SET refused = @myrecon_most WHERE COALESCE(@myrecon_further, 1) <> 0;\n"
        "--ran\n"
        "INSERT INTO #skip SELECT line FROM #apart WHERE refused > 0 UNION SELECT tree FROM "
        "#done;\n"
        "--ran\n");
    world_end(&w);
}

/* As many rounds as the unit has rows, but no more than fifty. */
static void test_rounds(void **state)
{
    static const size_t rows[][2] = {{1, 1}, {49, 49}, {50, 50}, {120, 50}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct world w;
        size_t rounds = 0;
        begin(&w, MR_FLAVOUR_MYSQL, "5.7.44", rows[i][0]);
        mr_script_spread_skip(&w.s);
        for (const char *at = w.s.sql.ptr; (at = strstr(at, "myrecon_link AS e JOIN")) != NULL;
             at++)
            rounds++;
        assert_int_equal(rounds, rows[i][1]);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session), cmocka_unit_test(test_recursive),
        cmocka_unit_test(test_in_one),  cmocka_unit_test(test_by_rounds),
        cmocka_unit_test(test_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
