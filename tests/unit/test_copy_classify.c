/* test_copy_classify.c: what each policy does with a key: rows of both sides in, what is done with
 * them, and why not, out. */
#include "copy_world.h"

enum { MEMBERS, VISITS, LOG };

/* How often TARGET is asked which names it takes for one, of how many. */
static size_t questions, names;
#define CANONISE                                                                                   \
    const struct mr_pair *table, const size_t *positions, size_t npositions, struct mr_db *db,     \
        struct mr_vec *items, struct mr_arena *arena, struct mr_err *err
enum mr_code __real_mr_pair_canonise(CANONISE);
enum mr_code __wrap_mr_pair_canonise(CANONISE);
enum mr_code __wrap_mr_pair_canonise(CANONISE)
{
    questions++;
    names += items->count;
    return __real_mr_pair_canonise(table, positions, npositions, db, items, arena, err);
}

/* members are known by their mobiles, visits by nothing but the event. */
static struct copy_world *world_of(enum mr_copy_policy policy)
{
    struct copy_world *cw = copy_new();
    cw->task.policy = policy;
    cw->task.newest = "EDITED"; /* names of columns have no case */
    world_table(&cw->w, "members", "id:int# mobile:text!? note:text? edited:datetime?");
    world_table(&cw->w, "visits", "id:int# note:text edited:datetime?");
    world_table(&cw->w, "log", "id:int# note:text r:real-");
    return cw;
}

#define MIRROR MR_COPY_MIRROR
#define BACKFILL MR_COPY_BACKFILL
#define NEWEST MR_COPY_NEWEST
#define OLD "2026-01-01"
#define NEW "2026-02-01"

/* op, same, taint, equal and kind of the slot. */
static const struct {
    const char *what, *source, *target;
    size_t table;
    enum mr_copy_policy policy;
    const char *expected;
} cases[] = {
    {"only on SOURCE", "1|017|a|" OLD, NULL, MEMBERS, MIRROR, "1 0 0 0 -"},
    {"only on SOURCE, to be filled", "1|017|a|" OLD, NULL, MEMBERS, BACKFILL, "1 0 0 0 -"},
    {"only on TARGET", NULL, "1|017|a|" OLD, MEMBERS, MIRROR, "3 0 0 0 -"},
    {"only on TARGET stays", NULL, "1|017|a|" OLD, MEMBERS, BACKFILL, "0 0 0 0 -"},
    {"only on TARGET stays with newest", NULL, "1|017|a|" OLD, MEMBERS, NEWEST, "0 0 0 0 -"},
    {"equal", "1|017|a|" OLD, "1|017|a|" OLD, MEMBERS, MIRROR, "0 1 0 1 -"},
    {"equal without an identity", "1|a|" OLD, "1|a|" OLD, VISITS, BACKFILL, "0 1 0 1 -"},
    {"'' is not NULL", "1|017||" OLD, "1|017|NULL|" OLD, MEMBERS, MIRROR, "2 1 0 0 -"},
    {"a byte of zero is not nothing", "1|017|a\\0|" OLD, "1|017|a|" OLD, MEMBERS, MIRROR,
     "2 1 0 0 -"},
    {"-0.0 is 0.0, though images keep the sign", "1|a|-0", "1|a|0", LOG, MIRROR, "0 1 0 1 -"},

    /* who is who */
    {"the same person, edited", "1|017|a|" OLD, "1|017|b|" OLD, MEMBERS, BACKFILL,
     "0 1 0 0 changed"},
    {"the same by TARGET's collation", "1|abc|a|" OLD, "1|ABC |b|" OLD, MEMBERS, BACKFILL,
     "0 1 0 0 changed"},
    {"somebody else", "1|017|a|" OLD, "1|018|a|" OLD, MEMBERS, BACKFILL, "0 0 1 0 key-taken"},
    {"somebody else, mirrored", "1|017|a|" OLD, "1|018|a|" OLD, MEMBERS, MIRROR, "2 0 1 0 -"},
    {"a NULL names nobody: the key does", "1|NULL|a|" OLD, "1|018|a|" OLD, MEMBERS, BACKFILL,
     "0 1 0 0 changed"},
    {"'' names somebody", "1||a|" OLD, "1|018|a|" OLD, MEMBERS, BACKFILL, "0 0 1 0 key-taken"},
    {"another event under the key", "1|a|" OLD, "1|b|" OLD, VISITS, BACKFILL, "0 0 1 0 key-taken"},

    /* which is newer */
    {"newer", "1|017|a|" NEW, "1|017|b|" OLD, MEMBERS, NEWEST, "2 1 0 0 -"},
    {"older", "1|017|a|" OLD, "1|017|b|" NEW, MEMBERS, NEWEST, "0 1 0 0 changed"},
    {"as new", "1|017|a|" NEW, "1|017|b|" NEW, MEMBERS, NEWEST, "0 1 0 0 differs"},
    {"NULL is older than anything", "1|017|a|" OLD, "1|017|b|NULL", MEMBERS, NEWEST, "2 1 0 0 -"},
    {"NULL loses", "1|017|a|NULL", "1|017|b|" OLD, MEMBERS, NEWEST, "0 1 0 0 changed"},
    {"both NULL", "1|017|a|NULL", "1|017|b|NULL", MEMBERS, NEWEST, "0 1 0 0 differs"},
    {"newer, and somebody else", "1|017|a|" NEW, "1|018|b|" OLD, MEMBERS, NEWEST,
     "0 0 1 0 key-taken"},
    {"who has versions is known by his key", "1|a|" NEW, "1|b|" OLD, VISITS, NEWEST, "2 1 0 0 -"},
    {"without the column he has none", "1|a|1", "1|b|1", LOG, NEWEST, "0 0 1 0 key-taken"},
};

