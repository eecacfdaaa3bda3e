/* test_copy_unique.c: who holds the unique values that rows are to have: slots and rows of TARGET in,
 * takes and duplicates out. */
#include "copy_world.h"

enum { MEMBERS, LOG };

static const struct mr_index_part mobile_part = {.column = "MOBILE"};
static const struct mr_index source_index = {.name = "u", .unique = true, .nparts = 1};

static struct copy_world *world_of(enum mr_copy_policy policy)
{
    struct copy_world *cw = copy_new();
    cw->task.policy = policy;
    world_table(&cw->w, "members", "id:int# mobile:text? shop:int?");
    world_table(&cw->w, "log", "code:text? note:text?");
    world_unique(&cw->w, MEMBERS, "PRIMARY", "id")->is_key = true;
    world_unique(&cw->w, MEMBERS, "u", "mobile");
    world_unique(&cw->w, LOG, "u_code", "code");
    copy_open(cw);
    return cw;
}

#define TAKES "SELECT taker, u, holder FROM take ORDER BY taker, u"
#define DUPLICATES "SELECT id FROM c WHERE kind='duplicate' ORDER BY id"

/* Slot 1 is to have a mobile; who has it on TARGET, with slot 2 or without. */
static const struct {
    const char *what, *source, *target;
    int op;
    const char *holder;
    bool slot;
    const char *takes;
} cases[] = {
    {"nobody has it", "1|017|1", NULL, MR_STEP_INSERT, NULL, false, ""},
    {"somebody whom the run did not find", "1|017|1", NULL, MR_STEP_INSERT, "9|017|1", false,
     "1 1 0"},
    {"somebody with a slot", "1|017|1", NULL, MR_STEP_INSERT, "9|017|1", true, "1 1 2"},
    {"the same by TARGET's collation", "1|abc|1", NULL, MR_STEP_INSERT, "9|ABC |1", true, "1 1 2"},
    {"NULL is nobody's", "1|NULL|1", NULL, MR_STEP_INSERT, "9|NULL|1", true, ""},
    {"'' is somebody's", "1||1", NULL, MR_STEP_INSERT, "9||1", true, "1 1 2"},
    {"a byte of zero", "1|a\\0|1", NULL, MR_STEP_INSERT, "9|a|1", true, ""},
    {"the row itself", "1|017|1", "1|017|2", MR_STEP_UPDATE, NULL, false, "1 1 1"},
    {"an update takes another's", "1|018|1", "1|017|2", MR_STEP_UPDATE, "9|018|1", true, "1 1 2"},
    {"a row that goes takes nothing", NULL, "1|017|1", MR_STEP_DELETE, NULL, false, ""},
    {"nothing to do", "1|017|1", "1|017|1", 0, NULL, false, ""},
};

static void test_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = world_of(MR_COPY_MIRROR);
        copy_rows(cw, 1, MEMBERS, cases[i].source, cases[i].target, cases[i].op);
        if (cases[i].slot)
            copy_rows(cw, 2, MEMBERS, NULL, cases[i].holder, 0);
        else if (cases[i].holder != NULL)
            world_target(&cw->w, MEMBERS, cases[i].holder);
        copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, TAKES);
        if (strcmp(got, cases[i].takes) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        copy_expect(cw, DUPLICATES, "");
        copy_free(cw);
    }
}

static enum mr_code fill_nothing(void *ctx, struct mr_copy *c, struct mr_err *err)
{
    (void)ctx;
    (void)c;
    (void)err;
    return MR_OK;
}

/* Who wants what another wants: none of them is the better one, unless SOURCE keeps such values
 * apart just as TARGET does. */
