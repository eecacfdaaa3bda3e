/* test_merge_steps.c: from decisions to steps and units. */
#include "merge_world.h"

#include "repair/merge/merge_steps.h"

enum { MEMBERS, ORDERS };
enum { INVITER, BUYER };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# inviter:int? name:text?");
    world_table(w, "orders", "id:int# member:int note:text?");
    world_reference(w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open(w);
    world_sql(w, "CREATE TEMP TABLE ent (w INTEGER PRIMARY KEY, entity INT)");
}

static void save(struct world *w, int64_t id, struct mr_entity e)
{
    world_require(mr_plan_store_save(w->m.store, &e, NULL));
    world_require(MR_CASE_ONCE(w->m.cf, "INSERT INTO ent VALUES (:w, :entity)", NULL,
                               MR_ARG_INT("w", id), MR_ARG_INT("entity", e.id)));
}

/* A row that is to be inserted; its entity's number is that of the call. */
static void insert(struct world *w, int64_t id, size_t table, const char *row)
{
    world_row(w, id, table, row, NULL, NULL);
    save(w, id,
         (struct mr_entity){.table = table,
                            .source_key = world_key(w, table, row),
                            .target_key = world_key(w, table, row),
                            .decision = MR_DECIDE_INSERT,
                            .after = world_image(w, table, row)});
}

static void update(struct world *w, int64_t id, const char *live, const char *after)
{
    world_row(w, id, MEMBERS, live, live, NULL);
    save(w, id,
         (struct mr_entity){.table = MEMBERS,
                            .source_key = world_key(w, MEMBERS, live),
                            .target_key = world_key(w, MEMBERS, live),
                            .decision = MR_DECIDE_UPDATE,
                            .target = world_image(w, MEMBERS, live),
                            .after = world_image(w, MEMBERS, after)});
}

#define STEPS "SELECT unit, tree, op, tbl, before, after FROM step ORDER BY id"

/* Parents first, whole rows, each once. */
static void test_inserts(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    insert(w, 1, ORDERS, "1|9|o`dd");
    insert(w, 2, MEMBERS, "9|8|NULL");
    insert(w, 3, MEMBERS, "8|NULL|");
    world_link(w, 1, BUYER, 2);
    world_link(w, 2, INVITER, 3);
    world_run(w, mr_merge_steps(&w->m, &w->err));
    world_expect(w, STEPS, "1 1 1 0 - 8,NULL,; 1 2 1 0 - 9,8,NULL; 1 2 1 1 - 1,9,o`dd");
    /* no two steps of which one refers to the other have one level */
    world_expect(w, "SELECT level FROM step ORDER BY id", "0; 1; 4294967298");
    world_free(w);
}

/* A circle is entered with the reference left empty, and closed when its row is there. */
static void test_circle(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    insert(w, 1, MEMBERS, "1|2|a");
    insert(w, 2, MEMBERS, "2|1|b");
    world_link(w, 1, INVITER, 2);
    world_link(w, 2, INVITER, 1);
    world_run(w, mr_merge_steps(&w->m, &w->err));
    world_expect(w, STEPS, "1 1 1 0 - 1,NULL,a; 1 2 1 0 - 2,1,b; 1 2 2 0 1,NULL,a 1,2,a");
    world_expect(w, "SELECT entity FROM step ORDER BY id", "1; 2; 1");
    world_free(w);
}

/* Two references of one row that are closed later: by one update, when both are there. */
static void test_two_circles(void **state)
{
    struct world *w = world_new();
    (void)state;
    const size_t t = world_table(w, "members", "id:int# a:int? b:int?");
    world_reference(w, t, "a", t, "id");
    world_reference(w, t, "b", t, "id");
    world_open(w);
    world_sql(w, "CREATE TEMP TABLE ent (w INTEGER PRIMARY KEY, entity INT)");
    insert(w, 1, t, "1|2|3");
    insert(w, 2, t, "2|1|NULL");
    insert(w, 3, t, "3|1|NULL");
    world_link(w, 1, 0, 2);
    world_link(w, 1, 1, 3);
    world_link(w, 2, 0, 1);
    world_link(w, 3, 0, 1);
    world_run(w, mr_merge_steps(&w->m, &w->err));
    world_expect(w, "SELECT op, before, after FROM step ORDER BY id",
                 "1 - 1,NULL,NULL; 1 - 2,1,NULL; 1 - 3,1,NULL; 2 1,NULL,NULL 1,2,3");
    world_free(w);
}

