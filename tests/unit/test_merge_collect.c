/* test_merge_collect.c: the rows that the merge planner looks at. */
#include "merge_world.h"

#include "repair/merge/merge_collect.h"
#include "repair/plan/plan_written.h"

enum { MEMBERS, ORDERS, TAGS, LOG };
enum { BUYER, TAGGED, LOGGED };

/* members ← orders ← tags (a key of a reference and a word); log, without a key, → members. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! seen:int?~");
    world_table(w, "orders", "id:int# member:int? kind:int%");
    world_table(w, "tags", "orders:int* word:text*");
    world_table(w, "log", "note:text? member:int?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, TAGS, "orders", ORDERS, "id");
    world_reference(w, LOG, "member", MEMBERS, "id");
    w->edges[BUYER].edge.condition_at = 2;
    world_open_case(w);
    for (size_t i = MEMBERS; i <= LOG; i++)
        world_run_table(w, i);
}

static void found(struct world *w, size_t table, const char *source, const char *target)
{
    if (source != NULL)
        world_source(w, table, source);
    if (target != NULL)
        world_target(w, table, target);
    world_finding(w, table, source, target, 1, MR_FIND_DIVERGED);
}

static void collect(struct world *w)
{
    world_open_plan(w);
    world_run(w, mr_merge_collect_findings(&w->m, &w->err));
    world_run(w, mr_merge_collect_children(&w->m, &w->err));
    /* a row has one image, and images without a row would be those of the next one */
    world_expect(w, "SELECT id FROM w WHERE id NOT IN (SELECT id FROM source)", "");
    world_expect(w, "SELECT id FROM source WHERE id NOT IN (SELECT id FROM w)", "");
    world_expect(w, "SELECT id FROM target WHERE id NOT IN (SELECT id FROM w)", "");
}

#define LOOKED                                                                                     \
    "SELECT tbl, skey, above, equal, image FROM w LEFT JOIN target USING (id) ORDER BY tbl, id"

/* What check found, read again from both servers. */
static void test_found(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->merged[MEMBERS].bound.base = 10;
    found(w, MEMBERS, "10|017|0", "10|018|0");
    found(w, MEMBERS, "11|019|0", NULL);
    found(w, MEMBERS, NULL, "12|020|0"); /* TARGET's alone: nothing to look at */
    found(w, MEMBERS, "13|021|1", NULL);
    world_target(w, MEMBERS, "13|021|2"); /* there by now; what is ignored is no difference */
    world_both(w, MEMBERS, "9|005|0");    /* equal on both sides: not looked at */
    world_finding(w, MEMBERS, "14|022|0", NULL, 1, MR_FIND_UNSETTLED);
    world_source(w, MEMBERS, "14|022|0");
    world_finding(w, MEMBERS, "15|023|0", NULL, 1, MR_FIND_SETTLED);
    world_source(w, MEMBERS, "15|023|0");
    collect(w);
    world_expect(w, LOOKED, "0 10 - 0 10,018,0; 0 11 1 - -; 0 13 1 1 13,021,2; 0 14 1 - -");
    /* of the past, and only TARGET has it: deleted on SOURCE */
    world_expect(w, "SELECT tbl, n FROM extra", "0 12");
    world_free(w);
}

/* TARGET has a row under another spelling of the key, which on SOURCE is one by itself. */
static void test_spelling(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->tables[TAGS].columns[MR_SOURCE][1].collation = "utf8mb4_bin";
    world_both(w, TAGS, "1|W");
    world_both(w, TAGS, "1|v");
    found(w, TAGS, "1|w", NULL);
    collect(w);
    world_expect(w, "SELECT skey, equal, image FROM w LEFT JOIN target USING (id) ORDER BY id",
                 "1,w 0 1,W; 1,W 1 1,W");
    world_free(w);
}

