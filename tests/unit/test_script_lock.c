/* test_script_lock.c: what a unit locks before it judges, by which index, and how strongly. */
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

static void locks(struct world *w, enum mr_script_kind kind)
{
    world_unit(w, kind, 1, 1);
    mr_script_stage(&w->s);
    mr_strbuf_reset(&w->s.sql);
    mr_script_locks(&w->s);
}

/* The last line of what each unit begins with. */
static const char begun[] = "    AND NOT EXISTS (SELECT 1 FROM #link)";

/* Nothing is judged in another session, on another server, or with less than was staged. */
static void test_first_guard(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "log", "a:text");
    step(&w, 1, INSERT, 0, NULL, "a");
    world_open(&w);
    locks(&w, MR_SCRIPT_APPLY);
    world_sql_is(&w,
                 "-- locks\n"
                 "SET @myrecon_ran = 0, @myrecon_end = 'ROLLBACK', @myrecon_why = NULL;\n"
                 "START TRANSACTION;\n"
                 "--ran\n"
                 "INSERT INTO #guard SELECT 0, @@hostname = _utf8mb4 x'6462277320686f7374' AND "
                 "@@port = 3306 AND @@server_id = 4294967295 AND @@datadir = '/var/lib/mysql/' AND "
                 "@@read_only IN ('0', 'OFF') AND @@SESSION.tx_isolation = 'READ-COMMITTED' AND "
                 "@@SESSION.foreign_key_checks = 1 AND @@SESSION.unique_checks = 1 AND "
                 "@@SESSION.time_zone = '+00:00' AND FIND_IN_SET('STRICT_ALL_TABLES', "
                 "@@SESSION.sql_mode) > 0 AND @@SESSION.character_set_client = 'utf8mb4' AND "
                 "(@@GLOBAL.log_bin = 0 OR @@SESSION.binlog_format = 'ROW')\n"
                 "    AND (SELECT COUNT(*) = 1 FROM #i0)\n"
                 "    AND (SELECT COALESCE(SUM(n), 0) FROM #tree) = 1\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #there)\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #done)\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #skip)\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #link);\n"
                 "--ran\n");
    assert_int_equal(w.s.guards, 1);
    assert_int_equal(w.s.ran, 2);
    world_end(&w);
}

/* What is written is locked first, and by its key; the row itself, not an entry of an index. */
static void test_own(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "a:int# b:text# c:text?");
    world_table(&w, "k", "a:int#");
    step(&w, 1, INSERT, 0, NULL, "1|x|NULL");
    step(&w, 1, UPDATE, 0, "2|x|NULL", "2|x|y");
    step(&w, 1, INSERT, 1, NULL, "1");
    world_open(&w);
    locks(&w, MR_SCRIPT_APPLY);
    world_sql_behind(&w, begun,
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`c` IS NULL FROM #x0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`t` AS t FORCE INDEX (`PRIMARY`) ON t.`a` = s.`a` AND "
                     "t.`b` = s.`b` ORDER BY s.`a`, s.`b` FOR UPDATE;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`c` IS NULL FROM #i0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`t` AS t FORCE INDEX (`PRIMARY`) ON t.`a` = s.`a` AND "
                     "t.`b` = s.`b` ORDER BY s.`a`, s.`b` LOCK IN SHARE MODE;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`a` IS NULL FROM #i1 AS s "
                     "STRAIGHT_JOIN `o``dd`.`k` AS t FORCE INDEX (`PRIMARY`) ON t.`a` = s.`a` "
                     "ORDER BY s.`a` LOCK IN SHARE MODE;\n"
                     "--ran\n");
    world_end(&w);
}

/* Without an index rows are looked for, and then locked by their key; without a key not at all. */
static void test_no_index(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_plan_table *p = world_table(&w, "p", "id:int# no:int");
    struct mr_plan_table *q = world_table(&w, "q", "no:int");
    world_table(&w, "c", "id:int# p:int q:int");
    world_reference(&w, 2, "p", 0, "no", false);
    world_reference(&w, 2, "q", 1, "no", false);
    world_live(&w, p, "1|5");
    world_live(&w, q, "6");
    step(&w, 1, INSERT, 2, NULL, "1|5|6");
    world_open(&w);
    locks(&w, MR_SCRIPT_APPLY);
    world_sql_behind(&w, begun,
                     "--ran\n"
                     "DELETE FROM #l0;\n"
                     "--ran\n"
                     "INSERT INTO #l0 SELECT DISTINCT NULL, 0, t.`id` FROM #e0 AS s STRAIGHT_JOIN "
                     "`o``dd`.`p` AS t ON t.`no` = s.`no`;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`no` IS NULL FROM #l0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`p` AS t FORCE INDEX (`PRIMARY`) ON t.`id` = s.`id` "
                     "ORDER BY s.`id` LOCK IN SHARE MODE;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`p` IS NULL FROM #i2 AS s "
                     "STRAIGHT_JOIN `o``dd`.`c` AS t FORCE INDEX (`PRIMARY`) ON t.`id` = s.`id` "
                     "ORDER BY s.`id` LOCK IN SHARE MODE;\n"
                     "--ran\n");
    world_end(&w);
}

