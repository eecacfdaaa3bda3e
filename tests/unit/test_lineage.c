/* test_lineage.c: the graph of references, and the steps from findings up to people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "core/base/clock.h"
#include "core/case/lineage.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

enum { SOURCE, TARGET };

/* A row as check_case writes it, with its encoded key. */
struct row {
    struct mr_strbuf image;
    struct mr_lineage_row lineage;
};

static struct mr_lineage_row *make_row(struct row *r, int64_t table, const char *text,
                                       const char *identity)
{
    r->image = (struct mr_strbuf)MR_STRBUF_INIT;
    case_encode(&r->image, text);
    r->lineage = (struct mr_lineage_row){.table = table,
                                         .key = {r->image.ptr, 10},
                                         .identity = identity,
                                         .identity_len = identity != NULL ? strlen(identity) : 0,
                                         .image = r->image.ptr,
                                         .image_len = r->image.len};
    return &r->lineage;
}

/* The answer of a query of one integer; -1: no row. */
static int64_t ask(struct check_case *c, const char *sql)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    case_require(mr_case_prepare(mr_findings_case(c->fd), sql, &stmt, NULL));
    case_require(mr_case_step(stmt, &row, NULL));
    int64_t answer = row ? mr_case_int(stmt, 0) : -1;
    mr_case_free(stmt);
    return answer;
}

static int64_t last_finding(struct check_case *c)
{
    return ask(c, "SELECT max(id) FROM finding");
}

/* Where a row of a side leads to, saved as the only step of `child`. */
static int64_t node_of(struct check_case *c, int side, int64_t child,
                       const struct mr_lineage_row *parent)
{
    struct mr_lineage_step step = {.child = child, .reference = 77, .parent = parent};
    char sql[128];
    case_require(mr_lineage_save(c->fd, side, &step, 1, NULL));
    (void)snprintf(sql, sizeof sql,
                   "SELECT parent FROM link WHERE side=%d AND child=%d AND reference=77", side,
                   (int)child);
    return ask(c, sql);
}

static void add_reference(struct check_case *c, struct mr_lineage_reference *reference)
{
    static const size_t one[] = {1};
    if (reference->columns == NULL) {
        reference->columns = reference->parent_columns = one;
        reference->ncolumns = 1;
    }
    if (reference->name == NULL)
        reference->name = "fk";
    reference->parent_name = "d.t";
    case_require(mr_lineage_reference_add(c->fd, reference, NULL));
}

/* ---- the graph */

static void test_references(void **state)
{
    static const size_t two[] = {2, 0}, parents[] = {1, 5};
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_lineage_reference);
    struct mr_lineage_reference plain = {
        .table = 1, .parent = 2, .declared = true, .condition_at = -1};
    struct mr_lineage_reference full = {.table = 3,
                                        .name = "a, b -> d.t.x, y",
                                        .condition = "kind = 'it''s'",
                                        .condition_at = 7,
                                        .columns = two,
                                        .parent_columns = parents,
                                        .ncolumns = 2};
    struct mr_lineage_reference both = full;
    (void)state;
    both.parent = 4;
    case_begin(&c);
    add_reference(&c, &plain);
    add_reference(&c, &full);
    add_reference(&c, &both);
    assert_true(plain.id > 0 && full.id > plain.id && both.id > full.id);
    assert_int_equal(mr_lineage_references(c.fd, &arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, 3);
    const struct mr_lineage_reference *r = mr_vec_at(&list, 0);
    assert_int_equal(r->id, plain.id);
    assert_int_equal(r->table, 1);
    assert_int_equal(r->parent, 2);
    assert_string_equal(r->parent_name, "d.t");
    assert_string_equal(r->name, "fk");
    assert_true(r->declared);
    assert_null(r->condition);
    assert_int_equal(r->condition_at, -1);
    assert_int_equal(r->ncolumns, 1);
    assert_int_equal(r->columns[0], 1);
    assert_int_equal(r->parent_columns[0], 1);
    r = mr_vec_at(&list, 1);
    assert_int_equal(r->parent, 0);
    assert_false(r->declared);
    assert_string_equal(r->name, "a, b -> d.t.x, y");
    assert_string_equal(r->condition, "kind = 'it''s'");
    assert_int_equal(r->condition_at, 7);
    assert_int_equal(r->ncolumns, 2);
    assert_memory_equal(r->columns, two, sizeof two);
    r = mr_vec_at(&list, 2);
    assert_memory_equal(r->columns, two, sizeof two);
    assert_memory_equal(r->parent_columns, parents, sizeof parents);
    assert_int_equal(ask(&c, "SELECT count(*) FROM reference WHERE parent IS NULL"), 1);
    assert_int_equal(ask(&c, "SELECT max(parent_col) FROM reference_column"
                             " WHERE reference = 2"),
                     -1);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    case_end(&c);
}

