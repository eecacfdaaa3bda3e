/* test_copy_multiset.c: rows of a table without a key: what both sides have in, what comes and what
 * goes out, as the row and how many of it there are with it. */
#include "copy_world.h"

/* Rows of both sides, and the slots: what comes, what goes. */
struct bag {
    const char *what, *source[5], *target[5], *expected;
};

static void run_bags(const char *columns, const struct bag *bags, size_t n, bool is_json)
{
    for (size_t i = 0; i < n; i++) {
        struct copy_world *cw = copy_new();
        world_table(&cw->w, "log", columns);
        cw->w.tables[0].normalise[0] = is_json;
        for (size_t k = 0; k < 5 && bags[i].source[k] != NULL; k++)
            world_source(&cw->w, 0, bags[i].source[k]);
        for (size_t k = 0; k < 5 && bags[i].target[k] != NULL; k++)
            world_target(&cw->w, 0, bags[i].target[k]);
        copy_open(cw);
        copy_run(cw, mr_copy_multiset(&cw->c, &cw->w.planned[0], &cw->w.err));
        const char *got = copy_ask(cw, "SELECT skey, tkey FROM c ORDER BY id");
        if (strcmp(got, bags[i].expected) != 0)
            fail_msg("%s: %s", bags[i].what, got);
        copy_expect(cw,
                    "SELECT count(*) FROM c WHERE (skey IS NULL)<>(source IS NULL) OR"
                    " (tkey IS NULL)<>(target IS NULL)",
                    "0");
        copy_free(cw);
    }
}

static void test_counts(void **state)
{
    static const struct bag bags[] = {
        {"nothing", {NULL}, {NULL}, ""},
        {"as many", {"a|1", "b|1", "a|1"}, {"b|1", "a|1", "a|1"}, ""},
        {"one comes", {"a|1"}, {NULL}, "a,1,1 -"},
        {"one more comes", {"a|1", "a|1"}, {"a|1"}, "a,1,1 -"},
        {"three come", {"a|1", "a|1", "a|1"}, {NULL}, "a,1,3 -; a,1,2 -; a,1,1 -"},
        {"one goes, the last of two", {"a|1"}, {"a|1", "a|1"}, "- a,1,2"},
        {"all go, from the last", {NULL}, {"a|1", "a|1"}, "- a,1,2; - a,1,1"},
        {"some come, others go",
         {"a|1", "a|1"},
         {"b|2", "b|2"},
         "a,1,2 -; a,1,1 -; - b,2,2; - b,2,1"},
        {"NULL is no empty text", {"NULL|1"}, {"|1"}, "NULL,1,1 -; - ,1,1"},
        {"NULL is NULL", {"NULL|NULL"}, {"NULL|NULL"}, ""},
        {"a byte of zero counts", {"a|1"}, {"a\\0|1"}, "a,1,1 -; - a\\0,1,1"},
        {"no collation counts", {"a|1"}, {"A|1"}, "a,1,1 -; - A,1,1"},
        {"the least number",
         {"a|-2147483648"},
         {"a|2147483647"},
         "a,-2147483648,1 -; - a,2147483647,1"},
    };
    (void)state;
    run_bags("note:text? n:int?", bags, LEN(bags), false);
}

/* Two texts side by side are not what they would be glued together. */
static void test_glue(void **state)
{
    static const struct bag bags[] = {
        {"where one ends", {"ab|c"}, {"a|bc"}, "ab,c,1 -; - a,bc,1"},
        {"which of them is empty", {"a|"}, {"|a"}, "a,,1 -; - ,a,1"},
        {"which of them is NULL", {"a|NULL"}, {"NULL|a"}, "a,NULL,1 -; - NULL,a,1"},
    };
    (void)state;
    run_bags("note:text? more:text?", bags, LEN(bags), false);
}

/* What is not compared makes no row another, but says which of them comes, or goes. */
static void test_ignored(void **state)
{
    static const struct bag bags[] = {
        {"differ in nothing that counts", {"a|1"}, {"a|2"}, ""},
        {"who TARGET has not comes", {"a|1", "a|2"}, {"a|1"}, "a,2,1 -"},
        {"and no more than are missing", {"a|1", "a|1"}, {"a|2"}, "a,1,1 -"},
        {"who SOURCE has not goes", {"a|1"}, {"a|1", "a|2"}, "- a,2,1"},
        {"and no more than are too many", {"a|3"}, {"a|1", "a|2", "a|2"}, "- a,1,1; - a,2,2"},
        {"who is one too many of one kind", {"a|1", "b|1"}, {"a|2", "a|3", "b|9"}, "- a,2,1"},
    };
    (void)state;
    run_bags("note:text? seen:int~", bags, LEN(bags), false);
}

/* JSON is what it means, where the servers spell it differently, and what is none is its bytes. */
static void test_json(void **state)
{
    static const struct bag bags[] = {
        {"blanks", {"{\"a\": 1}"}, {"{\"a\":1}"}, ""},
        {"another value", {"{\"a\": 1}"}, {"{\"a\": 2}"}, "{\"a\": 1},1 -; - {\"a\": 2},1"},
        {"no JSON", {"{a"}, {"{ a"}, "{a,1 -; - { a,1"},
        {"NULL is not null", {"NULL"}, {"null"}, "NULL,1 -; - null,1"},
    };
    (void)state;
    run_bags("doc:text?", bags, LEN(bags), true);
}

/* A table that was counted before leaves nothing behind. */
static void test_twice(void **state)
{
    struct copy_world *cw = copy_new();
    (void)state;
    world_table(&cw->w, "log", "note:text?");
    world_table(&cw->w, "more", "note:text?");
    world_source(&cw->w, 0, "a");
    world_target(&cw->w, 1, "a");
    copy_open(cw);
    copy_run(cw, mr_copy_multiset(&cw->c, &cw->w.planned[0], &cw->w.err));
    copy_run(cw, mr_copy_multiset(&cw->c, &cw->w.planned[1], &cw->w.err));
    copy_expect(cw, "SELECT tbl, skey, tkey FROM c ORDER BY id", "0 a,1 -; 1 - a,1");
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = copy_new();
    world_table(&cw->w, "log", "note:text?");
    world_source(&cw->w, 0, "a");
    world_source(&cw->w, 0, "a");
    world_target(&cw->w, 0, "b");
    copy_open(cw);
    return cw;
}

static enum mr_code work(struct mr_copy *c, struct mr_err *err)
{
    return mr_copy_multiset(c, &c->m.plan->tables[0], err);
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),  cmocka_unit_test(test_glue),
        cmocka_unit_test(test_ignored), cmocka_unit_test(test_json),
        cmocka_unit_test(test_twice),   cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
