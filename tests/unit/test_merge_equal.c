/* test_merge_equal.c: base bounds where nobody has said them. */
#include "merge_world.h"

#include "repair/merge/merge_equal.h"

enum { MEMBERS, ORDERS };

/* members, who invite each other, ← orders; both counted. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! inviter:int? seen:int?~");
    world_table(w, "orders", "id:uint# member:int?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_open(w);
    w->merged[ORDERS].bound.base = mr_counted_of(0, true);
}

static const char *bounds(struct world *w)
{
    static const bool infer[] = {true, true};
    static char text[64];
    char orders[MR_COUNTED_TEXT];
    world_run(w, mr_merge_equal_bounds(&w->m, infer, &w->err));
    (void)snprintf(text, sizeof text, "%" PRId64 " %s", w->merged[MEMBERS].bound.base,
                   mr_counted_text(w->merged[ORDERS].bound.base, true, orders));
    return text;
}

static void test_bounds(void **state)
{
    const struct {
        const char *what;
        const char *both[3], *source[3], *target[3]; /* members */
        const char *orders[3];                       /* of both sides */
        const char *bounds;
    } cases[] = {
        {"empty tables", {NULL}, {NULL}, {NULL}, {NULL}, "0 0"},
        {"nothing is equal", {NULL}, {"1|a|NULL|0"}, {"1|b|NULL|0"}, {NULL}, "0 0"},
        {"the greatest equal key",
         {"1|a|NULL|0", "5|b|NULL|0"},
         {"7|c|NULL|0"},
         {"7|d|NULL|0", "8|e|NULL|0"},
         {NULL},
         "5 0"},
        {"what is ignored may differ",
         {"1|a|NULL|0"},
         {"7|c|NULL|1"},
         {"7|c|NULL|2"},
         {NULL},
         "7 0"},
        {"NULL is no empty text", {"1|a|NULL|0"}, {"7|NULL|NULL|1"}, {"7||NULL|1"}, {NULL}, "1 0"},
        {"not to the collation, but to the byte",
         {"1|a|NULL|0"},
         {"7|C|NULL|1"},
         {"7|c|NULL|1"},
         {NULL},
         "1 0"},
        {"equal rows that lead above a bound are none of the past",
         {"1|a|NULL|0"},
         {"7|c|NULL|0"},
         {"7|d|NULL|0"},
         {"1|1", "2|7"},
         "1 1"},
        {"whichever way they are numbered: 9 was invited by one of later days",
         {"1|a|NULL|0", "9|b|10|0"},
         {"10|c|NULL|0"},
         {"10|d|NULL|0"},
         {"5|9"},
         "1 0"},
        {"a reference to a key of the future, which nobody holds yet",
         {"1|a|NULL|0"},
         {NULL},
         {NULL},
         {"1|1", "2|99"},
         "1 1"},
        {"the last key there is",
         {"1|a|NULL|0"},
         {NULL},
         {NULL},
         {"18446744073709551615|1"},
         "1 18446744073709551615"},
        {"a negative key is below all", {"-5|a|NULL|0"}, {NULL}, {NULL}, {NULL}, "-5 0"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        for (size_t k = 0; k < 3 && cases[i].both[k] != NULL; k++)
            world_both(w, MEMBERS, cases[i].both[k]);
        for (size_t k = 0; k < 3 && cases[i].source[k] != NULL; k++)
            world_source(w, MEMBERS, cases[i].source[k]);
        for (size_t k = 0; k < 3 && cases[i].target[k] != NULL; k++)
            world_target(w, MEMBERS, cases[i].target[k]);
        for (size_t k = 0; k < 3 && cases[i].orders[k] != NULL; k++)
            world_both(w, ORDERS, cases[i].orders[k]);
        const char *got = bounds(w);
        if (strcmp(got, cases[i].bounds) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* A difference that check found, and what an earlier plan restored, are none of the past, equal
 * as they may be by now. */
static void test_known(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    static const char *const rows[] = {"1|a|NULL|0", "3|c|NULL|0", "5|e|NULL|0", "7|g|NULL|0"};
    for (size_t i = 0; i < LEN(rows); i++)
        world_both(w, MEMBERS, rows[i]);
    world_look(w, 1, MEMBERS, "7|g|NULL|0", NULL);
    world_look(w, 2, MEMBERS, "3|c|NULL|0", "3|c|NULL|0"); /* looked at for another reason */
    world_sql(w,
              "CREATE TABLE plan_map (tbl TEXT NOT NULL, source_key BLOB NOT NULL,"
              " target_key BLOB NOT NULL, identity BLOB, digest BLOB NOT NULL, is_new INT NOT NULL,"
              " state TEXT NOT NULL, plan INT NOT NULL,"
              " PRIMARY KEY (tbl, source_key, target_key)) STRICT, WITHOUT ROWID");
    world_require(MR_CASE_ONCE(w->m.cf,
                               "INSERT INTO plan_map VALUES ('d.members', :key, :key, NULL, x'', 0,"
                               " 'applied', 0)",
                               NULL, MR_ARG_BYTES("key", world_key(w, MEMBERS, "5|e|NULL|0"))));
    assert_string_equal(bounds(w), "3 0");
    world_sql(w, "UPDATE plan_map SET state='undone'");
    assert_string_equal(bounds(w), "5 0");
    world_free(w);
}

/* Thousands of rows that differ: the search goes on by pages of keys, and finds the one equal. */
static void test_far(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char(*rows)[2][24] = malloc(2000 * sizeof *rows);
    (void)state;
    build(w);
    world_both(w, MEMBERS, "1|a|NULL|0");
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(rows[i][0], 24, "%d|x|NULL|0", i + 2);
        (void)snprintf(rows[i][1], 24, "%d|y|NULL|0", i + 2);
        world_source(w, MEMBERS, rows[i][0]);
        world_target(w, MEMBERS, rows[i][1]);
    }
    assert_string_equal(bounds(w), "1 0");
    free(rows);
    world_free(w);
}

/* A bound that was told is not lowered, and holds for whom leads there. */
static void test_told(void **state)
{
    static const bool infer[] = {false, true};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->merged[MEMBERS].bound.base = 5;
    world_both(w, MEMBERS, "5|a|NULL|0");
    world_both(w, MEMBERS, "6|b|NULL|0");
    world_both(w, ORDERS, "1|5");
    world_both(w, ORDERS, "2|6");
    world_run(w, mr_merge_equal_bounds(&w->m, infer, &w->err));
    assert_int_equal(w->merged[MEMBERS].bound.base, 5);
    assert_int_equal(mr_counted_number(w->merged[ORDERS].bound.base, true), 1);
    world_free(w);
}

/* Rows above a bound that both sides have: none should be. */
static void test_above(void **state)
{
    static const bool of[] = {true, false};
    struct mr_merge_equal_above above[2] = {{0}};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->merged[MEMBERS].bound.base = 5;
    static const char *const rows[] = {"5|a|NULL|0", "6|b|NULL|0", "8|c|5|0", "9|d|8|0"};
    for (size_t i = 0; i < LEN(rows); i++)
        world_both(w, MEMBERS, rows[i]);
    world_source(w, MEMBERS, "10|e|NULL|0");
    world_target(w, MEMBERS, "10|f|NULL|0");
    world_run(w, mr_merge_equal_above(&w->m, of, above, &w->err));
    assert_int_equal(above[MEMBERS].rows, 2); /* 9 leads above the bound itself */
    assert_int_equal(above[MEMBERS].greatest, 8);
    assert_int_equal(above[ORDERS].rows, 0);
    assert_int_equal(w->merged[MEMBERS].bound.base, 5); /* it stays */
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_both(w, MEMBERS, "1|a|NULL|0");
    world_source(w, MEMBERS, "7|c|NULL|0");
    world_target(w, MEMBERS, "7|d|NULL|0");
    world_both(w, ORDERS, "1|1");
    world_both(w, ORDERS, "2|7");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    static const bool infer[] = {true, true};
    struct mr_merge_equal_above above[2] = {{0}};
    MR_TRY(mr_merge_equal_bounds(&w->m, infer, err));
    return mr_merge_equal_above(&w->m, infer, above, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_known),
        cmocka_unit_test(test_far),    cmocka_unit_test(test_told),
        cmocka_unit_test(test_above),  cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