/* Another run of the case has a graph of its own; forgetting one leaves the other. */
static void test_clear(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_lineage_reference);
    struct mr_find_run first, second;
    struct row r;
    (void)state;
    case_begin(&c);
    first = second = c.run;
    for (int run = 0; run < 2; run++) {
        struct mr_lineage_reference reference = {.condition_at = -1};
        if (run == 1) {
            second.uuid = "second";
            case_require(mr_findings_run_begin(c.fd, &second, NULL));
        }
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
        reference.table = reference.parent = c.table.id;
        add_reference(&c, &reference);
        struct mr_lineage_row *row = make_row(&r, c.table.id, "5/eve/x", "eve");
        struct mr_lineage_step step = {.child = 9, .reference = reference.id, .parent = row};
        case_require(mr_lineage_save(c.fd, SOURCE, &step, 1, NULL));
        mr_strbuf_release(&r.image);
    }
    assert_int_equal(ask(&c, "SELECT count(*) FROM ancestor"), 2);
    assert_int_equal(ask(&c, "SELECT count(*) FROM link"), 2);
    assert_int_equal(mr_lineage_clear(c.fd, NULL), MR_OK);
    assert_int_equal(mr_lineage_references(c.fd, &arena, &list, NULL), MR_OK);
    assert_int_equal(list.count, 0);
    assert_int_equal(ask(&c, "SELECT count(*) FROM ancestor"), 1);
    assert_int_equal(ask(&c, "SELECT count(*) FROM link"), 1);
    assert_int_equal(ask(&c, "SELECT count(*) FROM reference_column"), 1);
    assert_int_equal(ask(&c, "SELECT run FROM reference"), first.id);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    case_end(&c);
}

/* ---- nodes */

static void add_finding(struct check_case *c, enum mr_find_state state, const char *source,
                        const char *target)
{
    case_row(c, (struct case_row){
                    .state = state, .kind = MR_KIND_CHANGED, .source = source, .target = target});
}

