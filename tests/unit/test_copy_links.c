/* test_copy_links.c: who the parents of rows to be written are on both sides, and who refers to rows
 * that go: rows in, links out. */
#include "copy_world.h"

enum { MEMBERS, VISITS, CARDS, NOTES };
enum { HOLDER, VISIT, NOTED };

/* members are known by their mobiles, visits by nothing; cards hang on both, notes have no key. */
static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    world_table(&cw->w, "members", "id:int# mobile:text!?");
    world_table(&cw->w, "visits", "id:int# day:date?");
    world_table(&cw->w, "cards", "no:int* member:int? visit:int?");
    world_table(&cw->w, "notes", "member:int? note:text?");
    world_reference(&cw->w, CARDS, "member", MEMBERS, "id");
    world_reference(&cw->w, CARDS, "visit", VISITS, "id");
    world_reference(&cw->w, NOTES, "member", MEMBERS, "id");
    copy_open(cw);
    return cw;
}

#define LINKS "SELECT child, ref, sfound, ps, tfound, pt, same FROM link ORDER BY child, ref"

/* A card to be written, and whom it refers to, with a slot (2) or without. */
static const struct {
    const char *what, *card;
    size_t parents;
    const char *source, *target; /* the parent's rows */
    bool slot;
    const char *expected;
} cases[] = {
    {"refers to nobody", "7|NULL|NULL", MEMBERS, NULL, NULL, false, ""},
    {"nobody there", "7|1|NULL", MEMBERS, NULL, NULL, false, "1 0 0 0 0 0 0"},
    {"only on SOURCE", "7|1|NULL", MEMBERS, "1|017", NULL, false, "1 0 1 0 0 0 0"},
    {"only on SOURCE, with a slot", "7|1|NULL", MEMBERS, "1|017", NULL, true, "1 0 1 2 0 0 0"},
    {"only on TARGET, with a slot", "7|1|NULL", MEMBERS, NULL, "1|017", true, "1 0 0 0 1 2 0"},
    {"the same", "7|1|NULL", MEMBERS, "1|017", "1|017", false, "1 0 1 0 1 0 1"},
    {"the same by TARGET's collation", "7|1|NULL", MEMBERS, "1|abc", "1|ABC ", true,
     "1 0 1 2 1 2 1"},
    {"somebody else", "7|1|NULL", MEMBERS, "1|017", "1|018", true, "1 0 1 2 1 2 0"},
    {"'' is somebody", "7|1|NULL", MEMBERS, "1|", "1|018", false, "1 0 1 0 1 0 0"},
    {"both without an identity: the key", "7|1|NULL", MEMBERS, "1|NULL", "1|NULL", false,
     "1 0 1 0 1 0 1"},
    {"one without an identity", "7|1|NULL", MEMBERS, "1|NULL", "1|018", false, "1 0 1 0 1 0 0"},
    {"an event is all of its row", "7|NULL|1", VISITS, "1|2026-01-01", "1|2026-01-01", false,
     "1 1 1 0 1 0 1"},
    {"another event", "7|NULL|1", VISITS, "1|2026-01-01", "1|2026-01-02", true, "1 1 1 2 1 2 0"},
    {"NULL is an event's value", "7|NULL|1", VISITS, "1|NULL", "1|2026-01-02", false,
     "1 1 1 0 1 0 0"},
    {"the least number", "7|-2147483648|NULL", MEMBERS, "-2147483648|017", NULL, false,
     "1 0 1 0 0 0 0"},
};

static void test_parents(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        copy_rows(cw, 1, CARDS, cases[i].card, NULL, MR_STEP_INSERT);
        if (cases[i].slot)
            copy_rows(cw, 2, cases[i].parents, cases[i].source, cases[i].target, 0);
        else {
            if (cases[i].source != NULL)
                world_source(&cw->w, cases[i].parents, cases[i].source);
            if (cases[i].target != NULL)
                world_target(&cw->w, cases[i].parents, cases[i].target);
        }
        copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, LINKS);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        copy_free(cw);
    }
}

