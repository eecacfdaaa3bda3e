/* test_script_names.c: how a script names tables, columns and rows, and by what it takes two rows
 * for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

static const struct mr_plan_columns no_columns = {NULL, 0};

static void test_names(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t =
        world_table(&w, "li`ve.me`\\m\n", "i`d:int# s.um:int* a'b:text");
    world_open(&w);
    w.s.db = "o`dd";
    mr_script_temp(&w.s, "guard");
    world_sql_is(&w, "#guard");
    mr_script_temp_n(&w.s, 'e', SIZE_MAX);
    world_sql_is(&w, "#e18446744073709551615");
    mr_script_live(&w.s, t);
    world_sql_is(&w, "`li``ve`.`me``\\m\n`");
    mr_script_column(&w.s, t, NULL, 0);
    mr_script_column(&w.s, t, "t", 2);
    world_sql_is(&w, "`i``d`t.`a'b`");
    mr_script_columns(&w.s, t, NULL);
    world_sql_is(&w, "`i``d`, `a'b`");
    mr_script_columns(&w.s, t, "s");
    world_sql_is(&w, "s.`i``d`, s.`a'b`");
    assert_false(mr_script_is_written(t, 1));
    world_end(&w);
}

/* A key of several columns is one text, in which a comma of a value is not that between them. */
static void test_key_text(void **state)
{
    static const struct {
        const char *columns, *wanted;
    } cases[] = {
        {"a:int", "''"},
        {"a:text#", "CONCAT_WS(',', CAST(s.`a` AS CHAR))"},
        {"a:bytes#", "CONCAT_WS(',', HEX(s.`a`))"},
        {"a:text# b:bytes# c:int#",
         "CONCAT_WS(',', REPLACE(REPLACE(CAST(s.`a` AS CHAR), '\\\\', '\\\\\\\\'), ',', '\\\\,'), "
         "HEX(s.`b`), REPLACE(REPLACE(CAST(s.`c` AS CHAR), '\\\\', '\\\\\\\\'), ',', '\\\\,'))"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        const struct mr_plan_table *t = world_table(&w, "t", cases[i].columns);
        world_open(&w);
        mr_script_key_text(&w.s, t, "s");
        world_sql_is(&w, cases[i].wanted);
        world_end(&w);
    }
}

/* Equal to the byte: what a collation takes for one is not, nor is a member of an ENUM. */
static void test_exact(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *columns, *wanted;
    } cases[] = {
        {MR_FLAVOUR_MARIADB, "a:int", "t.`a` <=> s.`a`"},
        {MR_FLAVOUR_MARIADB, "a:text c:int*", "CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY)"},
        {MR_FLAVOUR_MARIADB, "a:bytes", "CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY)"},
        {MR_FLAVOUR_MARIADB, "a:json", "CAST(t.`a` AS BINARY) <=> CAST(s.`a` AS BINARY)"},
        {MR_FLAVOUR_MYSQL, "a:json",
         "CAST(CAST(t.`a` AS CHAR) AS BINARY) <=> CAST(CAST(s.`a` AS CHAR) AS BINARY)"},
        {MR_FLAVOUR_MYSQL, "a:kind b:real", "t.`a` + 0 <=> s.`a` + 0 AND t.`b` <=> s.`b`"},
        {MR_FLAVOUR_MYSQL, "a:int*", "TRUE"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        w.manifest.server.flavour = cases[i].flavour;
        const struct mr_plan_table *t = world_table(&w, "t", cases[i].columns);
        world_open(&w);
        mr_script_exact(&w.s, t, "t", "s");
        world_sql_is(&w, cases[i].wanted);
        world_end(&w);
    }
}

static void test_same(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# a:text? b:int? c:int");
    world_open(&w);
    mr_script_same(&w.s, t, no_columns, "t", "s", false);
    world_sql_is(&w, "TRUE");
    mr_script_same(&w.s, t, world_columns(&w, t, "id a"), "t", "s", false);
    world_sql_is(&w, "t.`id` = s.`id` AND t.`a` = s.`a`");
    mr_script_same(&w.s, t, world_columns(&w, t, "a"), "t", "s", true);
    world_sql_is(&w, "t.`a` <=> s.`a`");
    mr_script_is_absent(&w.s, t, "p", 0);
    world_sql_is(&w, "p.`id` <=> NULL");
    assert_false(mr_script_not_null(&w.s, t, world_columns(&w, t, "id c"), "s"));
    world_sql_is(&w, "");
    assert_true(mr_script_not_null(&w.s, t, world_columns(&w, t, "id a b"), "s"));
    world_sql_is(&w, "s.`a` IS NOT NULL AND s.`b` IS NOT NULL");
    world_end(&w);
}

/* What a circle of references leaves empty for a while is compared in three ways. */
static void test_opened(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# up:int? down:int?");
    world_open(&w);
    world_opens(&w, 0, "up down");
    assert_true(mr_script_is_opened(&w.s, t, 2));
    assert_false(mr_script_is_opened(&w.s, t, 0));
    mr_script_exact(&w.s, t, "t", "s");
    world_sql_is(&w, "t.`id` <=> s.`id` AND t.`up` <=> s.`up` AND t.`down` <=> s.`down`");
    mr_script_alike(&w.s, t, "t", "s");
    world_sql_is(&w, "t.`id` <=> s.`id`");
    mr_script_emptied(&w.s, t, "t", "s");
    world_sql_is(&w, "t.`id` <=> s.`id` AND IF(s.myrecon_open & 1, t.`up` IS NULL, t.`up` <=> "
                     "s.`up`) AND IF(s.myrecon_open & 2, t.`down` IS NULL, t.`down` <=> s.`down`)");
    world_end(&w);
}

/* Columns that only TARGET has: what an INSERT gave them is asked where it can be said. */
static void test_untouched(void **state)
{
    static const struct {
        const char *what;
        struct mr_column column;
        bool ignored, fires;
        const char *wanted;
    } cases[] = {
        {"a literal",
         {.cls = MR_CLASS_TEXT, .default_text = "'A'"},
         false,
         false,
         " AND t.`n``o` <=> DEFAULT(t.`n``o`)"
         " AND CAST(t.`n``o` AS BINARY) <=> CAST(DEFAULT(t.`n``o`) AS BINARY)"},
        {"dismissed", {.cls = MR_CLASS_INT, .default_text = "0"}, true, false, ""},
        {"a trigger may have set it", {.cls = MR_CLASS_INT, .default_text = "0"}, false, true, ""},
        {"computed", {.cls = MR_CLASS_INT, .generated = true}, false, false, ""},
        {"counted", {.cls = MR_CLASS_INT, .auto_increment = true}, false, false, ""},
        {"the time of the write",
         {.cls = MR_CLASS_DATETIME, .default_text = "current_timestamp()"},
         false,
         false,
         ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        static const char *ignored[] = {"n`o"};
        struct world w;
        world_begin(&w);
        const struct mr_plan_table *t = world_table(&w, "t", "id:int#");
        struct world_table *own = &w.own[0];
        own->columns[own->live.ncolumns] = cases[i].column;
        own->columns[own->live.ncolumns].name = "n`o";
        own->columns[own->live.ncolumns++].data_type = "x";
        own->config.ignore_columns = (struct mr_string_list){ignored, cases[i].ignored};
        w.manifest.planned.fire_triggers = cases[i].fires;
        w.planned[0].ntriggers = 1;
        world_open(&w);
        assert_int_equal(mr_script_is_touchable(&w.s, t), cases[i].wanted[0] != '\0');
        mr_script_untouched(&w.s, t, "t");
        world_sql_is(&w, cases[i].wanted);
        world_end(&w);
    }
}

/* MySQL has no DEFAULT(c) of one in brackets: its literal stands there. */
static void test_untouched_computed(void **state)
{
    static const struct {
        const char *text;
        enum mr_class cls;
        const char *wanted;
    } cases[] = {
        {"'a''b'", MR_CLASS_TEXT,
         " AND CAST(CONVERT(t.`x` USING utf8mb4) AS BINARY) <=> CAST(_utf8mb4 x'612762' AS "
         "BINARY)"},
        {"'\xc3\xa4'", MR_CLASS_TEXT, ""},
        {"7", MR_CLASS_INT, " AND t.`x` <=> 7"},
        {"b'1'", MR_CLASS_INT, ""},
        {"uuid()", MR_CLASS_TEXT, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        const struct mr_plan_table *t = world_table(&w, "t", "id:int#");
        struct world_table *own = &w.own[0];
        own->columns[own->live.ncolumns++] = (struct mr_column){.name = "x",
                                                                .data_type = "x",
                                                                .cls = cases[i].cls,
                                                                .default_text = cases[i].text,
                                                                .default_computed = true};
        world_open(&w);
        mr_script_untouched(&w.s, t, "t");
        world_sql_is(&w, cases[i].wanted);
        world_end(&w);
    }
}

static void test_references(void **state)
{
    static const struct mr_spelling number[] = {{.kind = MR_SPELL_NUMBER,
                                                 .child = MR_CLASS_TEXT,
                                                 .parent = MR_CLASS_INT,
                                                 .charset = "utf8mb4",
                                                 .collation = "utf8mb4_general_ci"}};
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "parents", "id:int# shop:int");
    world_table(&w, "children", "id:int# up:int? shop:int? txt:text?");
    const struct mr_plan_reference *two = world_reference(&w, 1, "up shop", 0, "id shop", true);
    const struct mr_plan_reference *text = world_reference(&w, 1, "txt", 0, "id", false);
    w.pairs[1].spelling = number;
    world_open(&w);
    mr_script_refers(&w.s, two, "s", "p");
    world_sql_is(&w, "p.`id` = s.`up` AND p.`shop` = s.`shop`");
    mr_script_referred(&w.s, two, "c", "s");
    world_sql_is(&w, "c.`up` = s.`id` AND c.`shop` = s.`shop`");
    assert_false(mr_script_is_spelt_otherwise(two));
    assert_true(mr_script_is_spelt_otherwise(text));
    mr_script_refers(&w.s, text, "s", "p");
    assert_non_null(strstr(w.s.sql.ptr, "p.`id` = "));
    assert_non_null(strstr(w.s.sql.ptr, "s.`txt`"));
    mr_strbuf_reset(&w.s.sql);
    mr_script_refers_otherwise(&w.s, text, "c", "s");
    assert_memory_equal(w.s.sql.ptr, "((", 2);
    assert_non_null(strstr(w.s.sql.ptr, ")) AND s.`id` = "));
    world_end(&w);
}

/* One copy of the parents' values serves all references to the same columns. */
static void test_copies(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# a:text! b:text?");
    world_table(&w, "c", "id:int# t1:int t2:int a:text");
    world_table(&w, "d", "id:int# t:int");
    world_index(&w, &w.tables[0], "part", "b", true, 3);
    world_reference(&w, 2, "t", 0, "id", true); /* its child is not in the unit */
    world_reference(&w, 1, "t1", 0, "id", true);
    world_reference(&w, 1, "a", 0, "a", true);
    world_reference(&w, 1, "t2", 0, "id", true);
    world_open(&w);
    w.s.tables[1].used[MR_STEP_UPDATE] = true;
    assert_false(mr_script_is_used(&w.s, 0));
    assert_true(mr_script_is_used(&w.s, 1));
    assert_int_equal(mr_script_copy_of(&w.s, 1), 1);
    assert_int_equal(mr_script_copy_of(&w.s, 2), 2);
    assert_int_equal(mr_script_copy_of(&w.s, 3), 1);
    assert_true(mr_script_tells_one(t, world_columns(&w, t, "id b")));
    assert_true(mr_script_tells_one(t, world_columns(&w, t, "a")));
    assert_false(mr_script_tells_one(t, world_columns(&w, t, "b"))); /* unique by a prefix */
    assert_false(mr_script_tells_one(t, no_columns));
    assert_int_equal(mr_script_op('i'), MR_STEP_INSERT);
    assert_int_equal(mr_script_op('u'), MR_STEP_UPDATE);
    assert_int_equal(mr_script_op('d'), MR_STEP_DELETE);
    world_end(&w);
}

/* Only undo knows which rows apply never wrote. */
static void test_conditions(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    world_open(&w);
    mr_script_not_there(&w.s, "s");
    world_sql_is(&w, " AND s.myrecon_row NOT IN (SELECT line FROM #there)");
    mr_script_not_found(&w.s, "s");
    world_sql_is(&w, "");
    w.s.kind = MR_SCRIPT_UNDO;
    mr_script_not_found(&w.s, "s");
    world_sql_is(&w, " AND s.myrecon_row NOT IN (SELECT line FROM #found)");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_key_text),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_opened),
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_untouched_computed),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
