/* test_script_change.c: what a unit writes, in what order, and under which conditions. */
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
    world_step(w, (struct world_step){1, 1, level, op, table, before, after, 0});
}

static void test_apply(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "me`m", "id:int# sum:int* name:text?");
    step(&w, 1, INSERT, 0, NULL, "1|1|a");
    step(&w, 2, UPDATE, 0, "2|1|a", "2|1|b");
    step(&w, 3, DELETE, 0, "3|1|a", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    w.s.guards = 7;
    mr_script_changes(&w.s);
    world_sql_is(
        &w,
        "-- write\n"
        "INSERT INTO `o``dd`.`me``m` (`id`, `name`) SELECT s.`id`, s.`name` FROM #i0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 1) AND (SELECT SUM(ok) FROM #guard) = 7 ORDER BY "
        "s.myrecon_row;\n"
        "INSERT INTO #guard SELECT 7, ROW_COUNT() = (SELECT COUNT(*) FROM #i0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 1));\n"
        "UPDATE #u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN "
        "`o``dd`.`me``m` AS t ON t.`id` = s.`id` SET t.`name` = s.`name` WHERE "
        "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2) AND (t.`id` <=> b.`id` AND CAST(t.`name` AS "
        "BINARY) <=> CAST(b.`name` AS BINARY)) AND (SELECT SUM(ok) FROM #guard) = 8;\n"
        "INSERT INTO #guard SELECT 8, ROW_COUNT() = (SELECT COUNT(*) FROM #u0 AS s WHERE "
        "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2));\n"
        "DELETE t FROM #d0 AS s STRAIGHT_JOIN `o``dd`.`me``m` AS t ON t.`id` = s.`id` WHERE "
        "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 3) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND (t.`id` <=> s.`id` AND CAST(t.`name` AS BINARY) <=> CAST(s.`name` AS BINARY)) "
        "AND (SELECT SUM(ok) FROM #guard) = 9;\n"
        "INSERT INTO #guard SELECT 9, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
        "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 3) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there));\n");
    assert_int_equal(w.s.guards, 10);
    world_end(&w);
}

/* Undo leaves alone what apply never wrote; who was inserted goes, and who was deleted comes. */
/* Behind its rows a rewind marks the transaction, for who reads the log; no other policy does. */
static void test_mark(void **state)
{
    static const char *const policies[] = {MR_POLICY_REWIND, MR_POLICY_MERGE};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        world_begin(&w);
        world_table(&w, "t", "id:int#");
        step(&w, 1, DELETE, 0, "3", NULL);
        world_open(&w);
        w.manifest.policy = policies[i];
        world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
        w.s.guards = 7;
        mr_script_changes(&w.s);
        const char *mark = strstr(w.s.sql.ptr, ";\nSAVEPOINT myrecon_rewind;\n");
        assert_true((mark != NULL) == (i == 0));
        if (mark != NULL)
            assert_string_equal(mark, ";\nSAVEPOINT myrecon_rewind;\n");
        world_end(&w);
    }
}

