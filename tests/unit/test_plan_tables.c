/* test_plan_tables.c: the tables that a plan looks at: what names a row, what its key is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_graph.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader)
{
    (void)reader;
    return NULL; /* nobody to be asked about other databases */
}

static const struct mr_source_ops ops = {.kept = NULL};
static struct mr_source source = {&ops};
static const char *const dbs[MR_SIDES][1] = {{"club"}, {"club2"}};

struct opened {
    struct graph g;
    struct mr_sides sides;
    struct mr_plan_tables plan;
    struct mr_findings *fd;
    struct mr_err err;
    bool windowed; /* the run compared tables in part */
};

static void begin(struct opened *o)
{
    memset(o, 0, sizeof *o);
    graph_begin(&o->g);
}

/* The run has compared these tables. */
static enum mr_code open_plan(struct opened *o, const char *ini, const char *const *known,
                              size_t nknown)
{
    struct mr_find_run run = {
        .uuid = "u", .source = "s", .target = "t", .options = "", .started = "x"};
    assert_int_equal(
        mr_config_parse(ini, strlen(ini), "ini", MR_CONFIG_NO_ROOMS, &o->g.config, &o->err), MR_OK);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        o->sides.side[side] = o->g.servers[side];
        o->sides.side[side].dbs = dbs[side];
        o->sides.side[side].ndbs = 1;
        o->sides.side[side].source = &source;
    }
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &o->fd, NULL), MR_OK);
    assert_int_equal(mr_findings_run_begin(o->fd, &run, NULL), MR_OK);
    for (size_t i = 0; i < nknown; i++) {
        struct mr_find_table t = {.name = known[i], .target_name = known[i], .time_at = -1};
        bool there = false;
        assert_int_equal(mr_findings_table_add(o->fd, &t, &there, NULL), MR_OK);
        t.verdict = MR_VERDICT_DIVERGED;
        t.windowed = o->windowed;
        assert_int_equal(mr_findings_table_save(o->fd, &t, NULL), MR_OK);
    }
    const struct mr_plan_tables_task task = {
        .sides = &o->sides, .config = o->g.config, .fd = o->fd, .arena = &o->g.arena};
    return mr_plan_tables_open(&o->plan, &task, &o->err);
}

static void end(struct opened *o)
{
    assert_int_equal(mr_findings_close(o->fd, NULL), MR_OK);
    graph_end(&o->g);
}