/* Indexes that lead to no rows: one of a prefix, one that is ignored, a hash, another order. */
static void test_indexes(void **state)
{
    static const struct {
        const char *name, *columns;
        size_t prefix;
        bool usable;
        const char *kind;
        bool leads;
    } cases[] = {
        {"prefix", "b", 3, true, "BTREE", false}, {"ignored", "b", 0, false, "BTREE", false},
        {"hash", "b", 0, true, "HASH", false},    {"order", "a b", 0, true, "BTREE", false},
        {"plain", "b", 0, true, "BTREE", true},   {"longer", "b a", 0, true, "BTREE", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        struct mr_plan_table *t = world_table(&w, "t", "id:int# a:int b:text");
        struct mr_index *index =
            world_index(&w, t, cases[i].name, cases[i].columns, false, cases[i].prefix);
        index->usable = cases[i].usable;
        index->kind = cases[i].kind;
        const struct mr_index *found = mr_script_index(t, world_columns(&w, t, "b"));
        if (cases[i].leads)
            assert_ptr_equal(found, index);
        else
            assert_null(found);
        world_end(&w);
    }
}

/* A value of another type, or of another collation, is not found by the index. */
static void test_alike(void **state)
{
    static const struct {
        const char *column;
        bool leads;
    } cases[] = {{"int", true}, {"uint", true}, {"text", false}, {"money", false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_strbuf columns = MR_STRBUF_INIT;
        world_begin(&w);
        world_table(&w, "p", "id:int#");
        mr_strbuf_add_fmt(&columns, "id:int# p:%s&", cases[i].column);
        world_table(&w, "c", columns.ptr);
        world_reference(&w, 1, "p", 0, "id", false);
        step(&w, 1, DELETE, 0, "1", NULL);
        world_open(&w);
        locks(&w, MR_SCRIPT_APPLY);
        const bool led =
            strstr(w.s.sql.ptr, "`c` AS t FORCE INDEX (`p`) ON t.`p` = s.`id`") != NULL;
        assert_int_equal(led, cases[i].leads);
        mr_strbuf_release(&columns);
        world_end(&w);
    }
}

/* Whoever comes to refer to what goes locks the entry that a foreign key leads to: so does the
 * unit, for what it deletes and for what it lets go of. */
static void test_referred(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int# no:int!");
    world_table(&w, "c", "id:int# p:int?&");
    world_reference(&w, 1, "p", 0, "no", true);
    step(&w, 1, DELETE, 0, "1|10", NULL);
    step(&w, 1, UPDATE, 0, "2|20", "2|21");
    step(&w, 1, UPDATE, 0, "3|30", "3|30");
    world_open(&w);
    locks(&w, MR_SCRIPT_APPLY);
    world_sql_behind(&w, begun,
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`id` IS NULL FROM #x0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`p` AS t FORCE INDEX (`PRIMARY`) ON t.`id` = s.`id` "
                     "ORDER BY s.`id` FOR UPDATE;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`id` IS NULL FROM #d0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`p` AS t FORCE INDEX (`no`) ON t.`no` = s.`no` ORDER "
                     "BY s.`no` FOR UPDATE;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`id` IS NULL FROM #v0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`p` AS t FORCE INDEX (`no`) ON t.`no` = s.`no` ORDER "
                     "BY s.`no` FOR UPDATE;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`id` IS NULL FROM #d0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`c` AS t FORCE INDEX (`p`) ON t.`p` = s.`no` ORDER BY "
                     "s.`no` LOCK IN SHARE MODE;\n"
                     "--ran\n"
                     "INSERT INTO #locked SELECT NULL, s.myrecon_row, t.`id` IS NULL FROM #v0 AS s "
                     "STRAIGHT_JOIN `o``dd`.`c` AS t FORCE INDEX (`p`) ON t.`p` = s.`no` ORDER BY "
                     "s.`no` LOCK IN SHARE MODE;\n"
                     "--ran\n");
    world_end(&w);
}

/* A key that is written as a text is looked for by the text's own index. */
static void test_spelt(void **state)
{
    static const struct mr_spelling number[] = {{.kind = MR_SPELL_NUMBER,
                                                 .child = MR_CLASS_TEXT,
                                                 .parent = MR_CLASS_INT,
                                                 .charset = "utf8mb4",
                                                 .collation = "utf8mb4_general_ci"}};
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "p", "id:int#");
    world_table(&w, "c", "id:int# p:text?&");
    world_reference(&w, 1, "p", 0, "id", false);
    w.pairs[0].spelling = number;
    step(&w, 1, DELETE, 0, "1", NULL);
    world_open(&w);
    locks(&w, MR_SCRIPT_APPLY);
    assert_non_null(strstr(w.s.sql.ptr, "`c` AS t FORCE INDEX (`p`) ON t.`p` = "));
    world_end(&w);
}

static void test_counted(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    world_open(&w);
    w.s.guards = 3;
    w.s.ran = 8;
    mr_script_ran(&w.s);
    mr_script_count_ran(&w.s);
    world_sql_is(&w, ";\n--ran\nINSERT INTO #guard SELECT 3, @myrecon_ran = 9;\n");
    assert_int_equal(w.s.guards, 4);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_guard), cmocka_unit_test(test_own),
        cmocka_unit_test(test_no_index),    cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_alike),       cmocka_unit_test(test_referred),
        cmocka_unit_test(test_spelt),       cmocka_unit_test(test_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