/* SOURCE has lost rows since, or has other values: it is as it is now that counts. */
static void test_moved_since(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_finding(w, MEMBERS, "11|017|0", NULL, 1, MR_FIND_DIVERGED);
    world_finding(w, MEMBERS, "12|o`dd|0", "12|x|0", 1, MR_FIND_DIVERGED);
    world_source(w, MEMBERS, "12|new|0");
    world_target(w, MEMBERS, "12|new|0");
    collect(w);
    world_expect(w, LOOKED, "0 12 1 1 12,new,0");
    assert_int_equal(w->tables[MEMBERS].gone.rows, 1);
    assert_string_equal(w->tables[MEMBERS].gone.keys[0], "11");
    world_free(w);
}

/* Whoever refers to a row whose place may be another, recursively; nobody else. */
static void test_children(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->merged[MEMBERS].bound.base = 10;
    found(w, MEMBERS, "11|017|0", NULL);
    found(w, MEMBERS, "5|005|0", "5|006|0"); /* of the past, edited: it keeps its place */
    found(w, MEMBERS, "6|006|0", NULL);      /* of the past, deleted on the live side */
    world_both(w, ORDERS, "9|6|1");
    world_both(w, ORDERS, "1|11|1");
    world_both(w, ORDERS, "2|11|0"); /* its condition does not hold */
    world_both(w, ORDERS, "3|5|1");
    world_both(w, ORDERS, "4|NULL|1");
    world_both(w, TAGS, "1|w");
    world_both(w, TAGS, "3|w");
    collect(w);
    world_expect(w, "SELECT tbl, skey, equal FROM w ORDER BY tbl, id",
                 "0 5 0; 0 6 -; 0 11 -; 1 9 1; 1 1 1; 2 1,w 1");
    world_free(w);
}

/* A value that only TARGET's rows hold: who refers to it here points at nobody, and would be
 * somebody's there. */
static void test_of_live(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    found(w, MEMBERS, NULL, "12|020|0");
    world_both(w, ORDERS, "1|12|1");
    world_both(w, ORDERS, "2|13|1");
    collect(w);
    world_expect(w, "SELECT tbl, skey FROM w", "1 1");
    world_free(w);
}

/* A table without a key is collected whole as soon as one row of it is looked at; each row has
 * a name of its own. */
static void test_keyless(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_both(w, LOG, "x|11");
        world_source(w, LOG, "x|11");
        world_target(w, LOG, "|NULL");
        if (i == 1)
            world_finding(w, LOG, "x|11", NULL, 1, MR_FIND_DIVERGED);
        if (i == 2)
            found(w, MEMBERS, "11|017|0", NULL); /* rows refer to it */
        if (i == 3)
            found(w, MEMBERS, "12|017|0", NULL); /* none does */
        collect(w);
        world_expect(
            w, "SELECT skey, image FROM w LEFT JOIN target USING (id) WHERE tbl=3 ORDER BY id",
            i == 1 || i == 2 ? "x,11,1 -; x,11,2 -" : "");
        world_expect(w, "SELECT image FROM live ORDER BY id",
                     i == 1 || i == 2 ? "x,11; ,NULL" : "");
        world_free(w);
    }
}

/* A run that found more rows of a bag than SOURCE has now. */
static void test_keyless_gone(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_finding(w, LOG, "x|11", NULL, 3, MR_FIND_DIVERGED);
    world_source(w, LOG, "x|11");
    collect(w);
    assert_int_equal(w->tables[LOG].gone.rows, 2);
    world_free(w);
}

/* What plans of the case have written is looked at, though equal by now. */
static void test_written(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_both(w, MEMBERS, "11|017|0");
    world_both(w, MEMBERS, "12|018|0");
    world_open_plan(w);
    world_run(w, mr_plan_written_add(w->m.cf, &w->planned[MEMBERS],
                                     world_key(w, MEMBERS, "11|017|0"), &w->err));
    world_run(w, mr_merge_collect_findings(&w->m, &w->err));
    world_expect(w, "SELECT tbl, skey, equal, image FROM w LEFT JOIN target USING (id)",
                 "0 11 1 11,017,0");
    world_free(w);
}

