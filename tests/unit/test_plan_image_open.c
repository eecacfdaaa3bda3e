/* test_plan_image_open.c: how rows of a planned table are read on one server alone, and known again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/plan/plan_image.h"
#include "script_world.h"

/* What a column is read by, and that the reading is understood. */
static void test_reading(void **state)
{
    static const struct {
        const char *type;
        enum mr_expr expr;
        bool normalise;
        const char *wanted;
    } cases[] = {
        {"int", MR_EXPR_COLUMN, false, "int"},
        {"uint", MR_EXPR_COLUMN, false, "uint"},
        {"latin", MR_EXPR_COLUMN, false, "text/latin1"},
        {"text", MR_EXPR_UTF8, false, "text/utf8mb4 as utf8"},
        {"text*", MR_EXPR_TEXT, false, "text/utf8mb4 as text generated"},
        {"bytes", MR_EXPR_BINARY, false, "binary as binary"},
        {"json", MR_EXPR_COLUMN, false, "json normal"}, /* of MySQL */
        {"json*", MR_EXPR_COLUMN, true, "json normal generated"},
        {"kind", MR_EXPR_COLUMN, false, "enum/utf8mb4"},
        {"money", MR_EXPR_COLUMN, false, "decimal"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_strbuf columns = MR_STRBUF_INIT, reading = MR_STRBUF_INIT;
        struct mr_plan_digester d;
        world_begin(&w);
        mr_strbuf_add_fmt(&columns, "c:%s", cases[i].type);
        const struct mr_plan_table *t = world_table(&w, "t", columns.ptr);
        w.own[0].reads[0].expr = cases[i].expr;
        w.own[0].found[0].normalise = cases[i].normalise;
        mr_plan_image_reading(t, 0, &reading);
        assert_string_equal(reading.ptr, cases[i].wanted);
        const char *const readings[] = {reading.ptr};
        assert_int_equal(mr_plan_digester_init(&d, readings, 1, &w.arena, NULL), MR_OK);
        assert_int_equal(d.normal[0], strstr(cases[i].wanted, "normal") != NULL);
        assert_int_equal(d.generated[0], strstr(cases[i].wanted, "generated") != NULL);
        mr_plan_digester_release(&d);
        mr_strbuf_release(&columns);
        mr_strbuf_release(&reading);
        world_end(&w);
    }
}

static void test_no_reading(void **state)
{
    static const char *const none[] = {"",
                                       "intx",
                                       "int ",
                                       "text/",
                                       "text/utf 8",
                                       "INT",
                                       "text as",
                                       "text as utf8 as text",
                                       "json normal normal",
                                       "int generated normal"};
    (void)state;
    for (size_t i = 0; i < LEN(none); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_plan_digester d = {0};
        const enum mr_code code = mr_plan_digester_init(&d, &none[i], 1, &arena, NULL);
        if (code != MR_E_REFUSED)
            fail_msg("%s: %d", none[i], code);
        mr_plan_digester_release(&d);
        mr_arena_release(&arena);
    }
}

/* Two rows are one, or are not. */
static void test_digests(void **state)
{
    static const struct {
        const char *what, *columns, *a, *b;
        bool same;
    } cases[] = {
        {"a value", "a:int b:text?", "1|x", "1|y", false},
        {"NULL is not empty", "a:int b:text?", "1|NULL", "1|", false},
        {"letters", "a:text", "x", "X", false},
        {"-0 is 0", "a:real", "-0.0", "0", true},
        {"what is computed is no promise", "a:int g:int*", "1|2", "1|3", true},
        {"but its neighbour is", "a:int g:int*", "1|2", "2|2", false},
        {"another spelling of JSON", "j:json", "{\"a\": 1, \"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"another JSON", "j:json", "{\"a\":1}", "{\"a\":2}", false},
        {"what is no JSON stays", "j:json", "{x", "{ x", false},
        {"hidden values behind the columns", "a:size", "a|0", "a|1", true},
        {"where a value ends", "a:text b:text", "ab|c", "a|bc", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_digester d;
        struct mr_digest a, b;
        world_begin(&w);
        const struct mr_plan_table *t = world_table(&w, "t", cases[i].columns);
        assert_int_equal(mr_plan_digester_of(&d, t, &w.arena, NULL), MR_OK);
        assert_int_equal(mr_plan_digester_row(&d, world_row(&w, t, cases[i].a), &a, NULL), MR_OK);
        assert_int_equal(mr_plan_digester_row(&d, world_row(&w, t, cases[i].b), &b, NULL), MR_OK);
        if (mr_digest_equal(a, b) != cases[i].same)
            fail_msg("%s", cases[i].what);
        struct mr_key cut = world_row(&w, t, cases[i].a);
        cut.len = 1;
        assert_int_not_equal(mr_plan_digester_row(&d, cut, &a, NULL), MR_OK);
        mr_plan_digester_release(&d);
        world_end(&w);
    }
}

/* Of some columns: the others may hold anything; JSON is compared by what it says, here too. */
static void test_part(void **state)
{
    static const bool of[] = {false, true, true, false};
    static const struct {
        const char *row;
        bool same;
    } cases[] = {{"1|x|{\"a\": 1, \"b\":2}|1", true},
                 {"2|x|{\"b\":2,\"a\":1}|2", true},
                 {"1|y|{\"a\":1,\"b\":2}|1", false},
                 {"1|x|{\"a\":1}|1", false},
                 {"1|NULL|{\"a\":1,\"b\":2}|1", false}};
    struct world w;
    struct mr_plan_digester d;
    struct mr_digest first, next, whole;
    (void)state;
    world_begin(&w);
    const struct mr_plan_table *t = world_table(&w, "t", "id:int# a:text? j:json g:int*");
    assert_int_equal(mr_plan_digester_of(&d, t, &w.arena, NULL), MR_OK);
    assert_int_equal(mr_plan_digester_part(&d, world_row(&w, t, cases[0].row), of, &first, NULL),
                     MR_OK);
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_key row = world_row(&w, t, cases[i].row);
        assert_int_equal(mr_plan_digester_part(&d, row, of, &next, NULL), MR_OK);
        assert_int_equal(mr_digest_equal(first, next), cases[i].same);
        assert_int_equal(mr_plan_digester_row(&d, row, &whole, NULL), MR_OK);
        assert_false(mr_digest_equal(next, whole));
    }
    mr_plan_digester_release(&d);
    world_end(&w);
}

/* A column of TARGET as it is now, beside what the plan says of it. */
static void test_open(void **state)
{
    static const struct {
        const char *what, *type, *reading;
        enum mr_side side;
        enum mr_code code;
    } cases[] = {
        {"the same", "int", "int", MR_TARGET, MR_OK},
        {"another type", "text", "int", MR_TARGET, MR_E_CHANGED},
        {"another width", "uint", "int", MR_TARGET, MR_E_CHANGED},
        {"as SOURCE may have it", "uint", "int", MR_SOURCE, MR_OK},
        {"another charset", "latin", "text/utf8mb4", MR_TARGET, MR_E_CHANGED},
        {"converted on the way", "latin", "text/utf8mb4 as utf8", MR_TARGET, MR_OK},
        {"an ENUM for a text", "kind", "text/utf8mb4", MR_SOURCE, MR_OK},
        {"on TARGET not", "kind", "text/utf8mb4", MR_TARGET, MR_E_CHANGED},
        {"its twin holds bytes", "text", "binary as binary", MR_TARGET, MR_OK},
        {"no reading", "int", "number", MR_TARGET, MR_E_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_strbuf columns = MR_STRBUF_INIT;
        struct mr_pair *pair = NULL;
        const size_t key = 0;
        world_begin(&w);
        mr_strbuf_add_fmt(&columns, "id:int# c`d:%s", cases[i].type);
        world_table(&w, "t", columns.ptr);
        w.catalogued[0] = w.own[0].live;
        w.cat.ntables = 1;
        const struct mr_plan_image_column named[] = {{"id", "int"}, {"C`D", cases[i].reading}};
        const struct mr_plan_image_task task = {.side = cases[i].side,
                                                .name = "o`dd.t",
                                                .db = "o`dd",
                                                .table = "t",
                                                .columns = named,
                                                .ncolumns = 2,
                                                .key = {&key, 1}};
        const enum mr_code code = mr_plan_image_open(&w.cat, &task, &w.arena, &pair, NULL);
        if (code != cases[i].code)
            fail_msg("%s: %d", cases[i].what, code);
        if (code == MR_OK) {
            assert_string_equal(pair->full[cases[i].side].cols[1].name, "c`d");
            assert_int_equal(pair->find.columns[0].key_at, 0);
            assert_int_equal(pair->find.columns[1].key_at, -1);
            assert_false(pair->find.keyless);
        }
        mr_strbuf_release(&columns);
        world_end(&w);
    }
}

static void test_gone(void **state)
{
    struct world w;
    struct mr_pair *pair = NULL;
    struct mr_err err = {0};
    const size_t key = 1; /* of one column */
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    w.catalogued[0] = w.own[0].live;
    w.cat.ntables = 1;
    const struct mr_plan_image_column named[] = {{"id", "int"}}, gone[] = {{"no", "int"}};
    struct mr_plan_image_task task = {.side = MR_TARGET,
                                      .name = "o`dd.t",
                                      .db = "o`dd",
                                      .table = "u",
                                      .columns = named,
                                      .ncolumns = 1};
    assert_int_equal(mr_plan_image_open(&w.cat, &task, &w.arena, &pair, &err), MR_E_NO_SUCH);
    task.table = "t";
    task.columns = gone;
    assert_int_equal(mr_plan_image_open(&w.cat, &task, &w.arena, &pair, &err), MR_E_CHANGED);
    assert_string_equal(err.message, "column \"no\" of table \"o`dd.t\" is gone");
    task.columns = named;
    task.key = (struct mr_plan_columns){&key, 1};
    assert_int_equal(mr_plan_image_open(&w.cat, &task, &w.arena, &pair, &err), MR_E_REFUSED);
    task.key.count = 0;
    w.catalogued[0].engine = NULL;
    w.catalogued[0].open_error = "marked as crashed";
    assert_int_equal(mr_plan_image_open(&w.cat, &task, &w.arena, &pair, &err), MR_E_CHANGED);
    assert_non_null(strstr(err.message, "marked as crashed"));
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading), cmocka_unit_test(test_no_reading),
        cmocka_unit_test(test_digests), cmocka_unit_test(test_part),
        cmocka_unit_test(test_open),    cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
