/* test_create_unlock.c: when a worker lets go of its tables, and that it has looked at each of them
 * before: one that was altered, or is another one, is not taken for read. */
#include "create_world.h"
#include "snapshot/create/create_identity.h"
#include "snapshot/create/create_unlock.h"

static double now_s, look_s;
static const char *altered; /* table, or NULL */
static enum mr_code look_code, greatest_code;

double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    return now_s;
}

static void note(const char *what, const char *name)
{
    mr_strbuf_add_fmt(&world.sent, "%s%s ", what, name);
}

enum mr_code __wrap_mr_create_numbers_read(struct mr_create *c, struct mr_err *err);
enum mr_code __wrap_mr_create_numbers_read(struct mr_create *c, struct mr_err *err)
{
    (void)c;
    note("numbers", "");
    now_s += look_s;
    return look_code == MR_OK ? MR_OK : mr_err_set(err, look_code, "no");
}

enum mr_code __wrap_mr_create_is_unchanged(struct mr_create *c, struct mr_create_table *t,
                                           bool *same, struct mr_err *err);
enum mr_code __wrap_mr_create_is_unchanged(struct mr_create *c, struct mr_create_table *t,
                                           bool *same, struct mr_err *err)
{
    (void)c, (void)err;
    note("look:", t->snap.name);
    *same = altered == NULL || strcmp(altered, t->snap.name) != 0;
    return MR_OK;
}

enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest,
                                             struct mr_err *err);
enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    (void)db;
    assert_null(next);
    note("greatest:", table->name);
    *greatest = UINT64_MAX;
    return greatest_code == MR_OK ? MR_OK : mr_err_set(err, greatest_code, "no");
}

static enum mr_code together_code;
static bool together_knows;

enum mr_code __wrap_mr_schema_greatest_of(struct mr_db *db, const struct mr_table *const *tables,
                                          size_t count, uint64_t *greatest, bool *known,
                                          struct mr_err *err);
enum mr_code __wrap_mr_schema_greatest_of(struct mr_db *db, const struct mr_table *const *tables,
                                          size_t count, uint64_t *greatest, bool *known,
                                          struct mr_err *err)
{
    (void)db;
    assert_true(count > 1 && count <= MR_GREATEST_AT_ONCE);
    note("together:", "");
    for (size_t i = 0; i < count; i++) {
        note("", tables[i]->name);
        known[i] = together_knows;
        greatest[i] = 7 + i;
    }
    return together_code == MR_OK ? MR_OK : mr_err_set(err, together_code, "no");
}

static bool waits;

enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err);
enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err)
{
    (void)throttle;
    return waits ? held->let_go(held->ctx, err) : MR_OK;
}

static const struct mr_table small[] = {{.db = "d", .name = "a", .data_bytes = 1000},
                                        {.db = "d", .name = "b", .data_bytes = (1 << 20) - 1},
                                        {.db = "d", .name = "c", .transactional = true}};
static const struct mr_table big = {.db = "d", .name = "big", .data_bytes = 1 << 20};

static struct mr_create_scan scan;

static void begin(void)
{
    world_begin(NULL, 0);
    create_begin();
    create_reader();
    now_s = 100;
    look_s = 0.001;
    altered = NULL;
    look_code = greatest_code = together_code = MR_OK;
    together_knows = true;
    waits = false;
    scan = (struct mr_create_scan){.create = &create.c,
                                   .reader = &create.reader,
                                   .held = MR_VEC_INIT(struct mr_create_table *)};
}

static void end(void)
{
    mr_vec_release(&scan.held);
    create_end();
    world_end();
}

static void hold(struct mr_create_table *t)
{
    assert_int_equal(mr_create_hold(&scan, t, NULL), MR_OK);
}

/* Small tables several at a time, for so long; a big one alone; the one at hand stays. */
static void test_when(void **state)
{
    (void)state;
    begin();
    struct mr_create_table *a = create_table(&small[0], 1), *b = create_table(&small[1], 1),
                           *c = create_table(&small[2], 1), *l = create_table(&big, 1);
    hold(a);
    hold(a);
    hold(b);
    assert_string_equal(world_sent(), "");
    assert_int_equal(scan.held.count, 2);
    now_s += 0.2; /* longer than a tenth of a second */
    hold(b);      /* and is held anew */
    hold(c);
    assert_string_equal(world_sent(), "numbers look:a look:b (unlock)\n");
    hold(l); /* not small: what is held goes first */
    assert_string_equal(strchr(world_sent(), '\n') + 1,
                        "numbers look:b look:c greatest:c (unlock)\n");
    now_s += 1000; /* a statement of it more: it stays */
    hold(l);
    assert_int_equal(create.unlocks, 2);
    assert_int_equal(mr_create_unlock(&scan, NULL), MR_OK);
    assert_int_equal(mr_create_unlock(&scan, NULL), MR_OK); /* nothing is held */
    assert_int_equal(create.unlocks, 3);
    end();
    begin(); /* a look that takes long is worth waiting ten times as long for */
    look_s = 1;
    a = create_table(&small[0], 1), b = create_table(&small[1], 1);
    hold(a);
    assert_int_equal(mr_create_unlock(&scan, NULL), MR_OK);
    hold(a);
    now_s += 9;
    hold(b);
    assert_int_equal(create.unlocks, 1);
    end();
}