/* By what a row is known again. */
static void test_identity(void **state)
{
    static const struct {
        const char *what, *columns, *ini;
        bool counted;
        enum mr_plan_identity identity;
        size_t named_by;
    } cases[] = {
        {"a unique name", "id mobile:text!", "", true, MR_PLAN_BY_COLUMNS, 1},
        {"a counter alone names nobody", "id note:text", "", true, MR_PLAN_BY_NONE, 0},
        {"a key that nobody counts does", "id note:text", "", false, MR_PLAN_BY_COLUMNS, 1},
        {"as it is said", "id a:text b:text", "identity = a, b\n", true, MR_PLAN_BY_COLUMNS, 2},
        {"all of it", "id a:text b:text", "identity = row\n", true, MR_PLAN_BY_ROW, 2},
        {"none", "id mobile:text!", "identity = none\n", true, MR_PLAN_BY_NONE, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        static const char *const known[] = {"club.t"};
        struct opened o;
        char ini[100];
        begin(&o);
        graph_table(&o.g, "t", cases[i].columns, NULL);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            o.g.sides[side][0].columns[0].auto_increment = cases[i].counted;
        (void)snprintf(ini, sizeof ini, "[table club.t]\n%s", cases[i].ini);
        if (open_plan(&o, ini, known, 1) != MR_OK)
            fail_msg("%s: %s", cases[i].what, o.err.message);
        const struct mr_plan_table *t = &o.plan.tables[0];
        if (t->identity != cases[i].identity || t->named_by.count != cases[i].named_by)
            fail_msg("%s: %d of %zu", cases[i].what, t->identity, t->named_by.count);
        assert_int_equal(mr_plan_has_counter(t), cases[i].counted);
        assert_int_equal(mr_plan_has_runs(t), cases[i].counted);
        end(&o);
    }
}

static void test_uniques(void **state)
{
    static const char *const known[] = {"club.t"};
    struct opened o;
    (void)state;
    begin(&o);
    graph_table(&o.g, "t", "id mobile:text! mail:text!", NULL);
    struct graph_side *s = &o.g.sides[MR_TARGET][0];
    s->parts[2].prefix_len = 5; /* of mail */
    assert_int_equal(open_plan(&o, "", known, 1), MR_OK);
    const struct mr_plan_table *t = &o.plan.tables[0];
    assert_int_equal(t->nuniques, 3);
    assert_true(t->uniques[0].is_key);
    assert_true(t->uniques[1].is_identity && !t->uniques[1].is_partial);
    assert_true(t->uniques[2].is_partial && !t->uniques[2].is_identity);
    assert_true(mr_plan_is_guarded(t));
    end(&o);
}

/* Tables of the run that are on both sides; parents come first. */
static void test_which(void **state)
{
    static const char *const known[] = {"club.child", "club.members"};
    struct opened o;
    (void)state;
    begin(&o);
    graph_table(&o.g, "child", "id member_id:int?", NULL);
    graph_table(&o.g, "members", "id mobile:text!", NULL);
    graph_table(&o.g, "unknown", "id", NULL);
    graph_fk(&o.g, MR_SOURCE, "fk", "child", "member_id", "members", "id");
    assert_int_equal(open_plan(&o, "", known, 2), MR_OK);
    assert_int_equal(o.plan.ntables, 2);
    assert_string_equal(mr_plan_table_name(&o.plan.tables[0]), "club.members");
    assert_string_equal(mr_plan_table_name(&o.plan.tables[1]), "club.child");
    assert_int_equal(o.plan.nreferences, 1);
    assert_int_equal(o.plan.references[0].child, 1);
    assert_true(o.plan.references[0].nullable);
    assert_true(mr_plan_is_of_key(&o.plan.tables[0], &o.plan.references[0]));
    assert_false(mr_plan_has_foreign_key(&o.plan, &o.g.tables[MR_TARGET][0],
                                         &(struct mr_foreign_key){.ref_db = "x"}));
    assert_string_equal(mr_plan_column_name(&o.plan.tables[1], 1), "member_id");
    assert_int_equal(mr_plan_target_column(&o.plan.tables[1], "MEMBER_ID"), 1);
    assert_true(mr_plan_target_column(&o.plan.tables[1], "none") == MR_NO_COLUMN);
    end(&o);
}

static void test_refused(void **state)
{
    static const struct {
        const char *what, *ini, *known[2];
        size_t nknown;
        enum mr_code code;
        const char *message;
        bool windowed;
    } cases[] = {
        {"a child is not planned",
         "",
         {"club.members"},
         1,
         MR_E_REFUSED,
         "table \"club.orders\" refers to \"club.members\" and was left out of the check",
         false},
        {"no such time",
         "[table club.members]\ntime-column = nope\n",
         {"club.members", "club.orders"},
         2,
         MR_E_CONFIG,
         "time column \"nope\" of table \"club.members\" is no column of it",
         false},
        {"nothing is known",
         "",
         {NULL, NULL},
         0,
         MR_E_NO_SUCH,
         "no table of the case is on both servers: nothing can be planned",
         false},
        {"all were compared in part",
         "",
         {"club.members", "club.orders"},
         2,
         MR_E_NO_SUCH,
         "no table of the case was compared whole: nothing can be planned",
         true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct opened o;
        begin(&o);
        graph_table(&o.g, "members", "id mobile:text!", NULL);
        graph_table(&o.g, "orders", "id member_id:int?", NULL);
        graph_fk(&o.g, MR_SOURCE, "fk", "orders", "member_id", "members", "id");
        o.windowed = cases[i].windowed;
        const enum mr_code code = open_plan(&o, cases[i].ini, cases[i].known, cases[i].nknown);
        if (code != cases[i].code || strcmp(o.err.message, cases[i].message) != 0)
            fail_msg("%s: %d %s", cases[i].what, code, o.err.message);
        end(&o);
    }
}

/* Columns of one side alone that hold values of people's own. */
static void test_alone(void **state)
{
    static const char *const known[] = {"club.t"};
    struct opened o;
    (void)state;
    begin(&o);
    graph_table(&o.g, "t", "id both:text old:text gone:text comp:text",
                "id both:text new:text comp:text");
    o.g.sides[MR_TARGET][0].columns[3].generated = true;
    assert_int_equal(open_plan(&o, "[table club.t]\nignore-columns = gone\n", known, 1), MR_OK);
    const struct mr_plan_table *t = &o.plan.tables[0];
    const struct mr_table *s = &o.g.tables[MR_SOURCE][0], *live = &o.g.tables[MR_TARGET][0];
    static const bool of_source[] = {false, false, true, false, true};
    for (size_t i = 0; i < s->ncolumns; i++)
        assert_int_equal(mr_plan_is_alone(t, &s->columns[i], MR_SOURCE), of_source[i]);
    static const bool of_target[] = {false, false, true, false};
    for (size_t i = 0; i < live->ncolumns; i++)
        assert_int_equal(mr_plan_is_alone(t, &live->columns[i], MR_TARGET), of_target[i]);
    assert_ptr_equal(mr_plan_twin(t, &s->columns[1], MR_SOURCE), &live->columns[1]);
    assert_null(mr_plan_twin(t, &s->columns[2], MR_SOURCE));
    end(&o);
}

/* A reference to the part of a composite key that the counter makes. */
static void test_parts(void **state)
{
    static const size_t shop = 0, id = 1, both[] = {0, 1}, other = 2;
    static struct mr_pair pair;
    struct mr_plan_table t = {.pair = &pair, .key = {both, 2}, .counter = 1};
    static const struct {
        const size_t *to;
        size_t count;
        bool key, part;
    } cases[] = {{both, 2, true, false},
                 {&id, 1, true, true},
                 {&shop, 1, false, false},
                 {&other, 1, false, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_plan_reference r = {.to = {cases[i].to, cases[i].count}};
        assert_int_equal(mr_plan_is_of_key(&t, &r), cases[i].key);
        assert_int_equal(mr_plan_is_of_part(&t, &r), cases[i].part);
    }
    assert_false(mr_plan_has_runs(&t));
    assert_true(mr_plan_columns_has(&t.key, 1));
    assert_false(mr_plan_columns_has(&t.key, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity), cmocka_unit_test(test_uniques),
        cmocka_unit_test(test_which),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_alone),    cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
