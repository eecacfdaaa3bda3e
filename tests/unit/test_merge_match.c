/* test_merge_match.c: which row of TARGET a row of SOURCE is, by key and by identity, and which
 * key it gets.  Identities of ambiguous rows: test_merge_identity.c. */
#include "merge_world.h"

#include "repair/merge/merge_map.h"
#include "repair/merge/merge_match.h"

enum { MEMBERS, ORDERS, TAGS };
enum { BUYER, TAGGED };

/* members (known by mobile) ← orders (events of their own) ← tags (a key of a reference and a
 * word); L of both counters is 10. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! name:text?");
    world_table(w, "orders", "id:int# member:int? note:text?");
    world_table(w, "tags", "orders:int* word:text* n:int?");
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_reference(w, TAGS, "orders", ORDERS, "id");
    w->merged[MEMBERS].bound.base = w->merged[ORDERS].bound.base = 10;
    w->merged[MEMBERS].bound.base_origin = w->merged[ORDERS].bound.base_origin = "split-key";
    w->tables[MEMBERS].pair.find.subject = MR_SUBJECT_CONFIGURED;
    world_open(w);
}

/* A row of SOURCE, and of w; TARGET's are there already. */
static void look(struct world *w, int64_t id, size_t table, const char *row, const char *live)
{
    world_source(w, table, row);
    world_look(w, id, table, row, live);
}

#define MATCHED "SELECT m.there, newid, same, collides, after FROM m JOIN img USING (id) WHERE id=1"

