/* test_script_walk.c: a statement of a script, token by token: where it ends, what it names, and
 * what is said of a fault.  (Which statements pass: test_script_shape.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/strbuf.h"
#include "repair/script/script_walk.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const char *const around[] = {"foreign key \"f\" of club.no`tes.member to club.members.id",
                                     "index club.hidden.x"};
static const struct mr_planned_table planned[] = {{.table = "club.members",
                                                   .target_db = "club",
                                                   .target_name = "members",
                                                   .around = {around, 2}}};
static const struct mr_manifest manifest = {.planned = {.tables = planned, .ntables = 1}};
/* sorted, as mr_script_shape_new() leaves them */
static const struct mr_walk_table tables[] = {
    {"`club`.`members`", true}, {"`club`.`o``dd`", false}, {"`other`.`t`", true}};
static const struct mr_script_shape shape = {
    .manifest = &manifest, .db = "`club`", .tables = tables, .ntables = LEN(tables)};

static struct mr_walk walk(const char *text, struct mr_script_read_fault *fault)
{
    struct mr_walk w = {.shape = &shape,
                        .section = MR_SCRIPT_READ_GUARDS,
                        .text = text,
                        .prev = {.kind = MR_TOKEN_PUNCT, .ptr = "=", .len = 1},
                        .fault = fault};
    memset(fault, 0, sizeof *fault);
    mr_sqlscan_init(&w.scan, text, strlen(text));
    return w;
}

/* NULL: all of it is right. */
static void test_on(void **state)
{
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"1 + (2 * `x`)", NULL},
        {"(SELECT COUNT(*) FROM `club`.`o``dd` AS t WHERE t.x = 1)", NULL},
        {"(SELECT 1 FROM `club`.myrecon_i0 UNION ALL SELECT 2 FROM `other`.`t`)", NULL},
        {"TRIM(BOTH 'x' FROM `y`) = SUBSTRING(`a` FROM 2 FOR 3)", NULL},
        {"@myrecon_ran + @@SESSION.sql_mode", NULL},
        {"", "ends too early"},
        {"1 +", "ends too early"},
        {"(1", "ends too early"},
        {"1)", "has a parenthesis too many, or an empty one"},
        {"(SELECT 1 FROM)", "has a parenthesis too many, or an empty one"},
        {"(SELECT 1 FROM `mysql`.`user`)",
         "names a table that plan.json does not: \"`mysql`.`user`\""},
        {"(SELECT 1 FROM `club`.`members`, `club`.`o``dd`)", "joins tables by a comma"},
        {"(SELECT 1 FROM information_schema.TABLES)",
         "reads what plan does not: \"information_schema\""},
        {"SLEEP(9)", "has a word that plan does not write: \"SLEEP\""},
        {"`SLEEP`(9)", "has a function, or a list, that plan does not write: \"`SLEEP`\""},
        {"x.CONCAT(1)", "has a function, or a list, that plan does not write: \"CONCAT\""},
        {"CONCAT (1)", "has a function, or a list, that plan does not write: \"CONCAT\""},
        {"GET_LOCK('x', 9)", "has a function, or a list, that plan does not write: \"GET_LOCK\""},
        {"@x", "has a variable that is none of plan's: \"@x\""},
        {"@@secure_file_priv", "has a variable that is none of plan's: \"@@secure_file_priv\""},
        {"1 # x", "has a comment that plan does not write: \"# x\""},
        {"1 /* x */", "has a comment that plan does not write: \"/* x */\""},
        {"1 /*! + SLEEP(9) */", "has a comment that plan does not write: \"/*! + SLEEP(9) */\""},
        {"1 -- x", NULL},
        {"'x", "has a literal or comment without its end: \"'x\""},
        {"1; DROP", "has what plan does not write: \";\""},
        {"1 :=", "has what plan does not write: \":=\""},
        {"1 \xc3\xa4", "has what plan does not write: \"\xc3\xa4\""},
        {"1 x", "has what plan does not write: \"x\""},
        {"1\nsystem", "has a line that the client takes for a command: \"system\""},
        {"1 +\nsandbox", "has a line that the client takes for a command: \"sandbox\""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_script_read_fault fault;
        struct mr_walk w = walk(cases[i].text, &fault);
        const bool good = mr_walk_on(&w, false);
        if (good != (cases[i].what == NULL) ||
            strcmp(fault.what, cases[i].what != NULL ? cases[i].what : "") != 0)
            fail_msg("%s: %s", cases[i].text, fault.what);
    }
}

/* An expression alone reads no table, whatever it may be called. */
static void test_no_shape(void **state)
{
    static const char *const texts[] = {"(SELECT 1)", "EXISTS (SELECT 1 FROM `club`.`members`)"};
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        struct mr_script_read_fault fault;
        struct mr_walk w = walk(texts[i], &fault);
        w.shape = NULL;
        assert_false(mr_walk_on(&w, false));
        assert_string_equal(fault.what, "has a word that does not belong there: \"SELECT\"");
    }
}

