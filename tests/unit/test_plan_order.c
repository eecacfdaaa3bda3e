/* test_plan_order.c: in what order the tables of a plan are decided, and what has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/plan/plan_order.h"

enum { MOST = 5, COLUMNS = 4 };

/* Every table has columns id, a, b, c; id is its key. */
static const struct mr_column columns[COLUMNS] = {
    {.name = "id"}, {.name = "a"}, {.name = "b"}, {.name = "c"}};
static const struct mr_find_column found[COLUMNS] = {
    {.name = "id"}, {.name = "a"}, {.name = "b"}, {.name = "c"}};
static const size_t at[COLUMNS] = {0, 1, 2, 3};
static const bool no_null[COLUMNS] = {false};
static const struct mr_table table = {.columns = columns, .ncolumns = COLUMNS};

struct built {
    struct mr_arena arena;
    struct mr_plan_tables plan;
    struct mr_plan_table tables[MOST];
    struct mr_pair pairs[MOST];
    struct mr_pair_reference references[MOST];
};

/* A reference of a test: child.column → parent.id. */
struct edge {
    size_t child, column, parent;
};

static void build(struct built *b, size_t ntables, const struct edge *edges, size_t nedges,
                  size_t identity)
{
    static const char *const names[] = {"d.a", "d.b", "d.c", "d.d", "d.e"};
    memset(b, 0, sizeof *b);
    for (size_t i = 0; i < ntables; i++) {
        b->pairs[i].find =
            (struct mr_find_table){.name = names[i], .columns = found, .ncolumns = COLUMNS};
        b->pairs[i].side[MR_SOURCE] = b->pairs[i].side[MR_TARGET] = &table;
        b->pairs[i].at = i;
        b->tables[i] = (struct mr_plan_table){.pair = &b->pairs[i],
                                              .key = {at, 1},
                                              .identity = MR_PLAN_BY_COLUMNS,
                                              .named_by = {&at[identity], 1},
                                              .counter = 0,
                                              .nullable = no_null,
                                              .generated = no_null};
    }
    for (size_t i = 0; i < nedges; i++)
        b->references[i] = (struct mr_pair_reference){.edge = {.columns = &at[edges[i].column],
                                                               .parent_columns = at,
                                                               .ncolumns = 1,
                                                               .condition_at = -1},
                                                      .child = &b->pairs[edges[i].child],
                                                      .parent = &b->pairs[edges[i].parent]};
    b->plan = (struct mr_plan_tables){.tables = b->tables, .ntables = ntables};
    b->plan.pairing.references = b->references;
    b->plan.pairing.nreferences = nedges;
}

static size_t place(const struct built *b, const char *name)
{
    size_t i = 0;
    while (strcmp(mr_plan_table_name(&b->plan.tables[i]), name) != 0)
        i++;
    return i;
}

static void test_parents_first(void **state)
{
    static const struct edge edges[] = {{0, 1, 1}, {1, 1, 2}, {3, 1, 0}};
    struct built b;
    (void)state;
    build(&b, 4, edges, 3, 3);
    assert_int_equal(mr_plan_order(&b.plan, &b.arena, NULL), MR_OK);
    assert_true(place(&b, "d.c") < place(&b, "d.b"));
    assert_true(place(&b, "d.b") < place(&b, "d.a"));
    assert_true(place(&b, "d.a") < place(&b, "d.d"));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(b.plan.tables[i].at, i);
        assert_int_equal(b.plan.tables[i].component, i);
        assert_ptr_equal(b.plan.pairing.tables[i], b.plan.tables[i].pair);
    }
    for (size_t i = 0; i < b.plan.nreferences; i++)
        assert_true(b.plan.references[i].parent < b.plan.references[i].child);
    mr_arena_release(&b.arena);
}

/* A circle is one component; what says who a row is goes from later to earlier tables. */
static void test_circle(void **state)
{
    static const struct edge edges[] = {{0, 3, 1}, {1, 1, 0}, {2, 1, 0}};
    struct built b;
    (void)state;
    build(&b, 3, edges, 3, 3); /* column c is the identity: a needs b */
    assert_int_equal(mr_plan_order(&b.plan, &b.arena, NULL), MR_OK);
    assert_true(place(&b, "d.b") < place(&b, "d.a"));
    assert_int_equal(b.plan.tables[0].component, b.plan.tables[1].component);
    assert_int_not_equal(b.plan.tables[2].component, b.plan.tables[0].component);
    mr_arena_release(&b.arena);
}

