/* test_plan_fit_choose.c: what may be written instead of a value that does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/db/sqltext.h"
#include "repair/plan/plan_fit.h"
#include "script_world.h"

/* Judged last: these columns of the first table. */
static void begin(struct world *w, struct mr_plan_fit *fit, const char *columns, const char *those)
{
    world_begin(w);
    struct mr_plan_table *t = world_table(w, "t", columns);
    const struct mr_plan_columns at = world_columns(w, t, those);
    mr_plan_fit_open(fit, &w->plan, &w->reader);
    for (size_t i = 0; i < at.count; i++)
        *(size_t *)mr_vec_push(&fit->columns) = at.at[i];
}

static void end(struct world *w, struct mr_plan_fit *fit)
{
    mr_plan_fit_close(fit);
    world_end(w);
}

/* The edit of a choice, as a literal; NULL: it is none that can be carried out. */
static void chosen_is(struct world *w, struct mr_plan_fit *fit, const char *choice,
                      const char *wanted)
{
    struct mr_strbuf edits = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_key values[WORLD_COLUMNS] = {{0}};
    bool possible = false;
    mr_strbuf_add_str(&text, "");
    assert_int_equal(mr_plan_fit_choose(fit, &w->tables[0], choice, &edits, &possible, NULL),
                     MR_OK);
    mr_plan_fit_apply((struct mr_key){edits.ptr, edits.len}, values, WORLD_COLUMNS);
    for (size_t i = 0; i < WORLD_COLUMNS; i++) {
        struct mr_value v;
        size_t pos = 0;
        if (values[i].ptr == NULL)
            continue;
        assert_int_equal(mr_row_decode(values[i].ptr, values[i].len, &pos, &v, NULL), MR_OK);
        mr_strbuf_add_str(&text, text.len > 0 ? " " : "");
        mr_sql_value(&text, &v, NULL);
    }
    if (possible != (wanted != NULL) || (wanted != NULL && strcmp(text.ptr, wanted) != 0))
        fail_msg("%s: %s %s", choice, possible ? text.ptr : "not possible", fit->why.ptr);
    if (!possible)
        assert_int_equal(edits.len, 0);
    mr_strbuf_release(&edits);
    mr_strbuf_release(&text);
}

static void test_values(void **state)
{
    static const struct {
        const char *type, *text, *wanted;
    } cases[] = {
        {"int", "7", "7"},
        {"int", "-2147483648", "-2147483648"},
        {"int", "2147483648", NULL},
        {"int", "", NULL},
        {"int", "7 ", NULL},
        {"int", "7x", NULL},
        {"uint", "18446744073709551615", "18446744073709551615"},
        {"uint", "18446744073709551616", NULL},
        {"uint", "-1", NULL},
        {"uint", " -1", NULL}, /* not what it wraps around to */
        {"uint", "\t-1", NULL},
        {"uint", "+-1", NULL},
        {"real", "-1.5", "-1.5000000000000000e+00"},
        {"real", "1e308", "1.0000000000000000e+308"},
        {"real", "1e999", NULL}, /* no server has a literal for it */
        {"real", "inf", NULL},
        {"real", "nan", NULL},
        {"real", "x", NULL},
        {"text", "", "x''"},
        {"text", "a=b", "x'613d62'"},
        {"text", "a text that is longer than twenty", NULL},
        {"bytes", "0x00fF", "x'00ff'"},
        {"bytes", "00ff", "x'00ff'"},
        {"bytes", "", "x''"},
        {"bytes", "0", NULL},
        {"bytes", "0g", NULL},
        {"bytes", "+1", NULL},
        {"date", "2026-04-02", "'2026-04-02'"},
        {"date", "soon", NULL},
        {"date", "2026-02-31", NULL}, /* a server would take it, in that mode */
        {"date", "2024-02-29", "'2024-02-29'"},
        {"date", "0000-00-00", "'0000-00-00'"},
        {"money", "-12.50", "-12.5"},
        {"money", "1e3", NULL}, /* no statement could be made of it */
        {"money", "+1", NULL},
        {"kind", "x", "x'78'"},
        {"kind", "z", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        struct mr_strbuf columns = MR_STRBUF_INIT, choice = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&columns, "id:int# c:%s", cases[i].type);
        mr_strbuf_add_fmt(&choice, "c=%s", cases[i].text);
        begin(&w, &fit, columns.ptr, "c");
        chosen_is(&w, &fit, choice.ptr, cases[i].wanted);
        mr_strbuf_release(&columns);
        mr_strbuf_release(&choice);
        end(&w, &fit);
    }
}

