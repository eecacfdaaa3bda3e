/* test_copy_order.c: in what order the rows of a copying plan are written, how circles are
 * broken, and what becomes of those that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/copy/copy_internal.h"

enum { COLUMNS = 3 };

/* One table: id is its key; u is unique; up refers to the table itself. */
static const struct mr_column columns[COLUMNS] = {{.name = "id"}, {.name = "u"}, {.name = "up"}};
static const struct mr_find_column found[COLUMNS] = {{.name = "id"}, {.name = "u"}, {.name = "up"}};
static const size_t at[COLUMNS] = {0, 1, 2};
static const bool nullable[COLUMNS] = {false, true, true}, none[COLUMNS];
static const struct mr_table target = {.columns = columns, .ncolumns = COLUMNS};
static struct mr_plan_unique uniques[] = {{.name = "u", .columns = {&at[1], 1}},
                                          {.name = "v", .columns = {&at[2], 1}}};

/* Of types of which no free value is known. */
static const struct mr_readcol reads[COLUMNS] = {
    {.expr = MR_EXPR_UTF8}, {.expr = MR_EXPR_UTF8}, {.expr = MR_EXPR_UTF8}};

struct sample {
    struct mr_findings *fd;
    struct mr_pair pair;
    struct mr_plan_table table;
    struct mr_pair_reference pair_reference;
    struct mr_plan_reference reference;
    struct mr_plan_tables plan;
    struct mr_copy_task task;
    struct mr_copy_result result;
    struct mr_copy c;
    struct mr_vec places;
};

static void run(struct sample *s, const char *sql)
{
    assert_int_equal(mr_case_exec(s->c.m.cf, sql, NULL), MR_OK);
}

static void open_sample(struct sample *s, bool may_be_empty, const char *sql)
{
    memset(s, 0, sizeof *s);
    s->pair.find = (struct mr_find_table){.name = "d.t", .columns = found, .ncolumns = COLUMNS};
    s->pair.side[MR_TARGET] = &target;
    s->table = (struct mr_plan_table){.pair = &s->pair,
                                      .key = {at, 1},
                                      .uniques = uniques,
                                      .nuniques = 2,
                                      .nullable = may_be_empty ? nullable : none,
                                      .generated = none};
    s->pair.full[MR_TARGET].cols = reads;
    s->pair_reference.edge.declared = true;
    s->reference =
        (struct mr_plan_reference){.pair = &s->pair_reference, .from = {&at[2], 1}, .to = {at, 1}};
    s->plan = (struct mr_plan_tables){
        .tables = &s->table, .ntables = 1, .references = &s->reference, .nreferences = 1};
    s->task = (struct mr_copy_task){.tables = &s->plan, .policy = MR_COPY_MIRROR};
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &s->fd, NULL), MR_OK);
    s->c = (struct mr_copy){
        .m = {.plan = &s->plan, .fd = s->fd, .cf = mr_findings_case(s->fd), .arena = MR_ARENA_INIT},
        .task = &s->task,
        .result = &s->result};
    s->places = (struct mr_vec)MR_VEC_INIT(struct mr_copy_place);
    assert_int_equal(mr_copy_work_open(&s->c, NULL), MR_OK);
    run(s, sql);
}

static void close_sample(struct sample *s)
{
    mr_vec_release(&s->places);
    mr_copy_pools_release(&s->c);
    mr_arena_release(&s->c.m.arena);
    assert_int_equal(mr_findings_close(s->fd, NULL), MR_OK);
}

/* "root:slot@level" of each place, in order; p parks, c closes. */
static void order_is(struct sample *s, const char *want)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_vec_clear(&s->places);
    assert_int_equal(mr_copy_order(&s->c, &s->places, NULL), MR_OK);
    for (size_t i = 0; i < s->places.count; i++) {
        const struct mr_copy_place *p = mr_vec_at(&s->places, i);
        mr_strbuf_add_fmt(&text, "%s%u:%u%s@%u", i > 0 ? " " : "", p->root, p->slot,
                          p->phase == MR_PHASE_PARK    ? "p"
                          : p->phase == MR_PHASE_CLOSE ? "c"
                                                       : "",
                          p->level);
    }
    assert_string_equal(text.len > 0 ? text.ptr : "", want);
    mr_strbuf_release(&text);
}

