/* test_apply_report.c: what is said of a plan that is applied or undone, and the code of exit. */
#include "apply_world.h"

#include "repair/apply/apply_report.h"
#include "repair/apply/rehearse.h"

static struct mr_apply_report report;
static char *text;
static size_t size;

static void begin_report(bool json)
{
    begin(NULL, 0);
    text = NULL;
    p.m.policy = "merge";
    p.m.target = "mysql://dba@live";
    p.m.planned.units = 9;
    report = (struct mr_apply_report){
        .manifest = &p.m, .dir = "d.plan", .json = json, .out = open_memstream(&text, &size)};
}

static void end_report(void)
{
    mr_apply_report_release(&report);
    assert_int_equal(fclose(report.out), 0);
}

static void text_is(const char *wanted)
{
    if (strcmp(text, wanted) != 0)
        fail_msg("%s", text);
    free(text);
    end();
}

static void refuse(const char *table, const char *key, const char *reason, bool along)
{
    const struct mr_refusal r = {
        .unit = 7, .table = table, .key = key, .reason = reason, .along = along};
    assert_int_equal(mr_apply_report_refusal(&report, &r, &p.err), MR_OK);
}

/* ---- the code of exit ---- */

static void test_exit(void **state)
{
    static const struct {
        struct mr_apply_counts counts;
        uint64_t doubled, altered, open;
        bool unlooked, undo, begun;
        int code;
    } cases[] = {{.begun = true, .counts = {.done = 3}},
                 {.begun = false, .code = 1}, /* the counters were not raised */
                 {.begun = true, .counts = {.partial = 1}, .code = 1},
                 {.begun = true, .counts = {.failed = 1}, .code = 1},
                 {.begun = true, .doubled = 1, .code = 1},
                 {.begun = true, .altered = 1, .code = 1},
                 {.begun = true, .open = 1, .code = 1},
                 {.begun = true, .open = 1, .undo = true},
                 {.begun = true, .counts = {.skipped = 1, .skipped_rows = 9}},
                 {.begun = true, .unlooked = true, .doubled = 1, .code = 4}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_report(false);
        report.doubled = cases[i].doubled;
        report.altered = cases[i].altered;
        report.unlooked = cases[i].unlooked;
        report.undo = cases[i].undo;
        p.m.planned.open = cases[i].open;
        if (mr_apply_report_exit(&report, cases[i].begun ? &cases[i].counts : NULL) !=
            cases[i].code)
            fail_msg("%zu", i);
        end_report();
        free(text);
        end();
    }
}

/* Counters come first: what is wrong with them is said by the code, whatever the rows do. */
static void test_exit_counters(void **state)
{
    static const struct mr_counter counter = {.table = "t"};
    static const struct {
        enum mr_raise raise;
        int code;
    } cases[] = {{MR_RAISE_DONE, 0}, {MR_RAISE_FAILED, 1}, {MR_RAISE_UNPROVEN, 4}};
    const struct mr_apply_counts counts = {.done = 1};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_raise_result result = {.counter = &counter, .raise = cases[i].raise};
        begin_report(false);
        const struct mr_reseed_run run = {.manifest = &p.m, .results = &result};
        p.m.counters = &counter;
        p.m.ncounters = 1;
        report.reseed = &run;
        assert_int_equal(mr_apply_report_exit(&report, &counts), cases[i].code);
        end_report();
        free(text);
        end();
    }
}

/* ---- for people ---- */

struct ending {
    bool undo, dry_run, rehearse;
    struct mr_apply_counts counts;
    uint64_t doubled, open;
    size_t ncounters;
    const char *text;
};