static void test_undo(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# a:text");
    step(&w, 1, INSERT, 0, NULL, "1|a");
    step(&w, 2, UPDATE, 0, "2|a", "2|b");
    step(&w, 3, DELETE, 0, "3|a", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    w.s.guards = 1;
    mr_script_changes(&w.s);
    world_sql_is(&w,
                 "-- write\n"
                 "INSERT INTO `o``dd`.`t` (`id`, `a`) SELECT s.`id`, s.`a` FROM #i0 AS s WHERE "
                 "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
                 "AND s.myrecon_row <= COALESCE(@myrecon_last, 1) AND s.myrecon_row NOT IN (SELECT "
                 "line FROM #found) AND (SELECT SUM(ok) FROM #guard) = 1 ORDER BY s.myrecon_row;\n"
                 "INSERT INTO #guard SELECT 1, ROW_COUNT() = (SELECT COUNT(*) FROM #i0 AS s WHERE "
                 "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
                 "AND s.myrecon_row <= COALESCE(@myrecon_last, 1) AND s.myrecon_row NOT IN (SELECT "
                 "line FROM #found));\n"
                 "UPDATE #u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row "
                 "STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` SET t.`a` = "
                 "s.`a` WHERE s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree "
                 "FROM #skip) AND s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_row "
                 "NOT IN (SELECT line FROM #found) AND (t.`id` <=> b.`id` AND CAST(t.`a` AS "
                 "BINARY) <=> CAST(b.`a` AS BINARY)) AND (SELECT SUM(ok) FROM #guard) = 2;\n"
                 "INSERT INTO #guard SELECT 2, ROW_COUNT() = (SELECT COUNT(*) FROM #u0 AS s WHERE "
                 "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
                 "AND s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_row NOT IN (SELECT "
                 "line FROM #found));\n"
                 "DELETE t FROM #d0 AS s STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` WHERE "
                 "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
                 "AND s.myrecon_row <= COALESCE(@myrecon_last, 3) AND s.myrecon_row NOT IN (SELECT "
                 "line FROM #there) AND (t.`id` <=> s.`id` AND CAST(t.`a` AS BINARY) <=> "
                 "CAST(s.`a` AS BINARY)) AND (SELECT SUM(ok) FROM #guard) = 3;\n"
                 "INSERT INTO #guard SELECT 3, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
                 "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) "
                 "AND s.myrecon_row <= COALESCE(@myrecon_last, 3) AND s.myrecon_row NOT IN (SELECT "
                 "line FROM #there));\n");
    world_end(&w);
}

/* Columns behind those of the plan, which TARGET alone has: the server sets the first to now, the
 * second is computed. */
static void add_alone(struct world *w)
{
    struct mr_column *c = &w->own[0].columns[w->own[0].live.ncolumns];
    c[0] = (struct mr_column){
        .name = "se`en", .type = "timestamp", .on_update = "current_timestamp(0)"};
    c[1] = (struct mr_column){.name = "x", .type = "timestamp", .generated = true};
    c[1].on_update = c[0].on_update;
    w->own[0].live.ncolumns += 2;
}

/* What the live side has there stays. */
static void test_alone(void **state)
{
    static const enum mr_script_kind kinds[] = {MR_SCRIPT_APPLY, MR_SCRIPT_UNDO};
    (void)state;
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct world w;
        world_begin(&w);
        world_table(&w, "t", "id:int# a:text at:edited");
        step(&w, 1, UPDATE, 0, "2|a|2026-04-02 13:05:00", "2|b|2026-04-02 13:05:00");
        world_open(&w);
        add_alone(&w);
        world_unit(&w, kinds[i], 1, 1);
        mr_script_changes(&w.s);
        if (strstr(w.s.sql.ptr,
                   " SET t.`a` = s.`a`, t.`at` = s.`at`, t.`se``en` = t.`se``en` WHERE ") == NULL)
            fail_msg("%zu: %s", i, w.s.sql.ptr);
        world_end(&w);
    }
}