/* No server minds: nothing is left empty, and nothing updated. */
static void test_undeclared_circle(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->edges[INVITER].edge.declared = false;
    insert(w, 1, MEMBERS, "1|2|a");
    insert(w, 2, MEMBERS, "2|1|b");
    world_link(w, 1, INVITER, 2);
    world_link(w, 2, INVITER, 1);
    world_run(w, mr_merge_steps(&w->m, &w->err));
    world_expect(w, STEPS, "1 1 1 0 - 1,2,a; 1 2 1 0 - 2,1,b");
    world_free(w);
}

/* Rows that get SOURCE's values come last, each by itself, with all of what was there; where
 * nothing but bytes that stay differs, there is no step. */
static void test_updates(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    update(w, 1, "1|NULL|a", "1|NULL|b");
    update(w, 2, "2|NULL|a", "2|NULL|a");
    update(w, 3, "3|NULL|NULL", "3|NULL|");
    insert(w, 4, MEMBERS, "9|NULL|z");
    world_run(w, mr_merge_steps(&w->m, &w->err));
    world_expect(w, STEPS,
                 "1 1 1 0 - 9,NULL,z; 2 2 2 0 1,NULL,a 1,NULL,b; 2 3 2 0 3,NULL,NULL 3,NULL,");
    world_free(w);
}

static void fill(struct world *w, int64_t from, int64_t n, int64_t above)
{
    for (int64_t id = from; id < from + n; id++) {
        char row[32];
        (void)snprintf(row, sizeof row, "%d|1|x", (int)id);
        insert(w, id, ORDERS, row);
        if (above != 0)
            world_link(w, id, BUYER, above);
    }
}

/* A tree is not cut while it fits into a unit. */
static void test_units(void **state)
{
    const struct {
        int64_t first, second;
        const char *units; /* unit: rows */
    } cases[] = {
        {200, 299, "1 201; 2 300"}, {200, 298, "1 500"},      {300, 300, "1 301; 2 301"},
        {499, 1, "1 500; 2 2"},     {600, 0, "1 500; 2 102"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        insert(w, 1, MEMBERS, "1|NULL|a");
        insert(w, 2, MEMBERS, "2|NULL|b");
        fill(w, 1000, cases[i].first, 1);
        fill(w, 5000, cases[i].second, 2);
        world_run(w, mr_merge_steps(&w->m, &w->err));
        const char *got = world_ask(w, "SELECT unit, count(*) FROM step GROUP BY unit");
        if (strcmp(got, cases[i].units) != 0)
            fail_msg("case %zu: %s", i, got);
        world_expect(w, "SELECT count(*) FROM step GROUP BY entity HAVING count(*)>1", "");
        world_free(w);
    }
}

/* Wide rows end a unit long before its rows do. */
static void test_wide(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char *row = malloc(3000020);
    (void)state;
    build(w);
    for (int64_t id = 1; id <= 5; id++) {
        const int n = snprintf(row, 20, "%d|NULL|", (int)id);
        memset(row + n, 'x', 3000000);
        row[n + 3000000] = '\0';
        insert(w, id, MEMBERS, row);
    }
    world_run(w, mr_merge_steps(&w->m, &w->err));
    world_expect(w, "SELECT unit, count(*) FROM step GROUP BY unit", "1 3; 2 2");
    free(row);
    world_free(w);
}

/* What is to be written and was not decided is a defect of ours, not a row less. */
static void test_no_entity(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "1|NULL|a", NULL, NULL);
    world_refuse(w, mr_merge_steps(&w->m, &w->err), MR_E_BUG, "no entity");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    insert(w, 1, MEMBERS, "1|2|a");
    insert(w, 2, MEMBERS, "2|1|b");
    insert(w, 3, ORDERS, "1|1|x");
    world_link(w, 1, INVITER, 2);
    world_link(w, 2, INVITER, 1);
    world_link(w, 3, BUYER, 1);
    update(w, 4, "4|NULL|a", "4|NULL|b");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_steps(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inserts),     cmocka_unit_test(test_circle),
        cmocka_unit_test(test_two_circles), cmocka_unit_test(test_undeclared_circle),
        cmocka_unit_test(test_updates),     cmocka_unit_test(test_units),
        cmocka_unit_test(test_wide),        cmocka_unit_test(test_no_entity),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