static const struct ending endings[] = {
    {.counts = {.units = 2, .done = 2, .written = 1234},
     .text = "2 units: 2 done\nrows: 1,234 "
             "written\n"},
    {.counts = {.units = 1}, .text = "1 unit\n"},
    {.counts =
         {.units = 5, .done = 1, .passed = 1, .partial = 1, .failed = 2, .there = 3, .refused = 4},
     .doubled = 1,
     .open = 2,
     .text = "5 units: 1 done, 1 done before, 1 in part, 2 not at all\nrows: 3 were there already, "
             "4 left out, 1 there twice by now\n2 conflicts are open: see conflicts.csv\n"},
    {.dry_run = true,
     .counts = {.units = 1, .done = 1, .written = 1},
     .text = "1 unit: 1 would be done\nrows: 1 would be changed\n"},
    {.undo = true,
     .counts = {.units = 1, .done = 1, .written = 1, .there = 2, .stood = 3, .refused = 4},
     .open = 9,
     .ncounters = 1,
     .text = "1 unit: 1 done\nrows: 1 taken back, 2 were so already, 3 not the plan's, 4 kept\n"
             "AUTO_INCREMENT stays raised\n"},
    {.rehearse = true,
     .dry_run = true,
     .counts = {.units = 1},
     .text = "1 unit\nnothing was written: there was nothing to rehearse\n"},
    {.rehearse = true,
     .dry_run = true,
     .counts = {.units = 2, .done = 1, .written = 1, .skipped = 1, .skipped_rows = 1},
     .text =
         "2 units: 1 would be done, 1 skipped\nrows: 1 would be changed\nnot sent, since they "
         "write tables without transactions: 1 unit with 1 row\nthe rest was written and rolled "
         "back. Not shown: raising AUTO_INCREMENT, the COMMIT itself, and replicas\n"},
};

static void test_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(endings); i++) {
        const struct ending *c = &endings[i];
        begin_report(false);
        report.undo = c->undo;
        report.dry_run = c->dry_run;
        report.rehearse = c->rehearse;
        report.doubled = c->doubled;
        p.m.planned.open = c->open;
        assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
        p.m.ncounters = c->ncounters;
        assert_int_equal(mr_apply_report_end(&report, &c->counts, &p.err), MR_OK);
        p.m.ncounters = 0;
        end_report();
        text_is(c->text);
    }
    begin_report(false);
    assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
    assert_int_equal(mr_apply_report_end(&report, NULL, &p.err), MR_OK);
    end_report();
    text_is("no row was written: counters come first\n");
}

/* A refusal is said at once; what goes along with it, and what undo keeps, once a reason, with the
 * first keys; no text of a server drives a terminal. */
static void test_refusals(void **state)
{
    (void)state;
    begin_report(false);
    assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
    refuse("d.t", "a\x1b", "b\n", false);
    refuse("d.t", "", "who", false);
    refuse("", "", "its guards did not hold", false);
    for (int i = 0; i < 7; i++)
        refuse("d.t", i == 1 ? "" : "9", "along", true);
    refuse("d.u", "1", "along", true);
    refuse("d.t", "1", "other", true);
    assert_int_equal(mr_apply_report_end(&report, &(struct mr_apply_counts){.units = 1}, &p.err),
                     MR_OK);
    end_report();
    text_is("  d.t a\\x1b: b\\n\n  d.t (no key): who\n  unit 7: its guards did not hold\n"
            "  d.t 9, (no key), 9, 9, 9 and 2 more: along\n  d.u 1: along\n  d.t 1: other\n"
            "1 unit\n");
    begin_report(false);
    report.undo = true;
    assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
    refuse("d.t", "1", "referred to", false);
    refuse("d.t", "2", "referred to", false);
    end_report(); /* a run that ends early says what was kept all the same */
    text_is("  d.t 1, 2: referred to\n");
}

static void test_fired(void **state)
{
    static const struct {
        struct mr_fired_sum sum;
        const char *text;
    } cases[] = {
        {{"d.log", 1, 0}, "  d.log, what triggers wrote during apply: 1 row taken back\n"},
        {{"d.log", 2, 1000},
         "  d.log, what triggers wrote during apply: 2 rows taken back, 1,000 rows stay\n"},
        {{"d.log", 0, 1}, "  d.log, what triggers wrote during apply: 1 row stays\n"},
        {{"d.log", 0, 0}, ""}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_report(false);
        assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
        assert_int_equal(mr_apply_report_fired(&report, &cases[i].sum, &p.err), MR_OK);
        end_report();
        text_is(cases[i].text);
    }
}

