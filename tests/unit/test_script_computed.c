/* test_script_computed.c: unique indexes over prefixes, expressions and computed columns. */
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
struct kind {
    const char *what, *columns;
    struct mr_index_part parts[2];
    size_t nparts;
    bool unique;
    const char *index, *generation;
    const char *wanted; /* "": TARGET itself refuses such a row */
};

static const struct kind cases[] = {
    {"whole columns are compared elsewhere",
     "id:int# a:text",
     {{.column = "a"}},
     1,
     true,
     "BTREE",
     NULL,
     ""},
    {"a prefix",
     "id:int# a:text",
     {{.column = "a", .prefix_len = 3}},
     1,
     true,
     "BTREE",
     NULL,
     "(SELECT `id`, LEFT(`a`, 3) AS myrecon_p0 FROM `o``dd`.`t`) AS t STRAIGHT_JOIN (SELECT "
     "DISTINCT myrecon_row, myrecon_tree, `id`, LEFT(`a`, 3) AS myrecon_p0 FROM #i0) AS s ON "
     "s.myrecon_p0 = t.myrecon_p0 WHERE "},
    {"not unique",
     "id:int# a:text",
     {{.column = "a", .prefix_len = 3}},
     1,
     false,
     "BTREE",
     NULL,
     ""},
    {"a hash", "id:int# a:text", {{.column = "a", .prefix_len = 3}}, 1, true, "HASH", NULL, ""},
    {"an expression",
     "id:int# a:text b:int",
     {{.sql = "lower(`a`)"}, {.column = "b"}},
     2,
     true,
     "BTREE",
     NULL,
     "(SELECT `id`, (lower(`a`)) AS myrecon_p0, `b` AS myrecon_p1 FROM `o``dd`.`t`) AS t "
     "STRAIGHT_JOIN (SELECT DISTINCT myrecon_row, myrecon_tree, `id`, (lower(`a`)) AS "
     "myrecon_p0, `b` AS myrecon_p1 FROM #i0) AS s ON s.myrecon_p0 = t.myrecon_p0 AND "
     "s.myrecon_p1 = t.myrecon_p1 WHERE "},
    {"a sub-select is no expression of ours",
     "id:int#",
     {{.sql = "(select 1)"}},
     1,
     true,
     "BTREE",
     NULL,
     ""},
    {"an expression that nobody told", "id:int#", {{.sql = NULL}}, 1, true, "BTREE", NULL, ""},
    {"a computed column",
     "id:int# a:int g:text*",
     {{.column = "g", .prefix_len = 2}},
     1,
     true,
     "BTREE",
     "concat(`a`)",
     "(SELECT `id`, LEFT(`g`, 2) AS myrecon_p0 FROM `o``dd`.`t`) AS t STRAIGHT_JOIN (SELECT "
     "DISTINCT myrecon_row, myrecon_tree, `id`, LEFT(CONVERT((concat(`a`)) USING utf8mb4) "
     "COLLATE utf8mb4_general_ci, 2) AS myrecon_p0 FROM #i0) AS s ON s.myrecon_p0 = "
     "t.myrecon_p0 WHERE "},
    {"a computed number",
     "id:int# a:int g:int*",
     {{.column = "g"}},
     1,
     true,
     "BTREE",
     "`a` + 1",
     "(SELECT `id`, `g` AS myrecon_p0 FROM `o``dd`.`t`) AS t STRAIGHT_JOIN (SELECT DISTINCT "
     "myrecon_row, myrecon_tree, `id`, (`a` + 1) AS myrecon_p0 FROM #i0) AS s ON s.myrecon_p0 "
     "= t.myrecon_p0 WHERE "},
    {"one that leans on another",
     "id:int# a:int g:int*",
     {{.column = "g"}},
     1,
     true,
     "BTREE",
     "`G` + 1",
     ""},
};

/* What is compared, from "(SELECT" of the live rows to the join's end. */
static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        const struct mr_plan_table *t = world_table(&w, "t", cases[i].columns);
        struct world_table *own = &w.own[0];
        own->indexes[own->live.nindexes++] = (struct mr_index){.name = "in`d'ex",
                                                               .unique = cases[i].unique,
                                                               .usable = true,
                                                               .kind = cases[i].index,
                                                               .parts = cases[i].parts,
                                                               .nparts = cases[i].nparts};
        for (size_t c = 0; c < own->live.ncolumns; c++)
            if (own->columns[c].generated)
                own->columns[c].generation_sql = cases[i].generation;
        world_open(&w);
        mr_script_computed(&w.s, t, 'i');
        const char *from = strstr(world_said(&w, NULL), "(SELECT `id`");
        if ((from == NULL) != (cases[i].wanted[0] == '\0') ||
            (from != NULL && strncmp(from, cases[i].wanted, strlen(cases[i].wanted)) != 0))
            fail_msg("%s: %.300s", cases[i].what, from);
        world_end(&w);
    }
}

/* Rows that go, or change, make room; what is passed through takes none. */
static void test_leaving(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *t = world_table(&w, "t", "id:int# a:text");
    world_index(&w, t, "in`d'ex", "a", true, 3);
    step(&w, 1, UPDATE, 0, "1|a", "1|b");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_computed(&w.s, t, 'u');
    world_sql_is(&w,
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
                 "CONCAT_WS(',', CAST(s.`id` AS CHAR)), _utf8mb4 "
                 "x'616e6f7468657220726f7720686173207468652073616d6520696e6064276578' FROM (SELECT "
                 "`id`, LEFT(`a`, 3) AS myrecon_p0 FROM `o``dd`.`t`) AS t STRAIGHT_JOIN (SELECT "
                 "DISTINCT myrecon_row, myrecon_tree, `id`, LEFT(`a`, 3) AS myrecon_p0 FROM #u0 "
                 "WHERE myrecon_open & 1 = 0) AS s ON s.myrecon_p0 = t.myrecon_p0 LEFT JOIN #x0 AS "
                 "x ON x.`id` = t.`id` WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND "
                 "s.myrecon_row NOT IN (SELECT line FROM #there) AND x.myrecon_row IS NULL;\n"
                 "--ran\n");
    world_end(&w);
}

/* Without a key a row is told from others by all of it. */
static void test_keyless(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *t = world_table(&w, "t", "a:text b:int g:int*");
    world_index(&w, t, "part", "a", true, 3);
    step(&w, 1, DELETE, 0, "x|1|1", NULL);
    step(&w, 1, INSERT, 0, NULL, "y|1|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_computed(&w.s, t, 'i');
    world_sql_is(
        &w, "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', '', "
            "'another row has the same part' FROM (SELECT `a`, `b`, LEFT(`a`, 3) AS myrecon_p0 "
            "FROM `o``dd`.`t`) AS t STRAIGHT_JOIN (SELECT DISTINCT myrecon_row, myrecon_tree, `a`, "
            "`b`, LEFT(`a`, 3) AS myrecon_p0 FROM #i0) AS s ON s.myrecon_p0 = t.myrecon_p0 LEFT "
            "JOIN #d0 AS x ON CAST(t.`a` AS BINARY) <=> CAST(x.`a` AS BINARY) AND t.`b` <=> x.`b` "
            "WHERE s.myrecon_tree NOT IN (SELECT tree FROM #done) AND s.myrecon_row NOT IN (SELECT "
            "line FROM #there) AND x.myrecon_row IS NULL;\n"
            "--ran\n");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_keyless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