/* Parents that TARGET has otherwise than check saw, or has no more; not those that stand. */
static void test_parents(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    found(w, TAGS, "1|w", NULL);
    found(w, TAGS, "2|w", NULL);
    world_source(w, ORDERS, "1|5|1"); /* deleted since */
    world_both(w, ORDERS, "2|6|1");
    world_source(w, MEMBERS, "5|005|0");
    world_target(w, MEMBERS, "5|099|0"); /* and above it */
    world_source(w, MEMBERS, "6|006|1");
    world_target(w, MEMBERS, "6|006|2"); /* all the same, but for what is ignored */
    found(w, ORDERS, "3|6|1", NULL);
    collect(w);
    world_expect(w, LOOKED, "0 5 1 0 5,099,0; 1 3 1 - -; 1 1 1 - -; 2 1,w - - -; 2 2,w - - -");
    world_free(w);
}

/* Rows that spell whom they refer to otherwise are not found by the key: all of them are looked
 * at. */
static void test_otherwise(void **state)
{
    static const struct mr_spelling spelling = {.kind = MR_SPELL_NUMBER,
                                                .child = MR_CLASS_TEXT,
                                                .parent = MR_CLASS_INT,
                                                .charset = "utf8mb4",
                                                .collation = "utf8mb4_general_ci"};
    struct world *w = world_new();
    (void)state;
    const size_t m = world_table(w, "members", "id:int# mobile:text!");
    const size_t n = world_table(w, "notes", "id:int# member:text?");
    world_reference(w, n, "member", m, "id");
    w->edges[0].spelling = &spelling;
    world_open_case(w);
    world_run_table(w, m);
    world_run_table(w, n);
    found(w, m, "11|017", NULL);
    world_both(w, n, "1|11");
    world_both(w, n, "2|011");
    world_both(w, n, "3|12");
    world_both(w, n, "4|012");
    world_both(w, n, "5|x");
    collect(w);
    world_expect(w, "SELECT tbl, skey FROM w ORDER BY tbl, skey", "0 11; 1 1; 1 2; 1 4");
    world_free(w);
}

/* More than a page of findings, and of rows that hang on one. */
static void test_many(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char(*rows)[2][24] = malloc(1200 * sizeof *rows);
    (void)state;
    build(w);
    for (int i = 0; i < 1200; i++) {
        (void)snprintf(rows[i][0], 24, "%d|m%d|0", i + 1, i);
        (void)snprintf(rows[i][1], 24, "%d|%d|1", i + 1, i % 2 == 0 ? 1 : i + 1);
        found(w, MEMBERS, rows[i][0], NULL);
        world_both(w, ORDERS, rows[i][1]);
    }
    collect(w);
    world_expect(w, "SELECT tbl, count(*) FROM w GROUP BY tbl", "0 1200; 1 1200");
    free(rows);
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    found(w, MEMBERS, "11|017|0", NULL);
    found(w, MEMBERS, NULL, "12|018|0");
    world_both(w, ORDERS, "1|11|1");
    world_both(w, ORDERS, "2|12|1");
    world_both(w, TAGS, "1|w");
    world_both(w, LOG, "x|11");
    world_finding(w, LOG, "x|11", NULL, 2, MR_FIND_DIVERGED);
    world_open_plan(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    MR_TRY(mr_merge_collect_findings(&w->m, err));
    return mr_merge_collect_children(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_moved_since),  cmocka_unit_test(test_children),
        cmocka_unit_test(test_of_live),      cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_keyless_gone), cmocka_unit_test(test_written),
        cmocka_unit_test(test_parents),      cmocka_unit_test(test_otherwise),
        cmocka_unit_test(test_many),         cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