/* Not small: without a key, with a condition, of a case. */
static void test_small(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct mr_find_table found = {0};
        begin();
        struct mr_create_table *a = create_table(&small[0], 1),
                               *b = create_table(&small[1], i == 1 ? 0 : 1);
        if (i == 2)
            b->snap.where = "1";
        if (i == 3)
            b->found = &found;
        hold(a);
        hold(b);
        assert_int_equal(create.unlocks, i == 0 ? 0 : 1);
        end();
    }
}

/* The table that was altered is read again in the end, the others are not. */
static void test_altered(void **state)
{
    (void)state;
    begin();
    struct mr_create_table *a = create_table(&small[0], 1), *b = create_table(&small[1], 1);
    hold(a);
    hold(b);
    altered = "a";
    assert_int_equal(mr_create_unlock(&scan, NULL), MR_OK);
    assert_true(a->failed);
    assert_false(b->failed);
    assert_int_equal(a->why->code, MR_E_CHANGED);
    hold(a); /* given up: nobody asks again */
    assert_int_equal(mr_create_unlock(&scan, NULL), MR_OK);
    assert_int_equal(world_sent_count("look:a"), 1);
    end();
}

static void test_greatest(void **state)
{
    static const struct {
        enum mr_code answer, code;
        bool has;
    } rows[] = {{MR_OK, MR_OK, true}, {MR_E_SQL, MR_OK, false}, {MR_E_LOST, MR_E_LOST, false}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin();
        struct mr_create_table *c = create_table(&small[2], 1);
        greatest_code = rows[i].answer;
        hold(c);
        assert_int_equal(mr_create_unlock(&scan, &err), rows[i].code);
        assert_int_equal(c->has_greatest, rows[i].has);
        assert_false(c->failed);
        if (rows[i].has) { /* of one view: not asked again */
            hold(c);
            assert_int_equal(mr_create_unlock(&scan, &err), MR_OK);
            assert_int_equal(world_sent_count("greatest:c"), 1);
            assert_true(c->snap.greatest == UINT64_MAX);
        }
        end();
    }
}

/* Those with counters that are held together are asked together; what fails is asked of each, and
 * what was read of a table that is another one is not kept. */
static void test_together(void **state)
{
    static const struct mr_column id = {.name = "id", .auto_increment = true};
    static const struct mr_table tables[] = {
        {.db = "d", .name = "a", .transactional = true, .columns = &id, .ncolumns = 1},
        {.db = "d", .name = "b", .transactional = true, .columns = &id, .ncolumns = 1},
        {.db = "d", .name = "m", .columns = &id, .ncolumns = 1}};
    static const struct {
        enum mr_code answer, code;
        bool knows;
        const char *altered, *sent;
        uint64_t b;
    } rows[] = {
        {MR_OK, MR_OK, true, NULL, "numbers together: a b look:a look:b look:m (unlock)\n", 8},
        {MR_OK, MR_OK, false, NULL,
         "numbers together: a b look:a greatest:a look:b greatest:b look:m (unlock)\n", UINT64_MAX},
        {MR_E_SQL, MR_OK, true, NULL,
         "numbers together: a b look:a greatest:a look:b greatest:b look:m (unlock)\n", UINT64_MAX},
        {MR_OK, MR_OK, true, "a", "numbers together: a b look:a look:b look:m (unlock)\n", 8},
        {MR_E_LOST, MR_E_LOST, true, NULL, "numbers together: a b ", 0}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin();
        struct mr_create_table *t[LEN(tables)];
        together_code = rows[i].answer;
        together_knows = rows[i].knows;
        altered = rows[i].altered;
        for (size_t k = 0; k < LEN(tables); k++)
            hold(t[k] = create_table(&tables[k], 1));
        assert_int_equal(mr_create_unlock(&scan, &err), rows[i].code);
        assert_string_equal(world_sent(), rows[i].sent);
        assert_true(t[1]->snap.greatest == rows[i].b);
        assert_int_equal(t[0]->has_greatest, rows[i].code == MR_OK && altered == NULL);
        assert_false(t[2]->has_greatest);
        end();
    }
}

/* Whoever waits holds nothing; a look that fails unlocks nothing, since nobody has looked. */
static void test_wait(void **state)
{
    struct mr_err err = {0};
    (void)state;
    begin();
    hold(create_table(&small[0], 1));
    assert_int_equal(mr_create_wait(&scan, &err), MR_OK);
    assert_int_equal(create.unlocks, 0);
    waits = true;
    assert_int_equal(mr_create_wait(&scan, &err), MR_OK);
    assert_int_equal(create.unlocks, 1);
    assert_int_equal(scan.held.count, 0);
    hold(create_table(&small[0], 1));
    look_code = MR_E_LOST;
    assert_int_equal(mr_create_wait(&scan, &err), MR_E_LOST);
    assert_int_equal(create.unlocks, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when),     cmocka_unit_test(test_small),
        cmocka_unit_test(test_altered),  cmocka_unit_test(test_greatest),
        cmocka_unit_test(test_together), cmocka_unit_test(test_wait)};
    return cmocka_run_group_tests_name("create_unlock", tests, NULL, NULL);
}