static void test_rivals(void **state)
{
    const struct {
        const char *what, *first, *second;
        bool has_index;
        const char *collation; /* of SOURCE's column; NULL: TARGET's */
        size_t prefix;
        const char *duplicates;
    } rivals[] = {
        {"two of one", "1|abc|1", "2|ABC|1", false, NULL, 0, "1; 2"},
        {"two of their own", "1|abc|1", "2|abd|1", false, NULL, 0, ""},
        {"NULL is wanted by nobody", "1|NULL|1", "2|NULL|1", false, NULL, 0, ""},
        {"'' is", "1||1", "2| |1", false, NULL, 0, "1; 2"},
        {"SOURCE's index would not have them", "1|abc|1", "2|ABC|1", true, NULL, 0, ""},
        {"SOURCE's index by another collation has", "1|abc|1", "2|ABC|1", true, "utf8mb4_bin", 0,
         "1; 2"},
        {"SOURCE's index over a prefix is another", "1|abc|1", "2|ABC|1", true, NULL, 3, "1; 2"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rivals); i++) {
        struct copy_world *cw = world_of(MR_COPY_MIRROR);
        struct mr_index_part part = mobile_part;
        struct mr_index index = source_index;
        struct world_table *t = &cw->w.tables[MEMBERS];
        part.prefix_len = rivals[i].prefix;
        index.parts = &part;
        t->side[MR_SOURCE].indexes = &index;
        t->side[MR_SOURCE].nindexes = rivals[i].has_index;
        if (rivals[i].collation != NULL)
            t->columns[MR_SOURCE][1].collation = rivals[i].collation;
        copy_rows(cw, 1, MEMBERS, rivals[i].first, NULL, MR_STEP_INSERT);
        copy_rows(cw, 2, MEMBERS, rivals[i].second, NULL, MR_STEP_INSERT);
        copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, DUPLICATES);
        if (strcmp(got, rivals[i].duplicates) != 0)
            fail_msg("%s: %s", rivals[i].what, got);
        copy_free(cw);
    }
}

/* A row that has on TARGET what it is to have holds it: where SOURCE keeps values apart as TARGET
 * does, TARGET is not asked who else might.  It would name nobody here, since it has no such row. */
static void test_own(void **state)
{
    static const struct {
        const char *what, *source, *live;
        bool has_index, is_filled;
        const char *takes;
    } owns[] = {
        {"the same value", "1|017|1", "1|017|2", true, false, "1 1 1"},
        {"another row's by now", "1|017|1", "7|017|2", true, false, "1 1 1"},
        {"another value", "1|018|1", "1|017|2", true, false, ""},
        {"spelt otherwise", "1|abc|1", "1|ABC|2", true, false, ""},
        {"NULL", "1|NULL|1", "1|NULL|2", true, false, ""},
        {"NULL until now", "1|017|1", "1|NULL|2", true, false, ""},
        {"SOURCE may have it twice", "1|017|1", "1|017|2", false, false, ""},
        {"as logs say", "1|017|1", "1|017|2", true, true, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(owns); i++) {
        struct copy_world *cw = world_of(MR_COPY_MIRROR);
        struct mr_index_part part = mobile_part;
        struct mr_index index = source_index;
        index.parts = &part;
        cw->w.tables[MEMBERS].side[MR_SOURCE].indexes = &index;
        cw->w.tables[MEMBERS].side[MR_SOURCE].nindexes = owns[i].has_index;
        copy_rows(cw, 2, MEMBERS, owns[i].live, NULL, 0);
        copy_sql(cw, "UPDATE c SET canon=x'00'"); /* the key of both */
        copy_rows(cw, 1, MEMBERS, owns[i].source, NULL, MR_STEP_UPDATE);
        copy_sql(cw, "UPDATE c SET (tkey, target)=(SELECT skey, source FROM c WHERE id=2)");
        copy_sql(cw, "DELETE FROM c WHERE id=2");
        cw->task.fill = owns[i].is_filled ? fill_nothing : NULL;
        copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, TAKES);
        if (strcmp(got, owns[i].takes) != 0)
            fail_msg("%s: %s", owns[i].what, got);
        copy_free(cw);
    }
}

/* A conflict stays what it is; who stays as he is has no rivals. */
static void test_rival_kinds(void **state)
{
    struct copy_world *cw = world_of(MR_COPY_MIRROR);
    (void)state;
    copy_rows(cw, 1, MEMBERS, "1|a|1", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, MEMBERS, "2|A|1", NULL, MR_STEP_INSERT);
    copy_rows(cw, 3, MEMBERS, "3|b|1", NULL, MR_STEP_INSERT);
    copy_rows(cw, 4, MEMBERS, "4|b|1", "4|b|1", 0);
    copy_sql(cw, "UPDATE c SET kind='does-not-fit' WHERE id=1");
    copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT id, kind FROM c ORDER BY id", "1 does-not-fit; 2 duplicate; 3 -; 4 -");
    copy_free(cw);
}

/* Backfill and newest let nobody in twice, also where no index sees to that; a mirror has whom
 * SOURCE has. */
