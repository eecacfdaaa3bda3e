/* test_merge_named.c: by which columns plans of the case knew rows. */
#include "merge_world.h"

#include "repair/merge/merge_named.h"

/* Two identities are one text only if they are one, however columns are called. */
static void test_text(void **state)
{
    const struct {
        const char *columns;
        enum mr_plan_identity identity;
        const char *text;
    } cases[] = {
        {"id:int# mobile:text!", MR_PLAN_BY_COLUMNS, "columns 6:mobile"},
        {"id:int# a:text! b:text!", MR_PLAN_BY_COLUMNS, "columns 1:a 1:b"},
        {"id:int#", MR_PLAN_BY_NONE, "none"},
        {"id:int# a:text", MR_PLAN_BY_ROW, "row"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = world_new();
        struct mr_strbuf text = MR_STRBUF_INIT;
        world_table(w, "t", cases[i].columns);
        world_open(w);
        w->planned[0].identity = cases[i].identity;
        mr_strbuf_add_str(&text, "what was there");
        world_run(w, mr_merge_named_text(&w->planned[0], &text, &w->err));
        assert_string_equal(text.ptr, cases[i].text);
        w->tables[0].find[0].name = "a 1:b"; /* a name that looks like two */
        if (i == 1) {
            w->planned[0].named_by = (struct mr_plan_columns){w->tables[0].key, 1};
            world_run(w, mr_merge_named_text(&w->planned[0], &text, &w->err));
            assert_string_equal(text.ptr, "columns 5:a 1:b");
        }
        mr_strbuf_release(&text);
        world_free(w);
    }
}

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "t", "id:int# mobile:text! mail:text?");
    world_open(w);
    world_sql(w, "CREATE TABLE plan_map (tbl TEXT, source_key INT, target_key INT, state TEXT,"
                 " is_new INT, plan INT);"
                 "CREATE TABLE plan_named (plan INT NOT NULL, tbl TEXT NOT NULL,"
                 " names TEXT NOT NULL, PRIMARY KEY (tbl, plan)) STRICT, WITHOUT ROWID;"
                 "INSERT INTO plan_named VALUES (7, 'd.t', 'columns 4:mail'),"
                 " (8, 'd.t', 'columns 6:mobile'), (1, 'd.t', 'columns 4:mail'),"
                 " (7, 'd.u', 'columns 4:mail');"
                 "INSERT INTO plan_map VALUES ('d.t', 1, 1, 'matched', 0, 7),"
                 " ('d.t', 2, 2, 'matched', 1, 7), ('d.t', 3, 3, 'applied', 0, 7),"
                 " ('d.t', 4, 4, 'matched', 0, 8), ('d.t', 5, 5, 'matched', 0, 6),"
                 " ('d.u', 6, 6, 'matched', 0, 7), ('d.t', 7, 7, 'matched', 0, 1)");
}

/* Forgotten is whom a plan found by other columns: not who was merged or restored, nor what is
 * older than such notes, of another table, or this plan's own. */
static void test_sift(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_run(w, mr_merge_named_sift(&w->m, &w->err));
    world_expect(w, "SELECT source_key FROM plan_map ORDER BY 1", "2; 3; 4; 5; 6; 7");
    world_free(w);
}

static void test_keep(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_run(w, mr_merge_named_keep(&w->m, &w->err));
    world_run(w, mr_merge_named_keep(&w->m, &w->err)); /* planned again */
    world_expect(w, "SELECT names FROM plan_named WHERE tbl='d.t' AND plan=1", "columns 6:mobile");
    world_expect(w, "SELECT count(*) FROM plan_named", "4");
    world_free(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    MR_TRY(mr_merge_named_sift(&w->m, err));
    return mr_merge_named_keep(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_sift),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
