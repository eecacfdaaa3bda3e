/* test_plan_witness.c: tables of which a plan says that the logs do not tell all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "repair/planning/plan_witness.h"

#define TABLES 8

struct said {
    struct mr_strbuf text; /* a line a sentence */
    size_t left;           /* so many are taken */
};

static enum mr_code take(void *ctx, const char *table, const char *text, struct mr_err *err)
{
    struct said *said = ctx;
    if (said->left-- == 0)
        return mr_err_nomem(err, "planning");
    mr_strbuf_add_fmt(&said->text, "%s: %s\n", table != NULL ? table : "-", text);
    return MR_OK;
}

struct world {
    struct mr_plan_table of[TABLES];
    struct mr_planned_table tables[TABLES];
    struct mr_planned_evidence evidence[2];
    char names[TABLES][8];
    struct mr_plan_tables plan;
    struct mr_planned planned;
};

/* Tables that all have the evidence of both sides, and one row to be decided. */
static void begin(struct world *w, size_t ntables, size_t nevidence, bool is_used, bool is_good)
{
    for (size_t i = 0; i < ntables; i++) {
        (void)snprintf(w->names[i], sizeof w->names[i], "d.t%zu", i);
        w->of[i].witness =
            (struct mr_plan_witness){.is_asked = true, .is_used = is_used, .is_good = is_good};
        w->tables[i].table = w->names[i];
        w->tables[i].decisions[MR_DECIDE_INSERT] = 1;
        w->tables[i].evidence = w->evidence;
        w->tables[i].nevidence = nevidence;
    }
    w->plan = (struct mr_plan_tables){.tables = w->of, .ntables = ntables};
    w->planned = (struct mr_planned){.tables = w->tables, .ntables = ntables};
}

static void say(const struct world *w, const char *wanted)
{
    struct said said = {.text = MR_STRBUF_INIT, .left = SIZE_MAX};
    assert_int_equal(mr_plan_witness(&w->plan, &w->planned, take, &said, NULL), MR_OK);
    assert_string_equal(said.text.len > 0 ? said.text.ptr : "", wanted);
    mr_strbuf_release(&said.text);
}

static void test_sentences(void **state)
{
    static const struct {
        struct mr_planned_evidence evidence[2];
        size_t count;
        bool is_used, is_good;
        const char *said;
    } cases[] = {
        {.count = 0, .is_used = true, .said = ""},
        {{{"target", "blind", "TRUNCATE TABLE t"}},
         1,
         true,
         false,
         "d.t0: the target's binary logs do not tell all of it (blind: TRUNCATE TABLE t): its rows "
         "are decided by those of the other side\n"},
        {{{"source", "none", "SOURCE has gone on"}, {"target", "incomplete", NULL}},
         2,
         false,
         false,
         "d.t0: the source's binary logs do not tell all of it (SOURCE has gone on), nor do the "
         "target's (incomplete): its rows are decided as without logs\n"},
        {{{"target", "incomplete", "a log is missing\nand another"}},
         1,
         true,
         false,
         "d.t0: the target's binary logs do not tell all of it (incomplete: a log is missing; and "
         "more): its rows are decided by those of the other side\n"},
        {{{"source", "none", "SOURCE has gone on"}, {"target", "none", "TARGET has gone on"}},
         2,
         false,
         true,
         "d.t0: the source's binary logs do not tell all of it (SOURCE has gone on), nor do the "
         "target's (TARGET has gone on): what stood at the split is not taken from them\n"},
        {{{"source", "none", NULL}, {"target", "none", NULL}},
         2,
         false,
         false,
         "d.t0: the source's binary logs do not tell all of it (not collected for it), nor do the "
         "target's (not collected for it): its rows are decided as without logs\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = {0};
        memcpy(w.evidence, cases[i].evidence, sizeof w.evidence);
        begin(&w, 1, cases[i].count, cases[i].is_used, cases[i].is_good);
        say(&w, cases[i].said);
    }
}

static void test_which(void **state)
{
    static const char said[] = "d.t1: the target's binary logs do not tell all of it (blind): its "
                               "rows are decided by those of the other side\n";
    struct world w = {.evidence = {{"target", "blind", NULL}}};
    (void)state;
    begin(&w, 2, 1, true, false);
    w.tables[0].decisions[MR_DECIDE_INSERT] = 0; /* nothing of it is decided */
    say(&w, said);
    w.tables[1].decisions[MR_DECIDE_INSERT] = 0;
    w.tables[1].nkinds = 1; /* but asked about */
    say(&w, said);
}

static void test_many(void **state)
{
    struct world w = {.evidence = {{"target", "blind", NULL}}};
    struct said said = {.text = MR_STRBUF_INIT, .left = SIZE_MAX};
    (void)state;
    begin(&w, TABLES, 1, false, false);
    assert_int_equal(mr_plan_witness(&w.plan, &w.planned, take, &said, NULL), MR_OK);
    assert_non_null(strstr(said.text.ptr, "d.t4: "));
    assert_null(strstr(said.text.ptr, "d.t5: "));
    assert_non_null(strstr(said.text.ptr, "\n-: binary logs do not tell all of 3 more tables"));
    mr_strbuf_release(&said.text);
    for (size_t left = 0; left <= MR_PLAN_WITNESS_NAMED; left++) {
        said = (struct said){.text = MR_STRBUF_INIT, .left = left};
        assert_int_equal(mr_plan_witness(&w.plan, &w.planned, take, &said, NULL), MR_E_NOMEM);
        mr_strbuf_release(&said.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_which),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