/* newest knows an event that has versions by its key. */
static void test_newest(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    cw->task.policy = MR_COPY_NEWEST;
    cw->task.newest = "day";
    copy_rows(cw, 1, CARDS, "7|NULL|1", NULL, MR_STEP_INSERT);
    world_source(&cw->w, VISITS, "1|2026-01-01");
    world_target(&cw->w, VISITS, "1|2026-01-02");
    copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
    copy_expect(cw, LINKS, "1 1 1 0 1 0 1");
    copy_free(cw);
}

/* A key is no identity, though their bytes may be the same. */
static void test_names(void **state)
{
    static const char *const rows[] = {"1|NULL", "1|1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct copy_world *cw = copy_new();
        world_table(&cw->w, "badges", "id:int# no:int!?");
        world_table(&cw->w, "visits", "id:int# badge:int?");
        world_reference(&cw->w, 1, "badge", 0, "id");
        copy_open(cw);
        copy_rows(cw, 1, 1, "7|1", NULL, MR_STEP_INSERT);
        world_source(&cw->w, 0, rows[i]);
        world_target(&cw->w, 0, rows[1 - i]);
        copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
        copy_expect(cw, LINKS, "1 0 1 0 1 0 0");
        copy_free(cw);
    }
}

/* A parent that all of its row names is the same where what differs is not compared, is computed, or is
 * only spelled otherwise. */