static void test_identity(void **state)
{
    const struct {
        const char *what;
        enum mr_copy_policy policy;
        enum mr_plan_identity identity;
        bool of_key, has_index;
        const char *takes;
    } guards[] = {
        {"backfill", MR_COPY_BACKFILL, MR_PLAN_BY_COLUMNS, false, false, "1 2 2"},
        {"newest", MR_COPY_NEWEST, MR_PLAN_BY_COLUMNS, false, false, "1 2 2"},
        {"mirror", MR_COPY_MIRROR, MR_PLAN_BY_COLUMNS, false, false, ""},
        {"by nothing", MR_COPY_BACKFILL, MR_PLAN_BY_NONE, false, false, ""},
        {"by the key, which is unique", MR_COPY_BACKFILL, MR_PLAN_BY_COLUMNS, true, false, ""},
        {"an index sees to it", MR_COPY_BACKFILL, MR_PLAN_BY_COLUMNS, false, true, ""},
    };
    static const size_t shop[] = {2}, id[] = {0};
    (void)state;
    for (size_t i = 0; i < LEN(guards); i++) {
        struct copy_world *cw = world_of(guards[i].policy);
        struct mr_plan_table *t = &cw->w.planned[MEMBERS];
        cw->task.newest = "gone";
        t->identity = guards[i].identity;
        t->named_by = (struct mr_plan_columns){guards[i].of_key ? id : shop, 1};
        if (guards[i].has_index)
            t->uniques[0].is_identity = true;
        copy_rows(cw, 1, MEMBERS, "1|a|7", NULL, MR_STEP_INSERT);
        copy_rows(cw, 2, MEMBERS, NULL, "9|b|7", 0);
        world_target(&cw->w, MEMBERS, "1|z|8");
        copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, TAKES);
        if (strcmp(got, guards[i].takes) != 0)
            fail_msg("%s: %s", guards[i].what, got);
        copy_free(cw);
    }
}

/* What a table wants is nothing to another one. */
static void test_two_tables(void **state)
{
    struct copy_world *cw = copy_new();
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        world_table(&cw->w, i == 0 ? "a" : "o`dd", "id:int# v:text?");
        world_unique(&cw->w, i, "u", "v");
    }
    copy_open(cw);
    copy_rows(cw, 1, 0, "1|x", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, 1, "1|x", NULL, MR_STEP_INSERT);
    copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
    copy_expect(cw, DUPLICATES, "");
    copy_free(cw);
}

/* A table without a key may have unique values: their holder is the one row that has them. */
static void test_keyless(void **state)
{
    struct copy_world *cw = world_of(MR_COPY_MIRROR);
    struct mr_strbuf key = MR_STRBUF_INIT;
    (void)state;
    copy_rows(cw, 1, LOG, "x|new", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, LOG, NULL, "X|old", MR_STEP_DELETE);
    world_require(mr_copy_multiset_key(&key, world_image(&cw->w, LOG, "X|old"), 1, NULL));
    world_require(MR_CASE_ONCE(cw->w.m.cf, "UPDATE c SET tkey=:key WHERE id=2", NULL,
                               MR_ARG_BLOB("key", key.ptr, key.len)));
    copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
    copy_expect(cw, TAKES, "1 0 2");
    mr_strbuf_release(&key);
    copy_free(cw);
}

/* Tables that are not written take nothing. */
static void test_unplanned(void **state)
{
    struct copy_world *cw = world_of(MR_COPY_MIRROR);
    (void)state;
    cw->planned[MEMBERS] = false;
    copy_rows(cw, 1, MEMBERS, "1|a|7", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, MEMBERS, NULL, "9|a|7", 0);
    copy_run(cw, mr_copy_unique(&cw->c, &cw->w.err));
    copy_expect(cw, TAKES, "");
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = world_of(MR_COPY_MIRROR);
    copy_rows(cw, 1, MEMBERS, "1|a|7", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, MEMBERS, "2|A|7", "2|x|7", MR_STEP_UPDATE);
    copy_rows(cw, 3, LOG, "x|", NULL, MR_STEP_INSERT);
    world_target(&cw->w, LOG, "x|y");
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_unique);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes),       cmocka_unit_test(test_rivals),
        cmocka_unit_test(test_rival_kinds), cmocka_unit_test(test_identity),
        cmocka_unit_test(test_two_tables),  cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_own),         cmocka_unit_test(test_unplanned),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