static void kinds_are(struct sample *s, const char *want)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(mr_case_prepare(s->c.m.cf,
                                     "SELECT coalesce(group_concat(id||' '||kind), '')"
                                     " FROM (SELECT * FROM c WHERE kind IS NOT NULL"
                                     " ORDER BY id)",
                                     &stmt, NULL),
                     MR_OK);
    assert_int_equal(mr_case_step(stmt, &row, NULL), MR_OK);
    assert_string_equal(mr_case_text(stmt, 0), want);
    mr_case_free(stmt);
}

#define SLOTS(op, n)                                                                               \
    "WITH RECURSIVE i AS (SELECT 1 AS id UNION ALL SELECT id+1 FROM i WHERE id<" #n ")"            \
    " INSERT INTO c (id, tbl, canon, op) SELECT id, 0, CAST(id AS BLOB), " #op " FROM i;"

static void rows_by_themselves(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(2, 3) "UPDATE c SET kind='unique' WHERE id=2;");
    order_is(&s, "1:1@2 3:3@2");
    close_sample(&s);
}

static void a_value_is_free_before_it_is_taken(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(2, 4) "INSERT INTO take VALUES (1,0,3), (3,0,2);");
    order_is(&s, "1:2@2 1:3@3 1:1@4 4:4@2");
    close_sample(&s);
}

static void a_swap_parks_one_of_both(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(2, 2) "INSERT INTO take VALUES (1,0,2), (2,0,1);");
    order_is(&s, "1:2p@1 1:1@2 1:2@3");
    close_sample(&s);
}

/* A gate stands behind the last slot: what goes passes it before what comes. */
static void those_that_go_before_those_that_come(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, false,
                SLOTS(1, 4) "UPDATE c SET op=3 WHERE id>2; INSERT INTO gate (id) VALUES"
                            " (1); INSERT INTO hint VALUES (3,5), (4,5), (5,1), (5,2);");
    order_is(&s, "1:3@2 1:4@2 1:1@4 1:2@4");
    close_sample(&s);
}

/* Nobody is left out for what is better, if it can be, done first. */
static void a_circle_of_hints(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, false,
                SLOTS(2, 3) "INSERT INTO hint VALUES (1,2), (2,1);"
                            "INSERT INTO take VALUES (3,0,2);");
    order_is(&s, "1:1@2 1:2@3 1:3@4");
    kinds_are(&s, "");
    close_sample(&s);
}

/* What is kept is taken by nobody: the row waits for itself only. */
static void a_value_that_stays(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(2, 1) "INSERT INTO take VALUES (1,0,1);");
    order_is(&s, "1:1@2");
    close_sample(&s);
}

static void a_circle_without_a_way_out(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, false, SLOTS(2, 4) "INSERT INTO take VALUES (1,0,2), (2,0,1), (3,0,2);");
    order_is(&s, "4:4@2");
    kinds_are(&s, "1 not-null-cycle,2 unique,3 unique");
    close_sample(&s);
}

static void parents_before_children(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true,
                SLOTS(1, 3) "INSERT INTO link (child, ref, sfound, ps) VALUES (1,0,1,2),"
                            " (2,0,1,3), (3,0,1,3);");
    order_is(&s, "1:3@2 1:2@3 1:1@4");
    close_sample(&s);
}

static void children_before_parents_that_go(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(3, 3) "INSERT INTO dep VALUES (1,0,2), (2,0,3);");
    order_is(&s, "1:3@2 1:2@3 1:1@4");
    close_sample(&s);
}

static void a_circle_of_parents_is_closed_at_the_end(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true,
                SLOTS(1, 2) "INSERT INTO link (child, ref, sfound, ps) VALUES (1,0,1,2),"
                            " (2,0,1,1);");
    order_is(&s, "1:1@2 1:2@3 1:1c@4");
    close_sample(&s);
}