static void test_nodes(void **state)
{
    static const struct {
        enum mr_find_state state;
        const char *source, *target;
        bool is_finding[2]; /* the row of that side */
    } cases[] = {
        {MR_FIND_DIVERGED, "5/eve/x", "5/eve/y", {true, true}},
        {MR_FIND_DIVERGED, "5/eve/x", "5/bob/y", {true, true}},
        {MR_FIND_DIVERGED, "5/eve/x", NULL, {true, false}},
        {MR_FIND_DIVERGED, NULL, "5/eve/x", {false, true}},
        {MR_FIND_DIVERGED, "6/eve/x", "6/eve/y", {false, false}},
        {MR_FIND_SETTLED, "5/eve/x", "5/eve/y", {false, false}},
        {MR_FIND_UNSETTLED, "5/eve/x", "5/eve/y", {false, false}},
        {MR_FIND_PAIRED, "5/eve/x", "5/eve/y", {false, false}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct check_case c;
        struct row r;
        case_begin(&c);
        case_table(&c, "d.other", MR_VERDICT_DIVERGED, true);
        add_finding(&c, MR_FIND_DIVERGED, "5/eve/x", "5/eve/y");
        case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
        add_finding(&c, cases[i].state, cases[i].source, cases[i].target);
        int64_t finding = last_finding(&c);
        const struct mr_lineage_row *row = make_row(&r, c.table.id, "5/eve/x", "eve");
        for (int side = SOURCE; side <= TARGET; side++) {
            int64_t known = 99, node = node_of(&c, side, 1, row);
            if (cases[i].is_finding[side])
                assert_int_equal(node, finding);
            else
                assert_true(node < 0);
            assert_int_equal(mr_lineage_nodes(c.fd, c.table.id, side, &row->key, 1, &known, NULL),
                             MR_OK);
            assert_int_equal(known, node);
        }
        /* nobody has asked for an index over images */
        assert_int_equal(
            ask(&c, "SELECT count(*) FROM sqlite_temp_schema WHERE name LIKE 'finding%'"), 0);
        mr_strbuf_release(&r.image);
        case_end(&c);
    }
}

static enum mr_code read_ancestors(struct check_case *c, int side, int64_t after_id, size_t limit,
                                   struct mr_arena *arena, struct mr_vec *list)
{
    const struct mr_lineage_page page = {
        .table = c->table.id, .side = side, .after_id = after_id, .limit = limit};
    return mr_lineage_ancestors(c->fd, &page, arena, list, NULL);
}

/* A row that is no finding is kept once a side, however many rows lead to it. */
static void test_ancestors_are_kept_once(void **state)
{
    struct check_case c;
    struct row eve, bob;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_lineage_ancestor);
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_EQUAL, true);
    const struct mr_lineage_row *e = make_row(&eve, c.table.id, "5/eve/x", "eve");
    const struct mr_lineage_row *b = make_row(&bob, c.table.id, "6/NULL/x", NULL);
    const struct mr_lineage_step steps[] = {
        {.child = 1, .reference = 1, .parent = e},
        {.child = 2, .reference = 1, .parent = e},
        {.child = 3, .reference = 1, .parent = b},
        {.child = 1, .reference = 2, .parent = e},
        {.child = 4, .reference = 1},
        {.child = 5, .reference = 1, .node = -1},
        {.child = 6, .reference = 1, .node = 12},
    };
    for (int again = 0; again < 2; again++)
        assert_int_equal(mr_lineage_save(c.fd, SOURCE, steps, LEN(steps), NULL), MR_OK);
    assert_int_equal(mr_lineage_save(c.fd, TARGET, steps, 1, NULL), MR_OK);
    assert_int_equal(ask(&c, "SELECT count(*) FROM link WHERE side=0"), LEN(steps));
    assert_int_equal(ask(&c, "SELECT count(*) FROM link WHERE side=0 AND parent="
                             "(SELECT -id FROM ancestor WHERE side=0 LIMIT 1)"),
                     4);
    assert_int_equal(ask(&c, "SELECT parent FROM link WHERE child=4"), 0);
    assert_int_equal(ask(&c, "SELECT parent FROM link WHERE child=6"), 12);
    assert_int_equal(read_ancestors(&c, SOURCE, 0, 10, &arena, &list), MR_OK);
    assert_int_equal(list.count, 2);
    const struct mr_lineage_ancestor *first = mr_vec_at(&list, 0);
    const struct mr_lineage_ancestor *second = mr_vec_at(&list, 1);
    assert_int_equal(first->row.table, c.table.id);
    assert_int_equal(first->row.key.len, 10);
    assert_memory_equal(first->row.key.ptr, eve.image.ptr, 10);
    assert_int_equal(first->row.identity_len, 3);
    assert_memory_equal(first->row.identity, "eve", 3);
    assert_int_equal(first->row.image_len, eve.image.len);
    assert_memory_equal(first->row.image, eve.image.ptr, eve.image.len);
    assert_null(second->row.identity);
    /* by id, from one on, so many */
    int64_t id = first->id;
    mr_vec_clear(&list);
    assert_int_equal(read_ancestors(&c, SOURCE, id, 10, &arena, &list), MR_OK);
    assert_int_equal(list.count, 1);
    assert_true(((struct mr_lineage_ancestor *)mr_vec_at(&list, 0))->id > id);
    mr_vec_clear(&list);
    assert_int_equal(read_ancestors(&c, SOURCE, 0, 1, &arena, &list), MR_OK);
    assert_int_equal(list.count, 1);
    mr_vec_clear(&list);
    assert_int_equal(read_ancestors(&c, TARGET, 0, 10, &arena, &list), MR_OK);
    assert_int_equal(list.count, 1);
    assert_true(((struct mr_lineage_ancestor *)mr_vec_at(&list, 0))->id != id);
    mr_strbuf_release(&eve.image);
    mr_strbuf_release(&bob.image);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    case_end(&c);
}

/* The target's row stands under a key that the collation takes for the source's: the
 * finding has it under the source's key. */
static void test_row_under_another_key(void **state)
{
    struct check_case c;
    struct row paired, other;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    add_finding(&c, MR_FIND_DIVERGED, "4/dan/x", "7/dan/y");
    add_finding(&c, MR_FIND_DIVERGED, "5/eve/x", "6/eve/y");
    int64_t finding = last_finding(&c);
    add_finding(&c, MR_FIND_PAIRED, "6/eve/y", NULL);
    struct mr_lineage_row *row = make_row(&paired, c.table.id, "6/eve/y", "eve");
    struct mr_lineage_row *alike = make_row(&other, c.table.id, "6/eve/yy", "eve");
    row->by_image = alike->by_image = true;
    assert_int_equal(node_of(&c, TARGET, 1, row), finding);
    assert_true(node_of(&c, TARGET, 2, alike) < 0);
    assert_true(node_of(&c, SOURCE, 3, row) < 0);
    assert_int_equal(ask(&c, "SELECT count(*) FROM sqlite_temp_schema WHERE name LIKE 'finding%'"),
                     2);
    assert_int_equal(mr_lineage_finish(c.fd, NULL), MR_OK);
    assert_int_equal(ask(&c, "SELECT count(*) FROM sqlite_temp_schema WHERE name LIKE 'finding%'"),
                     0);
    assert_int_equal(mr_lineage_finish(c.fd, NULL), MR_OK);
    mr_strbuf_release(&paired.image);
    mr_strbuf_release(&other.image);
    case_end(&c);
}