/* ---- JSON ---- */

static void test_json(void **state)
{
    static const struct mr_fired_sum sum = {"d.log", 1, 2};
    (void)state;
    begin_report(true);
    report.dry_run = report.rehearse = true;
    const struct mr_refusal unsure = {
        .unit = 7, .table = "d.t", .key = "1", .reason = "x", .unsure = true};
    struct mr_vec nontransactional = MR_VEC_INIT(struct mr_rehearse_nontransactional);
    plan_table("d.my", "id#");
    *(struct mr_rehearse_nontransactional *)mr_vec_push(&nontransactional) =
        (struct mr_rehearse_nontransactional){.table = &p.tables[0], .engine = "MyISAM", .rows = 3};
    report.nontransactional = &nontransactional;
    assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
    refuse("d.t", "", "a \"b\"", true);
    refuse("", "", "unit", false);
    assert_int_equal(mr_apply_report_refusal(&report, &unsure, &p.err), MR_OK);
    assert_int_equal(mr_apply_report_fired(&report, &sum, &p.err), MR_OK);
    assert_int_equal(mr_apply_report_doubled(&report, "d.t", "1", "2, 3", &p.err), MR_OK);
    assert_int_equal(report.doubled, 1);
    assert_int_equal(mr_apply_report_end(&report, NULL, &p.err), MR_OK);
    end_report();
    static const char *const has[] = {
        "\"dry_run\":true,\"rehearsal\":true}\n",
        "{\"type\":\"refused\",\"unit\":7,\"table\":\"d.t\",\"key\":\"\",\"reason\":\"a "
        "\\\"b\\\"\"}\n",
        "\"table\":null,\"key\":null,\"reason\":\"unit\"}\n",
        "\"reason\":\"x\",\"unsure\":true}\n",
        "{\"type\":\"of-triggers\",\"table\":\"d.log\",\"taken_back\":1,\"stay\":2}\n",
        "{\"type\":\"skipped\",\"table\":\"d.my\",\"engine\":\"MyISAM\",\"rows\":3}\n",
        "\"units\":9,\"units_done\":0"}; /* none was begun */
    for (size_t i = 0; i < LEN(has); i++)
        if (strstr(text, has[i]) == NULL)
            fail_msg("%s is not in %s", has[i], text);
    mr_vec_release(&nontransactional);
    free(text);
    end();
}

static void test_doubled(void **state)
{
    (void)state;
    begin_report(false);
    assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
    assert_int_equal(mr_apply_report_doubled(&report, "d.t", "1", "2, 3", &p.err), MR_OK);
    assert_int_equal(report.doubled, 1);
    end_report();
    text_is("  d.t 1: doubled: it was written, and by now key 2, 3 has the same identity\n");
}

/* What cannot be said ends the run. */
static void test_full(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++) {
        begin_report(json);
        FILE *memory = report.out;
        report.out = fopen("/dev/full", "w");
        assert_non_null(report.out);
        assert_int_equal(mr_apply_report_begin(&report, &p.err), MR_OK);
        enum mr_code code = MR_OK;
        if (!json) {
            const struct mr_refusal r = {.unit = 1, .table = "d.t", .key = "1", .reason = "x"};
            code = mr_apply_report_refusal(&report, &r, &p.err);
        } else {
            code = mr_apply_report_end(&report, NULL, &p.err);
        }
        assert_int_equal(code, MR_E_IO);
        mr_apply_report_release(&report);
        (void)fclose(report.out);
        (void)fclose(memory);
        free(text);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit),    cmocka_unit_test(test_exit_counters),
        cmocka_unit_test(test_end),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_fired),   cmocka_unit_test(test_json),
        cmocka_unit_test(test_doubled), cmocka_unit_test(test_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
