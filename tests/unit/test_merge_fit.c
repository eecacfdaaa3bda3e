/* test_merge_fit.c: which rows have values that TARGET's columns cannot hold. */
#include "merge_world.h"

#include "repair/merge/merge_fit.h"

/* TARGET's columns are narrower than SOURCE's. */
static void build(struct world *w)
{
    world_begin(w);
    const size_t t = world_table(w, "t", "id:uint# name:text? n:int note:text");
    w->tables[t].columns[MR_TARGET][1].type = "varchar(3)";
    w->tables[t].columns[MR_TARGET][2].type = "tinyint(4)";
    w->tables[t].columns[MR_TARGET][2].data_type = "tinyint";
    w->tables[t].columns[MR_SOURCE][3].nullable = true;
    world_open(w);
}

static void test_absent(void **state)
{
    const struct {
        const char *row, *set, *expected; /* misfit, detail, choices */
    } cases[] = {
        {"1|abc|127|", NULL, "0 - -"},
        {"1|\xc3\xa4\xc3\xa4\xc3\xa4|-128|", NULL, "0 - -"}, /* characters, not bytes */
        {"1|abcd|1|", NULL,
         "1 name: 4 characters, varchar(3) holds 3 skip;without-value;name=VALUE"},
        {"1|NULL|128|", NULL, "1 n: 128 is out of range of tinyint(4) skip;n=VALUE"},
        {"1|NULL|1|NULL", NULL, "1 note: NULL, the column is NOT NULL skip;note=VALUE"},
        {"18446744073709551615|x|1|", NULL, "0 - -"},
        {"1|abcd|1|", "own='duplicate'", "0 - -"}, /* it waits already */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, 0, cases[i].row, NULL, cases[i].set);
        world_run(w, mr_merge_fit_absent(&w->m, &w->planned[0], &w->err));
        const char *got = world_ask(w, "SELECT misfit, detail, choices FROM m");
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* An id that stands for a new one is no number yet; who is left out, or there, is not judged. */
static void test_not_judged(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char id[10];
    (void)state;
    build(w);
    world_row(w, 1, 0, "1|x|1|", NULL, NULL);
    world_row(w, 2, 0, "2|abcd|1|", NULL, NULL);
    world_row(w, 3, 0, "3|abcd|1|", "3|x|1|", NULL);
    world_sql(w, "INSERT INTO mark (id, skip) VALUES (2, 1)");
    mr_merge_provisional_encode(1, id);
    struct mr_key values[4] = {{0}};
    struct mr_strbuf after = MR_STRBUF_INIT;
    values[2] = (struct mr_key){id, sizeof id};
    assert_int_equal(mr_merge_row_edit(world_image(w, 0, "1|x|1|"), values, 4, &after, NULL),
                     MR_OK);
    world_require(MR_CASE_ONCE(w->m.cf, "UPDATE img SET after=:after WHERE id=1", NULL,
                               MR_ARG_BLOB("after", after.ptr, after.len)));
    mr_strbuf_release(&after);
    world_run(w, mr_merge_fit_absent(&w->m, &w->planned[0], &w->err));
    world_expect(w, "SELECT count(*) FROM m WHERE misfit", "0");
    world_free(w);
}

/* Of rows that stand there with other values, what TARGET has already is not judged. */
static void test_standing(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, 0, "1|abcd|1|", "1|x|1|", "kind='differs'");
    world_row(w, 2, 0, "2|abc|1|", "2|x|1|", "kind='differs'");
    world_row(w, 3, 0, "3|abcd|1|", "3|x|1|", NULL);
    world_row(w, 4, 0, "4|abcd|2|", "4|abcd|1|", "kind='changed'");
    world_run(w, mr_merge_fit_standing(&w->m, 0, 1, &w->err));
    world_expect(w, "SELECT id, unfit FROM m ORDER BY id", "1 1; 2 0; 3 0; 4 0");
    world_free(w);
}

/* What a person chooses → the row as it becomes; or why not. */
static void test_choose(void **state)
{
    const struct {
        const char *row, *choice, *after, *detail;
    } cases[] = {
        {"1|abcd|1|", "without-value", "1,NULL,1,", "-"},
        {"1|abcd|1|", "name=ab", "1,ab,1,", "-"},
        {"1|abcd|1|", "name=", "1,,1,", "-"},
        {"1|abcd|1|", "name=abcde", NULL, "name: 5 characters, varchar(3) holds 3"},
        {"1|NULL|128|", "n=7", "1,NULL,7,", "-"},
        {"1|NULL|128|", "without-value", NULL, NULL},
        {"1|NULL|128|", "n=129", NULL, "n: 129 is out of range of tinyint(4)"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_strbuf edits = MR_STRBUF_INIT, row = MR_STRBUF_INIT, shown = MR_STRBUF_INIT;
        struct mr_key values[4] = {{0}};
        bool possible = false;
        build(w);
        world_row(w, 1, 0, cases[i].row, NULL, NULL);
        world_run(w, mr_merge_fit_choose(&w->m, &w->planned[0], 1, cases[i].choice, &edits,
                                         &possible, &w->err));
        if (possible != (cases[i].after != NULL))
            fail_msg("case %zu: possible %d: %s", i, possible,
                     world_ask(w, "SELECT detail FROM m"));
        if (possible) {
            mr_plan_fit_apply((struct mr_key){edits.ptr, edits.len}, values, 4);
            assert_int_equal(
                mr_merge_row_edit(world_image(w, 0, cases[i].row), values, 4, &row, NULL), MR_OK);
            assert_true(world_show(&shown, row.ptr, row.len));
            assert_string_equal(shown.ptr, cases[i].after);
        } else if (cases[i].detail != NULL) {
            assert_string_equal(world_ask(w, "SELECT detail FROM m"), cases[i].detail);
        }
        mr_strbuf_release(&edits);
        mr_strbuf_release(&row);
        mr_strbuf_release(&shown);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, 0, "1|abcd|1|", NULL, NULL);
    world_row(w, 2, 0, "2|abcd|1|", "2|x|1|", "kind='differs'");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_strbuf edits = MR_STRBUF_INIT;
    bool possible = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_fit_absent(&w->m, &w->planned[0], err));
    MR_TRY_OUT(mr_merge_fit_standing(&w->m, 0, 1, err));
    MR_TRY_OUT(mr_merge_fit_choose(&w->m, &w->planned[0], 1, "name=abcde", &edits, &possible, err));
out:
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
        cmocka_unit_test(test_absent),   cmocka_unit_test(test_not_judged),
        cmocka_unit_test(test_standing), cmocka_unit_test(test_choose),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
