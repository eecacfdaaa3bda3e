/* test_copy_parts.c: rows that are missing by their key, and whose id is another row's on TARGET:
 * slots and rows of both sides in, conflicts out, and whether rows share ids on purpose. */
#include "copy_world.h"

enum { ORDERS, LINES };

/* orders are partitioned by their day: the key is the id and the day, lines refer to the id. */
static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    cw->task.policy = MR_COPY_BACKFILL;
    world_table(&cw->w, "orders", "id:int# day:date* note:text?");
    world_table(&cw->w, "lines", "id:int* order_id:int?");
    world_reference(&cw->w, LINES, "order_id", ORDERS, "id");
    copy_open(cw);
    return cw;
}

#define TAKEN "SELECT id FROM c WHERE kind='key-taken' ORDER BY id"

/* Slot 1 is to be inserted; other rows of both sides. */
static const struct {
    const char *what, *row, *source[2], *target[2];
    bool taken, shared;
} cases[] = {
    {"nobody has its id", "1|2026-01-01|a", {NULL}, {"2|2026-01-01|a"}, false, false},
    {"somebody has it, of another day", "1|2026-01-01|a", {NULL}, {"1|2026-01-02|b"}, true, false},
    {"two have it", "1|2026-01-01|a", {NULL}, {"1|2026-01-02|b", "1|2026-01-03|b"}, true, false},
    {"they share it on SOURCE, too",
     "1|2026-01-01|a",
     {"1|2026-01-02|c"},
     {"1|2026-01-02|b"},
     false,
     true},
    {"one of the two does",
     "1|2026-01-01|a",
     {"1|2026-01-02|c"},
     {"1|2026-01-02|b", "1|2026-01-03|b"},
     false,
     true},
    {"the least id", "-2147483648|2026-01-01|a", {NULL}, {"-2147483648|2026-01-02|b"}, true, false},
};

static void test_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        copy_rows(cw, 1, ORDERS, cases[i].row, NULL, MR_STEP_INSERT);
        for (size_t k = 0; k < 2 && cases[i].source[k] != NULL; k++)
            world_source(&cw->w, ORDERS, cases[i].source[k]);
        for (size_t k = 0; k < 2 && cases[i].target[k] != NULL; k++)
            world_target(&cw->w, ORDERS, cases[i].target[k]);
        copy_run(cw, mr_copy_parts(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, TAKEN);
        if (strcmp(got, cases[i].taken ? "1" : "") != 0)
            fail_msg("%s: %s", cases[i].what, got);
        if (cw->w.planned[ORDERS].parts !=
            (cases[i].shared ? MR_PLAN_PARTS_SHARED : MR_PLAN_PARTS_ALONE))
            fail_msg("%s: shared %d", cases[i].what, (int)cw->w.planned[ORDERS].parts);
        copy_free(cw);
    }
}

/* Rows that come with one id share it, though TARGET has none of them. */
static void test_sharers(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_rows(cw, 1, ORDERS, "1|2026-01-01|a", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, ORDERS, "1|2026-01-02|a", NULL, MR_STEP_INSERT);
    copy_run(cw, mr_copy_parts(&cw->c, &cw->w.err));
    copy_expect(cw, TAKEN, "");
    assert_int_equal(cw->w.planned[ORDERS].parts, MR_PLAN_PARTS_SHARED);
    copy_free(cw);
}