static void test_circle_of_identities(void **state)
{
    static const struct edge edges[] = {{0, 3, 1}, {1, 3, 0}};
    struct built b;
    struct mr_err err = {0};
    (void)state;
    build(&b, 2, edges, 2, 3);
    assert_int_equal(mr_plan_order(&b.plan, &b.arena, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "\"d.a\", \"d.b\""));
    mr_arena_release(&b.arena);
}

static void test_self(void **state)
{
    static const struct edge soft[] = {{0, 1, 0}}, hard[] = {{0, 3, 0}};
    struct built b;
    (void)state;
    build(&b, 1, soft, 1, 3);
    assert_int_equal(mr_plan_order(&b.plan, &b.arena, NULL), MR_OK);
    assert_false(b.plan.tables[0].self_hard);
    mr_arena_release(&b.arena);
    build(&b, 1, hard, 1, 3);
    assert_int_equal(mr_plan_order(&b.plan, &b.arena, NULL), MR_OK);
    assert_true(b.plan.tables[0].self_hard);
    mr_arena_release(&b.arena);
}

/* What others refer to a row by says who it is, too. */
static void test_referred_to(void **state)
{
    static const size_t second = 1;
    static const struct edge edges[] = {{1, 1, 0}, {2, 2, 1}};
    struct built b;
    (void)state;
    build(&b, 3, edges, 2, 3);
    b.references[1].edge.parent_columns = &second; /* c.b → b.a, which leads to a.id */
    assert_int_equal(mr_plan_order(&b.plan, &b.arena, NULL), MR_OK);
    assert_true(b.plan.references[0].hard);
    assert_false(b.plan.references[1].hard);
    assert_int_equal(b.plan.tables[place(&b, "d.b")].nsets, 1);
    mr_arena_release(&b.arena);
}

static void test_generated(void **state)
{
    static const struct mr_column with[COLUMNS] = {
        {.name = "id"},
        {.name = "a"},
        {.name = "b"},
        {.name = "c", .generated = true, .generation_expr = "concat(`a`,_utf8mb4'-')"}};
    static const struct mr_column over[COLUMNS] = {
        {.name = "id"},
        {.name = "a"},
        {.name = "b", .generated = true, .generation_expr = "lower(`a`)"},
        {.name = "c", .generated = true, .generation_expr = "upper(`b`)"}};
    static const struct mr_table direct = {.columns = with, .ncolumns = COLUMNS};
    static const struct mr_table nested = {.columns = over, .ncolumns = COLUMNS};
    static const struct {
        const struct mr_table *source, *target;
        struct edge edge;
        enum mr_code code;
    } cases[] = {
        {&direct, &direct, {1, 1, 0}, MR_E_REFUSED},
        {&direct, &direct, {1, 2, 0}, MR_OK}, /* b is mapped, and c is not made of it */
        {&table, &direct, {1, 1, 0}, MR_E_REFUSED},
        {&direct, &table, {1, 1, 0}, MR_E_REFUSED},
        {&nested, &nested, {1, 1, 0}, MR_E_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct built b;
        struct mr_err err = {0};
        build(&b, 2, &cases[i].edge, 1, 3);
        b.pairs[1].side[MR_SOURCE] = cases[i].source;
        b.pairs[1].side[MR_TARGET] = cases[i].target;
        assert_int_equal(mr_plan_order(&b.plan, &b.arena, &err), cases[i].code);
        if (cases[i].code != MR_OK)
            assert_non_null(strstr(err.message, "column \"c\", which the server computes from"));
        mr_arena_release(&b.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents_first),        cmocka_unit_test(test_circle),
        cmocka_unit_test(test_circle_of_identities), cmocka_unit_test(test_self),
        cmocka_unit_test(test_referred_to),          cmocka_unit_test(test_generated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