#define SLOT "SELECT op, same, taint, equal, kind FROM c WHERE id=1"

static void test_policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = world_of(cases[i].policy);
        copy_open(cw);
        copy_slot(cw, 1, cases[i].table, cases[i].source, cases[i].target, 0);
        copy_run(cw, mr_copy_classify(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, SLOT);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        assert_int_equal(cw->result.extra,
                         cases[i].source == NULL && cases[i].policy != MIRROR ? 1 : 0);
        copy_free(cw);
    }
}

static enum mr_code fill_nothing(void *ctx, struct mr_copy *c, struct mr_err *err)
{
    (void)ctx, (void)c, (void)err;
    return MR_OK;
}

/* What ignore-columns names is no difference between two sides; but of a rewind, which puts back what
 * its log has. */
static void test_ignored(void **state)
{
    static const struct {
        bool is_filled;
        const char *source, *expected;
    } rows[] = {
        {false, "1|a|2|7", "0 1 0 1 -"},
        {true, "1|a|2|7", "2 1 0 0 -"},
        {true, "1|a|1|8", "0 1 0 1 -"}, /* what the server computes */
        {true, "1|a|1|7", "0 1 0 1 -"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct copy_world *cw = copy_new();
        cw->task.fill = rows[i].is_filled ? fill_nothing : NULL;
        world_table(&cw->w, "members", "id:int# note:text seen:int~ level:int=");
        copy_open(cw);
        copy_slot(cw, 1, 0, rows[i].source, "1|a|1|7", 0);
        copy_run(cw, mr_copy_classify(&cw->c, &cw->w.err));
        copy_expect(cw, SLOT, rows[i].expected);
        copy_free(cw);
    }
}

/* Of several rows of SOURCE that are one key for TARGET none is written, and all are reported, also
 * where one of them is TARGET's: the others would be missing afterwards, and nobody would know. */
static void test_several(void **state)
{
    struct copy_world *cw = world_of(MIRROR);
    (void)state;
    copy_open(cw);
    copy_slot(cw, 1, MEMBERS, "1|017|a|NULL", NULL, 0);
    copy_slot(cw, 2, MEMBERS, "2|018|a|NULL", "2|018|a|NULL", 0);
    copy_sql(cw, "UPDATE c SET several=1");
    copy_run(cw, mr_copy_classify(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT op, same, kind FROM c ORDER BY id", "1 0 duplicate; 0 1 duplicate");
    copy_free(cw);
}

/* TARGET is asked for the names of all rows of a page at once, by identity and by key, and not at
 * all for those that are the same to the byte. */
static void test_asked_together(void **state)
{
    struct copy_world *cw = world_of(BACKFILL);
    (void)state;
    copy_open(cw);
    copy_slot(cw, 1, MEMBERS, "1|abc|a|NULL", "1|ABC|b|NULL", 0);
    copy_slot(cw, 2, MEMBERS, "2|018|a|NULL", "2|018|b|NULL", 0);
    copy_slot(cw, 3, MEMBERS, "3|NULL|a|NULL", "4|019|b|NULL", 0);
    copy_slot(cw, 4, MEMBERS, "5|020|a|NULL", "5|021|a|NULL", 0);
    copy_slot(cw, 5, VISITS, "1|a|NULL", "1|b|NULL", 0);
    questions = names = 0;
    copy_run(cw, mr_copy_classify(&cw->c, &cw->w.err));
    assert_int_equal(questions, 2);
    assert_int_equal(names, 6);
    copy_expect(cw, "SELECT id, same FROM c ORDER BY id", "1 1; 2 1; 3 0; 4 0; 5 0");
    copy_free(cw);
}

/* Rows of a table that is not written are told apart all the same: others hang on them. */
static void test_unplanned(void **state)
{
    struct copy_world *cw = world_of(NEWEST);
    (void)state;
    copy_open(cw);
    cw->planned[MEMBERS] = false;
    copy_slot(cw, 1, MEMBERS, "1|017|a|" NEW, "1|018|b|" OLD, 0);
    copy_slot(cw, 2, MEMBERS, "2|017|a|" NEW, NULL, 0);
    copy_slot(cw, 3, VISITS, "2|a|" NEW, NULL, 0);
    copy_run(cw, mr_copy_classify(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT id, op, same, taint, kind FROM c ORDER BY id",
                "1 0 0 1 -; 2 0 0 0 -; 3 1 0 0 -");
    copy_free(cw);
}

/* A column of newest that nobody has is a slip, which would make of every change a conflict. */
static void test_newest_column(void **state)
{
    struct copy_world *cw = world_of(NEWEST);
    (void)state;
    copy_open(cw);
    cw->task.newest = "edted";
    copy_refuse(cw, mr_copy_classify(&cw->c, &cw->w.err), MR_E_REFUSED, "\"edited\"");
    assert_string_equal(cw->w.err.message,
                        "newest:edted: no planned table has such a column on both sides");
    cw->task.newest = "o`dd";
    copy_refuse(cw, mr_copy_classify(&cw->c, &cw->w.err), MR_E_REFUSED, "last edited");
    /* a table that is not written does not count */
    cw->task.newest = "edited";
    cw->planned[MEMBERS] = cw->planned[VISITS] = false;
    copy_refuse(cw, mr_copy_classify(&cw->c, &cw->w.err), MR_E_REFUSED, "newest:edited");
    cw->task.policy = MIRROR;
    copy_run(cw, mr_copy_classify(&cw->c, &cw->w.err));
    copy_free(cw);
}

/* Of rows under different keys, as who hangs on them asks. */
static void test_is_same(void **state)
{
    const struct {
        const char *source, *target;
        bool same;
    } pairs[] = {
        {"1|017|a|NULL", "1|017|a|NULL", true},    {"1|017|a|NULL", "2|017|b|NULL", true},
        {"1|017|a|NULL", "2|018|a|NULL", false},   {"1|NULL|a|NULL", "1|NULL|b|NULL", true},
        {"1|NULL|a|NULL", "2|NULL|a|NULL", false}, {"1|a|a|NULL", "2|A|b|NULL", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++) {
        struct copy_world *cw = world_of(MIRROR);
        bool same = !pairs[i].same;
        copy_open(cw);
        copy_run(cw,
                 mr_copy_is_same(&cw->c, &cw->w.planned[MEMBERS],
                                 world_image(&cw->w, MEMBERS, pairs[i].source),
                                 world_image(&cw->w, MEMBERS, pairs[i].target), &same, &cw->w.err));
        if (same != pairs[i].same)
            fail_msg("%s and %s: %d", pairs[i].source, pairs[i].target, same);
        copy_free(cw);
    }
}

/* A configuration that says who a row is goes before newest, which only guesses. */
static void test_identity(void **state)
{
    struct copy_world *cw = world_of(NEWEST);
    (void)state;
    copy_open(cw);
    assert_int_equal(mr_copy_identity(&cw->c, &cw->w.planned[VISITS]), MR_PLAN_BY_COLUMNS);
    assert_int_equal(mr_copy_identity(&cw->c, &cw->w.planned[LOG]), MR_PLAN_BY_NONE);
    cw->w.tables[VISITS].config.identity = MR_IDENTITY_NONE;
    assert_int_equal(mr_copy_identity(&cw->c, &cw->w.planned[VISITS]), MR_PLAN_BY_NONE);
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = world_of(NEWEST);
    copy_open(cw);
    copy_slot(cw, 1, MEMBERS, "1|017|a|" NEW, "1|018|b|" OLD, 0);
    copy_slot(cw, 2, VISITS, NULL, "1|a|NULL", 0);
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_classify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),  cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_several),   cmocka_unit_test(test_asked_together),
        cmocka_unit_test(test_unplanned), cmocka_unit_test(test_newest_column),
        cmocka_unit_test(test_is_same),   cmocka_unit_test(test_identity),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
