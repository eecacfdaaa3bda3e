/* test_copy_taint.c: who stands below somebody who is another on the other side: slots and rows of
 * SOURCE in, tainted slots out. */
#include "copy_world.h"

enum { MEMBERS, CARDS, STAMPS, NOTES };
enum { INVITER, HOLDER, CARD, NOTED };

/* members ← cards ← stamps; members invite members; notes have no key. */
static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    cw->task.policy = MR_COPY_BACKFILL;
    world_table(&cw->w, "members", "id:int# mobile:text! inviter:int?");
    world_table(&cw->w, "cards", "no:int* member:int?");
    world_table(&cw->w, "stamps", "id:int# card:int?");
    world_table(&cw->w, "notes", "member:int?");
    world_reference(&cw->w, MEMBERS, "inviter", MEMBERS, "id");
    world_reference(&cw->w, CARDS, "member", MEMBERS, "id");
    world_reference(&cw->w, STAMPS, "card", CARDS, "no");
    world_reference(&cw->w, NOTES, "member", MEMBERS, "id");
    cw->subject[MEMBERS] = true;
    copy_open(cw);
    return cw;
}

static void taint(struct copy_world *cw, int64_t id)
{
    world_require(
        MR_CASE_ONCE(cw->c.m.cf, "UPDATE c SET taint=1 WHERE id=:id", NULL, MR_ARG_INT("id", id)));
}

/* Keys of what is tainted, by table; 3: and done with. */
#define TAINTED "SELECT tbl, skey FROM c WHERE taint>0 ORDER BY tbl, skey"
#define UNDONE "SELECT count(*) FROM c WHERE taint IN (1, 2)"

/* Down by every way that says to whom a row belongs, through rows that are equal, too. */
static void test_down(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|018|NULL", 0); /* two people */
    copy_rows(cw, 2, MEMBERS, "2|020|1", "2|020|1", 0);       /* himself, whoever invited him */
    world_both(&cw->w, CARDS, "10|1");
    world_both(&cw->w, CARDS, "11|2");
    world_both(&cw->w, CARDS, "12|NULL");
    world_source(&cw->w, CARDS, "13|1"); /* TARGET has none: it is nobody's other row */
    world_target(&cw->w, CARDS, "14|1"); /* SOURCE says who is below him */
    world_both(&cw->w, STAMPS, "100|10");
    world_both(&cw->w, STAMPS, "101|11");
    world_both(&cw->w, NOTES, "1");
    taint(cw, 1);
    copy_run(cw, mr_copy_taint(&cw->c, &cw->w.err));
    copy_expect(cw, TAINTED, "0 1; 1 10; 2 100");
    copy_expect(cw, UNDONE, "0");
    copy_free(cw);
}

static void test_nobody(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|017|NULL", 0);
    world_both(&cw->w, CARDS, "10|1");
    copy_run(cw, mr_copy_taint(&cw->c, &cw->w.err));
    copy_expect(cw, TAINTED, "");
    copy_expect(cw, "SELECT count(*) FROM c", "1"); /* nobody was looked for */
    copy_free(cw);
}

/* Which references say whose a row is. */
static void test_followed(void **state)
{
    struct copy_world *cw = build();
    struct mr_plan_reference *r = cw->w.references;
    (void)state;
    assert_false(mr_copy_is_followed(&cw->c, &r[INVITER])); /* a person is himself */
    assert_true(mr_copy_is_followed(&cw->c, &r[HOLDER]));
    assert_false(mr_copy_is_followed(&cw->c, &r[NOTED])); /* nobody refers to its rows */
    r[INVITER].hard = r[NOTED].hard = true;
    assert_true(mr_copy_is_followed(&cw->c, &r[INVITER])); /* unless it says who he is */
    assert_false(mr_copy_is_followed(&cw->c, &r[NOTED]));
    cw->subject[CARDS] = true;
    assert_false(mr_copy_is_followed(&cw->c, &r[HOLDER]));
    r[INVITER].hard = false;
    cw->subject[MEMBERS] = false;
    assert_false(mr_copy_is_followed(&cw->c, &r[INVITER])); /* within a table */
    copy_free(cw);
}