/* Long images that are alike at their beginning. */
static void test_long_images(void **state)
{
    struct check_case c;
    struct row r;
    char text[3][256];
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(text[i], sizeof text[i], "5/eve/%0200d", i);
        add_finding(&c, MR_FIND_DIVERGED, text[i], NULL);
    }
    struct mr_lineage_row *row = make_row(&r, c.table.id, text[1], "eve");
    row->key = (struct mr_key){"none", 4};
    row->by_image = true;
    assert_int_equal(node_of(&c, SOURCE, 1, row), last_finding(&c) - 1);
    mr_strbuf_release(&r.image);
    case_end(&c);
}

/* Rows that nothing leads to: findings stay what they are. */
static void test_ancestors_add(void **state)
{
    struct check_case c;
    struct row eve, bob;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    add_finding(&c, MR_FIND_DIVERGED, "5/eve/x", "5/eve/y");
    const struct mr_lineage_row *const rows[] = {make_row(&eve, c.table.id, "5/eve/x", "eve"),
                                                 make_row(&bob, c.table.id, "6/bob/x", "bob")};
    for (int again = 0; again < 2; again++)
        assert_int_equal(mr_lineage_ancestors_add(c.fd, TARGET, rows, LEN(rows), NULL), MR_OK);
    assert_int_equal(ask(&c, "SELECT count(*) FROM ancestor"), 1);
    assert_int_equal(ask(&c, "SELECT count(*) FROM ancestor WHERE identity = x'626f62'"
                             " AND side = 1"),
                     1);
    assert_int_equal(ask(&c, "SELECT count(*) FROM link"), 0);
    mr_strbuf_release(&eve.image);
    mr_strbuf_release(&bob.image);
    case_end(&c);
}

/* Each search finds its way by an index, by key as by image: with a scan of the findings
 * this would take minutes. */
static void test_many(void **state)
{
    enum { MANY = 20000 };
    struct check_case c;
    struct mr_finding *findings = calloc(MANY, sizeof *findings);
    struct row *rows = calloc(MANY, sizeof *rows);
    struct mr_lineage_step *steps = calloc(MANY, sizeof *steps);
    struct mr_key *keys = calloc(MANY, sizeof *keys);
    int64_t *nodes = calloc(MANY, sizeof *nodes);
    double begun = mr_clock_now_s();
    (void)state;
    assert_true(findings != NULL && rows != NULL && steps != NULL && keys != NULL);
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (int i = 0; i < MANY; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%d/p%d/x", i, i);
        struct mr_lineage_row *row = make_row(&rows[i], c.table.id, text, NULL);
        findings[i] = (struct mr_finding){.pos = (uint64_t)i,
                                          .state = MR_FIND_DIVERGED,
                                          .kind = MR_KIND_EXTRA,
                                          .key = row->key,
                                          .target = row->image,
                                          .target_len = row->image_len,
                                          .count = 1};
        keys[i] = row->key;
        row->key = (struct mr_key){row->image, row->image_len};
        row->by_image = true;
        steps[i] = (struct mr_lineage_step){.child = i + 1, .reference = 1, .parent = row};
    }
    case_require(mr_findings_save(c.fd, c.table.id, findings, MANY, true, NULL));
    case_require(mr_lineage_nodes(c.fd, c.table.id, TARGET, keys, MANY, nodes, NULL));
    case_require(mr_lineage_save(c.fd, TARGET, steps, MANY, NULL));
    for (int i = 0; i < MANY; i++)
        assert_true(nodes[i] > 0);
    assert_int_equal(ask(&c, "SELECT count(*) FROM link WHERE parent = child"), MANY);
    assert_int_equal(ask(&c, "SELECT count(*) FROM ancestor"), 0);
    assert_true(mr_clock_now_s() - begun < 30);
    for (int i = 0; i < MANY; i++)
        mr_strbuf_release(&rows[i].image);
    free(findings);
    free(rows);
    free(steps);
    free(keys);
    free(nodes);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_ancestors_are_kept_once),
        cmocka_unit_test(test_row_under_another_key),
        cmocka_unit_test(test_long_images),
        cmocka_unit_test(test_ancestors_add),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