/* One member. */
static void test_member(void **state)
{
    const struct {
        const char *what, *row, *live; /* live: TARGET's row under its key */
        const char *other;             /* another row of TARGET */
        const char *expected;
    } cases[] = {
        {"of the past it is TARGET's row by its key, whoever that is", "10|017|a", "10|018|b", NULL,
         "10 0 0 0 10,017,a"},
        {"of the past, and TARGET has it no more", "10|017|a", NULL, NULL, "- 0 0 0 10,017,a"},
        {"not by its mobile, either", "10|017|a", NULL, "12|017|a", "- 0 0 0 10,017,a"},
        {"above it, equal to the byte", "11|017|a", "11|017|a", NULL, "11 0 1 0 11,017,a"},
        {"above it, by its mobile", "11|017|a", NULL, "12|017|b", "12 0 0 0 11,017,a"},
        {"as the collation has it", "11|Ab|a", NULL, "12|aB |b", "12 0 0 0 11,Ab,a"},
        {"its key is somebody else's: he is there all the same", "11|017|a", "11|018|b", "12|017|b",
         "12 0 0 1 11,017,a"},
        {"its key is somebody else's, and he is not there", "11|017|a", "11|018|b", NULL,
         "- 1 0 1 new1,017,a"},
        {"its key is free", "11|017|a", NULL, NULL, "- 0 0 0 11,017,a"},
        {"the same mobile under its key", "11|017|a", "11|017|b", NULL, "11 0 0 0 11,017,a"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        if (cases[i].live != NULL)
            world_target(w, MEMBERS, cases[i].live);
        if (cases[i].other != NULL)
            world_target(w, MEMBERS, cases[i].other);
        look(w, 1, MEMBERS, cases[i].row, cases[i].live);
        world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
        const char *got = world_ask(w, MATCHED);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* Rows of TARGET refer to a key that no row holds there: it was somebody's. */
static void test_traced(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_target(w, ORDERS, "5|11|x");
    look(w, 1, MEMBERS, "11|017|a", NULL);
    look(w, 2, MEMBERS, "12|018|a", NULL);
    world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT id, traced, newid, after FROM m JOIN img USING (id) ORDER BY id",
                 "1 1 1 new1,017,a; 2 0 0 12,018,a");
    world_free(w);
}

/* Parents first: what refers to them gets their places, and a key that is made of one, too. */
static void test_children(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_target(w, MEMBERS, "11|018|b");
    world_target(w, MEMBERS, "12|017|a");
    world_target(w, ORDERS, "11|11|x");
    world_target(w, TAGS, "11|w|1");
    look(w, 1, MEMBERS, "11|017|a", "11|018|b"); /* is 12 there */
    look(w, 2, MEMBERS, "13|019|a", NULL);       /* keeps its id */
    look(w, 3, ORDERS, "11|11|y", "11|11|x");    /* somebody else's order has its key */
    look(w, 4, ORDERS, "12|13|z", NULL);
    look(w, 5, TAGS, "11|w|2", "11|w|1"); /* of the order that gets a new id */
    look(w, 6, TAGS, "12|w|NULL", NULL);
    world_run(w, mr_merge_link(&w->m, &w->err));
    for (size_t i = MEMBERS; i <= TAGS; i++)
        world_run(w, mr_merge_match(&w->m, i, 1, &w->err));
    world_expect(w, "SELECT id, m.there, newid, after FROM m JOIN img USING (id) ORDER BY id",
                 "1 12 0 11,017,a; 2 - 0 13,019,a; 3 - 1 new3,12,y; 4 - 0 12,13,z;"
                 " 5 - 0 new3,w,2; 6 - 0 12,w,NULL");
    world_free(w);
}

/* Keys that only SOURCE tells apart: TARGET's row is whose spelling it has, and nobody where it
 * has none's, unless a person says whose it is. */
static void test_namesakes(void **state)
{
    const struct {
        const char *what, *first, *second, *live, *into, *expected;
    } cases[] = {
        {"the second is spelled so", "1|g|3", "1|G|2", "1|G|2", NULL, "1 1 -; 2 0 1,G"},
        {"the first is", "1|G|3", "1|g|2", "1|G|2", NULL, "1 0 1,G; 2 1 -"},
        {"none is", "1|G|3", "1|g|2", "1|G |2", NULL, "1 1 -; 2 1 -"},
        {"a person chose", "1|g|3", "1|G|2", "1|G|2", "1|G|2", "1 0 1,G; 2 0 1,G"},
        {"they are two", "1|g|3", "1|h|2", "1|G|2", NULL, "1 0 1,G; 2 0 -"},
        {"TARGET has none", "1|g|3", "1|G|2", NULL, NULL, "1 0 -; 2 0 -"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        if (cases[i].live != NULL)
            world_target(w, TAGS, cases[i].live);
        look(w, 1, TAGS, cases[i].first, cases[i].live);
        look(w, 2, TAGS, cases[i].second,
             strchr(cases[i].second, 'h') != NULL ? NULL : cases[i].live);
        if (cases[i].into != NULL)
            world_require(MR_CASE_ONCE(w->m.cf, "INSERT INTO mark (id, into_key) VALUES (1, :key)",
                                       NULL,
                                       MR_ARG_BYTES("key", world_key(w, TAGS, cases[i].into))));
        world_run(w, mr_merge_match(&w->m, TAGS, 1, &w->err));
        const char *got = world_ask(w, "SELECT id, namesake, m.there FROM m ORDER BY id");
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* Two equal rows whose references mean different people are two facts. */
static void test_unsame(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_target(w, MEMBERS, "11|018|b");
    world_target(w, MEMBERS, "12|017|a");
    world_target(w, ORDERS, "11|11|x");
    world_target(w, ORDERS, "12|5|x");
    world_both(w, MEMBERS, "5|005|c");
    look(w, 1, MEMBERS, "11|017|a", "11|018|b");
    look(w, 2, ORDERS, "11|11|x", "11|11|x");
    look(w, 3, ORDERS, "12|5|x", "12|5|x"); /* of a person who is the same on both sides */
    world_run(w, mr_merge_link(&w->m, &w->err));
    world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
    world_run(w, mr_merge_match(&w->m, ORDERS, 1, &w->err));
    world_expect(w,
                 "SELECT id, m.there, same, newid, after FROM m JOIN img USING (id) WHERE tbl=1"
                 " ORDER BY id",
                 "2 - 0 1 new2,12,x; 3 12 1 0 12,5,x");
    world_free(w);
}

/* An equal row that points at nobody here, and at somebody there. */
static void test_unsame_nobody(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_target(w, MEMBERS, "44|017|a");
    world_target(w, ORDERS, "11|44|x");
    look(w, 1, ORDERS, "11|44|x", "11|44|x");
    world_run(w, mr_merge_link(&w->m, &w->err));
    world_run(w, mr_merge_match(&w->m, ORDERS, 1, &w->err));
    world_expect(w, "SELECT same, newid, there FROM m", "0 1 -");
    world_free(w);
}

/* Whom a person chose, and what he wants there instead. */
static void test_marks(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_strbuf edits = MR_STRBUF_INIT;
    const struct mr_value b = {.cls = MR_CLASS_TEXT, .ptr = "o`dd", .len = 4};
    (void)state;
    build(w);
    world_target(w, MEMBERS, "77|018|b");
    look(w, 1, MEMBERS, "11|017|a", NULL);
    look(w, 2, MEMBERS, "12|019|a", NULL);
    const struct mr_key into = world_key(w, MEMBERS, "77|018|b");
    mr_plan_fit_add(&edits, 2, world_encode(w, &b, NULL, 1));
    world_require(MR_CASE_ONCE(w->m.cf,
                               "INSERT INTO mark (id, into_key, edits) VALUES (1, :into, NULL),"
                               " (2, NULL, :edits)",
                               NULL, MR_ARG_BYTES("into", into),
                               MR_ARG_BLOB("edits", edits.ptr, edits.len)));
    world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
    world_expect(w,
                 "SELECT m.there, newid, img.there, after FROM m JOIN img USING (id) ORDER BY id",
                 "77 0 77,018,b 11,017,a; - 0 - 12,019,o`dd");
    mr_strbuf_release(&edits);
    world_free(w);
}

/* A component is matched anew: nothing of the last time stays. */
static void test_again(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    look(w, 1, MEMBERS, "11|017|a", NULL);
    for (int i = 0; i < 2; i++) {
        world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
        world_sql(w, "UPDATE m SET own='duplicate', waits=1; UPDATE img SET there=x'4e';"
                     "INSERT INTO holder (id, key, image) VALUES (1, x'00', x'00')");
    }
    world_run(w, mr_merge_match(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT own, waits, img.there FROM m JOIN img USING (id)", "- 0 -");
    world_expect(w, "SELECT count(*) FROM holder", "0"); /* whose value it has is asked again */
    world_free(w);
}

/* A table whose identity is of itself goes row by row: a parent is placed before who is known
 * by him, whichever way they are numbered; a circle is one last wave. */
static void test_waves(void **state)
{
    struct world *w = world_new();
    (void)state;
    const size_t t = world_table(w, "dirs", "id:int# parent:int!? name:text!");
    world_reference(w, t, "parent", t, "id");
    w->planned[t].self_hard = true;
    w->merged[t].bound = (struct mr_merge_bound){.base = 10, .base_origin = "split-key"};
    world_open(w);
    world_target(w, t, "11|1|x"); /* somebody else's: another parent */
    world_target(w, t, "12|13|usr");
    world_target(w, t, "13|13|self");
    world_target(w, t, "16|12|etc");
    look(w, 1, t, "11|12|etc", "11|1|x");
    look(w, 2, t, "12|13|usr", "12|13|usr");
    look(w, 3, t, "13|13|self", "13|13|self");
    look(w, 4, t, "14|11|deep", NULL);
    look(w, 5, t, "20|21|a", NULL);
    look(w, 6, t, "21|20|b", NULL);
    world_run(w, mr_merge_link(&w->m, &w->err));
    world_run(w, mr_merge_match(&w->m, t, 1, &w->err));
    world_expect(w,
                 "SELECT w.id, wave, m.there, after FROM w JOIN m USING (id) JOIN img USING (id)"
                 " ORDER BY w.id",
                 "1 2 16 11,12,etc; 2 1 12 12,13,usr; 3 0 13 13,13,self; 4 3 - 14,16,deep;"
                 " 5 4 - 20,21,a; 6 4 - 21,20,b");
    world_free(w);
}

/* Columns of several references that would have to hold several values. */
static void test_disagrees(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_reference(w, ORDERS, "member", MEMBERS, "id");
    world_row(w, 1, MEMBERS, "11|017|a", "12|017|a", NULL);
    world_row(w, 2, MEMBERS, "13|017|a", "14|017|a", NULL);
    look(w, 3, ORDERS, "11|11|y", NULL);
    world_link(w, 3, BUYER, 1);
    world_link(w, 3, 2, 2);
    world_run(w, mr_merge_match(&w->m, ORDERS, 1, &w->err));
    world_expect(w, "SELECT disagrees FROM m WHERE tbl=1", "1");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    w->merged[MEMBERS].bound.base_origin = "equal rows";
    world_target(w, MEMBERS, "11|018|b");
    world_target(w, MEMBERS, "12|017|a");
    world_target(w, ORDERS, "11|11|x");
    world_target(w, ORDERS, "5|13|x");
    look(w, 1, MEMBERS, "11|017|a", "11|018|b");
    look(w, 2, MEMBERS, "13|019|a", NULL);
    look(w, 3, ORDERS, "11|11|x", "11|11|x");
    look(w, 4, TAGS, "11|w|2", NULL);
    world_require(mr_merge_link(&w->m, NULL));
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    for (size_t i = MEMBERS; i <= TAGS; i++)
        MR_TRY(mr_merge_match(&w->m, i, 1, err));
    return MR_OK;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_member),   cmocka_unit_test(test_namesakes),
        cmocka_unit_test(test_traced),   cmocka_unit_test(test_children),
        cmocka_unit_test(test_unsame),   cmocka_unit_test(test_unsame_nobody),
        cmocka_unit_test(test_marks),    cmocka_unit_test(test_again),
        cmocka_unit_test(test_waves),    cmocka_unit_test(test_disagrees),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