/* Nor are rows that the unit itself has inserted, or is about to delete, touched there. */
static void test_alone_circle(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# up:int?");
    world_reference(&w, 0, "up", 0, "id", true);
    const int64_t a = world_step(&w, (struct world_step){1, 1, 1, INSERT, 0, NULL, "1|NULL", 0});
    step(&w, 2, INSERT, 0, NULL, "2|1");
    world_step(&w, (struct world_step){1, 1, 3, UPDATE, 0, "1|NULL", "1|2", a});
    world_open(&w);
    world_opens(&w, 0, "up");
    add_alone(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_changes(&w.s);
    assert_non_null(strstr(w.s.sql.ptr, " SET t.`up` = s.`up`, t.`se``en` = t.`se``en` WHERE "));
    mr_strbuf_reset(&w.s.sql);
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    mr_script_changes(&w.s);
    assert_non_null(strstr(w.s.sql.ptr, " SET t.`up` = IF(s.myrecon_open & 1, NULL, s.`up`), "
                                        "t.`se``en` = t.`se``en` WHERE "));
    world_end(&w);
}

/* A circle of references: inserted empty, and filled when all is there; emptied before it goes. */
static void test_circle(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# up:int? at:edited");
    world_reference(&w, 0, "up", 0, "id", true);
    const int64_t a = world_step(
        &w, (struct world_step){1, 1, 1, INSERT, 0, NULL, "1|NULL|2026-04-02 13:05:00", 0});
    step(&w, 2, INSERT, 0, NULL, "2|1|2026-04-02 13:05:00");
    world_step(&w, (struct world_step){1, 1, 3, UPDATE, 0, "1|NULL|2026-04-02 13:05:00",
                                       "1|2|2026-04-02 13:05:00", a});
    world_open(&w);
    world_opens(&w, 0, "up");
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_changes(&w.s);
    world_sql_is(
        &w,
        "-- write\n"
        "INSERT INTO `o``dd`.`t` (`id`, `up`, `at`) SELECT s.`id`, IF(s.myrecon_open & 1, NULL, "
        "s.`up`), s.`at` FROM #i0 AS s WHERE s.myrecon_row BETWEEN 1 AND 2 AND s.myrecon_tree NOT "
        "IN (SELECT tree FROM #skip) AND s.myrecon_row <= COALESCE(@myrecon_last, 2) AND (SELECT "
        "SUM(ok) FROM #guard) = 0 ORDER BY s.myrecon_row;\n"
        "INSERT INTO #guard SELECT 0, ROW_COUNT() = (SELECT COUNT(*) FROM #i0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2));\n"
        "UPDATE #i0 AS s STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` SET t.`up` = s.`up`, "
        "t.`at` = s.`at` WHERE s.myrecon_row BETWEEN 1 AND 2 AND s.myrecon_tree NOT IN (SELECT "
        "tree FROM #skip) AND s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_open <> 0 "
        "AND (t.`id` <=> s.`id` AND IF(s.myrecon_open & 1, t.`up` IS NULL, t.`up` <=> s.`up`) AND "
        "t.`at` <=> s.`at`) AND (SELECT SUM(ok) FROM #guard) = 1;\n"
        "INSERT INTO #guard SELECT 1, ROW_COUNT() = (SELECT COUNT(*) FROM #i0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_open <> 0);\n");
    world_unit(&w, MR_SCRIPT_UNDO, 1, 1);
    mr_script_changes(&w.s);
    world_sql_is(
        &w,
        "-- write\n"
        "UPDATE #d0 AS s STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` SET t.`up` = "
        "IF(s.myrecon_open & 1, NULL, s.`up`), t.`at` = s.`at` WHERE s.myrecon_row BETWEEN 1 AND 2 "
        "AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND s.myrecon_row <= "
        "COALESCE(@myrecon_last, 2) AND s.myrecon_row NOT IN (SELECT line FROM #found) AND "
        "s.myrecon_open <> 0 AND s.myrecon_row NOT IN (SELECT line FROM #there) AND (t.`id` <=> "
        "s.`id` AND t.`up` <=> s.`up` AND t.`at` <=> s.`at`) AND (SELECT SUM(ok) FROM #guard) = "
        "2;\n"
        "INSERT INTO #guard SELECT 2, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#found) AND s.myrecon_open <> 0 AND s.myrecon_row NOT IN (SELECT line FROM #there));\n"
        "DELETE t FROM #d0 AS s STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` WHERE "
        "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 1) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND (t.`id` <=> s.`id` AND IF(s.myrecon_open & 1, t.`up` IS NULL, t.`up` <=> "
        "s.`up`) AND t.`at` <=> s.`at`) AND (SELECT SUM(ok) FROM #guard) = 3;\n"
        "INSERT INTO #guard SELECT 3, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 1) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there));\n"
        "DELETE t FROM #d0 AS s STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` WHERE "
        "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND (t.`id` <=> s.`id` AND IF(s.myrecon_open & 1, t.`up` IS NULL, t.`up` <=> "
        "s.`up`) AND t.`at` <=> s.`at`) AND (SELECT SUM(ok) FROM #guard) = 4;\n"
        "INSERT INTO #guard SELECT 4, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
        "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there));\n");
    world_end(&w);
}

/* Where triggers fire, nobody knows what a row holds that this transaction has written before. */
static void test_fired(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# u:int!");
    const int64_t a = world_step(&w, (struct world_step){1, 1, 1, UPDATE, 0, "1|1", "1|9", 0});
    world_step(&w, (struct world_step){1, 1, 2, UPDATE, 0, "1|9", "1|2", a});
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_changes(&w.s);
    assert_null(strstr(w.s.sql.ptr, "s.myrecon_open &"));
    mr_strbuf_reset(&w.s.sql);
    w.manifest.planned.fire_triggers = true;
    mr_script_changes(&w.s);
    assert_non_null(strstr(w.s.sql.ptr, " AND (s.myrecon_open & 2 <> 0 OR t.`id` <=> b.`id`"));
    world_end(&w);
}

/* Without a key: one of the rows that are equal to a staged one, a statement a row. */
static void test_keyless(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "lo`g", "a:text n:int?");
    step(&w, 1, DELETE, 0, "x|NULL", NULL);
    step(&w, 1, DELETE, 0, "x|NULL", NULL);
    step(&w, 2, INSERT, 0, NULL, "y|1");
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_changes(&w.s);
    world_sql_is(
        &w, "-- write\n"
            "DELETE FROM `o``dd`.`lo``g` WHERE EXISTS (SELECT 1 FROM #d0 AS s WHERE s.myrecon_row "
            "BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND s.myrecon_row "
            "<= COALESCE(@myrecon_last, 1) AND s.myrecon_row NOT IN (SELECT line FROM #there) AND "
            "CAST(`o``dd`.`lo``g`.`a` AS BINARY) <=> CAST(s.`a` AS BINARY) AND `o``dd`.`lo``g`.`n` "
            "<=> s.`n`) AND (SELECT SUM(ok) FROM #guard) = 0 LIMIT 1;\n"
            "INSERT INTO #guard SELECT 0, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
            "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
            "s.myrecon_row <= COALESCE(@myrecon_last, 1) AND s.myrecon_row NOT IN (SELECT line "
            "FROM #there));\n"
            "DELETE FROM `o``dd`.`lo``g` WHERE EXISTS (SELECT 1 FROM #d0 AS s WHERE s.myrecon_row "
            "BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND s.myrecon_row "
            "<= COALESCE(@myrecon_last, 2) AND s.myrecon_row NOT IN (SELECT line FROM #there) AND "
            "CAST(`o``dd`.`lo``g`.`a` AS BINARY) <=> CAST(s.`a` AS BINARY) AND `o``dd`.`lo``g`.`n` "
            "<=> s.`n`) AND (SELECT SUM(ok) FROM #guard) = 1 LIMIT 1;\n"
            "INSERT INTO #guard SELECT 1, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
            "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
            "s.myrecon_row <= COALESCE(@myrecon_last, 2) AND s.myrecon_row NOT IN (SELECT line "
            "FROM #there));\n"
            "INSERT INTO `o``dd`.`lo``g` (`a`, `n`) SELECT s.`a`, s.`n` FROM #i0 AS s WHERE "
            "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
            "s.myrecon_row <= COALESCE(@myrecon_last, 3) AND (SELECT SUM(ok) FROM #guard) = 2 "
            "ORDER BY s.myrecon_row;\n"
            "INSERT INTO #guard SELECT 2, ROW_COUNT() = (SELECT COUNT(*) FROM #i0 AS s WHERE "
            "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
            "s.myrecon_row <= COALESCE(@myrecon_last, 3));\n");
    world_end(&w);
}

