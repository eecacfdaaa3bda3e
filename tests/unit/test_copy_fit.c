/* test_copy_fit.c: rows with values that TARGET's columns cannot hold, and whose word about them
 * counts: slots and choices in, conflicts and edited rows out. */
#include "copy_world.h"

#include "repair/plan/plan_fit.h"

/* TARGET's columns are narrower than SOURCE's. */
static struct copy_world *build(void)
{
    struct copy_world *cw = copy_new();
    const size_t t = world_table(&cw->w, "t", "id:uint# name:text? n:int note:text");
    cw->w.tables[t].columns[MR_TARGET][1].type = "varchar(3)";
    cw->w.tables[t].columns[MR_TARGET][2].type = "tinyint(4)";
    cw->w.tables[t].columns[MR_TARGET][2].data_type = "tinyint";
    cw->w.tables[t].columns[MR_SOURCE][3].nullable = true;
    copy_open(cw);
    return cw;
}

#define SLOT "SELECT kind, why, choices, choice, source, orig FROM c WHERE id=1"
#define LONG "name: 4 characters, varchar(3) holds 3"

static void test_rows(void **state)
{
    const struct {
        const char *what, *source, *target;
        int op;
        const char *choice, *expected; /* the option's; kind, why, choices, choice, rows */
    } cases[] = {
        {"all fits", "1|abc|127|", NULL, 1, NULL, "- - - - 1,abc,127, -"},
        {"characters, not bytes", "1|\xc3\xa4\xc3\xa4\xc3\xa4|-128|", NULL, 1, NULL,
         "- - - - 1,\xc3\xa4\xc3\xa4\xc3\xa4,-128, -"},
        {"too long", "1|abcd|1|", NULL, 1, NULL,
         "does-not-fit " LONG " skip;without-value;name=VALUE - 1,abcd,1, -"},
        {"out of range", "1|NULL|128|", NULL, 1, NULL,
         "does-not-fit n: 128 is out of range of tinyint(4) skip;n=VALUE - 1,NULL,128, -"},
        {"NULL where there is none", "1|x|1|NULL", NULL, 1, NULL,
         "does-not-fit note: NULL, the column is NOT NULL skip;note=VALUE - 1,x,1,NULL -"},
        {"an update", "1|abcd|1|", "1|abc|1|", 2, NULL,
         "does-not-fit " LONG " skip;without-value;name=VALUE - 1,abcd,1, -"},
        {"a row that goes has nothing that must fit", NULL, "1|abc|1|", 3, NULL, "- - - - - -"},
        {"2^64-1", "18446744073709551615|x|1|", NULL, 1, NULL,
         "- - - - 18446744073709551615,x,1, -"},
        {"nothing to do", "1|abcd|1|", NULL, 0, NULL, "- - - - 1,abcd,1, -"},

        /* what was chosen */
        {"left out", "1|abcd|1|", NULL, 1, "skip",
         "does-not-fit " LONG " skip;without-value;name=VALUE skip 1,abcd,1, -"},
        {"without the value", "1|abcd|1|", NULL, 1, "without-value",
         "- " LONG " - without-value 1,NULL,1, 1,abcd,1,"},
        {"another value", "1|abcd|1|", NULL, 1, "name=o`d",
         "- " LONG " - name=o`d 1,o`d,1, 1,abcd,1,"},
        {"an empty one", "1|abcd|1|", NULL, 1, "name=", "- " LONG " - name= 1,,1, 1,abcd,1,"},
        {"another value that TARGET has already", "1|abcd|1|", "1|abc|1|", 2, "name=abc",
         "does-not-fit " LONG " - name=abc 1,abc,1, 1,abcd,1,"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build();
        const struct mr_conflict_rule rule = {.kind = MR_FIT_KIND, .choice = cases[i].choice};
        cw->task.on_conflict = &rule;
        cw->task.non_conflict = cases[i].choice != NULL ? 1 : 0;
        copy_slot(cw, 1, 0, cases[i].source, cases[i].target, cases[i].op);
        copy_run(cw, mr_copy_fit(&cw->c, &cw->w.err));
        const char *got = world_ask(&cw->w, SLOT);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        copy_free(cw);
    }
}

/* What cannot be carried out leaves the conflict open: nothing is made up. */
static void test_impossible(void **state)
{
    static const char *const choices[] = {"name=abcde", "id=1", "gone=1", "without-value"};
    (void)state;
    for (size_t i = 0; i < LEN(choices); i++) {
        struct copy_world *cw = build();
        const struct mr_conflict_rule rule = {.kind = MR_FIT_KIND, .choice = choices[i]};
        cw->task.on_conflict = &rule;
        cw->task.non_conflict = 1;
        copy_slot(cw, 1, 0, "1|abcd|128|", NULL, 1); /* n must have a value */
        copy_run(cw, mr_copy_fit(&cw->c, &cw->w.err));
        copy_expect(cw, "SELECT kind, choice, source, orig FROM c", "does-not-fit - 1,abcd,128, -");
        copy_free(cw);
    }
}

/* A person's word about the row goes before options, and these before the configuration. */
struct person {
    struct copy_world *cw;
    const char *word;
};

static enum mr_code say(void *ctx, const struct mr_decision_ask *ask, const char **choice,
                        struct mr_err *err)
{
    const struct person *p = ctx;
    assert_string_equal(ask->table, "d.t");
    assert_string_equal(ask->kind, MR_FIT_KIND);
    const struct mr_key key = world_key(&p->cw->w, 0, "1|||");
    assert_int_equal(mr_key_compare(ask->source_key, key), 0);
    *choice = p->word;
    return *choice != NULL && strcmp(*choice, "fail") == 0
               ? mr_err_set(err, MR_E_IO, "the decisions cannot be read")
               : MR_OK;
}

static void test_whose_word(void **state)
{
    const struct {
        const char *person, *option, *config, *expected;
    } words[] = {
        {NULL, NULL, NULL, "-"},
        {NULL, NULL, "skip", "skip"},
        {NULL, "name=o", "skip", "name=o"},
        {"name=p", "name=o", "skip", "name=p"},
        {"skip", NULL, "name=c", "skip"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(words); i++) {
        struct copy_world *cw = build();
        struct mr_conflict_rule option = {.kind = MR_FIT_KIND, .choice = words[i].option};
        struct mr_conflict_rule config = {.kind = MR_FIT_KIND, .choice = words[i].config};
        cw->task.decision = say;
        cw->task.decision_ctx = &(struct person){cw, words[i].person};
        cw->task.on_conflict = &option;
        cw->task.non_conflict = words[i].option != NULL;
        cw->w.tables[0].config.on_conflict = &config;
        cw->w.tables[0].config.non_conflict = words[i].config != NULL;
        copy_slot(cw, 1, 0, "1|abcd|1|", NULL, 1);
        copy_run(cw, mr_copy_fit(&cw->c, &cw->w.err));
        copy_expect(cw, "SELECT choice FROM c", words[i].expected);
        copy_free(cw);
    }
}

/* Who chose to stop wants no plan; whose word cannot be read is not passed over. */
static void test_refused(void **state)
{
    struct copy_world *cw = build();
    const struct mr_conflict_rule rule = {.kind = MR_FIT_KIND, .choice = "stop"};
    (void)state;
    cw->task.on_conflict = &rule;
    cw->task.non_conflict = 1;
    copy_slot(cw, 1, 0, "1|abcd|1|", NULL, 1);
    copy_refuse(cw, mr_copy_fit(&cw->c, &cw->w.err), MR_E_REFUSED,
                "a row of table \"d.t\" is in conflict: does-not-fit (" LONG
                "); the choice for it is to stop");
    cw->task.decision = say;
    cw->task.decision_ctx = &(struct person){cw, "fail"};
    copy_refuse(cw, mr_copy_fit(&cw->c, &cw->w.err), MR_E_IO, "cannot be read");
    copy_expect(cw, "SELECT kind FROM c", "-");
    copy_free(cw);
}

/* Tables that are not written, and rows that are conflicts already, are not judged. */
static void test_not_judged(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_slot(cw, 1, 0, "1|abcd|1|", NULL, 1);
    copy_sql(cw, "UPDATE c SET kind='duplicate'");
    copy_run(cw, mr_copy_fit(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT kind, why FROM c", "duplicate -");
    copy_sql(cw, "UPDATE c SET kind=NULL");
    cw->planned[0] = false;
    copy_run(cw, mr_copy_fit(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT kind, why FROM c", "- -");
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    static const struct mr_conflict_rule rule = {.kind = MR_FIT_KIND, .choice = "name=abc"};
    struct copy_world *cw = build();
    copy_slot(cw, 1, 0, "1|abcd|1|", "1|abc|1|", 2);
    copy_slot(cw, 2, 0, "2|abc|128|", NULL, 1);
    cw->task.on_conflict = &rule;
    cw->task.non_conflict = 1;
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_whose_word), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_judged), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
