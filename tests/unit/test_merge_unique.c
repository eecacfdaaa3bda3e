/* test_merge_unique.c: who holds the unique values of rows that are to be inserted. */
#include "merge_world.h"

#include "repair/merge/merge_unique.h"

static void build(struct world *w)
{
    world_begin(w);
    const size_t t = world_table(w, "t", "id:int# mail:text? a:int? b:text? code:exact?");
    world_unique(w, t, "PRIMARY", "id")->is_key = true;
    world_unique(w, t, "mail", "mail");
    world_unique(w, t, "ab", "a+b");
    world_unique(w, t, "code", "code");
    world_open(w);
    world_target(w, t, "3|X@x|1|k|c");
    world_target(w, t, "4|NULL|1|NULL|NULL");
    world_target(w, t, "5||-1|l|d");
}

/* A row → whom it meets, by which index, what may be chosen, and the holder's row. */
static void test_meets(void **state)
{
    const struct {
        const char *row, *expected;
    } cases[] = {
        {"9|x@X |7|k|e", "1 3 mail merge-into;without-value;skip 3,X@x,1,k,c"},
        {"9|NULL|7|k|e", "0 - - - -"},
        {"9||7|k|e", "1 5 mail merge-into;without-value;skip 5,,-1,l,d"}, /* '' is a value */
        {"9|y|1|K|e", "1 3 ab merge-into;without-value;skip 3,X@x,1,k,c"},
        {"9|y|1|NULL|e", "0 - - - -"}, /* NULL meets nobody, as a part */
        {"9|y|-1|l|e", "1 5 ab merge-into;without-value;skip 5,,-1,l,d"},
        {"9|y|2|k|C", "0 - - - -"},  /* of a _bin collation bytes count */
        {"9|y|2|k|c ", "0 - - - -"}, /* which pads nothing */
        {"9|y|2|k|c", "1 3 code merge-into;without-value;skip 3,X@x,1,k,c"},
        {"9|x@x|-1|l|c", "1 3 mail merge-into;without-value;skip 3,X@x,1,k,c"}, /* the first */
        {"3|z|2|z|z", "0 - - - -"}, /* the key is the matcher's */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, 0, cases[i].row, NULL, "grp='lost'");
        world_run(w, mr_merge_unique(&w->m, &w->planned[0], &w->err));
        const char *got = world_ask(w, "SELECT rival, other, detail, choices, image FROM m"
                                       " LEFT JOIN holder h ON h.id=m.id");
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* Rows that wait, do not fit, are left out or are there meet nobody. */
static void test_not_asked(void **state)
{
    static const char *const sets[] = {"own='duplicate'", "misfit=1", "there=x'4e'", "waits=0"};
    (void)state;
    for (size_t i = 0; i < LEN(sets); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, 0, "9|x@x|1|k|c", NULL, sets[i]);
        if (i == 3)
            world_sql(w, "INSERT INTO mark (id, skip) VALUES (1, 1)");
        world_run(w, mr_merge_unique(&w->m, &w->planned[0], &w->err));
        world_expect(w, "SELECT rival FROM m", "0");
        world_free(w);
    }
}

/* What only a server can compute is asked when rows are written; without a value that may be
 * left out, nobody is offered to do so. */
static void test_computed(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->tables[0].uniques[1].is_computed = true;
    w->tables[0].nullable[4] = false;
    world_row(w, 1, 0, "9|x@x|7|x|c", NULL, "grp='lost'");
    world_run(w, mr_merge_unique(&w->m, &w->planned[0], &w->err));
    world_expect(w, "SELECT detail, choices FROM m", "code merge-into;skip");
    world_free(w);
}

/* A table that no counter makes the key of, whose identity no index guards: it is asked here. */
static void test_named(void **state)
{
    (void)state;
    for (int guarded = 0; guarded < 2; guarded++) {
        struct world *w = world_new();
        const size_t t = world_table(w, "u", "code:exact* mobile:text!");
        world_open(w);
        if (guarded != 0)
            world_unique(w, t, "mobile", "mobile")->is_identity = true;
        world_target(w, t, "b|017");
        if (guarded == 0)
            world_target(w, t, "c|017"); /* the first of two is shown, and his row */
        world_row(w, 1, t, "a|017", NULL, "grp='lost'");
        world_run(w, mr_merge_unique(&w->m, &w->planned[t], &w->err));
        world_expect(w, "SELECT rival, other, detail, key FROM m JOIN holder USING (id)",
                     guarded != 0 ? "1 b mobile b" : "1 b identity b");
        world_free(w);
    }
}

/* Columns to be left empty: of every index that somebody else's value is in, and only those
 * that may be. */
static void test_empty(void **state)
{
    const struct {
        const char *row, *after;
    } cases[] = {
        {"9|x@x|1|k|c", "9,NULL,NULL,NULL,NULL"},
        {"9|x@x|2|k|NULL", "9,NULL,2,k,NULL"},
        {"9|y|1|k|e", "9,y,NULL,NULL,e"},
        {"9|y|2|k|e", "9,y,2,k,e"},
        {"9|NULL|NULL|k|NULL", "9,NULL,NULL,k,NULL"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_strbuf edits = MR_STRBUF_INIT, row = MR_STRBUF_INIT, shown = MR_STRBUF_INIT;
        struct mr_key values[5] = {{0}};
        build(w);
        world_row(w, 1, 0, cases[i].row, NULL, NULL);
        world_run(w, mr_merge_columns_to_empty(&w->m, &w->planned[0], 1, &edits, &w->err));
        mr_plan_fit_apply((struct mr_key){edits.ptr, edits.len}, values, 5);
        assert_int_equal(mr_merge_row_edit(world_image(w, 0, cases[i].row), values, 5, &row, NULL),
                         MR_OK);
        assert_true(world_show(&shown, row.ptr, row.len));
        assert_string_equal(shown.ptr, cases[i].after);
        mr_strbuf_release(&edits);
        mr_strbuf_release(&row);
        mr_strbuf_release(&shown);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, 0, "9|x@x|1|k|c", NULL, "grp='lost'");
    world_row(w, 2, 0, "8|y|1|k|c", NULL, "grp='lost'");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_strbuf edits = MR_STRBUF_INIT;
    enum mr_code code = mr_merge_unique(&w->m, &w->planned[0], err);
    if (code == MR_OK)
        code = mr_merge_columns_to_empty(&w->m, &w->planned[0], 1, &edits, err);
    mr_strbuf_release(&edits);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meets),    cmocka_unit_test(test_not_asked),
        cmocka_unit_test(test_computed), cmocka_unit_test(test_named),
        cmocka_unit_test(test_empty),    cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