/* Number 0 of an ENUM whose members look alike is written without strict mode, nothing else is. */
static void test_loose(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# s:size");
    step(&w, 1, INSERT, 0, NULL, "1||1");
    step(&w, 2, UPDATE, 0, "2|a|0", "2|A|0");
    step(&w, 3, DELETE, 0, "3||1", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
    mr_script_changes(&w.s);
    world_sql_is(
        &w,
        "-- write\n"
        "SET SESSION sql_mode = "
        "'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES';\n"
        "INSERT INTO `o``dd`.`t` (`id`, `s`) SELECT s.`id`, s.`s` + 0 FROM #i0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 1) AND (SELECT SUM(ok) FROM #guard) = 0 ORDER BY "
        "s.myrecon_row;\n"
        "INSERT INTO #guard SELECT 0, ROW_COUNT() = (SELECT COUNT(*) FROM #i0 AS s WHERE "
        "s.myrecon_row BETWEEN 1 AND 1 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 1));\n"
        "SET SESSION sql_mode = "
        "'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES';\n"
        "UPDATE #u0 AS s STRAIGHT_JOIN #b0 AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN "
        "`o``dd`.`t` AS t ON t.`id` = s.`id` SET t.`s` = s.`s` + 0 WHERE "
        "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2) AND (t.`id` <=> b.`id` AND t.`s` + 0 <=> "
        "b.`s` + 0) AND (SELECT SUM(ok) FROM #guard) = 1;\n"
        "INSERT INTO #guard SELECT 1, ROW_COUNT() = (SELECT COUNT(*) FROM #u0 AS s WHERE "
        "s.myrecon_row BETWEEN 2 AND 2 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 2));\n"
        "DELETE t FROM #d0 AS s STRAIGHT_JOIN `o``dd`.`t` AS t ON t.`id` = s.`id` WHERE "
        "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 3) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there) AND (t.`id` <=> s.`id` AND t.`s` + 0 <=> s.`s` + 0) AND (SELECT SUM(ok) FROM "
        "#guard) = 2;\n"
        "INSERT INTO #guard SELECT 2, ROW_COUNT() = (SELECT COUNT(*) FROM #d0 AS s WHERE "
        "s.myrecon_row BETWEEN 3 AND 3 AND s.myrecon_tree NOT IN (SELECT tree FROM #skip) AND "
        "s.myrecon_row <= COALESCE(@myrecon_last, 3) AND s.myrecon_row NOT IN (SELECT line FROM "
        "#there));\n");
    world_end(&w);
}

/* It commits only where each guard has left its row, and each statement has run. */
static void test_end(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    world_open(&w);
    w.s.number = UINT64_MAX;
    w.s.guards = 12;
    w.s.ran = 34;
    mr_script_end(&w.s);
    world_sql_is(
        &w,
        "-- end\n"
        "SELECT tbl AS `table`, id AS `key`, why AS reason FROM #refused GROUP BY tbl, CAST(id AS "
        "BINARY), why ORDER BY MIN(no);\n"
        "SET @myrecon_why = (SELECT CONCAT('myrecon: ', tbl, ' ', id, ': ', why) FROM #refused "
        "ORDER BY no LIMIT 1);\n"
        "SET @myrecon_end = IF((SELECT COUNT(*) = 12 AND SUM(ok) = 12 FROM #guard) AND "
        "@myrecon_ran = 34, 'COMMIT', 'ROLLBACK');\n"
        "PREPARE myrecon_end FROM @myrecon_end;\n"
        "EXECUTE myrecon_end;\n"
        "DEALLOCATE PREPARE myrecon_end;\n"
        "ROLLBACK;\n"
        "SET SESSION time_zone = IF(@myrecon_end = 'COMMIT', '+00:00', 'myrecon: unit "
        "18446744073709551615 was undone, run this file again');\n"
        "SET SESSION time_zone = IF(@myrecon_why IS NULL, '+00:00', LEFT(@myrecon_why, 62));\n");
    world_end(&w);
}

static void test_proof(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int# a:text?");
    world_table(&w, "log", "a:text");
    step(&w, 1, INSERT, 0, NULL, "1|a");
    step(&w, 1, UPDATE, 0, "2|a", "2|NULL");
    step(&w, 1, DELETE, 0, "3|a", NULL);
    step(&w, 1, INSERT, 1, NULL, "a");
    step(&w, 1, DELETE, 1, "b", NULL);
    world_open(&w);
    world_unit(&w, MR_SCRIPT_VERIFY, 1, 1);
    mr_script_stage(&w.s);
    mr_strbuf_reset(&w.s.sql);
    mr_script_proof(&w.s);
    world_sql_is(&w,
                 "-- proof\n"
                 "SET @myrecon_ran = 0, @myrecon_wrong = @myrecon_wrong + 1;\n"
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
                 "CONCAT_WS(',', CAST(s.`id` AS CHAR)), IF(t.`id` <=> NULL, 'it is missing', 'it "
                 "is not as it was planned') FROM #i0 AS s LEFT JOIN `o``dd`.`t` AS t ON t.`id` = "
                 "s.`id` WHERE NOT (NOT (t.`id` <=> NULL) AND t.`id` <=> s.`id` AND CAST(t.`a` AS "
                 "BINARY) <=> CAST(s.`a` AS BINARY));\n"
                 "--ran\n"
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
                 "CONCAT_WS(',', CAST(s.`id` AS CHAR)), IF(t.`id` <=> NULL, 'it is missing', 'it "
                 "is not as it was planned') FROM #u0 AS s LEFT JOIN `o``dd`.`t` AS t ON t.`id` = "
                 "s.`id` WHERE s.myrecon_open & 1 = 0 AND NOT (NOT (t.`id` <=> NULL) AND t.`id` "
                 "<=> s.`id` AND CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY));\n"
                 "--ran\n"
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.t', "
                 "CONCAT_WS(',', CAST(s.`id` AS CHAR)), 'it is there' FROM #d0 AS s STRAIGHT_JOIN "
                 "`o``dd`.`t` AS t ON t.`id` = s.`id`;\n"
                 "--ran\n"
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.log', '', "
                 "'it is missing' FROM #i1 AS s WHERE (SELECT COUNT(*) FROM `o``dd`.`log` AS t "
                 "WHERE CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY)) < s.myrecon_open;\n"
                 "--ran\n"
                 "INSERT INTO #refused (tree, tbl, id, why) SELECT s.myrecon_tree, 'o`dd.log', '', "
                 "'it is there' FROM #d1 AS s WHERE (SELECT COUNT(*) FROM `o``dd`.`log` AS t WHERE "
                 "CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY)) >= s.myrecon_open;\n"
                 "--ran\n"
                 "SELECT tbl AS `table`, id AS `key`, why AS reason FROM #refused ORDER BY no;\n"
                 "SET @myrecon_wrong = @myrecon_wrong + (SELECT COUNT(*) FROM #refused)\n"
                 "    + IF(@myrecon_ran = 5\n"
                 "    AND (SELECT COUNT(*) = 1 FROM #i0)\n"
                 "    AND (SELECT COUNT(*) = 1 FROM #u0)\n"
                 "    AND (SELECT COUNT(*) = 1 FROM #d0)\n"
                 "    AND (SELECT COUNT(*) = 1 FROM #i1)\n"
                 "    AND (SELECT COUNT(*) = 1 FROM #d1)\n"
                 "    AND (SELECT COALESCE(SUM(n), 0) FROM #tree) = 5\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #there)\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #done)\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #skip)\n"
                 "    AND NOT EXISTS (SELECT 1 FROM #link), -1, 0);\n");
    world_end(&w);
}

/* What no row of the unit changes is staged once: compared with what is to stand, since it is the
 * same, and not set, unless the server would set it to now. */
static void test_beside(void **state)
{
    static const struct {
        bool fires;
        const char *set, *made;
    } cases[] = {
        {false, " SET t.`name` = s.`name`, t.`at` = s.`at` WHERE ",
         " ENGINE = InnoDB SELECT `id`, `name` FROM `o``dd`.`t` LIMIT 0;\n"
         "INSERT INTO #b0 (myrecon_row, myrecon_tree, `id`, `name`) VALUES\n"
         "(1,1,1,_utf8mb4 'a'),\n"
         "(2,1,2,_utf8mb4 'b');\n"},
        {true,
         " SET t.`id` = s.`id`, t.`name` = s.`name`, t.`note` = s.`note`, t.`at` = s.`at` WHERE ",
         " ENGINE = InnoDB SELECT `id`, `name`, `note`, `at` FROM `o``dd`.`t` LIMIT 0;\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        world_table(&w, "t", "id:int# name:text note:text at:edited");
        step(&w, 1, UPDATE, 0, "1|a|n|2026-04-02 13:05:00", "1|x|n|2026-04-02 13:05:00");
        step(&w, 1, UPDATE, 0, "2|b|m|2026-04-02 13:05:00", "2|b|m|2026-04-02 13:05:00");
        w.manifest.planned.fire_triggers = cases[i].fires;
        world_open(&w);
        world_unit(&w, MR_SCRIPT_APPLY, 1, 1);
        mr_script_stage(&w.s);
        const char *staged = world_said(&w, NULL);
        if (strstr(staged, cases[i].made) == NULL)
            fail_msg("%s", strstr(staged, "TABLE #b0"));
        mr_strbuf_reset(&w.s.sql);
        mr_script_changes(&w.s);
        const char *sql = world_said(&w, NULL);
        assert_non_null(strstr(sql, cases[i].set));
        assert_non_null(strstr(sql, cases[i].fires ? "t.`at` <=> b.`at`" : "t.`at` <=> s.`at`"));
        assert_non_null(strstr(sql, "CAST(t.`name` AS BINARY) <=> CAST(b.`name` AS BINARY)"));
        assert_non_null(strstr(sql, cases[i].fires
                                        ? "CAST(t.`note` AS BINARY) <=> CAST(b.`note` AS BINARY)"
                                        : "CAST(t.`note` AS BINARY) <=> CAST(s.`note` AS BINARY)"));
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_undo),         cmocka_unit_test(test_alone),
        cmocka_unit_test(test_alone_circle), cmocka_unit_test(test_circle),
        cmocka_unit_test(test_fired),        cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_loose),        cmocka_unit_test(test_end),
        cmocka_unit_test(test_proof),        cmocka_unit_test(test_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