/* Circles end, where each row is part of who the next one is. */
static void test_circle(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    cw->w.references[INVITER].hard = true;
    copy_rows(cw, 1, MEMBERS, "1|017|3", "1|018|3", 0);
    world_both(&cw->w, MEMBERS, "2|020|1");
    world_both(&cw->w, MEMBERS, "3|030|2");
    world_both(&cw->w, MEMBERS, "4|040|4");
    taint(cw, 1);
    copy_run(cw, mr_copy_taint(&cw->c, &cw->w.err));
    copy_expect(cw, TAINTED, "0 1; 0 2; 0 3");
    copy_free(cw);
}

/* More than a page of them, and of those below. */
static void test_pages(void **state)
{
    enum { ROWS = 1001 };
    struct copy_world *cw = build();
    (void)state;
    for (int i = 1; i <= ROWS; i++) {
        char *row = mr_arena_alloc(&cw->w.arena, 3 * 32);
        (void)snprintf(row, 32, "%d|a|NULL", i);
        (void)snprintf(row + 32, 32, "%d|b|NULL", i);
        (void)snprintf(row + 64, 32, "%d|%d", i, i);
        copy_slot(cw, i, MEMBERS, row, row + 32, 0);
        world_both(&cw->w, CARDS, row + 64);
        taint(cw, i);
    }
    copy_run(cw, mr_copy_taint(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT tbl, count(*) FROM c WHERE taint=3 GROUP BY tbl", "0 1001; 1 1001");
    copy_free(cw);
}

/* A mirror of everything makes SOURCE's of everybody: nobody is another. */
static void test_mirror(void **state)
{
    const struct {
        const char *what;
        bool all;
        enum mr_copy_policy policy;
        const char *expected;
    } mirrors[] = {
        {"of everything", true, MR_COPY_MIRROR, ""},
        {"but for one table", false, MR_COPY_MIRROR, "0 1; 1 10"},
        {"none", true, MR_COPY_NEWEST, "0 1; 1 10"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(mirrors); i++) {
        struct copy_world *cw = build();
        cw->task.policy = mirrors[i].policy;
        cw->planned[NOTES] = mirrors[i].all;
        copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|018|NULL", MR_STEP_UPDATE);
        world_both(&cw->w, CARDS, "10|1");
        taint(cw, 1);
        copy_run(cw, mr_copy_taint(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, TAINTED);
        if (strcmp(got, mirrors[i].expected) != 0)
            fail_msg("%s: %s", mirrors[i].what, got);
        copy_free(cw);
    }
}

/* ---- by other columns than the key ---- */

/* What SOURCE's row is referred to by may be another's on TARGET, also where its key is nobody's. */
static void test_holders(void **state)
{
    const struct {
        const char *what, *source, *target;
        enum mr_copy_policy policy;
        const char *expected;
    } holders[] = {
        {"nobody's", "1|a|x", NULL, MR_COPY_BACKFILL, ""},
        {"his own", "1|a|x", "1|a|X", MR_COPY_BACKFILL, ""},
        {"his own under another key", "1|a|x", "2|a|x", MR_COPY_BACKFILL, ""},
        {"somebody else's", "1|a|x", "2|b|x", MR_COPY_BACKFILL, "0 1; 1 10"},
        {"somebody else's by TARGET's collation", "1|a|x", "2|b|X ", MR_COPY_BACKFILL, "0 1; 1 10"},
        {"NULL is nobody's", "1|a|NULL", "2|b|NULL", MR_COPY_BACKFILL, ""},
        {"a mirror writes it", "1|a|x", "2|b|x", MR_COPY_MIRROR, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(holders); i++) {
        struct copy_world *cw = copy_new();
        cw->task.policy = holders[i].policy;
        world_table(&cw->w, "members", "id:int# mobile:text! code:text?");
        world_table(&cw->w, "cards", "no:int* code:text?");
        world_table(&cw->w, "log", "id:int*");
        world_reference(&cw->w, 1, "code", 0, "code");
        copy_open(cw);
        cw->planned[2] = false; /* no mirror of everything */
        copy_rows(cw, 1, 0, holders[i].source, NULL, MR_STEP_INSERT);
        if (holders[i].target != NULL)
            world_target(&cw->w, 0, holders[i].target);
        world_both(&cw->w, 1, "10|x");
        world_both(&cw->w, 1, "11|z");
        copy_run(cw, mr_copy_taint(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, TAINTED);
        if (strcmp(got, holders[i].expected) != 0)
            fail_msg("%s: %s", holders[i].what, got);
        copy_free(cw);
    }
}

/* ---- who stays ---- */

/* Whoever was to become SOURCE's and is a conflict stays, and what is below him is looked at again:
 * it is not put below somebody else, and nor is what that leaves. */
static void test_kept(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    cw->task.policy = MR_COPY_MIRROR;
    copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|018|NULL", MR_STEP_UPDATE);
    copy_rows(cw, 2, CARDS, "20|1", NULL, MR_STEP_INSERT);
    copy_rows(cw, 3, STAMPS, "30|40", NULL, MR_STEP_INSERT);
    world_both(&cw->w, CARDS, "40|1");
    copy_sql(cw, "UPDATE c SET kind='does-not-fit' WHERE id=1");
    copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
    copy_run(cw, mr_copy_settle(&cw->c, &cw->w.err));
    copy_run(cw, mr_copy_taint_kept(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT skey, taint>0, kind FROM c ORDER BY id",
                "1 1 does-not-fit; 20 0 parent-differs; 30 0 parent-differs; 40 1 -");
    copy_free(cw);
}

/* Who is written, or himself, taints nobody; nor does a policy that has looked already. */
static void test_not_kept(void **state)
{
    static const char *const sets[] = {"same=1, kind='does-not-fit'", "kind=NULL",
                                       "kind='does-not-fit', target=NULL, tkey=NULL"};
    (void)state;
    for (size_t i = 0; i < LEN(sets); i++) {
        struct copy_world *cw = build();
        struct mr_strbuf sql = MR_STRBUF_INIT;
        cw->task.policy = MR_COPY_MIRROR;
        copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|018|NULL", MR_STEP_UPDATE);
        world_both(&cw->w, CARDS, "40|1");
        mr_strbuf_add_fmt(&sql, "UPDATE c SET %s", sets[i]);
        copy_sql(cw, sql.ptr);
        copy_run(cw, mr_copy_taint_kept(&cw->c, &cw->w.err));
        copy_expect(cw, "SELECT count(*), sum(taint) FROM c", "1 0");
        mr_strbuf_release(&sql);
        copy_free(cw);
    }
    struct copy_world *cw = build();
    copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|018|NULL", 0);
    copy_sql(cw, "UPDATE c SET kind='key-taken'");
    copy_run(cw, mr_copy_taint_kept(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT sum(taint) FROM c", "0");
    copy_free(cw);
}

/* ---- failures ---- */

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|018|NULL", 0);
    world_both(&cw->w, CARDS, "10|1");
    world_both(&cw->w, STAMPS, "100|10");
    taint(cw, 1);
    return cw;
}

static struct copy_world *build_kept(void)
{
    struct copy_world *cw = build();
    cw->task.policy = MR_COPY_MIRROR;
    copy_rows(cw, 1, MEMBERS, "1|017|NULL", "1|018|NULL", MR_STEP_UPDATE);
    copy_rows(cw, 2, CARDS, "20|1", NULL, MR_STEP_INSERT);
    copy_sql(cw, "UPDATE c SET kind='does-not-fit' WHERE id=1");
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_taint);
    copy_each_failure(build_kept, mr_copy_taint_kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_down),     cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_followed), cmocka_unit_test(test_circle),
        cmocka_unit_test(test_pages),    cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_holders),  cmocka_unit_test(test_kept),
        cmocka_unit_test(test_not_kept), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