/* Behind the parenthesis that begins the rest is left. */
static void test_to_close(void **state)
{
    struct mr_script_read_fault fault;
    struct mr_walk w = walk("((1) + 2) REST", &fault);
    struct mr_token t;
    (void)state;
    assert_true(mr_walk_on(&w, true));
    assert_true(mr_walk_next(&w, &t));
    assert_true(mr_walk_is_text(&t, "REST"));
    w = walk("((1) + 2", &fault);
    assert_false(mr_walk_on(&w, true));
    assert_string_equal(fault.what, "ends too early");
}

/* As deep as levels are kept, and no deeper. */
static void test_depth(void **state)
{
    static const struct {
        size_t depth;
        bool good;
    } cases[] = {{MR_WALK_LEVELS - 1, true}, {MR_WALK_LEVELS, false}, {5000, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_script_read_fault fault;
        for (size_t k = 0; k < cases[i].depth; k++)
            mr_strbuf_add_char(&text, '(');
        mr_strbuf_add_char(&text, '1');
        for (size_t k = 0; k < cases[i].depth; k++)
            mr_strbuf_add_char(&text, ')');
        struct mr_walk w = walk(text.ptr, &fault);
        assert_int_equal(mr_walk_on(&w, false), cases[i].good);
        assert_string_equal(fault.what, cases[i].good ? "" : "has too many parentheses");
        mr_strbuf_release(&text);
    }
}

/* The first fault stays; it is told by line, and shows so many bytes. */
static void test_faults(void **state)
{
    struct mr_script_read_fault fault;
    char text[200] = "1\n+\n";
    (void)state;
    memset(text + 4, ';', 1);
    memset(text + 5, 'x', 120);
    struct mr_walk w = walk(text, &fault);
    const struct mr_token whole = {.kind = MR_TOKEN_WORD, .ptr = text + 5, .len = 120};
    assert_false(mr_walk_fails(&w, text + 4, "is wrong:", &whole));
    assert_int_equal(fault.lines, 2);
    assert_int_equal(strlen(fault.what), strlen("is wrong: \"\"") + 60);
    assert_false(mr_walk_fails(&w, text, "another", NULL));
    assert_memory_equal(fault.what, "is wrong:", 9);
    assert_int_equal(fault.lines, 2);
}

static void test_place(void **state)
{
    static const struct {
        const char *text;
        enum mr_place place;
    } cases[] = {
        {"`club`.`members`", MR_PLACE_WRITTEN},
        {"`other`.`t`", MR_PLACE_WRITTEN},
        {"`club`.`o``dd`", MR_PLACE_READ},
        {"`club`.`no``tes`", MR_PLACE_READ}, /* refers to a table of the plan */
        {"`club`.`hidden`", MR_PLACE_NONE},
        {"`club`.`MEMBERS`", MR_PLACE_NONE},
        {"`club` .`members`", MR_PLACE_NONE},
        {"`club`. `members`", MR_PLACE_NONE},
        {"`club`", MR_PLACE_NONE},
        {"club.`members`", MR_PLACE_NONE},
        {"`club`.members", MR_PLACE_NONE},
        {"`club`.myrecon_i0", MR_PLACE_STAGED},
        {"`club`. myrecon_i0", MR_PLACE_NONE},
        {"`club`.myrecon_", MR_PLACE_NONE},
        {"`other`.myrecon_i0", MR_PLACE_NONE}, /* not in the plan's database */
        {"`club`.`myrecon_i0`", MR_PLACE_NONE},
        {"`club`.MYRECON_i0", MR_PLACE_NONE},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_script_read_fault fault;
        struct mr_walk w = walk(cases[i].text, &fault);
        struct mr_token first = {0}, name = {0};
        assert_true(mr_walk_next(&w, &first));
        if (mr_walk_place(&w, &first, &name) != cases[i].place)
            fail_msg("%s", cases[i].text);
    }
}

static void test_tokens(void **state)
{
    static const struct {
        const char *text;
        bool settable, name;
    } cases[] = {
        {"@myrecon_ran", true, false},  {"@myrecon_value_12", true, false},
        {"@myrecon_end", false, false}, {"@MYRECON_END", false, false},
        {"@myrecon_", false, false},    {"@myrecon_X", false, false},
        {"@other", false, false},       {"@@myrecon_x", false, false},
        {"plain", false, true},         {"Plain_2", false, true},
        {"$x", false, false},           {"x$", false, false},
        {"`quoted`", false, false},     {"'text'", false, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_script_read_fault fault;
        struct mr_walk w = walk(cases[i].text, &fault);
        struct mr_token t = {0};
        assert_true(mr_walk_next(&w, &t));
        if (mr_walk_is_settable(&t) != cases[i].settable || mr_walk_is_name(&t) != cases[i].name)
            fail_msg("%s", cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on),       cmocka_unit_test(test_no_shape),
        cmocka_unit_test(test_to_close), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_faults),   cmocka_unit_test(test_place),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