static void test_wholes(void **state)
{
    const struct {
        const char *source, *target, *same;
    } rows[] = {
        {"1|{\"a\": 1}|5|7", "1|{\"a\":1}|6|8", "1"},
        {"1|{\"a\": 1}|5|7", "1|{\"a\":2}|5|7", "0"},
        {"1|NULL|5|7", "1|{\"a\":2}|5|7", "0"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct copy_world *cw = copy_new();
        world_table(&cw->w, "visits", "id:int# j:json? note:int~? label:int?=");
        world_table(&cw->w, "cards", "id:int# visit:int?");
        world_reference(&cw->w, 1, "visit", 0, "id");
        cw->w.tables[0].normalise[1] = cw->w.tables[0].find[1].normalise = true;
        copy_open(cw);
        copy_rows(cw, 1, 1, "7|1", NULL, MR_STEP_INSERT);
        world_source(&cw->w, 0, rows[i].source);
        world_target(&cw->w, 0, rows[i].target);
        copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
        copy_expect(cw, "SELECT same FROM link", rows[i].same);
        copy_free(cw);
    }
}

static enum mr_code fill(void *ctx, struct mr_copy *copy, struct mr_err *err)
{
    (void)ctx;
    (void)copy;
    (void)err;
    return MR_OK;
}

/* Of rows that come back to their own server parents are those that TARGET's collation takes for them; one
 * must be there where a reference to it is written. */
static void test_filled(void **state)
{
    static const struct {
        const char *bill; /* it refers to a shop that comes back, to one that stands, or to none */
        const char *live; /* TARGET's; NULL: there is none */
        const char *expected;
    } bills[] = {
        {"1|B", NULL, "2 0 1 1 0 0 1"},
        {"1|b ", NULL, "2 0 1 1 0 0 1"},
        {"1|A", NULL, "2 0 1 0 1 0 1"},
        {"1|c", NULL, "2 0 0 0 0 0 1"},
        {"1|NULL", NULL, ""},
        {"1|c", "1|NULL", "2 0 0 0 0 0 1"},
        {"1|c", "1|a", "2 0 0 0 0 0 1"},
        {"1|c", "1|c", "2 0 0 0 0 0 0"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(bills); i++) {
        struct copy_world *cw = copy_new();
        world_table(&cw->w, "shops", "code:text*");
        world_table(&cw->w, "bills", "no:int* code:text?");
        world_reference(&cw->w, 1, "code", 0, "code");
        copy_open(cw);
        cw->task.fill = fill;
        copy_slot(cw, 1, 0, "B", NULL, MR_STEP_INSERT);
        copy_slot(cw, 2, 1, bills[i].bill, bills[i].live,
                  bills[i].live == NULL ? MR_STEP_INSERT : MR_STEP_UPDATE);
        world_both(&cw->w, 0, "a");
        copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
        const char *got = world_ask(
            &cw->w, "SELECT child, ref, sfound, ps, tfound, pt, must FROM link ORDER BY child");
        if (strcmp(got, bills[i].expected) != 0)
            fail_msg("%s: %s", bills[i].bill, got);
        copy_free(cw);
    }
}

/* What is not written needs no parents: rows that go, that stay, and tables that stay. */
static void test_who_links(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    world_both(&cw->w, MEMBERS, "1|017");
    copy_rows(cw, 1, CARDS, "1|1|NULL", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, CARDS, "2|1|NULL", "2|NULL|NULL", MR_STEP_UPDATE);
    copy_rows(cw, 3, CARDS, NULL, "3|1|NULL", MR_STEP_DELETE);
    copy_rows(cw, 4, CARDS, "4|1|NULL", "4|1|NULL", 0);
    copy_rows(cw, 5, NOTES, "1|x", NULL, MR_STEP_INSERT);
    cw->planned[NOTES] = false;
    copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT child FROM link ORDER BY child", "1; 2");
    copy_free(cw);
}

/* Many parents of which TARGET's collation is asked, a page after the other. */
static void test_pages(void **state)
{
    enum { ROWS = 1001 };
    struct copy_world *cw = build();
    (void)state;
    for (int i = 1; i <= ROWS; i++) {
        char *row = mr_arena_alloc(&cw->w.arena, 3 * 32);
        (void)snprintf(row, 32, "%d|%d|NULL", i, i);
        (void)snprintf(row + 32, 32, "%d|a%d", i, i);
        (void)snprintf(row + 64, 32, "%d|%s%d", i, i % 2 == 0 ? "A" : "b", i);
        copy_slot(cw, i, CARDS, row, NULL, MR_STEP_INSERT);
        world_source(&cw->w, MEMBERS, row + 32);
        world_target(&cw->w, MEMBERS, row + 64);
    }
    copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
    copy_expect(
        cw, "SELECT count(*), sum(sfound), sum(tfound), sum(same), min(same=(child%2=0)) FROM link",
        "1001 1001 1001 500 1");
    copy_free(cw);
}

/* ---- who refers to rows that go ---- */

#define DEPS "SELECT parent, ref, child FROM dep ORDER BY parent, ref, child"

static void test_children(void **state)
{
    const struct {
        const char *what, *source, *target; /* of members, slot 1 */
        int op;
        const char *expected;
    } parents[] = {
        {"one that goes", NULL, "1|017", MR_STEP_DELETE, "1 0 0; 1 0 2"},
        {"one that is edited, and keeps what they refer to", "1|018", "1|017", MR_STEP_UPDATE, ""},
        {"one that nobody refers to", NULL, "2|017", MR_STEP_DELETE, ""},
        {"one that comes", "1|017", NULL, MR_STEP_INSERT, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(parents); i++) {
        struct copy_world *cw = build();
        copy_rows(cw, 1, MEMBERS, parents[i].source, parents[i].target, parents[i].op);
        copy_rows(cw, 2, CARDS, "7|9|NULL", "7|1|NULL", 0);
        world_target(&cw->w, CARDS, "8|1|NULL"); /* without a slot: it stays */
        world_target(&cw->w, CARDS, "9|NULL|NULL");
        world_source(&cw->w, CARDS, "5|1|NULL"); /* only TARGET's count */
        copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, DEPS);
        if (strcmp(got, parents[i].expected) != 0)
            fail_msg("%s: %s", parents[i].what, got);
        copy_free(cw);
    }
}

/* Rows of a table that is not written do not go, whatever their slots say. */
static void test_unplanned_parents(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    cw->planned[MEMBERS] = false;
    copy_rows(cw, 1, MEMBERS, NULL, "1|017", MR_STEP_DELETE);
    world_target(&cw->w, CARDS, "8|1|NULL");
    copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
    copy_expect(cw, DEPS, "");
    copy_free(cw);
}

/* Who refers by another column than the key lets go when that changes, to the byte. */
static void test_changed_value(void **state)
{
    struct copy_world *cw = copy_new();
    (void)state;
    world_table(&cw->w, "shops", "id:int# code:text!");
    world_table(&cw->w, "bills", "no:int* code:text?");
    world_reference(&cw->w, 1, "code", 0, "code");
    copy_open(cw);
    copy_rows(cw, 1, 0, "1|B", "1|a", MR_STEP_UPDATE);
    copy_rows(cw, 2, 0, "2|C", "2|c", MR_STEP_UPDATE); /* ON UPDATE fires on bytes */
    copy_rows(cw, 3, 0, "3|d", "3|d", MR_STEP_UPDATE);
    world_target(&cw->w, 1, "1|A");
    world_target(&cw->w, 1, "2|c");
    world_target(&cw->w, 1, "3|d");
    copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
    copy_expect(cw, DEPS, "1 0 0; 2 0 0");
    copy_free(cw);
}

/* Rows without a key: of those that are equal as many go as have slots, and each is another. */
static void test_equal_children(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_rows(cw, 1, MEMBERS, NULL, "1|017", MR_STEP_DELETE);
    for (int i = 0; i < 3; i++)
        world_target(&cw->w, NOTES, "1|x");
    world_target(&cw->w, NOTES, "1|xy");
    for (int64_t n = 2; n <= 3; n++) { /* two of three go */
        struct mr_strbuf key = MR_STRBUF_INIT;
        const struct mr_key image = world_image(&cw->w, NOTES, "1|x");
        world_require(mr_copy_multiset_key(&key, image, n, NULL));
        world_require(MR_CASE_ONCE(cw->w.m.cf,
                                   "INSERT INTO c (id, tbl, canon, tkey, target, op) VALUES (:id,"
                                   " :tbl, :key, :key, :image, 3)",
                                   NULL, MR_ARG_INT("id", n), MR_ARG_INT("tbl", NOTES),
                                   MR_ARG_BLOB("key", key.ptr, key.len),
                                   MR_ARG_BYTES("image", image)));
        mr_strbuf_release(&key);
    }
    copy_run(cw, mr_copy_links(&cw->c, &cw->w.err));
    copy_expect(cw, DEPS, "1 2 0; 1 2 2; 1 2 3");
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    copy_rows(cw, 1, CARDS, "7|1|2", NULL, MR_STEP_INSERT);
    copy_rows(cw, 2, MEMBERS, NULL, "3|019", MR_STEP_DELETE);
    world_source(&cw->w, MEMBERS, "1|abc");
    world_target(&cw->w, MEMBERS, "1|ABC");
    world_source(&cw->w, VISITS, "2|NULL");
    world_target(&cw->w, VISITS, "2|NULL");
    world_target(&cw->w, CARDS, "8|3|NULL");
    world_target(&cw->w, NOTES, "3|x");
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents),       cmocka_unit_test(test_newest),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_wholes),
        cmocka_unit_test(test_wholes),        cmocka_unit_test(test_filled),
        cmocka_unit_test(test_who_links),     cmocka_unit_test(test_pages),
        cmocka_unit_test(test_children),      cmocka_unit_test(test_unplanned_parents),
        cmocka_unit_test(test_changed_value), cmocka_unit_test(test_equal_children),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