/* How a choice names the column, and which value it gives. */
static void test_choices(void **state)
{
    static const struct {
        const char *those, *choice, *wanted;
    } cases[] = {
        {"a", "A =x", "x'78'"},
        {"a", "b=x", NULL},
        {"a", "a", NULL},
        {"a", "{\"a\":\"x\"}", "x'78'"},
        {"a", "{\"a\":null}", "NULL"},
        {"a", "{\"b\":\"x\"}", NULL},
        {"a", "{\"a\":", NULL},
        {"a", "[1]", NULL},
        {"a", "skip", NULL},
        {"a b", "a=x", NULL}, /* what is b? */
        {"a b", "{\"a\":\"x\",\"b\":\"y\"}", "x'78' x'79'"},
        {"a b", "{\"a\":\"x\"}", NULL},
        {"a", "without-value", "NULL"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        begin(&w, &fit, "id:int# a:text? b:text", cases[i].those);
        chosen_is(&w, &fit, cases[i].choice, cases[i].wanted);
        end(&w, &fit);
    }
}

/* What says which row it is, or whom it refers to, takes no other value. */
static void test_offered(void **state)
{
    static const struct {
        const char *what, *columns, *those, *wanted;
        bool stuck;
    } cases[] = {
        {"plain, and NULL", "id:int# a:text?", "a", "skip;without-value;a=VALUE", false},
        {"plain", "id:int# a:text", "a", "skip;a=VALUE", false},
        {"two", "id:int# a:text b:text", "a b", "skip;{\"a\":\"VALUE\",\"b\":\"VALUE\"}", false},
        {"a name with a quote", "id:int# a\"\\:text b:text", "a\"\\ b",
         "skip;{\"a\\\"\\\\\":\"VALUE\",\"b\":\"VALUE\"}", false},
        {"one may be empty", "id:int# a:text b:text?", "a b",
         "skip;{\"a\":\"VALUE\",\"b\":\"VALUE\"}", false},
        {"the key", "id:int# a:text", "id", "skip", false},
        {"a reference", "id:int# up:int", "up", "skip", false},
        {"a reference that may be NULL", "id:int# up:int?", "up", "skip;without-value", false},
        {"computed", "id:int# a:text?*", "a", "skip;without-value", false},
        {"TARGET's own row cannot be sent", "id:int# a:text?", "a", "skip", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        struct mr_strbuf out = MR_STRBUF_INIT;
        begin(&w, &fit, cases[i].columns, cases[i].those);
        if (strstr(cases[i].columns, " up:") != NULL)
            world_reference(&w, 0, "up", 0, "id", false);
        fit.is_stuck = cases[i].stuck;
        mr_plan_fit_choices(&fit, &w.tables[0], &out);
        if (strcmp(out.ptr, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].what, out.ptr);
        chosen_is(&w, &fit, "without-value",
                  strstr(cases[i].wanted, "without") != NULL ? "NULL" : NULL);
        mr_strbuf_release(&out);
        end(&w, &fit);
    }
}

/* A column that the condition of a reference looks at says whom the row refers to. */
static void test_condition(void **state)
{
    static const bool reads[] = {false, false, true};
    struct world w;
    struct mr_plan_fit fit;
    (void)state;
    begin(&w, &fit, "id:int# up:int? kind:text?", "kind");
    world_reference(&w, 0, "up", 0, "id", false)->reads = reads;
    chosen_is(&w, &fit, "kind=x", NULL);
    chosen_is(&w, &fit, "without-value", NULL);
    assert_string_equal(fit.why.ptr, "kind: it says whom the row refers to");
    end(&w, &fit);
}

/* A default that is a constant stands in for a value; of an identity it does not. */
static void test_default(void **state)
{
    static const struct {
        const char *text;
        bool named;
        const char *wanted;
    } cases[] = {
        {"'x'", false, "x'78'"}, {"'x'", true, NULL}, {"uuid()", false, NULL}, {NULL, false, NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        begin(&w, &fit, "id:int# a:text", "a");
        w.own[0].columns[1].default_text = cases[i].text;
        if (cases[i].named)
            world_named(&w, &w.tables[0], "a");
        chosen_is(&w, &fit, "without-value", cases[i].wanted);
        end(&w, &fit);
    }
}

/* A text goes into the column's charset by TARGET, and is refused where that has it not. */
static void test_charset(void **state)
{
    static const struct {
        const char *answer, *wanted;
    } cases[] = {{"E4", "x'e4'"}, {"lost", NULL}, {"", "x''"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_fit fit;
        begin(&w, &fit, "id:int# a:latin", "a");
        w.answer = cases[i].answer;
        chosen_is(&w, &fit, "a=\xc3\xa4", cases[i].wanted);
        assert_non_null(strstr(w.asked.ptr, "CONVERT(_utf8mb4 x'c3a4' USING latin1)"));
        end(&w, &fit);
    }
    struct world w;
    struct mr_plan_fit fit;
    struct mr_strbuf edits = MR_STRBUF_INIT;
    bool possible = false;
    begin(&w, &fit, "id:int# a:latin", "a");
    w.fail_at = 1;
    assert_int_equal(mr_plan_fit_choose(&fit, &w.tables[0], "a=x", &edits, &possible, NULL),
                     MR_E_LOST);
    mr_strbuf_release(&edits);
    end(&w, &fit);
}

static void test_rules(void **state)
{
    static const struct mr_conflict_rule rules[] = {
        {.kind = "does-not-fit", .choice = "skip"},
        {.kind = "changed", .choice = "source"},
        {.kind = "does-not-fit", .choice = "without-value"},
        {.kind = "does-not-fit", .choice = "target"}};
    (void)state;
    assert_string_equal(mr_plan_fit_rule(rules, 4), "without-value");
    assert_string_equal(mr_plan_fit_rule(rules, 2), "skip");
    assert_null(mr_plan_fit_rule(rules + 1, 1));
    assert_null(mr_plan_fit_rule(rules + 3, 1)); /* as it is by default */
    assert_true(mr_plan_fit_is_value("a=b"));
    assert_true(mr_plan_fit_is_value("{"));
    assert_false(mr_plan_fit_is_value("skip"));
}

/* Edits that are cut, or of no column, change nothing. */
static void test_edits(void **state)
{
    struct mr_strbuf edits = MR_STRBUF_INIT;
    struct mr_key values[2] = {{"N", 1}, {"N", 1}};
    (void)state;
    mr_plan_fit_add(&edits, 1, (struct mr_key){"i1", 2});
    mr_plan_fit_add(&edits, 7, (struct mr_key){"i2", 2});
    mr_plan_fit_apply((struct mr_key){edits.ptr, edits.len}, values, 2);
    assert_memory_equal(values[0].ptr, "N", 1);
    assert_int_equal(values[1].len, 2);
    values[1] = (struct mr_key){"N", 1};
    mr_plan_fit_apply((struct mr_key){edits.ptr, 2 * sizeof(size_t) + 1}, values, 2);
    assert_int_equal(values[1].len, 1);
    mr_plan_fit_apply((struct mr_key){NULL, 0}, values, 2);
    mr_strbuf_release(&edits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),  cmocka_unit_test(test_choices),
        cmocka_unit_test(test_offered), cmocka_unit_test(test_condition),
        cmocka_unit_test(test_default), cmocka_unit_test(test_charset),
        cmocka_unit_test(test_rules),   cmocka_unit_test(test_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
