/* test_merge_spread.c: what goes from row to row, in waves. */
#include "merge_world.h"

#include "repair/merge/merge_spread.h"

/* Seven rows: 1 ← 2 ← 3 ← 4, a circle 5 ⇄ 6, and 7, which refers to nobody (0), to a row that
 * is not looked at (-1), and to itself. */
static void build(struct world *w)
{
    world_begin(w);
    const size_t t = world_table(w, "members", "id:int# inviter:int?");
    for (int i = 0; i < 3; i++)
        world_reference(w, t, "inviter", t, "id");
    world_open(w);
    static const char *const rows[] = {"1|NULL", "2|1", "3|2", "4|3", "5|6", "6|5", "7|7"};
    for (size_t i = 0; i < LEN(rows); i++)
        world_row(w, (int64_t)i + 1, t, rows[i], NULL, NULL);
    static const int64_t links[][2] = {{2, 1}, {3, 2}, {4, 3}, {5, 6}, {6, 5}};
    for (size_t i = 0; i < LEN(links); i++)
        world_link(w, links[i][0], 0, links[i][1]);
    world_link(w, 7, 0, 0);
    world_link(w, 7, 1, -1);
    world_link(w, 7, 2, 7);
}

#define BELOW_WAITING                                                                              \
    "m.tbl>=:first AND m.waits=0 AND EXISTS (SELECT 1 FROM link l JOIN m p ON p.id=l.parent"       \
    " WHERE l.child=m.id AND p.waits)"

static const struct mr_merge_spread waiting = {.table = "m",
                                               .takes = BELOW_WAITING,
                                               .write = "UPDATE m SET waits=1 WHERE id IN reached",
                                               .way = MR_MERGE_TO_CHILDREN};
#define OF_ALL MR_CASE_ARGS(MR_ARG_INT("first", 0))

/* From whom it begins → who waits then. */
static void test_to_children(void **state)
{
    const struct {
        const char *begin, *waits;
    } cases[] = {
        {"0", ""},     {"1", "1; 2; 3; 4"}, {"3", "3; 4"},
        {"5", "5; 6"}, {"4, 6", "4; 5; 6"}, {"7", "7"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char sql[80];
        build(w);
        (void)snprintf(sql, sizeof sql, "UPDATE m SET waits=1 WHERE id IN (%s)", cases[i].begin);
        world_sql(w, sql);
        world_run(w, mr_merge_spread(&w->m, &waiting, OF_ALL, NULL, &w->err));
        world_expect(w, "SELECT id FROM m WHERE waits ORDER BY id", cases[i].waits);
        world_free(w);
    }
}

/* A row takes it in the wave after the one that its last parent took it in. */
static void test_waves(void **state)
{
    static const struct mr_merge_spread levels = {
        .table = "m",
        .takes = "m.root IS NULL AND NOT EXISTS (SELECT 1 FROM link l JOIN m p ON p.id=l.parent"
                 " WHERE l.child=m.id AND p.id<>m.id AND p.root IS NULL)",
        .write = "UPDATE m SET root=:wave WHERE id IN reached",
        .way = MR_MERGE_TO_CHILDREN};
    struct world *w = calloc(1, sizeof *w);
    int64_t wave = 5;
    (void)state;
    build(w);
    world_run(w, mr_merge_spread(&w->m, &levels, NULL, 0, &wave, &w->err));
    world_expect(w, "SELECT id, root FROM m ORDER BY id", "1 5; 2 6; 3 7; 4 8; 5 -; 6 -; 7 5");
    assert_int_equal(wave, 9); /* that has reached nobody */
    world_free(w);
}

/* Nobody outside of the circle is left once what nothing hangs on is peeled off. */
static void test_to_parents(void **state)
{
    static const struct mr_merge_spread peel = {
        .table = "m",
        .takes = "m.ins AND NOT EXISTS (SELECT 1 FROM link l JOIN m c ON c.id=l.child"
                 " WHERE l.parent=m.id AND l.parent>0 AND c.ins AND c.id<>m.id)",
        .write = "UPDATE m SET ins=0 WHERE id IN reached",
        .way = MR_MERGE_TO_PARENTS};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_sql(w, "UPDATE m SET ins=1");
    world_run(w, mr_merge_spread(&w->m, &peel, NULL, 0, NULL, &w->err));
    world_expect(w, "SELECT id FROM m WHERE ins ORDER BY id", "5; 6");
    world_free(w);
}

/* Who decides by more than SQL is asked of all rows first, then of the neighbours only. */
struct taking {
    struct world *w;
    struct mr_strbuf log;
};

static enum mr_code take(void *ctx, bool first, struct mr_err *err)
{
    struct taking *t = ctx;
    char log[32];
    (void)snprintf(log, sizeof log, "%s", world_ask(t->w, "SELECT count(*) FROM beside"));
    mr_strbuf_add_fmt(&t->log, "%s%s ", first ? "all " : "", log);
    MR_TRY(mr_case_exec(t->w->m.cf,
                        first ? "INSERT INTO reached SELECT id FROM m WHERE id=1"
                              : "INSERT INTO reached SELECT id FROM beside",
                        err));
    return mr_case_exec(t->w->m.cf, "UPDATE m SET waits=1 WHERE id IN reached", err);
}

static void test_take(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct taking t = {.w = w, .log = MR_STRBUF_INIT};
    const struct mr_merge_spread by_hand = {
        .table = "m", .takes = "m.waits=0", .take = take, .ctx = &t, .way = MR_MERGE_TO_CHILDREN};
    (void)state;
    build(w);
    world_run(w, mr_merge_spread(&w->m, &by_hand, NULL, 0, NULL, &w->err));
    assert_string_equal(t.log.ptr, "all 0 1 1 1 0 ");
    world_expect(w, "SELECT id FROM m WHERE waits ORDER BY id", "1; 2; 3; 4");
    mr_strbuf_release(&t.log);
    world_free(w);
}

/* Rows of an earlier spread, which failed half-way, are not those of this one. */
static void test_left_behind(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_sql(w, "INSERT INTO reached VALUES (1); INSERT INTO beside VALUES (5)");
    world_run(w, mr_merge_spread(&w->m, &waiting, OF_ALL, NULL, &w->err));
    world_expect(w, "SELECT count(*) FROM m WHERE waits", "0");
    world_free(w);
}

static void build_waiting(struct world *w)
{
    build(w);
    world_sql(w, "UPDATE m SET waits=1 WHERE id=1");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_spread(&w->m, &waiting, OF_ALL, NULL, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_waiting, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_children), cmocka_unit_test(test_waves),
        cmocka_unit_test(test_to_parents),  cmocka_unit_test(test_take),
        cmocka_unit_test(test_left_behind), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