/* One row under two keys: none waits for the other, and one unit has both. */
static void slots_of_one_row(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true,
                SLOTS(1, 4) "INSERT INTO tie VALUES (1,3), (3,1), (2,4), (4,2);"
                            "UPDATE c SET kind='unique' WHERE id=4;");
    order_is(&s, "1:1@2 1:3@2 2:2@2");
    close_sample(&s);
}

static void a_circle_of_rows_that_go_is_opened_first(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(3, 2) "INSERT INTO dep VALUES (1,0,2), (2,0,1);");
    order_is(&s, "1:2p@1 1:1@2 1:2@3");
    close_sample(&s);
}

static void a_row_that_refers_to_itself(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(3, 1) "INSERT INTO dep VALUES (1,0,1);");
    order_is(&s, "1:1p@1 1:1@2");
    close_sample(&s);
    open_sample(&s, false, SLOTS(3, 2) "INSERT INTO dep VALUES (1,0,1), (2,0,1);");
    order_is(&s, "");
    kinds_are(&s, "1 not-null-cycle,2 referenced");
    close_sample(&s);
}

static void a_circle_of_parents_that_may_not_be_empty(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, false,
                SLOTS(1, 3) "INSERT INTO link (child, ref, sfound, ps) VALUES (1,0,1,2),"
                            " (2,0,1,1), (3,0,1,1);");
    order_is(&s, "");
    kinds_are(&s, "1 not-null-cycle,2 parent-absent,3 parent-absent");
    close_sample(&s);
}

/* A row takes a value from one that goes, whose child it is to get. */
static void circles_of_several_kinds(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true,
                "INSERT INTO c (id, tbl, canon, op) VALUES (1,0,x'01',1), (2,0,x'02',3),"
                " (3,0,x'03',2);"
                "INSERT INTO take VALUES (1,0,2); INSERT INTO dep VALUES (2,0,3);"
                "INSERT INTO link (child, ref, sfound, ps) VALUES (3,0,1,1);");
    order_is(&s, "1:3p@1 1:2@2 1:1@3 1:3@4");
    close_sample(&s);
}

static void two_circles_that_touch(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true,
                SLOTS(2, 3) "INSERT INTO take VALUES (1,0,2), (2,0,1), (3,1,2), (2,1,3);");
    order_is(&s, "1:2p@1 1:3p@1 1:1@2 1:2@3 1:3@4");
    close_sample(&s);
}

static void a_long_circle(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, true, SLOTS(2, 5000) "INSERT INTO take SELECT id, 0, id % 5000 + 1 FROM c;");
    assert_int_equal(mr_copy_order(&s.c, &s.places, NULL), MR_OK);
    assert_int_equal(s.places.count, 5001);
    for (size_t i = 0; i < s.places.count; i++) {
        const struct mr_copy_place *p = mr_vec_at(&s.places, i);
        assert_int_equal(p->root, 1);
        assert_int_equal(p->level, i + 1);
    }
    close_sample(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_by_themselves),
        cmocka_unit_test(slots_of_one_row),
        cmocka_unit_test(a_value_is_free_before_it_is_taken),
        cmocka_unit_test(a_swap_parks_one_of_both),
        cmocka_unit_test(those_that_go_before_those_that_come),
        cmocka_unit_test(a_circle_of_hints),
        cmocka_unit_test(a_value_that_stays),
        cmocka_unit_test(a_circle_without_a_way_out),
        cmocka_unit_test(parents_before_children),
        cmocka_unit_test(children_before_parents_that_go),
        cmocka_unit_test(a_circle_of_parents_is_closed_at_the_end),
        cmocka_unit_test(a_circle_of_rows_that_go_is_opened_first),
        cmocka_unit_test(a_row_that_refers_to_itself),
        cmocka_unit_test(a_circle_of_parents_that_may_not_be_empty),
        cmocka_unit_test(circles_of_several_kinds),
        cmocka_unit_test(two_circles_that_touch),
        cmocka_unit_test(a_long_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