/* Only rows that come, and are no conflict yet, are asked about. */
static void test_not_asked(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_rows(cw, 1, ORDERS, "1|2026-01-01|a", "1|2026-01-01|b", 0);
    copy_rows(cw, 2, ORDERS, NULL, "1|2026-01-03|b", MR_STEP_DELETE);
    copy_rows(cw, 3, ORDERS, "1|2026-01-04|a", NULL, MR_STEP_INSERT);
    copy_sql(cw, "UPDATE c SET kind='duplicate' WHERE id=3");
    copy_run(cw, mr_copy_parts(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT id, kind FROM c ORDER BY id", "1 -; 2 -; 3 duplicate");
    copy_free(cw);
}

/* Of a mirror nothing is asked, nor where a reference leads to the key, or to no counter. */
static void test_tables(void **state)
{
    const struct {
        const char *what;
        enum mr_copy_policy policy;
        const char *columns, *to;
        bool planned, taken;
    } tables[] = {
        {"a part of the key", MR_COPY_NEWEST, "id:int# day:date*", "id", true, true},
        {"a mirror", MR_COPY_MIRROR, "id:int# day:date*", "id", true, false},
        {"a table that is not written", MR_COPY_NEWEST, "id:int# day:date*", "id", false, false},
        {"no counter", MR_COPY_NEWEST, "id:int* day:date*", "id", true, false},
        {"the key", MR_COPY_NEWEST, "id:int# day:date?", "id", true, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(tables); i++) {
        struct copy_world *cw = copy_new();
        cw->task.policy = tables[i].policy;
        world_table(&cw->w, "o`dd", tables[i].columns);
        world_table(&cw->w, "lines", "id:int* to:int?");
        world_reference(&cw->w, 1, "to", 0, tables[i].to);
        copy_open(cw);
        cw->planned[0] = tables[i].planned;
        copy_rows(cw, 1, 0, "1|2026-01-01", NULL, MR_STEP_INSERT);
        world_target(&cw->w, 0, "1|2026-01-02");
        copy_run(cw, mr_copy_parts(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, TAKEN);
        if (strcmp(got, tables[i].taken ? "1" : "") != 0)
            fail_msg("%s: %s", tables[i].what, got);
        copy_free(cw);
    }
}

/* Without a key nobody can be told from his namesakes: who has the id is another. */
static void test_keyless(void **state)
{
    struct copy_world *cw = copy_new();
    (void)state;
    cw->task.policy = MR_COPY_BACKFILL;
    world_table(&cw->w, "hits", "n:int? note:text?");
    world_table(&cw->w, "lines", "id:int* to:int?");
    world_reference(&cw->w, 1, "to", 0, "n");
    for (int side = 0; side < MR_SIDES; side++)
        cw->w.tables[0].columns[side][0].auto_increment = true;
    copy_open(cw);
    copy_rows(cw, 1, 0, "1|a", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, 0, "NULL|a", NULL, MR_STEP_INSERT);
    world_target(&cw->w, 0, "1|b");
    world_target(&cw->w, 0, "NULL|b");
    copy_run(cw, mr_copy_parts(&cw->c, &cw->w.err));
    copy_expect(cw, TAKEN, "1");
    copy_free(cw);
}

/* Two references to two parts: what is shared by one of them stays so. */
static void test_two_references(void **state)
{
    struct copy_world *cw = copy_new();
    (void)state;
    cw->task.policy = MR_COPY_BACKFILL;
    world_table(&cw->w, "orders", "id:int# day:date* no:int?");
    world_table(&cw->w, "lines", "id:int* a:int? b:int?");
    world_reference(&cw->w, 1, "a", 0, "id");
    world_reference(&cw->w, 1, "b", 0, "no");
    cw->w.tables[0].columns[MR_SOURCE][2].auto_increment = true;
    copy_open(cw);
    copy_rows(cw, 1, 0, "1|2026-01-01|5", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, 0, "1|2026-01-02|6", NULL, MR_STEP_INSERT);
    copy_run(cw, mr_copy_parts(&cw->c, &cw->w.err));
    assert_int_equal(cw->w.planned[0].parts, MR_PLAN_PARTS_SHARED);
    copy_expect(cw, "SELECT count(*) FROM part", "2"); /* the second reference's */
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    copy_rows(cw, 1, ORDERS, "1|2026-01-01|a", NULL, MR_STEP_INSERT);
    world_target(&cw->w, ORDERS, "1|2026-01-02|b");
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),     cmocka_unit_test(test_sharers),
        cmocka_unit_test(test_not_asked), cmocka_unit_test(test_tables),
        cmocka_unit_test(test_keyless),   cmocka_unit_test(test_two_references),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
